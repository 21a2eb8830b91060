"""What measures: corpora, rounds, stages, word errors."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator

import pytest
import soundfile

from benchmarks.throughput.corpus import RATE, make_call, sentences
from benchmarks.throughput.rounds import (
    Contender,
    Cost,
    Meter,
    interleaved,
    percentile,
    ratios,
    spread,
)
from benchmarks.throughput.stopwatch import Stopwatch, Timed
from benchmarks.throughput.word_errors import word_error_rate


@pytest.fixture(scope="module")
def call():
    return make_call(30.0, seed=1)


def test_a_call_is_telephone_stereo_of_its_length(call) -> None:
    file = soundfile.info(io.BytesIO(call.wav))
    assert (file.samplerate, file.channels, file.subtype) == (RATE, 2, "ULAW")
    assert file.duration == call.seconds == 30.0


def test_a_seed_gives_the_same_bytes_and_another_one_others(call) -> None:
    assert make_call(30.0, seed=1) == call
    assert make_call(30.0, seed=2).wav != call.wav


def test_sides_take_turns_with_pauses_between(call) -> None:
    samples, _ = soundfile.read(io.BytesIO(call.wav), dtype="float32")
    loud = abs(samples) > 0.01
    assert loud[:, 0].any() and loud[:, 1].any()
    assert not (loud[:, 0] & loud[:, 1]).any()
    assert 0.4 * call.seconds < call.speech < call.seconds


def test_what_is_said_are_whole_sentences(call) -> None:
    known = [spoken.text for spoken in sentences("de")]
    for side in call.said:
        left = side
        for text in sorted(known, key=len, reverse=True):
            left = left.replace(text, "")
        assert side and not left.strip()


def test_contenders_take_turns_and_the_first_round_warms_up() -> None:
    order: list[str] = []
    contenders = {
        name: Contender(lambda name=name: order.append(name), lambda: 0.0) for name in "abc"
    }
    costs = interleaved(contenders, runs=2)
    assert "".join(order) == "abc" + "abc" + "bca"
    assert {name: len(runs) for name, runs in costs.items()} == {"a": 2, "b": 2, "c": 2}


def test_the_cost_of_a_run_is_what_its_clock_counted() -> None:
    now = iter((2.0, 7.5))
    meter = Meter(lambda: next(now))
    with meter.running():
        pass
    assert meter.cost.cpu == 5.5 and meter.cost.wall >= 0


def test_ratios_are_of_neighbouring_runs() -> None:
    ours = [Cost(1.0, 1.0), Cost(4.0, 1.0), Cost(3.0, 3.0)]
    theirs = [Cost(2.0, 1.0), Cost(4.0, 2.0), Cost(2.0, 1.0)]
    found = ratios(ours, theirs)
    assert found["wall"] == spread([0.5, 1.0, 1.5])
    assert (found["cpu"].median, found["cpu"].least, found["cpu"].greatest) == (1.0, 0.5, 3.0)


@pytest.mark.parametrize(("share", "value"), [(0.0, 1), (0.5, 2), (0.51, 3), (0.95, 4), (1.0, 4)])
def test_percentile_is_a_value_that_occurred(share: float, value: int) -> None:
    assert percentile([4, 2, 1, 3], share) == value


def ticking() -> Iterator[tuple[float, float]]:
    for number in range(1000):
        yield float(number), 10.0 * number


def test_a_stage_inside_another_one_pauses_it() -> None:
    ticks = ticking()
    watch = Stopwatch(lambda: next(ticks))
    with watch.stage("outer"), watch.stage("inner"), watch.stage("innermost"):
        pass
    assert watch.wall == {"outer": 2, "inner": 2, "innermost": 1}
    assert watch.cpu == {"outer": 20, "inner": 20, "innermost": 10}


def test_making_items_counts_and_using_them_does_not() -> None:
    ticks = ticking()
    watch = Stopwatch(lambda: next(ticks))
    for _ in watch.each("make", iter("ab")):
        next(ticks)
    assert watch.wall == {"make": 3}  # a, b, and that there are no more


def test_only_named_methods_are_timed() -> None:
    ticks = ticking()
    watch = Stopwatch(lambda: next(ticks))
    counter = Timed(Counter("aab"), watch, {"most_common": "count"})
    assert counter.most_common(1) == [("a", 2)] and counter.total() == 3
    assert watch.wall == {"count": 1}
    assert Timed(Counter("a"), watch, {"*": "all"}).total() == 1
    assert watch.wall == {"count": 1, "all": 1}


def test_a_stage_that_raises_is_over() -> None:
    watch = Stopwatch()
    with pytest.raises(KeyError), watch.stage("broken"):
        raise KeyError
    with watch.stage("next"):
        pass
    assert set(watch.wall) == {"broken", "next"}


def test_word_errors_are_counted_over_all_sides() -> None:
    said = [("Guten Tag, Herr Maier!", "Ja."), ("", "Auf Wiederhören")]
    heard = [("guten tag herr meier", ""), ("hm", "auf wiederhören")]
    # One word wrong, one lost, one made up, of seven.
    assert word_error_rate(said, heard) == pytest.approx(3 / 7)
    assert word_error_rate(said, said) == 0
