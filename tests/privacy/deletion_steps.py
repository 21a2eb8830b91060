"""How the state machine takes a step: in the store, with the power failing or not, and in what the
database should know afterwards."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import currently_in_test_context, event

from pipeline.adapters.memory import StoppedClock
from pipeline.domain.errors import DecknameError
from pipeline.domain.ids import CallId
from tests.privacy.deletion_checks import settled
from tests.privacy.deletion_model import ERASED, Fate, Hold, Timeline, World
from tests.privacy.deletion_store import OVERWRITTEN, Look, Result, Store
from tests.privacy.power_cut import Power

Change = Callable[[Timeline], object]


class Steps:
    """The store, and what it should be. `known` is what its database should know, `world` what the
    ledger was told; `moved` says when somebody last moved an end, by call or customer."""

    def open_store(self) -> None:
        self.clock = StoppedClock()
        self.store = Store(self.clock)
        self.known, self.world = Timeline(), World()
        self.power: Power | None = None
        self.copies: list[tuple[Path, Timeline]] = []
        self.moved: dict[str, datetime] = {}
        self.lost_keys: set[str] = set()
        self._keys: dict[str, datetime] = {}
        self._numbers = 0

    def take(
        self,
        name: str,
        step: Callable[[], Any],
        change: Change,
        *,
        refused: bool = False,
        again: Callable[[], Any] | None = None,
    ) -> Result:
        """Do `step`; `change` says what it makes of what is known, which is nothing where it is
        `refused`. Where the power failed in it, each of its transactions happened or did not."""
        before, after = self.known, copy.deepcopy(self.known)
        if not refused:
            change(after)
        result = self.store.run(step, self.power, again)
        if result.cut:
            noted(f"the power failed in {name}")
            self.touch(*before.accounts, *before.fates)
            self.known = settled(before, after, self.store)
        elif refused:
            assert isinstance(result.error, DecknameError), result
        elif result.error is not None:
            raise result.error
        else:
            self.known = after
        self.learn(before)
        self.clock.turn(timedelta(seconds=1))
        return result

    def learn(self, before: Timeline) -> None:
        """What nobody can foretell: names of keys, and which files are gone. What the ledger was
        told is never forgotten."""
        for call_id, fate in self.known.fates.items():
            if fate.voice and not fate.key:
                look = self.look(call_id)
                fate.key = look.key if look is not None else ""
        self._watch_keys()
        self.world.learn(self.known, before)

    def _watch_keys(self) -> None:
        """A key goes when its time is over, or nothing refers to it; never before."""
        now, there = self.clock.now(), self.store.key_ends()
        needed = {fate.key for fate in self.known.fates.values() if fate.voice}
        for name, end in self._keys.items():
            if there.get(name, OVERWRITTEN) == OVERWRITTEN:
                assert now >= end or (name.startswith("ret_") and name not in needed), name
                self.lost_keys.add(name)
        self._keys = there

    def touch(self, *named: str) -> None:
        """Somebody moved an end: the verifier may leave maintenance its time to follow."""
        for name in named:
            self.moved[name] = max(self.clock.now(), self.moved.get(name, self.clock.now()))

    def number(self) -> int:
        """For what has no name of its own in the model."""
        self._numbers += 1
        return self._numbers

    def look(self, call_id: str) -> Look | None:
        return self.store.look(CallId(call_id), self.known.fates[call_id].said)

    def opens(self, fate: Fate) -> bool:
        """Whether the recording opens, whoever asks."""
        in_time = self.clock.now() < fate.voice_until
        return fate.voice and in_time and fate.key not in self.lost_keys

    def of(self, customer: str) -> list[str]:
        return [id for id, fate in self.known.fates.items() if fate.customer == customer]

    def call(self, at: int) -> tuple[str, Fate] | None:
        """One that lives, if there is one; a high number takes any."""
        ids = [id for id, fate in self.known.fates.items() if fate.state != ERASED or at > 11]
        chosen = ids[at % len(ids)] if ids else None
        return None if chosen is None else (chosen, self.known.fates[chosen])

    def hold_at(self, at: int) -> Hold | None:
        """One in force, if there is one; a high number takes any."""
        holds = [hold for hold in self.known.holds.values() if not hold.released or at > 11]
        return holds[at % len(holds)] if holds else None


def nothing(_: Timeline) -> None:
    """What a step does that nobody should notice."""


def noted(what: str) -> None:
    """For `--hypothesis-show-statistics`."""
    if currently_in_test_context():
        event(what)
