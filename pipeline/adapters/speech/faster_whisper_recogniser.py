"""Recognition with faster-whisper's own pieces, resident on one device.

Its `BatchedInferencePipeline` batches inside one file only, and carries the end of one row's last
word into the next row. Here rows of any calls share a batch and none knows of another.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.audio import pad_or_trim
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_compression_ratio, merge_punctuations

from models.catalog import ModelNotHere, resolve
from pipeline.domain.errors import ModelUnavailable
from pipeline.domain.transcript import Word
from pipeline.ports import SAMPLE_RATE, Row, Samples, Windowing
from pipeline.stages.repetition import loops

# Its INFO lines are harmless, its DEBUG lines quote speech (promise 3).
logging.getLogger("faster_whisper").setLevel(logging.WARNING)

_LANGUAGES = ("de", "en")
_WHOLE = 30.0
"""Seconds Whisper's encoder was made for."""
_SHORTEST = 8.0
"""Seconds of the shortest input that the bundled model was trained on. In shorter ones it finds no
end, says the last words twice and mishears more."""
_STEP = 2.0
"""Seconds by which the encoder's input grows from there, where the model takes short ones."""
_AIR = 0.5
"""Seconds of silence behind the last word, at least."""
_TOKENS_A_SECOND, _TOKENS = 20, 40
"""Nobody says more; who writes on has begun to loop."""
_TEMPERATURES, _SAMPLES = (0.4, 0.8), 5
_PREPENDED, _APPENDED = "\"'“¿([{-", "\"'.。,，!！?？:：”)]}、"


@dataclass(frozen=True, slots=True)
class _Decoding:
    """One way to decode. Above temperature 0 it is the best of `_SAMPLES` that were drawn."""

    beam_size: int
    repetition_penalty: float = 1.0
    no_repeat: int = 0
    temperature: float = 0.0

    @property
    def options(self) -> dict[str, Any]:
        """As CTranslate2 wants it."""
        search: dict[str, Any] = {"beam_size": self.beam_size}
        if self.temperature > 0.0:
            search = {"beam_size": 1, "num_hypotheses": _SAMPLES, "sampling_topk": 0}
            search["sampling_temperature"] = self.temperature
        repeating = {"repetition_penalty": self.repetition_penalty}
        return search | repeating | {"no_repeat_ngram_size": self.no_repeat}


def _ladder(beam_size: int) -> tuple[_Decoding, ...]:
    """From the first try over one that allows no loops to ever freer guesses."""
    no_loops = _Decoding(beam_size, repetition_penalty=1.15, no_repeat=4)
    warmer = (replace(no_loops, temperature=each) for each in _TEMPERATURES)
    return (_Decoding(beam_size), no_loops, *warmer)


@dataclass(frozen=True, slots=True)
class _Heard:
    tokens: list[int]
    average: float
    silence: float
    compression: float

    @property
    def doubtful(self) -> bool:
        """Whisper's gates for another try, loops and guesses, and one for short loops."""
        if self.compression > 2.4 or loops(self.tokens):
            return True
        return self.average < -1.0 and self.silence <= 0.6

    @property
    def invented(self) -> bool:
        """And for dropping it: silence that was given words, and loops."""
        if self.compression > 2.8:
            return True
        return self.silence > 0.6 and (self.average < -1.0 or loops(self.tokens))


