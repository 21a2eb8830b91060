"""Erasures that a legal hold stood against are owed from now on. Those that were answered so before
are found again by the subject of the request, among the calls that had come by then."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_CALLS = sa.table(
    "calls", *map(sa.column, ("id", "customer_id", "received_at", "erased_at", "erasure_owed_at"))
)
_INDEX = sa.table("subject_index", *map(sa.column, ("call_id", "customer_id", "token")))
_REQUESTS = sa.table(
    "rights_requests",
    *map(sa.column, ("customer_id", "right", "subject", "closed_at", "outcome")),
)


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "calls",
        sa.Column("erasure_owed_at", sa.DateTime(), comment="a legal hold stood against it"),
    )
    op.create_index("ix_calls_erasure_owed_at", "calls", ["erasure_owed_at"])
    columns = ["customer_id", "call_id"]
    op.create_index("ix_legal_holds_customer_id_call_id", "legal_holds", columns)
    connection = op.get_bind()
    asked = sa.select(_REQUESTS).where(
        _REQUESTS.c.right == "erase",
        _REQUESTS.c.outcome.in_(("legal_hold", "partly_held")),
        _REQUESTS.c.subject.is_not(None),
    )
    for request in connection.execute(asked.order_by(_REQUESTS.c.closed_at)).all():
        theirs = sa.select(_INDEX.c.call_id).where(
            _INDEX.c.customer_id == request.customer_id, _INDEX.c.token == request.subject
        )
        connection.execute(
            sa.update(_CALLS)
            .where(
                _CALLS.c.id.in_(theirs),
                _CALLS.c.received_at <= request.closed_at,
                _CALLS.c.erased_at.is_(None),
                _CALLS.c.erasure_owed_at.is_(None),
            )
            .values(erasure_owed_at=request.closed_at)
        )


def downgrade() -> None:
    """Not offered: restore the backup that was taken before the upgrade."""
    raise NotImplementedError
