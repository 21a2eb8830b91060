"""Whatever happens in whatever order: no voice outlives its rule, none ends before it, and every
end has a receipt. A real store (SQLite, files, Tink, the ledger) against a model of a few lines."""

from __future__ import annotations

import copy
import shutil
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    precondition,
    rule,
)

from pipeline.adapters.audio import decoders
from pipeline.adapters.memory import StoppedClock
from pipeline.adapters.receipt_key import verifies
from pipeline.domain.call import Call, CallStatus, Intake
from pipeline.domain.consent import ConsentClaim, ConsentSource, Purpose
from pipeline.domain.errors import Conflict, DecknameError, Held, KeyDestroyed, NotFound, SealBroken
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.recording import RecordingLimits
from pipeline.domain.retention import day_key_end, day_of
from pipeline.domain.retention_policy import RetentionPolicy
from pipeline.usecases.clean_up import Leadership, clean_up
from pipeline.usecases.customers import add_customer, close_customer
from pipeline.usecases.deck import Deck, Transcriber
from pipeline.usecases.finish_deletions import finish_deletions
from pipeline.usecases.hold_calls import place_hold, release_hold
from pipeline.usecases.process_calls import process_calls
from pipeline.usecases.read_transcript import read_transcript
from pipeline.usecases.record_consent import withdraw_consent
from pipeline.usecases.replay_ledger import catch_up
from pipeline.usecases.rotate_keys import rotate_customer_keys, rotate_master_keys
from pipeline.usecases.submit_call import submit_call
from pipeline.usecases.verification.findings import StorePlaces
from pipeline.usecases.verify_store import verify_store
from tests.decks import disk_deck
from tests.unit.test_consent_in_calls import ASKED, NO_QUESTION, Dialogue, a_stereo_recording

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
RECORDING = a_stereo_recording()
SHORT = {"beta": 10 * DAY}
"""Customers whose transcripts expire; the others' live until the contract ends."""


@dataclass
class Fate:
    """What must be true of one call. `voice` ends at `voice_until` at the latest."""

    customer: str
    received: datetime
    said: str
    kept: timedelta | None
    voice: bool = True
    voice_until: datetime = datetime.max
    state: str = "waiting"
    withdrawn: bool = False
    until: datetime | None = None
    holds: set[str] = field(default_factory=set)


