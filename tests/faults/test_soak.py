"""Many short calls through `deckname up` while its workers, its Redis and its API are killed."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

import httpx
import pytest

from pipeline.domain.call import CallStatus
from pipeline.domain.ids import CallId
from tests.faults.recordings import short_recording
from tests.faults.site import Process, Site, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

SECONDS_A_CALL = 0.6
"""Ten minutes for a thousand."""
ROUND = ("worker", "redis", "api", "worker", "worker", "maintenance")
"""What is killed, each round in another order."""
PAUSE = (1.0, 3.5)
"""Seconds between two of them: what starts anew has its turn."""


def children(up: Process) -> dict[str, int]:
    """Process ids by role, of those that live."""
    found: dict[str, int] = {}
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError, IndexError):
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            if entry.name.isdigit() and parent == up.pid:
                found[role_of((entry / "cmdline").read_bytes())] = int(entry.name)
    return found


def role_of(command: bytes) -> str:
    words = command.rstrip(b"\0").split(b"\0")
    if b"pipeline.web" in words:
        return "api"
    return words[-1].decode() if words[-1] in (b"worker", b"maintenance") else "redis"


@contextmanager
def killer(up: Process, chance: random.Random) -> Iterator[Counter[str]]:
    """Kills one after the other until the block ends; how often which."""
    over, killed = Event(), Counter[str]()

    def kill() -> None:
        waiting: list[str] = []
        while not over.wait(chance.uniform(*PAUSE)):
            waiting = waiting or chance.sample(ROUND, len(ROUND))
            if pid := children(up).get(waiting[-1]):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    killed[waiting.pop()] += 1

    thread = Thread(target=kill)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


def pushed(site: Site, number: int) -> tuple[CallId, int]:
    """Pushed until somebody acknowledges it, always under one key; and how often."""
    recording, tries = short_recording(), 0
    while True:
        tries += 1
        with suppress(httpx.HTTPError, OSError):
            answer = site.post(f"push-{number}", recording)
            if answer.status_code == 202:
                return CallId(answer.json()["id"]), tries
        time.sleep(0.2)


def test_whatever_is_killed_every_call_is_stored_once(
    site: Site, request: pytest.FixtureRequest
) -> None:
    many = request.config.getoption("--soak-calls")
    seed = random.randrange(1 << 32)
    print(f"seed {seed}, {many} calls")
    site.redis.stop()
    up = site.start("tests.faults.gated_process", "up")
    until(lambda: set(children(up)) >= set(ROUND), "all to be up", 60)
    with killer(up, random.Random(seed)) as killed, ThreadPoolExecutor(2) as pushing:
        began = time.monotonic()

        def push(number: int) -> tuple[CallId, int]:
            time.sleep(max(0.0, began + number * SECONDS_A_CALL - time.monotonic()))
            return pushed(site, number)

        answers = list(pushing.map(push, range(many)))
    site.strike()
    call_ids = [call_id for call_id, _ in answers]
    assert len(set(call_ids)) == many
    site.until_ended(*call_ids, seconds=300)
    told = f"{dict(killed)} killed, {sum(tries for _, tries in answers) - many} pushes repeated"
    request.node.user_properties.append(("soak", told))
    print(told)
    assert set(killed) == set(ROUND), "the soak was too short for its faults"
    statuses = Counter(site.call(call_id).status for call_id in call_ids)
    assert statuses == {CallStatus.STORED: many}
    listed = [call.id for call in site.deck.calls.calls(limit=many + 10)]
    assert sorted(listed) == sorted(call_ids), "no call but those that were acknowledged"
    site.assert_stored_once(*call_ids)
    up.send_signal(signal.SIGTERM)
    assert up.wait(60) == 0
