from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.domain.call import Call, Customer, Intake, Outcome, Sealed
from pipeline.domain.errors import Conflict, NotFound, SealBroken
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.privacy import EntityType, PiiSpan
from pipeline.domain.transcript import Segment, Speaker, VerbatimTranscript
from pipeline.stages.redact import redact, to_json, vault_to_json
from pipeline.usecases.customers import add_customer, close_customer
from pipeline.usecases.deck import Deck
from pipeline.usecases.read_transcript import read_transcript, read_vault, reveal_transcript
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


def stored(deck: Deck, *, vault: bool = True) -> Call:
    call = submit_call(Intake(ACME), [WAV_HEAD], deck)
    (claim,) = deck.calls.claim([call.id], "w", deck.clock.now(), deck.policy.lease)
    redacted, originals = redact(VERBATIM, ((PiiSpan(9, 23, EntityType.PERSON, 0.9),),))
    owner, seal = deck.calls.customer(ACME), deck.transcripts.seal
    outcome = Outcome(
        "de",
        2.0,
        seal(owner, call.id, "transcript", to_json(redacted)),
        seal(owner, call.id, "vault", vault_to_json(originals)) if vault else None,
        (("PERSON", 1),),
    )
    return deck.calls.complete(claim, outcome, deck.clock.now())


def test_what_is_read_is_redacted(deck: Deck) -> None:
    call = stored(deck)
    assert read_transcript(call.id, deck, ACME).segments[0].text == "Hier ist [PERSON_1]."


def test_what_was_altered_marks_its_call_and_shows_nothing(
    deck: Deck, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = stored(deck)
    whole = deck.calls.transcript(call.id)
    broken = replace(whole, ciphertext=whole.ciphertext[:-1] + bytes([whole.ciphertext[-1] ^ 1]))
    monkeypatch.setattr(deck.calls, "transcript", lambda _: broken)
    with pytest.raises(SealBroken):
        read_transcript(call.id, deck)
    event = deck.audit.entries[-1][0]  # type: ignore[attr-defined]
    assert (event.name, event.call_id, event.facts) == (
        "content_damaged",
        call.id,
        {"what": "transcript"},
    )


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

    opened, open_sealed = [], deck.transcripts.open

    def watched(owner: Customer, call_id: CallId, purpose: str, sealed: Sealed) -> bytes:
        opened.append(purpose)
        return open_sealed(owner, call_id, purpose, sealed)

    monkeypatch.setattr(deck.audit, "append", refuse)
    monkeypatch.setattr(deck.transcripts, "open", watched)
    with pytest.raises(SealBroken):
        reveal_transcript(call.id, deck, "operator")
    assert opened == ["transcript"]


def test_where_no_vault_was_kept_nothing_is_revealed_and_nothing_on_record(deck: Deck) -> None:
    call = stored(deck, vault=False)
    assert read_transcript(call.id, deck).segments[0].text == "Hier ist [PERSON_1]."
    for verb in (
        lambda: reveal_transcript(call.id, deck, "operator"),
        lambda: read_vault(call, deck),
    ):
        with pytest.raises(Conflict, match="no vault was kept"):
            verb()
    events = [event.name for event, _ in deck.audit.entries]  # type: ignore[attr-defined]
    assert "transcript_revealed" not in events


def test_a_closed_customer_can_be_read_by_nobody(deck: Deck) -> None:
    call = stored(deck)
    close_customer(ACME, deck)
    with pytest.raises(Conflict, match="erased"):
        read_transcript(call.id, deck)
