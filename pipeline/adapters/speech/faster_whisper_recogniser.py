"""Recognition with faster-whisper's batched pipeline, resident on one device."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from faster_whisper import BatchedInferencePipeline, WhisperModel
from faster_whisper.vad import SpeechTimestampsMap

from models.catalog import ModelNotHere, resolve
from pipeline.domain.errors import ModelUnavailable
from pipeline.domain.transcript import Segment, Speaker, TimeSpan, Word
from pipeline.ports import SAMPLE_RATE, Recognised, Samples
from pipeline.stages.detect_speech import SpeechWindow, pack

# Its INFO lines are harmless, its DEBUG lines quote speech (promise 3).
logging.getLogger("faster_whisper").setLevel(logging.WARNING)

_LANGUAGES = ("de", "en")
_LAST_SOUND = 0.05
"""Seconds before the end of a word that surely are that word."""


class FasterWhisperRecogniser:
    """`ports.Recogniser`. Conditioning on earlier text is off (it loops), words carry times."""

    def __init__(
        self,
        name: str,
        device: str = "auto",
        compute_type: str = "default",
        cpu_threads: int = 0,
        beam_size: int = 5,
        batch_size: int = 8,
    ) -> None:
        try:
            folder = resolve(name)
            self._model = WhisperModel(
                str(folder),
                device=device,
                compute_type=_compute_type(device, compute_type),
                cpu_threads=cpu_threads,
                local_files_only=True,
            )
        except ModelNotHere as error:
            raise ModelUnavailable(str(error)) from None
        except (RuntimeError, ValueError, OSError) as error:
            raise ModelUnavailable(
                f"the model {name} cannot be loaded ({type(error).__name__}): check "
                "DECKNAME_MODEL, DECKNAME_DEVICE and DECKNAME_COMPUTE_TYPE, or run "
                "`deckname models check`"
            ) from None
        self._batched = BatchedInferencePipeline(self._model)
        self._beam_size = beam_size
        self._batch_size = batch_size

    def transcribe(
        self, samples: Samples, speech: Sequence[TimeSpan], language: str | None
    ) -> Recognised:
        """See `ports.Recogniser`."""
        windows = pack(speech)
        if not windows:
            return Recognised(language or _LANGUAGES[0], 0.0, ())
        spans = [span for window in windows for span in window.spans]
        audio = np.concatenate([_cut(samples, span) for span in spans])
        probability = 1.0
        if language is None or not self._knows(language):
            language, probability = self._language(audio)
        found, _ = self._batched.transcribe(
            audio,
            language=language,
            clip_timestamps=_clips(windows),
            word_timestamps=True,
            beam_size=self._beam_size,
            batch_size=self._batch_size,
            temperature=0.0,
            vad_filter=False,
        )
        return Recognised(language, probability, tuple(_restored(found, spans)))

    def _knows(self, language: str) -> bool:
        """Small models know few languages; one they lack is detected anew, not an error."""
        return self._model.hf_tokenizer.token_to_id(f"<|{language}|>") is not None

    def _language(self, audio: Samples) -> tuple[str, float]:
        """The likelier of German and English: other languages are not ours to guess."""
        _, _, odds = self._model.detect_language(audio[: 60 * SAMPLE_RATE])
        likely = {name: odd for name, odd in odds if name in _LANGUAGES}
        language = max(likely, key=likely.__getitem__)
        return language, float(likely[language])


def _compute_type(device: str, compute_type: str) -> str:
    """int8 on a CPU: several times faster and as accurate for speech."""
    if compute_type != "default":
        return compute_type
    import ctranslate2

    on_gpu = device == "cuda" or (device == "auto" and ctranslate2.get_cuda_device_count() > 0)
    return "float16" if on_gpu else "int8"


def _cut(samples: Samples, span: TimeSpan) -> Samples:
    return samples[round(span.start * SAMPLE_RATE) : round(span.end * SAMPLE_RATE)]


def _clips(windows: Iterable[SpeechWindow]) -> list[dict[str, float]]:
    """Where each window lies in the audio that has its silence left out, in seconds."""
    clips, position = [], 0.0
    for window in windows:
        clips.append({"start": position, "end": position + window.seconds})
        position += window.seconds
    return clips


def _restored(found: Iterable[Any], spans: Sequence[TimeSpan]) -> Iterable[Segment]:
    """Segments with the times of the recording, less those that are likely invented."""
    chunks = [
        {"start": round(s.start * SAMPLE_RATE), "end": round(s.end * SAMPLE_RATE)} for s in spans
    ]
    times = SpeechTimestampsMap(chunks, SAMPLE_RATE)
    for segment in found:
        if _is_invented(segment) or not segment.words:
            continue
        words = _words(segment.words, times, spans)
        if words:
            text = " ".join(word.text for word in words)
            yield Segment(Speaker.UNKNOWN, words[0].start, words[-1].end, text, words)


def _words(
    found: Iterable[Any], times: SpeechTimestampsMap, spans: Sequence[TimeSpan]
) -> tuple[Word, ...]:
    """Written words: what the recogniser split at a hyphen (`E`, `-Mail`) is one again.

    A word that reaches over a gap belongs behind it: alignment gives the silence before a word to
    that word.
    """
    words: list[Word] = []
    at = 0
    for word in found:
        text = word.word.strip()
        if not text:
            continue
        index = times.get_chunk_index(max(word.start, word.end - _LAST_SOUND))
        start = max(spans[index].start, float(times.get_original_time(word.start, index)))
        end = max(start, float(times.get_original_time(word.end, index)))
        probability = float(word.probability)
        if words and not word.word.startswith(" "):
            last = words.pop()
            start, probability = last.start, min(last.probability, probability)
            text, at = last.text + text, last.at
        words.append(Word(start, end, probability, at, text))
        at += len(text) + 1
    return tuple(words)


def _is_invented(segment: Any) -> bool:
    """Whisper's own gates: silence that was given words, and loops."""
    silent = segment.no_speech_prob > 0.6 and segment.avg_logprob < -1.0
    return bool(silent or segment.compression_ratio > 2.8)
