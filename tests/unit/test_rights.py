"""The rights desk over real and in-memory stores: who asks is found, and what they ask is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pipeline.adapters.audio import decoders
from pipeline.adapters.memory import StoppedClock
from pipeline.domain.call import Call, CallStatus, Intake
from pipeline.domain.consent import ConsentAct, ConsentClaim, Purpose
from pipeline.domain.deletion import DataClass
from pipeline.domain.errors import AccessDenied, Conflict, NotFound, Restricted, UsageError
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.ledger import MARKS
from pipeline.domain.privacy import EntityType, KnownParty, Vault, VaultEntry
from pipeline.domain.recording import AudioState, RecordingLimits
from pipeline.domain.retention_policy import UnsupportedConsent
from pipeline.domain.rights import (
    LegalHold,
    Right,
    may_read_by_llm,
    needs_second_key,
    new_hold_id,
    new_request_id,
    one_month_after,
)
from pipeline.domain.subject import Subject, Why
from pipeline.domain.transcript import Speaker
from pipeline.formats.subject_page import subject_page
from pipeline.formats.subject_words import SUBJECT_WORDS
from pipeline.stages.subject_index import index_tokens, sought
from pipeline.usecases.customers import add_customer, close_customer
from pipeline.usecases.deck import Deck, Transcriber
from pipeline.usecases.describe_processing import describe_processing
from pipeline.usecases.erase_subject import erase_subject
from pipeline.usecases.export_subject import export_subject
from pipeline.usecases.find_subject import Search, find_subject
from pipeline.usecases.finish_deletions import finish_deletions
from pipeline.usecases.hold_calls import place_hold, release_hold
from pipeline.usecases.mark_subject import (
    Marked,
    lift_objection,
    lift_restriction,
    object_subject,
    restrict_subject,
)
from pipeline.usecases.process_calls import process_calls
from pipeline.usecases.read_transcript import read_stored, read_transcript, reveal_transcript
from pipeline.usecases.rectify_subject import rectify_subject
from pipeline.usecases.retention_policy import set_retention
from pipeline.usecases.rights_requests import open_request
from pipeline.usecases.submit_call import submit_call
from tests.decks import disk_deck, memory_deck
from tests.sample_papers import INSTALLATION
from tests.unit.test_process_calls import Script, a_recording

CUSTOMER, OTHER = CustomerId("musterhaus"), CustomerId("nachbar")
PHONE, MAIL = "+49 176 55382044", "s.vogt@example.org"
KNOWN = (
    KnownParty(EntityType.PHONE_NUMBER, PHONE),
    KnownParty(EntityType.EMAIL_ADDRESS, MAIL),
)
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(params=["memory", "disk"])
def deck(request: pytest.FixtureRequest, tmp_path: Path) -> Deck:
    clock, script = StoppedClock(), Script()
    limits = RecordingLimits()
    transcriber = Transcriber(limits, decoders(), lambda: script, lambda: script, lambda: script)
    if request.param == "memory":
        made = memory_deck(clock, transcriber=transcriber)
    else:
        made = disk_deck(tmp_path, clock, transcriber=transcriber)
    for customer in (CUSTOMER, OTHER):
        add_customer(customer, customer.title(), made)
    return made


def call_of(deck: Deck, known: tuple[KnownParty, ...] = KNOWN, customer: str = CUSTOMER) -> Call:
    pushed = submit_call(Intake(CustomerId(customer), known=known), [a_recording()], deck)
    (done,) = process_calls([pushed.id], deck, "worker-1")
    assert done.status is CallStatus.STORED
    return done


def by(customer: CustomerId = CUSTOMER, **subject: str) -> Search:
    return Search(customer, Subject(**subject))


@pytest.mark.parametrize(
    ("subject", "why"),
    [
        ({"phone": "+49 176 55382044"}, Why.PHONE_NUMBER),
        ({"phone": "0176/5538 2044"}, Why.PHONE_NUMBER),
        ({"phone": "null eins sieben sechs fünf fünf drei acht zwei null vier vier"},
         Why.PHONE_NUMBER),
        ({"email": "S.Vogt@Example.org"}, Why.EMAIL_ADDRESS),
        ({"name": "Sabine Vogt"}, Why.FULL_NAME),
        ({"name": "Vogt, Sabine"}, Why.FULL_NAME),
        ({"name": "Frau Dr. Sabine Vogt"}, Why.FULL_NAME),
    ],
)  # fmt: skip
def test_somebody_is_found(deck: Deck, subject: dict[str, str], why: Why) -> None:
    call = call_of(deck)
    call_of(deck, customer=OTHER)
    found = find_subject(by(**subject), deck)
    assert [match.call.id for match in found.certain] == [call.id]
    assert why in found.certain[0].why
    assert found.subject is not None and len(found.subject) == 64


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Vogt", Why.LAST_NAME),
        ("Frau Vogt", Why.LAST_NAME),
        ("Martina Vogt", Why.LAST_NAME),
        ("Sabine Fogt", Why.SOUNDS_ALIKE),
        ("Sabine", Why.NAME_PART),
    ],
)
def test_what_only_may_be_somebody_is_not_acted_upon(deck: Deck, name: str, why: Why) -> None:
    call = call_of(deck)
    found = find_subject(by(name=name), deck)
    (match,) = found.possible
    assert found.certain == () and why in match.why
    for act in (erase_subject, export_subject, restrict_subject, object_subject):
        with pytest.raises(NotFound, match="1 may"):
            act(by(name=name), deck, "operator")
    assert read_transcript(call.id, deck).segments
    assert deck.calls.call(call.id).objected_at is None


@pytest.mark.parametrize(
    "subject",
    [{"phone": "+49 176 55382045"}, {"phone": "+43 176 55382044"}, {"email": "x@example.org"},
     {"name": "Peter Kramer"}],
)  # fmt: skip
def test_nobody_else_is_found(deck: Deck, subject: dict[str, str]) -> None:
    call_of(deck)
    found = find_subject(by(**subject), deck)
    assert found.certain == () == found.possible
    with pytest.raises(NotFound, match="no call of this customer matches"):
        erase_subject(by(**subject), deck, "operator")
    (request,) = deck.rights.requests(CUSTOMER)
    assert request.outcome == "nothing_found"


@pytest.mark.parametrize(
    "subject", [{"phone": "12"}, {"email": "nobody"}, {"name": "x"}, {"name": "Frau"}]
)
def test_what_is_no_number_address_or_name_is_said(subject: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        sought(Subject(**subject), b"secret")


def test_calls_are_found_by_id_and_all_of_a_customer(deck: Deck) -> None:
    first, second = call_of(deck), call_of(deck, ())
    found = find_subject(Search(CUSTOMER, call_ids=(first.id,)), deck)
    assert [match.why for match in found.certain] == [(Why.CALL_ID,)]
    everything = find_subject(Search(CUSTOMER, everything=True), deck)
    assert {match.call.id for match in everything.certain} == {first.id, second.id}
    assert everything.subject is None
    with pytest.raises(NotFound):
        find_subject(Search(OTHER, call_ids=(first.id,)), deck)
    close_customer(CUSTOMER, deck)
    with pytest.raises(Conflict, match="closed"):
        find_subject(by(name="Sabine Vogt"), deck)


def test_an_erasure_leaves_receipts_and_nothing_to_find(deck: Deck) -> None:
    call, other = call_of(deck), call_of(deck, customer=OTHER)
    finish_deletions(deck)
    done = erase_subject(by(phone=PHONE), deck, "operator")
    assert done.erased == (call.id,) and done.held == ()
    assert [receipt.body["class"] for receipt in done.receipts] == ["transcript"]
    assert done.request.right is Right.ERASE and done.request.outcome == "done"
    with pytest.raises(Conflict, match="erased"):
        read_transcript(call.id, deck)
    assert find_subject(by(phone=PHONE), deck).certain == ()
    assert deck.subjects.tokens(call.id) == ()
    assert read_transcript(other.id, deck).segments
    with pytest.raises(NotFound, match="erased before"):
        erase_subject(Search(CUSTOMER, call_ids=(call.id,)), deck, "operator")


def test_a_hold_answers_with_its_reason(deck: Deck) -> None:
    call = call_of(deck)
    hold = place_hold(CUSTOMER, call.id, "a claim is pending", "lawyer", deck, NOON + timedelta(9))
    done = erase_subject(by(name="Sabine Vogt"), deck, "operator")
    assert done.erased == () and done.request.outcome == "legal_hold"
    ((held_id, holds),) = done.held
    assert held_id == call.id and holds[0].reason == "a claim is pending"
    assert read_stored(deck.calls.call(call.id), deck).segments
    with pytest.raises(Conflict):
        close_customer(CUSTOMER, deck)
    release_hold(hold.id, "lawyer", deck)
    with pytest.raises(Conflict):
        release_hold(hold.id, "lawyer", deck)
    assert erase_subject(by(name="Sabine Vogt"), deck, "operator").erased == (call.id,)


def test_a_hold_of_the_customer_keeps_all_its_calls(deck: Deck) -> None:
    call, other = call_of(deck), call_of(deck, customer=OTHER)
    place_hold(CUSTOMER, None, "tax audit", "tax-adviser", deck)
    assert erase_subject(by(phone=PHONE), deck, "operator").held[0][0] == call.id
    assert erase_subject(by(OTHER, phone=PHONE), deck, "operator").erased == (other.id,)
    now = deck.clock.now()
    assert len(deck.holds.of(CUSTOMER, call.id, now)) == len(deck.holds.in_force(now)) == 1
    assert deck.holds.of(OTHER, other.id, now) == ()


@pytest.mark.parametrize(
    ("reason", "role"), [("", "lawyer"), ("x" * 201, "lawyer"), ("two\nlines", "lawyer"),
                         ("fine", "Dr. Weber"), ("fine", "")]
)  # fmt: skip
def test_a_hold_needs_a_reason_and_a_role(deck: Deck, reason: str, role: str) -> None:
    call = call_of(deck)
    with pytest.raises(UsageError):
        place_hold(CUSTOMER, call.id, reason, role, deck)
    assert deck.holds.in_force(deck.clock.now()) == ()


def test_a_hold_ends_by_itself_and_not_in_the_past(deck: Deck) -> None:
    call = call_of(deck)
    with pytest.raises(UsageError):
        place_hold(CUSTOMER, call.id, "late", "lawyer", deck, deck.clock.now())
    with pytest.raises(NotFound):
        place_hold(OTHER, call.id, "another's call", "lawyer", deck)
    place_hold(CUSTOMER, call.id, "soon over", "lawyer", deck, NOON + timedelta(1))
    assert isinstance(deck.clock, StoppedClock)
    deck.clock.turn(timedelta(1))
    assert deck.holds.in_force(deck.clock.now()) == ()
    assert erase_subject(by(phone=PHONE), deck, "operator").erased == (call.id,)


def test_a_large_erasure_wants_a_second_person(deck: Deck) -> None:
    for _ in range(3):
        call_of(deck)
    with pytest.raises(Conflict):
        erase_subject(by(phone=PHONE), deck, "operator")
    assert len(find_subject(by(phone=PHONE), deck).certain) == 3
    from pipeline.usecases.second_key import Confirmation

    with pytest.raises((AccessDenied, Conflict)):
        erase_subject(by(phone=PHONE), deck, "operator", Confirmation("board", 3, "guessed"))
    assert len(find_subject(by(phone=PHONE), deck).certain) == 3


def test_a_restricted_call_stays_and_is_not_shown(deck: Deck) -> None:
    call = call_of(deck)
    assert restrict_subject(by(phone=PHONE), deck, "operator") == Marked((call.id,))
    for verb in (
        lambda: read_transcript(call.id, deck),
        lambda: reveal_transcript(call.id, deck, "operator"),
    ):
        with pytest.raises(Restricted):
            verb()
    assert not may_read_by_llm(deck.calls.call(call.id))
    assert lift_restriction(by(phone=PHONE), deck, "operator") == Marked((call.id,))
    assert lift_restriction(by(phone=PHONE), deck, "operator") == Marked((), unchanged=1)
    assert read_transcript(call.id, deck).segments
    assert may_read_by_llm(deck.calls.call(call.id))
    assert {entry.kind for entry in deck.ledger.entries()} >= {"restrict", "lift"}


def test_what_was_erased_bears_no_mark_and_answers_no_request(deck: Deck) -> None:
    call, living = call_of(deck), call_of(deck, ())
    letter = open_request(CUSTOMER, Right.RESTRICT, deck)
    deck.calls.erase_call(call.id, "erased_on_request", deck.clock.now())
    gone = Search(CUSTOMER, call_ids=(call.id,))
    for mark in (lift_restriction, lift_objection, object_subject):
        with pytest.raises(NotFound, match="was erased"):
            mark(gone, deck, "operator")
    with pytest.raises(NotFound, match="was erased"):
        restrict_subject(gone, deck, "operator", letter.id)
    assert deck.calls.call(call.id).restricted_at is None
    assert deck.rights.requests() == (letter,)
    both = Search(CUSTOMER, call_ids=(call.id, living.id))
    assert restrict_subject(both, deck, "operator") == Marked((living.id,), erased=1)


MARKING = (
    (restrict_subject, Right.RESTRICT, "call_restricted"),
    (object_subject, Right.OBJECT, "call_objected"),
)


@pytest.mark.parametrize(("mark", "right", "event"), MARKING)
def test_a_mark_that_stands_answers_no_request_of_its_own(
    deck: Deck, mark: Callable[..., Marked], right: Right, event: str
) -> None:
    call = call_of(deck)
    assert mark(by(phone=PHONE), deck, "operator") == Marked((call.id,))
    before = deck.calls.call(call.id)
    told = len([each for each in deck.ledger.entries() if each.kind in MARKS])
    assert mark(by(phone=PHONE), deck, "operator") == Marked((), unchanged=1)
    assert [request.outcome for request in deck.rights.requests()] == ["done"]
    letter = open_request(CUSTOMER, right, deck)
    assert mark(by(phone=PHONE), deck, "operator", letter.id) == Marked((), unchanged=1)
    closed = deck.rights.request(letter.id)
    assert (closed.outcome, closed.calls) == ("already_done", 0)
    assert deck.calls.call(call.id) == before
    assert len([each for each in deck.ledger.entries() if each.kind in MARKS]) == told


@pytest.mark.parametrize("mark", [restrict_subject, object_subject])
def test_marks_that_are_set_at_the_same_time_both_stand(
    deck: Deck, monkeypatch: pytest.MonkeyPatch, mark: Callable[..., Marked]
) -> None:
    """Whoever comes first has read the call by then, and knows nothing of the other."""
    call, set_mark = call_of(deck), deck.calls.mark_call
    (other,) = {restrict_subject, object_subject} - {mark}

    def after_the_other(*arguments: Any) -> bool:
        monkeypatch.setattr(deck.calls, "mark_call", set_mark)
        other(by(phone=PHONE), deck, "operator")
        return set_mark(*arguments)

    monkeypatch.setattr(deck.calls, "mark_call", after_the_other)
    mark(by(phone=PHONE), deck, "operator")
    marked = deck.calls.call(call.id)
    assert marked.restricted_at is not None and marked.objected_at is not None


def test_a_mark_tells_of_calls_that_were_not_searched(deck: Deck) -> None:
    call = call_of(deck)
    submit_call(Intake(CUSTOMER, known=KNOWN), [a_recording()], deck)
    assert restrict_subject(by(phone=PHONE), deck, "operator") == Marked((call.id,), waiting=1)


def test_a_language_model_reads_stored_calls_only(deck: Deck) -> None:
    waiting = submit_call(Intake(CUSTOMER, known=KNOWN), [a_recording()], deck)
    assert not may_read_by_llm(waiting)
    call = call_of(deck)
    assert may_read_by_llm(deck.calls.call(call.id))
    deck.calls.erase_call(call.id, "erased_on_request", deck.clock.now())
    assert not may_read_by_llm(deck.calls.call(call.id))


def test_calls_that_wait_are_not_passed_over_in_silence(deck: Deck) -> None:
    call_of(deck)
    waiting = submit_call(Intake(CUSTOMER, known=KNOWN), [a_recording()], deck)
    assert find_subject(by(phone=PHONE), deck).waiting == 1
    assert find_subject(Search(CUSTOMER, everything=True), deck).waiting == 0
    with pytest.raises(NotFound, match="1 call waits for its transcript and was not searched"):
        erase_subject(by(phone="+49 30 1234567"), deck, "operator")
    done = erase_subject(by(phone=PHONE), deck, "operator")
    assert (len(done.erased), done.waiting) == (1, 1)
    process_calls([waiting.id], deck, "worker-1")
    again = erase_subject(by(phone=PHONE), deck, "operator")
    assert (again.erased, again.waiting) == ((waiting.id,), 0)


def test_an_objection_keeps_language_models_away(deck: Deck) -> None:
    call = call_of(deck)
    assert object_subject(by(email=MAIL), deck, "operator") == Marked((call.id,))
    assert not may_read_by_llm(deck.calls.call(call.id))
    assert read_transcript(call.id, deck).segments


def test_an_objection_can_be_withdrawn(deck: Deck) -> None:
    call = call_of(deck)
    object_subject(by(email=MAIL), deck, "operator")
    restrict_subject(by(email=MAIL), deck, "operator")
    assert lift_objection(by(email=MAIL), deck, "operator") == Marked((call.id,))
    marked = deck.calls.call(call.id)
    assert marked.objected_at is None and marked.restricted_at is not None
    assert lift_objection(by(email=MAIL), deck, "operator") == Marked((), unchanged=1)
    lift_restriction(by(email=MAIL), deck, "operator")
    assert may_read_by_llm(deck.calls.call(call.id))
    told = [entry.kind for entry in deck.ledger.entries() if entry.kind in MARKS]
    assert told == ["object", "restrict", "lift_objection", "lift"]
    assert deck.audit.verify() > 0


def test_a_rectified_name_is_found_and_shown(deck: Deck) -> None:
    call = call_of(deck)
    rectify_subject(call.id, CUSTOMER, "[PERSON_1]", "Sabine Voigt", deck)
    _, texts = reveal_transcript(call.id, deck, "operator")
    assert "Sabine Voigt" in " ".join(texts)
    assert find_subject(by(name="Sabine Voigt"), deck).certain[0].call.id == call.id
    assert find_subject(by(name="Sabine Vogt"), deck).certain == ()
    with pytest.raises(NotFound, match="no such pseudonym"):
        rectify_subject(call.id, CUSTOMER, "[PERSON_9]", "Nobody", deck)


@pytest.mark.parametrize("value", ["", "  ", "x" * 501, "two\nlines", "bell\a"])
def test_a_value_is_one_line(deck: Deck, value: str) -> None:
    call = call_of(deck)
    with pytest.raises(UsageError, match="one line"):
        rectify_subject(call.id, CUSTOMER, "[PERSON_1]", value, deck)
    assert deck.rights.requests() == ()


def test_an_export_holds_what_is_kept_and_who_it_is_about(deck: Deck) -> None:
    call = call_of(deck)
    for language in ("de", "en"):
        document = export_subject(by(name="Sabine Vogt"), deck, "operator", language)
        assert [each["id"] for each in document["calls"]] == [call.id]
        assert "Sabine Vogt" in str(document)
    assert {request.right for request in deck.rights.requests(CUSTOMER)} == {Right.EXPORT}


def test_an_export_says_what_it_does_not_restore(deck: Deck) -> None:
    call = call_of(deck)
    document = export_subject(by(phone=PHONE), deck, "operator", "en")
    named = export_subject(Search(CUSTOMER, call_ids=(call.id,)), deck, "operator", "en")
    everything = set(read_transcript(call.id, deck).pseudonyms)
    for each in (document, named):
        (told,) = (told["transcript"] for told in each["calls"])
        assert set(told["own"]) | set(told["hidden"]) == everything
        assert told["hidden"] and told["vault_kept"]
        assert told["hidden_because"] == SUBJECT_WORDS["en"].hidden
        page = subject_page(each, BERLIN)
        assert "Placeholders that stay" in page and "Art. 15 (4)" in page
        assert all(name in page for name in told["hidden"])
    assert named["calls"][0]["transcript"]["own"] == {}
    own = sorted(everything)
    whole = export_subject(Search(CUSTOMER, call_ids=(call.id,)), deck, "operator", "en", own)
    told = whole["calls"][0]["transcript"]
    assert (told["hidden"], told["hidden_because"]) == ({}, None)
    assert "Placeholders that stay" not in subject_page(whole, BERLIN)


@pytest.mark.parametrize(
    ("language", "possible", "waiting", "nobodys"),
    [("de", "feststeht, dass es Ihre sind: 1.", "nicht durchsucht wurden: 1.", "vollständig"),
     ("en", "certain that they are yours: 1.", "therefore not searched: 1.", "all of them")],
)  # fmt: skip
def test_a_letter_says_what_is_not_in_it(
    deck: Deck, language: str, possible: str, waiting: str, nobodys: str
) -> None:
    call_of(deck)
    told = export_subject(by(name="Sabine Vogt"), deck, "operator", language)
    page = subject_page(told, BERLIN)
    assert possible not in page and waiting not in page and nobodys not in page
    rectify_subject(call_of(deck).id, CUSTOMER, "[PERSON_1]", "Martina Vogt", deck)
    submit_call(Intake(CUSTOMER), [a_recording()], deck)
    told = export_subject(by(name="Sabine Vogt"), deck, "operator", language)
    page = subject_page(told, BERLIN)
    assert possible in page and waiting in page


def test_an_export_tells_of_calls_that_have_no_transcript(deck: Deck) -> None:
    waiting = submit_call(Intake(CUSTOMER, known=KNOWN), [a_recording()], deck)
    gone = call_of(deck)
    deck.calls.erase_call(gone.id, "erased_on_request", deck.clock.now())
    finish_deletions(deck)
    search = Search(CUSTOMER, call_ids=(waiting.id, gone.id))
    document = export_subject(search, deck, "operator", "en")
    told = {call["id"]: call for call in document["calls"]}
    assert told[waiting.id]["transcript"] is told[gone.id]["transcript"] is None
    assert {each["class"] for each in told[gone.id]["deletions"]} == {"raw_audio", "transcript"}
    page = subject_page(document, BERLIN)
    assert "<h4>Transcript</h4>" not in page
    label = SUBJECT_WORDS["en"].labels["transcript_until"]
    assert told[gone.id]["retention"]["transcript_until"] is None
    assert page.count(label) == 1  # of the one that waits; the other has no end any more


def test_a_letter_names_the_end_that_todays_rules_give(deck: Deck) -> None:
    call = call_of(deck)
    search = Search(CUSTOMER, call_ids=(call.id,))

    def told_end() -> str | None:
        (told,) = export_subject(search, deck, "operator", "en")["calls"]
        end = told["retention"]["transcript_until"]
        assert end is None or isinstance(end, str)
        return end

    assert told_end() is None
    set_retention(CUSTOMER, deck, "30d")
    end = call.received_at + timedelta(days=30)
    assert told_end() == end.isoformat()
    set_retention(CUSTOMER, deck, "90d")
    assert told_end() == (call.received_at + timedelta(days=90)).isoformat()
    set_retention(CUSTOMER, deck, "contract")
    assert told_end() is None


def test_a_letter_promises_no_audio_that_nobody_consents_to(deck: Deck) -> None:
    """The rule was set just now, and maintenance is still to come."""
    set_retention(CUSTOMER, deck, unsupported=UnsupportedConsent.KEEP)
    flag = ConsentClaim(Purpose.AUDIO_RETENTION, timedelta(days=20))
    pushed = submit_call(Intake(CUSTOMER, consents=(flag,)), [a_recording()], deck)
    process_calls([pushed.id], deck, "worker-1")
    search = Search(CUSTOMER, call_ids=(pushed.id,))
    ends = []
    for rule in (UnsupportedConsent.KEEP, UnsupportedConsent.DESTROY):
        set_retention(CUSTOMER, deck, unsupported=rule)
        (told,) = export_subject(search, deck, "operator")["calls"]
        ends.append(told["retention"]["audio_until"])
    assert ends == [(pushed.received_at + timedelta(days=20)).isoformat(), None]


def test_a_slip_leaves_no_request_open(deck: Deck) -> None:
    one, two = call_of(deck), call_of(deck)
    for calls, error in (((one.id, two.id), UsageError), ((one.id,), NotFound)):
        with pytest.raises(error):
            export_subject(Search(CUSTOMER, call_ids=calls), deck, "operator", own=["[IBAN_9]"])
    waiting = submit_call(Intake(CUSTOMER), [a_recording()], deck)
    with pytest.raises(NotFound, match="no such pseudonym"):
        export_subject(
            Search(CUSTOMER, call_ids=(waiting.id,)), deck, "operator", own=["[PERSON_1]"]
        )
    assert deck.rights.requests() == ()


def test_a_letter_that_found_nobody_stays_open(deck: Deck) -> None:
    call_of(deck)
    letter = open_request(CUSTOMER, Right.ERASE, deck)
    with pytest.raises(NotFound):
        erase_subject(by(phone="+49 30 1234567"), deck, "operator", request_id=letter.id)
    assert deck.rights.requests(open_only=True) == (letter,)
    done = erase_subject(by(phone=PHONE), deck, "operator", request_id=letter.id)
    assert done.request.id == letter.id and deck.rights.requests(open_only=True) == ()


CODES = [CallStatus, AudioState, Speaker, Purpose, ConsentAct, DataClass, EntityType]


@pytest.mark.parametrize("codes", CODES)
def test_a_german_letter_has_words_for_every_code(codes: type[StrEnum]) -> None:
    german = SUBJECT_WORDS["de"]
    assert [code for code in codes if german.code(code) == code] == []


def test_both_letters_have_the_same_headings() -> None:
    german, english = SUBJECT_WORDS["de"], SUBJECT_WORDS["en"]
    assert german.labels.keys() == english.labels.keys()
    assert english.codes.keys() <= german.codes.keys()
    assert len(german.rights) == len(english.rights)


def test_requests_have_a_clock(deck: Deck) -> None:
    call_of(deck)
    restrict_subject(by(phone=PHONE), deck, "operator")
    (request,) = deck.rights.requests(CUSTOMER)
    assert request.due_at == one_month_after(request.received_at, UTC)
    assert deck.rights.requests(CUSTOMER, open_only=True) == ()
    assert deck.rights.request(request.id) == request
    assert deck.rights.requests(OTHER) == ()
    with pytest.raises(Conflict):
        deck.rights.close(request.id, "done", 1, deck.clock.now())
    with pytest.raises(NotFound):
        deck.rights.request(new_request_id())


def test_nothing_in_clear_is_written_anywhere(deck: Deck, tmp_path: Path) -> None:
    call = call_of(deck)
    place_hold(CUSTOMER, call.id, "a claim", "lawyer", deck)
    export_subject(by(name="Sabine Vogt"), deck, "operator", "de")
    erase_subject(by(phone=PHONE), deck, "operator")
    for content in _written(tmp_path):
        for word in (b"Sabine", b"Vogt", b"55382044", b"s.vogt@"):
            assert word not in content


def _written(folder: Path) -> Iterator[bytes]:
    for file in folder.rglob("*"):
        if file.is_file():
            yield file.read_bytes()


@pytest.mark.parametrize(
    ("received", "due"),
    [
        (datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 2, 28, tzinfo=UTC)),
        (datetime(2028, 1, 31, tzinfo=UTC), datetime(2028, 2, 29, tzinfo=UTC)),
        (datetime(2100, 1, 30, tzinfo=UTC), datetime(2100, 2, 28, tzinfo=UTC)),
        (datetime(2028, 2, 29, 23, 59, tzinfo=UTC), datetime(2028, 3, 29, 23, 59, tzinfo=UTC)),
        (datetime(2026, 8, 31, tzinfo=UTC), datetime(2026, 9, 30, tzinfo=UTC)),
        (datetime(2026, 12, 31, tzinfo=UTC), datetime(2027, 1, 31, tzinfo=UTC)),
        (datetime(2026, 12, 15, tzinfo=UTC), datetime(2027, 1, 15, tzinfo=UTC)),
        (datetime(2026, 11, 30, tzinfo=UTC), datetime(2026, 12, 30, tzinfo=UTC)),
    ],
)
def test_one_month_after(received: datetime, due: datetime) -> None:
    assert one_month_after(received, UTC) == due


@pytest.mark.parametrize(
    ("zone", "received", "due"),
    [
        # 1 February in Berlin, not the last of January: 1 March, not 28 February.
        ("Europe/Berlin", "2026-01-31T23:30+00:00", "2026-02-28T23:30+00:00"),
        ("Europe/Berlin", "2026-01-30T23:30+00:00", "2026-02-27T23:30+00:00"),
        ("America/New_York", "2026-02-01T02:00+00:00", "2026-03-01T02:00+00:00"),
        # The clocks go forward between the two: the same hour of the day.
        ("Europe/Berlin", "2026-03-15T12:00+00:00", "2026-04-15T11:00+00:00"),
    ],
)
def test_a_month_has_the_days_of_the_calendar_on_the_wall(
    zone: str, received: str, due: str
) -> None:
    at = datetime.fromisoformat(received)
    assert one_month_after(at, ZoneInfo(zone)) == datetime.fromisoformat(due)


def test_the_day_by_which_to_answer_is_that_of_the_letter(deck: Deck) -> None:
    """One zone for the clock of a request, the list and the letter."""
    clock: Any = deck.clock
    clock.turn(datetime(2026, 1, 15, 22, 30, tzinfo=UTC) - clock.now())
    zoned = replace(deck, policy=replace(deck.policy, zone=BERLIN))
    request = open_request(CUSTOMER, Right.EXPORT, zoned, clock.now() + timedelta(hours=-22.5))
    late = open_request(CUSTOMER, Right.EXPORT, zoned)
    assert [each.due_at.astimezone(BERLIN).day for each in (request, late)] == [15, 15]
    midnight = datetime(2026, 2, 15, 23, tzinfo=UTC)
    assert not request.overdue(midnight - timedelta(microseconds=1), BERLIN)
    assert request.overdue(midnight, BERLIN) and not request.overdue(midnight, UTC)
    clock.turn(midnight - clock.now())
    assert describe_processing(INSTALLATION, zoned).total.overdue == 2
    assert describe_processing(INSTALLATION, deck).total.overdue == 0


def test_a_request_is_overdue_when_its_last_day_is_over(deck: Deck) -> None:
    request = open_request(CUSTOMER, Right.EXPORT, deck, NOON.replace(hour=0))
    due = datetime(2026, 2, 28, tzinfo=UTC)
    assert request.due_at == due
    assert not request.overdue(due, UTC)
    assert not request.overdue(due.replace(hour=23, minute=59), UTC)
    assert request.overdue(due + timedelta(days=1), UTC)
    closed = deck.rights.close(request.id, "done", 0, due)
    assert not closed.overdue(due + timedelta(days=9), UTC)


def test_a_hold_holds_until_its_end_or_release() -> None:
    hold = LegalHold(new_hold_id(), CUSTOMER, None, "why", "lawyer", NOON, NOON + timedelta(1))
    assert hold.holds(NOON) and not hold.holds(NOON + timedelta(1))
    assert replace(hold, until=None).holds(NOON + timedelta(999))
    assert not replace(hold, released_at=NOON).holds(NOON)


@pytest.mark.parametrize(
    ("erased", "of", "needed"),
    [(1, 1, False), (2, 4, False), (2, 3, True), (20, 1000, False), (21, 1000, True)],
)
def test_when_a_second_key_is_needed(erased: int, of: int, needed: bool) -> None:
    assert needs_second_key(erased, of) is needed


def test_an_unknown_call_has_no_tokens(deck: Deck) -> None:
    assert deck.subjects.tokens(CallId("call_" + "0" * 32)) == ()
    assert deck.subjects.count(CUSTOMER) == 0


def tokens(*entries: tuple[EntityType, str], known: tuple[KnownParty, ...] = ()) -> set[str]:
    vault = Vault(
        tuple(
            VaultEntry(f"[{kind}_{number}]", kind, 0, 0, original)
            for number, (kind, original) in enumerate(entries, start=1)
        )
    )
    return set(index_tokens(vault, known, "de", b"secret"))


NUMBERS = (
    "+49 176 55382044",
    "0049 176 55382044",
    "+49 (0) 176 55382044",
    "0176/5538-2044",
    "null eins sieben sechs fünf fünf drei acht zwei null vier vier",
    "plus neunundvierzig eins sieben sechs fünf fünf drei acht zwei null vier vier",
    "null eins sieben sechs, fünfundfünfzig achtunddreißig zwanzig vierundvierzig",
)
ADDRESSES = (
    "s.vogt@example.org",
    "S.Vogt@Example.org",
    "s Punkt Vogt ät example Punkt org",
    "s Punkt Vogt Klammeraffe example Punkt org",
)
NAMES = (
    "Sabine Müller",
    "Sabine Mueller",
    "Müller, Sabine",
    "Frau Dr. Sabine Müller",
    "S-A-B-I-N-E Müller",
    "SABINE MÜLLER",
)


@pytest.mark.parametrize("said", NUMBERS)
@pytest.mark.parametrize("asked", NUMBERS)
def test_a_number_is_found_however_it_was_said(said: str, asked: str) -> None:
    assert found(tokens((EntityType.PHONE_NUMBER, said)), phone=asked)


@pytest.mark.parametrize("said", ADDRESSES)
@pytest.mark.parametrize("asked", ADDRESSES)
def test_an_address_is_found_however_it_was_said(said: str, asked: str) -> None:
    assert found(tokens((EntityType.EMAIL_ADDRESS, said)), email=asked)


@pytest.mark.parametrize("said", NAMES)
@pytest.mark.parametrize("asked", NAMES)
def test_a_name_is_found_however_it_was_written(said: str, asked: str) -> None:
    assert found(tokens((EntityType.PERSON, said)), name=asked)


def found(held: set[str], **subject: str) -> bool:
    """Whether for certain."""
    asked = sought(Subject(**subject), b"secret")
    return any(each.certain and each.token in held for each in asked)


def test_what_nobody_is_found_by_has_no_token() -> None:
    place = KnownParty(EntityType.LOCATION, "Köln")
    assert tokens((EntityType.LOCATION, "Köln"), known=(place,)) == set()
    assert tokens((EntityType.EMAIL_ADDRESS, "irgendwas ohne klammeraffe")) == set()
    assert tokens((EntityType.PHONE_NUMBER, "12")) == set()


def test_a_number_without_its_country_is_found_with_and_without_it() -> None:
    said = tokens((EntityType.PHONE_NUMBER, "55382044"))
    for number in ("55382044", "+49 55382044"):
        assert {each.token for each in sought(Subject(phone=number), b"secret")} & said
    assert not {each.token for each in sought(Subject(phone="55382045"), b"secret")} & said


def test_a_short_name_has_no_sound() -> None:
    said = tokens((EntityType.PERSON, "Ng"))
    found = sought(Subject(name="Ng"), b"secret")
    assert {each.token for each in found} & said
    assert Why.SOUNDS_ALIKE not in {each.why for each in found}


def test_another_secret_finds_nothing() -> None:
    said = tokens((EntityType.PERSON, "Sabine Vogt"))
    assert not {each.token for each in sought(Subject(name="Sabine Vogt"), b"other")} & said
