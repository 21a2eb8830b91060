"""Waveform → verbatim transcript: speech of every channel, recognised and merged by time."""

from __future__ import annotations

from pipeline.domain.call import ChannelLayout
from pipeline.domain.transcript import TimeSpan, VerbatimTranscript
from pipeline.ports import Recogniser, SpeechDetector, Waveform
from pipeline.stages.attribute_speakers import attribute_speakers
from pipeline.stages.detect_speech import detect_speech

DEFAULT_LANGUAGE = "de"


def transcribe(
    waveform: Waveform,
    speech_detector: SpeechDetector,
    recogniser: Recogniser,
    language: str | None = None,
    layout: ChannelLayout = ChannelLayout.AGENT_LEFT,
) -> VerbatimTranscript:
    """Transcribe all channels in one language: `language`, or the one detected on the channel with
    the most speech. A recording without speech gives a transcript without segments."""
    speech = detect_speech(waveform.channels, speech_detector)
    order = sorted(range(len(speech)), key=lambda index: -_seconds(speech[index]))
    recognised = {}
    for index in order:
        found = recogniser.transcribe(waveform.channels[index], speech[index], language)
        recognised[index] = found
        if language is None and speech[index]:
            language = found.language
    segments = attribute_speakers([recognised[index] for index in range(len(speech))], layout)
    return VerbatimTranscript(language or DEFAULT_LANGUAGE, waveform.duration, segments)


def _seconds(spans: tuple[TimeSpan, ...]) -> float:
    return sum(span.end - span.start for span in spans)
