"""The limits of a recording, at their very edge."""

from __future__ import annotations

import pytest

from pipeline.domain.errors import RecordingRejected
from pipeline.domain.recording import RecordingLimits
from pipeline.stages.decode import check_duration, check_layout


@pytest.mark.parametrize(
    ("channels", "rate", "reason"),
    [
        (0, 8_000, "no_audio"),
        (3, 8_000, "too_many_channels"),
        (1, 3_999, "sample_rate"),
        (1, 96_001, "sample_rate"),
    ],
)
def test_a_layout_out_of_bounds_is_refused(channels: int, rate: int, reason: str) -> None:
    with pytest.raises(RecordingRejected) as refusal:
        check_layout(RecordingLimits(), channels, rate)
    assert refusal.value.reason == reason


@pytest.mark.parametrize("rate", [4_000, 8_000, 96_000])
def test_bounds_are_inside(rate: int) -> None:
    check_layout(RecordingLimits(), 2, rate)
    check_duration(RecordingLimits(), RecordingLimits().max_seconds)


def test_a_moment_too_long_is_too_long() -> None:
    with pytest.raises(RecordingRejected) as refusal:
        check_duration(RecordingLimits(max_seconds=60.0), 60.01)
    assert refusal.value.reason == "too_long"
