"""The pool: synthetic utterances as features with the times of their words and phonemes.

A shard is one ``.npz``: features of all utterances end to end, one phoneme label per 20 ms, and
the texts. Shards are written whole, so training can begin while later ones are still made.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import torch

from . import features, telephone, voices
from .espeak import Speech
from .sentences import SentenceWriter

GERMAN_SHARE = 0.58
TELEPHONE_SHARE = 0.68
LABEL_SECONDS = 0.02
SILENCE, UNKNOWN = "_", "?"
_SHARD_SECONDS = 3600.0


@dataclass
class Utterance:
    """``mel`` (frames at 100 Hz, 80), ``labels`` (frames at 50 Hz), word spans in seconds."""

    text: str
    language: str
    voice: str
    mel: np.ndarray
    labels: list[str]
    words: list[tuple[float, float]]


def word_spans(text: str, speech: Speech, seconds: float) -> list[tuple[float, float]]:
    """Start and end of every space-separated word; linear by characters where unmarked."""
    places, at = [], 0
    for word in text.split():
        at = text.index(word, at)
        places.append((at, at + len(word)))
        at += len(word)
    starts: list[float | None] = [None] * len(places)
    for time, position in speech.words:
        for i, (begin, end) in enumerate(places):
            if begin - 1 <= position < end and starts[i] is None:
                starts[i] = time
                break
    known = [(-0.5, 0.0)] + [(places[i][0], s) for i, s in enumerate(starts) if s is not None]
    known.append((len(text), seconds))
    xs, ys = zip(*known, strict=True)
    begins = np.interp([p[0] for p in places], xs, np.maximum.accumulate(ys))
    ends = [*begins[1:], seconds]
    pauses = [t for t, name in speech.phonemes if name.startswith("_:")]
    spans = []
    for begin, end in zip(begins, ends, strict=True):
        pause = next((p for p in pauses if begin + 0.05 < p < end), None)
        spans.append((float(begin), float(end if pause is None else pause)))
    return spans


def frame_labels(speech: Speech, language: str, frames: int) -> list[str]:
    """The phoneme at the middle of each 20 ms, prefixed by its language."""
    if not speech.phonemes:
        return [UNKNOWN] * frames
    times = np.array([time for time, _ in speech.phonemes])
    middle = (np.arange(frames) + 0.5) * LABEL_SECONDS
    index = np.searchsorted(times, middle, side="right") - 1
    names = [name for _, name in speech.phonemes]
    return [
        SILENCE if i < 0 or names[i].startswith("_") or not names[i] else f"{language}:{names[i]}"
        for i in index
    ]


def make(
    text: str,
    language: str,
    how: voices.Delivery,
    speaker: voices.Synthesiser,
    rng: np.random.Generator,
    phone: bool,
) -> Utterance | None:
    """Speak one text and turn it into features; None where the synthesiser gave nothing."""
    speech = speaker.speak(text, how)
    if len(speech.audio) < 0.1 * speech.rate or not np.abs(speech.audio).max() > 0.01:
        return None
    if phone:
        audio = telephone.through_line(speech.audio, speech.rate, rng)
    else:
        audio = telephone.resample(speech.audio, speech.rate, telephone.RATE)
    seconds = len(audio) / telephone.RATE
    mel = features.log_mel(audio)
    mel = mel[: len(mel) // 2 * 2]
    labels = frame_labels(speech, language, len(mel) // 2)
    words = word_spans(text, speech, seconds)
    return Utterance(text, language, how.voice, mel.astype(np.float16), labels, words)


@dataclass(frozen=True)
class Mix:
    """Which share of a pool is German, and which of its English flite speaks."""

    german: float = GERMAN_SHARE
    flite: float = voices.FLITE_SHARE


def write_shard(
    path: Path, seed: int, surnames: list[str], mix: Mix, seconds: float = _SHARD_SECONDS
) -> None:
    """Make one shard of about ``seconds`` of speech."""
    rng, noise = Random(seed), np.random.default_rng(seed)
    speaker = voices.Synthesiser()
    writers = {name: SentenceWriter(name, rng, surnames) for name in ("de", "en")}
    made: list[Utterance] = []
    total = 0.0
    while total < seconds:
        language = "de" if rng.random() < mix.german else "en"
        text = writers[language].sentence()
        how = voices.draw(language, rng, mix.flite)
        utterance = make(text, language, how, speaker, noise, rng.random() < TELEPHONE_SHARE)
        if utterance and len(utterance.mel) < 1400:
            made.append(utterance)
            total += len(utterance.mel) / features.FRAMES_PER_SECOND
    save(path, made)


def save(path: Path, made: list[Utterance]) -> None:
    """Write utterances; the file appears under its name only when it is complete."""
    names = sorted({label for u in made for label in u.labels})
    number = {name: i for i, name in enumerate(names)}
    meta = [[u.text, u.language, u.voice, len(u.mel), u.words] for u in made]
    packed = zlib.compress(json.dumps([names, meta], ensure_ascii=False).encode())
    partial = path.with_suffix(".partial.npz")
    np.savez(
        partial,
        mel=np.concatenate([u.mel for u in made]),
        labels=np.array([number[label] for u in made for label in u.labels], np.uint8),
        meta=np.frombuffer(packed, np.uint8),
    )
    partial.rename(path)


def load(path: Path) -> list[Utterance]:
    """Read a shard back."""
    with np.load(path) as stored:
        mel, labels = stored["mel"], stored["labels"]
        names, meta = json.loads(zlib.decompress(stored["meta"].tobytes()))
    found, at = [], 0
    for text, language, voice, frames, words in meta:
        span = labels[at // 2 : (at + frames) // 2]
        found.append(
            Utterance(
                text,
                language,
                voice,
                mel[at : at + frames],
                [names[i] for i in span],
                [tuple(w) for w in words],
            )
        )
        at += frames
    return found


def fill(folder: Path, shards: range, seed: int, surnames: list[str], mix: Mix) -> None:
    """Write the shards of ``shards`` that are not there yet."""
    torch.set_num_threads(1)
    folder.mkdir(parents=True, exist_ok=True)
    for number in shards:
        path = folder / f"{number:04d}.npz"
        if not path.exists():
            write_shard(path, seed * 10_000 + number, surnames, mix)
            print(path.name, flush=True)


def read_surnames(path: Path | None) -> list[str]:
    """Extra surnames, one a line; kept if they are plain letters."""
    if path is None:
        return []
    allowed = set("abcdefghijklmnopqrstuvwxyzäöüß")
    names = path.read_text(encoding="utf-8").split("\n")
    return [n for n in names if 2 < len(n) < 16 and set(n.lower()) <= allowed and n[1:].islower()]
