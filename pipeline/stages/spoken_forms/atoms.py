"""The pieces of spoken forms: every number and letter of a text, also those that are such only
in company."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from models.names import word_set
from pipeline.stages.spoken_forms.codes import written_letters
from pipeline.stages.spoken_forms.letters import letter_atom, loose_letter
from pipeline.stages.spoken_forms.numbers import Atom, AtomKind, number_atom
from pipeline.stages.spoken_forms.ordinals import is_ordinal
from pipeline.stages.spoken_forms.tokens import Token, TokenKind
from pipeline.stages.spoken_forms.words import NATO, SpokenWords

_ZEROS = frozenset({"o", "oh"})
_INVERTED = word_set("was am do did have can")
_AND = frozenset({"and", "und", "but", "so"})
_NATO = {word: letter for word, letter in NATO.items() if word not in {"november", "mike", "hotel"}}
#: names of letters that are no words: letters even between digits
_SURE_NAMES = word_set(
    """
    zett zet vau fau ypsilon jot jott ix iks eszett aitch haitch zee zed cee dee gee vee
    """
)


def find_atoms(tokens: Sequence[Token], words: SpokenWords) -> dict[int, Atom]:
    """Numbers and letters by first token, in order, not overlapping."""
    atoms: dict[int, Atom] = {}
    index = 0
    while index < len(tokens):
        atom = None
        if tokens[index].kind is not TokenKind.BREAK and not _is_pronoun(tokens, index, words):
            atom = written_letters(tokens, index) or letter_atom(tokens, index, words)
            number = number_atom(tokens, index, words)
            if atom is None or (number is not None and number.last >= atom.last):
                atom = number or atom
        if atom:
            atoms[index] = atom
            index = atom.last
        index += 1
    _Company(tokens, words, atoms).add()
    return dict(sorted(atoms.items()))


def _is_pronoun(tokens: Sequence[Token], index: int, words: SpokenWords) -> bool:
    """`I` in `… five five a and I started`, `… four five I don't have`."""
    if tokens[index].low != "i":
        return False
    before = tokens[index - 1] if index else None
    after = tokens[index + 1] if index + 1 < len(tokens) else None
    if before is not None and before.low in _INVERTED:
        return True
    if after is not None and (len(after.low) == 1 or after.kind is TokenKind.DIGITS):
        return not after.low.isalnum() and before is not None and before.low in _AND
    if before is not None and before.low in _AND:
        return after is None or after.low not in words.like
    if after is None or after.kind is not TokenKind.WORD or "for" not in words.like:
        return False
    spelled = before is not None and len(before.low) == 1 and before.low.isalpha()
    said = (words.digits, words.teens, words.tens, words.twice, words.alphabet, words.letter_names)
    signs = words.like | words.dashes | words.dots | words.at | words.underscores | words.fillers
    return not spelled and after.low not in signs and not any(after.low in each for each in said)


@dataclass(slots=True)
class _Company:
    """Adds to `atoms` what the atoms beside it make a digit or letter."""

    tokens: Sequence[Token] = field(repr=False)
    words: SpokenWords = field(repr=False)
    atoms: dict[int, Atom] = field(repr=False)
    ends: dict[int, Atom] = field(repr=False, default_factory=dict)

    def add(self) -> None:
        self.ends = {atom.last: atom for atom in self.atoms.values()}
        self._add_zeros()
        for index, token in enumerate(self.tokens):
            if index not in self.atoms and token.low in self.words.run_digits:
                self._add_digit(index, self.words.run_digits[token.low])
        for run in _loose_runs(self.tokens, self.atoms, self.words):
            for atom in run:
                self.atoms.setdefault(atom.first, atom)
        self.ends = {atom.last: atom for atom in self.atoms.values()}
        for index, token in enumerate(self.tokens):
            if index not in self.atoms and index - 1 in self.ends and index + 1 in self.atoms:
                names = self.words.letter_names if token.low in _SURE_NAMES else _NATO
                if letter := names.get(token.low):
                    self._put(index, AtomKind.LETTER, letter)

    def _put(self, index: int, kind: AtomKind, text: str) -> None:
        self.atoms[index] = self.ends[index] = Atom(index, index, kind, text)

    def _decimal(self, atom: Atom | None) -> bool:
        return atom is not None and atom.text.isdecimal()

    def _add_zeros(self) -> None:
        """`oh one five`, `seven oh oh one`, `o seven nine`."""
        for index in range(len(self.tokens) - 1, -1, -1):
            if self._may_be_zero(index) and self._begins_digits(index):
                self._put(index, AtomKind.DIGIT, "0")
        for index in range(len(self.tokens)):
            if self._may_be_zero(index) and self._ends_digits(index):
                self._put(index, AtomKind.DIGIT, "0")

    def _may_be_zero(self, index: int) -> bool:
        low, atom = self.tokens[index].low, self.atoms.get(index)
        if low not in _ZEROS or low not in self.words.run_digits:
            return False
        if atom is None:
            return True
        before = self.ends.get(index - 1)
        beside_letters = before is not None and before.kind is AtomKind.LETTER
        return atom.kind is AtomKind.LETTER and atom.last == index and not beside_letters

    def _begins_digits(self, index: int) -> bool:
        """At the front of a number two digits must follow: `oh one more thing`."""
        right = self.atoms.get(index + 1)
        if right is None or not self._decimal(right):
            return False
        long = len(right.text) > 2 or self._decimal(self.atoms.get(right.last + 1))
        near = index - 1 in self.ends or (index > 0 and is_ordinal(self.tokens[index - 1]))
        return long or near or (self._is_edge(index - 1) and self._is_edge(right.last + 1))

    def _is_edge(self, index: int) -> bool:
        """The turn begins or ends here: `oh nine` as a turn of its own."""
        inside = 0 <= index < len(self.tokens)
        return not inside or self.tokens[index].kind in {TokenKind.BREAK, TokenKind.MARK}

    def _ends_digits(self, index: int) -> bool:
        left = self.ends.get(index - 1)
        if left is None or not self._decimal(left) or left.kind is AtomKind.VALUE:
            return False
        after = self.tokens[index + 1] if index + 1 < len(self.tokens) else None
        goes_on = after is not None and (index + 1 in self.atoms or after.low in _ZEROS)
        over = after is None or after.kind is not TokenKind.WORD or after.low in self.words.dashes
        return goes_on or over or left.first - 1 in self.ends

    def _add_digit(self, index: int, digit: str) -> None:
        """`ein` between digits; `to` and `for` only in longer runs: `five to six weeks`."""
        left, right = self.ends.get(index - 1), self.atoms.get(index + 1)
        if not left or not right or not self._decimal(left) or not self._decimal(right):
            return
        if "wie" not in self.words.like or self.tokens[index].low in {"to", "for", "too"}:
            if {left.kind, right.kind} - {AtomKind.DIGIT, AtomKind.WRITTEN}:
                return
            if left.first - 1 not in self.ends and right.last + 1 not in self.atoms:
                return
        self._put(index, AtomKind.DIGIT, digit)


def _loose_runs(
    tokens: Sequence[Token], atoms: Mapping[int, Atom], words: SpokenWords
) -> Iterator[list[Atom]]:
    run: list[Atom] = []
    index = 0
    while index <= len(tokens):
        atom = None
        if index < len(tokens):
            atom = atoms.get(index)
            if atom is None or atom.kind is not AtomKind.LETTER:
                atom = loose_letter(tokens, index, words) if atom is None else None
        if atom:
            run.append(atom)
            index = atom.last + 1
            continue
        if run and index < len(tokens) and tokens[index].text in {",", "-", "."}:
            index += 1
            continue
        if _spelled(tokens, run, atoms, words):
            yield run
        run = []
        index += 1


def _spelled(
    tokens: Sequence[Token], run: Sequence[Atom], atoms: Mapping[int, Atom], words: SpokenWords
) -> bool:
    """Three or more in a row, mostly such as are hardly ever words: enough to be spelling. Two
    of an alphabet are enough in front of digits: `tango juliet nine`."""
    sure = sum(atom.first in atoms or tokens[atom.first].low in words.alphabet for atom in run)
    if len(run) < 3:
        follows = atoms.get(run[-1].last + 1) if run else None
        number = follows is not None and follows.kind is AtomKind.DIGIT
        return number and sure == len(run) == 2
    return 2 * sure >= len(run) or len(run) >= 5
