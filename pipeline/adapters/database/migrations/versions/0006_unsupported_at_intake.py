"""What becomes of audio whose consent nobody asked for: as the rules of the call's intake said.
The audit log tells which those were; where it tells nothing, the stricter rule holds."""

from __future__ import annotations

import json
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_CALLS = sa.table("calls", *map(sa.column, ("customer_id", "rules_version", "unsupported")))
_AUDIT = sa.table("audit_log", *map(sa.column, ("name", "customer_id", "facts")))


def upgrade() -> None:
    """Apply."""
    new = sa.Column("unsupported", sa.String(length=10), nullable=False, server_default="destroy")
    op.add_column("calls", new)
    connection = op.get_bind()
    for customer_id, version in _keeping(connection):
        own = (_CALLS.c.customer_id == customer_id) & (_CALLS.c.rules_version == version)
        connection.execute(sa.update(_CALLS).where(own).values(unsupported="keep"))


def _keeping(connection: sa.Connection) -> Iterator[tuple[str, int]]:
    """Customers and versions of their rules that kept such audio. A restore may have given one
    version to two rules: then both must have."""
    rules: dict[tuple[str, int], set[str]] = {}
    changed = sa.select(_AUDIT).where(_AUDIT.c.name == "retention_changed")
    for row in connection.execute(changed):
        facts = json.loads(row.facts)
        rules.setdefault((row.customer_id, facts["version"]), set()).add(facts["unsupported"])
    return (rule for rule, told in rules.items() if told == {"keep"})


def downgrade() -> None:
    """Not offered: restore the backup that was taken before the upgrade."""
    raise NotImplementedError
