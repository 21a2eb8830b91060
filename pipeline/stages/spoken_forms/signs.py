"""What is heard in a spoken address, token by token: signs, words, spelled runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.stages.spoken_forms.address_words import ENDINGS, FILLERS, TOP_LEVEL
from pipeline.stages.spoken_forms.numbers import Atom
from pipeline.stages.spoken_forms.tokens import Token, TokenKind
from pipeline.stages.spoken_forms.words import SpokenWords


@dataclass(frozen=True, slots=True)
class Heard:
    """Tokens with the atoms that begin (`starts`) and end (`ends`) at each. Outside of the text
    all answers are None, false or empty."""

    tokens: Sequence[Token] = field(repr=False)
    starts: Mapping[int, Atom] = field(repr=False)
    ends: Mapping[int, Atom] = field(repr=False)
    words: SpokenWords = field(repr=False)

    def low(self, at: int) -> str:
        """The folded token."""
        return self.tokens[at].low if 0 <= at < len(self.tokens) else ""

    def is_break(self, at: int) -> bool:
        """Whether the turn ends here."""
        return not 0 <= at < len(self.tokens) or self.tokens[at].kind is TokenKind.BREAK

    def touches(self, at: int) -> bool:
        """Whether nothing is between token `at` and the next."""
        return 0 <= at < len(self.tokens) - 1 and self.tokens[at].end == self.tokens[at + 1].start

    def is_at(self, at: int) -> bool:
        """`@`, `at`, `Klammeraffe`."""
        return self.low(at) == "@" or self.low(at) in self.words.at

    def is_dot(self, at: int) -> bool:
        """`punkt`, `dot`, or a written one inside a word."""
        if self.low(at) == ".":
            return self.touches(at - 1) and self.touches(at)
        return self.low(at) in self.words.dots

    def sign(self, at: int) -> str | None:
        """The sign that a connector stands for."""
        low = self.low(at)
        if self.is_dot(at):
            return "."
        if low and low in "-_+":
            return low
        if low in self.words.underscores:
            return "_"
        if low in self.words.dashes:
            return "-"
        return "+" if low in self.words.plus else None

    def is_filler(self, at: int) -> bool:
        """`äh`, a comma."""
        return self.low(at) in FILLERS

    def unit(self, at: int) -> tuple[int, str] | None:
        """The word, number or spelled run that begins here: its last token and written form."""
        if at in self.starts:
            return self.starts[at].last, self.starts[at].text
        return (at, self.tokens[at].text.lower()) if self._is_word(at) else None

    def ending(self, at: int) -> tuple[int, str] | None:
        """The one that ends here: its first token and written form."""
        if at in self.ends:
            return self.ends[at].first, self.ends[at].text
        if self.low(at) == "oh" and at + 1 in self.starts:
            return at, "0"
        return (at, self.tokens[at].text.lower()) if self._is_word(at) else None

    def _is_word(self, at: int) -> bool:
        return 0 <= at < len(self.tokens) and self.tokens[at].kind in {
            TokenKind.WORD,
            TokenKind.DIGITS,
        }

    def top_level(self, at: int) -> tuple[int, str] | None:
        """`com`, `d e`, `c o m`: its last token and written form."""
        if self.low(at) in TOP_LEVEL:
            return at, ENDINGS.get(self.low(at), self.low(at))
        spelled, last = "", at - 1
        while len(spelled) < 3 and len(self.low(last + 1)) == 1 and self.low(last + 1).isalpha():
            spelled, last = spelled + self.low(last + 1), last + 1
        for length in (3, 2):
            if len(spelled) >= length and spelled[:length] in TOP_LEVEL:
                return at + length - 1, spelled[:length]
        return None
