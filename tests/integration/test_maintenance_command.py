"""`deckname maintenance run` and the retention rules on the command line."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipeline.bootstrap import bootstrap
from pipeline.domain.call import Intake
from pipeline.domain.ids import CustomerId
from pipeline.settings import load_settings
from pipeline.usecases.clean_up import WATERMARK, Leadership
from pipeline.usecases.submit_call import submit_call
from tests.decks import WAV_HEAD
from tests.integration.test_cli import Deckname, deckname, one_line

__all__ = ["deckname"]


@pytest.fixture
def acme(deckname: Deckname) -> Deckname:
    assert deckname("customers", "add", "acme").status == 0
    return deckname


def seen(ahead: timedelta) -> None:
    """As if maintenance had run at that moment."""
    bootstrap(load_settings()).watermarks.reset(WATERMARK, datetime.now(UTC) + ahead)


def steps(done: str) -> dict[str, dict[str, Any]]:
    return {step["name"]: step for step in json.loads(done)["steps"]}


def test_it_prints_what_it_did(acme: Deckname) -> None:
    done = acme("maintenance", "run")
    assert (done.status, done.err) == (0, "")
    assert "expire_transcripts  0\n" in done.out
    told = acme("maintenance", "run", "--json")
    assert json.loads(told.out)["ok"] is True and json.loads(told.out)["led_elsewhere"] is False
    assert steps(told.out)["drop_logs"] == {
        "name": "drop_logs", "count": 0, "skipped": None, "failed": None,
    }  # fmt: skip


def test_receipts_that_wait_for_redis_are_told_of(acme: Deckname) -> None:
    deck = bootstrap(load_settings())
    call = submit_call(Intake(CustomerId("acme")), [WAV_HEAD], deck)
    deck.calls.destroy_audio(call.id, "audio_cap_reached", deck.clock.now())
    done = acme("maintenance", "run")
    assert done.status == 1 and "their receipt is signed: 1" in done.err.replace("\n", " ")
    assert json.loads(acme("maintenance", "run", "--json").out)["waiting"] == 1
    assert list(deck.recordings.blobs()) == []


def test_what_another_instance_leads_is_left_to_it(acme: Deckname) -> None:
    assert Leadership("another").held(bootstrap(load_settings()))
    done = acme("maintenance", "run")
    assert done.status == 0
    assert "expire_transcripts  another instance does this" in done.out
    assert done.err.count("\n") == 1 and "nothing was done twice" in done.err
    told = acme("maintenance", "run", "--json")
    assert json.loads(told.out)["led_elsewhere"] is json.loads(told.out)["ok"] is True
    assert steps(told.out)["drop_logs"]["skipped"] is None, "every machine has its own"


@pytest.mark.parametrize(
    ("moved", "code"), [(timedelta(days=2), "behind"), (timedelta(days=-401), "ahead")]
)
def test_a_clock_that_jumped_is_mistrusted_until_an_operator_says_so(
    acme: Deckname, moved: timedelta, code: str
) -> None:
    seen(moved)
    doubting = acme("maintenance", "run", "--json")
    assert doubting.status == 1
    assert steps(doubting.out)["expire_transcripts"]["skipped"] == f"clock_{code}"
    assert steps(doubting.out)["enforce_retention"]["skipped"] is None
    assert code in acme("maintenance", "run").out
    confirmed = acme("maintenance", "run", "--clock-is-right")
    assert confirmed.status == 0
    assert f"clock_{code}" in confirmed.err
    assert acme("maintenance", "run").status == 0


def test_retention_is_set_and_shown(acme: Deckname) -> None:
    def shown() -> Any:
        return json.loads(acme("customers", "show", "acme", "--json").out)["retention"]

    assert shown() == {"transcripts_days": None, "unsupported_consent": "destroy", "version": 1}
    done = acme("customers", "set", "acme", "--transcripts", "90d")
    assert "transcripts live for 90 days" in done.err
    acme("customers", "set", "acme", "--unsupported-consent", "keep", "--no-vault")
    assert shown() == {"transcripts_days": 90, "unsupported_consent": "keep", "version": 3}
    plain = acme("customers", "show", "acme").out
    assert "transcripts live for 90 days\n" in plain and "vault       is not kept\n" in plain
    assert "unsupported consent keeps the audio\n" in plain
    acme("customers", "set", "acme", "--transcripts", "contract")
    assert shown()["transcripts_days"] is None
    acme("customers", "close", "acme", "--yes")
    assert shown() is None


def test_a_bad_period_changes_nothing(acme: Deckname) -> None:
    line = one_line(acme("customers", "set", "acme", "--transcripts", "soon", "--no-vault"), 2)
    assert "90d" in line
    assert "vault       is kept\n" in acme("customers", "show", "acme").out
    assert "say what to set" in one_line(acme("customers", "set", "acme"), 2)
