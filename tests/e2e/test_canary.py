"""`deckname verify --canary` on a whole Deckname: a marked call goes through and leaves no trace; a
leak that somebody plants is found."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.adapters.rq_queue import open_redis
from pipeline.cli import canary as flights
from pipeline.domain.errors import ServiceUnavailable
from pipeline.domain.ids import CANARY
from pipeline.settings import load_settings
from pipeline.usecases.verification import traces
from pipeline.usecases.verification.canary_call import make_canary
from pipeline.usecases.verification.findings import StorePlaces
from pipeline.usecases.verification.traces import forms, in_bytes, in_files
from tests.e2e.conftest import EXAMPLES, Station


def fly(station: Station, *options: str) -> dict[str, Any]:
    done = station("verify", "--canary", "--json", *options, check=False)
    assert done.returncode in (0, 1), done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["ok"] == (done.returncode == 0)
    return report


@pytest.fixture(scope="module")
def report(station: Station) -> dict[str, Any]:
    return fly(station, "--temp")


def test_it_leaves_no_trace(report: dict[str, Any]) -> None:
    assert report["findings"] == []
    assert set(report["canary"]["searched"]) >= {
        *("known parties", "spoken words", "recording", "file name", "idempotency key"),
        "sealed content",
    }


def test_its_call_is_erased_with_receipts(station: Station, report: dict[str, Any]) -> None:
    calls = json.loads(station("calls", "--customer", CANARY, "--json").stdout)
    (call,) = [call for call in calls if call["id"] == report["canary"]["call"]]
    assert call["status"] == "erased"
    assert len(report["canary"]["receipts"]) == 2
    assert report["looked_at"]["receipts"] >= 2


def test_it_reports_for_people_and_flies_again(station: Station, report: dict[str, Any]) -> None:
    said = station("verify", "--canary").stdout
    assert said.startswith("The canary call_") and "receipts del_" in said
    assert said.endswith("Nothing is overdue, orphaned or in clear.\n")


def test_a_leak_is_found(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flights, "SETTLING_SECONDS", 0.0)
    canary = make_canary(flights.EXAMPLE)
    places = StorePlaces.of(station.home, station.keys)
    site = flights._Site(places, None)
    flights._search(site, canary.needles, "now")
    assert site.found == []
    leak = station.home / "leak"
    leak.write_bytes(canary.recording)
    flights._search(site, canary.needles, "now")
    leak.unlink()
    assert [finding.check for finding in site.found] == ["canary_trace"]
    assert "recording" in site.found[0].detail and site.found[0].place.startswith("inode ")


def test_the_search_finds_every_kind_of_needle(tmp_path: Path) -> None:
    """A search that finds nothing anywhere proves nothing."""
    canary = make_canary(EXAMPLES / "anfrage-wohnung.wav")
    assert list(in_bytes(canary.recording, canary.needles)) == ["recording"]
    (tmp_path / canary.file_name).write_text(f"{canary.known[0]} {canary.known[1]}")
    (tmp_path / "log").write_text(json.dumps({"key": canary.idempotency_key}))
    (tmp_path / "said").write_text("Mein Name ist Martina Keller")
    assert {kind for kind, _ in in_files([tmp_path], canary.needles)} == {
        *("file name", "known parties", "idempotency key", "spoken words")
    }


@pytest.mark.parametrize("shift", [0, 1, 2])
def test_a_needle_is_found_across_pieces_and_in_base64(tmp_path: Path, shift: int) -> None:
    wanted = {"name": forms("Brazimfex Quotorlun")}
    edge = b"\0" * (traces._PIECE - 10)
    (tmp_path / "wide").write_bytes(edge + "Brazimfex Quotorlun".encode("utf-16-le"))
    encoded = base64.b64encode(b"\0" * shift + b"Brazimfex Quotorlun" + b"\0\0\0\0")
    (tmp_path / "packed").write_bytes(encoded)
    assert {path.name for _, path in in_files([tmp_path], wanted)} == {"wide", "packed"}


def test_two_canaries_are_never_alike() -> None:
    one, other = (make_canary(EXAMPLES / "anfrage-wohnung.wav") for _ in range(2))
    assert not one.needles["recording"] & other.needles["recording"]
    assert not set(one.known) & set(other.known) and one.file_name != other.file_name
    assert one.known[0] not in repr(one)


def test_a_blind_search_proves_nothing(tmp_path: Path) -> None:
    site = flights._Site(StorePlaces.of(tmp_path / "home", tmp_path / "keys"), None)
    with pytest.raises(ServiceUnavailable, match="nothing was proven"):
        flights._prove_search(site, "call_1")


def test_a_call_that_fails_or_hangs_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    api: Callable[[str], Any] = lambda status: SimpleNamespace(  # noqa: E731
        call=lambda _: {"status": status, "failure": "poison"}
    )
    with pytest.raises(ServiceUnavailable, match="poison"):
        flights._stored(api("failed"), "call_1")
    monkeypatch.setattr(flights, "PROCESSING_SECONDS", -1.0)
    with pytest.raises(ServiceUnavailable, match="in time"):
        flights._stored(api("received"), "call_1")


def test_without_an_api_it_says_so(station: Station, tmp_path: Path) -> None:
    done = station(
        "verify",
        "--canary",
        check=False,
        DECKNAME_API_URL="http://127.0.0.1:9",
        TMPDIR=str(tmp_path),
    )
    assert done.returncode == 3 and "does not answer" in done.stderr


def test_a_copy_that_somebody_keeps_is_found_and_the_call_erased_all_the_same(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, push = station.home / "kept", flights._push

    def push_and_keep(api: Any, canary: Any, deck: Any) -> Any:
        kept.write_bytes(canary.recording)
        return push(api, canary, deck)

    monkeypatch.setattr(flights, "_push", push_and_keep)
    monkeypatch.setattr(flights, "SETTLING_SECONDS", 10.0)
    settings = load_settings(home=station.home, keys=station.keys)
    with open_redis(settings) as redis:
        flight = flights.fly(settings, StorePlaces.of(station.home, station.keys), redis)
    kept.unlink()
    assert {(found.check, found.detail.split(" is ")[0]) for found in flight.findings} == {
        ("canary_trace", "the canary's recording")
    }
    assert len(flight.findings) == 2 and len(flight.receipts) == 2
    assert fly(station)["findings"] == []
