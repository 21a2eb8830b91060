"""The mark that ties the database to its key folder. It is written by the next start, which looks
at the keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "store_mark",
        sa.Column("one", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "id",
            sa.String(length=38),
            nullable=False,
            comment="random; a file of the key folder has the same name",
        ),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("one = 1", name=op.f("ck_store_mark_one")),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_store_mark")),
    )


def downgrade() -> None:
    """Not offered: restore the backup that was taken before the upgrade."""
    raise NotImplementedError
