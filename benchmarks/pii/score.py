"""Counting what was found: characters, spans, types; and how sure the figures are."""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from benchmarks.pii.sets import Line
from pipeline.domain.privacy import PiiSpan

Detect = Callable[[str, str], Sequence[PiiSpan]]
_SHARE = 0.5  # a span counts as found with the right type from this share of its characters on


@dataclass
class Tally:
    """Counts of one type: characters, spans, and how many of them were found."""

    chars: int = 0
    covered: int = 0
    spans: int = 0
    typed: int = 0
    leaked: int = 0
    predicted: int = 0
    right: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            *(a + b for a, b in zip(vars(self).values(), vars(other).values(), strict=True))
        )

    @property
    def coverage(self) -> float:
        """Share of PII characters hidden; 1 where there are none."""
        return self.covered / self.chars if self.chars else 1.0

    @property
    def recall(self) -> float:
        """Share of spans found with the right type."""
        return self.typed / self.spans if self.spans else 1.0

    @property
    def precision(self) -> float:
        """Share of found spans of this type that touch PII of this type."""
        return self.right / self.predicted if self.predicted else 1.0

    @property
    def f2(self) -> float:
        """F2 of precision and recall."""
        weighted = 4 * self.precision + self.recall
        return 5 * self.precision * self.recall / weighted if weighted else 0.0


@dataclass
class Score:
    """What one run found."""

    types: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    lines: int = 0
    words: int = 0
    chars: int = 0
    seconds: float = 0.0
    false: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    shares: list[tuple[int, int]] = field(default_factory=list)

    @property
    def total(self) -> Tally:
        """All types together."""
        return sum(self.types.values(), Tally())

    def false_per_thousand(self, kind: str | None = None) -> float:
        """Found spans that touch no PII, per 1,000 words."""
        count = sum(self.false.values()) if kind is None else self.false[kind]
        return 1000 * count / max(1, self.words)

    def interval(self, rounds: int = 1000) -> tuple[float, float]:
        """95 % bootstrap interval of the coverage, drawn by utterance."""
        dice, draws = random.Random(20), []
        for _ in range(rounds):
            drawn = dice.choices(self.shares, k=len(self.shares)) if self.shares else []
            total = sum(each for each, _ in drawn)
            draws.append(sum(each for _, each in drawn) / total if total else 1.0)
        draws.sort()
        return draws[int(0.025 * rounds)], draws[int(0.975 * rounds) - 1]


def measure(lines: Iterable[Line], detect: Detect) -> Score:
    """Run `detect` over `lines`."""
    score = Score()
    for line in lines:
        started = time.perf_counter()
        found = detect(line.text, line.language)
        score.seconds += time.perf_counter() - started
        count(score, line, found)
    return score


def count(score: Score, line: Line, found: Sequence[PiiSpan]) -> None:
    """Add one line."""
    text = line.text
    hidden = {at for span in found for at in range(span.start, span.end)}
    score.lines += 1
    score.words += len(text.split())
    score.chars += len(text)
    total = seen = 0
    for start, end, kind in line.spans:
        inside = [at for at in range(start, end) if text[at].isalnum()]
        covered = sum(at in hidden for at in inside)
        typed = any(
            span.type.value == kind and _overlap(span, start, end) >= _SHARE * (end - start)
            for span in found
        )
        score.types[kind] += Tally(len(inside), covered, 1, typed, covered < len(inside))
        total, seen = total + len(inside), seen + covered
    score.shares.append((total, seen))
    for span in found:
        touched = [kind for a, b, kind in line.spans if _overlap(span, a, b) > 0]
        score.types[span.type.value] += Tally(predicted=1, right=span.type.value in touched)
        score.false[span.type.value] += not touched


def _overlap(span: PiiSpan, start: int, end: int) -> int:
    return max(0, min(span.end, end) - max(span.start, start))
