"""What a process had in memory when it died is nowhere else."""

from __future__ import annotations

import resource
import signal
from pathlib import Path

import pytest

from pipeline.cli.verifying import _as_metrics, inspect
from pipeline.usecases.verification.traces import in_bytes
from tests.faults.site import Site

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

CORE_PATTERN = Path("/proc/sys/kernel/core_pattern")


@pytest.fixture
def cores_allowed():
    """As far as this user may: the process itself must forbid them."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_CORE, before)


def test_a_crash_with_speech_in_memory_leaves_no_core(cores_allowed: None, site: Site) -> None:
    """At `seal` a worker holds the words, the audio's key and the names it was told."""
    site.hold("seal")
    worker = site.worker()
    call_id = site.push()
    site.until_at("seal", call_id, worker)
    limits = Path(f"/proc/{worker.pid}/limits").read_text()
    (core,) = [line.split() for line in limits.splitlines() if "core file" in line]
    assert core[4:6] == ["0", "0"]
    site.kill(worker, signal.SIGSEGV)
    assert worker.returncode == -signal.SIGSEGV
    assert not list(site.folder.rglob("core*"))
    assert site.traces() == [], "the call is not even done yet"
    site.let_go("seal")
    site.maintenance()
    site.worker()
    site.until_ended(call_id)
    site.assert_stored_once(call_id)


def test_neither_metrics_nor_the_append_only_file_say_anything(site: Site) -> None:
    """The latter keeps what Redis itself has forgotten."""
    site.worker()
    call_ids = [site.push() for _ in range(3)]
    site.until_ended(*call_ids)
    site.assert_stored_once(*call_ids)
    site.kill_redis()
    assert site.traces() == []
    assert list((site.settings.home_folder / "redis").rglob("*.aof"))
    site.redis.start()
    metrics = _as_metrics(inspect(site.settings)).encode()
    assert metrics and not list(in_bytes(metrics, site.needles))
    site.assert_sound()


@pytest.mark.parametrize("place", ["temp/leak", "logs/0.log", "home/logs/leak"])
def test_a_leak_would_be_found(site: Site, place: str) -> None:
    leak = site.folder / place
    leak.parent.mkdir(exist_ok=True, parents=True)
    leak.write_text(f"heard: {site.words}")
    assert site.traces() == [("words", str(leak))]
