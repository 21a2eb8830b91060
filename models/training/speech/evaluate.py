"""Measures an exported model in unmodified faster-whisper on sentences it has never seen."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from faster_whisper import BatchedInferencePipeline, WhisperModel

from . import nospeech, telephone, voices
from .telephone import RATE

_HERE = Path(__file__).parent
SEEN = {
    "de": ("de", "de+f2", "de", "de+m3"),
    "en": ("en-us", "en-gb", "en-us+f2", "en-us", "en-gb+m3"),
}
_RATES = (160, 175, 150, 170)


@dataclass
class Sample:
    """A spoken sentence at 16 kHz."""

    text: str
    language: str
    voice: str
    audio: np.ndarray


def samples(language: str, names: Sequence[str], every: int = 1) -> list[Sample]:
    """The kept-aside sentences, spoken in turn by ``names`` over a telephone line."""
    lines = (_HERE / f"heldout_{language}.txt").read_text(encoding="utf-8").splitlines()[::every]
    speaker, rng = voices.Synthesiser(), np.random.default_rng(11)
    made = []
    for i, text in enumerate(lines):
        how = voices.Delivery(names[i % len(names)], _RATES[i % len(_RATES)], 50)
        speech = speaker.speak(text, how)
        narrow = telephone.resample(speech.audio, speech.rate, 8000, (200, 3600))
        narrow = telephone.mu_law(narrow * 0.5 / np.abs(narrow).max())
        audio = telephone.resample(narrow, 8000, RATE)
        quiet = rng.normal(0, 3e-4, RATE // 2).astype(np.float32)
        made.append(Sample(text, language, how.voice, np.concatenate([quiet, audio, quiet])))
    return made


def words(text: str) -> list[str]:
    """Lower case without punctuation."""
    return re.sub(r"[^\w']+", " ", text.lower()).split()


def errors(reference: Sequence[str], heard: Sequence[str]) -> int:
    """Edit distance in words."""
    row = list(range(len(heard) + 1))
    for i, expected in enumerate(reference, 1):
        previous, row[0] = row[0], i
        for j, got in enumerate(heard, 1):
            substituted = previous + (expected != got)
            previous = row[j]
            row[j] = min(previous + 1, row[j - 1] + 1, substituted)
    return row[-1]


def word_error_rate(pairs: Iterable[tuple[str, str]], show: bool = False) -> float:
    """Errors over reference words of all ``(reference, heard)``."""
    wrong = total = 0
    for reference, heard in pairs:
        count = errors(words(reference), words(heard))
        if show and count:
            print(f"   {count}: {reference}\n      {heard}")
        wrong += count
        total += len(words(reference))
    return wrong / max(total, 1)


def joined(segments: Iterable[object]) -> str:
    """The text of faster-whisper's segments."""
    return "".join(segment.text for segment in segments)  # type: ignore[attr-defined]


def quiet_sounds(seed: int = 99) -> dict[str, np.ndarray]:
    """A minute of each kind of sound without speech, at 8 kHz quality."""
    rng = np.random.default_rng(seed)
    kinds: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
        make.__name__: make for make, _ in nospeech.KINDS
    }
    found = {}
    for name, make in kinds.items():
        audio = np.concatenate([make(rng), make(rng)])
        audio = (audio / max(float(np.abs(audio).max()), 1e-3) * 0.2).astype(np.float32)
        found[name] = telephone.resample(telephone.resample(audio, RATE, 8000), 8000, RATE)
    return found


def long_call(parts: Sequence[Sample], seconds: float) -> tuple[np.ndarray, str]:
    """A call of ``seconds``: the samples again and again with pauses."""
    rng = np.random.default_rng(5)
    pieces, texts, length = [], [], 0
    while length < seconds * RATE:
        part = parts[int(rng.integers(len(parts)))]
        pause = rng.normal(0, 3e-4, int(rng.uniform(0.2, 3.0) * RATE)).astype(np.float32)
        pieces += [part.audio, pause]
        texts.append(part.text)
        length += len(part.audio) + len(pause)
    return np.concatenate(pieces), " ".join(texts)


def evaluate(folder: Path, show: bool = False, every: int = 1, minutes: float = 20) -> None:
    """Print the figures of the model card."""
    model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=2)
    for title, table in (("seen", SEEN), ("unseen", voices.HELD_OUT)):
        for language, names in table.items():
            made = samples(language, names, every)
            for beam in (1, 5) if title == "seen" else (5,):
                begin = time.monotonic()
                options = {"language": language, "beam_size": beam}
                options["condition_on_previous_text"] = False
                pairs = [(s.text, joined(model.transcribe(s.audio, **options)[0])) for s in made]
                rate = word_error_rate(pairs, show and beam == 5)
                spent = time.monotonic() - begin
                print(f"{title} {language} beam {beam}: {rate:.1%} ({spent:.0f} s)", flush=True)
    _language_and_silence(model, every)
    _long_calls(model, minutes)


def _language_and_silence(model: WhisperModel, every: int) -> None:
    for language, names in SEEN.items():
        made = samples(language, names, every)
        right = sum(model.detect_language(s.audio)[0] == language for s in made)
        print(f"language {language}: {right} of {len(made)}", flush=True)
    batched = BatchedInferencePipeline(model)
    for name, audio in quiet_sounds().items():
        alone = joined(model.transcribe(audio, language="de")[0])
        voiced = joined(model.transcribe(audio, language="de", vad_filter=True)[0])
        chunk = joined(batched.transcribe(audio, language="de")[0])
        print(f"no speech, {name}: {alone!r} {voiced!r} {chunk!r}", flush=True)


def _long_calls(model: WhisperModel, minutes: float) -> None:
    batched = BatchedInferencePipeline(model)
    plain: dict[str, object] = {"condition_on_previous_text": False}
    runs = {
        "vad": (model, {**plain, "vad_filter": True}),
        "vad, word times": (model, {**plain, "vad_filter": True, "word_timestamps": True}),
        "no vad": (model, plain),
        "batched": (batched, {"batch_size": 8}),
        "batched, word times": (batched, {"batch_size": 8, "word_timestamps": True}),
    }
    for language, names in SEEN.items():
        audio, text = long_call(samples(language, names), minutes * 60)
        for name, (engine, options) in runs.items():
            begin = time.monotonic()
            segments, _ = engine.transcribe(audio, language=language, beam_size=5, **options)
            rate = word_error_rate([(text, joined(segments))])
            spent = time.monotonic() - begin
            print(f"{minutes:g} min {language}, {name}: {rate:.1%} ({spent:.0f} s)", flush=True)
