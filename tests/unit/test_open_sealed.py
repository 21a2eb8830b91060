"""Reading while keys are rotated: again, until what failed is what is still there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipeline.domain.errors import KeyRotated, WrongKey
from pipeline.usecases.open_sealed import sealed_anew, settled


def failing(times: int, error: type[Exception]) -> Callable[..., str]:
    left = [times]

    def use(*_: object) -> str:
        left[0] -= 1
        if left[0] >= 0:
            raise error("no")
        return "opened"

    return use


def test_what_changed_meanwhile_is_read_again() -> None:
    states = iter(range(10))
    assert settled(lambda: next(states), failing(3, WrongKey)) == "opened"
    assert next(states) == 4


def test_what_is_still_there_does_not_open_any_better() -> None:
    reads: list[int] = []

    def read() -> str:
        reads.append(1)
        return "the same"

    with pytest.raises(WrongKey):
        settled(read, failing(9, WrongKey))
    assert len(reads) == 2


def test_other_errors_are_not_tried_again() -> None:
    states = iter(range(10))
    with pytest.raises(ValueError):
        settled(lambda: next(states), failing(1, ValueError))
    assert next(states) == 1


def test_what_a_rotation_outran_is_sealed_anew_a_few_times() -> None:
    assert sealed_anew(failing(4, KeyRotated)) == "opened"
    with pytest.raises(KeyRotated):
        sealed_anew(failing(5, KeyRotated))
    with pytest.raises(WrongKey):
        sealed_anew(failing(1, WrongKey))
