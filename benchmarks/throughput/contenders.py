"""Who is measured: faster-whisper in its two ways, Deckname, and the floor below which nobody gets.

All use the very same model in memory, threads, beam and language, transcribe both sides of every
call and give words with times. The two ways of faster-whisper get the WAV's bytes, as Deckname
does, decode them and find speech with their own voice activity detection; nothing is stored.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from faster_whisper import BatchedInferencePipeline, WhisperModel, decode_audio
from faster_whisper.tokenizer import Tokenizer

from benchmarks.throughput.corpus import TestCall
from benchmarks.throughput.word_errors import Said
from pipeline.domain.transcript import Speaker, VerbatimTranscript
from pipeline.ports import Recogniser, Row
from pipeline.stages.decode import decode_blocks
from pipeline.stages.pack_rows import Shelf
from pipeline.stages.transcribe import transcribe
from pipeline.usecases.deck import Transcriber
from pipeline.usecases.transcribe_recording import prepare_recording

OURS, BATCHED, ALONE, FLOOR = "Deckname", "batched per file", "one by one", "floor"


def whisper_of(recogniser: Recogniser) -> WhisperModel:
    """The model that `FasterWhisperRecogniser` keeps in memory."""
    model = getattr(recogniser, "_model", None)
    if not isinstance(model, WhisperModel):
        raise TypeError("this recogniser is not made of faster-whisper: nothing to compare with")
    return model


def one_by_one(model: WhisperModel, beam: int, calls: Sequence[TestCall]) -> list[Said]:
    """`WhisperModel.transcribe`, a channel after the other. Without its conditioning on earlier
    text, which loops; with VAD, which spares it the silence."""

    def heard(samples: Any, language: str) -> str:
        segments, _ = model.transcribe(
            samples,
            language=language,
            beam_size=beam,
            word_timestamps=True,
            vad_filter=True,
            condition_on_previous_text=False,
        )
        return "".join(segment.text for segment in segments)

    return [_both(call, heard) for call in calls]


def batched(model: WhisperModel, beam: int, size: int, calls: Sequence[TestCall]) -> list[Said]:
    """`BatchedInferencePipeline.transcribe`, a channel after the other, `size` chunks a batch."""
    pipeline = BatchedInferencePipeline(model)

    def heard(samples: Any, language: str) -> str:
        segments, _ = pipeline.transcribe(
            samples, language=language, beam_size=beam, batch_size=size, word_timestamps=True
        )
        return "".join(segment.text for segment in segments)

    return [_both(call, heard) for call in calls]


def _both(call: TestCall, heard: Any) -> Said:
    left, right = decode_audio(io.BytesIO(call.wav), split_stereo=True)
    return heard(left, call.language), heard(right, call.language)


def verbatim(transcriber: Transcriber, calls: Sequence[TestCall]) -> list[Said]:
    """What Deckname hears, before redaction. Rows are the same as when calls are packed, and so
    are words: a row never depends on its neighbours."""
    return [_sides(_transcribed(transcriber, call)) for call in calls]


def _transcribed(transcriber: Transcriber, call: TestCall) -> VerbatimTranscript:
    blocks = decode_blocks(call.wav, transcriber.decoders, transcriber.limits)
    ears, recogniser = transcriber.speech_detector(), transcriber.recogniser()
    return transcribe(blocks, ears, recogniser, call.language)


def _sides(transcript: VerbatimTranscript) -> Said:
    def said(speaker: Speaker) -> str:
        return " ".join(each.text for each in transcript.segments if each.speaker is speaker)

    return said(Speaker.AGENT), said(Speaker.CALLER)


class Floor:
    """CTranslate2 on ready features of exactly Deckname's rows, in the batches that Deckname makes
    where all of them wait: encode, generate, align, and nothing else."""

    def __init__(self, transcriber: Transcriber, beam: int, calls: Sequence[TestCall]) -> None:
        recogniser = transcriber.recogniser()
        self._model, self._beam = whisper_of(recogniser), beam
        shelf = Shelf()
        for number, call in enumerate(calls):
            for part in prepare_recording(call.wav, transcriber, call.language):
                shelf.put(number, part.rows)
        self._batches: list[tuple[Row, ...]] = []
        while taken := shelf.take(recogniser.windowing.batch):
            self._batches.append(tuple(each.row for each in taken))

    def run(self) -> None:
        """Once."""
        for batch in self._batches:
            self._recognise(batch)

    def _recognise(self, batch: Sequence[Row]) -> None:
        whisper = self._model
        words = Tokenizer(
            whisper.hf_tokenizer,
            whisper.model.is_multilingual,
            task="transcribe",
            language=batch[0].language,
        )
        prompt = whisper.get_prompt(words, [], without_timestamps=True)
        encoded = whisper.encode(np.stack([row.features for row in batch]))
        found = whisper.model.generate(
            encoded,
            [prompt] * len(batch),
            beam_size=self._beam,
            max_length=whisper.max_length,
            suppress_blank=True,
            suppress_tokens=[-1],
            return_scores=True,
            return_no_speech_prob=True,
        )
        tokens = [[t for t in each.sequences_ids[0] if t < words.eot] for each in found]
        frames = [min(row.features.shape[-1], round(row.seconds * 100)) for row in batch]
        whisper.model.align(encoded, words.sot_sequence, tokens, frames, median_filter_width=7)


@dataclass(slots=True)
class Encoded:
    """What went through an encoder: calls of it, windows, and their seconds, silence and padding
    included."""

    batches: int = 0
    windows: int = 0
    seconds: float = 0.0


@contextmanager
def counting(model: WhisperModel) -> Iterator[Encoded]:
    """Counts what the model encodes in the block, for whomever."""
    counted, encode = Encoded(), model.encode

    def watched(features: Any) -> Any:
        windows = features.shape[0] if features.ndim == 3 else 1
        counted.batches += 1
        counted.windows += windows
        counted.seconds += windows * features.shape[-1] / model.frames_per_second
        return encode(features)

    model.encode = watched
    try:
        yield counted
    finally:
        del model.encode
