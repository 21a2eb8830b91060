"""The questions that one SQL query each answers: whatever it returns should not be.

A query gives a place and, where something is overdue, since when. It may use the moments `:now`,
`:due`, `:acted`, `:unfinished` and `:since` (see `in_database`), `:cap` in seconds, and `:sealed`,
the byte with which sealed content begins.
"""

# ruff: noqa: S608 - every name in a query is a constant of this file

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.usecases.verification.rows import Kind

_CONTENT = (
    "transcripts",
    "vaults",
    "consent_quotes",
    "subject_index",
    "known_parties",
    "consent_claims",
)
_OF_ACCOUNT = (
    ("api_keys", "key_of_closed_customer"),
    ("index_secrets", "key_of_closed_customer"),
    ("redaction_policies", "policy_of_closed_customer"),
    ("retention_policies", "policy_of_closed_customer"),
)
_SEALED = (
    ("transcripts", "call_id"),
    ("vaults", "call_id"),
    ("known_parties", "call_id"),
    ("consent_quotes", "call_id"),
    ("redaction_policies", "customer_id"),
    ("index_secrets", "customer_id"),
)
_HASHES = (
    ("subject_index", "call_id", "token"),
    ("rights_requests", "id", "subject"),
    ("consent_entries", "call_id", "digest"),
    ("calls", "id", "idempotency_hash"),
)
_HEX = "0123456789abcdef"
_HALF_YEAR = 183 * 86400
_SAID = "e.call_id = k.call_id AND e.purpose = 'audio_retention'"
_LAST_ACT = f"SELECT {{}} FROM consent_entries AS e WHERE {_SAID} ORDER BY e.id DESC LIMIT 1"


@dataclass(frozen=True, slots=True)
class Dialect:
    """Words for which the databases do not agree."""

    least: str
    most: str
    never: str
    later: str
    day: str
    kind: str
    """The fact `kind` of an entry of the audit log, NULL where its facts cannot be read."""

    def after(self, moment: str, seconds: str) -> str:
        """A moment that comes `seconds` after another."""
        return self.later.format(moment, seconds)

    def days(self, moment: str) -> str:
        """A moment as a number, in days."""
        return self.day.format(moment)


_SQLITE = Dialect(
    "min",
    "max",
    "'9999'",
    "strftime('%Y-%m-%d %H:%M:%f', {0}, '+' || {1} || ' seconds')",
    "julianday({0})",
    "CASE WHEN json_valid(facts) THEN json_extract(facts, '$.kind') END",
)
# Before PostgreSQL 16 nothing tells whether text is JSON, and a cast that fails ends the snapshot.
_FACT = r'"[^"\\]*" *: *(?:"[^"\\]*"|[-+.\w]+)'
_POSTGRESQL = Dialect(
    "least",
    "greatest",
    "CAST('infinity' AS timestamp)",
    "({0} + {1} * interval '1 second')",
    "(extract(epoch FROM {0}) / 86400.0)",
    f"""substring(facts FROM '^\\{{(?:{_FACT}, *)*"kind" *: *"([a-z_]+)"(?:, *{_FACT})*\\}}$')""",
)
DIALECTS: Mapping[Kind, Dialect] = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}


# Maintenance has its time to follow whoever changes a customer's rules, releases a hold or lifts a
# restriction, and a restore that does so again. Nothing else that the audit log tells moves an end,
# and what it tells of a time to come proves nothing.
_MOVED = "SELECT {} FROM audit_log WHERE at > :due AND at <= :now AND {}"
_RULES_MOVED = _MOVED.format(
    "customer_id", "name = 'retention_changed' AND customer_id IS NOT NULL"
)


def _call_moved(in_: Dialect, *kinds: str) -> str:
    """`kinds` of what a restore does again count besides."""
    done = ", ".join(f"'{kind}'" for kind in ("lift", "release", *kinds))
    again = f"name = 'done_again' AND {in_.kind} IN ({done})"
    said = f"call_id IS NOT NULL AND (name = 'restriction_lifted' OR {again})"
    return _MOVED.format("call_id", said)


def _customer_moved(in_: Dialect) -> str:
    again = f"name = 'done_again' AND {in_.kind} = 'release'"
    return _MOVED.format("customer_id", f"call_id IS NULL AND customer_id IS NOT NULL AND {again}")


