"""The store against the model: what the verifier has to find, what a power cut may leave."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from pipeline.domain.ids import CallId
from tests.privacy.deletion_model import (
    ERASED,
    FAILED,
    HOUR,
    LEASE,
    STORED,
    WAITING,
    Account,
    Fate,
    Rules,
    Timeline,
)
from tests.privacy.deletion_store import Look, Store

SWEEP, UNLINK = timedelta(minutes=5), timedelta(seconds=15)
UPLOAD, RECEIPT = HOUR + timedelta(minutes=5), timedelta(minutes=10)
UNNAMED = 2 * HOUR + timedelta(minutes=5)
"""What the verifier leaves maintenance to do its work, and a push to store its row."""

Places = set[tuple[str, str]]
"""Checks, and where they find something."""


def overdue(known: Timeline, store: Store, moved: Mapping[str, datetime]) -> tuple[Places, Places]:
    """What the verifier must find, and what it may find besides: of calls and customers that were
    `moved` just now it may leave maintenance its time or not."""
    now = store.clock.now()
    must = set(_keys(store, now)) | set(_blobs(known, store, now)) | set(_half_written(store, now))
    must |= set(_unnamed(store, now))
    for deletion in store.deck.deletions.pending(1_000_000):
        if deletion.begun <= now - RECEIPT:
            must.add(("deletion_unfinished", deletion.id))
    may = set[tuple[str, str]]()
    for call_id, fate in known.fates.items():
        if fate.voice and fate.voice_until <= now - SWEEP:
            must.add(("audio_overdue", call_id))
        if fate.voice and fate.state == STORED and fate.unkept(known.rules(fate)):
            may.add(("retained_against_consent", call_id))
    for call_id in known.overdue(now):
        fate = known.fates[call_id]
        if fate.state == STORED and fate.ends(known.rules(fate)) <= now - SWEEP:
            unmoved = _unmoved(known, (call_id, fate.customer), now - SWEEP, moved)
            (must if unmoved else may).add(("transcript_overdue", call_id))
    for call_id in known.erasable(now):
        named = call_id, known.fates[call_id].customer
        unmoved = _unmoved(known, named, now - SWEEP, moved)
        (must if unmoved else may).add(("erasure_overdue", call_id))
    return must, may


def _unmoved(
    known: Timeline, named: tuple[str, ...], late: datetime, moved: Mapping[str, datetime]
) -> bool:
    """Whether nothing moved an end since `late`, and no hold ended by itself."""
    ends = [hold.until for hold in known.holds.values() if hold.until is not None]
    return all(moved.get(each, late) <= late for each in named) and not any(
        late < end for end in ends
    )


def _keys(store: Store, now: datetime) -> Iterator[tuple[str, str]]:
    for name, end in store.key_ends().items():
        if end <= now - SWEEP:
            yield "key_overdue", name


def _unnamed(store: Store, now: datetime) -> Iterator[tuple[str, str]]:
    """A worker lost its power before it committed, or rows were put back by hand."""
    named = store.deck.calls.retention_keys_named()
    for name, made in store.deck.keys.retention_keys():
        if now - made >= UNNAMED and name not in named:
            yield "key_without_recording", name


def _blobs(known: Timeline, store: Store, now: datetime) -> Iterator[tuple[str, str]]:
    for path, since in store.files("home/blobs", "*"):
        old, fate = now - since > UPLOAD, known.fates.get(path.name)
        if path.suffix == ".part":
            if old:
                yield "blob_half_written", path.stem
        elif fate is None:
            if old:
                yield "blob_without_key", path.name
        elif not fate.voice:
            ended = store.deck.calls.call(CallId(path.name)).finished_at
            if ended is not None and now - ended >= UNLINK:
                yield "blob_without_key", path.name


def _half_written(store: Store, now: datetime) -> Iterator[tuple[str, str]]:
    for path, since in store.files("keys", "**/.*.part"):
        if now - since > SWEEP:
            yield "key_half_written", f"inode {path.stat().st_ino}"


def settled(before: Timeline, after: Timeline, store: Store) -> Timeline:
    """What is true after a power cut in the step that leads from one to the other: each of its
    transactions happened whole, or not at all."""
    found = copy.deepcopy(before)
    found.accounts = {}
    for name, closed in store.customers().items():
        allowed = [each.accounts[name] for each in (before, after) if name in each.accounts]
        found.accounts[name] = _settled_account(allowed, Rules(*store.rules(name)), closed=closed)
    assert found.accounts.keys() >= before.accounts.keys() & after.accounts.keys()
    for call_id, then in before.fates.items():
        found.fates[call_id] = _settled_call(call_id, then, after.fates[call_id], store)
    in_force = store.holds()
    found.holds |= {hold.id: hold for hold in after.holds.values() if hold.id not in in_force}
    found.seen = store.deck.watermarks.latest("maintenance")
    assert found.seen in (before.seen, after.seen)
    return found


def _settled_account(allowed: list[Account], rules: Rules, *, closed: bool) -> Account:
    for account in allowed:
        if (account.rules, account.closed) == (rules, closed):
            return copy.deepcopy(account)
    # What was told and not committed is done again at the next start, if it is stricter.
    then, wanted = allowed
    assert not closed and rules == then.rules.stricter(wanted.rules), (rules, allowed)
    return Account(then.born, rules)


def _settled_call(call_id: str, then: Fate, wanted: Fate, store: Store) -> Fate:
    look = store.look(CallId(call_id), then.said)
    assert look is not None, call_id
    fate = _which(look, then, wanted, (call_id, then, wanted, look))
    if look.state == WAITING:
        assert look.attempts in (then.attempts, then.attempts + 1), (call_id, then, look)
        claimed = look.attempts > then.attempts
        leased_until = store.clock.now() + LEASE if look.under_way else None
        fate.attempts = look.attempts
        fate.leased_until = leased_until if claimed else then.leased_until
    registers = {len(each.register): each.register for each in (then, wanted)}
    assert look.register in registers, (call_id, then, wanted, look)
    fate.register = list(registers[look.register])
    if fate.state != ERASED:
        assert look.restricted in (then.restricted, wanted.restricted), (call_id, then, look)
        assert look.objected in (then.objected, wanted.objected), (call_id, then, look)
        assert look.owed in (then.owed, wanted.owed), (call_id, then, look)
        fate.restricted, fate.objected, fate.owed = look.restricted, look.objected, look.owed
    return fate


def _which(look: Look, then: Fate, wanted: Fate, told: object) -> Fate:
    """What became of transcript and voice, which are never halves of both."""
    for fate in (wanted, then):
        if (look.state, look.voice) == (fate.state, fate.voice):
            return copy.deepcopy(fate)
    # Maintenance ends a recording by the clock before it erases its call.
    halfway = copy.deepcopy(then)
    halfway.silence()
    assert wanted.state == ERASED and halfway.state in (STORED, FAILED), told
    assert (look.state, look.voice) == (halfway.state, halfway.voice), told
    return halfway
