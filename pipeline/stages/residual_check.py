"""The second look: is there PII left in a redacted transcript, before anything leaves?

It shares no code and no list with the detection: one fault cannot blind both. It knows less, so
it is made to be sure of what it flags: what the vault or the push knows, long numbers, addresses,
announced names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from pipeline.domain.errors import ResidualPii
from pipeline.domain.privacy import EntityType, KnownParty, Vault
from pipeline.domain.transcript import RedactedTranscript
from pipeline.stages.second_look.addresses import addresses
from pipeline.stages.second_look.allowed import Allowed
from pipeline.stages.second_look.announced import announced
from pipeline.stages.second_look.digits import Run
from pipeline.stages.second_look.reading import Kind, Token
from pipeline.stages.second_look.stretch import Stretch, stretches
from pipeline.stages.second_look.values import NAMES, Found, Values

_NOTHING = Vault()
_LEAST_DIGITS = 6
_CAPITALS = 0.03
_YOUNGEST = 14
_CARD_DIGITS = range(14, 20)


@dataclass(frozen=True, slots=True, order=True)
class Residual:
    """Characters `start:end` of the redacted text of segment number `segment` look like PII."""

    segment: int
    start: int
    end: int
    type: EntityType


def residuals(
    transcript: RedactedTranscript,
    vault: Vault = _NOTHING,
    known: Sequence[KnownParty] = (),
    allowed: Sequence[KnownParty] = (),
) -> tuple[Residual, ...]:
    """What is left, sorted, without overlap, and never in a pseudonym. A value that is `allowed`
    is none, unless it is `known`. Costs grow with the text and with the number of values."""
    pseudonyms = {*transcript.pseudonyms, *(entry.pseudonym for entry in vault.entries)}
    parts = [
        (index, stretch)
        for index, segment in enumerate(transcript.segments)
        for stretch in stretches(segment.text, pseudonyms)
    ]
    cased = _is_cased(token for _, stretch in parts for token in stretch.tokens)
    never = Values(((party.type, party.value) for party in known), cased=cased)
    hidden = Values(((entry.type, entry.original) for entry in vault.entries), cased=cased)
    shown = Allowed(allowed)
    english = transcript.language.lower().startswith("en")
    left: list[Residual] = []
    for index, stretch in parts:
        reach = shown.reach(stretch)
        seen = [*hidden.find(stretch), *_unknown(stretch, cased=cased, english=english)]
        unallowed = [found for found in seen if found[1] > reach.get(found[0], -1)]
        left += _apart(index, stretch.tokens, [*never.find(stretch), *unallowed])
    return tuple(left)


def check_residuals(
    transcript: RedactedTranscript,
    vault: Vault = _NOTHING,
    known: Sequence[KnownParty] = (),
    allowed: Sequence[KnownParty] = (),
) -> None:
    """Raises `ResidualPii`, which never quotes the text, where `residuals` finds anything."""
    if left := residuals(transcript, vault, known, allowed):
        raise ResidualPii(Counter(residual.type for residual in left))


def _is_cased(tokens: Iterable[Token]) -> bool:
    words = [token.capitalised for token in tokens if token.kind is Kind.WORD]
    return sum(words) > _CAPITALS * len(words)


def _unknown(stretch: Stretch, *, cased: bool, english: bool) -> Iterator[Found]:
    """What looks like PII without anybody knowing the value."""
    for run in stretch.runs:
        if len(run.digits) >= _LEAST_DIGITS and not run.measured and (kind := _kind(run)):
            yield run.first, run.last, kind
    for first, last in addresses(stretch.tokens):
        yield first, last, EntityType.EMAIL_ADDRESS
    for first, last in announced(stretch.tokens, cased=cased, english=english):
        yield first, last, EntityType.PERSON


def _kind(run: Run) -> EntityType | None:
    """A date is personal where somebody of age may have been born on it."""
    if run.date_year is not None:
        born = run.date_year <= date.today().year - _YOUNGEST
        return EntityType.DATE_OF_BIRTH if born else None
    if run.digits.startswith("0") or len(run.digits) < _CARD_DIGITS.start:
        return EntityType.PHONE_NUMBER
    return EntityType.CREDIT_CARD if len(run.digits) in _CARD_DIGITS else EntityType.IBAN


def _apart(segment: int, tokens: Sequence[Token], found: Iterable[Found]) -> Iterator[Residual]:
    """As characters of the text. What overlaps becomes one, of the type that was found first;
    words of one name become one too."""
    apart: list[tuple[int, int, tuple[int, EntityType]]] = []
    for rank, (first, last, kind) in sorted(enumerate(found), key=lambda each: each[1][:2]):
        nearest = first - 1 if kind in NAMES and apart and apart[-1][2][1] is kind else first
        if apart and nearest <= apart[-1][1]:
            begin, end, best = apart.pop()
            apart.append((begin, max(end, last), min(best, (rank, kind))))
        else:
            apart.append((first, last, (rank, kind)))
    for first, last, (_, kind) in apart:
        yield Residual(segment, tokens[first].start, tokens[last].end, kind)
