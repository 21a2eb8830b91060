"""The contract of `StoreCensus`, over SQL and over memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.adapters.database import Database, SqlCallRepository, SqlStoreCensus
from pipeline.adapters.memory import MemoryCallRepository, MemoryLedger, MemoryStoreCensus
from pipeline.domain.ids import CustomerId
from pipeline.domain.processing import Stock
from pipeline.domain.recording import RetainedKey
from pipeline.ports import CallRepository, StoreCensus
from tests import builders
from tests.builders import ACME, NOON
from tests.databases import KINDS, on_each

Store = tuple[CallRepository, StoreCensus]
HOUR = timedelta(hours=1)


def _memory(_: Path) -> Iterator[Store]:
    calls = MemoryCallRepository()
    yield calls, MemoryStoreCensus(calls)


def _sql(database: Database) -> Iterator[Store]:
    yield SqlCallRepository(database, MemoryLedger()), SqlStoreCensus(database)


@pytest.fixture(params=[_memory, *on_each(_sql)], ids=["memory", *KINDS])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    yield from request.param(tmp_path)


def test_an_empty_store_has_no_stock_but_a_schema(store: Store) -> None:
    _, census = store
    assert census.take().stocks == {} and census.take().schema


def test_a_customer_without_calls_has_nothing(store: Store) -> None:
    calls, census = store
    calls.add_customer(builders.customer(), "hash")
    assert census.take().stocks.get(ACME, Stock()) == Stock()


def test_calls_are_counted_by_state_with_their_oldest(store: Store) -> None:
    calls, census = store
    calls.add_customer(builders.customer(), "hash")
    at = [NOON - index * HOUR for index in range(6)]
    received, processing, stored, failed, erased, kept = (
        builders.push(calls, builders.call(received_at=moment)) for moment in at
    )
    builders.claim_one(calls, processing.id)
    calls.complete(builders.claim_one(calls, stored.id), builders.outcome(), NOON)
    calls.fail(builders.claim_one(calls, failed.id), "too_short", NOON)
    calls.complete(builders.claim_one(calls, erased.id), builders.outcome(), NOON)
    calls.erase_call(erased.id, "erased_on_request", NOON)
    retained = RetainedKey("ret_" + "0" * 32, NOON + 24 * HOUR, b"wrapped")
    calls.complete(builders.claim_one(calls, kept.id), builders.outcome(retained), NOON)
    assert census.take().stocks[ACME] == Stock(
        received=1,
        processing=1,
        stored=2,
        failed=1,
        erased=1,
        audio=3,
        retained=1,
        pending=census.take().stocks[ACME].pending,
        oldest_call=at[5],
        oldest_audio=at[5],
    )
    assert census.take().stocks[ACME].pending >= 3, "stored, failed, erased: each begun"
    assert received.id != kept.id


def test_what_is_erased_is_not_the_oldest(store: Store) -> None:
    calls, census = store
    calls.add_customer(builders.customer(), "hash")
    old = builders.push(calls, builders.call(received_at=NOON - HOUR))
    builders.push(calls)
    calls.complete(builders.claim_one(calls, old.id), builders.outcome(), NOON)
    assert census.take().stocks[ACME].oldest_call == NOON - HOUR
    assert census.take().stocks[ACME].oldest_audio == NOON
    calls.erase_call(old.id, "erased_on_request", NOON)
    assert census.take().stocks[ACME].oldest_call == NOON


def test_each_customer_has_its_own(store: Store) -> None:
    calls, census = store
    other = CustomerId("bravo")
    calls.add_customer(builders.customer(), "hash")
    calls.add_customer(builders.customer(other), "other-hash")
    builders.push(calls, builders.call(other))
    builders.push(calls, builders.call(other))
    builders.push(calls)
    stocks = census.take().stocks
    assert stocks[ACME].received == 1 and stocks[other].received == 2
