"""Deletions and their receipts: what went, by which rule, from which places. Ids, codes and times
only; no content and no number that anybody could be called at.

A deletion begins inside the transaction that makes its content unreadable. What cannot be part of
a transaction (a blob, a key file, a job in Redis) follows, and then the receipt is signed. Class,
rule and period are those of DIN 66398.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from pipeline.domain.audit import AuditEvent
from pipeline.domain.ids import CallId, CustomerId

FORMAT = "deckname/deletion/1"
RETAINED_KEYS = "keys:retained"
"""A place: the key files of consents."""


class DataClass(StrEnum):
    """What a deletion ended; `domain.deletion_concept` says by which rule."""

    RAW_AUDIO = "raw_audio"
    RETAINED_AUDIO = "retained_audio"
    TRANSCRIPT = "transcript"
    CUSTOMER = "customer"


class Trigger(StrEnum):
    """Why it went."""

    DONE = "done"
    FAILURE = "failure"
    CAP = "cap"
    CONSENT_OVER = "consent_over"
    WITHDRAWAL = "withdrawal"
    REFUSAL = "refusal"
    UNSUPPORTED = "unsupported"
    REQUEST = "request"
    EXPIRED = "expired"
    CONTRACT_END = "contract_end"


class HoldCheck(StrEnum):
    """What the look for a legal hold found. A hold never keeps audio."""

    NONE = "none"
    NOT_APPLICABLE = "not_applicable"


class Method(StrEnum):
    """How it went from one place."""

    KEY_DESTROYED = "key_destroyed"
    ROW_DELETED = "row_deleted"
    UNLINKED = "unlinked"
    REDIS_DELETED = "redis_deleted"
    PROVIDER_DELETED = "provider_deleted"
    NOT_PRESENT = "not_present"


@dataclass(frozen=True, slots=True)
class Place:
    """One place: where, e.g. `database:audio_keys`; `done` is None while it is still to do.
    `answer` is a provider's code, e.g. `204`."""

    where: str
    method: Method
    done: datetime | None = None
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class Deletion:
    """A deletion that has begun: its content opens no more. `call_id` is None where a whole
    customer went; `key_name` is the retention key whose file is still to be destroyed."""

    id: str
    data_class: DataClass
    rule: str
    rule_version: int
    trigger: Trigger
    customer_id: CustomerId
    call_id: CallId | None
    hold: HoldCheck
    due: datetime
    begun: datetime
    places: tuple[Place, ...] = ()
    key_name: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Receipt:
    """A signed deletion: `document` is canonical JSON, `signature` Ed25519 over its bytes."""

    id: str
    document: str
    signature: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the document, 64 hex digits: what the audit log chains."""
        return hashlib.sha256(self.document.encode()).hexdigest()

    @property
    def body(self) -> dict[str, Any]:
        """The document, parsed."""
        return dict(json.loads(self.document))


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One line of the deletion ledger: what a restored backup must be told before it opens.

    `kind` is `receipt` (a signed deletion, `facts` are its document and signature), `consent` (a
    refusal or withdrawal), or another of `domain.ledger.Kind`. Ids, codes, hashes and
    times only.
    """

    id: str
    kind: str
    at: datetime
    customer_id: CustomerId
    call_id: CallId | None
    facts: Mapping[str, str | int | None] = field(default_factory=dict)


CONSENT_WITHDRAWN = "consent_withdrawn"
CONSENT_REFUSED = "consent_refused"
CONSENT_UNSUPPORTED = "consent_unsupported"
"""Codes of reasons why the audio of an ended call goes."""

ERASED_ON_REQUEST = "erased_on_request"
"""Why a call goes that its data subject wanted erased; its audio goes so too where a legal hold
keeps the rest."""

ERASURE_OWED = "erasure_owed"
"""Why a call goes that was to be erased once no legal hold keeps it."""

_TRIGGERS = {
    "audio_cap_reached": Trigger.CAP,
    "audio_retention_over": Trigger.CONSENT_OVER,
    CONSENT_WITHDRAWN: Trigger.WITHDRAWAL,
    CONSENT_REFUSED: Trigger.REFUSAL,
    CONSENT_UNSUPPORTED: Trigger.UNSUPPORTED,
    "customer_closed": Trigger.CONTRACT_END,
    ERASED_ON_REQUEST: Trigger.REQUEST,
    ERASURE_OWED: Trigger.REQUEST,
    "transcript_expired": Trigger.EXPIRED,
}


def trigger_of(reason: str) -> Trigger:
    """Why audio went, from the code that an unfinished call ends with; any other is a failure."""
    return _TRIGGERS.get(reason, Trigger.FAILURE)


def new_deletion_id() -> str:
    """`del_` and 128 random bits."""
    return f"del_{secrets.token_hex(16)}"


def document_of(
    deletion: Deletion, done: datetime, position: int, previous: str, key_id: str
) -> str:
    """The receipt's document. It stands at `position` of the audit log, behind the entry whose
    hash is `previous`; `key_id` names the key that signs it."""
    body = {
        "format": FORMAT,
        "id": deletion.id,
        "class": deletion.data_class,
        "rule": {"id": deletion.rule, "version": deletion.rule_version},
        "trigger": deletion.trigger,
        "customer": deletion.customer_id,
        "call": deletion.call_id,
        "hold": deletion.hold,
        "due": _moment(deletion.due),
        "begun": _moment(deletion.begun),
        "done": _moment(done),
        "places": _listed(deletion.places),
        "audit": {"position": position, "previous": previous},
        "key": key_id,
    }
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def deletion_of(receipt: Receipt) -> Deletion:
    """The deletion that `receipt` tells of. Raises `ValueError`, `KeyError` or `TypeError` for a
    document that is none."""
    body = receipt.body
    return Deletion(
        id=body["id"],
        data_class=DataClass(body["class"]),
        rule=body["rule"]["id"],
        rule_version=body["rule"]["version"],
        trigger=Trigger(body["trigger"]),
        customer_id=CustomerId(body["customer"]),
        call_id=None if body["call"] is None else CallId(body["call"]),
        hold=HoldCheck(body["hold"]),
        due=datetime.fromisoformat(body["due"]),
        begun=datetime.fromisoformat(body["begun"]),
        places=_places(body["places"]),
    )


def receipt_event(deletion: Deletion, receipt: Receipt, now: datetime) -> AuditEvent:
    """What the audit log chains of a receipt."""
    facts = {
        "receipt": receipt.id,
        "digest": receipt.digest,
        "class": str(deletion.data_class),
        "trigger": str(deletion.trigger),
    }
    return AuditEvent("deletion_receipt", now, deletion.call_id, deletion.customer_id, facts)


def written_places(places: Iterable[Place]) -> str:
    """As JSON."""
    return json.dumps(_listed(places))


def read_places(text: str) -> tuple[Place, ...]:
    """The inverse of `written_places`."""
    return _places(json.loads(text))


def _listed(places: Iterable[Place]) -> list[dict[str, Any]]:
    return [
        {
            "where": place.where,
            "method": place.method,
            "done": None if place.done is None else _moment(place.done),
            "answer": place.answer,
        }
        for place in places
    ]


def _places(listed: Iterable[dict[str, Any]]) -> tuple[Place, ...]:
    return tuple(
        Place(
            each["where"],
            Method(each["method"]),
            None if each["done"] is None else datetime.fromisoformat(each["done"]),
            each["answer"],
        )
        for each in listed
    )


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat()
