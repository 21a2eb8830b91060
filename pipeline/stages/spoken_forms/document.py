"""One text, read once: its tokens and the spoken forms in it, and the written view of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from models.names import word_set
from pipeline.stages.spoken_forms.dates import Date, find_dates
from pipeline.stages.spoken_forms.internet import find_addresses
from pipeline.stages.spoken_forms.letters import letter_atom, loose_letter
from pipeline.stages.spoken_forms.numbers import Atom, AtomKind, number_atom
from pipeline.stages.spoken_forms.textmap import Piece, TextMap, replaced
from pipeline.stages.spoken_forms.tokens import Token, TokenKind, tokenize
from pipeline.stages.spoken_forms.words import SpokenWords, words_of

_LONGEST_GAP = 5
_BETWEEN_LETTERS = frozenset({"mit", "with", "wie", "as", "in", "like", "und", "and"})
_ACRONYMS = word_set(
    """
    plz iban bic pin tan tel nr dob id tv pc eg og dg kg gmbh ag eur usd gbp st
    """
)
_NO_CODE = word_set(
    """
    plz iban bic pin tan tel nr dob id st nd rd th qm km cm mm kg min std uhr am pm m h k
    mio eur usd gbp er te ten ter tes jaehrig ct ft sq kw kwh mb gb tv pc eg og dg bj ca ab
    um in zu an im bis is at on or to no my we so und oder and the
    """
)


class FormKind(Enum):
    """What a spoken form is once written."""

    NUMBER = "number"
    SPELLED = "spelled"
    CODE = "code"
    EMAIL = "email"
    URL = "url"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Form:
    """Tokens `first` to `last` (characters `start:end`) are one spoken form. `atoms` are its
    pieces, empty for e-mail and web addresses; `year` is set for dates that have one."""

    kind: FormKind
    first: int
    last: int
    start: int
    end: int
    written: str = field(repr=False)
    atoms: tuple[Atom, ...] = field(repr=False, default=())
    year: int | None = field(repr=False, default=None)

    @property
    def digits(self) -> int:
        """How many digits were said."""
        return sum(char.isdecimal() for char in self.written)


@dataclass(frozen=True, slots=True)
class Document:
    """Tokens of `text`, its spoken forms in order, and the view with them written."""

    text: str = field(repr=False)
    language: str
    tokens: tuple[Token, ...] = field(repr=False)
    forms: tuple[Form, ...] = field(repr=False)
    words: SpokenWords = field(repr=False)

    def written(self) -> TextMap:
        """The written view of the text and its map back."""
        return replaced(self.text, _pieces(self.tokens, self.forms))


def read(text: str, language: str) -> Document:
    """Find every spoken form of `text`; linear in its length."""
    words = words_of(language)
    tokens = tokenize(text)
    atoms = _atoms(tokens, words)
    forms: list[Form] = []
    taken: set[int] = set()
    ends = {atom.last: atom for atom in atoms.values()}
    for name, first, last, written in find_addresses(tokens, atoms, ends, words):
        forms.append(_form(FormKind(name), tokens, first, last, written))
        taken.update(range(first, last + 1))
    for date in find_dates(tokens, atoms, words):
        if taken.isdisjoint(range(date.first, date.last + 1)):
            forms.append(_date_form(tokens, date))
            taken.update(range(date.first, date.last + 1))
    free = [atom for atom in atoms.values() if atom.first not in taken and atom.last not in taken]
    forms += _runs(tokens, free, words)
    forms.sort(key=lambda form: form.first)
    return Document(text, language, tuple(tokens), tuple(forms), words)


def _form(kind: FormKind, tokens: Sequence[Token], first: int, last: int, written: str) -> Form:
    return Form(kind, first, last, tokens[first].start, tokens[last].end, written)


def _date_form(tokens: Sequence[Token], date: Date) -> Form:
    last = date.last
    if tokens[last].text == "." and last > date.first:
        last -= 1
    start, end = tokens[date.first].start, tokens[last].end
    return Form(FormKind.DATE, date.first, last, start, end, date.written, year=date.year)


def _atoms(tokens: Sequence[Token], words: SpokenWords) -> dict[int, Atom]:
    """Numbers and letters by first token, not overlapping."""
    atoms: dict[int, Atom] = {}
    index = 0
    while index < len(tokens):
        atom = None
        if tokens[index].kind is not TokenKind.BREAK:
            atom = _written_letters(tokens, index) or letter_atom(tokens, index, words)
            number = number_atom(tokens, index, words)
            if atom is None or (number is not None and number.last >= atom.last):
                atom = number or atom
        if atom:
            atoms[index] = atom
            index = atom.last
        index += 1
    _add_loose(tokens, atoms, words)
    return dict(sorted(atoms.items()))


def _written_letters(tokens: Sequence[Token], index: int) -> Atom | None:
    """`AB` in `AB 4471`, `nw` and `xe` in `nw1 6xe`: letters of a code, not a word."""
    token = tokens[index]
    if token.kind is not TokenKind.WORD or not 2 <= len(token.text) <= 4:
        return None
    blocked = _ACRONYMS if token.text.isupper() else _NO_CODE
    if token.low in blocked or not token.text.isascii():
        return None
    after = tokens[index + 1] if index + 1 < len(tokens) else None
    before = tokens[index - 1] if index else None
    attached = (
        after is not None and after.kind is TokenKind.DIGITS and after.start == token.end
    ) or (before is not None and before.kind is TokenKind.DIGITS and before.end == token.start)
    apart = (
        token.text.isupper()
        and after is not None
        and after.kind is TokenKind.DIGITS
        and len(after.text) >= 2
    )
    return Atom(index, index, AtomKind.LETTER, token.text.lower()) if attached or apart else None


def _add_loose(tokens: Sequence[Token], atoms: dict[int, Atom], words: SpokenWords) -> None:
    """Words that are digits or letters only in company: `ein` between digits, `Martha` or `em`
    among spelled letters."""
    ends = {atom.last: atom for atom in atoms.values()}
    for index, token in enumerate(tokens):
        digit = words.run_digits.get(token.low)
        if digit is None or index in atoms:
            continue
        left, right = ends.get(index - 1), atoms.get(index + 1)
        zero = digit == "0" and (
            (right is not None and right.text.isdecimal())
            or (left is not None and left.kind is AtomKind.DIGIT and (left.first - 1) in ends)
        )
        if zero or (left and right and left.text.isdecimal() and right.text.isdecimal()):
            atoms[index] = ends[index] = Atom(index, index, AtomKind.DIGIT, digit)
    for run in _loose_runs(tokens, atoms, words):
        for atom in run:
            atoms.setdefault(atom.first, atom)


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
    """Three or more in a row, mostly such as are hardly ever words: enough to be spelling."""
    if len(run) < 3:
        return False
    sure = sum(atom.first in atoms or tokens[atom.first].low in words.alphabet for atom in run)
    return 2 * sure >= len(run) or len(run) >= 5


def _runs(tokens: Sequence[Token], atoms: Sequence[Atom], words: SpokenWords) -> list[Form]:
    forms: list[Form] = []
    run: list[Atom] = []
    for atom in atoms:
        if run and not _continues(tokens, run[-1], atom, words):
            forms += _closed(tokens, run)
            run = []
        run.append(atom)
    return forms + _closed(tokens, run)


def _continues(tokens: Sequence[Token], left: Atom, right: Atom, words: SpokenWords) -> bool:
    gap = tokens[left.last + 1 : right.first]
    if len(gap) > _LONGEST_GAP:
        return False
    corrected = any(token.low in words.corrections for token in gap)
    for token in gap:
        if token.kind is TokenKind.BREAK:
            return False
        if token.kind is TokenKind.MARK:
            if token.text in "?!;" and not corrected:
                return False
        elif (token.low in _BETWEEN_LETTERS and left.kind is right.kind is AtomKind.LETTER) or (
            token.low in {"die", "eine", "the", "der"} and len(gap) > 1
        ):
            continue
        elif token.low not in words.fillers and token.low not in words.corrections:
            return False
    if left.kind is AtomKind.LETTER and right.kind is AtomKind.LETTER:
        return not any(token.text == "." for token in gap) or left.last + 2 == right.first
    return True


def _closed(tokens: Sequence[Token], run: Sequence[Atom]) -> list[Form]:
    """A run of atoms as a form; single letters that are no spelling fall away."""
    while run and _is_article(tokens, run):
        run = run[1:]
    if not run or (
        len(run) == 1
        and run[0].kind in {AtomKind.LETTER, AtomKind.PLUS}
        and run[0].first == run[0].last
    ):
        return []
    written = "".join(atom.text for atom in run)
    letters = sum(atom.kind is AtomKind.LETTER for atom in run)
    if letters == len(run):
        kind, written = FormKind.SPELLED, _upper(written[:1]) + written[1:]
    else:
        kind = FormKind.CODE if letters else FormKind.NUMBER
        written = _upper(written) if letters else written
    first, last = run[0].first, run[-1].last
    start, end = tokens[first].start, tokens[last].end
    return [Form(kind, first, last, start, end, written, tuple(run))]


def _upper(text: str) -> str:
    """Upper case that keeps the length: offsets depend on it (`ß` stays)."""
    return "".join(char.upper() if len(char.upper()) == 1 else char for char in text)


def _is_article(tokens: Sequence[Token], run: Sequence[Atom]) -> bool:
    """`a`, `I`, `o` before something that is no letter: a word, not a letter."""
    first = run[0]
    if first.kind is not AtomKind.LETTER or first.first != first.last:
        return False
    alone = len(run) == 1 or run[1].kind is not AtomKind.LETTER
    return alone and tokens[first.first].low in {"a", "i", "o"}


def _pieces(tokens: Sequence[Token], forms: Sequence[Form]) -> Iterator[Piece]:
    for form in forms:
        if not form.atoms:
            yield form.start, form.end, form.written
            continue
        at = form.start
        offset = 0
        for atom in form.atoms:
            end = tokens[atom.last].end
            yield at, end, form.written[offset : offset + len(atom.text)]
            offset += len(atom.text)
            at = end
