"""The agent's text → words with times, in the place of what a recogniser would have heard.

A turn whose time is told lies there. Where no times are told the words are laid over the stretches
in which the agent's channel speaks, each for as long as its share of the letters.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from pipeline.domain.agent_text import AgentTurn
from pipeline.domain.transcript import TimeSpan, Word

LETTERS_A_SECOND = 15.0
"""How fast people and synthetic voices speak; for a turn whose end is not told."""


def agent_words(
    turns: Sequence[AgentTurn], speech: Sequence[TimeSpan], duration: float
) -> tuple[Word, ...]:
    """The words of all turns, in order of time; `speech` is where the agent's channel speaks. No
    time lies outside of the recording, which takes `duration` seconds."""
    if any(turn.start is None for turn in turns):
        text = " ".join(turn.text for turn in turns)
        return tuple(_spread(text, speech or (TimeSpan(0.0, duration),)))
    return tuple(
        word
        for turn, span in zip(turns, _spans(turns, duration), strict=True)
        for word in _spread(turn.text, (span,))
    )


def _spans(turns: Sequence[AgentTurn], duration: float) -> Iterator[TimeSpan]:
    """Of turns with times; one without an end has the next one's start for its end at most."""
    following = (*turns, AgentTurn("", duration))[1:]
    for turn, after in zip(turns, following, strict=True):
        start = min(turn.start or 0.0, duration)
        end = turn.end
        if end is None:
            end = min(start + len(turn.text) / LETTERS_A_SECOND, after.start or 0.0)
        yield TimeSpan(start, max(start, min(end, duration)))


def _spread(text: str, spans: Sequence[TimeSpan]) -> Iterator[Word]:
    words = text.split()
    shares = list(accumulate((len(word) + 1 for word in words), initial=0))
    ends = list(accumulate(span.end - span.start for span in spans))
    for word, (before, after) in zip(words, pairwise(shares), strict=True):
        start = before / shares[-1] * ends[-1]
        at = min(bisect_right(ends, start), len(ends) - 1)
        shift = spans[at].end - ends[at]
        yield Word(
            min(start + shift, spans[at].end),
            min(after / shares[-1] * ends[-1] + shift, spans[at].end),
            1.0,
            0,
            word,
        )
