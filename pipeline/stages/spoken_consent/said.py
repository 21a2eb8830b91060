"""What was said in a form that patterns can read: lower case, no fillers, sentence ends as `.` and
`?`, each word with its time."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipeline.domain.transcript import Segment, Speaker

_TOKEN = re.compile(r"\[[A-Z_]+_\d+\]|[^\W_]+(?:['’`´][^\W_]+)*|[.?!;]")
_FILLERS = frozenset({"äh", "ähm", "öh", "öhm", "ehm", "uh", "uhm", "erm", "hmm", "mm"})
_GAP = re.compile(r"<(\d)>")


def pattern(*alternatives: str) -> re.Pattern[str]:
    """One expression of whole words; `<4>` stands for up to four words of the same sentence."""
    joined = _GAP.sub(r"(?:[\\w\\[\\]]+ ){0,\1}", "|".join(alternatives))
    return re.compile(rf"\b(?:{joined})(?!\w)")


@dataclass(frozen=True, slots=True)
class Said:
    """The normal form of one segment. `text` begins and ends with a space and has single ones;
    `starts` are the positions of its tokens, `times` their seconds (those of the segment where
    its words have none)."""

    segment: int
    speaker: Speaker
    text: str = field(repr=False)
    starts: tuple[int, ...] = field(repr=False, default=())
    times: tuple[float, ...] = field(repr=False, default=())

    def time(self, position: int) -> float:
        """When the token at `position` of the text began."""
        return self.times[max(bisect_right(self.starts, position) - 1, 0)]

    def after(self, moment: float) -> str:
        """What of it began at `moment` or later."""
        for start, time in zip(self.starts, self.times, strict=True):
            if time >= moment:
                return self.text[start - 1 :]
        return " "

    def between(self, position: int, moment: float) -> str:
        """What of it follows `position` and began before `moment`."""
        for start, time in zip(self.starts, self.times, strict=True):
            if start >= position and time >= moment:
                return self.text[position:start]
        return self.text[position:]


def said(index: int, segment: Segment) -> Said:
    """The normal form of segment number `index`."""
    text, starts, times = " ", [], []
    for token, time in _tokens(segment):
        if text.endswith(f" {token} "):  # "das das ist": recognisers and people stutter
            continue
        starts.append(len(text))
        times.append(time)
        text += token + " "
    return Said(index, segment.speaker, text, tuple(starts), tuple(times))


def joined(first: Said, second: Said) -> Said:
    """Two segments of one speaker as one, under the number of the first."""
    shift = len(first.text) - 1
    starts = (*first.starts, *(start + shift for start in second.starts))
    text = first.text + second.text[1:]
    return Said(first.segment, first.speaker, text, starts, first.times + second.times)


def words(text: str, limit: int) -> str:
    """The first `limit` words and marks of a normal form."""
    return " " + "".join(f"{token} " for token in text.split()[:limit])


def _tokens(segment: Segment) -> Iterator[tuple[str, float]]:
    offsets = [word.at for word in segment.words]
    for match in _TOKEN.finditer(unicodedata.normalize("NFC", segment.text)):
        token = re.sub("['’`´]", "", match[0].casefold())
        if token in _FILLERS:
            continue
        number = bisect_right(offsets, match.start()) - 1
        time = segment.words[number].start if number >= 0 else segment.start
        yield {"!": ".", ";": "."}.get(token, token), time
