"""The way of a recording with a scripted recogniser: every ending, over fake and real stores."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline.adapters.audio import decoders
from pipeline.adapters.memory.clock import StoppedClock
from pipeline.domain.agent_text import AgentTurn
from pipeline.domain.call import Call, CallStatus, ChannelLayout, Intake
from pipeline.domain.consent import ConsentClaim, Purpose
from pipeline.domain.errors import (
    Conflict,
    KeyDestroyed,
    KeysElsewhere,
    NotFound,
    SealBroken,
    ServiceUnavailable,
    TransientError,
    WrongKey,
)
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.privacy import EntityType, KnownParty, PiiSpan
from pipeline.domain.recording import AudioState, RecordingLimits
from pipeline.domain.redaction_policy import ListName
from pipeline.domain.retention_policy import RetentionPolicy, UnsupportedConsent
from pipeline.domain.transcript import RedactedTranscript, Speaker, TimeSpan, Word
from pipeline.ports import Samples
from pipeline.stages.redact import from_json, vault_from_json
from pipeline.usecases.clean_up import Leadership, clean_up
from pipeline.usecases.customers import add_customer, close_customer
from pipeline.usecases.deck import Deck, Transcriber
from pipeline.usecases.process_calls import process_calls
from pipeline.usecases.read_transcript import read_transcript, reveal_transcript
from pipeline.usecases.redaction_policy import add_values, set_flags
from pipeline.usecases.submit_call import submit_call
from tests.decks import disk_deck, memory_deck
from tests.scripted import ScriptedRecogniser, words_of

CUSTOMER = CustomerId("musterhaus")
SENTENCE = ("Hier", "ist", "Sabine", "Vogt.")


@dataclass
class Script(ScriptedRecogniser):
    """Recogniser, speech detector and PII detector in one; `before` runs in the recogniser."""

    before: Callable[[], None] = lambda: None
    known: list[KnownParty] = field(default_factory=list)

    def said(self, samples: Samples) -> Sequence[Word]:
        self.before()
        return words_of(" ".join(SENTENCE), step=0.25)

    def detect(self, *arguments: object) -> tuple:
        if len(arguments) == 1:
            return (TimeSpan(0.0, 1.0),)
        turns, _, self.known = arguments[0], arguments[1], list(arguments[2])
        at = [turn.index("Sabine") for turn in turns]
        return tuple((PiiSpan(i, i + 11, EntityType.PERSON, 1.0),) for i in at)


@dataclass(frozen=True)
class Setup:
    deck: Deck
    script: Script
    clock: StoppedClock

    def push(self, recording: bytes, **intake: object) -> Call:
        return submit_call(Intake(CUSTOMER, **intake), [recording], self.deck)

    def process(self, call: Call) -> Call:
        process_calls([call.id], self.deck, "worker-1")
        return self.deck.calls.call(call.id)

    def readable(self, call: Call) -> bool:
        try:
            self.deck.recordings.open(call.id, self.deck.calls.recording(call.id))
        except KeyDestroyed:
            return False
        return True

    def blobs(self) -> list[str]:
        return [name for name, _ in self.deck.recordings.blobs()]


@pytest.fixture(params=["memory", "real"])
def setup(request: pytest.FixtureRequest, tmp_path: Path) -> Setup:
    clock, script = StoppedClock(), Script()
    transcriber = Transcriber(
        RecordingLimits(), decoders(), lambda: script, lambda: script, lambda: script
    )
    if request.param == "memory":
        deck = memory_deck(clock, transcriber=transcriber)
    else:
        deck = disk_deck(tmp_path, clock, transcriber=transcriber)
    add_customer(CUSTOMER, "Musterhaus", deck)
    # Nobody asks for consent in these calls; `test_consent_in_calls` is about that.
    keeps = RetentionPolicy(unsupported=UnsupportedConsent.KEEP)
    before = deck.calls.retention_policy(CUSTOMER)
    deck.calls.change_retention_policy(CUSTOMER, before, keeps, clock.now())
    return Setup(deck, script, clock)


def a_recording(channels: int = 1) -> bytes:
    buffer = io.BytesIO()
    tone = 0.1 * np.sin(np.arange(8_000) / 5)
    soundfile.write(buffer, np.stack([tone] * channels, 1), 8_000, format="WAV", subtype="ULAW")
    return buffer.getvalue()


def test_a_call_is_stored_redacted_and_its_voice_is_gone(setup: Setup) -> None:
    pushed = setup.push(a_recording())
    assert setup.readable(pushed)
    stored = setup.process(pushed)
    assert (stored.status, stored.audio) == (CallStatus.STORED, AudioState.DESTROYED)
    assert not setup.readable(stored) and setup.blobs() == []
    customer = setup.deck.calls.customer(CUSTOMER)
    sealed = setup.deck.calls.transcript(stored.id)
    opened = setup.deck.transcripts.open(customer, stored.id, "transcript", sealed)
    assert [segment.text for segment in from_json(opened).segments] == ["Hier ist [PERSON_1]."]
    vault = setup.deck.transcripts.open(
        customer, stored.id, "vault", setup.deck.calls.vault(stored.id)
    )
    assert [entry.original for entry in vault_from_json(vault).entries] == ["Sabine Vogt"]


def test_consent_keeps_the_audio_until_its_end_and_no_longer(setup: Setup) -> None:
    consent = ConsentClaim(Purpose.AUDIO_RETENTION, timedelta(days=45))
    stored = setup.process(setup.push(a_recording(), consents=(consent,)))
    assert stored.audio is AudioState.RETAINED and setup.readable(stored)
    assert stored.audio_until == stored.received_at + timedelta(days=45)
    setup.clock.turn(timedelta(days=44))
    setup.deck.keys.destroy_due(setup.clock.now())
    assert setup.readable(stored)
    setup.clock.turn(timedelta(days=2))
    setup.deck.keys.destroy_due(setup.clock.now())
    assert not setup.readable(stored)


def test_training_consent_keeps_no_audio(setup: Setup) -> None:
    consent = ConsentClaim(Purpose.MODEL_TRAINING, timedelta(days=30))
    stored = setup.process(setup.push(a_recording(), consents=(consent,)))
    assert stored.audio is AudioState.DESTROYED and not setup.readable(stored)


def test_what_cannot_be_decoded_fails_with_its_reason_and_without_audio(setup: Setup) -> None:
    pushed = setup.push(a_recording()[:4_000])
    failed = setup.process(pushed)
    assert (failed.status, failed.failure) == (CallStatus.FAILED, "recording_rejected:truncated")
    assert not setup.readable(failed) and setup.blobs() == []


def test_a_passing_trouble_gives_the_call_back_whole(setup: Setup) -> None:
    def trouble() -> None:
        raise ServiceUnavailable("the GPU took a nap")

    pushed = setup.push(a_recording())
    setup.script.before = trouble
    with pytest.raises(TransientError):
        setup.process(pushed)
    again = setup.deck.calls.call(pushed.id)
    assert again.status is CallStatus.RECEIVED and setup.readable(pushed)
    setup.script.before = lambda: None
    assert setup.process(pushed).status is CallStatus.STORED


def test_too_many_attempts_end_the_call(setup: Setup) -> None:
    def crash() -> None:
        raise KeyboardInterrupt

    pushed = setup.push(a_recording())
    setup.script.before = crash
    for _ in range(setup.deck.policy.max_attempts):
        with pytest.raises(KeyboardInterrupt):
            setup.process(pushed)
        setup.clock.turn(setup.deck.policy.lease * 2)
    failed = setup.process(pushed)
    assert (failed.status, failed.failure) == (CallStatus.FAILED, "too_many_attempts")
    assert not setup.readable(failed) and setup.blobs() == []


@pytest.mark.parametrize("consented", [False, True])
def test_a_worker_that_overran_its_lease_commits_nothing(setup: Setup, consented: bool) -> None:
    consent = (ConsentClaim(Purpose.AUDIO_RETENTION, timedelta(days=30)),) if consented else ()
    pushed = setup.push(a_recording(), consents=consent)

    def overtaken() -> None:
        setup.script.before = lambda: None
        setup.clock.turn(setup.deck.policy.lease * 2)
        assert process_calls([pushed.id], setup.deck, "worker-2")[0].status is CallStatus.STORED

    setup.script.before = overtaken
    stored = setup.process(pushed)
    assert stored.status is CallStatus.STORED and stored.attempts == 2
    assert setup.readable(stored) is consented


def test_the_agents_text_is_stored_redacted_instead_of_its_channel(setup: Setup) -> None:
    said = (AgentTurn("Spreche ich mit Sabine Vogt?", 0.0, 0.1),)
    heard: list[int] = []
    setup.script.before = lambda: heard.append(1)
    pushed = setup.push(a_recording(2), agent=said, layout=ChannelLayout.CALLER_LEFT)
    sealed = setup.deck.calls.known(pushed.id)
    assert sealed is not None and b"Sabine" not in sealed.ciphertext
    stored = setup.process(pushed)
    assert stored.status is CallStatus.STORED and heard == [1], "one channel was recognised"
    transcript = read_transcript(stored.id, setup.deck)
    assert [(s.speaker, s.text) for s in transcript.segments] == [
        (Speaker.AGENT, "Spreche ich mit [PERSON_1]?"),
        (Speaker.CALLER, "Hier ist [PERSON_1]."),
    ]
    assert setup.deck.calls.known(stored.id) is None, "its text goes with the transcript's commit"


def test_known_parties_reach_the_detector_and_are_dropped_after(setup: Setup) -> None:
    known = KnownParty(EntityType.PERSON, "Sabine Vogt")
    stored = setup.process(setup.push(a_recording(), known=(known,)))
    assert setup.script.known == [known]
    assert setup.deck.calls.known(stored.id) is None


SABINE = KnownParty(EntityType.PERSON, "SABINE VOGT")


def transcript(setup: Setup, call: Call) -> RedactedTranscript:
    return read_transcript(call.id, setup.deck, CUSTOMER)


def test_the_deny_list_joins_what_the_push_knew(setup: Setup) -> None:
    add_values(CUSTOMER, ListName.DENY, (SABINE,), setup.deck)
    known = KnownParty(EntityType.PHONE_NUMBER, "0176 55382049")
    setup.process(setup.push(a_recording(), known=(known,)))
    assert setup.script.known == [known, SABINE]


def test_allowed_values_stay_in_the_text_unless_the_call_knows_them(setup: Setup) -> None:
    add_values(CUSTOMER, ListName.ALLOW, (SABINE,), setup.deck)
    shown = setup.process(setup.push(a_recording()))
    assert transcript(setup, shown).segments[0].text == "Hier ist Sabine Vogt."
    known = KnownParty(EntityType.PERSON, "Vogt")
    hidden = setup.process(setup.push(a_recording(), known=(known,)))
    assert transcript(setup, hidden).segments[0].text == "Hier ist [PERSON_1]."


def test_without_a_vault_nobody_can_look_again(setup: Setup) -> None:
    kept = setup.process(setup.push(a_recording()))
    set_flags(CUSTOMER, setup.deck, keep_vault=False)
    dropped = setup.process(setup.push(a_recording()))
    assert transcript(setup, dropped).segments[0].text == "Hier ist [PERSON_1]."
    with pytest.raises(NotFound):
        setup.deck.calls.vault(dropped.id)
    with pytest.raises(Conflict, match="no vault was kept"):
        reveal_transcript(dropped.id, setup.deck, "operator")
    assert reveal_transcript(kept.id, setup.deck, "operator")[1] == ("Hier ist Sabine Vogt.",)


def test_linked_calls_of_one_customer_share_links_and_those_of_another_do_not(
    setup: Setup,
) -> None:
    other = CustomerId("andere")
    add_customer(other, "Andere", setup.deck)
    before = setup.process(setup.push(a_recording()))
    for who in (CUSTOMER, other):
        set_flags(who, setup.deck, link_callers=True)
    first, second = (setup.process(setup.push(a_recording())) for _ in range(2))
    theirs = submit_call(Intake(other), [a_recording()], setup.deck)
    setup.process(theirs)
    assert transcript(setup, before).links == {}
    assert transcript(setup, first).links == transcript(setup, second).links != {}
    foreign = read_transcript(theirs.id, setup.deck).links
    assert set(foreign) == {"[PERSON_1]"}
    assert foreign != transcript(setup, first).links


def test_ages_count_on_the_day_of_the_call(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "tests.unit.test_process_calls.SENTENCE", ("Sabine", "1.2.1986", "ist", "es")
    )
    monkeypatch.setattr(
        setup.script,
        "detect",
        lambda *arguments: (
            (TimeSpan(0.0, 1.0),)
            if len(arguments) == 1
            else tuple((PiiSpan(7, 15, EntityType.DATE_OF_BIRTH, 1.0),) for _ in arguments[0])
        ),
    )
    set_flags(CUSTOMER, setup.deck, generalise=True)
    for days, group in ((0, "30-39"), (1, "40-49")):
        setup.clock.turn(timedelta(days=days))
        pushed = setup.push(a_recording())
        setup.clock.turn(timedelta(days=2))
        assert transcript(setup, setup.process(pushed)).generalised == {"[DATE_OF_BIRTH_1]": group}
        setup.clock.turn(timedelta(days=-2))


def test_lists_that_cannot_be_opened_make_the_call_wait(setup: Setup) -> None:
    add_values(CUSTOMER, ListName.DENY, (SABINE,), setup.deck)
    pushed = setup.push(a_recording())
    astray = Misplaced(setup.deck.transcripts, "open", KeyDestroyed("no master key"))
    with pytest.raises(TransientError, match="mounted"):
        process_calls([pushed.id], replace(setup.deck, transcripts=astray), "worker-1")
    assert setup.deck.calls.call(pushed.id).status is CallStatus.RECEIVED
    broken = Misplaced(setup.deck.transcripts, "open", SealBroken("a byte was flipped"))
    process_calls([pushed.id], replace(setup.deck, transcripts=broken), "worker-1")
    assert setup.deck.calls.call(pushed.id).failure == "seal_broken"


def test_a_second_worker_finds_nothing_to_do(setup: Setup) -> None:
    pushed = setup.push(a_recording())
    setup.process(pushed)
    assert process_calls([pushed.id], setup.deck, "worker-2") == ()


def test_neighbours_of_a_bad_call_are_stored(setup: Setup) -> None:
    good, bad = setup.push(a_recording()), setup.push(a_recording()[:4_000])
    done = process_calls([bad.id, good.id], setup.deck, "worker-1")
    assert {call.id: call.status for call in done} == {
        good.id: CallStatus.STORED,
        bad.id: CallStatus.FAILED,
    }


def test_the_lease_is_renewed_while_a_long_call_runs(setup: Setup) -> None:
    from threading import Event

    renewed = Event()
    renew = setup.deck.calls.renew

    class Watched:
        def __getattr__(self, name: str) -> object:
            return getattr(setup.deck.calls, name)

        def renew(self, *arguments: object) -> object:
            result = renew(*arguments)
            renewed.set()
            return result

    setup.script.before = lambda: renewed.wait(10) or pytest.fail("no renewal")
    policy = replace(setup.deck.policy, renew_every=timedelta(milliseconds=10))
    pushed = setup.push(a_recording())
    deck = replace(setup.deck, calls=Watched(), policy=policy)
    assert process_calls([pushed.id], deck, "worker-1")[0].status is CallStatus.STORED


class Misplaced:
    """A port of which one method finds nothing where it looks."""

    def __init__(self, port: object, method: str, error: Exception) -> None:
        self._port, self._method, self._error = port, method, error

    def __getattr__(self, name: str) -> object:
        if name != self._method:
            return getattr(self._port, name)

        def absent(*_: object) -> None:
            raise self._error

        return absent


@pytest.mark.parametrize(
    ("port", "method", "error"),
    [
        ("recordings", "reader", KeyDestroyed("no key file")),
        ("recordings", "reader", WrongKey("another key folder")),
        ("recordings", "reader", NotFound("no blob")),
        ("transcripts", "seal", KeyDestroyed("no master key")),
        ("transcripts", "seal", WrongKey("another master key")),
    ],
    ids=["day-key", "other-day-key", "blob", "master-key", "other-master-key"],
)
def test_a_folder_that_is_not_mounted_costs_no_recording(
    setup: Setup, port: str, method: str, error: Exception
) -> None:
    pushed = setup.push(a_recording())
    astray = replace(setup.deck, **{port: Misplaced(getattr(setup.deck, port), method, error)})
    with pytest.raises(TransientError, match="mounted"):
        process_calls([pushed.id], astray, "worker-1")
    assert setup.deck.calls.call(pushed.id).status is CallStatus.RECEIVED
    assert setup.readable(pushed)
    assert setup.process(pushed).status is CallStatus.STORED


def test_a_broken_seal_ends_the_call(setup: Setup) -> None:
    pushed = setup.push(a_recording())
    broken = Misplaced(setup.deck.recordings, "reader", SealBroken("a byte was flipped"))
    process_calls([pushed.id], replace(setup.deck, recordings=broken), "worker-1")
    failed = setup.deck.calls.call(pushed.id)
    assert (failed.status, failed.failure) == (CallStatus.FAILED, "seal_broken")
    assert not setup.readable(failed)


def test_a_recording_past_the_cap_ends_the_call(setup: Setup) -> None:
    pushed = setup.push(a_recording())
    setup.clock.turn(timedelta(days=31))
    failed = setup.process(pushed)
    assert (failed.status, failed.failure) == (CallStatus.FAILED, "key_destroyed")
    assert setup.blobs() == []


def test_closing_a_customer_destroys_what_consent_kept(setup: Setup) -> None:
    consent = ConsentClaim(Purpose.AUDIO_RETENTION, timedelta(days=300))
    stored = setup.process(setup.push(a_recording(), consents=(consent,)))
    row = setup.deck.calls.recording(stored.id)
    blob = setup.deck.recordings.open(stored.id, row)
    assert blob
    close_customer(CUSTOMER, setup.deck)
    assert setup.blobs() == []
    # A backup of the data brings row and blob back, but no key.
    with pytest.raises(KeyDestroyed):
        setup.deck.recordings.open(stored.id, row)


def test_a_commit_whose_answer_was_lost_keeps_the_consented_audio(setup: Setup) -> None:
    complete = setup.deck.calls.complete

    class Deaf:
        def __getattr__(self, name: str) -> object:
            return getattr(setup.deck.calls, name)

        def complete(self, *arguments: object) -> Call:
            complete(*arguments)
            raise ServiceUnavailable("the connection broke after the commit")

    consent = ConsentClaim(Purpose.AUDIO_RETENTION, timedelta(days=30))
    pushed = setup.push(a_recording(), consents=(consent,))
    with pytest.raises(TransientError):
        process_calls([pushed.id], replace(setup.deck, calls=Deaf()), "worker-1")
    stored = setup.deck.calls.call(pushed.id)
    assert stored.status is CallStatus.STORED and setup.readable(stored)


class Unanswered:
    """A repository whose commit is answered with an error, before it or after it; then the row
    may not be readable either."""

    def __init__(self, setup: Setup, committed: bool, readable: bool) -> None:
        self._calls = setup.deck.calls
        self._committed, self._readable = committed, readable
        self._ended = False

    def __getattr__(self, name: str) -> object:
        return getattr(self._calls, name)

    def complete(self, *arguments: object) -> Call:
        self._ended = True
        if self._committed:
            self._calls.complete(*arguments)  # type: ignore[arg-type]
        raise ServiceUnavailable("the connection broke")

    def recording(self, call_id: CallId) -> object:
        if self._ended and not self._readable:
            raise ServiceUnavailable("the database is away")
        return self._calls.recording(call_id)


@pytest.mark.parametrize(
    ("committed", "readable", "left"),
    [(True, True, 1), (True, False, 1), (False, True, 0), (False, False, 1)],
)
def test_a_retention_key_goes_only_where_it_is_certain_that_no_row_owns_it(
    setup: Setup, committed: bool, readable: bool, left: int
) -> None:
    consent = ConsentClaim(Purpose.AUDIO_RETENTION, timedelta(days=30))
    pushed = setup.push(a_recording(), consents=(consent,))
    astray = Unanswered(setup, committed, readable)
    with pytest.raises(TransientError):
        process_calls([pushed.id], replace(setup.deck, calls=astray), "worker-1")
    assert len(setup.deck.keys.retention_keys()) == left
    if committed:
        assert setup.readable(setup.deck.calls.call(pushed.id))
    setup.clock.turn(timedelta(hours=3))
    clean_up(setup.deck, Leadership("one"))
    assert len(setup.deck.keys.retention_keys()) == int(committed)


def test_a_retention_key_whose_call_has_ended_goes(setup: Setup) -> None:
    """Withdrawn, or past the cap, while a worker was at it: no row is left that could own it."""
    consent = ConsentClaim(Purpose.AUDIO_RETENTION, timedelta(days=30))
    pushed = setup.push(a_recording(), consents=(consent,))
    setup.script.before = lambda: (
        setup.deck.calls.destroy_audio(pushed.id, "audio_cap_reached", setup.clock.now()) and None
    )
    setup.process(pushed)
    assert setup.deck.keys.retention_keys() == ()


def test_what_stopped_the_commit_is_told_though_the_key_folder_is_away(setup: Setup) -> None:
    consent = ConsentClaim(Purpose.AUDIO_RETENTION, timedelta(days=30))
    pushed = setup.push(a_recording(), consents=(consent,))
    away = Misplaced(
        setup.deck.recordings, "destroy_retained", KeysElsewhere("the key folder is away")
    )
    astray = replace(setup.deck, calls=Unanswered(setup, False, True), recordings=away)
    with pytest.raises(ServiceUnavailable, match="connection broke"):
        process_calls([pushed.id], astray, "worker-1")
    assert setup.readable(pushed)
