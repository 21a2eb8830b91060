"""What the deletion ledger says, and how its entries read: one builder and one
reader for each kind. Ids, codes and times only; ids are made of what an entry says, so that
telling the ledger twice changes nothing.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from pipeline.domain.audit import GENESIS
from pipeline.domain.consent import ConsentAct, ConsentEntry, ConsentSource, Purpose
from pipeline.domain.deletion import (
    DataClass,
    Deletion,
    HoldCheck,
    LedgerEntry,
    Receipt,
    Trigger,
    trigger_of,
)
from pipeline.domain.errors import SealBroken
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.retention_policy import RetentionPolicy, UnsupportedConsent, policy_facts
from pipeline.domain.rights import LegalHold, Mark


class Kind(StrEnum):
    """`deleted` is a deletion that begins, told before its commit; `committed` and `undone` say of
    an earlier entry what became of its transaction. `restrict` and `object` set a mark of a call,
    `lift` and `lift_objection` take it away; `release` ends a hold; `retention` is a customer's
    new rule, `api_key` its new key. `remade` says that an earlier ledger was lost."""

    RECEIPT = "receipt"
    DELETED = "deleted"
    COMMITTED = "committed"
    UNDONE = "undone"
    CONSENT = "consent"
    HOLD = "hold"
    RELEASE = "release"
    RESTRICT = "restrict"
    LIFT = "lift"
    OBJECT = "object"
    LIFT_OBJECTION = "lift_objection"
    RETENTION = "retention"
    API_KEY = "api_key"
    REMADE = "remade"


MARKS: Mapping[str, Mark] = MappingProxyType(
    {
        Kind.RESTRICT: Mark.RESTRICTION,
        Kind.LIFT: Mark.RESTRICTION,
        Kind.OBJECT: Mark.OBJECTION,
        Kind.LIFT_OBJECTION: Mark.OBJECTION,
    }
)
"""Which mark an entry is about. Of one call and mark the last entry counts."""

LIFTS = (Kind.LIFT, Kind.LIFT_OBJECTION)
_RULES = (Kind.RETENTION, Kind.API_KEY)
_PREFIXES = {Kind.DELETED: "gone", Kind.COMMITTED: "done", Kind.UNDONE: "kept"}
TOLD_FREELY = tuple(f"{prefix}_" for prefix in _PREFIXES.values())
"""What ids begin with whose entries may be told twice: a second one says the same."""

_TOKEN, _AWAITING = "token", "awaiting"
_AUDIO = (DataClass.RAW_AUDIO, DataClass.RETAINED_AUDIO)

LOST_IN_RESTORE = "lost_in_restore"
"""Why a call failed whose transcript is younger than the backup: its audio went with it."""

_REASONS = {
    Trigger.CAP: "audio_cap_reached",
    Trigger.CONSENT_OVER: "audio_retention_over",
    Trigger.WITHDRAWAL: "consent_withdrawn",
    Trigger.REFUSAL: "consent_refused",
    Trigger.CONTRACT_END: "customer_closed",
    Trigger.REQUEST: "erased_on_request",
}


@dataclass(frozen=True, slots=True)
class LedgerMark:
    """A place between two entries of the ledger: how far behind its start (bytes of the file), and
    the digest of the entry before, which depends on all before that."""

    position: int
    digest: str

    def written(self) -> str:
        """80 characters at most."""
        return f"{self.position}:{self.digest}"

    @classmethod
    def read(cls, text: str) -> LedgerMark | None:
        """The inverse of `written`; None for what older versions wrote."""
        position, separator, digest = text.partition(":")
        return cls(int(position), digest) if separator and position.isdecimal() else None


START = LedgerMark(0, GENESIS)


def overtaken(entries: Iterable[LedgerEntry]) -> set[str]:
    """Ids of those behind which a later entry sets the same anew: of a call's mark, a customer's
    rule and its key the last one counts. One that awaits its commit counts from then on."""
    last: dict[tuple[str, str | None], str] = {}
    awaited: dict[str, LedgerEntry] = {}
    found = set()
    for each in entries:
        entry = awaited.pop(settles(each), each) if each.kind == Kind.COMMITTED else each
        about = _about(entry)
        if about is not None and entry is each and is_awaiting(entry):
            awaited[entry.id] = entry
        elif about is not None:
            if about in last:
                found.add(last[about])
            last[about] = entry.id
    return found


def reason_of(trigger: Trigger) -> str:
    """With which code an unfinished call ends, when the ledger says that its audio went."""
    reason = _REASONS.get(trigger, LOST_IN_RESTORE)
    assert reason == LOST_IN_RESTORE or trigger_of(reason) is trigger
    return reason


def receipt_told(deletion: Deletion, receipt: Receipt, now: datetime) -> LedgerEntry:
    """A receipt: all of it."""
    facts = {
        "document": receipt.document,
        "signature": base64.b64encode(receipt.signature).decode(),
    }
    return LedgerEntry(receipt.id, Kind.RECEIPT, now, deletion.customer_id, deletion.call_id, facts)


def deleted_told(deletion: Deletion, token: int | None = None) -> LedgerEntry:
    """A deletion that begins, without its places: its receipt has those. `token` is the claim of
    the worker whose transaction it is part of: where that was never committed, the recording is
    still to be transcribed."""
    facts: dict[str, str | int | None] = {
        "deletion": deletion.id,
        "class": str(deletion.data_class),
        "trigger": str(deletion.trigger),
        "version": deletion.rule_version,
        "due": _moment(deletion.due),
    }
    if token is not None:
        facts[_TOKEN] = token
    whose = deletion.customer_id, deletion.call_id
    return LedgerEntry(begun_id(deletion.id), Kind.DELETED, deletion.begun, *whose, facts)


def begun_id(deletion_id: str) -> str:
    """The id of the entry which tells that a deletion begins."""
    return _id(_PREFIXES[Kind.DELETED], deletion_id)


def outcome_told(kind: Kind, entry: LedgerEntry) -> LedgerEntry:
    """`committed` or `undone`: what became of the transaction that told `entry`."""
    told_id = _id(_PREFIXES[kind], entry.id)
    whose = entry.customer_id, entry.call_id
    return LedgerEntry(told_id, kind, entry.at, *whose, {"entry": entry.id})


def settles(entry: LedgerEntry) -> str:
    """The id of the entry whose outcome this one tells."""
    return str(entry.facts.get("entry"))


def is_awaiting(entry: LedgerEntry) -> bool:
    """Whether the entry counts without doubt only once its commit was told."""
    return _TOKEN in entry.facts or _AWAITING in entry.facts


def committed(entry: LedgerEntry) -> LedgerEntry:
    """The entry, now that its commit was told: it awaits nothing."""
    facts = {name: fact for name, fact in entry.facts.items() if name not in (_TOKEN, _AWAITING)}
    return replace(entry, facts=facts)


def token_in(entry: LedgerEntry) -> int | None:
    """The claim that the deletion was part of, as long as its commit was not told."""
    token = entry.facts.get(_TOKEN)
    return None if token is None else int(token)


def consent_told(entry: ConsentEntry) -> LedgerEntry:
    """A refusal or withdrawal."""
    facts: dict[str, str | int | None] = {
        "purpose": str(entry.purpose),
        "act": str(entry.act),
        "source": str(entry.source),
        "segment": entry.segment,
        "digest": entry.digest,
    }
    at = _moment(entry.at)
    told_id = _id("con", entry.call_id, entry.purpose, entry.act, at)
    return LedgerEntry(told_id, Kind.CONSENT, entry.at, entry.customer_id, entry.call_id, facts)


def hold_told(hold: LegalHold) -> LedgerEntry:
    """A legal hold. Its reason stays in the database: somebody wrote it in words."""
    facts: dict[str, str | int | None] = {
        "hold": hold.id,
        "by": hold.placed_by,
        "until": None if hold.until is None else _moment(hold.until),
    }
    return LedgerEntry(hold.id, Kind.HOLD, hold.placed_at, hold.customer_id, hold.call_id, facts)


def release_told(hold: LegalHold, at: datetime) -> LedgerEntry:
    """The end of a legal hold."""
    told_id = _id("rel", hold.id)
    facts: dict[str, str | int | None] = {"hold": hold.id}
    return LedgerEntry(told_id, Kind.RELEASE, at, hold.customer_id, hold.call_id, facts)


def mark_told(kind: Kind, call_id: CallId, customer_id: CustomerId, at: datetime) -> LedgerEntry:
    """A restriction (Art. 18) or an objection (Art. 21), or that it was lifted."""
    return LedgerEntry(_id("mrk", kind, call_id, _moment(at)), kind, at, customer_id, call_id)


def retention_told(customer_id: CustomerId, policy: RetentionPolicy, at: datetime) -> LedgerEntry:
    """A retention rule that a customer has from now on."""
    facts: dict[str, str | int | None] = dict(policy_facts(policy))
    told_id = _id("rul", customer_id, *(str(facts[name]) for name in sorted(facts)))
    return LedgerEntry(told_id, Kind.RETENTION, at, customer_id, None, facts)


def api_key_told(
    customer_id: CustomerId, key_hash: str, at: datetime, *, awaiting: bool = False
) -> LedgerEntry:
    """A new API key: its hash, under which nobody gets in. `awaiting` its commit it replaces
    none: a key that nobody was shown must not shut its customer out."""
    facts: dict[str, str | int | None] = {"hash": key_hash}
    if awaiting:
        facts[_AWAITING] = 1
    told_id = _id("key", customer_id, key_hash)
    return LedgerEntry(told_id, Kind.API_KEY, at, customer_id, None, facts)


def receipt_in(entry: LedgerEntry) -> Receipt:
    """Raises `SealBroken` where the entry holds none."""
    try:
        signature = base64.b64decode(str(entry.facts["signature"]), validate=True)
        return Receipt(entry.id, str(entry.facts["document"]), signature)
    except (KeyError, ValueError):
        raise _unreadable() from None


def deletion_in(entry: LedgerEntry) -> Deletion:
    """Without places. Raises `SealBroken` where the entry holds none."""
    try:
        data_class = DataClass(str(entry.facts["class"]))
        kept = data_class not in _AUDIO
        return Deletion(
            id=str(entry.facts["deletion"]),
            data_class=data_class,
            rule=str(data_class),
            rule_version=int(str(entry.facts["version"])),
            trigger=Trigger(str(entry.facts["trigger"])),
            customer_id=entry.customer_id,
            call_id=entry.call_id,
            hold=HoldCheck.NONE if kept else HoldCheck.NOT_APPLICABLE,
            due=datetime.fromisoformat(str(entry.facts["due"])),
            begun=entry.at,
        )
    except (KeyError, ValueError):
        raise _unreadable() from None


def consent_in(entry: LedgerEntry) -> ConsentEntry:
    """Raises `SealBroken` where the entry holds none."""
    segment, digest = entry.facts.get("segment"), entry.facts.get("digest")
    try:
        if entry.call_id is None:
            raise _unreadable()
        return ConsentEntry(
            customer_id=entry.customer_id,
            call_id=entry.call_id,
            purpose=Purpose(str(entry.facts["purpose"])),
            act=ConsentAct(str(entry.facts["act"])),
            source=ConsentSource(str(entry.facts["source"])),
            at=entry.at,
            segment=None if segment is None else int(segment),
            digest=None if digest is None else str(digest),
        )
    except (KeyError, ValueError):
        raise _unreadable() from None


def retention_in(entry: LedgerEntry) -> RetentionPolicy:
    """Raises `SealBroken` where the entry holds none."""
    seconds = entry.facts.get("transcript_seconds")
    try:
        return RetentionPolicy(
            None if seconds is None else timedelta(seconds=int(seconds)),
            UnsupportedConsent(str(entry.facts["unsupported"])),
            int(str(entry.facts["version"])),
        )
    except (KeyError, ValueError):
        raise _unreadable() from None


def key_hash_in(entry: LedgerEntry) -> str:
    """Raises `SealBroken` where the entry holds none."""
    key_hash = entry.facts.get("hash")
    if not isinstance(key_hash, str):
        raise _unreadable()
    return key_hash


def hold_in(entry: LedgerEntry, reason: str) -> LegalHold:
    """`reason` stands for the words that the ledger does not have."""
    until = entry.facts.get("until")
    return LegalHold(
        id=held_by(entry),
        customer_id=entry.customer_id,
        call_id=entry.call_id,
        reason=reason,
        placed_by=str(entry.facts.get("by") or "operator"),
        placed_at=entry.at,
        until=None if until is None else datetime.fromisoformat(str(until)),
    )


def held_by(entry: LedgerEntry) -> str:
    """The id of the legal hold that the entry tells of."""
    return str(entry.facts.get("hold") or entry.id)


def _about(entry: LedgerEntry) -> tuple[str, str | None] | None:
    if entry.kind in MARKS:
        return MARKS[entry.kind], entry.call_id
    return (entry.kind, entry.customer_id) if entry.kind in _RULES else None


def remade_told(at: datetime) -> LedgerEntry:
    """That an earlier ledger was lost: no mark that was set before `at` can be looked for in this
    one. It is about no customer."""
    return LedgerEntry(_id("new", _moment(at)), Kind.REMADE, at, CustomerId(""), None)


def _id(prefix: str, *parts: str) -> str:
    return f"{prefix}_{hashlib.sha256(' '.join(parts).encode()).hexdigest()[:32]}"


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat()


def _unreadable() -> SealBroken:
    return SealBroken("an entry of the deletion ledger cannot be read: restore its own copy")
