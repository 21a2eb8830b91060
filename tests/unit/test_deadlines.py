"""The kernel's timer is set for the deadline that comes first."""

from __future__ import annotations

import signal

import pytest

from workers.deadlines import KernelDeadline, deadline


def left() -> float:
    return signal.getitimer(signal.ITIMER_REAL)[0]


def test_of_several_deadlines_the_first_is_the_kernels() -> None:
    kernel = KernelDeadline()
    with kernel.within(500):
        assert 490 < left() <= 500
        with kernel.within(100):
            assert 90 < left() <= 100
            with kernel.within(1000):
                assert 90 < left() <= 100
        assert 490 < left() <= 500
    assert left() == 0


def test_it_comes_a_little_later_than_ours_and_goes_with_it() -> None:
    with pytest.raises(RuntimeError), deadline(200.0, 1.0):
        assert 180 < left() <= 185
        raise RuntimeError
    assert left() == 0
