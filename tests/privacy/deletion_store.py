"""The store under test: in one folder, opened as a process opens it, copied and put back as an
operator does it, and looked at from outside."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

from pipeline.adapters.audio import decoders
from pipeline.adapters.memory import StoppedClock
from pipeline.adapters.memory_queue import MemoryJobQueue
from pipeline.adapters.receipt_key import verifies
from pipeline.bootstrap import bootstrap, bootstrap_backups, bootstrap_restored
from pipeline.domain.call import CallStatus
from pipeline.domain.consent import Purpose
from pipeline.domain.errors import (
    Conflict,
    DecknameError,
    KeyDestroyed,
    KeysElsewhere,
    NotFound,
    SealBroken,
    ServiceUnavailable,
    WrongKey,
)
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.recording import RecordingLimits, RetainedKey, SealedRecording
from pipeline.domain.rights import may_read_by_llm
from pipeline.ports import Backups
from pipeline.settings import load_settings
from pipeline.usecases.backups import create_backup, restore_backup
from pipeline.usecases.deck import Deck, Transcriber
from pipeline.usecases.read_audio import read_original_audio
from pipeline.usecases.read_transcript import read_stored, read_transcript
from pipeline.usecases.receipt_files import as_line
from pipeline.usecases.receipts import handed_out, prove
from pipeline.usecases.tie_keys import adopt_keys
from pipeline.usecases.verification.findings import Finding, StorePlaces
from pipeline.usecases.verify_store import verify_store
from tests.privacy.deletion_model import CAP
from tests.privacy.power_cut import Power, PowerCut
from tests.privacy.spoken_calls import RECORDINGS, SpokenCalls

OVERWRITTEN = datetime.min.replace(tzinfo=UTC)
_MASTERS = ("content", "vault")
_MEMORY = Path("/dev/shm")


class Doorbell(MemoryJobQueue):
    """A Redis that may be away."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False

    def ring(self, call_id: CallId) -> None:
        self._reach()
        super().ring(call_id)

    def forget(self, call_id: CallId) -> bool:
        self._reach()
        return super().forget(call_id)

    def _reach(self) -> None:
        if self.away:
            raise ServiceUnavailable("Redis cannot be reached")


@dataclass(frozen=True)
class Result:
    """What a step came to: a value, an error, or a power cut."""

    value: Any = None
    error: DecknameError | None = None
    cut: bool = False


@dataclass(frozen=True)
class Look:
    """One call as the database has it. `voice` tells of a key in the database; whether the
    recording `opens` depends on the key folder and the clock too."""

    state: str
    under_way: bool
    voice: bool
    opens: bool
    register: int
    restricted: bool
    objected: bool
    owed: bool
    attempts: int
    key: str


