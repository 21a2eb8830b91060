"""Whose call is next: a priority, and an index that finds the first of each customer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("calls", sa.Column("priority", sa.Integer(), nullable=False, server_default="0"))
    turns = ["status", "attempts", "customer_id", "priority", "queued_at"]
    op.create_index("ix_calls_turns", "calls", turns)


def downgrade() -> None:
    """Not offered: restore the backup that was taken before the upgrade."""
    raise NotImplementedError
