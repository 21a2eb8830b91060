"""Find the calls of a data subject: by number, address, name, call id, or all of a customer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pipeline.domain.call import Call
from pipeline.domain.errors import Conflict, NotFound
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.subject import Match, Sought, Subject, Why
from pipeline.stages.subject_index import sought
from pipeline.usecases.deck import Deck
from pipeline.usecases.subject_index import index_secret


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for among one customer's calls. `everything`: all of them."""

    customer_id: CustomerId
    subject: Subject = field(repr=False, default=Subject())
    call_ids: tuple[CallId, ...] = ()
    everything: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """`certain` matches may be acted upon; `possible` ones (the same last name, a name that sounds
    alike) somebody must look at. `tokens` are those of the subject itself. `waiting` calls have no
    transcript yet, so nobody was looked for in them."""

    certain: tuple[Match, ...]
    possible: tuple[Match, ...] = ()
    tokens: tuple[str, ...] = field(repr=False, default=())
    waiting: int = 0

    @property
    def subject(self) -> str | None:
        """The keyed hash under which the request is kept."""
        return self.tokens[0] if self.tokens else None


def find_subject(search: Search, deck: Deck) -> Found:
    """Matches, newest first, erased calls only where they were named. Raises `NotFound` for an
    unknown customer or call, `Conflict` where the customer is closed, `UsageError` for a number,
    an address or a name that is none."""
    customer = deck.calls.customer(search.customer_id)
    if customer.closed_at is not None:
        raise Conflict("this customer is closed: its keys are destroyed, nobody can be found")
    found: dict[CallId, set[tuple[Why, bool]]] = {}
    for call_id in search.call_ids:
        call = deck.calls.call(call_id, customer.id)
        found.setdefault(call.id, set()).add((Why.CALL_ID, True))
    for call in all_calls(customer.id, deck) if search.everything else ():
        found.setdefault(call.id, set()).add((Why.CUSTOMER, True))
    tokens: Sequence[Sought] = ()
    if search.subject:
        tokens = sought(search.subject, index_secret(customer, deck))
    for token in tokens:
        for call_id in deck.subjects.find(customer.id, token.token):
            found.setdefault(call_id, set()).add((token.why, token.certain))
    matches = _matches(found, deck)
    return Found(
        tuple(match for match in matches if match.certain),
        tuple(match for match in matches if not match.certain),
        tuple(token.token for token in tokens if token.certain),
        deck.subjects.waiting(customer.id) if search.subject else 0,
    )


def require_found(search: Search, deck: Deck) -> Found:
    """The same where there is a certain match. Raises `NotFound` too where there is none."""
    found = find_subject(search, deck)
    if found.certain:
        return found
    message = "no call of this customer matches; nothing was changed"
    if found.possible:
        message = (
            f"no call matches for certain, {len(found.possible)} may: look at them with `deckname "
            "rights find` and name their ids; nothing was changed"
        )
    raise NotFound(message + waiting_words(found.waiting))


def waiting_words(waiting: int) -> str:
    """What to tell whoever searched, after a sentence; empty where no call waits."""
    if not waiting:
        return ""
    calls = f"{waiting} calls wait for their transcripts and were"
    if waiting == 1:
        calls = "1 call waits for its transcript and was"
    return f"; {calls} not searched: look again then"


def all_calls(customer_id: CustomerId, deck: Deck) -> Iterable[Call]:
    """All of the customer that were not erased, newest first."""
    last: CallId | None = None
    while calls := deck.calls.calls(customer_id, limit=1000, before=last):
        yield from (call for call in calls if call.erased_at is None)
        last = calls[-1].id


def _matches(found: dict[CallId, set[tuple[Why, bool]]], deck: Deck) -> list[Match]:
    order = list(Why)
    matches = []
    for call_id, reasons in found.items():
        certain = any(sure for _, sure in reasons)
        why = {why for why, sure in reasons if sure or not certain}
        sorted_why = tuple(sorted(why, key=order.index))
        matches.append(Match(deck.calls.call(call_id), sorted_why, certain))
    return sorted(matches, key=lambda each: (each.call.received_at, each.call.id), reverse=True)
