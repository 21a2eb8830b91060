"""`deckname consent` and the API beside it, on a store of their own."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from pipeline.adapters.memory_queue import MemoryJobQueue
from pipeline.bootstrap import bootstrap
from pipeline.cli import main
from pipeline.domain.call import Call, Intake, Outcome
from pipeline.domain.consent import ConsentAct, ConsentClaim, ConsentEntry, ConsentSource, Purpose
from pipeline.domain.errors import KeyDestroyed, ServiceUnavailable
from pipeline.domain.ids import CustomerId, new_call_id
from pipeline.domain.recording import RetainedKey, SealedRecording
from pipeline.domain.rights import Mark
from pipeline.settings import load_settings
from pipeline.usecases.customers import add_customer
from pipeline.usecases.deck import Deck
from pipeline.usecases.submit_call import submit_call
from pipeline.web.app import create_app
from tests.decks import WAV_HEAD

ACME = CustomerId("acme")
QUOTE = "Ja, [PERSON_1] ist einverstanden."
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DECKNAME_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("pipeline.adapters.rq_queue.RqJobQueue", lambda _: MemoryJobQueue())

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        status = main(arguments)
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


@pytest.fixture
def deck(run: Run) -> Deck:
    return bootstrap(load_settings())


@pytest.fixture
def api_key(deck: Deck) -> str:
    return add_customer("acme", "Acme", deck)[1]


@pytest.fixture
def kept(deck: Deck, api_key: str) -> Call:
    """A stored call whose audio a spoken consent keeps."""
    month = timedelta(days=20)
    claims = (ConsentClaim(Purpose.AUDIO_RETENTION, month),)
    call = submit_call(Intake(ACME, consents=claims), [WAV_HEAD], deck)
    (claim,) = deck.calls.claim([call.id], "w", deck.clock.now(), deck.policy.lease)
    owner, seal, now = deck.calls.customer(ACME), deck.transcripts.seal, deck.clock.now()
    sealed = deck.calls.recording(call.id)
    assert isinstance(sealed, SealedRecording)
    entry = ConsentEntry(
        *(ACME, call.id, Purpose.AUDIO_RETENTION, ConsentAct.GIVEN, ConsentSource.SPOKEN),
        *(now, call.received_at + month, 4, "a" * 64),
    )
    outcome = Outcome(
        "de",
        2.0,
        seal(owner, call.id, "transcript", b"{}"),
        None,
        (),
        deck.recordings.retain(call.id, sealed, call.received_at + month),
        consents=((entry, seal(owner, call.id, "quote", QUOTE.encode())),),
    )
    return deck.calls.complete(claim, outcome, now)


def test_the_register_shows_the_words_it_rests_on(run: Run, kept: Call) -> None:
    status, out, _ = run("consent", "show", kept.id, "--json")
    flag, spoken = json.loads(out)
    assert status == 0
    assert (flag["source"], flag["act"], flag["quote"]) == ("api_flag", "given", None)
    assert (spoken["source"], spoken["segment"], spoken["quote"]) == ("spoken", 4, QUOTE)
    assert "audio_retention" in run("consent", "show", kept.id)[1]


def test_a_withdrawal_ends_the_audio_at_once(run: Run, kept: Call, deck: Deck) -> None:
    key = deck.calls.recording(kept.id)
    assert isinstance(key, RetainedKey) and deck.recordings.open(kept.id, key)
    status, _, err = run("consent", "withdraw", kept.id, "audio_retention", "--source", "portal")
    assert status == 0 and "withdrawn" in err
    with pytest.raises(KeyDestroyed):
        deck.recordings.open(kept.id, key)
    assert list(deck.recordings.blobs()) == []
    last = json.loads(run("consent", "show", kept.id, "--json")[1])[-1]
    assert (last["act"], last["source"]) == ("withdrawn", "portal")


def test_a_withdrawal_says_what_is_still_to_be_signed_and_is_recorded_once(
    run: Run, kept: Call, deck: Deck, monkeypatch: pytest.MonkeyPatch
) -> None:
    withdrawing = ("consent", "withdraw", kept.id, "audio_retention")
    with monkeypatch.context() as patch:
        patch.setattr(MemoryJobQueue, "forget", no_redis)
        for said in ("audio_retention withdrawn;", "was withdrawn before: nothing changed;"):
            status, out, err = run(*withdrawing)
            assert (status, out, err.count("\n")) == (0, "", 1)
            assert said in err and "1 receipt not signed yet" in err
            assert "`deckname up` signs the rest by itself" in err
    assert list(deck.recordings.blobs()) == []
    status, _, err = run(*withdrawing)
    assert (
        status == 0 and err == "deckname: audio_retention was withdrawn before: nothing changed\n"
    )
    acts = [each["act"] for each in json.loads(run("consent", "show", kept.id, "--json")[1])]
    assert acts == ["given", "given", "withdrawn"]
    assert len(deck.deletions.receipts(call_id=kept.id)) == 1


def no_redis(*_: object) -> bool:
    raise ServiceUnavailable("Redis cannot be reached")


def test_a_restricted_call_shows_its_entries_and_no_words(
    run: Run, kept: Call, deck: Deck, api_key: str
) -> None:
    client = TestClient(create_app(deck))
    client.headers["Authorization"] = f"Bearer {api_key}"
    path = f"/v1/calls/{kept.id}/consents"
    assert client.get(path).json()["restricted_at"] is None
    deck.calls.mark_call(kept.id, Mark.RESTRICTION, deck.clock.now())
    for listing in (("--json",), ()):
        status, out, err = run("consent", "show", kept.id, *listing)
        assert status == 0 and "given" in out and "einverstanden" not in out
        assert "restricted" in err and err.count("\n") == 1
    answer = client.get(path).json()
    assert answer["restricted_at"] and len(answer["consents"]) == 2
    assert [entry["quote"] for entry in answer["consents"]] == [None, None]


def test_a_consent_that_came_by_letter(run: Run, kept: Call) -> None:
    status, _, err = run("consent", "record", kept.id, "llm_outside_eu")
    assert status == 0 and "without an end" in err
    status, _, err = run("consent", "record", kept.id, "model_training=4w", "--source", "portal")
    assert status == 0 and "until" in err
    status, _, err = run("consent", "record", kept.id, "audio_retention=90d")
    assert status == 1 and "kept already" in err


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (("show", "call_1"), 2, "32 hex digits"),
        (("show", new_call_id()), 1, "no such call"),
        (("withdraw", new_call_id(), "all"), 2, "the purposes are"),
        (("withdraw", new_call_id(), "audio_retention"), 1, "no such call"),
        (("record", new_call_id(), "audio_retention=soon"), 2, "duration"),
        (
            ("record", new_call_id(), "llm_outside_eu", "--source", "spoken"),
            2,
            "portal or operator",
        ),
    ],
)
def test_what_cannot_be_is_one_line(
    run: Run, deck: Deck, arguments: tuple[str, ...], status: int, told: str
) -> None:
    found, out, err = run("consent", *arguments)
    assert (found, out) == (status, "")
    assert told in err and err.count("\n") == 1


def test_a_call_without_consents(run: Run, deck: Deck, api_key: str) -> None:
    call = submit_call(Intake(ACME), [WAV_HEAD], deck)
    status, out, _ = run("consent", "show", call.id)
    assert status == 0 and "Nobody consented" in out


def test_the_api_shows_and_withdraws_a_customers_own(kept: Call, deck: Deck, api_key: str) -> None:
    other = add_customer("other", "Other", deck)[1]
    client = TestClient(create_app(deck))
    own = {"Authorization": f"Bearer {api_key}"}
    path = f"/v1/calls/{kept.id}/consents"
    assert client.get(path).status_code == 401
    assert client.get(path, headers={"Authorization": f"Bearer {other}"}).status_code == 404
    found = client.get(path, headers=own).json()["consents"]
    assert [entry["quote"] for entry in found] == [None, QUOTE]
    withdrawal = f"{path}/audio_retention/withdrawal"
    foreign = client.post(withdrawal, headers={"Authorization": f"Bearer {other}"})
    assert foreign.status_code == 404 and list(deck.recordings.blobs())
    assert client.post(f"{path}/everything/withdrawal", headers=own).status_code in (400, 422)
    assert client.post(withdrawal, headers=own).status_code == 204
    assert list(deck.recordings.blobs()) == []
    assert client.post(f"{path}/model_training/withdrawal", headers=own).status_code == 409
