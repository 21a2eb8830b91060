"""Training windows: several utterances, gaps and noise, with tokens and where each is heard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
import torch

from .nospeech import BACKGROUND
from .pool import UNKNOWN, Utterance
from .tokens import Vocabulary

FLOOR = -10.0
IGNORE = -100
_FIRST_TIMESTAMP = 1.0  # faster-whisper lets no window begin with a later one
_MARGIN = 0.06


@dataclass(frozen=True)
class Plan:
    """How windows of one stage look."""

    seconds: float
    any_position: bool
    nospeech: float = 0.04
    timestamps: float = 0.6
    padded: float = 0.3
    noisy: float = 0.45
    long_gap: float = 0.1
    max_tokens: int = 110


@dataclass
class Window:
    """Log-mel (frames, 80) already scaled; ``inputs[i]`` predicts ``targets[i]``."""

    mel: np.ndarray
    labels: np.ndarray
    inputs: list[int]
    targets: list[int]
    spans: list[tuple[float, float]]
    offset: int


@dataclass
class Sounds:
    """The no-speech bank."""

    mels: np.ndarray
    kinds: list[str]

    def clip(self, frames: int, rng: Random, background: bool) -> np.ndarray:
        """A random stretch; quiet kinds only where it lies under speech (mostly)."""
        while True:
            i = rng.randrange(len(self.kinds))
            if not background or self.kinds[i] in BACKGROUND or rng.random() < 0.05:
                break
        start = rng.randint(0, self.mels.shape[1] - frames)
        return _wide(self.mels[i, start : start + frames])


def _wide(mel: np.ndarray) -> np.ndarray:
    """float32; torch widens many times faster than numpy."""
    return torch.from_numpy(mel).float().numpy()


class Packer:
    """Draws windows without end; utterances come in shuffled rounds."""

    def __init__(
        self,
        utterances: Sequence[Utterance],
        vocabulary: Vocabulary,
        phonemes: dict[str, int],
        sounds: Sounds,
        seed: int,
    ) -> None:
        self.rng = Random(seed)
        self.vocabulary = vocabulary
        self.sounds = sounds
        self._phonemes = phonemes
        self.phonemes = len(phonemes)
        self._by_language = {
            name: [u for u in utterances if u.language == name] for name in ("de", "en")
        }
        self._decks = {name: self._deck(name) for name in self._by_language}
        self._german = len(self._by_language["de"]) / max(len(utterances), 1)

    def _deck(self, language: str) -> Iterator[Utterance]:
        cards = list(self._by_language[language])
        while True:
            self.rng.shuffle(cards)
            yield from cards

    def window(self, plan: Plan) -> Window:
        """One window."""
        frames = round(plan.seconds * 100)
        offset = 0
        if plan.any_position and self.rng.random() < 0.85:
            offset = self.rng.randint(0, 1500 - frames // 2)
        language = "de" if self.rng.random() < self._german else "en"
        if self.rng.random() < plan.nospeech:
            return self._without_speech(frames, offset, language, plan)
        mel = np.full((frames, 80), FLOOR, np.float32)
        labels = np.full(frames // 2, self._phonemes["_"], np.int64)
        placed, at = self._place(mel, labels, language, plan)
        self._noise(mel, plan)
        mel = self._scale(mel)
        if self.rng.random() < plan.padded:
            mel[min(at + self.rng.randint(5, 60), frames) :] = 0.0
        inputs, targets, spans = self._tokens(placed, language, offset, plan)
        return Window(mel, labels, inputs, targets, spans, offset)

    def _place(
        self, mel: np.ndarray, labels: np.ndarray, language: str, plan: Plan
    ) -> tuple[list[tuple[float, Utterance, bool]], int]:
        """Lay utterances into the window; returns (start second, utterance, cut) and the end."""
        rng, frames = self.rng, len(mel)
        placed: list[tuple[float, Utterance, bool]] = []
        tokens, at = 8, self._gap(plan, frames)
        budget = rng.uniform(0.3, 1) if rng.random() < 0.3 else 1.0
        while at < frames * budget - 60:
            utterance = next(self._decks[language])
            count = sum(len(self.vocabulary.word(w)) for w in utterance.text.split())
            left, size = frames - at, len(utterance.mel)
            cut = size > left
            if tokens + count + 3 > plan.max_tokens or (cut and (left < 200 or rng.random() < 0.5)):
                if placed or left < 200:
                    break
                if not cut:
                    continue
            size = min(size, left)
            mel[at : at + size] = self._coloured(utterance.mel[:size])
            names = utterance.labels[: size // 2]
            labels[at // 2 : at // 2 + len(names)] = [
                IGNORE if n == UNKNOWN else self._phonemes.get(n, IGNORE) for n in names
            ]
            placed.append((at / 100, utterance, cut))
            tokens += count + 3
            at += size
            if cut:
                break
            at += self._gap(plan, frames)
        return placed, at

    def _gap(self, plan: Plan, frames: int) -> int:
        rng = self.rng
        if rng.random() < plan.long_gap:
            return rng.randint(50, frames // 3) // 2 * 2
        return rng.randint(2, 60) // 2 * 2

    def _coloured(self, mel: np.ndarray) -> np.ndarray:
        """Another level, sometimes another microphone (tilt) or throat (shift by bands)."""
        rng, out = self.rng, _wide(mel) + np.float32(self.rng.uniform(-1.3, 0))
        if rng.random() < 0.25:
            out += np.linspace(-1, 1, 80, dtype=np.float32) * np.float32(rng.uniform(-0.4, 0.4))
        if rng.random() < 0.1:
            out = np.roll(out, rng.choice([-1, 1]), axis=1)
        return np.maximum(out, FLOOR)

    def _noise(self, mel: np.ndarray, plan: Plan) -> None:
        if self.rng.random() > plan.noisy:
            return
        noise = self.sounds.clip(len(mel), self.rng, background=True)
        below = self.rng.uniform(1.8, 5.5)  # log10 power: 18 to 55 dB under the loudest frame
        noise += float(mel.max()) - below - float(noise.max())
        np.logaddexp(mel * np.log(10), noise * np.log(10), out=mel)
        mel /= np.log(10)

    def _scale(self, mel: np.ndarray) -> np.ndarray:
        peak = float(mel.max())
        if self.rng.random() < 0.3:
            peak += self.rng.uniform(0, 1.0)  # the recording may be louder elsewhere
        return (np.maximum(mel, peak - 8.0) + 4.0) / 4.0

    def _without_speech(self, frames: int, offset: int, language: str, plan: Plan) -> Window:
        vocabulary = self.vocabulary
        mel = self._scale(self.sounds.clip(frames, self.rng, background=False))
        if self.rng.random() < plan.padded:
            mel[self.rng.randint(20, frames) :] = 0.0
        stamped = self.rng.random() < 0.5
        mode = vocabulary.time(offset * 0.02) if stamped else vocabulary.id("<|notimestamps|>")
        inputs = [*self._prefix(language), mode]
        targets = [vocabulary.id("<|nospeech|>"), inputs[2], mode if stamped else IGNORE]
        targets.append(vocabulary.end)
        labels = np.full(frames // 2, self._phonemes["_"], np.int64)
        return Window(mel, labels, inputs, targets, [(-1.0, -1.0)] * 4, offset)

    def _prefix(self, language: str) -> list[int]:
        names = ("<|startoftranscript|>", f"<|{language}|>", "<|transcribe|>")
        return [self.vocabulary.id(name) for name in names]

    def _tokens(
        self, placed: list[tuple[float, Utterance, bool]], language: str, offset: int, plan: Plan
    ) -> tuple[list[int], list[int], list[tuple[float, float]]]:
        """Inputs, targets, and per target the seconds (from the window's start) where it sounds."""
        vocabulary, base = self.vocabulary, offset * 0.02
        stamped = self.rng.random() < plan.timestamps
        ids, spans = self._prefix(language), [(-1.0, -1.0)] * 3
        if not stamped:
            ids.append(vocabulary.id("<|notimestamps|>"))
            spans.append((-1.0, -1.0))
        for number, (start, utterance, cut) in enumerate(placed):
            if stamped:
                shown = min(start, _FIRST_TIMESTAMP) if number == 0 else start
                ids.append(vocabulary.time(base + shown))
                spans.append((start - 0.1, start + 0.1))
            stop = plan.seconds if cut else start + utterance.words[-1][1]
            for word, (begin, end) in zip(utterance.text.split(), utterance.words, strict=True):
                if cut and start + end > plan.seconds:
                    break
                self._add_word(ids, spans, word, start + begin, start + end, utterance)
            if stamped and not cut:
                ids.append(vocabulary.time(base + stop))
                spans.append((stop - 0.1, stop + 0.1))
        targets = [*ids[1:], vocabulary.end]
        if not stamped:
            targets[2] = IGNORE
        return ids, targets, [*spans[1:], (-1.0, -1.0)]

    def _add_word(
        self,
        ids: list[int],
        spans: list[tuple[float, float]],
        word: str,
        begin: float,
        end: float,
        utterance: Utterance,
    ) -> None:
        pieces = self.vocabulary.word(word)
        margin = 0.3 if utterance.labels[0] == UNKNOWN else _MARGIN
        step = (end - begin) / len(pieces)
        for i, piece in enumerate(pieces):
            ids.append(piece)
            spans.append((begin + i * step - margin, begin + (i + 1) * step + margin))
