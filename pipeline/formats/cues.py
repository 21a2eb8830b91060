"""Segments cut into subtitle cues. Limits: two lines of 42 characters and seven seconds a cue
(Netflix Timed Text Style Guide)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pipeline.domain.transcript import RedactedTranscript, Segment, Speaker, Word
from pipeline.formats.shown import shown_segments

MAX_CHARACTERS = 84
MAX_SECONDS = 7.0


@dataclass(frozen=True, slots=True)
class Cue:
    """One subtitle, times in seconds. `text` is one line without surrounding blanks."""

    speaker: Speaker
    start: float
    end: float
    text: str = field(repr=False)


def cues(redacted: RedactedTranscript, revealed: Sequence[str] | None) -> Iterator[Cue]:
    """The cues of all segments, in order. A revealed segment stays in one piece."""
    for index, segment in enumerate(shown_segments(redacted)):
        if revealed is not None or not segment.words:
            text = segment.text if revealed is None else revealed[index]
            pieces = [Cue(segment.speaker, segment.start, segment.end, one_line(text))]
        else:
            pieces = [_cue(segment, run) for run in _runs(segment)]
        yield from (cue for cue in pieces if cue.text)


def one_line(text: str) -> str:
    """`text` without line breaks, control characters and doubled blanks."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def timestamp(seconds: float, decimal: str) -> str:
    """`HH:MM:SS` and milliseconds behind the `decimal` sign."""
    milliseconds = round(max(seconds, 0.0) * 1000)
    whole, rest = divmod(milliseconds, 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{decimal}{rest:03}"


def _runs(segment: Segment) -> Iterator[list[Word]]:
    run: list[Word] = []
    for word in segment.words:
        if run and _full(run[0], word):
            yield run
            run = []
        run.append(word)
    yield run


def _full(first: Word, word: Word) -> bool:
    characters = word.at + len(word.text) - first.at
    return characters > MAX_CHARACTERS or word.end - first.start > MAX_SECONDS


def _cue(segment: Segment, run: list[Word]) -> Cue:
    # Cut from the segment's text, not joined from words: what stands between words stays.
    whole = run[0] is segment.words[0] and run[-1] is segment.words[-1]
    text = segment.text if whole else segment.text[run[0].at : run[-1].at + len(run[-1].text)]
    return Cue(segment.speaker, run[0].start, run[-1].end, one_line(text))