class Store:
    """One folder: `home`, `keys`, and the copies beside them; opened by the real `bootstrap`, with
    a clock that stands and no Redis."""

    def __init__(self, clock: StoppedClock) -> None:
        memory = _MEMORY if os.access(_MEMORY, os.W_OK) else None
        self.folder = Path(tempfile.mkdtemp(dir=memory))
        self.clock, self.queue = clock, Doorbell()
        self.home, self.keys = self.folder / "home", self.folder / "keys"
        self.places = StorePlaces.of(self.home, self.keys)
        self._settings = load_settings(home=self.home, keys=self.keys)
        self._stamped: dict[Path, int] = {}
        self._proven: set[str] = set()
        self._copies = 0
        self.deck: Deck
        self.start()

    # --- processes

    def start(self) -> None:
        """As the next process does. Of keys that were put together from copies the operator says
        that they are the right ones."""
        with self._clock():
            try:
                deck = bootstrap(self._settings)
            except KeysElsewhere:
                adopt_keys(bootstrap(self._settings, catching_up=False, checking=False))
                deck = bootstrap(self._settings)
        said: Any = SpokenCalls()
        transcriber = Transcriber(
            RecordingLimits(), decoders(), lambda: said, lambda: said, lambda: said
        )
        self.deck = replace(deck, transcriber=transcriber, queue=self.queue)

    def stop(self) -> None:
        """Nothing that was in memory is left."""
        self.deck.calls._database.close()  # type: ignore[attr-defined]

    def restart(self) -> None:
        self.stop()
        self.start()

    def run(
        self, step: Callable[[], Any], power: Power | None, again: Callable[[], Any] | None = None
    ) -> Result:
        """What `step` comes to. After a power cut the store was started anew, or `again` done."""
        try:
            if power is None:
                return Result(step())
            with power.on():
                return Result(step())
        except PowerCut:
            (again or self.restart)()
            return Result(cut=True)
        except DecknameError as error:
            return Result(error=error)
        finally:
            self._stamp()

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    # --- backups

    def back_up(self, *, by_hand: bool) -> Path:
        """The file of `deckname backup create`, or a folder with copies of database and blobs; and
        beside it the master keys of the day. The other keys lie apart."""
        self._copies += 1
        target = self.folder / f"copy-{self._copies}"
        if by_hand:
            self._copy(target)
        else:
            with self._clock():
                create_backup(target, self.deck, self._backups, (self.home, self.keys))
        for name in _MASTERS:
            shutil.copytree(self.keys / name, _masters(target) / name)
        self._stamp()
        return target

    def lose(self, target: Path) -> None:
        """The data folder is gone, and the master keys are those of then. Nothing is started."""
        self.stop()
        shutil.rmtree(self.home)
        for name in _MASTERS:
            shutil.rmtree(self.keys / name)
            shutil.copytree(_masters(target) / name, self.keys / name)
        if target.is_dir():
            shutil.copytree(target, self.home)
            for file in (self.home, *self.home.rglob("*")):
                file.chmod(0o700 if file.is_dir() else 0o600)

    def restore(self, target: Path) -> None:
        """Begin with what was put back by hand, or by `deckname backup restore`, which may have
        been cut short before."""
        if not (self.home / "deckname.db").exists():
            with self._clock():
                restore_backup(
                    target,
                    self.home,
                    self._backups,
                    lambda folder: bootstrap_restored(self._settings, folder),
                )
        self.start()

    def _copy(self, target: Path) -> None:
        target.mkdir(0o700)
        with (
            closing(sqlite3.connect(self.home / "deckname.db")) as source,
            closing(sqlite3.connect(target / "deckname.db")) as written,
        ):
            source.backup(written)
        if (self.home / "blobs").exists():
            shutil.copytree(self.home / "blobs", target / "blobs")

    @property
    def _backups(self) -> Backups:
        return bootstrap_backups(self._settings)

    def _clock(self) -> AbstractContextManager[object]:
        return mock.patch("pipeline.adapters.clock.SystemClock", lambda: self.clock)

    # --- looks

    def look(self, call_id: CallId, said: str) -> Look | None:
        """None where the database has no such call."""
        deck = self.deck
        try:
            call = deck.calls.call(call_id)
        except NotFound:
            return None
        sealed = self._sealed(call_id)
        unfinished = call.status in (CallStatus.RECEIVED, CallStatus.PROCESSING)
        key = sealed.key_name if isinstance(sealed, RetainedKey) else sealed and sealed.day
        return Look(
            state="waiting" if unfinished else call.status.value,
            under_way=call.status is CallStatus.PROCESSING,
            voice=sealed is not None,
            opens=sealed is not None and self._opens(call_id, sealed, said),
            register=sum(
                entry.purpose is Purpose.AUDIO_RETENTION for entry in deck.consents.of_call(call_id)
            ),
            restricted=call.restricted_at is not None,
            objected=call.objected_at is not None,
            owed=call.erasure_owed_at is not None,
            attempts=call.attempts,
            key=key or "",
        )

    def reads(self, call_id: CallId) -> tuple[bool, bool, bool]:
        """Whether the transcript is there, is shown, and may be read by a language model."""
        call = self.deck.calls.call(call_id)
        there = _is_given(lambda: read_stored(call, self.deck).segments)
        shown = _is_given(lambda: read_transcript(call_id, self.deck).segments)
        return there, shown, there and may_read_by_llm(call)

    def hears(self, call_id: CallId, said: str) -> bool:
        """Whether somebody who asks is given the recording."""
        deck, pushed = self.deck, RECORDINGS[said]
        return _is_given(lambda: read_original_audio(call_id, deck, "operator") == pushed)

    def key_ends(self) -> dict[str, datetime]:
        """When each key that ends must be gone: by its name, a day, or by what its file says. One
        that was half overwritten should be gone already."""
        ends = {}
        for path in self.keys.glob("days/*.key"):
            ends[path.stem] = datetime.fromisoformat(f"{path.stem}T00:00+00:00") + CAP
        for path in self.keys.glob("retained/*.key"):
            try:
                ends[path.stem] = datetime.fromisoformat(json.loads(path.read_bytes())["until"])
            except ValueError:
                ends[path.stem] = OVERWRITTEN
        return ends

    def files(self, folder: str, pattern: str) -> list[tuple[Path, datetime]]:
        """And since when they lie there, by the clock of the test."""
        return [
            (path, datetime.fromtimestamp(path.stat().st_mtime, UTC))
            for path in (self.folder / folder).glob(pattern)
        ]

    def verified(self) -> tuple[Finding, ...]:
        return verify_store(self.places, self.clock.now())

    def new_receipts(self) -> Iterator[dict[str, Any]]:
        """The bodies of those that were not given before; each verifies with nothing but its line
        and the public key. Raises `SealBroken`."""
        public, key_id = self.deck.signer.public_key(), self.deck.signer.key_id

        def signed(document: bytes, signature: bytes) -> bool:
            return verifies(public, document, signature)

        for receipt in self.deck.deletions.receipts(limit=1_000_000):
            if receipt.digest not in self._proven:
                (proven,) = prove(as_line(handed_out(receipt)), key_id, signed)
                assert proven.id == receipt.id
                self._proven.add(receipt.digest)
                yield receipt.body

    def deletions(self, call_id: CallId | None = None) -> set[tuple[str, str, str | None]]:
        """Class, customer and call of those that have begun; of `call_id`, or all."""
        done = self.deck.deletions.receipts(call_id=call_id, limit=1_000_000)
        pending = self.deck.deletions.pending(1_000_000, call_id)
        told = {(body["class"], body["customer"], body["call"]) for body in (r.body for r in done)}
        return told | {(str(d.data_class), str(d.customer_id), d.call_id) for d in pending}

    def call_ids(self) -> set[str]:
        return {call.id for call in self.deck.calls.calls(limit=1_000_000)}

    def holds(self) -> set[str]:
        """In force now."""
        return {hold.id for hold in self.deck.holds.in_force(self.clock.now())}

    def customers(self) -> dict[str, bool]:
        """Whether each is closed."""
        return {c.id: c.closed_at is not None for c in self.deck.calls.customers()}

    def rules(self, customer: str) -> tuple[Any, bool]:
        policy = self.deck.calls.retention_policy(CustomerId(customer))
        return policy.transcripts, policy.unsupported.value == "keep"

    def _sealed(self, call_id: CallId) -> SealedRecording | RetainedKey | None:
        try:
            return self.deck.calls.recording(call_id)
        except KeyDestroyed:
            return None

    def _opens(self, call_id: CallId, sealed: Any, said: str) -> bool:
        try:
            return self.deck.recordings.open(call_id, sealed) == RECORDINGS[said]
        except (KeyDestroyed, WrongKey):
            return False

    def _stamp(self) -> None:
        """Files are as old as the clock of the test says."""
        now = self.clock.now().timestamp()
        found = [*self.home.rglob("*"), *self.keys.rglob("*")]
        for path in found:
            if path.is_file() and self._stamped.get(path) != (inode := path.stat().st_ino):
                os.utime(path, (now, now))
                self._stamped[path] = inode


def _masters(copy: Path) -> Path:
    return copy.with_name(f"{copy.name}-masters")


def _is_given(read: Callable[[], Any]) -> bool:
    try:
        return bool(read())
    except (Conflict, NotFound, KeyDestroyed):
        return False
    except SealBroken as error:
        raise AssertionError("what should be whole, or gone, is broken") from error
