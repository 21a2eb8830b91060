"""How many workers, threads and rows a machine is good for, and what a machine says of itself."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.adapters import machine as reading
from pipeline.adapters.machine import free_gpu_memory, this_machine
from pipeline.domain.machine import WORKER_BYTES, Machine, Plan, Wanted, plan_for
from pipeline.supervisor import ROLES, planned_roles

GB = 1_000_000_000
SMALL, TURBO = 484_000_000, 1_620_000_000


def numbers(machine: Machine, model: int, wanted: Wanted | None = None) -> tuple[int, int, int]:
    plan = plan_for(machine, model, wanted)
    return plan.workers, plan.threads, plan.batch


@pytest.mark.parametrize(
    ("machine", "model", "expected", "why"),
    [
        (Machine(1, 4 * GB), SMALL, (1, 1, 4), "one for every 4 cores"),
        (Machine(2, 20 * GB), SMALL, (1, 2, 8), "one for every 4 cores"),
        (Machine(7, 20 * GB), SMALL, (1, 7, 8), "one for every 4 cores"),
        (Machine(16, 60 * GB), SMALL, (4, 4, 8), "one for every 4 cores"),
        (Machine(64, 256 * GB), TURBO, (16, 4, 8), "one for every 4 cores"),
        # Memory for two workers only: they share the cores.
        (Machine(16, 9 * GB), TURBO, (2, 8, 2), "9.0 GB of memory are free"),
        (Machine(16, 1 * GB), TURBO, (1, 16, 1), "1.0 GB of memory are free"),
        (Machine(16, 120 * GB, 80 * GB), TURBO, (1, 16, 32), "one fills the GPU"),
        (Machine(16, 120 * GB, 8 * GB), TURBO, (1, 16, 4), "one fills the GPU"),
        (Machine(16, 120 * GB, 0), TURBO, (1, 16, 32), "one fills the GPU"),
        (Machine(8, None), TURBO, (2, 4, 8), "one for every 4 cores"),
        (Machine(8, 0), TURBO, (1, 8, 1), "0.0 GB of memory are free"),
    ],
)
def test_cores_and_memory_are_shared_out(
    machine: Machine, model: int, expected: tuple[int, int, int], why: str
) -> None:
    assert numbers(machine, model) == expected
    assert plan_for(machine, model).why[0] == why


def test_what_is_set_is_kept_and_the_rest_follows() -> None:
    machine = Machine(16, 60 * GB)
    assert numbers(machine, SMALL, Wanted(workers=2)) == (2, 8, 8)
    assert numbers(machine, SMALL, Wanted(threads=3)) == (4, 3, 8)
    plan = plan_for(machine, SMALL, Wanted(1, 2, 16))
    assert plan == Plan(1, 2, 16, ("as set", "as set", "as set"), 16)


def test_the_reason_for_a_batch_is_told() -> None:
    assert plan_for(Machine(2, 20 * GB), SMALL).why[2] == "a larger one is no faster"
    assert plan_for(Machine(2, 3 * GB), SMALL).why[2] == "3.0 GB of memory are free"
    assert plan_for(Machine(2, 3 * GB, 4 * GB), SMALL).why[2] == "4.0 GB of memory are free"
    assert "cannot be told" in plan_for(Machine(2, 3 * GB, 0), SMALL).why[2]
    assert "cannot be told" in plan_for(Machine(2, None), SMALL).why[2]


@given(st.integers(1, 256), st.integers(0, 10**12), st.integers(0, 10**10))
@example(1, 0, 0)
def test_no_plan_wants_more_than_there_is(cores: int, memory: int, model: int) -> None:
    plan = plan_for(Machine(cores, memory), model)
    assert 1 <= plan.workers * plan.threads <= cores
    assert plan.workers == 1 or plan.workers * (WORKER_BYTES + model) <= memory
    assert 1 <= plan.batch <= 8 and plan.batch.bit_count() == 1


def test_up_runs_the_planned_workers_and_tells_each_its_share() -> None:
    roles = planned_roles(plan_for(Machine(16, 60 * GB), SMALL))
    assert [role.name for role in roles] == ["api", *["worker"] * 4, "maintenance"]
    assert {role.environment for role in roles if role.name == "worker"} == {
        (("DECKNAME_CPU_THREADS", "4"), ("DECKNAME_BATCH_SIZE", "8"))
    }
    assert all(role.environment == () for role in ROLES)


def a_machine(root: Path, group: str, available: int = 8 * 1024**2) -> dict[str, Path]:
    """Files as Linux has them; `available` in KiB."""
    (root / "proc" / "self").mkdir(parents=True)
    (root / "proc" / "meminfo").write_text(f"MemTotal: 1 kB\nMemAvailable:   {available} kB\n")
    (root / "proc" / "self" / "cgroup").write_text(f"0::/{group}\n")
    (root / "groups" / group).mkdir(parents=True, exist_ok=True)
    return {"proc": root / "proc", "groups": root / "groups"}


def test_free_memory_and_cores_are_those_of_the_machine(tmp_path: Path) -> None:
    found = this_machine("cpu", **a_machine(tmp_path, ""))
    assert found == Machine(len(os.sched_getaffinity(0)), 8 * 1024**3, None)


def test_a_container_has_what_its_groups_leave(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading.os, "sched_getaffinity", lambda _: set(range(32)))
    files = a_machine(tmp_path, "pod/box")
    pod, box = tmp_path / "groups" / "pod", tmp_path / "groups" / "pod" / "box"
    (pod / "memory.max").write_text("4294967296\n")
    (pod / "memory.current").write_text("1073741824\n")
    (pod / "cpu.max").write_text("650000 100000\n")
    (box / "memory.max").write_text("max\n")
    (box / "memory.current").write_text("5\n")
    (box / "cpu.max").write_text("max 100000\n")
    assert this_machine("cpu", **files) == Machine(6, 3 * 1024**3, None)
    (box / "cpu.max").write_text("50000 100000\n")
    (box / "memory.max").write_text("4\n")
    assert this_machine("cpu", **files) == Machine(1, 0, None)


def test_a_machine_that_tells_nothing_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(reading.os, "sched_getaffinity")
    monkeypatch.setattr(reading.os, "cpu_count", lambda: 12)
    found = this_machine("cpu", tmp_path / "nowhere", tmp_path / "nowhere")
    assert found == Machine(12, None, None)


def test_a_gpu_is_asked_for_what_is_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "has_gpu", lambda: True)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert this_machine("auto").gpu_memory == 0, "there is no nvidia-smi"
    program = tmp_path / "nvidia-smi"
    program.write_text('#!/bin/sh\n[ "$1" = --id=1 ] && echo 40536\n')
    program.chmod(0o755)
    assert free_gpu_memory() == 0, "it ended with an error"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1,0")
    assert this_machine("cuda").gpu_memory == 40536 * 1024**2
    assert this_machine("cpu").gpu_memory is None
    program.write_text("#!/bin/sh\necho '[N/A]'\n")
    assert free_gpu_memory() == 0
