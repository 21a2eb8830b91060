"""Row-level security on PostgreSQL: a transaction sees the rows of the customer that it names. And
what the role that uses the tables may do with the two that it can only add to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
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

_DROP_ENTRIES = """
DECLARE
    last bigint;
    told varchar;
BEGIN
    SELECT a.position, a.name INTO last, told FROM audit_log AS a ORDER BY a.position DESC LIMIT 1;
    IF told IS DISTINCT FROM 'audit_pruned' THEN
        RAISE insufficient_privilege USING MESSAGE = 'entries go behind an anchor only';
    END IF;
    DELETE FROM audit_log AS a WHERE a.position = ANY(going) AND a.position < last;
END
"""

_DROP_CONSENTS = """
BEGIN
    DELETE FROM consent_entries AS e USING calls AS c, customers AS k
        WHERE e.call_id = ANY(ended) AND c.id = e.call_id AND k.id = c.customer_id
        AND (c.erased_at IS NOT NULL OR k.closed_at IS NOT NULL);
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
    schema = str(connection.scalar(sa.text("SELECT current_schema()")))
    # Whoever appends to the audit log must know its last entry, whosever that is.
    _allow("deckname_chain_head()", 'TABLE ("position" bigint, hash varchar)', _HEAD, schema)
    # Evidence has an end (decision 0014): entries once an anchor tells of it, consents of an ended
    # call. Neither takes anything else.
    _allow("deckname_drop_entries(going bigint[])", "void", _DROP_ENTRIES, schema)
    _allow("deckname_drop_consents(ended varchar[])", "void", _DROP_CONSENTS, schema)


def _secure(table: str, visible: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY of_one_customer ON {table} USING ({visible}) WITH CHECK ({visible})")


def _allow(function: str, returned: str, body: str, schema: str) -> None:
    """What the role that uses the tables may do by this function, which runs as their owner."""
    quoted = '"' + schema.replace('"', '""') + '"'
    op.execute(
        f"CREATE FUNCTION {function} RETURNS {returned}"
        f" LANGUAGE plpgsql SECURITY DEFINER SET search_path = {quoted}, pg_temp"
        f" AS $$ {body} $$"
    )
    op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")


def downgrade() -> None:
    """Not offered: restore the backup that was taken before the upgrade."""
    raise NotImplementedError
