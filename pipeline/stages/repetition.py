"""Loops in what a speech model wrote: the same few tokens, again and again."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

TIMES = 6
"""So often in a row nobody says the same: people say "ja" four times, zeros come in fours."""
_LONGEST = 10
"""Tokens of the longest phrase that is looked for."""


def loops(tokens: Sequence[Hashable]) -> bool:
    """Whether more than half of `tokens` is one phrase, `TIMES` in a row or oftener."""
    return any(2 * _run(tokens, length) > len(tokens) for length in range(1, _LONGEST + 1))


def _run(tokens: Sequence[Hashable], length: int) -> int:
    """Tokens in the longest run of one phrase of `length` tokens; 0 where it is too short a run."""
    longest = equal = 0
    for at in range(length, len(tokens)):
        equal = equal + 1 if tokens[at] == tokens[at - length] else 0
        longest = max(longest, equal)
    run = longest + length
    return run if run >= TIMES * length else 0
