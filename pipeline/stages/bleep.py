"""The voice behind the pseudonyms, taken out of a waveform: one span set for text and audio.

What redaction hid is one word of the redacted transcript each time, with its times; exactly those
words, and some air around them, become silence or a tone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from enum import StrEnum

import numpy as np

from pipeline.domain.call import ChannelLayout
from pipeline.domain.transcript import RedactedTranscript, Segment, Speaker, TimeSpan
from pipeline.ports import SAMPLE_RATE, Samples, Waveform
from pipeline.stages.attribute_speakers import speakers_of

PADDING_SECONDS = 0.25
"""Word times are a recogniser's guess: so much before and after a word goes with it."""

TONE_HZ = 1_000.0
FADE_SECONDS = 0.01
"""How long the tone swells and fades, so that it does not click."""

# What all pseudonyms begin with, whatever stands behind it.
_PSEUDONYM = r"\[[A-Z]+(?:_[A-Z]+)*_\d+"
_EVERYBODY = frozenset(Speaker)
_FRAME = SAMPLE_RATE // 50
_BELOW_SPEECH = 0.7  # a sine of this times the speech's RMS as amplitude: 6 dB below it
_SOFTEST, _LOUDEST = 0.01, 0.2
_SLACK_SECONDS = 0.25


class BleepMode(StrEnum):
    """What takes the place of the voice."""

    MUTE = "mute"
    TONE = "tone"


def bleep(
    waveform: Waveform,
    transcript: RedactedTranscript,
    layout: ChannelLayout = ChannelLayout.AGENT_LEFT,
    mode: BleepMode = BleepMode.TONE,
    *,
    speaker_only: bool = False,
) -> Waveform:
    """A new waveform of the same length, in which no sample of `bleeped_spans` is left.

    All channels are silenced alike, for cross-talk and line echo carry a voice to the other side;
    `speaker_only` leaves a channel alone while only somebody on another one says what is hidden.
    Raises `ValueError` where `waveform` is not as long as what was transcribed.
    """
    if abs(waveform.duration - transcript.duration) > _SLACK_SECONDS:
        raise ValueError("the transcript belongs to another recording")
    speakers = speakers_of(len(waveform.channels), layout)
    cuts = []
    for channel, speaker in zip(waveform.channels, speakers, strict=True):
        others = frozenset(speakers) - {speaker} if speaker_only else frozenset()
        cuts.append(tuple(_slices(_spans(transcript, _EVERYBODY - others), len(channel))))
    level = _tone_level(waveform.channels, cuts) if mode is BleepMode.TONE else 0.0
    return Waveform(
        tuple(_replaced(*each, level) for each in zip(waveform.channels, cuts, strict=True))
    )


def bleeped_spans(
    transcript: RedactedTranscript, spoken_by: Collection[Speaker] = _EVERYBODY
) -> tuple[TimeSpan, ...]:
    """Where what `spoken_by` said is hidden: padded, in order, apart, within the recording.

    A segment whose words do not account for all of its pseudonyms is hidden whole.
    """
    end = transcript.duration
    spans = _spans(transcript, spoken_by)
    return tuple(TimeSpan(each.start, min(each.end, end)) for each in spans if each.start < end)


def _spans(transcript: RedactedTranscript, spoken_by: Collection[Speaker]) -> list[TimeSpan]:
    """Padded and merged; the last ones may reach beyond the recording."""
    token = re.compile("|".join([_PSEUDONYM, *map(re.escape, transcript.pseudonyms)]))
    hidden = sorted(
        (max(0.0, span.start - PADDING_SECONDS), max(span.start, span.end) + PADDING_SECONDS)
        for segment in transcript.segments
        if segment.speaker in spoken_by
        for span in _hidden(segment, token)
    )
    merged: list[TimeSpan] = []
    for start, end in hidden:
        if merged and start <= merged[-1].end:
            start, end = merged[-1].start, max(end, merged.pop().end)
        merged.append(TimeSpan(start, end))
    return merged


def _hidden(segment: Segment, token: re.Pattern[str]) -> Iterator[TimeSpan]:
    missing = len(token.findall(segment.text))
    for word in segment.words:
        if found := len(token.findall(word.text)):
            missing -= found
            yield TimeSpan(word.start, word.end)
    if missing > 0:
        yield TimeSpan(segment.start, segment.end)


def _slices(spans: Iterable[TimeSpan], length: int) -> Iterator[slice]:
    """Samples that a span touches, even in part."""
    for span in spans:
        start = math.floor(span.start * SAMPLE_RATE)
        if start < length:
            yield slice(start, min(length, math.ceil(span.end * SAMPLE_RATE)))


def _replaced(channel: Samples, cuts: Sequence[slice], level: float) -> Samples:
    samples = channel.copy()
    for cut in cuts:
        samples[cut] = _tone(cut.stop - cut.start, level)
    return samples


def _tone(length: int, level: float) -> Samples:
    """`length` samples of a sine with raised-cosine ends; zeros at level 0."""
    at = np.arange(length)
    to_edge = np.minimum(at + 1, length - at) / (FADE_SECONDS * SAMPLE_RATE)
    swell = 0.5 - 0.5 * np.cos(np.pi * np.minimum(to_edge, 1.0))
    return np.asarray(level * swell * np.sin(2 * np.pi * TONE_HZ * at / SAMPLE_RATE), np.float32)


def _tone_level(channels: Sequence[Samples], cuts: Sequence[Sequence[slice]]) -> float:
    """The tone's amplitude, softer than the speech that stays. What is hidden has no say: a tone
    that followed it would tell how loud it was."""
    loudness = [
        _loudness(channel[stretch])
        for channel, gone in zip(channels, cuts, strict=True)
        for stretch in _between(gone, len(channel))
    ]
    frames = np.concatenate(loudness)
    speech = float(np.percentile(frames, 90)) if len(frames) else 0.0
    return min(max(_BELOW_SPEECH * speech, _SOFTEST), _LOUDEST)


def _between(cuts: Sequence[slice], length: int) -> Iterator[slice]:
    at = 0
    for cut in cuts:
        yield slice(at, cut.start)
        at = cut.stop
    yield slice(at, length)


def _loudness(samples: Samples) -> Samples:
    """The RMS of each whole frame of 20 ms."""
    frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME)
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", frames, frames) / _FRAME), np.float32)