def _unheld(customer: str, call: str) -> str:
    """No legal hold keeps the call. Two questions, each for an index: of one with OR every hold of
    the customer would be looked at, for every call."""
    kept = f"""NOT EXISTS (
    SELECT 1 FROM legal_holds AS h WHERE h.customer_id = {customer} AND h.call_id {{}}
    AND (h.released_at IS NULL OR h.released_at > :due AND h.released_at <= :now)
    AND (h.until IS NULL OR h.until > :due))"""
    return f"{kept.format('IS NULL')} AND {kept.format(f'= {call}')}"


def _transcript_overdue(in_: Dialect) -> str:
    return f"""
SELECT id, ends FROM (
    SELECT calls.id, calls.customer_id, {in_.least}(
        coalesce(transcript_until, {in_.never}),
        CASE WHEN transcript_seconds IS NULL OR calls.customer_id IN ({_RULES_MOVED})
        THEN {in_.never} ELSE {in_.after("received_at", "transcript_seconds")} END,
        CASE origin WHEN 'messenger' THEN {in_.after("received_at", str(_HALF_YEAR))}
        ELSE {in_.never} END) AS ends
    FROM transcripts JOIN calls ON calls.id = transcripts.call_id
    LEFT JOIN retention_policies ON retention_policies.customer_id = calls.customer_id
    WHERE restricted_at IS NULL AND erased_at IS NULL AND calls.id NOT IN ({_call_moved(in_)})
    AND calls.customer_id NOT IN ({_customer_moved(in_)})
    AND NOT (stored_at > :due AND stored_at <= :now)
) AS kept WHERE ends <= :due AND {_unheld("kept.customer_id", "kept.id")}
"""


def _beyond_consent(in_: Dialect) -> str:
    given = f"FROM consent_entries AS e WHERE {_SAID} AND e.act = 'given'"
    received = in_.days("received_at")
    return f"""
SELECT k.call_id FROM audio_keys AS k JOIN calls ON calls.id = k.call_id
WHERE kind = 'retained' AND {in_.days("k.until")} > 1.0 / 86400 + {in_.least}(
    CASE origin WHEN 'messenger' THEN {received} + 183 ELSE 1e9 END, {in_.most}(
    coalesce((SELECT max({received} + coalesce(duration_seconds, :cap) / 86400.0)
        FROM consent_claims AS c
        WHERE c.call_id = k.call_id AND c.purpose = 'audio_retention'),
        CASE WHEN EXISTS (SELECT 1 {given}) THEN 0 ELSE 1e9 END),
    coalesce((SELECT max(coalesce({in_.days("e.until")}, {in_.days("e.at")} + :cap / 86400.0))
        {given}), 0)))
"""


_LAST_SAID = f"""
SELECT k.call_id, ({_LAST_ACT.format("e.at")}) AS since, ({_LAST_ACT.format("e.act")}) AS act
FROM audio_keys AS k WHERE kind = 'retained'
"""
_AGAINST_CONSENT = f"""
SELECT call_id, since FROM ({_LAST_SAID}) AS said
WHERE since <= :acted AND act NOT IN ('given', 'unsupported')
"""
_AGAINST_RULES = f"""
SELECT said.call_id, since FROM ({_LAST_SAID}) AS said JOIN calls ON calls.id = said.call_id
LEFT JOIN retention_policies AS p ON p.customer_id = calls.customer_id
WHERE since <= :acted AND act = 'unsupported' AND (calls.unsupported <> 'keep'
    OR coalesce(p.unsupported, 'destroy') <> 'keep' AND calls.customer_id NOT IN ({_RULES_MOVED}))
"""


def _audio_overdue(in_: Dialect) -> str:
    cap = in_.after("received_at", ":cap")
    return f"""
SELECT call_id, ends FROM (
    SELECT call_id, CASE kind WHEN 'day' THEN {in_.least}(until, {cap}) ELSE until END AS ends
    FROM audio_keys JOIN calls ON calls.id = call_id
) AS kept WHERE ends <= :due
"""


