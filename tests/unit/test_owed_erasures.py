"""An erasure that a legal hold stands against is owed: nobody need ask, or remember, again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pipeline.adapters.memory import StoppedClock
from pipeline.domain.call import Call, CallStatus, Intake
from pipeline.domain.consent import ConsentAct, ConsentClaim, ConsentSource, Purpose
from pipeline.domain.errors import Conflict, Held, NotFound, Restricted, StorageFull
from pipeline.domain.ids import CustomerId
from pipeline.domain.ledger import MARKS, Kind
from pipeline.domain.recording import AudioState
from pipeline.domain.rights import Mark, Right, may_read_by_llm, withheld_since
from pipeline.usecases.clean_up import Leadership, clean_up
from pipeline.usecases.customers import close_customer
from pipeline.usecases.deck import Deck
from pipeline.usecases.enforce_retention import erase_owed
from pipeline.usecases.erase_subject import erase_subject
from pipeline.usecases.export_subject import export_subject
from pipeline.usecases.find_subject import Search
from pipeline.usecases.finish_deletions import finish_deletions
from pipeline.usecases.hold_calls import (
    erasures_under,
    freed_by,
    owed_under,
    place_hold,
    release_hold,
)
from pipeline.usecases.mark_subject import (
    Marked,
    lift_restriction,
    restrict_subject,
    take_back_erasure,
)
from pipeline.usecases.process_calls import process_calls
from pipeline.usecases.read_consents import read_consents
from pipeline.usecases.read_transcript import read_stored, read_transcript
from pipeline.usecases.record_consent import record_consent
from pipeline.usecases.rights_requests import open_request
from pipeline.usecases.submit_call import submit_call
from tests.unit.test_process_calls import a_recording
from tests.unit.test_rights import CUSTOMER, KNOWN, PHONE, by, call_of, deck

DAY = timedelta(days=1)
__all__ = ["deck"]


def status(call: Call, deck: Deck) -> CallStatus:
    return deck.calls.call(call.id).status


def test_it_is_erased_by_itself_when_the_hold_is_released(deck: Deck) -> None:
    call, other = call_of(deck), call_of(deck, ())
    hold = place_hold(CUSTOMER, None, "HGB § 257", "lawyer", deck)
    done = erase_subject(by(phone=PHONE), deck, "operator")
    assert (done.request.outcome, done.erased) == ("legal_hold", ())
    assert owed_under(hold, deck) == (call.id,)
    assert erase_owed(deck) == 0 and status(call, deck) is CallStatus.STORED
    release_hold(hold.id, "lawyer", deck)
    clock: Any = deck.clock
    released = clock.now()
    clock.turn(timedelta(hours=1))
    assert not any(step.failed for step in clean_up(deck, Leadership("one")))
    assert status(call, deck) is CallStatus.ERASED and status(other, deck) is CallStatus.STORED
    (receipt,) = (
        each
        for each in deck.deletions.receipts(call_id=call.id)
        if each.body["class"] == "transcript"
    )
    assert receipt.body["trigger"] == "request"
    assert receipt.body["due"] == released.isoformat(), "when nothing stood against it any more"
    assert erase_owed(deck) == 0 and owed_under(hold, deck) == ()
    assert deck.audit.verify() > 0


def test_it_is_erased_by_itself_when_the_hold_runs_out_and_under_no_other(deck: Deck) -> None:
    call, clock = call_of(deck), deck.clock
    assert isinstance(clock, StoppedClock)
    place_hold(CUSTOMER, call.id, "a claim", "lawyer", deck, clock.now() + 9 * DAY)
    erase_subject(by(phone=PHONE), deck, "operator")
    later = place_hold(CUSTOMER, None, "an audit", "lawyer", deck, clock.now() + 20 * DAY)
    clock.turn(9 * DAY)
    assert erase_owed(deck) == 0, "one that was placed since keeps it too"
    clock.turn(10 * DAY)
    assert [hold.id for hold in deck.holds.of(CUSTOMER, call.id, clock.now())] == [later.id]
    assert erase_owed(deck) == 0
    clock.turn(DAY)
    assert erase_owed(deck) == 1 and status(call, deck) is CallStatus.ERASED


def test_a_clock_that_nobody_believes_erases_nothing(deck: Deck) -> None:
    call, clock = call_of(deck), deck.clock
    assert isinstance(clock, StoppedClock)
    place_hold(CUSTOMER, call.id, "a claim", "lawyer", deck, clock.now() + 9 * DAY)
    erase_subject(by(phone=PHONE), deck, "operator")
    clean_up(deck, Leadership("one"))
    clock.turn(3000 * DAY)
    (step,) = (each for each in clean_up(deck, Leadership("one")) if each.name == "erase_owed")
    assert step.skipped == "clock_ahead" and status(call, deck) is CallStatus.STORED


def test_until_then_it_is_shown_to_nobody_but_its_subject(deck: Deck) -> None:
    """A legal hold is a reason to keep it, and none to go on using it."""
    call = call_of(deck)
    place_hold(CUSTOMER, call.id, "a claim", "lawyer", deck)
    erase_subject(by(phone=PHONE), deck, "operator")
    owed = deck.calls.call(call.id)
    assert withheld_since(owed) == owed.erasure_owed_at == deck.clock.now()
    assert not may_read_by_llm(owed)
    with pytest.raises(Restricted, match="legal hold"):
        read_transcript(call.id, deck)
    assert all(quote is None for _, quote in read_consents(call.id, deck))
    assert read_stored(owed, deck).segments
    (told,) = export_subject(by(phone=PHONE), deck, "operator")["calls"]
    assert told["retention"]["erasure_owed_at"] == deck.clock.now().isoformat()
    assert told["transcript"]["segments"]


def test_since_when_it_is_withheld_is_since_the_first_reason(deck: Deck) -> None:
    call, clock = call_of(deck), deck.clock
    assert isinstance(clock, StoppedClock)
    assert withheld_since(call) is None
    restrict_subject(by(phone=PHONE), deck, "operator")
    first = clock.now()
    clock.turn(DAY)
    place_hold(CUSTOMER, call.id, "a claim", "lawyer", deck)
    erase_subject(by(phone=PHONE), deck, "operator")
    assert withheld_since(deck.calls.call(call.id)) == first


def test_a_recording_that_waits_is_transcribed_and_goes_when_the_hold_ends(deck: Deck) -> None:
    pushed = submit_call(Intake(CUSTOMER, known=KNOWN), [a_recording()], deck)
    hold = place_hold(CUSTOMER, pushed.id, "a claim", "lawyer", deck)
    erase_subject(Search(CUSTOMER, call_ids=(pushed.id,)), deck, "operator")
    (call,) = process_calls([pushed.id], deck, "worker-1")
    assert (call.status, call.audio) == (CallStatus.STORED, AudioState.DESTROYED)
    assert call.erasure_owed_at is not None and not may_read_by_llm(call)
    release_hold(hold.id, "lawyer", deck)
    assert erase_owed(deck) == 1
    finish_deletions(deck)
    assert deck.deletions.pending() == ()


def test_a_recording_that_still_waits_when_the_hold_ends_goes_with_it(deck: Deck) -> None:
    pushed = submit_call(Intake(CUSTOMER, known=KNOWN), [a_recording()], deck)
    hold = place_hold(CUSTOMER, pushed.id, "a claim", "lawyer", deck)
    erase_subject(Search(CUSTOMER, call_ids=(pushed.id,)), deck, "operator")
    release_hold(hold.id, "lawyer", deck)
    assert erase_owed(deck) == 1
    assert status(pushed, deck) is CallStatus.ERASED
    assert not deck.calls.has_audio_key([pushed.id])[pushed.id]


def test_who_takes_it_back_keeps_it(deck: Deck) -> None:
    call = call_of(deck)
    hold = place_hold(CUSTOMER, call.id, "a claim", "lawyer", deck)
    assert take_back_erasure(by(phone=PHONE), deck, "operator") == Marked((), unchanged=1)
    erase_subject(by(phone=PHONE), deck, "operator")
    assert take_back_erasure(by(phone=PHONE), deck, "operator") == Marked((call.id,))
    assert read_transcript(call.id, deck).segments
    release_hold(hold.id, "lawyer", deck)
    assert erase_owed(deck) == 0 and status(call, deck) is CallStatus.STORED
    assert [each.kind for each in deck.ledger.entries() if each.kind in MARKS] == [
        "owe",
        "take_back",
    ]
    erase_subject(by(phone=PHONE), deck, "operator")
    with pytest.raises(NotFound, match="no call of this customer matches"):
        take_back_erasure(by(phone=PHONE), deck, "operator")


def test_a_second_request_finds_it_owed_since_the_first(deck: Deck) -> None:
    call, clock = call_of(deck), deck.clock
    assert isinstance(clock, StoppedClock)
    place_hold(CUSTOMER, call.id, "a claim", "lawyer", deck)
    erase_subject(by(phone=PHONE), deck, "operator")
    first = deck.calls.call(call.id).erasure_owed_at
    clock.turn(DAY)
    letter = open_request(CUSTOMER, Right.ERASE, deck)
    again = erase_subject(by(phone=PHONE), deck, "operator", request_id=letter.id)
    assert again.request.outcome == "legal_hold"
    assert deck.calls.call(call.id).erasure_owed_at == first


def test_where_the_ledger_cannot_be_told_the_request_stays_open(
    deck: Deck, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is owed would be forgotten by the next restore."""
    call = call_of(deck)
    place_hold(CUSTOMER, call.id, "a claim", "lawyer", deck)
    letter, append = open_request(CUSTOMER, Right.ERASE, deck), deck.ledger.append

    def full(*entries: Any, **named: Any) -> None:
        if any(each.kind == "owe" for each in entries):
            raise StorageFull("the ledger has no room")
        append(*entries, **named)

    monkeypatch.setattr(deck.ledger, "append", full)
    with pytest.raises(StorageFull):
        erase_subject(by(phone=PHONE), deck, "operator", request_id=letter.id)
    assert deck.calls.call(call.id) == call
    assert deck.rights.requests(open_only=True) == (letter,)


