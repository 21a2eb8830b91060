"""Row-level security on PostgreSQL: a transaction sees the rows of the customer that it names."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_OF_CUSTOMER = (
    "api_keys",
    "audit_log",
    "calls",
    "consent_entries",
    "deletions",
    "index_secrets",
    "legal_holds",
    "outbox",
    "redaction_policies",
    "retention_policies",
    "rights_requests",
    "subject_index",
)
_OF_CALL = (
    "audio_keys",
    "consent_claims",
    "consent_quotes",
    "known_parties",
    "transcripts",
    "vaults",
)
# As a subquery it is asked once a statement, not once a row.
_WHO = "(SELECT current_setting('deckname.customer', true))"
_ALL = f"{_WHO} = '*'"

_HEAD = """
DECLARE
    asked text := current_setting('deckname.customer', true);
BEGIN
    PERFORM set_config('deckname.customer', '*', true);
    RETURN QUERY
        SELECT a.position, a.hash FROM audit_log AS a ORDER BY a.position DESC LIMIT 1;
    PERFORM set_config('deckname.customer', asked, true);
END
"""


def upgrade() -> None:
    """Apply."""
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    _secure("customers", f"id = {_WHO} OR {_ALL}")
    for table in _OF_CUSTOMER:
        _secure(table, f"customer_id = {_WHO} OR {_ALL}")
    for table in _OF_CALL:
        # Of `calls` the subquery sees what its own policy shows.
        owned = f"EXISTS (SELECT 1 FROM calls WHERE calls.id = {table}.call_id)"  # noqa: S608
        _secure(table, f"{_ALL} OR {owned}")
    _show_chain_head(str(connection.scalar(sa.text("SELECT current_schema()"))))


def _secure(table: str, visible: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY of_one_customer ON {table} USING ({visible}) WITH CHECK ({visible})")


def _show_chain_head(schema: str) -> None:
    """Whoever appends to the audit log must know its last entry, whosever that is."""
    quoted = '"' + schema.replace('"', '""') + '"'
    op.execute(
        'CREATE FUNCTION deckname_chain_head() RETURNS TABLE ("position" bigint, hash varchar)'
        f" LANGUAGE plpgsql SECURITY DEFINER SET search_path = {quoted}, pg_temp"
        f" AS $$ {_HEAD} $$"
    )
    op.execute("REVOKE ALL ON FUNCTION deckname_chain_head() FROM PUBLIC")


def downgrade() -> None:
    """Not offered: restore the backup that was taken before the upgrade."""
    raise NotImplementedError