def _kept_owed(in_: Dialect) -> str:
    again = f"call_id IS NOT NULL AND name = 'done_again' AND {in_.kind} = 'owe'"
    return f"""
SELECT k.call_id, erasure_owed_at FROM audio_keys AS k JOIN calls ON calls.id = k.call_id
WHERE kind = 'retained' AND erasure_owed_at IS NOT NULL
AND NOT (erasure_owed_at > :acted AND erasure_owed_at <= :now)
AND calls.id NOT IN ({_MOVED.format("call_id", again)})
"""


def _erasure_overdue(in_: Dialect) -> str:
    ended = f"""coalesce((
    SELECT max({in_.least}(coalesce(h.released_at, h.until), coalesce(h.until, h.released_at)))
    FROM legal_holds AS h WHERE h.customer_id = calls.customer_id AND h.call_id {{}}),
    erasure_owed_at)"""
    ends = f"{ended.format('IS NULL')}, {ended.format('= calls.id')}"
    return f"""
SELECT id, {in_.most}(erasure_owed_at, {ends}) AS since
FROM calls WHERE erasure_owed_at IS NOT NULL AND erased_at IS NULL AND restricted_at IS NULL
AND NOT (erasure_owed_at > :due AND erasure_owed_at <= :now)
AND id NOT IN ({_call_moved(in_, "owe")}) AND customer_id NOT IN ({_customer_moved(in_)})
AND {_unheld("calls.customer_id", "calls.id")}
"""


@dataclass(frozen=True, slots=True)
class RowCheck:
    """One question. `check` and `detail` are those of its findings."""

    check: str
    detail: str
    query: str


