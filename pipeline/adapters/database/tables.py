"""The tables. Each says in `info["deletion_class"]` what ends the life of its rows, by the ids of
`domain.deletion_concept`:

- `raw_audio`: destroyed with the transcript's commit, at the cap, or when consent ends
- `intake`: dropped when the call is stored or failed
- `transcript`: sealed; erased or expired with the call, unreadable once the customer is closed
- `record`: metadata of a call, no content; erased or expired with the call
- `customer`: lives and ends with the customer
- `evidence`: append-only, holds ids and codes only
- `delivery`: gone once delivered
- `operation`: one row a name, overwritten; who leads, what time it was, and whose keys these are
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

from pipeline.domain.deletion_concept import CONCEPT

DELETION_CLASSES = frozenset(each.id for each in CONCEPT)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """Aware datetimes, kept as UTC without zone, so that text order is time order on SQLite."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To naive UTC. Raises `ValueError` for a datetime without zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime needs its time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """To aware UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


def _call_id() -> Column[str]:
    return Column("call_id", String(37), ForeignKey("calls.id"), primary_key=True)


customers = Table(
    "customers",
    metadata,
    Column("id", String(63), primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("closed_at", Moment),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("wrapped_vault_key", LargeBinary, nullable=False),
    Column("salt", LargeBinary, nullable=False, comment="of the idempotency keys' HMAC"),
    Column("key_version", Integer, nullable=False, server_default="1"),
    Column("keys_made_at", Moment, comment="when they were rotated last"),
    info={"deletion_class": "customer"},
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("customer_id", String(63), ForeignKey("customers.id"), primary_key=True),
    Column("key_hash", String(128), nullable=False, unique=True),
    info={"deletion_class": "customer"},
)

redaction_policies = Table(
    "redaction_policies",
    metadata,
    Column("customer_id", String(63), ForeignKey("customers.id"), primary_key=True),
    Column("keep_vault", Boolean, nullable=False),
    Column("link_callers", Boolean, nullable=False),
    Column("generalise", Boolean, nullable=False),
    Column("ciphertext", LargeBinary, comment="sealed lists and link secret"),
    Column("wrapped_key", LargeBinary),
    CheckConstraint("(ciphertext IS NULL) = (wrapped_key IS NULL)", name="sealed"),
    info={"deletion_class": "customer"},
)

calls = Table(
    "calls",
    metadata,
    Column("id", String(37), primary_key=True),
    Column("customer_id", String(63), ForeignKey("customers.id"), nullable=False),
    Column("status", String(10), nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("queued_at", Moment, nullable=False, comment="since when it waits for a worker"),
    Column("finished_at", Moment),
    Column("audio_until", Moment),
    Column("language", String(35)),
    Column("layout", String(20), nullable=False),
    Column("duration", Float),
    Column("attempts", Integer, nullable=False),
    Column("failure", String(80)),
    Column("idempotency_hash", String(64)),
    Column("token", Integer, nullable=False, comment="fencing token, grows with each claim"),
    Column("origin", String(12), nullable=False, server_default="phone"),
    Column("rules_version", Integer, nullable=False, server_default="1"),
    Column("unsupported", String(10), nullable=False, server_default="destroy"),
    Column("transcript_until", Moment, index=True, comment="as promised at intake"),
    Column("restricted_at", Moment),
    Column("objected_at", Moment),
    Column("erasure_owed_at", Moment, index=True, comment="a legal hold stood against it"),
    Column("erased_at", Moment),
    Column("priority", Integer, nullable=False, server_default="0"),
    Column("lease_owner", String(100)),
    Column("lease_until", Moment),
    UniqueConstraint("customer_id", "idempotency_hash"),
    CheckConstraint("status IN ('received', 'processing', 'stored', 'failed')", name="status"),
    Index("ix_calls_newest", "received_at", "id"),
    Index("ix_calls_newest_of_customer", "customer_id", "received_at", "id"),
    Index("ix_calls_waiting", "status", "queued_at"),
    Index("ix_calls_turns", "status", "attempts", "customer_id", "priority", "queued_at"),
    Index("ix_calls_living_of_customer", "customer_id", "erased_at", "received_at"),
    info={"deletion_class": "record"},
)

consent_claims = Table(
    "consent_claims",
    metadata,
    _call_id(),
    Column("position", Integer, primary_key=True),
    Column("purpose", String(40), nullable=False),
    Column("duration_seconds", Float),
    info={"deletion_class": "record"},
)

audio_keys = Table(
    "audio_keys",
    metadata,
    _call_id(),
    Column("kind", String(8), nullable=False, comment="day or retained"),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("until", Moment, nullable=False, index=True),
    Column("blob", String(64)),
    Column("size", BigInteger),
    Column("day", String(10)),
    Column("key_name", String(64)),
    CheckConstraint(
        "(kind = 'day' AND day IS NOT NULL AND blob IS NOT NULL AND size IS NOT NULL)"
        " OR (kind = 'retained' AND key_name IS NOT NULL)",
        name="kind",
    ),
    info={"deletion_class": "raw_audio"},
)

known_parties = Table(
    "known_parties",
    metadata,
    _call_id(),
    Column("ciphertext", LargeBinary, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    info={"deletion_class": "intake"},
)

transcripts = Table(
    "transcripts",
    metadata,
    _call_id(),
    Column("ciphertext", LargeBinary, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("pseudonym_counts", Text, nullable=False, comment="JSON: entity type to number"),
    Column("stored_at", Moment, nullable=False),
    info={"deletion_class": "transcript"},
)

vaults = Table(
    "vaults",
    metadata,
    _call_id(),
    Column("ciphertext", LargeBinary, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    info={"deletion_class": "transcript"},
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String(60), nullable=False),
    Column("at", Moment, nullable=False),
    Column("call_id", String(37)),
    Column("customer_id", String(63)),
    Column("facts", Text, nullable=False, comment="JSON object of ids, counts, codes, times"),
    Column("previous", String(64), nullable=False, unique=True),
    Column("hash", String(64), nullable=False, unique=True),
    info={"deletion_class": "evidence"},
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("name", String(60), nullable=False),
    Column("call_id", String(37), ForeignKey("calls.id"), nullable=False),
    Column("customer_id", String(63), ForeignKey("customers.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("delivered_at", Moment, index=True),
    UniqueConstraint("call_id", "name"),
    info={"deletion_class": "delivery"},
)

retention_policies = Table(
    "retention_policies",
    metadata,
    Column("customer_id", String(63), ForeignKey("customers.id"), primary_key=True),
    Column("transcript_seconds", BigInteger, comment="None: until the contract ends"),
    Column("unsupported", String(10), nullable=False),
    Column("version", Integer, nullable=False),
    info={"deletion_class": "customer"},
)

consent_entries = Table(
    "consent_entries",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("customer_id", String(63), ForeignKey("customers.id"), nullable=False),
    Column("call_id", String(37), ForeignKey("calls.id"), nullable=False, index=True),
    Column("purpose", String(40), nullable=False),
    Column("act", String(12), nullable=False),
    Column("source", String(12), nullable=False),
    Column("at", Moment, nullable=False),
    Column("until", Moment),
    Column("segment", Integer),
    Column("digest", String(64), comment="SHA-256 of the redacted quote"),
    info={"deletion_class": "evidence"},
)

consent_quotes = Table(
    "consent_quotes",
    metadata,
    Column("entry_id", Integer, ForeignKey("consent_entries.id"), primary_key=True),
    Column("call_id", String(37), ForeignKey("calls.id"), nullable=False, index=True),
    Column("ciphertext", LargeBinary, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    info={"deletion_class": "transcript"},
)

deletions = Table(
    "deletions",
    metadata,
    Column("id", String(36), primary_key=True),
    # No foreign keys: a restored database takes in receipts of customers that it never knew.
    Column("customer_id", String(63), nullable=False),
    Column("call_id", String(37), index=True),
    Column("data_class", String(20), nullable=False),
    Column("rule", String(40), nullable=False),
    Column("rule_version", Integer, nullable=False),
    Column("trigger", String(20), nullable=False),
    Column("hold", String(20), nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("begun_at", Moment, nullable=False),
    Column("done_at", Moment, index=True),
    Column("places", Text, nullable=False, comment="JSON list: where, method, done, answer"),
    Column("key_name", String(64), comment="retention key still to be destroyed"),
    Column("document", Text, comment="the receipt: canonical JSON"),
    Column("signature", LargeBinary, comment="Ed25519 over the document"),
    Index("ix_deletions_newest_of_customer", "customer_id", "begun_at", "id"),
    info={"deletion_class": "evidence"},
)

legal_holds = Table(
    "legal_holds",
    metadata,
    Column("id", String(37), primary_key=True),
    Column("customer_id", String(63), ForeignKey("customers.id"), nullable=False, index=True),
    Column("call_id", String(37), ForeignKey("calls.id"), index=True),
    Column("reason", Text, nullable=False),
    Column("placed_by", String(60), nullable=False),
    Column("placed_at", Moment, nullable=False),
    Column("until", Moment),
    Column("released_at", Moment),
    Index("ix_legal_holds_customer_id_call_id", "customer_id", "call_id"),
    info={"deletion_class": "evidence"},
)

index_secrets = Table(
    "index_secrets",
    metadata,
    Column("customer_id", String(63), ForeignKey("customers.id"), primary_key=True),
    Column("ciphertext", LargeBinary, nullable=False, comment="sealed key of the subject index"),
    Column("wrapped_key", LargeBinary, nullable=False),
    info={"deletion_class": "customer"},
)

subject_index = Table(
    "subject_index",
    metadata,
    _call_id(),
    Column("token", String(64), primary_key=True, comment="HMAC of a number, address or name"),
    Column("customer_id", String(63), ForeignKey("customers.id"), nullable=False),
    Index("ix_subject_index_customer_id_token", "customer_id", "token"),
    info={"deletion_class": "transcript"},
)

rights_requests = Table(
    "rights_requests",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("customer_id", String(63), ForeignKey("customers.id"), nullable=False),
    Column("right", String(12), nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("calls", Integer, nullable=False),
    Column("subject", String(64), comment="keyed hash; goes with the customer's index key"),
    Column("closed_at", Moment, index=True),
    Column("outcome", String(40)),
    info={"deletion_class": "evidence"},
)

leases = Table(
    "leases",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("owner", String(100), nullable=False),
    Column("until", Moment, nullable=False),
    info={"deletion_class": "operation"},
)

watermarks = Table(
    "watermarks",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("at", Moment, nullable=False, comment="the latest moment that was seen"),
    Column("mark", String(80), comment="the last entry of the deletion ledger that was replayed"),
    info={"deletion_class": "operation"},
)

store_mark = Table(
    "store_mark",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column(
        "id",
        String(38),
        nullable=False,
        comment="random; a file of the key folder has the same name",
    ),
    Column("made_at", Moment, nullable=False),
    CheckConstraint("one = 1", name="one"),
    info={"deletion_class": "operation"},
)
