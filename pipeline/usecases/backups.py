"""Back the store up into one file, and restore it so that nothing deleted comes back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from pipeline.domain.audit import AuditEvent
from pipeline.domain.backup import Manifest
from pipeline.domain.errors import ConfigurationError, Conflict, KeyDestroyed, UsageError, WrongKey
from pipeline.domain.ids import CallId
from pipeline.domain.ledger import LOST_IN_RESTORE
from pipeline.ports import Backups
from pipeline.usecases.deck import Deck
from pipeline.usecases.finish_deletions import finish_deletions
from pipeline.usecases.remake_ledger import remake_ledger
from pipeline.usecases.replay_ledger import Replayed, catch_up, note_reached
from pipeline.usecases.tie_keys import check_masters

_ALL = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back, what the ledger took away again, and how many calls lost their recording
    because they ended while the backup was made."""

    manifest: Manifest
    replayed: Replayed
    lost: int = 0


def create_backup(target: Path, deck: Deck, backups: Backups, apart: tuple[Path, ...]) -> Manifest:
    """Write the store into the new file `target`, which must lie in none of the folders `apart`.
    Raises what `Backups.create` and `check_masters` raise: a backup under a master key that opens
    no customer would come back unreadable."""
    place = target.absolute()
    if any(place.is_relative_to(folder) for folder in apart):
        raise UsageError("a backup lies neither in DECKNAME_HOME nor in DECKNAME_KEYS")
    check_masters(deck)
    note_reached(deck)  # an older copy of the ledger beside this backup is then told apart
    manifest = backups.create(place, deck.clock.now())
    facts = {"calls": manifest.calls, "recordings": manifest.recordings}
    deck.audit.append(AuditEvent("backup_created", deck.clock.now(), facts=facts))
    return manifest


def restore_backup(
    source: Path,
    home: Path,
    backups: Backups,
    opened: Callable[[Path], AbstractContextManager[Deck]],
    *,
    without_ledger: bool = False,
    aside: bool = False,
) -> Restored:
    """Put the store of the backup `source` into the empty folder `home`. The ledger is replayed
    before the store is in its place.

    `aside` means that another store may live with the same keys and ledger: neither is written to.
    Deletions that are pending in the backup, or begin with the restore, are left to the first
    start of what was restored: the other store may finish them, and then the ledger has their
    receipts. Raises what `Backups.unpacked` raises, `Conflict` where the backup is older than what
    the ledger tells, `UsageError` where the ledger would have to be made aside, and
    `ConfigurationError` where it is missing; then nothing was restored."""
    if aside and without_ledger:
        raise UsageError(
            "--without-ledger writes a ledger, and that of DECKNAME_KEYS may be another store's:"
            " let DECKNAME_HOME name the new folder instead of --into; nothing was restored"
        )
    with backups.unpacked(source, home) as (folder, manifest):
        with opened(folder) as deck:
            _check_age(manifest, deck)
            _check_masters(deck)
            if without_ledger:
                remake_ledger(deck)
            replayed = _replayed(deck, aside)
            lost = _without_blobs(deck, deck.clock.now())
            if not aside:
                finish_deletions(deck, limit=_ALL)
            facts: dict[str, str | int] = {
                "calls": manifest.calls,
                "taken_at": manifest.at.isoformat(),
            }
            deck.audit.append(AuditEvent("backup_restored", deck.clock.now(), facts=facts))
        backups.place(folder)
    return Restored(manifest, replayed, lost)


def _check_age(manifest: Manifest, deck: Deck) -> None:
    """The ledger reaches back as far as evidence does: of older backups nobody can tell any more
    what was deleted since."""
    if manifest.at <= deck.clock.now() - deck.policy.keep_evidence:
        raise Conflict(
            "the backup is older than evidence is kept (DECKNAME_EVIDENCE_YEARS): the deletion"
            " ledger does not tell any more what was deleted since; nothing was restored"
        )


def _check_masters(deck: Deck) -> None:
    """Who put back one master key of then may have forgotten the other."""
    living = (each for each in deck.calls.customers() if each.closed_at is None)
    for customer in islice(living, 1):
        try:
            deck.transcripts.rewrapped(customer)
        except (WrongKey, KeyDestroyed):
            raise WrongKey(
                "the backup opens, and the keys of its customers do not: put back `content` and"
                " `vault` of DECKNAME_KEYS as they were when it was made; nothing was restored"
            ) from None


def _replayed(deck: Deck, aside: bool) -> Replayed:
    try:
        return catch_up(deck, keeping_keys=aside)
    except ConfigurationError as error:
        raise ConfigurationError(
            f"{str(error).partition(':')[0]}: put back the copy of DECKNAME_KEYS/ledger that is"
            " kept apart from backups; or restore --without-ledger, and what was deleted since the"
            " backup was made becomes readable again. Nothing was restored"
        ) from None


def _without_blobs(deck: Deck, now: datetime) -> int:
    """End the audio of calls whose recording is not in the backup."""
    there = {call_id for call_id, _ in deck.recordings.blobs()}
    lost = [call_id for call_id in _with_audio(deck) if call_id not in there]
    for call_id in lost:
        deck.calls.destroy_audio(call_id, LOST_IN_RESTORE, now)
    return len(lost)


def _with_audio(deck: Deck) -> list[CallId]:
    ids = [call.id for call in deck.calls.calls(limit=_ALL)]
    return [call_id for call_id, has in deck.calls.has_audio_key(ids).items() if has]
