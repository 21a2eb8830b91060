"""What should be readable until when: the deletion rules once more, in plain values.

Nothing of `pipeline` is used in here: what the store does is held against this, so this must not
do it the same way by being the same code.

A `Timeline` is what one database knows; a backup is a copy of it, and a restore puts an older one
in its place. A `World` is what nobody forgets: what was told to the deletion ledger.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
CAP = 30 * DAY
MESSENGER = 183 * DAY
SAID = 20 * DAY
"""For how long the agent of these calls asks to keep the recording."""
LEASE = timedelta(seconds=20)
ATTEMPTS = 3
TOLERANCE, LONGEST_PAUSE = HOUR, 400 * DAY
NEVER = datetime.max.replace(tzinfo=UTC)

WAITING, STORED, FAILED, ERASED = "waiting", "stored", "failed", "erased"
GIVEN, WITHDRAWN, REFUSED, UNSUPPORTED = "given", "withdrawn", "refused", "unsupported"
FLAG, SPOKEN, DECLARED = "flag", "spoken", "declared"


@dataclass(frozen=True)
class Rules:
    """A customer's: how long transcripts live, whether a flag counts that nobody asked for."""

    period: timedelta | None = None
    keeps_unsupported: bool = False

    def stricter(self, other: Rules) -> Rules:
        periods = [each for each in (self.period, other.period) if each is not None]
        return Rules(min(periods, default=None), self.keeps_unsupported and other.keeps_unsupported)


@dataclass
class Account:
    """`born` tells two accounts of one name apart: a restore may have lost the first."""

    born: int
    rules: Rules = Rules()
    closed: bool = False


@dataclass(frozen=True)
class Act:
    """An entry of the consent register, for keeping the recording."""

    number: int
    source: str
    act: str
    at: datetime
    until: datetime | None = None


@dataclass(frozen=True)
class Hold:
    """`account` is the number under which it was born."""

    id: str
    account: int
    call: str | None
    until: datetime | None
    released: bool = False

    def keeps(self, now: datetime) -> bool:
        return not self.released and (self.until is None or now < self.until)