def _checks(in_: Dialect) -> tuple[RowCheck, ...]:
    return (
        RowCheck(
            "audio_key_beside_transcript",
            "a transcript is stored and its audio can still be opened",
            "SELECT call_id FROM audio_keys JOIN transcripts USING (call_id)"
            " WHERE kind <> 'retained'",
        ),
        RowCheck(
            "audio_key_of_ended_call",
            "the call has ended and its audio can still be opened",
            "SELECT call_id, finished_at FROM audio_keys JOIN calls ON calls.id = call_id"
            " WHERE status = 'failed' OR (status = 'stored' AND kind <> 'retained')",
        ),
        RowCheck(
            "retained_without_consent",
            "the audio is kept and nobody consented to it",
            "SELECT call_id FROM audio_keys WHERE kind = 'retained' AND call_id NOT IN"
            " (SELECT call_id FROM consent_claims WHERE purpose = 'audio_retention') AND call_id"
            " NOT IN (SELECT call_id FROM consent_entries"
            " WHERE purpose = 'audio_retention' AND act = 'given')",
        ),
        RowCheck(
            "retained_beyond_consent",
            "the audio is kept longer than consented",
            _beyond_consent(in_),
        ),
        RowCheck(
            "retained_against_consent",
            "the audio is kept although the consent was refused or withdrawn",
            _AGAINST_CONSENT,
        ),
        RowCheck(
            "retained_against_consent",
            "the audio is kept although nobody asked for the consent in the call, against the rules"
            " of its intake or those of today",
            _AGAINST_RULES,
        ),
        RowCheck(
            "retained_against_erasure",
            "the audio is kept although its data subject wanted the call erased",
            _kept_owed(in_),
        ),
        RowCheck(
            "audio_overdue",
            "the audio's time is over and its key row is still there",
            _audio_overdue(in_),
        ),
        RowCheck(
            "known_parties_of_ended_call",
            "what the push knew is kept after the call has ended",
            "SELECT call_id, finished_at FROM known_parties JOIN calls ON calls.id = call_id"
            " WHERE status IN ('stored', 'failed')",
        ),
        RowCheck(
            "stored_without_transcript",
            "the call counts as stored and has no transcript",
            "SELECT id FROM calls WHERE status = 'stored' AND erased_at IS NULL"
            " AND id NOT IN (SELECT call_id FROM transcripts)",
        ),
        RowCheck(
            "content_damaged",
            "somebody wanted to read the call, and what is sealed was altered or cut short",
            "SELECT call_id, min(audit_log.at) FROM audit_log JOIN calls ON calls.id = call_id"
            " WHERE audit_log.name = 'content_damaged' AND erased_at IS NULL GROUP BY call_id",
        ),
        RowCheck(
            "transcript_overdue",
            "the transcript's time is over, no legal hold keeps it, and it is still there",
            _transcript_overdue(in_),
        ),
        RowCheck(
            "erasure_overdue",
            "a data subject wanted the call erased, neither a legal hold nor a restriction keeps it"
            " any more, and it is there",
            _erasure_overdue(in_),
        ),
        RowCheck(
            "deletion_unfinished",
            "a deletion began and has no receipt yet",
            "SELECT id, begun_at FROM deletions WHERE done_at IS NULL AND begun_at <= :unfinished",
        ),
        RowCheck(
            "audio_without_receipt",
            "the call has ended, its audio is gone, and no deletion tells of it",
            "SELECT id FROM calls WHERE status IN ('stored', 'failed') AND finished_at >= :since"
            " AND id NOT IN (SELECT call_id FROM audio_keys) AND id NOT IN (SELECT call_id FROM"
            " deletions WHERE call_id IS NOT NULL"
            " AND data_class IN ('raw_audio', 'retained_audio'))",
        ),
        RowCheck(
            "erasure_without_receipt",
            "the call was erased, and no deletion tells of it",
            "SELECT id FROM calls WHERE erased_at IS NOT NULL AND id NOT IN (SELECT call_id FROM"
            " deletions WHERE call_id IS NOT NULL AND data_class = 'transcript') AND customer_id"
            " NOT IN (SELECT customer_id FROM deletions WHERE data_class = 'customer')",
        ),
        *(
            RowCheck(
                "content_of_erased_call",
                f"the call was erased and has rows in {table}",
                f"SELECT DISTINCT call_id, erased_at FROM {table} JOIN calls ON calls.id = call_id"
                " WHERE erased_at IS NOT NULL",
            )
            for table in (*_CONTENT, "audio_keys")
        ),
        RowCheck(
            "content_of_erased_call",
            "the call was erased and more than its times are left in its row",
            "SELECT id, erased_at FROM calls WHERE erased_at IS NOT NULL AND (language IS NOT NULL"
            " OR duration IS NOT NULL OR idempotency_hash IS NOT NULL"
            " OR transcript_until IS NOT NULL OR audio_until IS NOT NULL)",
        ),
        *(
            # Before there were receipts, closing destroyed the keys only: it opens no more
            RowCheck(
                "content_of_closed_customer",
                f"the customer is closed and its calls have rows in {table}",
                f"SELECT DISTINCT customers.id, closed_at FROM {table} JOIN calls ON"
                " calls.id = call_id JOIN customers ON customers.id = calls.customer_id"
                " WHERE closed_at >= :since",
            )
            for table in (*_CONTENT, "audio_keys")
        ),
        RowCheck(
            "key_of_closed_customer",
            "the customer is closed and has keys left",
            "SELECT id, closed_at FROM customers WHERE closed_at IS NOT NULL"
            " AND length(wrapped_key) + length(wrapped_vault_key) + length(salt) > 0",
        ),
        *(
            RowCheck(
                check,
                f"the customer is closed and has a row in {table}",
                f"SELECT customers.id, closed_at FROM customers JOIN {table}"
                " ON customer_id = customers.id WHERE closed_at IS NOT NULL",
            )
            for table, check in _OF_ACCOUNT
        ),
        *(
            RowCheck(
                "content_unsealed",
                f"a row of {table} is not sealed",
                f"SELECT {owner} FROM {table} WHERE length(ciphertext) < 33"
                " OR substr(ciphertext, 1, 1) <> :sealed",
            )
            for table, owner in _SEALED
        ),
        *(
            RowCheck(
                "hash_in_clear",
                f"a row of {table} holds something else where a hash should be",
                f"SELECT {owner} FROM {table} WHERE length({column}) <> 64"
                f" OR length(trim({column}, '{_HEX}')) > 0",
            )
            for table, owner, column in _HASHES
        ),
    )


CHECKS: Mapping[Kind, tuple[RowCheck, ...]] = {
    kind: _checks(dialect) for kind, dialect in DIALECTS.items()
}
"""By the kind of database: the same checks, in the same order."""