class Deletions(RuleBasedStateMachine):
    """The store, and what it should be."""

    calls = Bundle("calls")
    holds = Bundle("holds")
    copies = Bundle("copies")

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.clock, self.said = StoppedClock(), Dialogue()
        self.deck = self._open()
        self.fates: dict[CallId, Fate] = {}
        self.known: dict[CallId, Fate] = {}  # also of calls that an older copy knows nothing of
        self.closed: set[str] = set()
        self.masters = 0
        for name in ("alpha", "beta"):
            add_customer(name, name.title(), self.deck)
        before = self.deck.calls.retention_policy(CustomerId("beta"))
        policy = RetentionPolicy(transcripts=SHORT["beta"])
        self.deck.calls.change_retention_policy(
            CustomerId("beta"), before, policy, self.clock.now()
        )

    def _open(self) -> Deck:
        limits, said = RecordingLimits(), self.said
        transcriber = Transcriber(limits, decoders(), lambda: said, lambda: said, lambda: said)
        return disk_deck(self.folder, self.clock, transcriber=transcriber)

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder)

    # --- a call's life

    @rule(
        target=calls,
        customer=st.sampled_from(["alpha", "beta"]),
        kept=st.sampled_from([None, 3 * DAY, 45 * DAY]),
        said=st.sampled_from(["nothing", "yes", "no"]),
    )
    def push(self, customer: str, kept: timedelta | None, said: str) -> CallId | None:
        claims = (ConsentClaim(Purpose.AUDIO_RETENTION, kept),) if kept else ()
        intake = Intake(CustomerId(customer), consents=claims)
        try:
            call = submit_call(intake, [RECORDING], self.deck)
        except DecknameError:
            assert customer in self.closed
            return None
        now = self.clock.now()
        until = now + SHORT[customer] if customer in SHORT else None
        end = day_key_end(day_of(now))
        self.fates[call.id] = Fate(customer, now, said, kept, voice_until=end, until=until)
        return call.id

    @rule(call_id=calls)
    def process(self, call_id: CallId | None) -> None:
        fate = self.fates.get(call_id) if call_id else None
        if call_id is None or fate is None:
            return
        self.said.agent = NO_QUESTION if fate.said == "nothing" else ASKED
        self.said.caller = {"yes": "Ja, gerne.", "no": "Nein, lieber nicht."}.get(fate.said, "Gut.")
        process_calls([call_id], self.deck, "worker-1")
        if fate.state == "waiting":
            self._processed(fate)

    def _processed(self, fate: Fate) -> None:
        now = self.clock.now()
        if not fate.voice or now >= fate.voice_until:
            fate.state, fate.voice = "failed", False
            return
        fate.state = "stored"
        # What was said, twenty days, limits what was claimed.
        kept_until = fate.received + min(fate.kept or 20 * DAY, 20 * DAY)
        keeps = fate.kept and fate.said == "yes" and not fate.withdrawn and now < kept_until
        fate.voice = bool(keeps)
        fate.voice_until = kept_until

    @rule(call_id=calls)
    def fail(self, call_id: CallId | None) -> None:
        fate = self.fates.get(call_id) if call_id else None
        if call_id is None or fate is None or fate.state != "waiting":
            return
        (claim,) = self.deck.calls.claim([call_id], "worker-1", self.clock.now(), HOUR)
        self.deck.calls.fail(claim, "recording_rejected:no_audio", self.clock.now())
        fate.state, fate.voice = "failed", False

    @rule(call_id=calls)
    def withdraw(self, call_id: CallId | None) -> None:
        fate = self.fates.get(call_id) if call_id else None
        if call_id is None or fate is None:
            return
        try:
            withdraw_consent(call_id, Purpose.AUDIO_RETENTION, self.deck, ConsentSource.PORTAL)
        except Conflict:
            assert fate.state in ("failed", "erased") or not fate.kept or fate.said != "yes"
            return
        fate.withdrawn = True
        if fate.state == "stored":
            fate.voice = False

    # --- rights

    @rule(target=holds, call_id=calls)
    def hold(self, call_id: CallId | None) -> str | None:
        fate = self.fates.get(call_id) if call_id else None
        if call_id is None or fate is None:
            return None
        try:
            hold = place_hold(CustomerId(fate.customer), call_id, "a claim", "lawyer", self.deck)
        except Conflict:
            assert fate.state == "erased"
            return None
        fate.holds.add(hold.id)
        return hold.id

    @rule(hold_id=consumes(holds))
    def release(self, hold_id: str | None) -> None:
        owners = [fate for fate in self.fates.values() if hold_id in fate.holds]
        if hold_id and owners:
            release_hold(hold_id, "lawyer", self.deck)
            owners[0].holds.discard(hold_id)

    @rule(call_id=calls)
    def erase(self, call_id: CallId | None) -> None:
        fate = self.fates.get(call_id) if call_id else None
        if call_id is None or fate is None:
            return
        try:
            self.deck.calls.erase_call(call_id, "erased_on_request", self.clock.now())
        except Held:
            assert fate.holds and fate.state != "erased"
            return
        assert not fate.holds or fate.state == "erased"
        fate.state, fate.voice = "erased", False

    @precondition(lambda self: not self.closed)
    @rule(customer=st.sampled_from(["alpha", "beta"]))
    def close(self, customer: str) -> None:
        own = [fate for fate in self.fates.values() if fate.customer == customer]
        try:
            close_customer(CustomerId(customer), self.deck)
        except Held:
            assert any(fate.holds for fate in own)
            return
        assert not any(fate.holds for fate in own)
        self.closed.add(customer)
        for fate in own:
            fate.state, fate.voice = "erased", False

    # --- keys, time, and what goes wrong

    @rule(customer=st.sampled_from(["alpha", "beta"]))
    def rotate_customer(self, customer: str) -> None:
        if customer not in self.closed:
            rotate_customer_keys(CustomerId(customer), self.deck)

    @rule()
    def rotate_master(self) -> None:
        rotate_master_keys(self.deck)
        self.masters += 1

    @rule(by=st.sampled_from([HOUR, -HOUR / 2, DAY, 4 * DAY, 11 * DAY, 31 * DAY]))
    def jump(self, by: timedelta) -> None:
        self.clock.turn(by)

    @rule()
    def maintain(self) -> None:
        clean_up(self.deck, Leadership("machine"))
        now = self.clock.now()
        for fate in self.fates.values():
            if fate.voice and now >= fate.voice_until:
                fate.voice = False
                if fate.state == "waiting":
                    fate.state = "failed"
            expired = fate.until is not None and now >= fate.until
            if expired and fate.state == "stored" and not fate.holds:
                fate.state, fate.voice = "erased", False
        assert self.deck.deletions.pending() == ()
        home, keys = self.folder / "home", self.folder / "keys"
        found = verify_store(StorePlaces.of(home, keys), now)
        assert found == (), found

    @rule()
    def crash(self) -> None:
        """A process dies and another starts: nothing in memory counts."""
        self.deck = self._open()
        catch_up(self.deck)

    @rule(target=copies)
    def back_up(self) -> tuple[Path, dict[CallId, Fate], int]:
        target = Path(tempfile.mkdtemp(dir=self.folder))
        with (
            closing(sqlite3.connect(self.folder / "home" / "deckname.db")) as source,
            closing(sqlite3.connect(target / "deckname.db")) as written,
        ):
            source.backup(written)
        if (self.folder / "home" / "blobs").exists():
            shutil.copytree(self.folder / "home" / "blobs", target / "blobs")
        return target, copy.deepcopy(self.fates), self.masters

    @rule(saved=copies)
    def restore(self, saved: tuple[Path, dict[CallId, Fate], int]) -> None:
        """By hand, as an operator in a hurry would: the files are put back, and we start."""
        target, fates, masters = saved
        if masters != self.masters:
            return  # nothing of it opens with the new master key: the documents say so
        finish_deletions(self.deck)  # maintenance had its seconds
        database = self.deck.calls._database  # type: ignore[attr-defined]
        database.close()
        shutil.rmtree(self.folder / "home")
        shutil.copytree(target, self.folder / "home")
        for file in (self.folder / "home").rglob("*"):
            file.chmod(0o700 if file.is_dir() else 0o600)
        (self.folder / "home").chmod(0o700)
        self.deck = self._open()
        catch_up(self.deck)
        self.known |= self.fates
        self.fates = {
            call_id: self._restored(copy.deepcopy(then), self.known.get(call_id, then))
            for call_id, then in fates.items()
        }

    def _restored(self, then: Fate, now: Fate) -> Fate:
        """Deleted stays deleted; what is younger than the copy is lost."""
        then.voice = then.voice and now.voice
        then.withdrawn = then.withdrawn or now.withdrawn
        then.holds = set(now.holds)
        if now.state == "erased" or then.customer in self.closed:
            then.state, then.voice = "erased", False
        elif then.state == "waiting" and (not then.voice or now.state == "stored"):
            then.state, then.voice = "failed", False
        return then

    # --- what must hold after every step

    @invariant()
    def voices_are_as_they_should_be(self) -> None:
        for call_id, fate in getattr(self, "fates", {}).items():
            expected = fate.voice and self.clock.now() < fate.voice_until
            assert self._opens(call_id) == expected, (call_id, fate, self.clock.now())

    @invariant()
    def transcripts_are_as_they_should_be(self) -> None:
        for call_id, fate in getattr(self, "fates", {}).items():
            assert self._reads(call_id) == (fate.state == "stored"), (call_id, fate)

    @invariant()
    def every_receipt_verifies_and_the_chain_is_whole(self) -> None:
        if hasattr(self, "deck"):
            self.deck.audit.verify()
            public = self.deck.signer.public_key()
            for receipt in self.deck.deletions.receipts(limit=10_000):
                assert verifies(public, receipt.document.encode(), receipt.signature)

    @invariant()
    def what_ended_has_a_deletion(self) -> None:
        for call_id in getattr(self, "fates", {}):
            call = self._call(call_id)
            ended = call is not None and call.status in (CallStatus.STORED, CallStatus.FAILED)
            if call is not None and ended and call.audio_until is None:
                assert self._deletions(call_id), call_id

    def _deletions(self, call_id: CallId) -> list[Any]:
        done = self.deck.deletions.receipts(call_id=call_id)
        return [*done, *self.deck.deletions.pending(call_id=call_id)]

    def _call(self, call_id: CallId) -> Call | None:
        try:
            return self.deck.calls.call(call_id)
        except NotFound:
            return None

    def _opens(self, call_id: CallId) -> bool:
        try:
            key = self.deck.calls.recording(call_id)
            return self.deck.recordings.open(call_id, key) == RECORDING
        except (KeyDestroyed, SealBroken, NotFound):
            return False

    def _reads(self, call_id: CallId) -> bool:
        try:
            return bool(read_transcript(call_id, self.deck).segments)
        except (Conflict, NotFound, KeyDestroyed):
            return False


TestDeletions = Deletions.TestCase
TestDeletions.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