@dataclass
class Fate:
    """What must be true of one call. While `voice`, a key of the recording is in the database; it
    opens until `voice_until`, if the key file `key` is there."""

    customer: str
    account: int
    received: datetime
    said: str
    messenger: bool
    promised: datetime | None
    keeps_unsupported: bool
    register: list[Act] = field(default_factory=list)
    state: str = WAITING
    voice: bool = True
    voice_until: datetime = NEVER
    key: str = ""
    restricted: bool = False
    objected: bool = False
    owed: bool = False
    attempts: int = 0
    leased_until: datetime | None = None

    def last(self) -> Act | None:
        """What counts: a withdrawal that somebody declared, until somebody declares a consent;
        else what was entered last."""
        declared = [each for each in self.register if each.source == DECLARED]
        if declared and declared[-1].act == WITHDRAWN:
            return declared[-1]
        return self.register[-1] if self.register else None

    def unkept(self, rules: Rules) -> bool:
        """Whether no consent keeps the recording of the ended call any more."""
        last = self.last()
        if self.owed:
            return True
        if last is None or last.act == GIVEN:
            return False
        return last.act != UNSUPPORTED or not (self.keeps_unsupported and rules.keeps_unsupported)

    def ends(self, rules: Rules) -> datetime:
        """When the transcript expires."""
        ends = [NEVER]
        ends += [self.promised] if self.promised is not None else []
        ends += [self.received + rules.period] if rules.period is not None else []
        ends += [self.received + MESSENGER] if self.messenger else []
        return min(ends)

    def free(self, now: datetime) -> bool:
        """Whether a worker may take the call."""
        leased = self.leased_until is not None and now < self.leased_until
        return self.state == WAITING and not self.restricted and not leased

    def can_record(self) -> bool:
        return self.state == WAITING and not self.owed

    def can_withdraw(self) -> bool:
        last = self.last()
        if self.state in (FAILED, ERASED):
            return False
        kept = self.state == STORED and self.voice
        return kept or (last is not None and last.act in (GIVEN, WITHDRAWN))

    # --- what happens to it

    def enter(
        self, number: int, source: str, act: str, now: datetime, until: datetime | None = None
    ) -> None:
        last = self.last()
        at = now if last is None else max(now, last.at)
        self.register.append(Act(number, source, act, at, until))

    def silence(self) -> None:
        """The recording ends; a call that was not transcribed yet has failed."""
        self.voice = False
        if self.state == WAITING:
            self.end(FAILED)

    def end(self, state: str) -> None:
        self.state, self.leased_until = state, None
        self.owed = self.owed and state != ERASED

    def erase(self) -> None:
        self.silence()
        self.end(ERASED)

    def withdraw(self, number: int, now: datetime) -> None:
        declared = [each for each in self.register if each.source == DECLARED]
        if not (declared and declared[-1].act == WITHDRAWN):
            self.enter(number, DECLARED, WITHDRAWN, now)
        if self.state == STORED:
            self.voice = False

    def process(self, number: int, now: datetime, rules: Rules, key_there: bool) -> None:
        """A worker takes it all the way, if it can."""
        if self.attempts >= ATTEMPTS or self.said == "broken" or now >= self.voice_until:
            self.silence()
        elif key_there:
            self._heard(number, now, rules)

    def _heard(self, number: int, now: datetime, rules: Rules) -> None:
        last, until = self.last(), self._kept_until(rules)
        entered = self._entered(last)
        if entered is not None:
            self.enter(number, SPOKEN, entered, now, until if entered == GIVEN else None)
        self.end(STORED)
        self.voice = until is not None and now < until
        if self.voice and until is not None:
            self.voice_until, self.key = until, ""

    def _entered(self, last: Act | None) -> str | None:
        """What the register learns from the call."""
        if self.said in ("no", "taken back"):
            return REFUSED if self.said == "no" else WITHDRAWN
        if last is None or last.source != FLAG:
            return None
        return GIVEN if self.said == "yes" else UNSUPPORTED

    def _kept_until(self, rules: Rules) -> datetime | None:
        last = self.last()
        if self.owed or self.said in ("no", "taken back") or last is None or last.act != GIVEN:
            return None
        if last.source == FLAG and self.said == "nothing":
            both = self.keeps_unsupported and rules.keeps_unsupported
            return last.until if both else None
        ends = [self.received + SAID] if self.said == "yes" else []
        ends += [last.until] if last.until is not None else []
        return min(ends)


@dataclass
class Timeline:
    """What one database knows. `seen` is the latest moment that maintenance saw."""

    accounts: dict[str, Account] = field(default_factory=dict)
    fates: dict[str, Fate] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    seen: datetime | None = None

    def rules(self, fate: Fate) -> Rules:
        return self.accounts[fate.customer].rules

    def of(self, customer: str) -> list[Fate]:
        return [fate for fate in self.fates.values() if fate.customer == customer]

    def closed(self, customer: str) -> bool:
        return self.accounts[customer].closed

    def held(self, call_id: str, now: datetime) -> bool:
        account = self.fates[call_id].account
        return any(
            hold.account == account and hold.call in (None, call_id) and hold.keeps(now)
            for hold in self.holds.values()
        )

    def customer_held(self, customer: str, now: datetime) -> bool:
        born = self.accounts[customer].born
        return any(hold.account == born and hold.keeps(now) for hold in self.holds.values())

    def overdue(self, now: datetime) -> Iterator[str]:
        """Calls whose transcript is past its end, and nothing keeps it."""
        for call_id, fate in self.fates.items():
            ended = fate.state in (STORED, FAILED) and fate.ends(self.rules(fate)) <= now
            if ended and not fate.restricted and not self.held(call_id, now):
                yield call_id

    def erasable(self, now: datetime) -> Iterator[str]:
        """Calls that are to be erased, and nothing keeps any more."""
        for call_id, fate in self.fates.items():
            if fate.owed and not fate.restricted and not self.held(call_id, now):
                yield call_id

    def clock_right(self, now: datetime) -> bool:
        return self.seen is None or -TOLERANCE <= now - self.seen <= LONGEST_PAUSE

    # --- what happens in it

    def close(self, customer: str) -> None:
        for fate in self.of(customer):
            fate.erase()
        account = self.accounts[customer]
        account.closed, account.rules = True, Rules()

    def erase(self, call_id: str, number: int, now: datetime) -> None:
        """On request. A hold keeps the transcript as long as it lasts, and never a recording that
        is kept; one that waits is what the held transcript will be made of, and ends with it."""
        fate = self.fates[call_id]
        if not self.held(call_id, now):
            fate.erase()
            return
        asked, fate.owed = fate.owed, True
        last = fate.last()
        if fate.state == STORED:
            fate.voice = False
        elif fate.state == WAITING and not asked and last is not None and last.act == GIVEN:
            fate.withdraw(number, now)

    def maintain(self, now: datetime) -> None:
        """The recordings by the clock whatever it says; transcripts only by one that is right."""
        right = self.clock_right(now)
        if right and (self.seen is None or now >= self.seen + timedelta(minutes=1)):
            self.seen = now
        for fate in self.fates.values():
            over = now >= fate.voice_until
            if fate.voice and (over or (fate.state == STORED and fate.unkept(self.rules(fate)))):
                fate.silence()
        for call_id in (*self.overdue(now), *self.erasable(now)) if right else ():
            self.fates[call_id].erase()


