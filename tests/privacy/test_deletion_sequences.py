"""Ways through the state machine that once went wrong, each as short as can be."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipeline.domain.retention_policy import UnsupportedConsent
from tests.privacy.deletion_model import DAY, ERASED, HOUR, STORED
from tests.privacy.test_deletion_machine import Deletions

INVARIANTS = (
    Deletions.customers_rules_and_holds_are_as_they_should_be,
    Deletions.voices_and_transcripts_are_as_they_should_be,
    Deletions.whoever_asks_gets_what_may_be_shown,
    Deletions.the_verifier_finds_what_is_overdue_and_nothing_else,
    Deletions.every_receipt_verifies_and_the_chain_is_whole,
    Deletions.what_ended_has_a_deletion,
)


@pytest.fixture
def machine() -> Iterator[Deletions]:
    """Two customers with calls, and copy 0 of them; then those of the second were transcribed."""
    made = Deletions()
    made.begin()
    yield made
    made.teardown()


def check(machine: Deletions) -> None:
    """Everything is as it should be."""
    for holds in INVARIANTS:
        holds(machine)


def test_a_withdrawal_by_a_clock_that_is_behind_survives_a_restore(machine: Deletions) -> None:
    """All three declarations came at one moment, and the ledger took the last for the first."""
    machine.jump(by=-HOUR)
    machine.withdraw(at=1)
    machine.record(at=1, kept=45 * DAY)
    machine.back_up(by_hand=True)
    machine.withdraw(at=1)
    machine.restore(at=1)
    machine.process_all()
    check(machine)


def test_what_a_clock_that_is_behind_lifted_stays_lifted_in_a_restore(machine: Deletions) -> None:
    machine.mark(at=0, mark="restricted", sets=True)
    machine.back_up(by_hand=True)
    machine.jump(by=-HOUR)
    machine.mark(at=0, mark="restricted", sets=False)
    machine.restore(at=1)
    check(machine)


@pytest.mark.parametrize("ends", ["released", "over"])
def test_an_erasure_that_a_hold_stood_against_is_done_when_it_ends(
    machine: Deletions, ends: str
) -> None:
    machine.process_all()
    machine.hold(at=0, whole=False, lasts=None if ends == "released" else 5 * DAY)
    machine.erase(at=0)
    check(machine)
    (held,) = (id for id, fate in machine.known.fates.items() if fate.owed)
    if ends == "released":
        machine.release(at=0)
        machine.jump(by=HOUR)
    else:
        machine.jump(by=5 * DAY)
        machine.jump(by=HOUR)
    check(machine)
    assert ("erasure_overdue", held) in {(f.check, f.place) for f in machine.store.verified()}
    machine.maintain()
    check(machine)
    assert machine.known.fates[held].state == ERASED


@pytest.mark.parametrize("cut", [("told", 2), ("commit", 3), ("committed", 2), ("tell", 2)])
def test_an_erasure_under_a_hold_survives_a_kill_and_a_restore(
    machine: Deletions, cut: tuple[str, int]
) -> None:
    machine.process_all()
    machine.hold(at=0, whole=True, lasts=None)
    machine.back_up(by_hand=True)
    machine.erase(at=0, cut=cut)
    machine.erase(at=0)
    check(machine)
    machine.restore(at=1)
    check(machine)
    (held,) = (id for id, fate in machine.known.fates.items() if fate.owed)
    machine.release(at=0)
    machine.maintain()
    check(machine)
    assert machine.known.fates[held].state == ERASED
    machine.restore(at=1)
    machine.maintain()
    check(machine)
    assert machine.known.fates[held].state == ERASED


def test_a_restriction_keeps_what_is_to_be_erased(machine: Deletions) -> None:
    """Who restricts may need it (Art. 18 (1) GDPR); what is erased comes back no more."""
    machine.process_all()
    machine.hold(at=0, whole=True, lasts=None)
    machine.erase(at=0)
    machine.back_up(by_hand=True)
    (owed,) = (at for at, fate in enumerate(machine.known.fates.values()) if fate.owed)
    machine.mark(at=owed, mark="restricted", sets=True)
    machine.release(at=0)
    machine.jump(by=HOUR)
    machine.maintain()
    check(machine)
    machine.restore(at=1)
    machine.maintain()
    check(machine)
    (held,) = (id for id, fate in machine.known.fates.items() if fate.owed)
    machine.mark(at=owed, mark="restricted", sets=False)
    check(machine)
    machine.maintain()
    check(machine)
    assert machine.known.fates[held].state == ERASED


@pytest.mark.parametrize("cut", [("told", 2), ("commit", 3), ("committed", 2), ("tell", 2), None])
@pytest.mark.parametrize("processed", [True, False])
def test_audio_that_a_consent_keeps_ends_with_the_mark(
    machine: Deletions, processed: bool, cut: tuple[str, int] | None
) -> None:
    """No kill leaves a call that is to be erased and audio that opens."""
    machine.push(customer="alpha", kept=45 * DAY, said="yes", messenger=False)
    if processed:
        machine.process_all()
    machine.hold(at=0, whole=True, lasts=None)
    for at in range(len(machine.known.fates)):
        machine.erase(at=at, cut=cut)
        check(machine)
        assert not any(
            f.owed and f.voice for f in machine.known.fates.values() if f.state == STORED
        )
    machine.process_all()
    check(machine)
    machine.maintain()
    check(machine)
    assert not any(fate.owed and fate.voice for fate in machine.known.fates.values())


def test_an_erasure_that_was_taken_back_is_not_owed(machine: Deletions) -> None:
    machine.process_all()
    machine.hold(at=0, whole=False, lasts=None)
    machine.erase(at=0)
    machine.back_up(by_hand=False)
    machine.take_back(at=0)
    machine.restore(at=1)
    machine.release(at=0)
    machine.maintain()
    check(machine)
    assert not any(fate.state == ERASED for fate in machine.known.fates.values())


@pytest.mark.parametrize("point", ["told", "commit"])
def test_a_longer_rule_that_was_told_and_not_committed_counts_in_no_restore(
    machine: Deletions, point: str
) -> None:
    machine.set_rules(name="alpha", period="10d", unsupported=None)
    machine.set_rules(name="alpha", period="40d", unsupported=None, cut=(point, 1))
    machine.restore(at=0)
    check(machine)


def test_a_flag_that_may_count_again_counts_in_a_restore_only_once_committed(
    machine: Deletions,
) -> None:
    machine.set_rules(name="beta", period="contract", unsupported=UnsupportedConsent.DESTROY)
    keep = UnsupportedConsent.KEEP
    machine.set_rules(name="beta", period="contract", unsupported=keep, cut=("told", 1))
    machine.restore(at=0)
    check(machine)


@pytest.mark.parametrize("again", [False, True])
def test_a_transcript_that_was_told_and_not_committed_is_made_again(
    machine: Deletions, again: bool
) -> None:
    """No recording is lost to a ledger that knows too much."""
    machine.process_all(cut=("told", 1))
    if again:
        machine.restore(at=0)
    machine.jump(by=HOUR)
    machine.process_all()
    check(machine)


def test_of_a_customer_who_is_added_anew_nothing_old_is_done_again(machine: Deletions) -> None:
    machine.add(name="gamma")
    machine.set_rules(name="gamma", period="3d", unsupported=None)
    machine.close(name="gamma")
    machine.restore(at=0)
    machine.add(name="gamma")
    machine.push(customer="gamma", kept=None, said="yes", messenger=False)
    machine.process_all()
    machine.restart()
    check(machine)


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_restore_that_is_cut_short_leaves_nothing_behind(machine: Deletions, nth: int) -> None:
    machine.back_up(by_hand=False)
    machine.restore(at=1, cut=("unlink", nth))
    check(machine)


def test_a_day_key_that_was_half_overwritten_keeps_no_call_past_its_time(
    machine: Deletions,
) -> None:
    """The call fails with its time, and does not wait for a key that is damaged."""
    machine.live(by=31 * DAY, cut=("unlink", 1))
    machine.process_all()
    check(machine)
