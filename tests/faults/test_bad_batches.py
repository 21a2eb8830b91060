"""One recording among good ones that breaks what reads it: it ends as failed, they are stored."""

from __future__ import annotations

import signal

import pytest

from pipeline.domain.call import CallStatus
from tests.faults.gates import ANY
from tests.faults.recordings import cut_recording, loud_recording
from tests.faults.site import START_SECONDS, Site
from workers.deadlines import HUNG

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def test_a_recording_that_cannot_be_decoded(site: Site) -> None:
    good = [site.push() for _ in range(2)]
    poison = site.push(cut_recording())
    good += [site.push() for _ in range(2)]
    worker = site.worker()
    site.until_ended(poison, *good)
    site.assert_failed(poison, "recording_rejected:truncated")
    assert site.call(poison).attempts == 1
    site.assert_stored_once(*good)
    assert worker.poll() is None


@pytest.mark.parametrize("trouble", ["segfault", "killed for its memory", "no memory"])
def test_a_recording_that_breaks_its_batch(site: Site, trouble: str) -> None:
    (site.gates / "trouble").write_text(trouble)
    good = [site.push()]
    poison = site.push(loud_recording())
    good += [site.push() for _ in range(2)]
    site.maintenance()
    died = site.until_ended_whatever_dies(poison, *good)
    site.assert_failed(poison, "too_many_attempts")
    assert site.call(poison).attempts == site.settings.max_attempts + 1
    assert died == (0 if trouble == "no memory" else site.settings.max_attempts)
    assert all(site.call(each).attempts <= 2 for each in good), "once with it, once alone"
    site.assert_stored_once(*good)


@pytest.mark.parametrize("trouble", ["hang", "hang that lets no Python run"])
def test_a_recording_that_hangs_in_native_code(site: Site, trouble: str) -> None:
    (site.gates / "trouble").write_text(trouble)
    call_id = site.push(loud_recording())
    worker = site.worker(DECKNAME_MAX_PROCESSING_SECONDS="1")
    site.until_at("recognise", ANY, worker)
    ended = worker.wait(START_SECONDS)
    assert ended == (HUNG if trouble == "hang" else -signal.SIGALRM)
    assert site.call(call_id).status is CallStatus.PROCESSING
    site.strike()
    (site.gates / "trouble").write_text("none")
    site.maintenance()
    site.worker()
    site.until_ended(call_id)
    site.assert_stored_once(call_id)
