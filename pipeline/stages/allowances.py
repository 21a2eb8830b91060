"""What a customer allows to be shown: its own office's number, its own name.

Everything here errs towards hiding: only a whole value is ever shown, never a part of a longer
one, and nothing that the call's known parties or the customer's deny list name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from models.names import word_set
from pipeline.domain.privacy import EntityType, KnownParty, PiiSpan
from pipeline.stages.identities import alike
from pipeline.stages.normal_form import digits_of, normal_form, phone_number, words, written
from pipeline.stages.redact import in_word
from pipeline.stages.spoken_forms import Document, read

_TELLING_LETTERS = 3
_TELLING_DIGITS = 3
_TELL_NOTHING = word_set(
    """
    der die das den dem von van vom zum zur und mit bei auf the and for herr frau
    gmbh mbh ohg gbr ltd inc llc strasse str street road www com
    """
)
_HYPHENS = frozenset("-–‑")
_JOINTS = _HYPHENS | frozenset("'’&/+.")


def without_allowed(
    turns: Sequence[str],
    spans: Sequence[tuple[PiiSpan, ...]],
    language: str,
    allow: Sequence[KnownParty],
    named: Sequence[KnownParty] = (),
) -> tuple[tuple[PiiSpan, ...], ...]:
    """`spans` (one tuple a turn, sorted, as `detect_pii` gives them) without those that say an
    allowed value, whole.

    A span stays where it cuts a word, hangs together with one that stays, lies in a longer number
    or spelling, or has a word or a number in common with one of `named`.
    """
    if not allow:
        return tuple(spans)
    allowed = _Allowed(allow, language)
    hidden = [_Named.of(party, language) for party in named]
    return tuple(
        tuple(_kept(read(turn, language), found, allowed, hidden)) if found else found
        for turn, found in zip(turns, spans, strict=True)
    )


class _Allowed:
    """The normal forms of the allowed values, by type, each with its country codes: of what is no
    phone number, none."""

    def __init__(self, parties: Iterable[KnownParty], language: str) -> None:
        self._values: dict[EntityType, dict[str, set[str]]] = {}
        for party in parties:
            text = written(party.value, language)
            is_phone = party.type is EntityType.PHONE_NUMBER
            if form := normal_form(party.type, text):
                countries = self._values.setdefault(party.type, {}).setdefault(form, set())
                countries.add(phone_number(text)[0] if is_phone else "")

    def says(self, text: str) -> bool:
        """Whether a written `text` is one of them, whatever its own type: detectors take a firm
        for a person. Country codes must agree only where both were said."""
        country, _ = phone_number(text)
        for kind, values in self._values.items():
            form = normal_form(kind, text)
            once = " ".join(dict.fromkeys(form.split()))  # said, then spelled
            countries = values.get(form) or values.get(once)
            if countries and (not country or countries & {"", country}):
                return True
        return False


@dataclass(frozen=True, slots=True)
class _Named:
    """A value that must stay hidden: its telling words, its digits, and all of it."""

    type: EntityType
    whole: str = field(repr=False)
    words: tuple[str, ...] = field(repr=False)
    digits: str = field(repr=False)

    @classmethod
    def of(cls, party: KnownParty, language: str) -> _Named:
        text = written(party.value, language)
        whole = normal_form(party.type, text)
        return cls(party.type, whole, _telling(text), phone_number(text)[1])

    def is_in(self, text: str) -> bool:
        """Whether a written `text` is it, or has a word or a number in common with it."""
        if self.whole and self.whole == normal_form(self.type, text):
            return True
        if any(alike(said, word) for said in _telling(text) for word in self.words):
            return True
        short, long = sorted((phone_number(text)[1], self.digits), key=len)
        return len(short) >= _TELLING_DIGITS and short in long


def _telling(text: str) -> tuple[str, ...]:
    return tuple(
        word
        for word in words(text)
        if len(word) >= _TELLING_LETTERS and not digits_of(word) and word not in _TELL_NOTHING
    )


def _kept(
    turn: Document, spans: Sequence[PiiSpan], allowed: _Allowed, named: Sequence[_Named]
) -> Iterator[PiiSpan]:
    for together in _together(turn.text, spans):
        if not all(_may_show(turn, span, allowed, named) for span in together):
            yield from together


def _together(text: str, spans: Sequence[PiiSpan]) -> Iterator[list[PiiSpan]]:
    """Spans that may be parts of one value: in one line, joined by a hyphen and the like, or of
    one type with nothing but a space between."""
    group: list[PiiSpan] = []
    for span in spans:
        if group:
            gap = text[group[-1].end : span.start]
            joint = gap.strip()
            spaced = joint == "" and gap != "" and group[-1].type is not span.type
            if spaced or "\n" in gap or not set(joint) <= _JOINTS:
                yield group
                group = []
        group.append(span)
    yield group


def _may_show(turn: Document, span: PiiSpan, allowed: _Allowed, named: Sequence[_Named]) -> bool:
    text = written(turn.text[span.start : span.end], turn.language)
    return (
        allowed.says(text)
        and not _is_part(turn, span)
        and not any(party.is_in(text) for party in named)
    )


def _is_part(turn: Document, span: PiiSpan) -> bool:
    """Whether `span` cuts a word, or a number or spelling that goes on beyond it."""
    before, said, after = (
        turn.text[: span.start],
        turn.text[span.start : span.end],
        turn.text[span.end :],
    )
    if _hangs_on(before[::-1], said[0]) or _hangs_on(after, said[-1]):
        return True
    return any(
        form.start < span.end
        and span.start < form.end
        and not span.start <= form.start < form.end <= span.end
        for form in turn.forms
    )


def _hangs_on(beside: str, edge: str) -> bool:
    """Whether the word at `edge` goes on in what stands `beside` it, read away from it."""
    if beside[:1] in _HYPHENS:
        return in_word(beside[1:2] or " ")
    return in_word(edge) and in_word(beside[:1] or " ")
