"""Whoever got no answer pushes again: one call comes of it, however often."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from pipeline.domain.call import CallStatus
from pipeline.domain.ids import CallId
from tests.faults.site import CUSTOMER, Site, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def test_killed_between_commit_and_doorbell(site: Site) -> None:
    site.hold("ring")
    api = site.api()
    with ThreadPoolExecutor() as pushing:
        push = pushing.submit(site.post, "one-push")
        until(lambda: site.deck.calls.calls(CUSTOMER), "the call to be in the database", 30)
        (call,) = site.deck.calls.calls(CUSTOMER)
        site.until_at("ring", call.id, api)
        site.kill(api)
        with pytest.raises(httpx.HTTPError):
            push.result()
    assert (call.status, site.deck.queue.waiting()) == (CallStatus.RECEIVED, 0)
    site.maintenance()
    site.worker()
    site.until_ended(call.id)
    site.let_go("ring")
    site.api()
    again = site.post("one-push")
    assert (again.status_code, again.json()["id"]) == (202, call.id)
    site.assert_stored_once(call.id)


def test_killed_while_it_reads_a_recording(site: Site) -> None:
    """It acknowledged nothing, and keeps nothing that anybody could open."""
    api = site.api()
    recording = site.canary.recording

    def slowly():
        yield recording[: len(recording) // 2]
        until(site.blobs, "the blob to be begun", 30)
        site.kill(api)
        yield recording[len(recording) // 2 :]

    with pytest.raises(httpx.HTTPError):
        site.post("one-push", slowly())
    assert site.deck.calls.calls(CUSTOMER) == ()
    site.api()
    call_id = CallId(site.post("one-push").json()["id"])
    site.worker()
    site.until_ended(call_id)
    site.assert_stored_once(call_id)


def test_pushed_many_times_at_once_and_later(site: Site) -> None:
    site.api()
    with ThreadPoolExecutor(8) as pushing:
        answers = list(pushing.map(site.post, ["one-push"] * 8))
    assert {answer.status_code for answer in answers} == {202}
    (call_id,) = {CallId(answer.json()["id"]) for answer in answers}
    assert site.blobs() == [call_id]
    site.worker()
    site.until_ended(call_id)
    later = site.post("one-push").json()
    assert (later["id"], later["status"]) == (call_id, "stored")
    assert [call.id for call in site.deck.calls.calls(CUSTOMER)] == [call_id]
    site.assert_stored_once(call_id)
