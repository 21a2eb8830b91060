"""What a machine has to give, and how many workers, threads and rows in a batch that is good for.

The two sizes were measured on a CPU: a worker takes 200 MB before its model and then the audio that
it has open; a row of 30 s took 215 MB in a model of the shape of `small` (273 MB on disk), one of
12 s up to 45 MB in the bundled one.
"""

from __future__ import annotations

from dataclasses import dataclass

THREADS = 4
"""Threads of one model beyond which another worker brings more: its multiplications are small."""
WORKER_BYTES = 600_000_000
ROW_BYTES, ROW_SHARE = 150_000_000, 0.2
"""Of a row in a batch: so much, and so much of the model's size."""
MOST_ON_CPU, MOST_ON_GPU = 8, 32
"""Rows beyond which a batch is no faster."""


@dataclass(frozen=True, slots=True)
class Machine:
    """`cores` and `memory` (free, in bytes; None where nobody can tell) that this process may use.
    `gpu_memory` is what is free on its GPU, 0 where nobody can tell, None where there is no GPU to
    use."""

    cores: int
    memory: int | None
    gpu_memory: int | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the operator set; 0 leaves it to the machine."""

    workers: int = 0
    threads: int = 0
    batch: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """So many `workers` on `cores`, each with so many `threads` and batches of up to `batch` rows;
    `why` are reasons in words, of each in this order."""

    workers: int
    threads: int
    batch: int
    why: tuple[str, str, str]
    cores: int


def plan_for(machine: Machine, model_bytes: int, wanted: Wanted | None = None) -> Plan:
    """`model_bytes` is the size of the model on disk."""
    wanted = wanted or Wanted()
    workers, why_workers = _workers(machine, model_bytes, wanted.workers)
    threads = wanted.threads or max(1, machine.cores // workers)
    why_threads = "as set" if wanted.threads else f"{machine.cores} cores, shared out"
    batch, why_batch = _batch(machine, model_bytes, workers, wanted.batch)
    return Plan(workers, threads, batch, (why_workers, why_threads, why_batch), machine.cores)


def _workers(machine: Machine, model_bytes: int, wanted: int) -> tuple[int, str]:
    if wanted:
        return wanted, "as set"
    if machine.gpu_memory is not None:
        return 1, "one fills the GPU"
    by_cores = max(1, machine.cores // THREADS)
    if machine.memory is not None:
        by_memory = max(1, machine.memory // (2 * (WORKER_BYTES + model_bytes)))
        if by_memory < by_cores:
            return by_memory, f"{_gb(machine.memory)} of memory are free"
    return by_cores, f"one for every {THREADS} cores"


def _batch(machine: Machine, model_bytes: int, workers: int, wanted: int) -> tuple[int, str]:
    if wanted:
        return wanted, "as set"
    on_gpu = machine.gpu_memory is not None
    most = MOST_ON_GPU if on_gpu else MOST_ON_CPU
    free = machine.gpu_memory if on_gpu else machine.memory
    if free is None or (on_gpu and free == 0):
        return most, "how much memory is free cannot be told here"
    loaded = model_bytes if on_gpu else model_bytes + WORKER_BYTES
    # Half of what is left: the other half is for whoever else is on this machine.
    rows = int((free / workers - loaded) / 2 / (ROW_BYTES + ROW_SHARE * model_bytes))
    if rows >= most:
        return most, "a larger one is no faster"
    return 1 << (max(1, rows).bit_length() - 1), f"{_gb(free)} of memory are free"


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
