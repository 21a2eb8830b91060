"""A customer's retention rules: snapshotted at intake, shortened later, never lengthened."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pipeline.adapters.memory import StoppedClock
from pipeline.domain.call import Call, Intake
from pipeline.domain.consent import ConsentClaim, Purpose
from pipeline.domain.errors import Conflict, NotFound, UsageError
from pipeline.domain.ids import CustomerId
from pipeline.domain.ledger import Kind, retention_in
from pipeline.domain.retention import AUDIO_CAP, audio_until
from pipeline.domain.retention_policy import (
    MESSENGER_CAP,
    Origin,
    RetentionPolicy,
    UnsupportedConsent,
    restored_policy,
    transcript_end,
)
from pipeline.usecases.deck import Deck
from pipeline.usecases.enforce_retention import expire_transcripts
from pipeline.usecases.retention_policy import parse_period, set_retention
from pipeline.usecases.submit_call import submit_call
from tests.builders import ACME, NOON, claim_one, customer, outcome
from tests.decks import WAV_HEAD, memory_deck

DAY = timedelta(days=1)
MONTH, QUARTER, YEAR = 30 * DAY, 90 * DAY, 365 * DAY


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock(NOON)


@pytest.fixture
def deck(clock: StoppedClock) -> Deck:
    made = memory_deck(clock)
    made.calls.add_customer(customer(), "hash")
    return made


def pushed(deck: Deck, origin: Origin = Origin.PHONE) -> Call:
    return submit_call(Intake(ACME, origin=origin), [WAV_HEAD + b"\0" * 64], deck)


def stored(deck: Deck, origin: Origin = Origin.PHONE) -> Call:
    call = pushed(deck, origin)
    now = deck.clock.now()
    return deck.calls.complete(claim_one(deck.calls, call.id, now), outcome(), now)


@pytest.mark.parametrize(
    ("period", "origin", "ends"),
    [
        (None, Origin.PHONE, None),
        (None, Origin.MESSENGER, MESSENGER_CAP),
        (MONTH, Origin.PHONE, MONTH),
        (MONTH, Origin.MESSENGER, MONTH),
        (YEAR, Origin.PHONE, YEAR),
        (YEAR, Origin.MESSENGER, MESSENGER_CAP),
    ],
)
def test_what_is_promised_at_intake(
    period: timedelta | None, origin: Origin, ends: timedelta | None
) -> None:
    until = RetentionPolicy(period).transcript_until(NOON, origin)
    assert until == (None if ends is None else NOON + ends)


@pytest.mark.parametrize(
    ("promised", "today", "ends"),
    [
        (None, None, None),
        (QUARTER, None, QUARTER),
        (None, QUARTER, QUARTER),
        (QUARTER, MONTH, MONTH),
        (QUARTER, YEAR, QUARTER),
    ],
)
def test_the_earlier_of_promise_and_todays_rule_counts(
    promised: timedelta | None, today: timedelta | None, ends: timedelta | None
) -> None:
    moment = None if promised is None else NOON + promised
    found = transcript_end(NOON, Origin.PHONE, moment, RetentionPolicy(today))
    assert found == (None if ends is None else NOON + ends)


def test_retained_audio_of_a_messenger_ends_after_six_months_at_most() -> None:
    long = [ConsentClaim(Purpose.AUDIO_RETENTION, YEAR)]
    assert audio_until(NOON, long) == NOON + YEAR
    assert audio_until(NOON, long, Origin.MESSENGER) == NOON + MESSENGER_CAP
    open_ended = [ConsentClaim(Purpose.AUDIO_RETENTION)]
    assert audio_until(NOON, open_ended, Origin.MESSENGER) == NOON + AUDIO_CAP
    assert audio_until(NOON, (), Origin.MESSENGER) is None


@pytest.mark.parametrize(
    ("text", "period"), [("90d", QUARTER), ("2w", 14 * DAY), ("1d", DAY), ("contract", None)]
)
def test_periods_as_they_are_written(text: str, period: timedelta | None) -> None:
    assert parse_period(text) == period


@pytest.mark.parametrize("text", ["", "0d", "90", "12h", "-1d", "1.5d", "4000d", "99999w", "ever"])
def test_periods_that_are_none(text: str) -> None:
    with pytest.raises(UsageError):
        parse_period(text)


KEEP, DESTROY = UnsupportedConsent.KEEP, UnsupportedConsent.DESTROY


@pytest.mark.parametrize(
    ("here", "told", "restored"),
    [
        ((None, DESTROY, 1), (MONTH, DESTROY, 2), (MONTH, DESTROY, 2)),  # the one told
        ((MONTH, DESTROY, 2), (None, DESTROY, 2), (MONTH, DESTROY, 2)),  # the one here
        ((MONTH, DESTROY, 1), (QUARTER, DESTROY, 3), (MONTH, DESTROY, 4)),  # here, and told of
        ((MONTH, KEEP, 2), (QUARTER, DESTROY, 3), (MONTH, DESTROY, 4)),  # of each the stricter
        ((None, KEEP, 2), (None, KEEP, 3), (None, KEEP, 3)),
        ((QUARTER, KEEP, 7), (MONTH, KEEP, 3), (MONTH, KEEP, 8)),
    ],
)
def test_after_a_restore_the_stricter_rule_holds(
    here: tuple[timedelta | None, UnsupportedConsent, int],
    told: tuple[timedelta | None, UnsupportedConsent, int],
    restored: tuple[timedelta | None, UnsupportedConsent, int],
) -> None:
    held = restored_policy(RetentionPolicy(*here), RetentionPolicy(*told))
    assert held == RetentionPolicy(*restored)
    assert restored_policy(held, RetentionPolicy(*told)) == held


def test_a_change_is_told_to_the_ledger(deck: Deck) -> None:
    policy = set_retention(ACME, deck, "90d")
    set_retention(ACME, deck, "90d")
    (entry,) = deck.ledger.entries()
    assert (entry.kind, retention_in(entry)) == (Kind.RETENTION, policy)


def test_of_a_longer_rule_the_ledger_learns_once_it_is_committed(deck: Deck) -> None:
    """Until then the stricter of both counts."""
    policy = set_retention(ACME, deck, "90d", KEEP)
    told = [retention_in(entry) for entry in deck.ledger.entries()]
    assert told == [RetentionPolicy(QUARTER, UnsupportedConsent.DESTROY, 2), policy]


def test_a_change_is_a_new_version_and_is_in_the_audit_log(deck: Deck) -> None:
    assert deck.calls.retention_policy(ACME) == RetentionPolicy()
    set_retention(ACME, deck, "90d")
    policy = set_retention(ACME, deck, unsupported=UnsupportedConsent.KEEP)
    assert policy == RetentionPolicy(QUARTER, UnsupportedConsent.KEEP, 3)
    assert set_retention(ACME, deck, "90d") == policy == deck.calls.retention_policy(ACME)
    events = [event for event, _ in deck.audit.entries]  # type: ignore[attr-defined]
    assert [event.name for event in events].count("retention_changed") == 2
    assert events[-1].facts == {
        "transcript_seconds": QUARTER.total_seconds(), "unsupported": "keep", "version": 3,
    }  # fmt: skip


def test_a_bad_period_changes_nothing(deck: Deck) -> None:
    with pytest.raises(UsageError):
        set_retention(ACME, deck, "soon", UnsupportedConsent.KEEP)
    assert deck.calls.retention_policy(ACME) == RetentionPolicy()


def test_nobodys_and_a_closed_customers_rules_cannot_be_set(deck: Deck) -> None:
    with pytest.raises(NotFound):
        set_retention(CustomerId("nobody"), deck, "90d")
    set_retention(ACME, deck, "90d")
    deck.calls.close_customer(ACME, NOON)
    assert deck.calls.retention_policy(ACME) == RetentionPolicy()
    with pytest.raises(Conflict):
        set_retention(ACME, deck, "90d")


def test_a_call_keeps_the_rules_of_its_intake(deck: Deck) -> None:
    set_retention(ACME, deck, "90d")
    call = pushed(deck)
    assert (call.origin, call.rules_version) == (Origin.PHONE, 2)
    assert call.transcript_until == NOON + QUARTER
    set_retention(ACME, deck, "contract")
    assert deck.calls.call(call.id) == call
    later = pushed(deck, Origin.MESSENGER)
    assert (later.origin, later.rules_version) == (Origin.MESSENGER, 3)
    assert later.transcript_until == NOON + MESSENGER_CAP


def test_a_longer_period_never_lengthens_an_old_calls_life(deck: Deck, clock: StoppedClock) -> None:
    set_retention(ACME, deck, "30d")
    call = stored(deck)
    set_retention(ACME, deck, "contract")
    clock.turn(MONTH - timedelta(seconds=1))
    assert expire_transcripts(deck) == 0
    clock.turn(timedelta(seconds=1))
    assert expire_transcripts(deck) == 1
    assert deck.calls.call(call.id).erased_at == clock.now()


def test_a_shorter_period_shortens_it(deck: Deck, clock: StoppedClock) -> None:
    call = stored(deck)
    clock.turn(MONTH)
    assert expire_transcripts(deck) == 0
    set_retention(ACME, deck, "30d")
    assert expire_transcripts(deck) == 1
    assert deck.calls.call(call.id).erased_at == clock.now()


def test_a_period_shortened_and_lengthened_again_keeps_the_promise(
    deck: Deck, clock: StoppedClock
) -> None:
    set_retention(ACME, deck, "90d")
    stored(deck)
    set_retention(ACME, deck, "30d")
    set_retention(ACME, deck, "contract")
    clock.turn(MONTH)
    assert expire_transcripts(deck) == 0
    clock.turn(2 * MONTH)
    assert expire_transcripts(deck) == 1
