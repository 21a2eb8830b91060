"""What a push says of consent, what was said in the call, and what becomes of the voice."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline.adapters.audio import decoders
from pipeline.adapters.memory import StoppedClock
from pipeline.domain.call import Call, CallStatus, Intake
from pipeline.domain.consent import (
    ConsentAct,
    ConsentClaim,
    ConsentEntry,
    ConsentSource,
    Purpose,
    in_force,
    last_of,
)
from pipeline.domain.errors import Conflict, KeyDestroyed, ServiceUnavailable
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.recording import RecordingLimits
from pipeline.domain.retention_policy import RetentionPolicy, UnsupportedConsent
from pipeline.domain.rights import Mark
from pipeline.domain.transcript import TimeSpan, Word
from pipeline.ports import Samples
from pipeline.usecases.clean_up import Leadership, clean_up
from pipeline.usecases.customers import add_customer
from pipeline.usecases.deck import Deck, Transcriber
from pipeline.usecases.finish_deletions import finish_deletions
from pipeline.usecases.process_calls import process_calls
from pipeline.usecases.read_audio import read_original_audio
from pipeline.usecases.read_consents import described, read_consents
from pipeline.usecases.record_consent import Withdrawal, record_consent, withdraw_consent
from pipeline.usecases.retention_policy import set_retention
from pipeline.usecases.submit_call import submit_call
from tests.decks import disk_deck, memory_deck
from tests.scripted import ScriptedRecogniser, words_of

CUSTOMER = CustomerId("musterhaus")
DAY = timedelta(days=1)
KEEP = ConsentClaim(Purpose.AUDIO_RETENTION, 20 * DAY)
ASKED = "Dürfen wir die Aufnahme dieses Gesprächs zwanzig Tage lang speichern?"
NO_QUESTION = "Guten Tag, was kann ich für Sie tun?"


@dataclass
class Dialogue(ScriptedRecogniser):
    """A stereo call: what the agent says, then what the caller answers."""

    agent: str = NO_QUESTION
    caller: str = "Ich möchte einen Termin."
    later: str = ""
    meanwhile: list[object] = field(default_factory=list)

    def said(self, samples: Samples) -> Sequence[Word]:
        if float(np.abs(samples).max()) < 0.15:
            return words_of(self.agent)
        for act in self.meanwhile:
            act()  # type: ignore[operator]
        return (*words_of(self.caller, 2.0), *words_of(self.later, 4.5))

    def detect(self, *arguments: object) -> tuple[object, ...]:
        if len(arguments) == 1:
            return (TimeSpan(0.0, 10.0),)
        return tuple(() for _ in arguments[0])  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Setup:
    deck: Deck
    said: Dialogue
    clock: StoppedClock

    def call(self, *claims: ConsentClaim) -> Call:
        call = self.push(*claims)
        return self.process(call)

    def push(self, *claims: ConsentClaim) -> Call:
        return submit_call(Intake(CUSTOMER, consents=claims), [a_stereo_recording()], self.deck)

    def process(self, call: Call) -> Call:
        process_calls([call.id], self.deck, "worker-1")
        return self.deck.calls.call(call.id)

    def acts(self, call: Call, purpose: Purpose = Purpose.AUDIO_RETENTION) -> list[str]:
        return [
            f"{entry.source}:{entry.act}"
            for entry in self.deck.consents.of_call(call.id)
            if entry.purpose is purpose
        ]

    def opens(self, call: Call) -> bool:
        try:
            self.deck.recordings.open(call.id, self.deck.calls.recording(call.id))
        except KeyDestroyed:
            return False
        return True

    def triggers(self, call: Call) -> list[str]:
        finish_deletions(self.deck)
        return [each.body["trigger"] for each in self.deck.deletions.receipts(call_id=call.id)]


def a_stereo_recording() -> bytes:
    tone = np.sin(np.arange(8_000) / 5)
    buffer = io.BytesIO()
    soundfile.write(buffer, np.stack([0.1 * tone, 0.3 * tone], 1), 8_000, format="WAV")
    return buffer.getvalue()


@pytest.fixture(params=["memory", "disk"])
def setup(request: pytest.FixtureRequest, tmp_path: Path) -> Setup:
    clock, said = StoppedClock(), Dialogue()
    transcriber = Transcriber(
        RecordingLimits(), decoders(), lambda: said, lambda: said, lambda: said
    )
    if request.param == "memory":
        deck = memory_deck(clock, transcriber=transcriber)
    else:
        deck = disk_deck(tmp_path, clock, transcriber=transcriber)
    add_customer(CUSTOMER, "Musterhaus", deck)
    return Setup(deck, said, clock)


def test_a_flag_that_the_call_bears_out_keeps_the_voice(setup: Setup) -> None:
    setup.said.agent, setup.said.caller = ASKED, "Ja, gerne."
    call = setup.call(KEEP)
    assert call.status is CallStatus.STORED
    assert call.audio_until == call.received_at + 20 * DAY
    assert setup.opens(call)
    assert setup.acts(call) == ["api_flag:given", "spoken:given"]
    (_, flag_quote), (entry, quote) = read_consents(call.id, setup.deck)
    assert flag_quote is None
    assert quote == "Ja, gerne."
    assert entry.digest and entry.segment == 1
    assert described(entry, quote)["quote"] == quote


def test_what_was_said_limits_what_was_claimed(setup: Setup) -> None:
    setup.said.agent, setup.said.caller = ASKED, "Ja, aber nur zehn Tage."
    call = setup.call(KEEP)
    assert call.audio_until is None or call.audio_until <= call.received_at + 10 * DAY


@pytest.mark.parametrize("flag", [True, False])
def test_a_spoken_no_beats_every_flag(setup: Setup, flag: bool) -> None:
    setup.said.agent, setup.said.caller = ASKED, "Nein, das möchte ich nicht."
    call = setup.call(*([KEEP] if flag else []))
    assert call.status is CallStatus.STORED
    assert not setup.opens(call)
    assert setup.acts(call)[-1] == "spoken:refused"
    assert setup.triggers(call) == ["refusal" if flag else "done"]


def test_a_yes_that_is_taken_back_is_a_no(setup: Setup) -> None:
    setup.said.agent, setup.said.caller = ASKED, "Ja, gerne."
    setup.said.later = "Bitte löschen Sie die Aufnahme doch wieder."
    call = setup.call(KEEP)
    assert not setup.opens(call)
    assert setup.acts(call)[-1] == "spoken:withdrawn"
    assert setup.triggers(call) == ["withdrawal"], "register and receipt say the same"


@pytest.mark.parametrize("asked", [ASKED, NO_QUESTION])
def test_a_doubt_destroys_the_voice_whatever_the_policy(setup: Setup, asked: str) -> None:
    set_retention(CUSTOMER, setup.deck, None, UnsupportedConsent.KEEP)
    setup.said.agent, setup.said.caller = asked, "Ja, gerne."
    setup.said.later = "Die Aufnahme ist mir unangenehm."
    call = setup.call(KEEP)
    assert not setup.opens(call)
    assert setup.acts(call)[-1] == "spoken:unsupported"
    assert setup.triggers(call) == ["unsupported"]
    assert read_consents(call.id, setup.deck)[-1][1] is not None, "the doubt is the evidence"


def test_a_spoken_no_after_a_withdrawal_is_that_withdrawal(setup: Setup) -> None:
    setup.said.agent, setup.said.caller = ASKED, "Nein, das möchte ich nicht."
    call = setup.push(KEEP)
    withdraw_consent(call.id, Purpose.AUDIO_RETENTION, setup.deck, ConsentSource.PORTAL)
    assert not setup.opens(setup.process(call))
    last = last_of(setup.deck.consents.of_call(call.id), Purpose.AUDIO_RETENTION)
    assert last is not None and last.act is ConsentAct.WITHDRAWN
    assert setup.triggers(call) == ["withdrawal"]


@pytest.mark.parametrize(
    ("act", "answer", "trigger"),
    [
        (ConsentAct.REFUSED, "Ja, gerne.", "refusal"),
        (ConsentAct.WITHDRAWN, "Ja, gerne.", "withdrawal"),
        (ConsentAct.UNSUPPORTED, "Ja, gerne.", "unsupported"),
        (ConsentAct.UNSUPPORTED, "Nein, das möchte ich nicht.", "refusal"),
    ],
)
def test_no_answer_keeps_a_voice_against_the_register(
    setup: Setup, act: ConsentAct, answer: str, trigger: str
) -> None:
    """As a restore may bring it back, of a call that is processed again."""
    setup.said.agent, setup.said.caller = ASKED, answer
    call = setup.push(KEEP)
    source, now = ConsentSource.OPERATOR, setup.clock.now()
    entry = ConsentEntry(CUSTOMER, call.id, Purpose.AUDIO_RETENTION, act, source, now)
    setup.deck.consents.record(entry)
    assert not setup.opens(setup.process(call))
    assert setup.triggers(call) == [trigger]


def test_a_flag_that_nobody_asked_for_destroys_the_voice(setup: Setup) -> None:
    call = setup.call(KEEP)
    assert call.status is CallStatus.STORED
    assert not setup.opens(call)
    assert setup.acts(call) == ["api_flag:given", "spoken:unsupported"]
    assert setup.triggers(call) == ["unsupported"]


def test_unless_the_customer_answers_for_its_flags(setup: Setup) -> None:
    policy = RetentionPolicy(unsupported=UnsupportedConsent.KEEP)
    before = setup.deck.calls.retention_policy(CUSTOMER)
    setup.deck.calls.change_retention_policy(CUSTOMER, before, policy, setup.clock.now())
    call = setup.call(KEEP)
    assert setup.opens(call)
    assert call.audio_until == call.received_at + 20 * DAY
    assert setup.acts(call) == ["api_flag:given", "spoken:unsupported"]


def test_a_later_rule_keeps_no_older_voice(setup: Setup) -> None:
    """The rules of the intake hold, and of a change only what is stricter."""
    call = setup.push(KEEP)
    set_retention(CUSTOMER, setup.deck, unsupported=UnsupportedConsent.KEEP)
    assert setup.process(call).status is CallStatus.STORED
    assert not setup.opens(call)
    assert setup.triggers(call) == ["unsupported"]
    kept = setup.push(KEEP)
    set_retention(CUSTOMER, setup.deck, unsupported=UnsupportedConsent.DESTROY)
    assert not setup.opens(setup.process(kept))


def test_a_stricter_rule_ends_what_was_kept(setup: Setup) -> None:
    set_retention(CUSTOMER, setup.deck, unsupported=UnsupportedConsent.KEEP)
    call = setup.call(KEEP)
    setup.said.agent, setup.said.caller = ASKED, "Ja, gerne."
    asked = setup.call(KEEP)
    clean_up(setup.deck, Leadership("one"))
    assert setup.opens(call) and read_original_audio(call.id, setup.deck, "operator")
    set_retention(CUSTOMER, setup.deck, unsupported=UnsupportedConsent.DESTROY)
    with pytest.raises(KeyDestroyed, match="no consent"):
        read_original_audio(call.id, setup.deck, "operator")
    clean_up(setup.deck, Leadership("one"))
    assert not setup.opens(call) and setup.opens(asked)
    assert setup.triggers(call) == ["unsupported"] and setup.triggers(asked) == []


def test_nothing_else_is_implied(setup: Setup) -> None:
    setup.said.agent, setup.said.caller = ASKED, "Ja, gerne."
    call = setup.call(KEEP)
    entries = setup.deck.consents.of_call(call.id)
    for purpose in (Purpose.MODEL_TRAINING, Purpose.LLM_OUTSIDE_EU):
        assert last_of(entries, purpose) is None
        assert not in_force(entries, purpose, setup.clock.now())


def test_a_flag_for_training_needs_a_question_of_its_own(setup: Setup) -> None:
    setup.said.agent, setup.said.caller = ASKED, "Ja, gerne."
    call = setup.call(KEEP, ConsentClaim(Purpose.MODEL_TRAINING))
    assert setup.acts(call, Purpose.MODEL_TRAINING) == ["api_flag:given", "spoken:unsupported"]
    entries = setup.deck.consents.of_call(call.id)
    assert not in_force(entries, Purpose.MODEL_TRAINING, setup.clock.now())


def test_a_withdrawal_acts_at_once(setup: Setup) -> None:
    setup.said.agent, setup.said.caller = ASKED, "Ja, gerne."
    call = setup.call(KEEP)
    key = setup.deck.calls.recording(call.id)
    withdraw_consent(call.id, Purpose.AUDIO_RETENTION, setup.deck, ConsentSource.PORTAL)
    assert not setup.opens(call)
    with pytest.raises(KeyDestroyed):
        setup.deck.recordings.open(call.id, key)
    assert list(setup.deck.recordings.blobs()) == []
    assert setup.triggers(call) == ["withdrawal"]
    assert any(entry.kind == "consent" for entry in setup.deck.ledger.entries())
    # Once more changes nothing, and what never was cannot be taken back.
    acts, told = setup.acts(call), len(list(setup.deck.ledger.entries()))
    again = withdraw_consent(call.id, Purpose.AUDIO_RETENTION, setup.deck, ConsentSource.OPERATOR)
    assert again == Withdrawal(new=False)
    assert setup.acts(call) == acts and len(list(setup.deck.ledger.entries())) == told
    with pytest.raises(Conflict):
        withdraw_consent(call.id, Purpose.MODEL_TRAINING, setup.deck, ConsentSource.PORTAL)


def test_a_second_withdrawal_finishes_what_the_first_left(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis was away, or somebody pulled the plug."""
    setup.said.agent, setup.said.caller = ASKED, "Ja, gerne."
    call, purpose = setup.call(KEEP), Purpose.AUDIO_RETENTION

    def away(_: CallId) -> bool:
        raise ServiceUnavailable("Redis cannot be reached")

    with monkeypatch.context() as patch:
        patch.setattr(setup.deck.queue, "forget", away)
        first = withdraw_consent(call.id, purpose, setup.deck, ConsentSource.PORTAL)
    assert first == Withdrawal(new=True, pending=1)
    assert not setup.opens(call) and setup.deck.deletions.receipts(call_id=call.id) == ()
    again = withdraw_consent(call.id, purpose, setup.deck, ConsentSource.PORTAL)
    assert again == Withdrawal(new=False)
    assert len(setup.deck.deletions.receipts(call_id=call.id)) == 1