def test_a_hold_that_ends_while_somebody_looks_keeps_nothing(
    deck: Deck, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = call_of(deck)
    hold = place_hold(CUSTOMER, call.id, "a claim", "lawyer", deck)
    look = deck.holds.of

    def released(*arguments: Any) -> Any:
        monkeypatch.setattr(deck.holds, "of", look)
        release_hold(hold.id, "lawyer", deck)
        return look(*arguments)

    monkeypatch.setattr(deck.holds, "of", released)
    done = erase_subject(by(phone=PHONE), deck, "operator")
    assert (done.erased, done.held) == ((call.id,), ())
    assert status(call, deck) is CallStatus.ERASED


def test_of_a_call_that_somebody_else_erased_meanwhile_nothing_is_owed(
    deck: Deck, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = call_of(deck)
    hold = place_hold(CUSTOMER, call.id, "a claim", "lawyer", deck)
    owe = deck.calls.owe_erasure

    def erased(*arguments: Any) -> bool:
        release_hold(hold.id, "lawyer", deck)
        deck.calls.erase_call(call.id, "erased_on_request", deck.clock.now())
        return owe(*arguments)

    monkeypatch.setattr(deck.calls, "owe_erasure", erased)
    done = erase_subject(by(phone=PHONE), deck, "operator")
    assert (done.erased, done.request.outcome) == ((call.id,), "done")


def after_owed(deck: Deck, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """`act` comes between maintenance's look and its deed."""
    owed = deck.calls.owed

    def looked(*arguments: Any) -> Any:
        found = owed(*arguments)
        act()
        return found

    monkeypatch.setattr(deck.calls, "owed", looked)


def test_a_hold_that_is_placed_while_maintenance_looks_keeps_it(
    deck: Deck, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = call_of(deck)
    hold = place_hold(CUSTOMER, call.id, "a claim", "lawyer", deck)
    erase_subject(by(phone=PHONE), deck, "operator")
    release_hold(hold.id, "lawyer", deck)
    after_owed(deck, monkeypatch, lambda: place_hold(CUSTOMER, None, "an audit", "lawyer", deck))
    assert erase_owed(deck) == 0 and status(call, deck) is CallStatus.STORED


def test_closing_the_customer_pays_what_is_owed(deck: Deck) -> None:
    call = call_of(deck)
    hold = place_hold(CUSTOMER, call.id, "a claim", "lawyer", deck)
    erase_subject(by(phone=PHONE), deck, "operator")
    with pytest.raises(Held):
        close_customer(CUSTOMER, deck)
    release_hold(hold.id, "lawyer", deck)
    close_customer(CUSTOMER, deck)
    assert erase_owed(deck) == 0 and deck.calls.owing(CUSTOMER) == ()


@pytest.mark.parametrize("right", [Right.ACCESS, Right.EXPORT])
def test_an_export_answers_access_and_portability(deck: Deck, right: Right) -> None:
    call_of(deck)
    letter = open_request(CUSTOMER, right, deck)
    document = export_subject(by(phone=PHONE), deck, "operator", request_id=letter.id)
    assert document["request"]["id"] == letter.id
    assert deck.rights.request(letter.id).outcome == "done"
    own = export_subject(by(phone=PHONE), deck, "operator", right=right)
    assert deck.rights.request(own["request"]["id"]) == replace(
        deck.rights.request(letter.id),
        id=own["request"]["id"],
        subject=deck.rights.request(own["request"]["id"]).subject,
    )


def test_an_export_answers_no_other_right(deck: Deck) -> None:
    call_of(deck)
    letter = open_request(CUSTOMER, Right.ERASE, deck)
    with pytest.raises(Conflict, match="another right"):
        export_subject(by(phone=PHONE), deck, "operator", request_id=letter.id)
    assert deck.rights.request(letter.id) == letter


def kept_call(deck: Deck) -> Call:
    """Its audio is kept under a consent that somebody declared."""
    claim = ConsentClaim(Purpose.AUDIO_RETENTION, 300 * DAY)
    pushed = submit_call(Intake(CUSTOMER, known=KNOWN), [a_recording()], deck)
    record_consent(pushed.id, claim, deck, ConsentSource.PORTAL)
    (call,) = process_calls([pushed.id], deck, "worker-1")
    assert call.audio is AudioState.RETAINED
    return call


def test_kept_audio_ends_in_the_transaction_of_the_mark(
    deck: Deck, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is killed behind it leaves nothing that opens."""
    call = kept_call(deck)
    place_hold(CUSTOMER, call.id, "a claim", "lawyer", deck)
    owe = deck.calls.owe_erasure

    def killed(*arguments: Any) -> None:
        owe(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(deck.calls, "owe_erasure", killed)
        erase_subject(by(phone=PHONE), deck, "operator")
    owed = deck.calls.call(call.id)
    assert owed.erasure_owed_at is not None
    assert (owed.audio, owed.audio_until) == (AudioState.DESTROYED, None)
    assert not deck.calls.has_audio_key([call.id])[call.id]


def test_the_consent_of_a_call_that_waits_ends_in_the_transaction_of_the_mark(
    deck: Deck, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = ConsentClaim(Purpose.AUDIO_RETENTION, 300 * DAY)
    pushed = submit_call(Intake(CUSTOMER, consents=(claim,)), [a_recording()], deck)
    place_hold(CUSTOMER, pushed.id, "a claim", "lawyer", deck)
    search = Search(CUSTOMER, call_ids=(pushed.id,))
    erase_subject(search, deck, "operator")
    with pytest.raises(Conflict, match="no consent was recorded"):
        record_consent(pushed.id, claim, deck, ConsentSource.PORTAL)
    acts = [each.act for each in deck.consents.of_call(pushed.id)]
    assert acts == [ConsentAct.GIVEN, ConsentAct.WITHDRAWN]
    told = [each.kind for each in deck.ledger.entries()]
    assert told[-3:] == [Kind.OWE, Kind.CONSENT, Kind.ANSWER]
    (call,) = process_calls([pushed.id], deck, "worker-1")
    assert call.audio is AudioState.DESTROYED


def test_a_consent_that_stands_keeps_no_audio_of_a_call_to_be_erased(deck: Deck) -> None:
    """Whatever an older Deckname, killed after the mark, left in the register."""
    claim = ConsentClaim(Purpose.AUDIO_RETENTION, 300 * DAY)
    pushed = submit_call(Intake(CUSTOMER), [a_recording()], deck)
    record_consent(pushed.id, claim, deck, ConsentSource.PORTAL)
    deck.calls.mark_call(pushed.id, Mark.ERASURE, deck.clock.now())
    (call,) = process_calls([pushed.id], deck, "worker-1")
    assert (call.status, call.audio) == (CallStatus.STORED, AudioState.DESTROYED)
    finish_deletions(deck)
    (receipt,) = deck.deletions.receipts(call_id=call.id)
    assert (receipt.body["class"], receipt.body["trigger"]) == ("raw_audio", "request")


@pytest.mark.parametrize("again", ["maintenance", "request"])
def test_audio_that_outlived_the_mark_is_swept(deck: Deck, again: str) -> None:
    call = kept_call(deck)
    place_hold(CUSTOMER, call.id, "a claim", "lawyer", deck)
    deck.calls.mark_call(call.id, Mark.ERASURE, deck.clock.now())
    if again == "request":
        erase_subject(by(phone=PHONE), deck, "operator")
    else:
        assert not any(step.failed for step in clean_up(deck, Leadership("one")))
    assert not deck.calls.has_audio_key([call.id])[call.id]
    (receipt,) = deck.deletions.receipts(call_id=call.id)
    assert (receipt.body["class"], receipt.body["trigger"]) == ("retained_audio", "request")


def test_a_restriction_that_comes_later_keeps_it(deck: Deck) -> None:
    """What somebody needs for a claim of its own (Art. 18 (1) (c) GDPR) comes back no more."""
    call = call_of(deck)
    hold = place_hold(CUSTOMER, call.id, "a claim", "lawyer", deck)
    erase_subject(by(phone=PHONE), deck, "operator")
    restrict_subject(by(phone=PHONE), deck, "operator")
    released = release_hold(hold.id, "lawyer", deck)
    assert owed_under(released, deck) == (call.id,) and freed_by(released, deck) == ()
    assert not any(step.failed for step in clean_up(deck, Leadership("one")))
    assert status(call, deck) is CallStatus.STORED
    lift_restriction(by(phone=PHONE), deck, "operator")
    assert freed_by(released, deck) == (call.id,)
    assert erase_owed(deck) == 1 and status(call, deck) is CallStatus.ERASED
    assert freed_by(released, deck) == ()


def test_a_restriction_that_comes_while_maintenance_looks_keeps_it(
    deck: Deck, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = call_of(deck)
    hold = place_hold(CUSTOMER, call.id, "a claim", "lawyer", deck)
    erase_subject(by(phone=PHONE), deck, "operator")
    release_hold(hold.id, "lawyer", deck)
    after_owed(deck, monkeypatch, lambda: restrict_subject(by(phone=PHONE), deck, "operator"))
    assert erase_owed(deck) == 0 and status(call, deck) is CallStatus.STORED


def test_a_customer_is_asked_once_however_many_of_its_calls_are_held(
    deck: Deck, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two, free = call_of(deck), call_of(deck, ()), call_of(deck, ())
    holds = [place_hold(CUSTOMER, each, "a claim", "lawyer", deck) for each in (one.id, two.id)]
    holds.append(place_hold(CUSTOMER, None, "an audit", "lawyer", deck))
    for each in (one, free):
        deck.calls.mark_call(each.id, Mark.ERASURE, deck.clock.now())
    asked, owing = list[CustomerId](), deck.calls.owing

    def counted(customer_id: CustomerId) -> Any:
        asked.append(customer_id)
        return owing(customer_id)

    monkeypatch.setattr(deck.calls, "owing", counted)
    assert list(erasures_under(holds, deck).values()) == [1, 0, 2]
    assert asked == [CUSTOMER]
