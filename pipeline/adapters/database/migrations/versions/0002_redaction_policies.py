"""Redaction policies: who has no row has the defaults, as before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "redaction_policies",
        sa.Column("customer_id", sa.String(length=63), nullable=False),
        sa.Column("keep_vault", sa.Boolean(), nullable=False),
        sa.Column("link_callers", sa.Boolean(), nullable=False),
        sa.Column("generalise", sa.Boolean(), nullable=False),
        sa.Column(
            "ciphertext", sa.LargeBinary(), nullable=True, comment="sealed lists and link secret"
        ),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "(ciphertext IS NULL) = (wrapped_key IS NULL)",
            name=op.f("ck_redaction_policies_sealed"),
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_redaction_policies_customer_id")
        ),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_redaction_policies")),
    )


def downgrade() -> None:
    """Not offered: restore the backup that was taken before the upgrade."""
    raise NotImplementedError
