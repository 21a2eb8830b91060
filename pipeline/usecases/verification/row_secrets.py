"""Stretches of what the database holds of one call, to be looked for once it should be gone: in
free pages and in the write-ahead log a deleted row may outlive its deletion."""

from __future__ import annotations

from pathlib import Path

from pipeline.domain.errors import ServiceUnavailable
from pipeline.usecases.verification.findings import Server
from pipeline.usecases.verification.rows import snapshot

_STRETCH = 32
_RANDOM_FROM = 24
"""Bytes: behind the names of formats and keys, which many rows have in common."""


def of_audio(database: Path | Server, call_id: str) -> frozenset[bytes]:
    """Of the wrapped key of the audio; nothing where it is gone already."""
    return _stretches(database, "SELECT wrapped_key FROM audio_keys WHERE call_id = ?", call_id)


def of_content(database: Path | Server, call_id: str) -> frozenset[bytes]:
    """Of transcript and vault, and of their keys."""
    return frozenset().union(
        *(
            _stretches(database, f"SELECT {column} FROM {table} WHERE call_id = ?", call_id)  # noqa: S608
            for table in ("transcripts", "vaults")
            for column in ("ciphertext", "wrapped_key")
        )
    )


def receipts_of(database: Path | Server, call_id: str) -> tuple[str, ...]:
    """Ids of the finished deletions of the call, first begun first."""
    query = (
        "SELECT id FROM deletions WHERE call_id = ? AND done_at IS NOT NULL ORDER BY begun_at, id"
    )
    return tuple(str(value) for value in _values(database, query, call_id))


def _stretches(database: Path | Server, query: str, call_id: str) -> frozenset[bytes]:
    found = set()
    for value in _values(database, query, call_id):
        if isinstance(value, bytes) and len(value) >= _RANDOM_FROM + _STRETCH:
            for at in (_RANDOM_FROM, max(_RANDOM_FROM, len(value) // 2 - _STRETCH)):
                found.add(value[at : at + _STRETCH])
    return frozenset(found)


def _values(database: Path | Server, query: str, call_id: str) -> tuple[object, ...]:
    with snapshot(database) as rows:
        if rows is None:
            raise ServiceUnavailable("there is no database here: it was not verified")
        return tuple(value for (value,) in rows.execute(query, (call_id,)))
