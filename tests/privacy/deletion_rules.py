"""What people and programs do with calls: the rules of the state machine, each with what it does to
what the database should know."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import rule

from pipeline.domain.call import Intake
from pipeline.domain.consent import ConsentClaim, ConsentSource, Purpose
from pipeline.domain.errors import TransientError
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.retention_policy import Origin, UnsupportedConsent
from pipeline.usecases.customers import add_customer, close_customer
from pipeline.usecases.erase_subject import erase_subject
from pipeline.usecases.find_subject import Search
from pipeline.usecases.hold_calls import place_hold, release_hold
from pipeline.usecases.mark_subject import (
    lift_objection,
    lift_restriction,
    object_subject,
    restrict_subject,
    take_back_erasure,
)
from pipeline.usecases.process_calls import process_calls
from pipeline.usecases.record_consent import record_consent, withdraw_consent
from pipeline.usecases.retention_policy import set_retention
from pipeline.usecases.rotate_keys import rotate_customer_keys, rotate_master_keys
from pipeline.usecases.submit_call import submit_call
from tests.privacy.deletion_model import (
    ATTEMPTS,
    CAP,
    DAY,
    DECLARED,
    ERASED,
    FLAG,
    GIVEN,
    MESSENGER,
    NEVER,
    WAITING,
    Account,
    Act,
    Fate,
    Hold,
    Rules,
    Timeline,
)
from tests.privacy.deletion_steps import Steps, nothing
from tests.privacy.power_cut import POINTS, Power
from tests.privacy.spoken_calls import RECORDINGS

NAMES = ("alpha", "beta", "gamma")
AUDIO = Purpose.AUDIO_RETENTION
WHICH = st.integers(0, 12)
MARKING = {
    ("restricted", True): restrict_subject,
    ("restricted", False): lift_restriction,
    ("objected", True): object_subject,
    ("objected", False): lift_objection,
}

CUTS = st.none() | st.tuples(
    st.sampled_from([None, None, None, *POINTS]),
    st.integers(1, 3) | st.integers(1, 8) | st.integers(9, 40),
)
"""At which point the power fails in a step, and at the how-manieth time that it is reached."""


def step(**arguments: st.SearchStrategy[Any]) -> Callable[[Any], Any]:
    """A rule in which the power may fail."""

    def made(do: Callable[..., None]) -> Any:
        def taken(
            self: Steps, *given: Any, cut: tuple[str | None, int] | None = None, **named: Any
        ) -> None:
            if cut is not None:
                self.power = Power(*cut)
            do(self, *given, **named)
            self.power = None

        taken.__name__ = do.__name__
        return rule(cut=CUTS, **arguments)(taken)

    return made


class Doings(Steps):
    """A call's life, the rights of its data subject, and customers."""

    # --- a call's life

    @step(
        customer=st.sampled_from(NAMES),
        kept=st.sampled_from([None, 3 * DAY, 45 * DAY]),
        said=st.sampled_from(sorted(RECORDINGS)),
        messenger=st.booleans(),
    )
    def push(self, customer: str, kept: timedelta | None, said: str, messenger: bool) -> None:
        claims = (ConsentClaim(AUDIO, kept),) if kept else ()
        origin = Origin.MESSENGER if messenger else Origin.PHONE
        intake = Intake(CustomerId(customer), consents=claims, origin=origin)
        account, before, now = (
            self.known.accounts.get(customer),
            self.store.call_ids(),
            self.clock.now(),
        )
        refused = account is None or account.closed
        result = self.take(
            "push",
            lambda: submit_call(intake, [RECORDINGS[said]], self.store.deck),
            nothing,
            refused=refused,
        )
        new = self.store.call_ids() - before
        assert len(new) <= 1 and (result.cut or len(new) == 1 - refused)
        for call_id in new:
            self.known.fates[call_id] = self._pushed(customer, now, said, kept, messenger)
            self.learn(self.known)

    def _pushed(
        self, customer: str, now: datetime, said: str, kept: timedelta | None, messenger: bool
    ) -> Fate:
        account = self.known.accounts[customer]
        ends = [now + MESSENGER] if messenger else []
        ends += [now + account.rules.period] if account.rules.period is not None else []
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return Fate(
            customer=customer,
            account=account.born,
            received=now,
            said=said,
            messenger=messenger,
            promised=min(ends, default=NEVER),
            keeps_unsupported=account.rules.keeps_unsupported,
            register=[Act(self.number(), FLAG, GIVEN, now, now + kept)] if kept else [],
            voice_until=midnight + CAP,
            key=now.date().isoformat(),
        )

    @step(at=WHICH)
    def process(self, at: int) -> None:
        if chosen := self.call(at):
            self.process_these([chosen[0]])

    @step()
    def process_all(self) -> None:
        """Many in one batch."""
        self.process_these([id for id, fate in self.known.fates.items() if fate.state == WAITING])

    def process_these(self, call_ids: list[str]) -> None:
        now, numbers = self.clock.now(), {call_id: self.number() for call_id in call_ids}
        free = [each for each in call_ids if self.known.fates[each].free(now)]
        waits = [each for each in free if self._waits(self.known.fates[each])]

        def change(known: Timeline) -> None:
            for call_id in free:
                fate = known.fates[call_id]
                fate.process(numbers[call_id], now, known.rules(fate), call_id not in waits)

        def step() -> None:
            ids = [CallId(each) for each in call_ids]
            if waits:
                with pytest.raises(TransientError):
                    process_calls(ids, self.store.deck, "worker")
            else:
                process_calls(ids, self.store.deck, "worker")

        self.touch(*free)
        self.take("process", step, change)

    def _waits(self, fate: Fate) -> bool:
        """A key that is not where it was is no reason to end the call before its time."""
        in_time = self.clock.now() < fate.voice_until and fate.attempts < ATTEMPTS
        return in_time and fate.key in self.lost_keys

    @step(at=WHICH, kept=st.sampled_from([3 * DAY, 45 * DAY]))
    def record(self, at: int, kept: timedelta) -> None:
        """A consent that came by letter."""
        if not (chosen := self.call(at)):
            return
        (call_id, fate), now, number = chosen, self.clock.now(), self.number()
        claim, until = ConsentClaim(AUDIO, kept), fate.received + kept
        self.take(
            "record",
            lambda: record_consent(CallId(call_id), claim, self.store.deck, ConsentSource.PORTAL),
            lambda known: known.fates[call_id].enter(number, DECLARED, GIVEN, now, until),
            refused=not fate.can_record(),
        )

    @step(at=WHICH)
    def withdraw(self, at: int) -> None:
        if not (chosen := self.call(at)):
            return
        (call_id, fate), now, number = chosen, self.clock.now(), self.number()
        self.take(
            "withdraw",
            lambda: withdraw_consent(CallId(call_id), AUDIO, self.store.deck, ConsentSource.PORTAL),
            lambda known: known.fates[call_id].withdraw(number, now),
            refused=not fate.can_withdraw(),
        )

    # --- rights

    @step(at=WHICH, mark=st.sampled_from(["restricted", "objected"]), sets=st.booleans())
    def mark(self, at: int, mark: str, sets: bool) -> None:
        """Restriction and objection, and the lifting of both."""
        if not (chosen := self.call(at)):
            return
        call_id, fate = chosen
        search = Search(CustomerId(fate.customer), call_ids=(CallId(call_id),))
        self.touch(call_id)
        self.take(
            f"mark {mark} {sets}",
            lambda: MARKING[mark, sets](search, self.store.deck, "operator"),
            lambda known: setattr(known.fates[call_id], mark, sets),
            refused=fate.state == ERASED,
        )

    @step(at=WHICH, whole=st.booleans(), lasts=st.sampled_from([None, 5 * DAY]))
    def hold(self, at: int, whole: bool, lasts: timedelta | None) -> None:
        """On one call, or on all of its customer's."""
        if not (chosen := self.call(at)):
            return
        (call_id, fate), before = chosen, self.store.holds()
        customer, what = CustomerId(fate.customer), None if whole else CallId(call_id)
        until = None if lasts is None else self.clock.now() + lasts
        refused = self.known.closed(customer) if whole else fate.state == ERASED
        result = self.take(
            "hold",
            lambda: place_hold(customer, what, "a claim", "lawyer", self.store.deck, until),
            nothing,
            refused=refused,
        )
        new = self.store.holds() - before
        assert len(new) <= 1 and (result.cut or len(new) == 1 - refused)
        for hold_id in new:
            self.known.holds[hold_id] = Hold(hold_id, fate.account, what, until)
            self.learn(self.known)

    @step(at=WHICH)
    def release(self, at: int) -> None:
        if not (hold := self.hold_at(at)):
            return
        released = Hold(hold.id, hold.account, hold.call, hold.until, released=True)
        self.touch(*self.known.fates, *self.known.accounts)
        self.take(
            "release",
            lambda: release_hold(hold.id, "lawyer", self.store.deck),
            lambda known: known.holds.update({hold.id: released}),
            refused=hold.released,
        )

    @step(at=WHICH)
    def erase(self, at: int) -> None:
        if not (chosen := self.call(at)):
            return
        (call_id, fate), now, number = chosen, self.clock.now(), self.number()
        search = Search(CustomerId(fate.customer), call_ids=(CallId(call_id),))
        self.touch(call_id)
        self.take(
            "erase",
            lambda: erase_subject(search, self.store.deck, "operator"),
            lambda known: known.erase(call_id, number, now),
            refused=fate.state == ERASED,
        )

    @step(at=WHICH)
    def take_back(self, at: int) -> None:
        """Somebody wants no erasure any more, while a hold still stands against it."""
        if not (chosen := self.call(at)):
            return
        call_id, fate = chosen
        search = Search(CustomerId(fate.customer), call_ids=(CallId(call_id),))
        self.take(
            "take back",
            lambda: take_back_erasure(search, self.store.deck, "operator"),
            lambda known: setattr(known.fates[call_id], "owed", False),
            refused=fate.state == ERASED,
        )

    # --- customers

    @step(name=st.sampled_from(NAMES))
    def add(self, name: str) -> None:
        born = self.number()
        self.take(
            "add",
            lambda: add_customer(name, name.title(), self.store.deck),
            lambda known: known.accounts.update({name: Account(born)}),
            refused=name in self.known.accounts,
        )

    @step(
        name=st.sampled_from(NAMES),
        period=st.sampled_from(["contract", "3d", "10d", "40d"]),
        unsupported=st.sampled_from([None, *UnsupportedConsent]),
    )
    def set_rules(self, name: str, period: str, unsupported: UnsupportedConsent | None) -> None:
        """Shorter ones, or longer ones."""
        account = self.known.accounts.get(name)
        refused = account is None or account.closed
        keeps = account is not None and account.rules.keeps_unsupported
        if unsupported is not None:
            keeps = unsupported is UnsupportedConsent.KEEP
        rules = Rules(None if period == "contract" else int(period[:-1]) * DAY, keeps)
        self.touch(name, *self.of(name))
        self.take(
            "set_rules",
            lambda: set_retention(CustomerId(name), self.store.deck, period, unsupported),
            lambda known: setattr(known.accounts[name], "rules", rules),
            refused=refused,
        )

    @step(name=st.sampled_from(NAMES))
    def close(self, name: str) -> None:
        """One at a time, so that something goes on."""
        there = name in self.known.accounts
        if there and any(each.closed for each in self.known.accounts.values()):
            return
        self.take(
            "close",
            lambda: close_customer(CustomerId(name), self.store.deck),
            lambda known: known.close(name),
            refused=not there or self.known.customer_held(name, self.clock.now()),
        )

    @step(name=st.sampled_from([None, *NAMES]))
    def rotate(self, name: str | None) -> None:
        """A customer's keys, or the master keys."""
        if name is None:
            master = partial(rotate_master_keys, self.store.deck, alone=True)
            self.take("rotate master", master, nothing)
            return
        self.take(
            "rotate",
            lambda: rotate_customer_keys(CustomerId(name), self.store.deck),
            nothing,
            refused=name not in self.known.accounts or self.known.closed(name),
        )
