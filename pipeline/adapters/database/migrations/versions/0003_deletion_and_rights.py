"""Deletions and receipts, the consent register, retention rules, legal holds, the rights desk."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("owner", sa.String(length=100), nullable=False),
        sa.Column("until", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "watermarks",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False, comment="the latest moment that was seen"),
        sa.Column(
            "mark",
            sa.String(length=80),
            nullable=True,
            comment="the last entry of the deletion ledger that was replayed",
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_watermarks")),
    )
    op.create_table(
        "deletions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("customer_id", sa.String(length=63), nullable=False),
        sa.Column("call_id", sa.String(length=37), nullable=True),
        sa.Column("data_class", sa.String(length=20), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("trigger", sa.String(length=20), nullable=False),
        sa.Column("hold", sa.String(length=20), nullable=False),
        sa.Column("due_at", sa.DateTime(), nullable=False),
        sa.Column("begun_at", sa.DateTime(), nullable=False),
        sa.Column("done_at", sa.DateTime(), nullable=True),
        sa.Column(
            "places", sa.Text(), nullable=False, comment="JSON list: where, method, done, answer"
        ),
        sa.Column(
            "key_name",
            sa.String(length=64),
            nullable=True,
            comment="retention key still to be destroyed",
        ),
        sa.Column("document", sa.Text(), nullable=True, comment="the receipt: canonical JSON"),
        sa.Column(
            "signature", sa.LargeBinary(), nullable=True, comment="Ed25519 over the document"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deletions")),
    )
    op.create_index(op.f("ix_deletions_call_id"), "deletions", ["call_id"], unique=False)
    op.create_index(op.f("ix_deletions_done_at"), "deletions", ["done_at"], unique=False)
    op.create_index(
        "ix_deletions_newest_of_customer",
        "deletions",
        ["customer_id", "begun_at", "id"],
        unique=False,
    )
    op.create_table(
        "index_secrets",
        sa.Column("customer_id", sa.String(length=63), nullable=False),
        sa.Column(
            "ciphertext",
            sa.LargeBinary(),
            nullable=False,
            comment="sealed key of the subject index",
        ),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_index_secrets_customer_id")
        ),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_index_secrets")),
    )
    op.create_table(
        "retention_policies",
        sa.Column("customer_id", sa.String(length=63), nullable=False),
        sa.Column(
            "transcript_seconds",
            sa.BigInteger(),
            nullable=True,
            comment="None: until the contract ends",
        ),
        sa.Column("unsupported", sa.String(length=10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_retention_policies_customer_id")
        ),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_retention_policies")),
    )
    op.create_table(
        "rights_requests",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("customer_id", sa.String(length=63), nullable=False),
        sa.Column("right", sa.String(length=12), nullable=False),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.Column("due_at", sa.DateTime(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column(
            "subject",
            sa.String(length=64),
            nullable=True,
            comment="keyed hash; goes with the customer's index key",
        ),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_rights_requests_customer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rights_requests")),
    )
    op.create_index(
        op.f("ix_rights_requests_closed_at"), "rights_requests", ["closed_at"], unique=False
    )
    op.create_table(
        "consent_entries",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("customer_id", sa.String(length=63), nullable=False),
        sa.Column("call_id", sa.String(length=37), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("act", sa.String(length=12), nullable=False),
        sa.Column("source", sa.String(length=12), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("until", sa.DateTime(), nullable=True),
        sa.Column("segment", sa.Integer(), nullable=True),
        sa.Column(
            "digest", sa.String(length=64), nullable=True, comment="SHA-256 of the redacted quote"
        ),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_consent_entries_call_id")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_consent_entries_customer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_entries")),
    )
    op.create_index(
        op.f("ix_consent_entries_call_id"), "consent_entries", ["call_id"], unique=False
    )
    op.create_table(
        "legal_holds",
        sa.Column("id", sa.String(length=37), nullable=False),
        sa.Column("customer_id", sa.String(length=63), nullable=False),
        sa.Column("call_id", sa.String(length=37), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_by", sa.String(length=60), nullable=False),
        sa.Column("placed_at", sa.DateTime(), nullable=False),
        sa.Column("until", sa.DateTime(), nullable=True),
        sa.Column("released_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_legal_holds_call_id")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_legal_holds_customer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_holds")),
    )
    op.create_index(op.f("ix_legal_holds_call_id"), "legal_holds", ["call_id"], unique=False)
    op.create_index(
        op.f("ix_legal_holds_customer_id"), "legal_holds", ["customer_id"], unique=False
    )
    op.create_table(
        "subject_index",
        sa.Column("call_id", sa.String(length=37), nullable=False),
        sa.Column(
            "token",
            sa.String(length=64),
            nullable=False,
            comment="HMAC of a number, address or name",
        ),
        sa.Column("customer_id", sa.String(length=63), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_subject_index_call_id")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_subject_index_customer_id")
        ),
        sa.PrimaryKeyConstraint("call_id", "token", name=op.f("pk_subject_index")),
    )
    op.create_index(
        "ix_subject_index_customer_id_token",
        "subject_index",
        ["customer_id", "token"],
        unique=False,
    )
    op.create_table(
        "consent_quotes",
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.String(length=37), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_consent_quotes_call_id")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["consent_entries.id"], name=op.f("fk_consent_quotes_entry_id")
        ),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_consent_quotes")),
    )
    op.create_index(op.f("ix_consent_quotes_call_id"), "consent_quotes", ["call_id"], unique=False)
    op.add_column(
        "calls", sa.Column("origin", sa.String(length=12), server_default="phone", nullable=False)
    )
    op.add_column(
        "calls", sa.Column("rules_version", sa.Integer(), server_default="1", nullable=False)
    )
    op.add_column(
        "calls",
        sa.Column(
            "transcript_until", sa.DateTime(), nullable=True, comment="as promised at intake"
        ),
    )
    op.add_column("calls", sa.Column("restricted_at", sa.DateTime(), nullable=True))
    op.add_column("calls", sa.Column("objected_at", sa.DateTime(), nullable=True))
    op.add_column("calls", sa.Column("erased_at", sa.DateTime(), nullable=True))
    op.add_column(
        "customers", sa.Column("key_version", sa.Integer(), server_default="1", nullable=False)
    )
    op.add_column(
        "customers",
        sa.Column(
            "keys_made_at", sa.DateTime(), nullable=True, comment="when they were rotated last"
        ),
    )
    op.create_index(op.f("ix_calls_transcript_until"), "calls", ["transcript_until"], unique=False)
    op.create_index(
        "ix_calls_living_of_customer",
        "calls",
        ["customer_id", "erased_at", "received_at"],
        unique=False,
    )


def downgrade() -> None:
    """Not offered: restore the backup that was taken before the upgrade."""
    raise NotImplementedError
