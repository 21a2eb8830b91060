"""A recogniser that says what a test wrote."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.domain.transcript import Word
from pipeline.ports import SAMPLE_RATE, Row, Samples, Windowing


class ScriptedRecogniser:
    """`ports.Recogniser`; a test says in `said` what is heard in which samples."""

    windowing = Windowing(28.0, mixed=False, batch=4)

    def said(self, samples: Samples) -> Sequence[Word]:
        """The words of these samples, with times in seconds from their start."""
        raise NotImplementedError

    def knows(self, language: str) -> bool:
        return True

    def language(self, samples: Samples) -> str:
        return "de"

    def row(self, samples: Samples, language: str) -> Row:
        return Row(len(samples) / SAMPLE_RATE, language, language, samples)

    def recognise(self, rows: Sequence[Row]) -> tuple[tuple[Word, ...], ...]:
        return tuple(tuple(self.said(row.features)) for row in rows)


def words_of(text: str, start: float = 0.0, step: float = 0.05) -> tuple[Word, ...]:
    """The words of `text`, one each `step` seconds."""
    return tuple(
        Word(start + at * step, start + (at + 0.8) * step, 0.9, 0, word)
        for at, word in enumerate(text.split())
    )
