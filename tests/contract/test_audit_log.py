"""The contract of `AuditLog`, over SQL and over memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from pipeline.adapters.database import Database, SqlAuditLog
from pipeline.adapters.memory import MemoryAuditLog
from pipeline.domain.audit import AuditEvent
from pipeline.domain.errors import SealBroken
from pipeline.ports import AuditLog
from tests.builders import NOON
from tests.databases import KINDS, on_each, tamper

Store = tuple[AuditLog, Callable[[str, Any, int], None], Callable[[int], None]]
"""The log, how to alter one field of an entry, and how to take an entry out."""


def _memory(_: Path) -> Iterator[Store]:
    log = MemoryAuditLog()

    def alter(field: str, value: Any, position: int) -> None:
        event, digest = log.entries[position - 1]
        changes: dict[str, Any] = {field: value}
        log.entries[position - 1] = (replace(event, **changes), digest)

    yield log, alter, lambda position: log.entries.pop(position - 1) and None


def _sql(database: Database) -> Iterator[Store]:
    def alter(field: str, value: Any, position: int) -> None:
        stored = '{"token": 9}' if field == "facts" else str(value).removesuffix("+00:00")
        tamper(database, f"UPDATE audit_log SET {field} = ? WHERE position = ?", stored, position)

    def remove(position: int) -> None:
        tamper(database, "DELETE FROM audit_log WHERE position = ?", position)

    yield SqlAuditLog(database), alter, remove


@pytest.fixture(params=[_memory, *on_each(_sql)], ids=["memory", *KINDS])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    yield from request.param(tmp_path)


def _fill(log: AuditLog) -> None:
    facts = {"token": 1, "share": 0.5, "audio": "destroyed", "late": False, "code": None}
    zone = timezone(timedelta(hours=2))
    log.append(AuditEvent("call_received", NOON, "call_1", "acme", {"size": 3}))
    log.append(AuditEvent("call_stored", NOON.astimezone(zone), "call_1", "acme", facts))
    log.append(AuditEvent("keys_destroyed", NOON, facts={"keys": "2026-01-31"}))


def test_an_untouched_log_verifies(store: Store) -> None:
    log, _, _ = store
    assert log.verify() == 0
    _fill(log)
    assert log.verify() == 3


@pytest.mark.parametrize("position", [1, 2, 3])
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "other"),
        ("at", NOON + timedelta(seconds=1)),
        ("call_id", "call_2"),
        ("customer_id", "other"),
        ("facts", {"token": 9}),
    ],
)
def test_an_altered_entry_is_found(store: Store, position: int, field: str, value: Any) -> None:
    log, alter, _ = store
    _fill(log)
    alter(field, value, position)
    with pytest.raises(SealBroken, match=f"entry {position}"):
        log.verify()


@pytest.mark.parametrize("position", [1, 2])
def test_a_missing_entry_is_found(store: Store, position: int) -> None:
    log, _, remove = store
    _fill(log)
    remove(position)
    with pytest.raises(SealBroken, match=f"entry {position}"):
        log.verify()


def test_a_time_without_zone_is_refused(store: Store) -> None:
    log, _, _ = store
    with pytest.raises(ValueError, match="time zone"):
        log.append(AuditEvent("x", datetime(2026, 1, 31)))
    assert log.verify() == 0
