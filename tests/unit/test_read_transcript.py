from __future__ import annotations

import pytest

from pipeline.domain.call import Call, Intake, Outcome
from pipeline.domain.errors import Conflict, KeyDestroyed, NotFound, SealBroken
from pipeline.domain.ids import CustomerId
from pipeline.domain.privacy import EntityType, PiiSpan
from pipeline.domain.transcript import Segment, Speaker, VerbatimTranscript
from pipeline.stages.redact import redact, to_json, vault_to_json
from pipeline.usecases.customers import add_customer, close_customer
from pipeline.usecases.deck import Deck
from pipeline.usecases.read_transcript import read_transcript, reveal_transcript
from pipeline.usecases.submit_call import submit_call
from tests.decks import WAV_HEAD, memory_deck

ACME, OTHER = CustomerId("acme"), CustomerId("other")
SAID = "Hier ist Martina Keller."
VERBATIM = VerbatimTranscript("de", 2.0, (Segment(Speaker.CALLER, 0.0, 2.0, SAID),))


@pytest.fixture
def deck() -> Deck:
    deck = memory_deck()
    add_customer("acme", "Acme", deck)
    add_customer("other", "Other", deck)
    return deck


def stored(deck: Deck) -> Call:
    call = submit_call(Intake(ACME), [WAV_HEAD], deck)
    (claim,) = deck.calls.claim([call.id], "w", deck.clock.now(), deck.policy.lease)
    redacted, vault = redact(VERBATIM, ((PiiSpan(9, 23, EntityType.PERSON, 0.9),),))
    owner = deck.calls.customer(ACME)
    outcome = Outcome(
        "de",
        2.0,
        deck.transcripts.seal(owner, call.id, "transcript", to_json(redacted)),
        deck.transcripts.seal(owner, call.id, "vault", vault_to_json(vault)),
        (("PERSON", 1),),
    )
    return deck.calls.complete(claim, outcome, deck.clock.now())


def test_what_is_read_is_redacted(deck: Deck) -> None:
    call = stored(deck)
    assert read_transcript(call.id, deck, ACME).segments[0].text == "Hier ist [PERSON_1]."


def test_another_customer_finds_nothing(deck: Deck) -> None:
    call = stored(deck)
    with pytest.raises(NotFound):
        read_transcript(call.id, deck, OTHER)


def test_unfinished_and_failed_calls_have_none(deck: Deck) -> None:
    call = submit_call(Intake(ACME), [WAV_HEAD], deck)
    with pytest.raises(Conflict, match="still received"):
        read_transcript(call.id, deck)
    (claim,) = deck.calls.claim([call.id], "w", deck.clock.now(), deck.policy.lease)
    deck.calls.fail(claim, "recording_rejected:no_audio", deck.clock.now())
    with pytest.raises(Conflict, match=r"failed .*no_audio"):
        read_transcript(call.id, deck)


def test_revealing_is_on_record_before_anything_is_opened(deck: Deck) -> None:
    call = stored(deck)
    _, texts = reveal_transcript(call.id, deck, "operator")
    assert texts == (SAID,)
    event = deck.audit.entries[-1][0]  # type: ignore[attr-defined]
    assert (event.name, event.call_id) == ("transcript_revealed", call.id)
    assert event.facts == {"actor": "operator"}


def test_without_a_record_there_is_no_reveal(deck: Deck, monkeypatch: pytest.MonkeyPatch) -> None:
    call = stored(deck)

    def refuse(event: object) -> None:
        raise SealBroken("the audit log is broken")

    def opened(*arguments: object) -> None:
        raise AssertionError("the vault was opened")

    monkeypatch.setattr(deck.audit, "append", refuse)
    monkeypatch.setattr(deck.calls, "vault", opened)
    with pytest.raises(SealBroken):
        reveal_transcript(call.id, deck, "operator")


def test_a_closed_customer_can_be_read_by_nobody(deck: Deck) -> None:
    call = stored(deck)
    close_customer(ACME, deck)
    with pytest.raises(KeyDestroyed):
        read_transcript(call.id, deck)
