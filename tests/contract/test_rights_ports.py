"""The contracts of `LegalHolds`, `SubjectIndex`, `RightsRequests` and `SecondKey`."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from pipeline.adapters.memory import StoppedClock
from pipeline.domain.audit import AuditEvent
from pipeline.domain.call import Call, Sealed
from pipeline.domain.consent import ConsentAct, ConsentClaim, ConsentEntry, ConsentSource, Purpose
from pipeline.domain.deletion import DataClass, Trigger
from pipeline.domain.errors import Conflict, Held, NotFound, StorageFull
from pipeline.domain.ids import CustomerId, new_call_id
from pipeline.domain.ledger import Kind, mark_told
from pipeline.domain.recording import AudioState, RetainedKey
from pipeline.domain.rights import (
    LegalHold,
    Mark,
    Rectification,
    Right,
    RightsRequest,
    new_hold_id,
    new_request_id,
    one_month_after,
)
from pipeline.usecases.deck import Deck
from tests.builders import ACME, NOON, call, claim_one, customer, outcome, push
from tests.databases import KINDS, database_url
from tests.decks import disk_deck, memory_deck

OTHER = CustomerId("other")
AUDIO = Purpose.AUDIO_RETENTION
DAY = timedelta(days=1)
SECRET = Sealed(b"secret", b"key-i")


@dataclass
class Desk:
    """A deck with two customers, and what its audit log says."""

    deck: Deck
    url: str | None

    def stored(self, *index: str, owner: str = ACME, later: timedelta = timedelta(0)) -> Call:
        calls = self.deck.calls
        pushed = push(calls, call(owner, NOON + later))
        sealed = replace(outcome(), index=index)
        return calls.complete(claim_one(calls, pushed.id, NOON + later), sealed, NOON + later)

    def events(self) -> list[str]:
        return [name for name, _, _ in self.told()]

    def told(self) -> list[tuple[str, datetime, dict[str, Any]]]:
        """Name, time and facts of each entry of the audit log."""
        entries = getattr(self.deck.audit, "entries", None)
        if entries is not None:
            return [(event.name, event.at, dict(event.facts)) for event, _ in entries]
        from pipeline.adapters.database import open_database
        from pipeline.adapters.database.tables import audit_log

        assert self.url is not None
        database = open_database(self.url)
        with database.read() as connection:
            rows = connection.execute(select(audit_log).order_by(audit_log.c.position))
            return [(row.name, row.at, json.loads(row.facts)) for row in rows]


@pytest.fixture(params=["memory", *KINDS])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    clock = StoppedClock()
    with ExitStack() as stack:
        if request.param == "memory":
            made = Desk(memory_deck(clock), None)
        else:
            url = stack.enter_context(database_url(request.param, tmp_path))
            made = Desk(disk_deck(tmp_path, clock, url), url)
        for owner in (ACME, OTHER):
            made.deck.calls.add_customer(customer(owner), f"hash-{owner}")
        yield made
        assert made.deck.audit.verify() > 0


def hold(of: Call | None = None, owner: str = ACME, days: int | None = None) -> LegalHold:
    until = None if days is None else NOON + days * DAY
    call_id = None if of is None else of.id
    return LegalHold(new_hold_id(), CustomerId(owner), call_id, "tax law", "legal", NOON, until)


def test_a_hold_keeps_what_it_is_on_and_nothing_else(desk: Desk) -> None:
    one, two, far = desk.stored(), desk.stored(), desk.stored(owner=OTHER)
    holds = desk.deck.holds
    placed = hold(one, days=2)
    holds.place(placed)
    assert holds.of(ACME, one.id, NOON) == holds.of(ACME, None, NOON) == (placed,)
    assert holds.of(ACME, two.id, NOON) == holds.of(OTHER, far.id, NOON) == ()
    assert holds.in_force(NOON) == (placed,)
    assert holds.in_force(NOON + 2 * DAY) == ()
    with pytest.raises(Held):
        desk.deck.calls.erase_call(one.id, "erased_on_request", NOON)
    assert desk.deck.calls.erase_call(two.id, "erased_on_request", NOON)
    with pytest.raises(Held):
        desk.deck.calls.close_customer(ACME, NOON)
    assert desk.deck.calls.erase_call(one.id, "erased_on_request", NOON + 2 * DAY)


def test_a_released_hold_keeps_nothing(desk: Desk) -> None:
    one = desk.stored()
    placed = hold()
    desk.deck.holds.place(placed)
    with pytest.raises(Held):
        desk.deck.calls.erase_call(one.id, "erased_on_request", NOON)
    released = desk.deck.holds.release(placed.id, "legal", NOON + DAY)
    assert released == replace(placed, released_at=NOON + DAY)
    assert desk.deck.holds.of(ACME, None, NOON + DAY) == ()
    assert desk.deck.calls.erase_call(one.id, "erased_on_request", NOON + DAY)
    with pytest.raises(Conflict):
        desk.deck.holds.release(placed.id, "legal", NOON + DAY)
    with pytest.raises(NotFound):
        desk.deck.holds.release(new_hold_id(), "legal", NOON)
    assert [name for name in desk.events() if name.startswith("hold_")] == [
        "hold_placed",
        "hold_released",
    ]


def test_a_hold_keeps_no_audio(desk: Desk) -> None:
    waiting = push(desk.deck.calls)
    desk.deck.holds.place(hold(waiting))
    desk.deck.calls.destroy_audio(waiting.id, "audio_cap_reached", NOON)
    assert not desk.deck.calls.has_audio_key([waiting.id])[waiting.id]


def test_what_is_gone_or_of_somebody_else_cannot_be_held(desk: Desk) -> None:
    gone, far = desk.stored(), desk.stored(owner=OTHER)
    desk.deck.calls.erase_call(gone.id, "erased_on_request", NOON)
    with pytest.raises(Conflict):
        desk.deck.holds.place(hold(gone))
    with pytest.raises(NotFound):
        desk.deck.holds.place(hold(far))
    with pytest.raises(NotFound):
        desk.deck.holds.place(hold(owner="nobody"))
    desk.deck.calls.close_customer(OTHER, NOON)
    with pytest.raises(Conflict):
        desk.deck.holds.place(hold(owner=OTHER))
    assert desk.deck.holds.in_force(NOON) == ()


def test_the_first_secret_of_an_index_wins_and_ends_with_its_customer(desk: Desk) -> None:
    subjects = desk.deck.subjects
    assert subjects.secret(ACME) is None
    assert subjects.keep_secret(ACME, SECRET) == SECRET
    assert subjects.keep_secret(ACME, Sealed(b"late", b"key-l")) == SECRET
    assert subjects.secret(ACME) == SECRET and subjects.secret(OTHER) is None
    desk.deck.calls.close_customer(ACME, NOON)
    assert subjects.secret(ACME) is None
    with pytest.raises(Conflict):
        subjects.keep_secret(ACME, SECRET)
    with pytest.raises(NotFound):
        subjects.keep_secret(CustomerId("nobody"), SECRET)


def test_calls_are_found_by_token_newest_first(desk: Desk) -> None:
    old, new = desk.stored("aa", "bb"), desk.stored("aa", later=DAY)
    far = desk.stored("aa", owner=OTHER)
    subjects = desk.deck.subjects
    assert subjects.find(ACME, "aa") == (new.id, old.id)
    assert subjects.find(OTHER, "aa") == (far.id,)
    assert subjects.find(ACME, "bb") == (old.id,) and subjects.find(ACME, "cc") == ()
    assert subjects.tokens(old.id) == ("aa", "bb")
    assert subjects.tokens(new_call_id()) == ()
    assert (subjects.count(ACME), subjects.count(OTHER)) == (2, 1)


def test_calls_without_a_transcript_yet_are_counted(desk: Desk) -> None:
    calls, subjects = desk.deck.calls, desk.deck.subjects
    assert subjects.waiting(ACME) == 0
    received, claimed = push(calls), push(calls)
    claim_one(calls, claimed.id)
    desk.stored("aa")
    push(calls, call(OTHER))
    assert (subjects.waiting(ACME), subjects.waiting(OTHER)) == (2, 1)
    calls.erase_call(received.id, "erased_on_request", NOON)
    assert (subjects.waiting(ACME), subjects.count(ACME)) == (1, 2)


def test_an_erased_call_is_found_no_more_and_not_counted(desk: Desk) -> None:
    one = desk.stored("aa")
    desk.deck.calls.erase_call(one.id, "erased_on_request", NOON)
    assert desk.deck.subjects.find(ACME, "aa") == desk.deck.subjects.tokens(one.id) == ()
    assert desk.deck.subjects.count(ACME) == 0


def test_a_closed_customer_has_no_index(desk: Desk) -> None:
    one = desk.stored("aa")
    desk.deck.calls.close_customer(ACME, NOON)
    assert desk.deck.subjects.find(ACME, "aa") == desk.deck.subjects.tokens(one.id) == ()


def rectified(before: Sealed, *added: str) -> Rectification:
    new = Sealed(b"new vault", b"key-v"), Sealed(b"new transcript", b"key-t")
    return Rectification("[PERSON_1]", before, new[1], new[0], ("aa",), added)


def test_a_rectification_renews_vault_transcript_and_tokens(desk: Desk) -> None:
    one, calls = desk.stored("aa", "bb"), desk.deck.calls
    desk.deck.subjects.rectify(one.id, rectified(calls.vault(one.id), "bb", "cc"), NOON)
    assert calls.vault(one.id).ciphertext == b"new vault"
    assert calls.transcript(one.id).ciphertext == b"new transcript"
    assert desk.deck.subjects.tokens(one.id) == ("bb", "cc")
    assert desk.events()[-1] == "vault_rectified"


def test_a_rectification_of_what_changed_meanwhile_changes_nothing(desk: Desk) -> None:
    one, calls = desk.stored("aa"), desk.deck.calls
    before = calls.vault(one.id)
    desk.deck.subjects.rectify(one.id, rectified(before, "bb"), NOON)
    with pytest.raises(Conflict):
        desk.deck.subjects.rectify(one.id, rectified(before, "cc"), NOON)
    assert desk.deck.subjects.tokens(one.id) == ("bb",)
    now = calls.vault(one.id)
    calls.erase_call(one.id, "erased_on_request", NOON)
    with pytest.raises(Conflict):
        desk.deck.subjects.rectify(one.id, rectified(now, "dd"), NOON)
    with pytest.raises(NotFound):
        desk.deck.subjects.rectify(new_call_id(), rectified(now), NOON)
    assert desk.deck.subjects.tokens(one.id) == ()


def request(owner: str = ACME, days: int = 0) -> RightsRequest:
    came = NOON + days * DAY
    due = one_month_after(came, UTC)
    return RightsRequest(new_request_id(), CustomerId(owner), Right.ERASE, came, due, 0, "ab" * 32)


def test_requests_are_listed_by_when_they_are_due(desk: Desk) -> None:
    rights = desk.deck.rights
    late, soon, far = request(days=9), request(), request(OTHER, days=3)
    for each in (late, soon, far):
        rights.open(each, NOON + 9 * DAY)
    assert rights.requests() == (soon, far, late)
    assert rights.requests(ACME) == (soon, late)
    closed = rights.close(soon.id, "done", 4, NOON + DAY)
    assert closed == replace(soon, outcome="done", calls=4, closed_at=NOON + DAY)
    assert rights.request(soon.id) == closed
    assert rights.requests(open_only=True) == (far, late)
    assert rights.requests(ACME, open_only=True) == (late,)
    with pytest.raises(Conflict):
        rights.close(soon.id, "done", 4, NOON + DAY)
    assert [name for name in desk.events() if name.startswith("rights_")] == [
        *["rights_opened"] * 3,
        "rights_closed",
    ]


def test_a_request_is_on_record_when_it_is_opened_with_the_day_it_came(desk: Desk) -> None:
    letter = request()
    desk.deck.rights.open(letter, NOON + 5 * DAY)
    ((_, at, facts),) = [each for each in desk.told() if each[0] == "rights_opened"]
    assert at == NOON + 5 * DAY
    assert facts == {
        "request": letter.id,
        "right": "erase",
        "received": NOON.isoformat(),
        "due": letter.due_at.isoformat(),
    }


def test_a_closed_customer_has_no_new_requests(desk: Desk) -> None:
    desk.deck.calls.close_customer(ACME, NOON)
    with pytest.raises(Conflict, match="closed"):
        desk.deck.rights.open(request(), NOON)
    assert desk.deck.rights.requests() == ()


def test_unknown_requests_and_customers(desk: Desk) -> None:
    with pytest.raises(NotFound):
        desk.deck.rights.open(request("nobody"), NOON)
    with pytest.raises(NotFound):
        desk.deck.rights.request(new_request_id())
    with pytest.raises(NotFound):
        desk.deck.rights.close(new_request_id(), "done", 0, NOON)
    assert desk.deck.rights.requests() == ()


def test_a_new_second_key_ends_the_old_one(desk: Desk) -> None:
    assert desk.deck.second_key.digest() is None
    desk.deck.second_key.replace("aa" * 32)
    desk.deck.second_key.replace("bb" * 32)
    assert desk.deck.second_key.digest() == "bb" * 32


@pytest.mark.parametrize(("first", "second"), list(itertools.permutations(Mark, 2)))
def test_a_mark_touches_no_other(desk: Desk, first: Mark, second: Mark) -> None:
    one, calls = desk.stored(), desk.deck.calls
    assert calls.mark_call(one.id, first, NOON)
    assert calls.mark_call(one.id, second, NOON + DAY)
    marked = calls.call(one.id)
    assert (getattr(marked, first), getattr(marked, second)) == (NOON, NOON + DAY)
    assert calls.mark_call(one.id, second, None)
    assert calls.call(one.id) == replace(one, **{first.value: NOON})


def test_a_mark_that_stands_is_not_set_again_and_not_told_again(desk: Desk) -> None:
    one, calls, told = desk.stored(), desk.deck.calls, list[str]()
    event = AuditEvent("call_restricted", NOON, one.id, ACME, {"actor": "operator"})

    def mark(at: datetime | None, what: str) -> bool:
        return calls.mark_call(one.id, Mark.RESTRICTION, at, event, lambda: told.append(what))

    assert not mark(None, "nothing to lift")
    assert mark(NOON, "set") and not mark(NOON + DAY, "set again")
    assert calls.call(one.id).restricted_at == NOON
    assert mark(None, "lifted") and not mark(None, "lifted again")
    assert calls.call(one.id).restricted_at is None
    assert told == ["set", "lifted"]
    assert desk.events().count("call_restricted") == 2


def test_a_mark_that_cannot_be_told_is_not_set(desk: Desk) -> None:
    one, calls = desk.stored(), desk.deck.calls
    event = AuditEvent("call_objected", NOON, one.id, ACME)

    def full() -> None:
        raise StorageFull("the ledger has no room")

    with pytest.raises(StorageFull):
        calls.mark_call(one.id, Mark.OBJECTION, NOON, event, full)
    assert calls.call(one.id).objected_at is None and "call_objected" not in desk.events()


def test_of_two_who_set_a_mark_at_once_one_tells(desk: Desk) -> None:
    one, calls, told = desk.stored(), desk.deck.calls, list[datetime]()
    start, done = threading.Barrier(2), list[bool]()

    def mark(at: datetime) -> None:
        start.wait(10)
        done.append(calls.mark_call(one.id, Mark.RESTRICTION, at, tell=lambda: told.append(at)))

    both = [threading.Thread(target=mark, args=(NOON + late * DAY,)) for late in (0, 1)]
    for each in both:
        each.start()
    for each in both:
        each.join(30)
    assert sorted(done) == [False, True]
    assert told == [calls.call(one.id).restricted_at]


def test_what_is_erased_or_unknown_bears_no_mark(desk: Desk) -> None:
    one, calls = desk.stored(), desk.deck.calls
    calls.erase_call(one.id, "erased_on_request", NOON)
    for mark in Mark:
        with pytest.raises(Conflict, match="erased"):
            calls.mark_call(one.id, mark, NOON)
        with pytest.raises(Conflict, match="erased"):
            calls.mark_call(one.id, mark, None)
        with pytest.raises(NotFound):
            calls.mark_call(new_call_id(), mark, NOON)


def test_a_restricted_call_is_neither_claimed_nor_rung_for(desk: Desk) -> None:
    waiting, calls = push(desk.deck.calls), desk.deck.calls
    calls.mark_call(waiting.id, Mark.RESTRICTION, NOON)
    hour = timedelta(hours=1)
    assert calls.claim([waiting.id], "worker-1", NOON, hour) == ()
    assert calls.stranded(NOON + hour, timedelta(0)) == ()
    calls.mark_call(waiting.id, Mark.RESTRICTION, None)
    assert calls.stranded(NOON + hour, timedelta(0)) == (waiting.id,)
    (claim,) = calls.claim([waiting.id], "worker-1", NOON, hour)
    calls.mark_call(waiting.id, Mark.RESTRICTION, NOON)
    assert calls.stranded(NOON + 2 * hour, timedelta(0)) == ()
    assert claim.call.id == waiting.id


def test_what_is_owed_comes_once_no_hold_keeps_it(desk: Desk) -> None:
    """Each since when nothing stands against it: the request, or the end of the last hold."""
    free, held, far = desk.stored(), desk.stored(), desk.stored(owner=OTHER)
    calls, holds = desk.deck.calls, desk.deck.holds
    ending, released, whole = hold(held, days=5), hold(held), hold(days=3)
    for each in (ending, released, whole):
        holds.place(each)
    for late, each in enumerate((far, held, free)):
        assert calls.mark_call(each.id, Mark.ERASURE, NOON + late * DAY)
    assert calls.owing(ACME) == (held.id, free.id) and calls.owing(OTHER) == (far.id,)
    assert calls.owed(NOON + 2 * DAY, 10) == ((far.id, NOON),)
    assert calls.owed(NOON + 3 * DAY, 10) == ((far.id, NOON), (free.id, NOON + 3 * DAY))
    assert calls.owed(NOON + 3 * DAY, 1) == ((far.id, NOON),)
    assert calls.owed(NOON + 5 * DAY, 10)[1:] == ((free.id, NOON + 3 * DAY),)
    holds.release(released.id, "legal", NOON + 6 * DAY)
    assert calls.owed(NOON + 6 * DAY, 10)[1] == (held.id, NOON + 6 * DAY)
    assert calls.erase_call(held.id, "erasure_owed", NOON + 6 * DAY)
    assert calls.call(held.id).erasure_owed_at is None
    assert calls.owing(ACME) == (free.id,)


def test_what_was_taken_back_is_not_erased_after_all(desk: Desk) -> None:
    one, calls = desk.stored(), desk.deck.calls
    calls.mark_call(one.id, Mark.ERASURE, NOON)
    ((listed, _),) = calls.owed(NOON, 10)
    calls.mark_call(one.id, Mark.ERASURE, None)
    assert not calls.erase_call(listed, "erasure_owed", NOON)
    assert calls.call(one.id) == one and calls.owing(ACME) == calls.owed(NOON, 10) == ()


def test_a_restriction_keeps_what_is_owed(desk: Desk) -> None:
    """Whenever it was set: what is erased comes back no more."""
    one, other, calls = desk.stored(), desk.stored(), desk.deck.calls
    calls.mark_call(other.id, Mark.RESTRICTION, NOON)
    for late, each in enumerate((one, other)):
        calls.mark_call(each.id, Mark.ERASURE, NOON + late * DAY)
    ((listed, _),) = calls.owed(NOON + DAY, 10)
    assert listed == one.id
    calls.mark_call(one.id, Mark.RESTRICTION, NOON + 2 * DAY)
    assert calls.owed(NOON + 3 * DAY, 10) == ()
    assert not calls.erase_call(listed, "erasure_owed", NOON + 3 * DAY)
    assert calls.call(one.id).erased_at is None
    assert calls.owing(ACME) == (one.id, other.id), "the debt stands"
    calls.mark_call(one.id, Mark.RESTRICTION, None)
    assert calls.owed(NOON + 3 * DAY, 10) == ((one.id, NOON),)
    assert calls.erase_call(one.id, "erasure_owed", NOON + 3 * DAY)
    assert calls.erase_call(other.id, "erased_on_request", NOON + 3 * DAY), "asked for anew"


def test_each_hold_keeps_its_own_calls_and_counts_from_its_own_end(desk: Desk) -> None:
    calls, holds = desk.deck.calls, desk.deck.holds
    owed = [desk.stored() for _ in range(8)] + [desk.stored(owner=OTHER)]
    for each in owed:
        calls.mark_call(each.id, Mark.ERASURE, NOON)
    for days, each in enumerate(owed[1:8], 1):
        holds.place(hold(each, days=days))
    holds.place(hold(days=2))
    free = dict(calls.owed(NOON + 5 * DAY, 100))
    ends = [2, 2, 2, 3, 4, 5]
    assert [free.pop(each.id) for each in owed[:6]] == [NOON + days * DAY for days in ends]
    assert free == {owed[8].id: NOON}
    for kept, each in enumerate(owed[:8]):
        found = {placed.call_id for placed in holds.of(ACME, each.id, NOON)}
        assert found == ({None, each.id} if kept else {None})


KEPT = RetainedKey("ret_" + "0" * 32, NOON + 300 * DAY, b"rewrapped")


def owe(of: Call, later: timedelta = timedelta(0)) -> tuple[AuditEvent, ConsentEntry]:
    event = AuditEvent("erasure_owed", NOON + later, of.id, of.customer_id, {"actor": "operator"})
    act, source = ConsentAct.WITHDRAWN, ConsentSource.OPERATOR
    entry = ConsentEntry(of.customer_id, of.id, AUDIO, act, source, NOON + later)
    return event, entry


def kept(desk: Desk) -> Call:
    """Under a consent."""
    pushed = push(desk.deck.calls, call(consents=(ConsentClaim(AUDIO, 300 * DAY),)))
    return desk.deck.calls.complete(claim_one(desk.deck.calls, pushed.id), outcome(KEPT), NOON)


def test_with_the_mark_ends_audio_that_is_kept(desk: Desk) -> None:
    calls, one, told = desk.deck.calls, kept(desk), list[bool]()
    assert calls.owe_erasure(*owe(one), told.append)
    owed = calls.call(one.id)
    assert (owed.erasure_owed_at, owed.audio, owed.audio_until) == (
        NOON,
        AudioState.DESTROYED,
        None,
    )
    (deletion,) = desk.deck.deletions.pending()
    assert (deletion.data_class, deletion.trigger) == (DataClass.RETAINED_AUDIO, Trigger.REQUEST)
    assert deletion.key_name == KEPT.key_name
    assert not calls.owe_erasure(*owe(one, DAY), told.append)
    assert calls.call(one.id) == owed and told == [False]
    assert desk.events().count("erasure_owed") == 1
    assert [each.act for each in desk.deck.consents.of_call(one.id)] == [ConsentAct.GIVEN]


def test_with_the_mark_ends_the_consent_of_a_call_that_waits(desk: Desk) -> None:
    calls, consents, told = desk.deck.calls, desk.deck.consents, list[bool]()
    one = push(calls, call(consents=(ConsentClaim(AUDIO, 300 * DAY),)))
    bare = push(calls, call())
    for each in (one, bare):
        assert calls.owe_erasure(*owe(each), told.append)
        assert calls.has_audio_key([each.id])[each.id], "the held transcript is made of it"
    assert told == [True, False]
    assert [each.act for each in consents.of_call(one.id)] == [
        ConsentAct.GIVEN,
        ConsentAct.WITHDRAWN,
    ]
    assert consents.of_call(bare.id) == ()


def test_where_nobody_can_be_told_there_is_no_mark_and_audio_stays(desk: Desk) -> None:
    calls, one = desk.deck.calls, kept(desk)
    before, events = calls.call(one.id), desk.events()

    def full(_: bool) -> None:
        raise StorageFull("the ledger has no room")

    with pytest.raises(StorageFull):
        calls.owe_erasure(*owe(one), full)
    assert calls.call(one.id) == before and calls.recording(one.id) == KEPT
    assert (desk.events(), desk.deck.deletions.pending()) == (events, ())
    calls.erase_call(one.id, "erased_on_request", NOON)
    with pytest.raises(Conflict):
        calls.owe_erasure(*owe(one), full)
    with pytest.raises(NotFound):
        calls.owe_erasure(*owe(call()), full)


def test_no_consent_keeps_audio_of_a_call_that_was_marked_while_it_was_heard(desk: Desk) -> None:
    calls = desk.deck.calls
    pushed = push(calls, call(consents=(ConsentClaim(AUDIO, 300 * DAY),)))
    claim = claim_one(calls, pushed.id)
    calls.mark_call(pushed.id, Mark.ERASURE, NOON)
    done = calls.complete(claim, outcome(KEPT), NOON)
    assert (done.audio, done.audio_until) == (AudioState.DESTROYED, None)
    (deletion,) = desk.deck.deletions.pending()
    assert (deletion.trigger, deletion.key_name) == (Trigger.REQUEST, KEPT.key_name)


def test_audio_that_is_kept_of_a_call_to_be_erased_is_found(desk: Desk) -> None:
    """A Deckname that ended it after the mark may have been killed between the two."""
    one, calls = kept(desk), desk.deck.calls
    assert calls.retained_objected() == ()
    calls.mark_call(one.id, Mark.ERASURE, NOON)
    assert calls.retained_objected() == (one.id,)
    calls.mark_call(one.id, Mark.ERASURE, None)
    assert calls.retained_objected() == ()


def test_a_call_that_is_to_be_erased_takes_no_consent(desk: Desk) -> None:
    calls, consents = desk.deck.calls, desk.deck.consents
    one = push(calls, call(consents=(ConsentClaim(AUDIO, 300 * DAY),)))
    given = replace(owe(one)[1], act=ConsentAct.GIVEN, until=NOON + DAY)
    calls.mark_call(one.id, Mark.ERASURE, NOON)
    with pytest.raises(Conflict, match="erase --lift"):
        consents.record(given)
    assert consents.record(replace(given, act=ConsentAct.WITHDRAWN))
    calls.mark_call(one.id, Mark.ERASURE, None)
    assert consents.record(given)


@pytest.mark.parametrize("told_too", [True, False])
def test_an_erasure_that_is_owed_again_ends_audio_that_is_kept(desk: Desk, told_too: bool) -> None:
    """The ledger may not know of the audio's own deletion: its teller was killed between."""
    one, destroyed = kept(desk), list[str]()
    told = mark_told(Kind.OWE, one.id, one.customer_id, NOON)
    if told_too:
        desk.deck.calls.destroy_audio(one.id, "consent_withdrawn", NOON)
    gone = desk.deck.replay.apply(told, NOON, destroyed.append)
    assert gone == (() if told_too else (one.id,))
    assert destroyed == ([] if told_too else [KEPT.key_name])
    owed = desk.deck.calls.call(one.id)
    assert (owed.erasure_owed_at, owed.audio) == (NOON, AudioState.DESTROYED)
    (deletion,) = desk.deck.deletions.pending()
    assert deletion.trigger is (Trigger.WITHDRAWAL if told_too else Trigger.REQUEST)


def test_of_a_request_the_ledger_is_told_inside_the_transaction(desk: Desk) -> None:
    rights, opened = desk.deck.rights, request()

    def full(*_: object) -> None:
        raise StorageFull("the ledger has no room")

    with pytest.raises(StorageFull):
        rights.open(opened, NOON, full)
    assert rights.requests() == ()
    rights.open(opened, NOON)
    with pytest.raises(StorageFull):
        rights.close(opened.id, "done", 1, NOON, full)
    assert rights.requests() == (opened,)
    assert "rights_closed" not in desk.events()
    told = list[RightsRequest]()
    closed = rights.close(opened.id, "done", 1, NOON, told.append)
    assert told == [closed]
