"""One text, read once: its tokens and the spoken forms in it, and the written view of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

from pipeline.stages.spoken_forms.atoms import find_atoms
from pipeline.stages.spoken_forms.dates import Date, find_dates
from pipeline.stages.spoken_forms.internet import find_addresses
from pipeline.stages.spoken_forms.numbers import Atom, AtomKind
from pipeline.stages.spoken_forms.runs import find_runs
from pipeline.stages.spoken_forms.textmap import Piece, TextMap, replaced
from pipeline.stages.spoken_forms.tokens import Token, tokenize
from pipeline.stages.spoken_forms.words import SpokenWords, words_of


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
    atoms = find_atoms(tokens, words)
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
    forms += [_run_form(tokens, run) for run in find_runs(tokens, free, words)]
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


def _run_form(tokens: Sequence[Token], run: tuple[Atom, ...]) -> Form:
    """A run of atoms as a form: spelled, a number, or a code of both."""
    written = "".join(atom.text for atom in run)
    letters = sum(atom.kind is AtomKind.LETTER for atom in run)
    if letters == len(run):
        kind, written = FormKind.SPELLED, _upper(written[:1]) + written[1:]
    else:
        kind = FormKind.CODE if letters else FormKind.NUMBER
        written = _upper(written) if letters else written
    first, last = run[0].first, run[-1].last
    start = tokens[first].start
    if (
        first
        and tokens[first - 1].text == "("
        and any(token.text == ")" for token in tokens[first:last])
    ):
        start = tokens[first - 1].start
    return Form(kind, first, last, start, tokens[last].end, written, run)


def _upper(text: str) -> str:
    """Upper case that keeps the length: offsets depend on it (`ß` stays)."""
    return "".join(char.upper() if len(char.upper()) == 1 else char for char in text)


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
