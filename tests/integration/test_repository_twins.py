"""SQL and memory answer alike to any history of calls, and no history breaks promise 1."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from pipeline.adapters.database import SqlAuditLog, SqlCallRepository
from pipeline.adapters.memory import MemoryAuditLog, MemoryCallRepository, MemoryLedger
from pipeline.domain.call import CallStatus, Claim, Sealed
from pipeline.domain.errors import DecknameError, KeyDestroyed, NotFound
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.recording import AudioState, RetainedKey
from pipeline.domain.redaction_policy import StoredPolicy
from pipeline.ports import CallRepository
from tests.builders import LEASE, NOON, call, customer, outcome, push
from tests.databases import Kind, opened

CUSTOMERS = ("acme", "other")
steps = st.sampled_from([timedelta(0), timedelta(seconds=40), LEASE, timedelta(days=29)])


class Twins(RuleBasedStateMachine):
    """Every rule goes to both; their answers and errors must be the same."""

    kind: Kind = "sqlite"
    calls = Bundle("calls")
    claims = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        self.database = self.stack.enter_context(opened(self.kind, Path(folder)))
        self.sql = SqlCallRepository(self.database, MemoryLedger())
        self.audit = MemoryAuditLog()
        self.memory = MemoryCallRepository(self.audit)
        self.now = NOON
        self.known: list[CallId] = []

    def both(self, ask: Callable[[CallRepository], Any]) -> Any:
        answers = []
        for repository in (self.sql, self.memory):
            try:
                answers.append(ask(repository))
            except (DecknameError, ValueError) as error:
                answers.append(type(error))
        assert answers[0] == answers[1]
        return answers[0]

    @initialize()
    def open_accounts(self) -> None:
        for name in CUSTOMERS:
            self.both(lambda calls, name=name: calls.add_customer(customer(name), f"hash-{name}"))

    @rule(by=steps)
    def time_passes(self, by: timedelta) -> None:
        self.now += by

    @rule(target=calls, who=st.sampled_from(CUSTOMERS), key=st.sampled_from([None, "a", "b"]))
    def pushed(self, who: str, key: str | None) -> Any:
        new = call(who, self.now)
        answer = self.both(lambda calls: push(calls, new, key))
        if isinstance(answer, type):
            return multiple()
        self.known.append(answer.id)
        return answer.id

    @rule(target=claims, ids=st.lists(calls, max_size=3))
    def claimed(self, ids: list[CallId]) -> Any:
        return multiple(*self.both(lambda calls: calls.claim(ids, "worker", self.now, LEASE)))

    @rule(target=claims, claim=consumes(claims))
    def renewed(self, claim: Claim) -> Any:
        answer = self.both(lambda calls: calls.renew(claim, self.now, LEASE))
        return claim if isinstance(answer, type) else answer

    @rule(claim=claims, kept=st.booleans())
    def completed(self, claim: Claim, kept: bool) -> None:
        until = self.now + timedelta(days=30)
        key = RetainedKey("ret_" + claim.call.id[5:], until, b"wrapped") if kept else None
        done = replace(outcome(key), language=f"l{claim.token}")
        self.both(lambda calls: calls.complete(claim, done, self.now))

    @rule(claim=claims, code=st.sampled_from(["poison", "recording_rejected:empty", "No code"]))
    def failed(self, claim: Claim, code: str) -> None:
        self.both(lambda calls: calls.fail(claim, code, self.now))

    @rule(claim=claims)
    def released(self, claim: Claim) -> None:
        self.both(lambda calls: calls.release(claim, self.now))

    @rule(call_id=calls)
    def audio_destroyed(self, call_id: CallId) -> None:
        self.both(lambda calls: calls.destroy_audio(call_id, "consent_withdrawn", self.now))

    @rule(
        who=st.sampled_from([*CUSTOMERS, "nobody"]),
        stale=st.booleans(),
        flags=st.tuples(st.booleans(), st.booleans(), st.booleans()),
        sealed=st.sampled_from([None, Sealed(b"a", b"k"), Sealed(b"b", b"k")]),
    )
    def redaction_changed(
        self, who: str, stale: bool, flags: tuple[bool, bool, bool], sealed: Sealed | None
    ) -> None:
        of, after = CustomerId(who), StoredPolicy(*flags, sealed)
        before = self.both(lambda calls: calls.redaction_policy(of))
        if stale or isinstance(before, type):
            before = StoredPolicy(sealed=Sealed(b"stale", b"k"))
        self.both(
            lambda calls: calls.change_redaction_policy(of, before, after, ["deny"], self.now)
        )

    @rule(who=st.sampled_from(CUSTOMERS))
    def closed(self, who: str) -> None:
        self.both(lambda calls: calls.close_customer(CustomerId(who), self.now))

    @rule(call_id=calls, limit=st.integers(1, 3), who=st.sampled_from([None, *CUSTOMERS]))
    def listed(self, call_id: CallId, limit: int, who: str | None) -> None:
        of = None if who is None else CustomerId(who)
        self.both(lambda calls: calls.calls(of, limit=limit, before=call_id))
        for status in CallStatus:
            self.both(lambda calls, status=status: calls.calls(of, status))

    @invariant()
    def the_twins_agree(self) -> None:
        for call_id in self.known:
            for ask in ("call", "recording", "known", "transcript", "vault"):
                self.both(lambda calls, ask=ask, call_id=call_id: getattr(calls, ask)(call_id))
        self.both(lambda calls: calls.customers())
        for name in CUSTOMERS:
            self.both(lambda calls, name=name: calls.redaction_policy(CustomerId(name)))
        self.both(lambda calls: calls.retained_due(self.now))
        self.both(lambda calls: calls.overdue_audio(self.now))
        self.both(lambda calls: calls.stranded(self.now, timedelta(seconds=30)))
        self.both(lambda calls: calls.has_audio_key(self.known))

    @invariant()
    def no_transcript_stands_beside_audio_without_consent(self) -> None:
        for one in self.sql.calls(limit=10_000):
            ended = one.status not in (CallStatus.RECEIVED, CallStatus.PROCESSING)
            assert (one.audio is AudioState.SEALED) == (not ended)
            try:
                key = self.sql.recording(one.id)
            except KeyDestroyed:
                key = None
            try:
                self.sql.transcript(one.id)
            except NotFound:
                assert one.status is not CallStatus.STORED
            else:
                assert key is None or isinstance(key, RetainedKey)

    @invariant()
    def both_logs_tell_the_same(self) -> None:
        assert SqlAuditLog(self.database).verify() == self.audit.verify()

    def teardown(self) -> None:
        self.stack.close()


class TwinsOnPostgresql(Twins):
    """The same rules."""

    kind = "postgresql"


TestTwins = Twins.TestCase
TestTwins.settings = settings(max_examples=15, stateful_step_count=30, deadline=None)
TestTwinsOnPostgresql = TwinsOnPostgresql.TestCase
TestTwinsOnPostgresql.settings = settings(TestTwins.settings, max_examples=6)
