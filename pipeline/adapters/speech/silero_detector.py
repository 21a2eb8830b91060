"""Voice activity detection with the Silero model that faster-whisper carries."""

from __future__ import annotations

from faster_whisper.vad import VadOptions, get_speech_timestamps

from pipeline.domain.transcript import TimeSpan
from pipeline.ports import SAMPLE_RATE, Samples

_BLOCK_SECONDS = 600


class SileroSpeechDetector:
    """`ports.SpeechDetector`. Works in blocks: the model's own working memory grows with its
    input."""

    def __init__(self, max_speech_seconds: float = 12.0) -> None:
        self._options = VadOptions(
            threshold=0.4,
            min_speech_duration_ms=100,
            max_speech_duration_s=max_speech_seconds,
            min_silence_duration_ms=400,
            speech_pad_ms=400,
        )

    def detect(self, samples: Samples) -> tuple[TimeSpan, ...]:
        """See `ports.SpeechDetector`."""
        spans: list[TimeSpan] = []
        step = _BLOCK_SECONDS * SAMPLE_RATE
        for offset in range(0, len(samples), step):
            for chunk in get_speech_timestamps(samples[offset : offset + step], self._options):
                start = (offset + chunk["start"]) / SAMPLE_RATE
                end = (offset + chunk["end"]) / SAMPLE_RATE
                if end > start:
                    spans.append(TimeSpan(start, end))
        return tuple(spans)