class FasterWhisperRecogniser:
    """`ports.Recogniser`. Conditioning on earlier text is off (it loops), words carry times.

    `short_windows`: the encoder gets as many seconds as there are, not always 30, and windows are
    short and of one channel. That takes a third of the time and needs a model that was trained on
    short pieces.
    """

    def __init__(
        self,
        name: str,
        device: str = "auto",
        compute_type: str = "default",
        cpu_threads: int = 0,
        beam_size: int = 5,
        batch_size: int | None = None,
        short_windows: bool | None = None,
    ) -> None:
        on_gpu = _on_gpu(device)
        try:
            folder = resolve(name)
            self._model = WhisperModel(
                str(folder),
                device=device,
                compute_type=_compute_type(on_gpu, compute_type),
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
        self._short = name == "bundled" if short_windows is None else short_windows
        batch = batch_size or (32 if on_gpu else 8)
        self._windowing = (
            Windowing(12.0, mixed=False, batch=batch)
            if self._short
            else Windowing(28.0, mixed=True, batch=batch)
        )
        self._ladder = _ladder(beam_size)

    @property
    def windowing(self) -> Windowing:
        """See `ports.Recogniser`."""
        return self._windowing

    def knows(self, language: str) -> bool:
        """See `ports.Recogniser`. Small models know few languages."""
        return self._model.hf_tokenizer.token_to_id(f"<|{language}|>") is not None

    def language(self, samples: Samples) -> str:
        """The likelier of German and English: other languages are not ours to guess."""
        _, _, odds = self._model.detect_language(samples[: 60 * SAMPLE_RATE])
        likely = {name: odd for name, odd in odds if name in _LANGUAGES}
        return str(max(likely, key=likely.__getitem__))

    def row(self, samples: Samples, language: str) -> Row:
        """See `ports.Recogniser`. Its shape is the language and the length of the features, so
        that padding is the same whatever else is in the batch."""
        seconds = len(samples) / SAMPLE_RATE
        heard = max(_SHORTEST, ceil((seconds + _AIR) / _STEP) * _STEP) if self._short else _WHOLE
        frames = round(min(heard, _WHOLE) * self._model.frames_per_second)
        features = self._model.feature_extractor(samples)
        spoken = min(frames, ceil(seconds * self._model.frames_per_second))
        padded = pad_or_trim(features[..., :spoken], frames)
        return Row(seconds, language, (language, frames), padded)

    def recognise(self, rows: Sequence[Row]) -> tuple[tuple[Word, ...], ...]:
        """See `ports.Recogniser`. Only rows that fail the gates are decoded again, further down
        the ladder; the best of all tries counts, unless even that was invented."""
        tokenizer = self._tokenizer(rows[0].language)
        encoded = self._model.encode(np.stack([row.features for row in rows]))
        first, *freer = self._ladder
        heard = self._decoded(encoded, rows, tokenizer, first)
        for how in freer:
            doubtful = [at for at, each in enumerate(heard) if each.doubtful]
            if not doubtful:
                break
            few = [rows[at] for at in doubtful]
            again = self._model.encode(np.stack([row.features for row in few]))
            found = self._decoded(again, few, tokenizer, how)
            for at, other in zip(doubtful, found, strict=True):
                heard[at] = min(heard[at], other, key=lambda e: (e.doubtful, -e.average))
        kept = [[] if each.invented else each.tokens for each in heard]
        return tuple(self._words(encoded, rows, kept, tokenizer))

    def _tokenizer(self, language: str) -> Tokenizer:
        model = self._model
        many = model.model.is_multilingual
        return Tokenizer(model.hf_tokenizer, many, task="transcribe", language=language)

    def _decoded(
        self, encoded: Any, rows: Sequence[Row], tokenizer: Tokenizer, how: _Decoding
    ) -> list[_Heard]:
        prompt = self._model.get_prompt(tokenizer, [], without_timestamps=True)
        longest = max(row.seconds for row in rows)
        room = len(prompt) + _TOKENS + ceil(_TOKENS_A_SECOND * longest)
        found = self._model.model.generate(
            encoded,
            [prompt] * len(rows),
            max_length=min(room, self._model.max_length),
            **how.options,
            suppress_blank=True,
            suppress_tokens=[-1],
            return_scores=True,
            return_no_speech_prob=True,
        )
        return [_heard(each, tokenizer) for each in found]

    def _words(
        self,
        encoded: Any,
        rows: Sequence[Row],
        tokens: list[list[int]],
        tokenizer: Tokenizer,
    ) -> Iterator[tuple[Word, ...]]:
        frames = [min(len(row.features[0]), ceil(row.seconds * 100)) for row in rows]
        for aligned, row in zip(
            self._model.find_alignment(tokenizer, tokens, encoded, frames), rows, strict=True
        ):
            merge_punctuations(aligned, _PREPENDED, _APPENDED)
            yield _written(aligned, row.seconds)


def _heard(found: Any, tokenizer: Tokenizer) -> _Heard:
    tokens = [token for token in found.sequences_ids[0] if token < tokenizer.eot]
    average = found.scores[0] * len(found.sequences_ids[0]) / (len(found.sequences_ids[0]) + 1)
    compression = get_compression_ratio(tokenizer.decode(tokens))
    return _Heard(tokens, average, found.no_speech_prob, compression)


def _written(aligned: Iterable[dict[str, Any]], seconds: float) -> tuple[Word, ...]:
    """Written words: what the recogniser split at a hyphen (`E`, `-Mail`) is one again."""
    words: list[Word] = []
    for each in aligned:
        text = each["word"].strip()
        if not text:
            continue
        start = min(float(each["start"]), seconds)
        end, probability = max(start, min(float(each["end"]), seconds)), float(each["probability"])
        if words and not each["word"].startswith(" "):
            last = words.pop()
            start, probability = last.start, min(last.probability, probability)
            text = last.text + text
        words.append(Word(start, end, probability, 0, text))
    return tuple(words)


def _on_gpu(device: str) -> bool:
    import ctranslate2

    return device == "cuda" or (device == "auto" and ctranslate2.get_cuda_device_count() > 0)


def _compute_type(on_gpu: bool, compute_type: str) -> str:
    """int8 on a CPU: several times faster and as accurate for speech."""
    if compute_type != "default":
        return compute_type
    return "float16" if on_gpu else "int8"
