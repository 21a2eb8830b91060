"""Known parties: what the push said about the call is found however it is spoken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from pipeline.domain.privacy import EntityType, KnownParty, PiiSpan
from pipeline.stages.identities import alike, sound
from pipeline.stages.identities import fold as flat
from pipeline.stages.spoken_forms import Document, Form, FormKind, TokenKind, read

_FRAGMENT = 4
_WORDLESS = frozenset({EntityType.PHONE_NUMBER, EntityType.IBAN})
_TELL_NOTHING = frozenset(
    ["der", "die", "das", "von", "van", "the", "und", "and", "for", "mit", "com", "www", "mail",
     "herr", "frau", "str", "strasse", "street"]
)  # fmt: skip

_BETWEEN_NAMES = frozenset(["von", "van", "der", "den", "de", "zu"])


def known_spans(text: str, language: str, known: Sequence[KnownParty]) -> Iterator[PiiSpan]:
    """Every place where a known value, or a telling part of it, is said in `text`."""
    if not known:
        return
    document, parts = read(text, language), _Parts(known)
    for form in document.forms:
        for kind in _said_in(form, known):
            yield PiiSpan(form.start, form.end, kind, 1.0)
        if form.kind is FormKind.SPELLED and (
            spelled := parts.kind(parts.like(flat(form.written)))
        ):
            yield PiiSpan(form.start, form.end, spelled, 1.0)
    yield from _words(document, parts)


def _said_in(form: Form, known: Sequence[KnownParty]) -> Iterator[EntityType]:
    """Types of the known numbers and addresses that `form` says, wholly or in a telling part."""
    if form.kind in {FormKind.EMAIL, FormKind.URL}:
        said = flat(form.written)
        yield from (party.type for party in known if said == flat(party.value).replace(" ", ""))
        return
    said = "".join(char for char in form.written if char.isdecimal())
    if len(said) < _FRAGMENT:
        return
    for party in known:
        wanted = "".join(char for char in party.value if char.isdecimal())
        local = wanted[2:] if wanted.startswith("49") else wanted.lstrip("0")
        if local and (said.lstrip("0") in wanted or local in said):
            yield party.type


def _words(document: Document, parts: _Parts) -> Iterator[PiiSpan]:
    """Every word of a known value; words of one value in a row (`Kriemhild von Asten`) are one
    span, for they are one person."""
    span: PiiSpan | None = None
    values: frozenset[int] = frozenset()
    for token in document.tokens:
        part = parts.like(flat(token.text)) if token.kind is TokenKind.WORD else None
        if span is not None and token.low in _BETWEEN_NAMES:
            continue
        shared, kind = values & parts.values(part), parts.kind(part)
        if span is not None and not (shared and kind is span.type):
            yield span
            span = None
        if kind is not None:
            start = token.start if span is None else span.start
            span = PiiSpan(start, token.end, kind, 1.0)
        values = shared or parts.values(part)
    if span is not None:
        yield span


class _Parts:
    """The words of known values, looked up by what `alike` compares: the word itself, its sound,
    and the word with one letter left out. So a long list costs no more than a short one."""

    def __init__(self, known: Iterable[KnownParty]) -> None:
        self._types: dict[str, EntityType] = {}
        self._values: dict[str, set[int]] = {}
        self._heard: dict[str, str | None] = {}
        for number, party in enumerate(known):
            if party.type in _WORDLESS:
                continue
            for part in _split(party.value):
                if len(part) > 2 and not part.isdecimal():
                    self._types.setdefault(part, party.type)
                    self._values.setdefault(part, set()).add(number)

    def kind(self, part: str | None) -> EntityType | None:
        """The type of the value that the telling word `part` is of."""
        return None if part is None else self._types.get(part)

    def values(self, part: str | None) -> frozenset[int]:
        """The numbers of the known values that have the word `part`."""
        return frozenset() if part is None else frozenset(self._values.get(part, ()))

    @cached_property
    def _near(self) -> dict[str, list[str]]:
        near: dict[str, list[str]] = {}
        for part in self._types:
            for key in _keys(part):
                near.setdefault(key, []).append(part)
        return near

    def like(self, said: str) -> str | None:
        """The telling word of a known value that `said` is, or sounds like."""
        if said not in self._heard:
            self._heard[said] = None if said in _TELL_NOTHING else self._found(said)
        return self._heard[said]

    def _found(self, said: str) -> str | None:
        if said in self._types:
            return said
        near = (part for key in _keys(said) for part in self._near.get(key, ()))
        return next((part for part in near if alike(said, part)), None)


def _keys(word: str) -> Iterator[str]:
    """Two words that are `alike` share one of these."""
    if len(word) < 4:
        return
    yield f"={sound(word)}"
    yield word
    if len(word) < 40:
        yield from (word[:at] + word[at + 1 :] for at in range(len(word)))


def _split(value: str) -> list[str]:
    return "".join(char if char.isalnum() else " " for char in flat(value)).split()
