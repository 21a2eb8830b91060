"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "audit_log",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("call_id", sa.String(length=37), nullable=True),
        sa.Column("customer_id", sa.String(length=63), nullable=True),
        sa.Column(
            "facts", sa.Text(), nullable=False, comment="JSON object of ids, counts, codes, times"
        ),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_audit_log")),
        sa.UniqueConstraint("hash", name=op.f("uq_audit_log_hash")),
        sa.UniqueConstraint("previous", name=op.f("uq_audit_log_previous")),
    )
    op.create_table(
        "customers",
        sa.Column("id", sa.String(length=63), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped_vault_key", sa.LargeBinary(), nullable=False),
        sa.Column(
            "salt", sa.LargeBinary(), nullable=False, comment="of the idempotency keys' HMAC"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
    )
    op.create_table(
        "api_keys",
        sa.Column("customer_id", sa.String(length=63), nullable=False),
        sa.Column("key_hash", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_api_keys_customer_id")
        ),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_keys_key_hash")),
    )
    op.create_table(
        "calls",
        sa.Column("id", sa.String(length=37), nullable=False),
        sa.Column("customer_id", sa.String(length=63), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.Column(
            "queued_at", sa.DateTime(), nullable=False, comment="since when it waits for a worker"
        ),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.Column("audio_until", sa.DateTime(), nullable=True),
        sa.Column("language", sa.String(length=35), nullable=True),
        sa.Column("layout", sa.String(length=20), nullable=False),
        sa.Column("duration", sa.Float(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failure", sa.String(length=80), nullable=True),
        sa.Column("idempotency_hash", sa.String(length=64), nullable=True),
        sa.Column(
            "token", sa.Integer(), nullable=False, comment="fencing token, grows with each claim"
        ),
        sa.Column("lease_owner", sa.String(length=100), nullable=True),
        sa.Column("lease_until", sa.DateTime(), nullable=True),
        sa.CheckConstraint(
            "status IN ('received', 'processing', 'stored', 'failed')", name=op.f("ck_calls_status")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_calls_customer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
        sa.UniqueConstraint(
            "customer_id", "idempotency_hash", name=op.f("uq_calls_customer_id_idempotency_hash")
        ),
    )
    op.create_index("ix_calls_newest", "calls", ["received_at", "id"], unique=False)
    op.create_index(
        "ix_calls_newest_of_customer", "calls", ["customer_id", "received_at", "id"], unique=False
    )
    op.create_index("ix_calls_waiting", "calls", ["status", "queued_at"], unique=False)

    op.create_table(
        "audio_keys",
        sa.Column("call_id", sa.String(length=37), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False, comment="day or retained"),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("until", sa.DateTime(), nullable=False),
        sa.Column("blob", sa.String(length=64), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("day", sa.String(length=10), nullable=True),
        sa.Column("key_name", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "(kind = 'day' AND day IS NOT NULL AND blob IS NOT NULL AND size IS NOT NULL)"
            " OR (kind = 'retained' AND key_name IS NOT NULL)",
            name=op.f("ck_audio_keys_kind"),
        ),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_audio_keys_call_id")),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_audio_keys")),
    )
    op.create_index(op.f("ix_audio_keys_until"), "audio_keys", ["until"], unique=False)

    op.create_table(
        "consent_claims",
        sa.Column("call_id", sa.String(length=37), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("duration_seconds", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_consent_claims_call_id")),
        sa.PrimaryKeyConstraint("call_id", "position", name=op.f("pk_consent_claims")),
    )
    op.create_table(
        "known_parties",
        sa.Column("call_id", sa.String(length=37), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_known_parties_call_id")),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_known_parties")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("call_id", sa.String(length=37), nullable=False),
        sa.Column("customer_id", sa.String(length=63), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("delivered_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_outbox_call_id")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_outbox_customer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("call_id", "name", name=op.f("uq_outbox_call_id_name")),
    )
    op.create_index(op.f("ix_outbox_delivered_at"), "outbox", ["delivered_at"], unique=False)

    op.create_table(
        "transcripts",
        sa.Column("call_id", sa.String(length=37), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column(
            "pseudonym_counts", sa.Text(), nullable=False, comment="JSON: entity type to number"
        ),
        sa.Column("stored_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_transcripts_call_id")),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_transcripts")),
    )
    op.create_table(
        "vaults",
        sa.Column("call_id", sa.String(length=37), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_vaults_call_id")),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_vaults")),
    )


def downgrade() -> None:
    """Not offered: restore the backup that was taken before the upgrade."""
    raise NotImplementedError
