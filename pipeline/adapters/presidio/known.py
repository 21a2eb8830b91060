"""Known parties: what the push said about the call is found however it is spoken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.domain.privacy import EntityType, KnownParty, PiiSpan
from pipeline.stages.identities import alike
from pipeline.stages.identities import fold as flat
from pipeline.stages.spoken_forms import Document, FormKind, TokenKind, read

_FRAGMENT = 4


def known_spans(text: str, language: str, known: Sequence[KnownParty]) -> Iterator[PiiSpan]:
    """Every place where a known value, or a telling part of it, is said in `text`."""
    if not known:
        return
    document = read(text, language)
    for party in known:
        yield from _numbers(document, party)
        yield from _words(document, party)


def _numbers(document: Document, party: KnownParty) -> Iterator[PiiSpan]:
    wanted = "".join(char for char in party.value if char.isdecimal())
    local = wanted[2:] if wanted.startswith("49") else wanted.lstrip("0")
    for form in document.forms:
        if form.kind in {FormKind.EMAIL, FormKind.URL}:
            if flat(form.written) == flat(party.value).replace(" ", ""):
                yield PiiSpan(form.start, form.end, party.type, 1.0)
            continue
        said = "".join(char for char in form.written if char.isdecimal())
        if len(said) >= _FRAGMENT and local and (said.lstrip("0") in wanted or local in said):
            yield PiiSpan(form.start, form.end, party.type, 1.0)


def _words(document: Document, party: KnownParty) -> Iterator[PiiSpan]:
    parts = [part for part in _parts(party.value) if len(part) > 2 and not part.isdecimal()]
    if not parts or party.type in {EntityType.PHONE_NUMBER, EntityType.IBAN}:
        return
    for token in document.tokens:
        if token.kind is TokenKind.WORD:
            said = flat(token.text)
            if any(alike(said, part) for part in parts) and not _article(said):
                yield PiiSpan(token.start, token.end, party.type, 1.0)
    for form in document.forms:
        if form.kind is FormKind.SPELLED and any(alike(flat(form.written), p) for p in parts):
            yield PiiSpan(form.start, form.end, party.type, 1.0)


def _parts(value: str) -> list[str]:
    return "".join(char if char.isalnum() else " " for char in flat(value)).split()


def _article(word: str) -> bool:
    return word in {"der", "die", "das", "von", "van", "the", "und", "and", "for", "mit", "com",
                    "www", "mail", "herr", "frau", "str", "strasse", "street"}  # fmt: skip
