"""What this process may use of the machine that it is on: cores, memory, a GPU.

A container sees all of its host in `/proc`; what it may use is in its control group (v2: the
`cpu.max`, `memory.max` and `memory.current` of each group above it).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pipeline.domain.machine import Machine

_SECONDS = 10.0


def this_machine(
    device: str = "auto", proc: Path = Path("/proc"), groups: Path = Path("/sys/fs/cgroup")
) -> Machine:
    """As it is now. `device` is that of the settings: on `cpu` no GPU is looked for."""
    above = tuple(_groups(proc, groups))
    gpu = None if device == "cpu" or not has_gpu() else free_gpu_memory()
    return Machine(_cores(above), _memory(proc, above), gpu)


def has_gpu() -> bool:
    """Whether CTranslate2 finds one."""
    import ctranslate2

    return bool(ctranslate2.get_cuda_device_count() > 0)


def free_gpu_memory() -> int:
    """Bytes, of the first GPU that this process may use; 0 where nobody can tell."""
    asked = shutil.which("nvidia-smi")
    if asked is None:
        return 0
    first = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0] or "0"
    query = [asked, f"--id={first}", "--query-gpu=memory.free", "--format=csv,noheader,nounits"]
    with suppress(OSError, ValueError, subprocess.SubprocessError):
        told = subprocess.run(query, capture_output=True, timeout=_SECONDS, check=True, text=True)
        return int(told.stdout.split()[0]) * 1024**2 if told.stdout.split() else 0
    return 0


def _groups(proc: Path, groups: Path) -> Iterator[Path]:
    """The folders of this process's control group and of all above it."""
    with suppress(OSError):
        for line in (proc / "self" / "cgroup").read_text().splitlines():
            if line.startswith("0::"):
                folder = groups / line.removeprefix("0::").lstrip("/")
                yield from (
                    each for each in (folder, *folder.parents) if each.is_relative_to(groups)
                )


def _cores(groups: tuple[Path, ...]) -> int:
    # Linux says which cores are ours, other systems how many there are.
    linux = hasattr(os, "sched_getaffinity")
    cores = len(os.sched_getaffinity(0)) if linux else os.cpu_count() or 1
    for group in groups:
        quota = _words(group / "cpu.max")
        if len(quota) == 2 and quota[0] != "max":
            cores = min(cores, max(1, int(quota[0]) // int(quota[1])))
    return cores


def _memory(proc: Path, groups: tuple[Path, ...]) -> int | None:
    words = _words(proc / "meminfo")
    if "MemAvailable:" not in words:
        return None
    free = int(words[words.index("MemAvailable:") + 1]) * 1024
    for group in groups:
        limit, used = _words(group / "memory.max"), _words(group / "memory.current")
        if limit and used and limit[0] != "max":
            free = min(free, max(0, int(limit[0]) - int(used[0])))
    return free


def _words(file: Path) -> list[str]:
    try:
        return file.read_text().split()
    except OSError:
        return []
