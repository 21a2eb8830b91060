"""How much PII is found in spoken-style utterances, and how much is found that is none.

`python -m benchmarks.pii [--part tune|held|all] [--lower] [--errors] [FILE]`; FILE holds JSON
lines `{"id","lang","text","spans":[{"start","end","type"}],"part"}`. Coverage counts characters
(white space aside), so a half-found phone number is half a leak. Prints a table; with `--plain`
the same for Presidio as it comes.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.adapters.presidio import PresidioDetector
from pipeline.domain.privacy import PiiSpan
from pipeline.stages.detect_pii import detect_text

Gold = tuple[int, int, str]
Detect = Callable[[str, str], Sequence[PiiSpan]]
_HERE = Path(__file__).parent
_SHARE = 0.5


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

    def row(self, name: str) -> str:
        """One line of the table."""
        share = self.covered / self.chars if self.chars else 1.0
        recall = self.typed / self.spans if self.spans else 1.0
        precision = self.right / self.predicted if self.predicted else 1.0
        weighted = 4 * precision + recall
        return (
            f"{name:16} {self.spans:5} {share:8.3f} {recall:8.3f} {precision:8.3f} "
            f"{5 * precision * recall / weighted if weighted else 0:8.3f} "
            f"{self.chars - self.covered:7} {self.leaked:7}"
        )


@dataclass
class Score:
    """What one run found."""

    types: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    words: int = 0
    false_alarms: int = 0
    seconds: float = 0.0
    chars: int = 0
    shares: list[tuple[int, int]] = field(default_factory=list)


def load(path: Path, part: str) -> list[dict[str, object]]:
    """The utterances of `part` (`all` for every one)."""
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [line for line in lines if part == "all" or line.get("part", "all") == part]


def measure(lines: Iterable[dict[str, object]], detect: Detect, lower: bool) -> Score:
    """Run `detect` over `lines`, lower-cased on demand."""
    score = Score()
    for line in lines:
        text = str(line["text"])
        if lower:
            text = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
        started = time.perf_counter()
        found = detect(text, str(line["lang"]))
        score.seconds += time.perf_counter() - started
        gold = [(each["start"], each["end"], each["type"]) for each in line["spans"]]  # type: ignore[attr-defined]
        _count(score, text, gold, found)
    return score


def _count(score: Score, text: str, gold: Sequence[Gold], found: Sequence[PiiSpan]) -> None:
    hidden = {at for span in found for at in range(span.start, span.end)}
    score.words += len(text.split())
    score.chars += len(text)
    total = seen = 0
    for start, end, kind in gold:
        inside = [at for at in range(start, end) if text[at].isalnum()]
        covered = sum(at in hidden for at in inside)
        tally = score.types[kind]
        tally.chars += len(inside)
        tally.covered += covered
        tally.spans += 1
        tally.leaked += covered < len(inside)
        tally.typed += any(
            span.type.value == kind and _overlap(span, start, end) >= _SHARE * (end - start)
            for span in found
        )
        total, seen = total + len(inside), seen + covered
    score.shares.append((total, seen))
    for span in found:
        touched = [each for each in gold if _overlap(span, each[0], each[1]) > 0]
        tally = score.types[span.type.value]
        tally.predicted += 1
        tally.right += any(kind == span.type.value for _, _, kind in touched)
        score.false_alarms += not touched


def _overlap(span: PiiSpan, start: int, end: int) -> int:
    return max(0, min(span.end, end) - max(span.start, start))


def interval(shares: Sequence[tuple[int, int]], rounds: int = 1000) -> tuple[float, float]:
    """95 % bootstrap interval of the covered share, drawn by utterance."""
    dice = random.Random(20)
    draws = []
    for _ in range(rounds):
        drawn = dice.choices(shares, k=len(shares))
        total = sum(each for each, _ in drawn)
        draws.append(sum(each for _, each in drawn) / total if total else 1.0)
    draws.sort()
    return draws[int(0.025 * rounds)], draws[int(0.975 * rounds) - 1]


def report(name: str, score: Score) -> None:
    """Print the table of one run."""
    print(f"\n{name}")
    print("type             spans  covered   recall precision      F2  leaked   spans")
    both = Tally()
    for kind in sorted(score.types):
        print(score.types[kind].row(kind))
        for field_name in vars(both):
            value = getattr(both, field_name) + getattr(score.types[kind], field_name)
            setattr(both, field_name, value)
    print(both.row("all"))
    low, high = interval(score.shares)
    print(
        f"covered 95 % interval {low:.3f} to {high:.3f}; false alarms per 1,000 words "
        f"{1000 * score.false_alarms / max(1, score.words):.1f}; "
        f"{score.chars / max(score.seconds, 1e-9):,.0f} characters a second"
    )


def plain() -> Detect:
    """Presidio as it comes: its own recognisers for both languages, German ones on, no model."""
    import spacy
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    from pipeline.adapters.presidio import stock

    class Blank(SpacyNlpEngine):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(models=[{"lang_code": "de", "model_name": "blank"}])
            self.nlp = {language: spacy.blank(language) for language in ("de", "en")}

    registry = RecognizerRegistry(supported_languages=["de", "en"])
    registry.recognizers = []
    for language in ("de", "en"):
        for recognizer in stock.recognizers(language):
            registry.add_recognizer(recognizer)
    engine = AnalyzerEngine(registry=registry, nlp_engine=Blank(), supported_languages=["de", "en"])

    def detect(text: str, language: str) -> list[PiiSpan]:
        found = engine.analyze(text, language, score_threshold=0.4)
        kinds = [(each, stock.entity_type(each.entity_type)) for each in found]
        return [PiiSpan(each.start, each.end, kind, each.score) for each, kind in kinds if kind]

    return detect


def errors(lines: Iterable[dict[str, object]], detect: Detect, lower: bool) -> None:
    """Print every utterance that leaked, was mistyped, or had a false alarm: synthetic only."""
    for line in lines:
        text = str(line["text"]).lower() if lower else str(line["text"])
        one = Score()
        found = detect(text, str(line["lang"]))
        gold = [(each["start"], each["end"], each["type"]) for each in line["spans"]]  # type: ignore[attr-defined]
        _count(one, text, gold, found)
        bad = one.false_alarms or any(
            each.leaked or each.typed < each.spans for each in one.types.values()
        )
        if bad:
            print(repr(text))
            print("   want", [(text[a:b], kind) for a, b, kind in gold])
            print("   got ", [(text[s.start : s.end], s.type.value, s.score) for s in found])


def main() -> None:
    """Read the arguments, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=_HERE / "pii_dev.jsonl")
    parser.add_argument("--part", default="all")
    parser.add_argument("--language", default="")
    parser.add_argument("--lower", action="store_true")
    parser.add_argument("--errors", action="store_true")
    parser.add_argument("--plain", action="store_true")
    arguments = parser.parse_args()
    lines = load(arguments.file, arguments.part)
    if arguments.language:
        lines = [line for line in lines if line["lang"] == arguments.language]
    detector = PresidioDetector()

    def detect(text: str, language: str) -> Sequence[PiiSpan]:
        return detect_text(text, language, detector)

    if arguments.errors:
        errors(lines, detect, arguments.lower)
    case = "lower-cased" if arguments.lower else "cased"
    report(f"Deckname, {arguments.part}, {case}", measure(lines, detect, arguments.lower))
    if arguments.plain:
        report(f"Presidio, {arguments.part}, {case}", measure(lines, plain(), arguments.lower))


if __name__ == "__main__":
    main()
