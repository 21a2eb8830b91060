"""Channels → one timeline of turns, each with its speaker."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from pipeline.domain.call import ChannelLayout
from pipeline.domain.transcript import Segment, Speaker, Word

PAUSE_SECONDS = 2.0
"""A silence this long ends a turn even when nobody else speaks. Shorter ones do not: people pause
inside phone numbers, and a number in one piece is found more surely than one in two."""

OVERLAP_SECONDS = 0.5
"""Who speaks on after so short a silence was talked over, and keeps the turn."""

MURMUR_WORDS = 2
"""So few words ("mhm", "ja, genau") do not take the turn away."""


def attribute_speakers(
    channels: Sequence[Iterable[Word]], layout: ChannelLayout
) -> tuple[Segment, ...]:
    """Merge the words of all channels by time. Two channels are agent and caller as `layout` says;
    a single one holds both, so its speaker stays unknown."""
    spoken = [
        (speaker, word)
        for speaker, channel in zip(speakers_of(len(channels), layout), channels, strict=True)
        for word in channel
    ]
    spoken.sort(key=lambda pair: (pair[1].start, pair[1].end))
    turns: list[tuple[Speaker, list[Word]]] = []
    for speaker, word in spoken:
        turn = _turn_to_continue(turns, speaker, word)
        if turn is None:
            turns.append((speaker, [word]))
        else:
            turn.append(word)
    return tuple(_segment(speaker, words) for speaker, words in turns)


def speakers_of(count: int, layout: ChannelLayout) -> tuple[Speaker, ...]:
    """Who speaks on each of `count` channels."""
    if count == 1:
        return (Speaker.UNKNOWN,)
    if layout is ChannelLayout.AGENT_LEFT:
        return (Speaker.AGENT, Speaker.CALLER)
    return (Speaker.CALLER, Speaker.AGENT)


def _turn_to_continue(
    turns: list[tuple[Speaker, list[Word]]], speaker: Speaker, word: Word
) -> list[Word] | None:
    """The turn that `word` goes on with: the last one, or the one before it where the other side
    only cut in."""
    for (other, words), limit in zip(reversed(turns[-2:]), _limits(turns), strict=False):
        if other is speaker:
            return words if word.start - words[-1].end < limit else None
    return None


def _limits(turns: list[tuple[Speaker, list[Word]]]) -> tuple[float, float]:
    """How long the speaker of the last turn, and of the one before it, may have been silent."""
    only_a_murmur = bool(turns) and len(turns[-1][1]) <= MURMUR_WORDS
    return PAUSE_SECONDS, PAUSE_SECONDS / 2 if only_a_murmur else OVERLAP_SECONDS


def _segment(speaker: Speaker, words: Sequence[Word]) -> Segment:
    text = ""
    placed = []
    for word in words:
        text += " " if text else ""
        placed.append(replace(word, at=len(text)))
        text += word.text
    end = max(word.end for word in words)
    return Segment(speaker, words[0].start, max(end, words[0].start), text, tuple(placed))