def test_a_restricted_call_shows_no_words_of_its_consents(setup: Setup) -> None:
    setup.said.agent, setup.said.caller = ASKED, "Ja, gerne."
    call = setup.call(KEEP)
    shown = read_consents(call.id, setup.deck)
    setup.deck.calls.mark_call(call.id, Mark.RESTRICTION, setup.clock.now())
    hidden = read_consents(call.id, setup.deck)
    assert any(quote for _, quote in shown)
    assert hidden == tuple((entry, None) for entry, _ in shown)
    setup.deck.calls.mark_call(call.id, Mark.RESTRICTION, None)
    assert read_consents(call.id, setup.deck) == shown


def test_a_withdrawal_before_the_call_is_processed_costs_no_transcript(setup: Setup) -> None:
    setup.said.agent, setup.said.caller = ASKED, "Ja, gerne."
    call = setup.push(KEEP)
    withdraw_consent(call.id, Purpose.AUDIO_RETENTION, setup.deck, ConsentSource.OPERATOR)
    assert setup.opens(call)
    assert setup.process(call).status is CallStatus.STORED
    assert not setup.opens(call)
    assert setup.triggers(call) == ["withdrawal"]


def test_a_withdrawal_while_the_call_is_processed_counts(setup: Setup) -> None:
    setup.said.agent, setup.said.caller = ASKED, "Ja, gerne."
    call = setup.push(KEEP)
    deck = setup.deck
    setup.said.meanwhile.append(
        lambda: withdraw_consent(call.id, Purpose.AUDIO_RETENTION, deck, ConsentSource.PORTAL)
    )
    assert setup.process(call).status is CallStatus.STORED
    assert not setup.opens(call)


