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
from pipeline.domain.laws import laws_cited, laws_in_words
from pipeline.domain.retention_policy import RetentionPolicy, UnsupportedConsent, policy_facts
from pipeline.domain.rights import LegalHold, Mark, Right, RightsRequest


class Kind(StrEnum):
    """`deleted` is a deletion that begins, told before its commit; `committed` and `undone` say of
    an earlier entry what became of its transaction. `restrict` and `object` set a mark of a call,
    `owe` says that a call is to be erased when no hold keeps it; `lift`, `lift_objection` and
    `take_back` take these away; `release` ends a hold; `retention` is a customer's new rule,
    `api_key` its new key. `request` is what a data subject asked for, `answer` how that ended.
    `remade` says that an earlier ledger was lost."""

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
    OWE = "owe"
    TAKE_BACK = "take_back"
    REQUEST = "request"
    ANSWER = "answer"
    RETENTION = "retention"
    API_KEY = "api_key"
    REMADE = "remade"


MARKS: Mapping[str, Mark] = MappingProxyType(
    {
        Kind.RESTRICT: Mark.RESTRICTION,
        Kind.LIFT: Mark.RESTRICTION,
        Kind.OBJECT: Mark.OBJECTION,
        Kind.LIFT_OBJECTION: Mark.OBJECTION,
        Kind.OWE: Mark.ERASURE,
        Kind.TAKE_BACK: Mark.ERASURE,
    }
)
"""Which mark an entry is about. Of one call and mark the last entry counts."""

LIFTS = (Kind.LIFT, Kind.LIFT_OBJECTION, Kind.TAKE_BACK)
_RULES = (Kind.RETENTION, Kind.API_KEY)
_PREFIXES = {Kind.DELETED: "gone", Kind.COMMITTED: "done", Kind.UNDONE: "kept"}
TOLD_FREELY = tuple(f"{prefix}_" for prefix in _PREFIXES.values())
"""What ids begin with whose entries may be told twice: a second one says the same."""

_TOKEN, _AWAITING = "token", "awaiting"
_AUDIO = (DataClass.RAW_AUDIO, DataClass.RETAINED_AUDIO)

_WORDS_LOST = "taken over from the deletion ledger, without the words of its reason"

GRANTED = "done"
"""The outcome of a request that was granted."""

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
    rule and its key the last one counts. One that awaits its commit counts from then on, and one
    that was undone does not count, unless it was told again or committed after all."""
    told: dict[str, tuple[str, str | None]] = {}
    awaited: dict[str, tuple[str, str | None]] = {}
    undone: set[str] = set()
    for entry in entries:
        about = _about(entry)
        if entry.kind == Kind.UNDONE:
            undone.add(settles(entry))
        elif entry.kind == Kind.COMMITTED:
            undone.discard(settles(entry))
            if settles(entry) in awaited:
                told[settles(entry)] = awaited.pop(settles(entry))
        elif about is not None and is_awaiting(entry):
            awaited[entry.id] = about
        elif about is not None:
            undone.discard(entry.id)
            told.pop(entry.id, None)
            told[entry.id] = about
    counting = {entry_id: about for entry_id, about in told.items() if entry_id not in undone}
    last = {about: entry_id for entry_id, about in counting.items()}
    return counting.keys() - last.values()


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
    whose = entry.customer_id, entry.call_id
    return LedgerEntry(outcome_id(kind, entry.id), kind, entry.at, *whose, {"entry": entry.id})


def outcome_id(kind: Kind, entry_id: str) -> str:
    """The id of the entry that tells the outcome of `entry_id`."""
    return _id(_PREFIXES[kind], entry_id)


def undone_by(entry_id: str) -> str | None:
    """Where `entry_id` tells an outcome, the id of the entry that tells the same was undone: it is
    itself, or is taken back by it."""
    prefix, _, digest = entry_id.partition("_")
    outcomes = (_PREFIXES[Kind.COMMITTED], _PREFIXES[Kind.UNDONE])
    return f"{_PREFIXES[Kind.UNDONE]}_{digest}" if prefix in outcomes else None


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
    """A legal hold. Its reason was written in words, and stays in the database; of it the ledger
    has the laws that it cites."""
    facts: dict[str, str | int | None] = {
        "hold": hold.id,
        "by": hold.placed_by,
        "until": None if hold.until is None else _moment(hold.until),
        "cites": ",".join(laws_cited(hold.reason)),
    }
    return LedgerEntry(hold.id, Kind.HOLD, hold.placed_at, hold.customer_id, hold.call_id, facts)


def release_told(hold: LegalHold, at: datetime) -> LedgerEntry:
    """The end of a legal hold."""
    told_id = _id("rel", hold.id)
    facts: dict[str, str | int | None] = {"hold": hold.id}
    return LedgerEntry(told_id, Kind.RELEASE, at, hold.customer_id, hold.call_id, facts)


def mark_told(kind: Kind, call_id: CallId, customer_id: CustomerId, at: datetime) -> LedgerEntry:
    """A restriction (Art. 18), an objection (Art. 21), an erasure owed (Art. 17); or that it was
    lifted, or taken back."""
    return LedgerEntry(_id("mrk", kind, call_id, _moment(at)), kind, at, customer_id, call_id)


def request_told(request: RightsRequest) -> LedgerEntry:
    """What a data subject asked for, and by when it must be answered. Who asked is in it as the
    keyed hash by which the search finds its calls: nobody can tell without the customer's key."""
    facts: dict[str, str | int | None] = {
        "right": str(request.right),
        "due": _moment(request.due_at),
        "subject": request.subject,
    }
    at, customer_id = request.received_at, request.customer_id
    return LedgerEntry(request.id, Kind.REQUEST, at, customer_id, None, facts)


