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


def known_spans(text: str, language: str, known: Sequence[KnownParty]) -> Iterator[PiiSpan]:
    """Every place where a known value, or a telling part of it, is said in `text`."""
    if not known:
        return
    document, parts = read(text, language), _Parts(known)
    for form in document.forms:
        for kind in _said_in(form, known):
            yield PiiSpan(form.start, form.end, kind, 1.0)
        if form.kind is FormKind.SPELLED and (spelled := parts.like(flat(form.written))):
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
    seen: dict[str, EntityType | None] = {}
    for token in document.tokens:
        if token.kind is TokenKind.WORD:
            said = flat(token.text)
            if said not in seen:
                seen[said] = None if said in _TELL_NOTHING else parts.like(said)
            if kind := seen[said]:
                yield PiiSpan(token.start, token.end, kind, 1.0)


class _Parts:
    """The words of known values, looked up by what `alike` compares: the word itself, its sound,
    and the word with one letter left out. So a long list costs no more than a short one."""

    def __init__(self, known: Iterable[KnownParty]) -> None:
        self._types: dict[str, EntityType] = {}
        for party in known:
            if party.type not in _WORDLESS:
                for part in _split(party.value):
                    if len(part) > 2 and not part.isdecimal():
                        self._types.setdefault(part, party.type)

    @cached_property
    def _near(self) -> dict[str, list[str]]:
        near: dict[str, list[str]] = {}
        for part in self._types:
            for key in _keys(part):
                near.setdefault(key, []).append(part)
        return near

    def like(self, said: str) -> EntityType | None:
        """The type of the known value that `said` is a word of, or sounds like one of."""
        if said in self._types:
            return self._types[said]
        for key in _keys(said):
            for part in self._near.get(key, ()):
                if alike(said, part):
                    return self._types[part]
        return None


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
