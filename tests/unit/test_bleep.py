"""Bleeping: what is hidden in the text is gone from the audio, and nothing else is touched."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pipeline.domain.call import ChannelLayout
from pipeline.domain.privacy import EntityType, PiiSpan
from pipeline.domain.transcript import (
    RedactedTranscript,
    Segment,
    Speaker,
    TimeSpan,
    VerbatimTranscript,
    Word,
)
from pipeline.ports import SAMPLE_RATE, Waveform
from pipeline.stages.bleep import BleepMode, bleep, bleeped_spans
from pipeline.stages.redact import redact

SECRET, OPEN = "Keller", "danke"
MODES = list(BleepMode)


def turn(said: list[tuple[str, float, float]], speaker: Speaker = Speaker.CALLER) -> Segment:
    """A segment of words (text, start, end)."""
    text, words = "", []
    for word, start, end in said:
        text += " " if text else ""
        words.append(Word(start, end, 0.9, len(text), word))
        text += word
    return Segment(speaker, said[0][1], max(end for *_, end in said), text, tuple(words))


def redacted(*turns: Segment, seconds: float = 2.0) -> RedactedTranscript:
    """Every `SECRET` in `turns` becomes a pseudonym."""
    spans = []
    for each in turns:
        at = [i for i in range(len(each.text)) if each.text.startswith(SECRET, i)]
        spans.append(tuple(PiiSpan(i, i + len(SECRET), EntityType.PERSON, 1.0) for i in at))
    return redact(VerbatimTranscript("de", seconds, turns), tuple(spans))[0]


def noise(seconds: float = 2.0, channels: int = 1, seed: int = 0) -> Waveform:
    rng = np.random.default_rng(seed)
    length = round(seconds * SAMPLE_RATE)
    made = [rng.uniform(0.01, 0.5, length).astype(np.float32) for _ in range(channels)]
    return Waveform(tuple(made))


def inside(waveform: Waveform, spans: tuple[TimeSpan, ...]) -> np.ndarray:
    """A mask of the samples that lie in `spans`."""
    mask = np.zeros(len(waveform.channels[0]), bool)
    for span in spans:
        start, end = int(span.start * SAMPLE_RATE), int(np.ceil(span.end * SAMPLE_RATE))
        mask[start:end] = True
    return mask


def test_the_word_goes_with_a_quarter_of_a_second_around_it() -> None:
    transcript = redacted(turn([("Hier", 0.1, 0.3), (SECRET, 0.8, 1.1), (OPEN, 1.5, 1.9)]))
    assert bleeped_spans(transcript) == (TimeSpan(pytest.approx(0.55), pytest.approx(1.35)),)
    quiet = bleep(noise(), transcript, mode=BleepMode.MUTE).channels[0]
    assert not quiet[8_800:21_600].any()
    assert quiet[:8_799].all() and quiet[21_601:].all()


def test_neighbours_become_one_stretch_and_the_recording_is_its_end() -> None:
    said = [(SECRET, 0.1, 0.3), (OPEN, 0.4, 0.6), (SECRET, 0.7, 0.9), (SECRET, 1.6, 1.9)]
    spans = bleeped_spans(redacted(turn(said)))
    assert spans == (TimeSpan(0.0, pytest.approx(1.15)), TimeSpan(pytest.approx(1.35), 2.0))


def test_what_lies_behind_the_end_is_nothing() -> None:
    transcript = redacted(turn([(SECRET, 2.4, 2.6)]))
    assert bleeped_spans(transcript) == ()
    assert bleep(noise(), transcript).channels[0].tobytes() == noise().channels[0].tobytes()


def test_a_word_that_ends_before_it_begins_is_still_hidden() -> None:
    assert bleeped_spans(redacted(turn([(SECRET, 1.0, 0.1)]))) == (TimeSpan(0.75, 1.25),)


def test_without_words_the_whole_segment_is_hidden() -> None:
    bare = replace(turn([("Hier", 0.5, 0.8), (SECRET, 1.0, 1.2)]), words=())
    harmless = replace(turn([(OPEN, 1.8, 1.9)]), words=())
    assert bleeped_spans(redacted(bare, harmless)) == (TimeSpan(0.25, 1.45),)


def test_with_a_word_missing_the_whole_segment_is_hidden_too() -> None:
    whole = turn([(SECRET, 0.5, 0.6), (OPEN, 0.9, 1.0), (SECRET, 1.4, 1.5)])
    torn = replace(whole, words=whole.words[:-1])
    assert bleeped_spans(redacted(torn)) == (TimeSpan(0.25, 1.75),)


def test_a_pseudonym_that_says_more_or_has_another_form_is_one_too() -> None:
    """Words are looked at, not the list of pseudonyms alone: what is unknown there is hidden."""
    plain = redacted(turn([(OPEN, 0.0, 0.1), (OPEN, 0.8, 1.1)]))
    (segment,) = plain.segments
    for text, names in (("[POSTCODE_1: 10…]", {}), ("somebody", {"somebody": EntityType.PERSON})):
        word = replace(segment.words[1], text=text)
        told = replace(segment, text=f"{OPEN} {text}", words=(segment.words[0], word))
        spans = bleeped_spans(replace(plain, segments=(told,), pseudonyms=names))
        assert spans == (TimeSpan(pytest.approx(0.55), pytest.approx(1.35)),)


def test_all_of_a_spelled_name_is_one_stretch() -> None:
    text = "K wie Konrad"
    said = turn([("K", 0.5, 0.6), ("wie", 0.8, 0.9), ("Konrad", 1.1, 1.5)])
    verbatim = VerbatimTranscript("de", 2.0, (said,))
    transcript, _ = redact(verbatim, ((PiiSpan(0, len(text), EntityType.PERSON, 1.0),),))
    assert bleeped_spans(transcript) == (TimeSpan(0.25, 1.75),)


def test_all_channels_are_silenced_by_default() -> None:
    transcript = redacted(turn([(SECRET, 0.8, 1.1)]))
    for channel in bleep(noise(channels=2), transcript, mode=BleepMode.MUTE).channels:
        assert not channel[9_000:21_000].any()


@pytest.mark.parametrize(
    ("speaker", "layout", "silenced"),
    [
        (Speaker.CALLER, ChannelLayout.AGENT_LEFT, [False, True]),
        (Speaker.CALLER, ChannelLayout.CALLER_LEFT, [True, False]),
        (Speaker.AGENT, ChannelLayout.AGENT_LEFT, [True, False]),
        (Speaker.UNKNOWN, ChannelLayout.AGENT_LEFT, [True, True]),
    ],
)
def test_only_the_speakers_channel_where_that_is_asked_for(
    speaker: Speaker, layout: ChannelLayout, silenced: list[bool]
) -> None:
    waveform = noise(channels=2)
    transcript = redacted(turn([(SECRET, 0.8, 1.1)], speaker))
    made = bleep(waveform, transcript, layout, BleepMode.MUTE, speaker_only=True)
    for old, new, gone in zip(waveform.channels, made.channels, silenced, strict=True):
        assert not new[9_000:21_000].any() if gone else np.array_equal(old, new)


def test_one_channel_holds_everybody() -> None:
    transcript = redacted(turn([(SECRET, 0.8, 1.1)], Speaker.AGENT))
    made = bleep(noise(), transcript, mode=BleepMode.MUTE, speaker_only=True)
    assert not made.channels[0][9_000:21_000].any()


def test_the_spans_can_be_asked_for_by_speaker() -> None:
    transcript = redacted(
        turn([(SECRET, 0.3, 0.4)], Speaker.AGENT), turn([(SECRET, 1.4, 1.5)], Speaker.CALLER)
    )
    assert bleeped_spans(transcript, {Speaker.CALLER}) == (TimeSpan(1.15, 1.75),)
    assert len(bleeped_spans(transcript)) == 2


def test_the_tone_is_1_khz_soft_and_does_not_click() -> None:
    transcript = redacted(turn([(SECRET, 0.8, 1.1)]))
    tone = bleep(noise(), transcript, mode=BleepMode.TONE).channels[0][8_800:21_600]
    spectrum = np.abs(np.fft.rfft(tone))
    assert np.argmax(spectrum) * SAMPLE_RATE / len(tone) == pytest.approx(1_000, abs=2)
    speech = np.sqrt(np.mean(noise().channels[0] ** 2))
    assert 0.3 * speech < np.sqrt(np.mean(tone**2)) < 0.7 * speech
    assert abs(tone[0]) < 0.001 and abs(tone[-1]) < 0.001


@pytest.mark.parametrize(("loud", "level"), [(0.0, 0.01), (1.0, 0.2)])
def test_the_tone_is_never_lost_and_never_loud(loud: float, level: float) -> None:
    transcript = redacted(turn([(SECRET, 0.8, 1.1)]))
    flat = Waveform((np.full(2 * SAMPLE_RATE, loud, np.float32),))
    tone = bleep(flat, transcript).channels[0][8_800:21_600]
    assert np.abs(tone).max() == pytest.approx(level, rel=0.01)


def test_where_all_is_hidden_there_is_a_tone_all_the_same() -> None:
    transcript = redacted(turn([(SECRET, 0.0, 2.0)]))
    tone = bleep(noise(), transcript).channels[0]
    assert np.abs(tone).max() == pytest.approx(0.01, rel=0.01)


def test_another_recording_is_refused() -> None:
    with pytest.raises(ValueError, match="another recording"):
        bleep(noise(3.0), redacted(turn([(SECRET, 0.8, 1.1)])))


times = st.floats(0.0, 0.6).flatmap(lambda at: st.tuples(st.just(at), st.floats(at, 0.7)))
words = st.tuples(st.sampled_from([SECRET, OPEN]), times).map(lambda pair: (pair[0], *pair[1]))
turns = st.builds(turn, st.lists(words, min_size=1, max_size=4), st.sampled_from(list(Speaker)))
transcripts = st.lists(turns, max_size=3).map(lambda made: redacted(*made, seconds=0.5))
samples = arrays.arrays(np.float32, SAMPLE_RATE // 2, elements=st.floats(-1, 1, width=32))
waveforms = st.lists(samples, min_size=1, max_size=2).map(lambda made: Waveform(tuple(made)))


@given(transcripts)
def test_spans_are_in_order_apart_inside_and_their_own_union(
    transcript: RedactedTranscript,
) -> None:
    spans = bleeped_spans(transcript)
    assert all(0.0 <= span.start < span.end <= transcript.duration for span in spans)
    assert all(left.end < right.start for left, right in pairwise(spans))
    for segment in transcript.segments:
        for word in segment.words:
            if "[PERSON_1]" in word.text and word.start < transcript.duration:
                end = min(word.end, transcript.duration)
                assert any(s.start <= word.start and end <= s.end for s in spans)


@given(waveforms, transcripts, st.sampled_from(MODES))
def test_outside_every_bit_stays_inside_none_of_the_original_does(
    waveform: Waveform, transcript: RedactedTranscript, mode: BleepMode
) -> None:
    before = [channel.tobytes() for channel in waveform.channels]
    made = bleep(waveform, transcript, mode=mode)
    assert [channel.tobytes() for channel in waveform.channels] == before
    assert made.duration == waveform.duration
    gone = inside(waveform, bleeped_spans(transcript))
    for old, new in zip(waveform.channels, made.channels, strict=True):
        assert new.dtype == np.float32 and new is not old
        assert new[~gone].tobytes() == old[~gone].tobytes()
        if mode is BleepMode.MUTE:
            assert not new[gone].any()


@given(waveforms, transcripts, st.integers(0, 99), st.sampled_from(MODES))
def test_the_result_does_not_depend_on_what_was_hidden(
    waveform: Waveform, transcript: RedactedTranscript, seed: int, mode: BleepMode
) -> None:
    gone = inside(waveform, bleeped_spans(transcript))
    other = noise(0.5, len(waveform.channels), seed)
    swapped = Waveform(
        tuple(
            np.where(gone, theirs, ours)
            for ours, theirs in zip(waveform.channels, other.channels, strict=True)
        )
    )
    made, again = bleep(waveform, transcript, mode=mode), bleep(swapped, transcript, mode=mode)
    for one, two in zip(made.channels, again.channels, strict=True):
        assert one.tobytes() == two.tobytes()


@given(waveforms, transcripts)
def test_muting_twice_changes_nothing_more(
    waveform: Waveform, transcript: RedactedTranscript
) -> None:
    once = bleep(waveform, transcript, mode=BleepMode.MUTE)
    twice = bleep(once, transcript, mode=BleepMode.MUTE)
    for one, two in zip(once.channels, twice.channels, strict=True):
        assert np.array_equal(one, two)
