"""What is measured, on how much: in full, or quickly on a laptop."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.settings import Settings

SECTIONS = {
    "a": "rtfx",
    "b": "stages",
    "c": "load",
    "d": "scaling",
    "e": "memory",
    "f": "packing",
}
"""The letters that `--only` takes, and what they are called in the results."""

Corpus = tuple[float, int]
"""Seconds of each call, and how many."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`corpora`, `packed` and `staged` are for (a), (f) and (b), with `runs` rounds; word errors
    are counted over the first `heard` calls. For (c) `arrivals` calls of `arriving` seconds come at
    each load, and `lone` times one of 30 s. (d) stores `shared`. (e) takes `many` in, in ten
    steps, and one call of `long` seconds. `worker` adds a real worker process to (a)."""

    settings: Settings
    synthetic: bool = False
    worker: bool = False
    runs: int = 5
    heard: int = 16
    corpora: tuple[Corpus, ...] = ((10.0, 64), (60.0, 24), (300.0, 6), (3600.0, 1))
    packed: tuple[Corpus, ...] = ((10.0, 100), (60.0, 30))
    staged: Corpus = (60.0, 24)
    arriving: float = 60.0
    arrivals: int = 400
    loads: tuple[float, ...] = (0.5, 0.8, 0.95)
    lone: int = 15
    shared: Corpus = (60.0, 48)
    workers: tuple[int, ...] = (1, 2)
    many: Corpus = (10.0, 1000)
    long: float = 3 * 3600.0

    @classmethod
    def short(cls, settings: Settings, synthetic: bool, worker: bool) -> Plan:
        """About ten minutes with the bundled model: figures that may be quoted, of fewer calls."""
        return cls(
            settings,
            synthetic,
            worker,
            runs=3,
            heard=24,
            corpora=((10.0, 24), (60.0, 8), (300.0, 2)),
            packed=((10.0, 40), (60.0, 10)),
            staged=(60.0, 8),
            arriving=10.0,
            arrivals=60,
            lone=5,
            shared=(10.0, 48),
            many=(10.0, 200),
            long=1800.0,
        )

    @classmethod
    def quick(cls, settings: Settings, synthetic: bool, worker: bool) -> Plan:
        """Under two minutes with the bundled model: enough to see that all of it works."""
        return cls(
            settings,
            synthetic,
            worker,
            runs=2,
            heard=4,
            corpora=((10.0, 6), (60.0, 2)),
            packed=((10.0, 8),),
            staged=(60.0, 2),
            arriving=10.0,
            arrivals=12,
            loads=(0.5, 0.8),
            lone=2,
            shared=(10.0, 12),
            workers=(1, 2),
            many=(10.0, 20),
            long=240.0,
        )
