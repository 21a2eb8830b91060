"""Whatever happens in whatever order, and wherever the power fails: no voice outlives its rule,
none ends before it, the verifier finds what is overdue and nothing else, and every end has a
receipt. The real store (SQLite, files, Tink, the ledger) against the model of `deletion_model`.

`DELETION_MACHINE=deep` looks for longer; `DELETION_MACHINE_EXAMPLES` says at how many ways.
"""

from __future__ import annotations

import copy
import os
from datetime import timedelta
from functools import partial

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pipeline.domain.ids import CallId
from pipeline.domain.retention_policy import UnsupportedConsent
from pipeline.usecases.clean_up import STEPS, Leadership, clean_up
from tests.privacy.deletion_checks import overdue
from tests.privacy.deletion_model import DAY, ERASED, HOUR, STORED
from tests.privacy.deletion_rules import Doings, step
from tests.privacy.deletion_steps import noted, nothing

DEEP = os.environ.get("DELETION_MACHINE") == "deep"
EXAMPLES = int(os.environ.get("DELETION_MACHINE_EXAMPLES", "400" if DEEP else "50"))


class Deletions(Doings, RuleBasedStateMachine):
    """Every rule is something that somebody does, or that happens."""

    @initialize()
    def begin(self) -> None:
        """Two customers with calls, a copy of that, and then half of them transcribed."""
        self.open_store()
        for name in ("alpha", "beta"):
            self.add(name)
        self.set_rules("beta", "10d", UnsupportedConsent.KEEP)
        self.push("alpha", None, "nothing", False)
        self.push("alpha", 45 * DAY, "yes", False)
        self.push("beta", 45 * DAY, "nothing", True)
        self.push("beta", 3 * DAY, "no", False)
        self.back_up(by_hand=True)
        self.process_these(self.of("beta"))

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.remove()

    # --- time, and what goes wrong

    @rule(by=st.sampled_from([HOUR, -HOUR, DAY, 4 * DAY, 11 * DAY, 31 * DAY]))
    def jump(self, by: timedelta) -> None:
        """Time goes on, the clock is set back, or all was off for a month."""
        self.clock.turn(by)

    @rule(away=st.booleans())
    def redis(self, away: bool) -> None:
        self.store.queue.away = away

    @step()
    def restart(self) -> None:
        """A process dies between two steps, or is stopped."""
        self.take("restart", self.store.restart, nothing)

    @step(by=st.sampled_from([DAY, 11 * DAY, 31 * DAY]))
    def live(self, by: timedelta) -> None:
        """Time goes on, and somebody looks after the store."""
        self.clock.turn(by)
        self.maintain()

    @step()
    def maintain(self) -> None:
        now = self.clock.now()
        right, away = self.known.clock_right(now), self.store.queue.away
        result = self.take(
            "maintain",
            lambda: clean_up(self.store.deck, Leadership("machine")),
            lambda known: known.maintain(now),
        )
        if result.cut:
            return
        assert not any(each.failed for each in result.value), result
        skipped = {each.name for each in result.value if each.skipped}
        assert skipped == {each.name for each in STEPS if each.careful and not right}
        assert away or self.store.deck.deletions.pending() == ()
        assert away or not right or self.store.verified() == ()

    @rule(by_hand=st.booleans())
    def back_up(self, by_hand: bool) -> None:
        """By the command, or as an operator in a hurry would."""
        self.copies.append((self.store.back_up(by_hand=by_hand), copy.deepcopy(self.known)))

    @step(at=st.integers(0, 5))
    def restore(self, at: int) -> None:
        """The data folder of then beside the ledger of today, whatever was under way."""
        target, then = self.copies[at % len(self.copies)]
        if any(each.born < self.world.born[name] for name, each in then.accounts.items()):
            return  # of a customer whose name is another's since: nobody could tell them apart
        if self.store.deck.deletions.pending():
            noted("restored while deletions were pending")
        self.store.lose(target)
        self.known = self.world.restored(then)
        self.touch(*self.known.fates, *self.known.accounts)
        again = partial(self.store.restore, target)
        self.take("restore", again, nothing, again=again)

    # --- what must hold after every step

    @invariant()
    def customers_rules_and_holds_are_as_they_should_be(self) -> None:
        known, now = self.known, self.clock.now()
        assert self.store.customers() == {name: a.closed for name, a in known.accounts.items()}
        for name, account in known.accounts.items():
            rules = account.rules
            assert self.store.rules(name) == (rules.period, rules.keeps_unsupported), name
        assert self.store.holds() == {each.id for each in known.holds.values() if each.keeps(now)}
        assert self.store.call_ids() == known.fates.keys()

    @invariant()
    def voices_and_transcripts_are_as_they_should_be(self) -> None:
        for call_id, fate in self.known.fates.items():
            look = self.look(call_id)
            assert look is not None, (call_id, fate)
            told = call_id, fate, look, self.clock.now()
            assert (look.state, look.voice, look.opens) == (
                fate.state,
                fate.voice,
                self.opens(fate),
            ), told
            assert look.register == len(fate.register), told
            if fate.state != ERASED:
                marks = fate.restricted, fate.objected, fate.owed
                assert (look.restricted, look.objected, look.owed) == marks, told

    @invariant()
    def whoever_asks_gets_what_may_be_shown(self) -> None:
        for call_id, fate in self.known.fates.items():
            there = fate.state == STORED
            shown = there and not fate.restricted and not fate.owed
            for_models = shown and not fate.objected
            assert self.store.reads(CallId(call_id)) == (there, shown, for_models), (call_id, fate)
            if there and fate.voice:
                heard = shown and self.opens(fate) and not fate.unkept(self.known.rules(fate))
                assert self.store.hears(CallId(call_id), fate.said) == heard, (call_id, fate)

    @invariant()
    def the_verifier_finds_what_is_overdue_and_nothing_else(self) -> None:
        found = {(each.check, each.place) for each in self.store.verified()}
        must, may = overdue(self.known, self.store, self.moved)
        assert must <= found, must - found
        assert found <= must | may, found - must - may

    @invariant()
    def every_receipt_verifies_and_the_chain_is_whole(self) -> None:
        self.store.deck.audit.verify()
        for body in self.store.new_receipts():
            assert body["done"] and all(place["done"] for place in body["places"])

    @invariant()
    def what_ended_has_a_deletion(self) -> None:
        told = self.store.deletions()
        classes: dict[str | None, set[str]] = {}
        for data_class, _, call_id in told:
            classes.setdefault(call_id, set()).add(data_class)
        for name, account in self.known.accounts.items():
            assert not account.closed or ("customer", name, None) in told, name
        for call_id, fate in self.known.fates.items():
            own = classes.get(call_id, set())
            assert fate.voice or own & {"raw_audio", "retained_audio"}, (call_id, fate)
            erased = fate.state == ERASED and not self.known.closed(fate.customer)
            assert not erased or "transcript" in own, (call_id, fate)


# What went wrong is made as short as can be before it is told, which takes minutes.
TestDeletions = pytest.mark.timeout(0 if DEEP else 1800)(Deletions.TestCase)
TestDeletions.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=60 if DEEP else 30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
