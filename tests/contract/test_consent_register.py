"""The consent register, and what a stored call adds to it: the contract of both stores."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from pipeline.adapters.database import (
    Database,
    SqlCallRepository,
    SqlConsentRegister,
    SqlDeletionLog,
)
from pipeline.adapters.database.tables import audit_log
from pipeline.adapters.memory import MemoryAuditLog, MemoryCallRepository, MemoryLedger
from pipeline.domain.call import Call, Sealed
from pipeline.domain.consent import (
    ConsentAct,
    ConsentClaim,
    ConsentEntry,
    ConsentSource,
    Purpose,
)
from pipeline.domain.deletion import DataClass, Trigger
from pipeline.domain.errors import KeyDestroyed, NotFound, StorageFull
from pipeline.domain.recording import AudioState, RetainedKey
from pipeline.ports import CallRepository, ConsentRegister, DeletionLog
from tests.builders import ACME, NOON, call, claim_one, customer, outcome, push
from tests.databases import KINDS, on_each

AUDIO = Purpose.AUDIO_RETENTION
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
QUOTE = Sealed(b"quote", b"key-q")
KEY = RetainedKey("ret_" + "1" * 32, NOON + 20 * DAY, b"wrapped")
FLAG = ConsentClaim(AUDIO, 30 * DAY)


@dataclass
class Store:
    calls: CallRepository
    consents: ConsentRegister
    deletions: DeletionLog
    facts: Callable[[], list[dict[str, Any]]]

    def push(self, *claims: ConsentClaim) -> Call:
        return push(self.calls, call(consents=claims))

    def acts(self, of: Call, purpose: Purpose = AUDIO) -> list[tuple[str, str]]:
        entries = self.consents.of_call(of.id)
        return [(each.source, each.act) for each in entries if each.purpose is purpose]


def _memory(_: Path) -> Iterator[Store]:
    audit = MemoryAuditLog()
    calls = MemoryCallRepository(audit)

    def facts() -> list[dict[str, Any]]:
        return [dict(event.facts) for event, _ in audit.entries if event.name == "consent"]

    yield Store(calls, calls.consents, calls.deletions, facts)


def _sql(database: Database) -> Iterator[Store]:
    import json

    def facts() -> list[dict[str, Any]]:
        query = select(audit_log.c.facts).where(audit_log.c.name == "consent")
        with database.read() as connection:
            rows = connection.scalars(query.order_by(audit_log.c.position))
            return [json.loads(row) if isinstance(row, str) else dict(row) for row in rows]

    calls = SqlCallRepository(database, MemoryLedger())
    yield Store(calls, SqlConsentRegister(database), SqlDeletionLog(database), facts)


@pytest.fixture(params=[_memory, *on_each(_sql)], ids=["memory", *KINDS])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    for made in request.param(tmp_path):
        made.calls.add_customer(customer(), "hash-of-acme")
        yield made


def entry(
    of: Call,
    act: ConsentAct = ConsentAct.GIVEN,
    purpose: Purpose = AUDIO,
    source: ConsentSource = ConsentSource.SPOKEN,
) -> ConsentEntry:
    return ConsentEntry(ACME, of.id, purpose, act, source, NOON, NOON + DAY, 3, "ab" * 32)


def store_call(store: Store, of: Call, *told: ConsentEntry, kept: bool = True) -> Call:
    done = replace(outcome(KEY if kept else None), consents=tuple((each, QUOTE) for each in told))
    return store.calls.complete(claim_one(store.calls, of.id), done, NOON + HOUR)


def test_entries_come_back_as_they_were_recorded_and_in_that_order(store: Store) -> None:
    one, other = store.push(), store.push()
    assert store.consents.of_call(one.id) == store.consents.quotes(one.id) == ()
    bare = ConsentEntry(
        ACME, one.id, Purpose.MODEL_TRAINING, ConsentAct.GIVEN, ConsentSource.PORTAL, NOON + HOUR
    )
    recorded = [bare, *(entry(one, act) for act in ConsentAct), entry(other)]
    for each in recorded:
        store.consents.record(each, QUOTE if each.segment is not None else None)
    assert store.consents.of_call(one.id) == tuple(recorded[:-1])
    assert store.consents.of_call(other.id) == (recorded[-1],)
    assert store.consents.quotes(one.id) == (None, *[QUOTE] * len(ConsentAct))
    assert store.consents.quotes(other.id) == (QUOTE,)


def test_each_entry_is_in_the_audit_log_without_its_words(store: Store) -> None:
    of = store.push()
    store.consents.record(entry(of, ConsentAct.REFUSED), QUOTE)
    (facts,) = store.facts()
    assert facts == {
        "purpose": "audio_retention",
        "act": "refused",
        "source": "spoken",
        "until": (NOON + DAY).isoformat(),
        "segment": 3,
        "digest": "ab" * 32,
    }


def test_a_push_registers_what_it_claims(store: Store) -> None:
    of = store.push(FLAG, ConsentClaim(Purpose.LLM_OUTSIDE_EU))
    audio, abroad = store.consents.of_call(of.id)
    assert (audio.purpose, audio.source, audio.until) == (
        AUDIO,
        ConsentSource.API_FLAG,
        NOON + 30 * DAY,
    )
    assert (abroad.purpose, abroad.until) == (Purpose.LLM_OUTSIDE_EU, None)
    assert store.consents.quotes(of.id) == (None, None)


def test_what_was_said_is_stored_with_the_call(store: Store) -> None:
    of = store.push(FLAG)
    done = store_call(store, of, entry(of), entry(of, ConsentAct.REFUSED, Purpose.MODEL_TRAINING))
    assert (done.audio, done.audio_until) == (AudioState.RETAINED, KEY.until)
    assert store.acts(of) == [("api_flag", "given"), ("spoken", "given")]
    assert store.acts(of, Purpose.MODEL_TRAINING) == [("spoken", "refused")]
    assert store.consents.quotes(of.id) == (None, QUOTE, QUOTE)


def test_why_audio_ended_is_what_the_outcome_says(store: Store) -> None:
    of = store.push(FLAG)
    refused = replace(
        outcome(), trigger=Trigger.REFUSAL, consents=((entry(of, ConsentAct.REFUSED), None),)
    )
    store.calls.complete(claim_one(store.calls, of.id), refused, NOON)
    (deletion,) = store.deletions.pending()
    assert (deletion.trigger, deletion.data_class) == (Trigger.REFUSAL, DataClass.RAW_AUDIO)
    assert store.consents.quotes(of.id) == (None, None)


@pytest.mark.parametrize("behind", [timedelta(), HOUR])
@pytest.mark.parametrize("act", [ConsentAct.WITHDRAWN, ConsentAct.REFUSED])
def test_what_was_taken_back_while_a_worker_was_at_it_keeps_nothing(
    store: Store, act: ConsentAct, behind: timedelta
) -> None:
    """Whatever the clock of the machine says that took it back."""
    of = store.push(FLAG)
    claim = claim_one(store.calls, of.id)
    back = entry(of, act, source=ConsentSource.OPERATOR)
    store.consents.record(replace(back, at=NOON - behind))
    done = replace(
        outcome(KEY),
        consents=(
            (entry(of), QUOTE),
            (entry(of, purpose=Purpose.LLM_OUTSIDE_EU), QUOTE),
        ),
    )
    ended = store.calls.complete(claim, done, NOON + HOUR)
    assert (ended.audio, ended.audio_until) == (AudioState.DESTROYED, None)
    with pytest.raises(KeyDestroyed):
        store.calls.recording(of.id)
    # The yes that came too late is not written behind the no; other purposes are untouched.
    assert store.acts(of)[-1] == ("operator", str(act))
    assert store.acts(of, Purpose.LLM_OUTSIDE_EU) == [("spoken", "given")]
    (deletion,) = store.deletions.pending()
    assert (deletion.trigger, deletion.data_class, deletion.key_name) == (
        Trigger.WITHDRAWAL,
        DataClass.RETAINED_AUDIO,
        KEY.key_name,
    )


def test_a_consent_given_anew_counts_again(store: Store) -> None:
    of = store.push(FLAG)
    for act in (ConsentAct.WITHDRAWN, ConsentAct.GIVEN):
        store.consents.record(entry(of, act, source=ConsentSource.PORTAL))
    assert store_call(store, of, entry(of)).audio is AudioState.RETAINED


DECLARED = (ConsentSource.PORTAL, ConsentSource.OPERATOR)


@pytest.mark.parametrize("again", DECLARED)
@pytest.mark.parametrize("first", DECLARED)
def test_a_withdrawal_is_recorded_and_told_once(
    store: Store, first: ConsentSource, again: ConsentSource
) -> None:
    of, told = store.push(FLAG), list[str]()
    new = [
        store.calls.withdraw(
            entry(of, ConsentAct.WITHDRAWN, source=source), NOON, lambda: told.append("ledger")
        )
        for source in (first, again)
    ]
    assert new == [True, False]
    assert store.acts(of) == [("api_flag", "given"), (str(first), "withdrawn")]
    assert told == ["ledger"]
    assert [facts["act"] for facts in store.facts()] == ["given", "withdrawn"]


def test_another_withdrawal_is_recorded_where_it_says_something_new(store: Store) -> None:
    of = store.push(FLAG, ConsentClaim(Purpose.LLM_OUTSIDE_EU))
    operator = ConsentSource.OPERATOR
    entries = [
        entry(of, ConsentAct.WITHDRAWN),  # what was said in the call is weaker than a declaration
        entry(of, ConsentAct.WITHDRAWN, source=operator),
        entry(of, ConsentAct.WITHDRAWN, Purpose.LLM_OUTSIDE_EU, operator),
        entry(of, ConsentAct.GIVEN, source=operator),
        entry(of, ConsentAct.WITHDRAWN, source=operator),
        entry(of, ConsentAct.WITHDRAWN),  # has evidence of its own
    ]
    assert all(store.consents.record(each, QUOTE) for each in entries)
    assert store.consents.of_call(of.id)[2:] == tuple(entries)


def test_what_cannot_be_told_is_not_recorded(store: Store) -> None:
    of = store.push(FLAG)

    def full() -> None:
        raise StorageFull("the ledger has no room")

    with pytest.raises(StorageFull):
        store.calls.withdraw(entry(of, ConsentAct.WITHDRAWN), NOON, full)
    assert store.acts(of) == [("api_flag", "given")] and len(store.facts()) == 1


def test_a_withdrawal_and_the_end_of_the_audio_are_one(store: Store) -> None:
    of = store.push(FLAG)
    store_call(store, of, entry(of))
    back = entry(of, ConsentAct.WITHDRAWN, source=ConsentSource.OPERATOR)

    def full() -> None:
        raise StorageFull("the ledger has no room")

    with pytest.raises(StorageFull):
        store.calls.withdraw(back, NOON + HOUR, full)
    assert store.calls.recording(of.id) == KEY and store.deletions.pending() == ()
    assert store.calls.withdraw(back, NOON + HOUR, lambda: None)
    with pytest.raises(KeyDestroyed):
        store.calls.recording(of.id)
    (deletion,) = store.deletions.pending()
    assert (deletion.trigger, deletion.key_name) == (Trigger.WITHDRAWAL, KEY.key_name)
    assert store.calls.call(of.id).audio_until is None
    assert not store.calls.withdraw(back, NOON + HOUR, full)  # nothing new, and nothing to tell


def test_a_withdrawal_ends_no_audio_that_it_is_not_about(store: Store) -> None:
    of, waiting = store.push(FLAG, ConsentClaim(Purpose.MODEL_TRAINING)), store.push(FLAG)
    store_call(store, of, entry(of))
    other = entry(of, ConsentAct.WITHDRAWN, Purpose.MODEL_TRAINING)
    assert store.calls.withdraw(other, NOON + HOUR, lambda: None)
    assert store.calls.recording(of.id) == KEY
    assert store.calls.withdraw(entry(waiting, ConsentAct.WITHDRAWN), NOON, lambda: None)
    assert store.calls.call(waiting.id).audio is AudioState.SEALED  # its transcript is still made
    with pytest.raises(NotFound):
        store.calls.withdraw(entry(call(), ConsentAct.WITHDRAWN), NOON, lambda: None)


def test_of_two_who_withdraw_at_once_one_is_recorded(store: Store) -> None:
    of, start, new = store.push(FLAG), threading.Barrier(2), list[bool]()
    told: list[ConsentAct] = []
    back = entry(of, ConsentAct.WITHDRAWN, source=ConsentSource.OPERATOR)

    def withdraw() -> None:
        start.wait(10)
        new.append(store.calls.withdraw(back, NOON, lambda: told.append(back.act)))

    both = [threading.Thread(target=withdraw) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join(30)
    assert sorted(new) == [False, True] and len(told) == 1
    assert store.acts(of) == [("api_flag", "given"), ("operator", "withdrawn")]


def test_words_go_with_an_erased_call_and_the_entries_stay(store: Store) -> None:
    of, other = store.push(FLAG), store.push()
    store_call(store, of, entry(of))
    store.consents.record(entry(other), QUOTE)
    assert store.calls.erase_call(of.id, "erased_on_request", NOON + DAY)
    assert store.acts(of) == [("api_flag", "given"), ("spoken", "given")]
    assert store.consents.of_call(of.id)[-1].digest == "ab" * 32
    assert store.consents.quotes(of.id) == (None, None)
    assert store.consents.quotes(other.id) == (QUOTE,)