def test_a_withdrawal_that_is_killed_on_its_way_left_no_voice(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup.said.agent, setup.said.caller = ASKED, "Ja, gerne."
    call = setup.call(KEEP)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("pipeline.usecases.record_consent.finish_deletions", killed)
        withdraw_consent(call.id, Purpose.AUDIO_RETENTION, setup.deck, ConsentSource.PORTAL)
    assert setup.acts(call)[-1] == "portal:withdrawn"
    assert not setup.opens(call)
    assert setup.triggers(call) == ["withdrawal"]


@pytest.mark.parametrize(
    ("act", "trigger"), [(ConsentAct.WITHDRAWN, "withdrawal"), (ConsentAct.REFUSED, "refusal")]
)
def test_a_register_that_says_no_opens_nothing_until_maintenance(
    setup: Setup, act: ConsentAct, trigger: str
) -> None:
    """An older Deckname was killed between the withdrawal and the end of its audio."""
    setup.said.agent, setup.said.caller = ASKED, "Ja, gerne."
    call = setup.call(KEEP)
    source, now = ConsentSource.PORTAL, setup.clock.now()
    entry = ConsentEntry(CUSTOMER, call.id, Purpose.AUDIO_RETENTION, act, source, now)
    setup.deck.consents.record(entry)  # and then somebody pulls the plug
    assert setup.opens(call)
    with pytest.raises(KeyDestroyed, match="no consent"):
        read_original_audio(call.id, setup.deck, "operator")
    clean_up(setup.deck, Leadership("one"))
    assert not setup.opens(call)
    assert setup.triggers(call) == [trigger]
    assert setup.deck.calls.retained_objected() == ()


def test_consent_that_came_by_letter_keeps_the_voice_without_a_question(setup: Setup) -> None:
    call = setup.push()
    record_consent(call.id, KEEP, setup.deck, ConsentSource.PORTAL)
    done = setup.process(call)
    assert done.audio_until == call.received_at + 20 * DAY
    assert setup.acts(call) == ["portal:given"]
    with pytest.raises(Conflict, match="kept already"):
        record_consent(call.id, KEEP, setup.deck, ConsentSource.PORTAL)


def test_consent_brings_no_voice_back(setup: Setup) -> None:
    call = setup.call()
    with pytest.raises(Conflict, match="destroyed"):
        record_consent(call.id, KEEP, setup.deck, ConsentSource.PORTAL)
    assert setup.acts(call) == []
    entry = record_consent(
        call.id, ConsentClaim(Purpose.LLM_OUTSIDE_EU), setup.deck, ConsentSource.OPERATOR
    )
    assert entry.until is None
    assert in_force(setup.deck.consents.of_call(call.id), Purpose.LLM_OUTSIDE_EU, setup.clock.now())


def test_an_erased_call_has_no_consents_to_change_and_no_words_left(setup: Setup) -> None:
    setup.said.agent, setup.said.caller = ASKED, "Ja, gerne."
    call = setup.call(KEEP)
    setup.deck.calls.erase_call(call.id, "erased_on_request", setup.clock.now())
    with pytest.raises(Conflict):
        withdraw_consent(call.id, Purpose.AUDIO_RETENTION, setup.deck, ConsentSource.PORTAL)
    assert [quote for _, quote in read_consents(call.id, setup.deck)] == [None, None]