def answer_told(request: RightsRequest, at: datetime) -> LedgerEntry:
    """How a request was closed."""
    facts: dict[str, str | int | None] = {
        "request": request.id,
        "outcome": request.outcome,
        "calls": request.calls,
    }
    told_id = _id("ans", request.id)
    return LedgerEntry(told_id, Kind.ANSWER, at, request.customer_id, None, facts)


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


def hold_in(entry: LedgerEntry) -> LegalHold:
    """Its reason says that the words of it are lost, and which laws they cited."""
    until = entry.facts.get("until")
    cited = laws_in_words(str(entry.facts.get("cites") or "").split(","))
    reason = f"{cited} ({_WORDS_LOST})" if cited else _WORDS_LOST
    return LegalHold(
        id=held_by(entry),
        customer_id=entry.customer_id,
        call_id=entry.call_id,
        reason=reason,
        placed_by=str(entry.facts.get("by") or "operator"),
        placed_at=entry.at,
        until=None if until is None else datetime.fromisoformat(str(until)),
    )


def request_in(entry: LedgerEntry) -> RightsRequest:
    """As it was opened. Raises `SealBroken` where the entry holds none."""
    subject = entry.facts.get("subject")
    try:
        return RightsRequest(
            id=entry.id,
            customer_id=entry.customer_id,
            right=Right(str(entry.facts["right"])),
            received_at=entry.at,
            due_at=datetime.fromisoformat(str(entry.facts["due"])),
            subject=None if subject is None else str(subject),
        )
    except (KeyError, ValueError):
        raise _unreadable() from None


def answer_in(entry: LedgerEntry) -> tuple[str, int]:
    """The outcome, and how many calls the request was about. Raises `SealBroken`."""
    try:
        return str(entry.facts["outcome"]), int(str(entry.facts["calls"]))
    except (KeyError, ValueError):
        raise _unreadable() from None


def is_lasting(right: Right, outcome: str, calls: int) -> bool:
    """Whether an answer holds in a restored copy: a correction went with the transcript that the
    copy brings back, and the ledger has no words to make it again."""
    return right is not Right.RECTIFY or not (calls or outcome == GRANTED)


def answered_by(entry: LedgerEntry) -> str:
    """The id of the request that the entry opens or closes."""
    return str(entry.facts.get("request") or entry.id)


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