@dataclass
class World:
    """What the ledger was told, by call, by account; it never forgets."""

    silenced: set[str] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)
    withdrawn: dict[str, list[Act]] = field(default_factory=dict)
    marks: dict[str, tuple[bool, bool, bool]] = field(default_factory=dict)
    closed: set[int] = field(default_factory=set)
    rules: dict[int, Rules] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    born: dict[str, int] = field(default_factory=dict)

    def learn(self, now_known: Timeline, before: Timeline) -> None:
        """What `now_known` tells, that followed `before`."""
        for call_id, fate in now_known.fates.items():
            if not fate.voice:
                self.silenced.add(call_id)
            if fate.state == ERASED:
                self.erased.add(call_id)
            told = self.withdrawn.setdefault(call_id, [])
            told += [
                each
                for each in fate.register
                if each.source == DECLARED and each.act == WITHDRAWN and each not in told
            ]
            self.marks[call_id] = fate.restricted, fate.objected, fate.owed
        for name, account in now_known.accounts.items():
            self.born[name] = max(account.born, self.born.get(name, 0))
            if account.closed:
                self.closed.add(account.born)
            then = before.accounts.get(name)
            if then is not None and then.born == account.born and then.rules != account.rules:
                self.rules[account.born] = account.rules
        self.holds |= now_known.holds

    def restored(self, then: Timeline) -> Timeline:
        """The copy `then`, after all that was told since was done again. What is younger than the
        copy is lost."""
        back = copy.deepcopy(then)
        for account in back.accounts.values():
            if account.born in self.closed:
                account.closed, account.rules = True, Rules()
            elif account.born in self.rules:
                account.rules = account.rules.stricter(self.rules[account.born])
        for call_id, fate in back.fates.items():
            self._restore(call_id, fate)
        alive = {account.born for account in back.accounts.values()}
        back.holds = {
            hold.id: hold
            for hold in self.holds.values()
            if hold.account in alive and (hold.call is None or hold.call in back.fates)
        }
        return back

    def _restore(self, call_id: str, fate: Fate) -> None:
        fate.register += [
            each for each in self.withdrawn.get(call_id, ()) if each not in fate.register
        ]
        last = fate.last()
        withdrawn = fate.state == STORED and last is not None and last.act in (WITHDRAWN, REFUSED)
        marks = fate.restricted, fate.objected, fate.owed
        fate.restricted, fate.objected, fate.owed = self.marks.get(call_id, marks)
        if call_id in self.erased or fate.account in self.closed:
            fate.erase()
        elif fate.voice and (call_id in self.silenced or withdrawn):
            fate.silence()
