"""A second view of a text with an exact map back, character by character."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class TextMap:
    """`text` is the view. Its character `i` stands for `starts[i]:ends[i]` of the source; both
    are None where view and source are the same text."""

    text: str = field(repr=False)
    starts: tuple[int, ...] | None = field(repr=False, default=None)
    ends: tuple[int, ...] | None = field(repr=False, default=None)

    def source(self, start: int, end: int) -> tuple[int, int]:
        """Where characters `start:end` of the view come from; `start < end`."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]

    def then(self, pieces: Iterable[Piece]) -> TextMap:
        """The view with `pieces` of it (sorted, not overlapping) replaced, mapped to the source."""
        changed = replaced(self.text, pieces)
        if changed.starts is None or changed.ends is None:
            return self
        if self.starts is None or self.ends is None:
            return changed
        starts = tuple(self.starts[at] for at in changed.starts)
        return TextMap(changed.text, starts, tuple(self.ends[at - 1] for at in changed.ends))


Piece = tuple[int, int, str]
"""Source start, source end, and what stands for it in the view."""


def replaced(text: str, pieces: Iterable[Piece]) -> TextMap:
    """The view of `text` in which `pieces` (sorted, not overlapping) are replaced."""
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    done = 0
    changed = False
    for start, end, written in pieces:
        changed = True
        parts += [text[done:start], written]
        starts += [*range(done, start), *([start] * len(written))]
        ends += [*range(done + 1, start + 1), *([end] * len(written))]
        done = end
    if not changed:
        return TextMap(text)
    parts.append(text[done:])
    starts += range(done, len(text))
    ends += range(done + 1, len(text) + 1)
    return TextMap("".join(parts), tuple(starts), tuple(ends))
