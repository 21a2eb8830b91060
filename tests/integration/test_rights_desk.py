"""The rights desk as people use it: commands on a store of their own, and what is left behind."""

from __future__ import annotations

import io
import json
import re
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from pipeline.adapters.memory_queue import MemoryJobQueue
from pipeline.bootstrap import bootstrap
from pipeline.cli import main
from pipeline.domain.call import Intake, Outcome
from pipeline.domain.errors import ServiceUnavailable
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.privacy import EntityType, KnownParty, PiiSpan, Vault
from pipeline.domain.recording import RetainedKey, SealedRecording
from pipeline.domain.transcript import Segment, Speaker, VerbatimTranscript
from pipeline.settings import load_settings
from pipeline.stages.redact import redact, to_json, vault_to_json
from pipeline.usecases.customers import issue_key
from pipeline.usecases.deck import Deck
from pipeline.usecases.subject_index import index_of
from pipeline.usecases.submit_call import submit_call
from pipeline.web.app import create_app
from tests import canary
from tests.decks import WAV_HEAD

T = EntityType
ACME = CustomerId("acme")
NAME, OTHER_NAME, PHONE = "Wendelin Zwirner", "Ottokar Quandt", "+49 176 55382049"
SAID = f"Hier ist {NAME}, verbinden Sie mich mit {OTHER_NAME}."
CANARIES = ("Wendelin", "Zwirner", "Quandt", "55382049", "wendelin.zwirner@web.example")


@dataclass
class Done:
    status: int
    out: str
    err: str


Deckname = Callable[..., Done]


@pytest.fixture
def deckname(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Deckname]:
    """Runs a command with `typed` on standard input; the customer is there already."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DECKNAME_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DECKNAME_API_PORT", "0")
    # The embedded Redis does not run: what waits for it waits, everything else happens.
    monkeypatch.setattr("pipeline.adapters.rq_queue.RqJobQueue", lambda _: MemoryJobQueue())

    def run(*arguments: str, typed: str = "") -> Done:
        capsys.readouterr()
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        status = main(arguments)
        said = capsys.readouterr()
        return Done(status, said.out, said.err)

    assert run("customers", "add", "acme").status == 0
    yield run


@pytest.fixture
def deck(deckname: Deckname) -> Deck:
    return bootstrap(load_settings())


def stored(deck: Deck, phone: str = PHONE, kept: bool = False, with_vault: bool = True) -> CallId:
    """A call in which a caller names itself and somebody else; its push knew the number."""
    call = submit_call(Intake(ACME), [WAV_HEAD], deck)
    (claim,) = deck.calls.claim([call.id], "w", deck.clock.now(), deck.policy.lease)
    verbatim = VerbatimTranscript("de", 2.0, (Segment(Speaker.CALLER, 0.0, 2.0, SAID),))
    spans = [
        PiiSpan(SAID.index(name), SAID.index(name) + len(name), T.PERSON, 0.9)
        for name in (NAME, OTHER_NAME)
    ]
    redacted, vault = redact(verbatim, (tuple(spans),))
    owner, seal = deck.calls.customer(ACME), deck.transcripts.seal
    known = (
        KnownParty(T.PHONE_NUMBER, phone),
        KnownParty(T.EMAIL_ADDRESS, "wendelin.zwirner@web.example"),
    )
    retained: RetainedKey | None = None
    if kept:
        sealed = deck.calls.recording(call.id)
        assert isinstance(sealed, SealedRecording)
        until = deck.clock.now() + timedelta(days=20)
        retained = deck.recordings.retain(call.id, sealed, until)
    outcome = Outcome(
        "de",
        2.0,
        seal(owner, call.id, "transcript", to_json(redacted)),
        seal(owner, call.id, "vault", vault_to_json(vault)) if with_vault else None,
        (("PERSON", 2),),
        retained,
        index=index_of(owner, vault if with_vault else Vault(), known, "de", deck),
    )
    deck.calls.complete(claim, outcome, deck.clock.now())
    if not kept:
        deck.recordings.unlink(call.id)
    return call.id


def one_line(done: Done, status: int) -> str:
    assert (done.status, done.out) == (status, ""), done
    assert done.err.startswith("deckname: ") and done.err.count("\n") == 1, done.err
    return done.err


def test_somebody_is_found_with_the_reason_why(deckname: Deckname, deck: Deck) -> None:
    call_id = stored(deck)
    done = deckname("rights", "find", "--customer", "acme", "--phone", "-", typed="017655382049\n")
    assert done.status == 0
    assert done.out.split()[0] == call_id and "certain  phone_number" in done.out
    maybe = deckname("rights", "find", "--customer", "acme", "--name", "Ottokar Zwirner", "--json")
    (match,) = json.loads(maybe.out)
    assert match["certain"] is False and "last_name" in match["why"]
    assert maybe.err == done.err == "deckname: 1 call matches\n"
    assert one_line(deckname("rights", "find", "--customer", "acme", "--name", "Otto Niemand"), 1)
    stored(deck)
    finding = ("rights", "find", "--customer", "acme", "--phone", PHONE)
    assert deckname(*finding).err == "deckname: 2 calls match\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("export", "--customer", "acme"),
        ("erase", "--customer", "acme", "Wendelin.wav"),
        ("erase", "--customer", "acme", "--phone", "12"),
        ("erase", "--customer", "acme", "--email", "-"),
        ("erase", "--customer", "acme", "--all", "--confirm-by", "board"),
        ("restrict", "--customer", "acme", "--all", "--lift", "--request", "req_1"),
        ("rectify", "nonsense", "[PERSON_1]", "--customer", "acme"),
        ("hold", "place", "--customer", "acme", "--reason", "x", "--by", "Dr. Weber"),
        ("hold", "place", "--customer", "acme", "--reason", "x", "--by", "law", "--until", "soon"),
        ("rights", "open", "forget", "--customer", "acme"),
        ("rights", "open", "erase", "--customer", "acme", "--received", "2999-01-01"),
    ],
    ids=" ".join,
)
def test_wrong_words_are_one_line_and_2(deckname: Deckname, arguments: tuple[str, ...]) -> None:
    assert "Wendelin" not in one_line(deckname(*arguments), 2)


def test_an_export_tells_everything_and_nobody_else(
    deckname: Deckname, deck: Deck, tmp_path: Path
) -> None:
    call_id = stored(deck)
    exporting = ("export", "--customer", "acme", "--name", NAME)
    document = json.loads(deckname(*exporting).out)
    (call,) = document["calls"]
    (segment,) = call["transcript"]["segments"]
    assert call["id"] == call_id and call["matched_by"] == ["full_name"]
    assert segment["kept"] == "Hier ist [PERSON_1], verbinden Sie mich mit [PERSON_2]."
    assert segment["text"] == f"Hier ist {NAME}, verbinden Sie mich mit [PERSON_2]."
    assert call["transcript"]["own"] == {"[PERSON_1]": NAME}
    assert call["transcript"]["hidden"] == {"[PERSON_2]": "PERSON"}
    assert "Quandt" not in json.dumps(document)
    own = ("--own", "[PERSON_2]")
    assert OTHER_NAME in deckname("export", "--customer", "acme", call_id, *own).out
    assert one_line(deckname("export", "--customer", "acme", call_id, "--own", "[IBAN_9]"), 1)
    page = tmp_path / "answer.html"
    letter = (*exporting, "--format", "html", "--language", "en", "--output", str(page))
    assert deckname(*letter).status == 0
    html = page.read_text("utf-8")
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert '<html lang="en">' in html and "You may have your data erased" in html
    assert NAME in html and "Quandt" not in html
    assert "<script" not in html and not re.search(r"(src|href|url)\s*[=(]", html)
    assert "there already" in one_line(deckname(*letter), 2)
    before = deckname("rights", "list", "--json").out
    nowhere = (*exporting, "--output", str(tmp_path / "nowhere" / "answer.json"))
    assert one_line(deckname(*nowhere), 2)
    assert deckname("rights", "list", "--json").out == before  # nothing counts as answered
    assert "Sie können die Löschung verlangen" in deckname(*exporting, "--format", "html").out


def test_what_an_export_hides_is_told_with_the_way_to_show_it(
    deckname: Deckname, deck: Deck
) -> None:
    call_id = stored(deck)
    exporting = ("export", "--customer", "acme")
    told = deckname(*exporting, "--name", NAME).err
    assert f"in {call_id} stays hidden: 1 PERSON ([PERSON_2])\n" in told
    assert (
        "Art. 15 (4)" in told and "`deckname export --customer acme CALL --own PSEUDONYM`" in told
    )
    assert "1 call exported" in told and "Quandt" not in told
    assert (
        f"in {call_id} stays hidden: 2 PERSON ([PERSON_1], [PERSON_2])\n"
        in deckname(*exporting, call_id).err
    )
    whole = deckname(*exporting, call_id, "--own", "[PERSON_1]", "--own", "[PERSON_2]").err
    assert "hidden" not in whole and "--own" not in whole
    lost = stored(deck, "+49 30 1234567", with_vault=False)
    told = deckname(*exporting, lost).err
    assert f"in {lost} stays hidden for good, as no vault was kept: 2 PERSON" in told
    assert "--own" not in told
    rectifying = ("rectify", call_id, "[PERSON_1]", "--customer", "acme")
    assert deckname(*rectifying, typed="Oda Zwirner\n").status == 0
    stored(deck)
    assert "1 more may match" in deckname(*exporting, "--name", "Oda Zwirner").err


def test_of_a_call_without_a_vault_only_what_is_kept_is_exported(
    deckname: Deckname, deck: Deck
) -> None:
    call_id = stored(deck, with_vault=False)
    exporting = ("export", "--customer", "acme", "--phone", PHONE)
    (call,) = json.loads(deckname(*exporting).out)["calls"]
    (segment,) = call["transcript"]["segments"]
    assert segment["kept"] == segment["text"] and call["transcript"]["own"] == {}
    assert "die für Sie stehen" not in deckname(*exporting, "--format", "html").out
    rectifying = ("rectify", call_id, "[PERSON_1]", "--customer", "acme")
    assert one_line(deckname(*rectifying, typed="x\n"), 1)


def test_an_export_shows_markup_that_somebody_said_as_text(deckname: Deckname, deck: Deck) -> None:
    call_id = stored(deck)
    rectifying = ("rectify", call_id, "[PERSON_1]", "--customer", "acme")
    assert deckname(*rectifying, typed="<script>x</script>\n").status == 0
    page = deckname("export", "--customer", "acme", call_id, "--own", "[PERSON_1]", "--format",
                    "html").out  # fmt: skip
    assert "<script" not in page and "&lt;script&gt;" in page


def test_an_erasure_leaves_receipts_that_verify_and_tells_whoever_was_told(
    deckname: Deckname, deck: Deck, tmp_path: Path
) -> None:
    call_id, other = stored(deck), stored(deck, "+49 30 1234567")
    done = deckname("erase", "--customer", "acme", "--phone", PHONE, "--json")
    report = json.loads(done.out)
    assert done.status == 0 and report["erased"] == [call_id] and report["outcome"] == "done"
    assert len(report["receipts"]) == 2  # the audio went when it was stored
    for receipt in report["receipts"]:
        line = deckname("receipts", "show", receipt).out
        (tmp_path / "receipts.jsonl").write_text(line)
        assert deckname("receipts", "verify", str(tmp_path / "receipts.jsonl")).status == 0
    assert outbox(tmp_path) == [("call_stored", other), ("call_erased", call_id)]
    assert one_line(deckname("show", call_id), 1)
    assert deckname("show", other).status == 0
    (listed,) = json.loads(deckname("calls", "--status", "erased", "--json").out)
    assert listed["id"] == call_id and listed["erased_at"]
    assert call_id in deckname("calls").out
    assert "no call" in one_line(deckname("erase", "--customer", "acme", "--phone", PHONE), 1)
    assert "`deckname receipts list`" in one_line(
        deckname("erase", "--customer", "acme", call_id), 1
    )
    assert json.loads(deckname("verify", "--json").out)["findings"] == []


def test_an_erasure_without_redis_says_what_is_still_to_be_signed(
    deckname: Deckname, deck: Deck, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id, other = stored(deck), stored(deck, "+49 30 1234567")

    def away(*_: object) -> bool:
        raise ServiceUnavailable("Redis cannot be reached")

    with monkeypatch.context() as patch:
        patch.setattr(MemoryJobQueue, "forget", away)
        done = deckname("erase", "--customer", "acme", call_id)
        report = json.loads(deckname("erase", "--customer", "acme", other, "--json").out)
    assert done.status == 0 and "1 call erased, 0 kept" in done.err
    # The transcript's receipt is signed: no job of it was ever in Redis. The audio's is not.
    assert "1 receipt not signed yet" in done.err and "`deckname up`" in done.err
    assert (report["pending_receipts"], len(report["receipts"])) == (1, 1)
    assert deckname("maintenance", "run").status == 0
    assert len(deck.deletions.receipts(call_id=call_id)) == 2
    third = stored(deck, "+49 30 7654321")
    assert "not signed" not in deckname("erase", "--customer", "acme", third).err


def outbox(folder: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(folder / "home" / "deckname.db")) as connection:
        return list(connection.execute("SELECT name, call_id FROM outbox ORDER BY id"))


def test_a_hold_answers_with_its_reason_and_keeps_no_audio(deckname: Deckname, deck: Deck) -> None:
    call_id = stored(deck, kept=True)
    placing = ("hold", "place", call_id, "--customer", "acme", "--reason", "§ 257 HGB")
    hold_id = deckname(*placing, "--by", "legal", "--until", "2099-12-31").out.strip()
    (listed,) = json.loads(deckname("hold", "list", "--json").out)
    assert (listed["id"], listed["call"], listed["reason"]) == (hold_id, call_id, "§ 257 HGB")
    assert listed["erasures_owed"] == 0
    assert hold_id in deckname("hold", "list").out
    erasing = ("erase", "--customer", "acme", call_id)
    done = deckname(*erasing)
    assert done.status == 1 and "§ 257 HGB" in done.out and "2099-12-31" in done.out
    assert "by itself when they end" in done.err
    assert "legal hold stands against it" in one_line(deckname("show", call_id), 1)
    (listed,) = json.loads(deckname("hold", "list", "--json").out)
    assert listed["erasures_owed"] == 1
    assert "to be erased after its hold" in deckname("calls").out.replace("\n", " ")
    assert not deck.calls.has_audio_key([call_id])[call_id]
    assert list(deck.recordings.blobs()) == []
    refused = one_line(deckname("customers", "close", "acme", "--yes"), 1)
    assert "§ 257 HGB" in refused
    lifting = deckname(*erasing, "--lift")
    assert (lifting.status, lifting.err) == (0, "deckname: 1 call kept when the hold ends\n")
    assert deckname("show", call_id).status == 0
    assert one_line(deckname(*erasing, "--lift", "--request", "req_1"), 2)
    assert deckname(*erasing).status == 1
    released = deckname("hold", "release", hold_id, "--by", "legal")
    assert "1 call it kept from erasure" in one_line(released, 0)
    assert "No legal holds" in deckname("hold", "list").out
    assert deckname("maintenance", "run").status == 0
    assert deck.calls.call(call_id).erased_at is not None
    kinds = [entry.kind for entry in deck.ledger.entries()]
    assert kinds.index("hold") < kinds.index("release")


def test_a_refused_closing_destroys_no_key_of_kept_audio(deckname: Deckname, deck: Deck) -> None:
    call_id = stored(deck, kept=True)
    deckname("hold", "place", "--customer", "acme", "--reason", "audit", "--by", "legal")
    assert one_line(deckname("customers", "close", "acme", "--yes"), 1)
    assert deck.recordings.open(call_id, deck.calls.recording(call_id)) == WAV_HEAD


def test_a_large_erasure_needs_the_key_and_the_number(deckname: Deckname, deck: Deck) -> None:
    calls = {stored(deck) for _ in range(3)}
    erasing = ("erase", "--customer", "acme", "--phone", PHONE)
    confirmed = (*erasing, "--confirm-by", "privacy-officer", "--calls")
    assert "--calls 3" in one_line(deckname(*erasing), 1)
    assert "not the erasure key" in one_line(deckname(*confirmed, "3", typed="guess\n"), 1)
    old, key = (deckname("keys", "erasure").out for _ in range(2))
    assert "not the erasure key" in one_line(deckname(*confirmed, "3", typed=old), 1)
    assert "2 calls confirmed, but 3 match" in one_line(deckname(*confirmed, "2", typed=key), 1)
    assert {call.status for call in deck.calls.calls(ACME)} == {"stored"}
    assert json.loads(deckname("rights", "list", "--json").out) == []
    done = deckname(*confirmed, "3", "--json", typed=key)
    assert set(json.loads(done.out)["erased"]) == calls
    assert b"privacy-officer" in audit(deck_home=load_settings().home_folder)


def audit(deck_home: Path) -> bytes:
    return b"".join(file.read_bytes() for file in deck_home.glob("deckname.db*"))


def test_a_restricted_call_is_shown_by_nothing(
    deckname: Deckname, deck: Deck, tmp_path: Path
) -> None:
    call_id = stored(deck, kept=True)
    restricting = ("restrict", "--customer", "acme", "--name", NAME)
    assert deckname(*restricting).err == "deckname: 1 call restricted\n"
    again = deckname(*restricting)
    assert (again.status, again.err) == (0, "deckname: nothing changed; 1 call restricted before\n")
    assert "stored, restricted" in deckname("calls").out
    audio = ("audio", call_id, "--output", str(tmp_path / "call.wav"))
    for command in (("show", call_id), ("show", call_id, "--reveal"), audio):
        assert "restricted" in one_line(deckname(*command), 1)
    assert "restricted" in one_line(deckname(*audio, "--original"), 1)
    client = TestClient(create_app(deck))
    client.headers["Authorization"] = f"Bearer {issue_key(ACME, deck)}"
    answer = client.get(f"/v1/calls/{call_id}/transcript")
    assert (answer.status_code, answer.json()["code"]) == (409, "restricted")
    assert client.get(f"/v1/calls/{call_id}").json()["restricted_at"]
    assert NAME in deckname("export", "--customer", "acme", "--name", NAME).out
    lifted = deckname(*restricting, "--lift")
    assert (lifted.status, lifted.err) == (0, "deckname: 1 call shown and processed again\n")
    assert "nothing changed; 1 call not restricted" in deckname(*restricting, "--lift").err
    assert deckname("show", call_id).status == 0
    assert "restricted" not in deckname("calls").out


@pytest.mark.parametrize("right", ["restrict", "object"])
def test_an_erased_call_is_not_marked_and_no_request_is_answered(
    deckname: Deckname, deck: Deck, right: str
) -> None:
    call_id = stored(deck)
    assert deckname("erase", "--customer", "acme", call_id).status == 0
    before = deckname("rights", "list", "--json").out
    for lift in ((), ("--lift",)):
        marking = (right, "--customer", "acme", call_id, *lift)
        assert "was erased" in one_line(deckname(*marking), 1)
    assert deckname("rights", "list", "--json").out == before


def test_no_request_is_opened_for_a_closed_customer(deckname: Deckname) -> None:
    assert deckname("customers", "close", "acme", "--yes").status == 0
    assert "closed" in one_line(deckname("rights", "open", "erase", "--customer", "acme"), 1)
    assert json.loads(deckname("rights", "list", "--json").out) == []


def test_an_objection_is_on_record(deckname: Deckname, deck: Deck) -> None:
    call_id = stored(deck)
    assert deckname("object", "--customer", "acme", "--name", NAME).status == 0
    assert deck.calls.call(call_id).objected_at is not None
    (entry,) = [entry for entry in deck.ledger.entries() if entry.kind == "object"]
    assert entry.call_id == call_id
    objecting = ("object", "--customer", "acme", "--name", NAME)
    again = deckname(*objecting)
    assert (again.status, again.err) == (
        0,
        "deckname: nothing changed; 1 call kept from them before\n",
    )
    assert len(json.loads(deckname("rights", "list", "--json").out)) == 1
    assert "stored, objected" in deckname("calls").out
    assert one_line(deckname(*objecting, "--lift", "--request", "req_1"), 2)
    lifted = deckname(*objecting, "--lift")
    assert (lifted.status, lifted.err) == (0, "deckname: 1 call under no objection any more\n")
    assert deck.calls.call(call_id).objected_at is None
    assert b"objection_lifted" in audit(load_settings().home_folder)
    assert json.loads(deckname("verify", "--json").out)["findings"] == []


def test_what_is_rectified_is_shown_found_and_traced(deckname: Deckname, deck: Deck) -> None:
    call_id = stored(deck)
    rectifying = ("rectify", call_id, "[PERSON_1]", "--customer", "acme")
    assert deckname(*rectifying, typed="Wendelin Zwirnlein\n").status == 0
    assert "Wendelin Zwirnlein" in deckname("show", call_id, "--reveal").out
    finding = ("rights", "find", "--customer", "acme", "--name")
    assert "certain" in deckname(*finding, "Wendelin Zwirnlein").out
    assert "certain" not in deckname(*finding, NAME).out
    assert "certain" in deckname("rights", "find", "--customer", "acme", "--phone", PHONE).out
    log = audit(load_settings().home_folder)
    assert b"vault_rectified" in log and b"Zwirnlein" not in log
    found = json.loads(deckname("verify", "--json").out)["findings"]
    assert "audit_wordy" not in {each["check"] for each in found}
    missing = ("rectify", call_id, "[PERSON_7]", "--customer", "acme")
    assert one_line(deckname(*missing, typed="x\n"), 1)


def test_a_hold_says_when_it_ends(deckname: Deckname, deck: Deck) -> None:
    call_id = stored(deck)
    placing = ("hold", "place", call_id, "--customer", "acme", "--reason", "tax", "--by", "legal")
    deckname(*placing)
    deckname(*placing, "--until", "2099-12-31")
    lines = deckname("hold", "list").out.splitlines()
    until = lines[0].split().index("until")
    assert sorted(line.split()[until] for line in lines[1:]) == ["2099-12-31", "release"]


@pytest.mark.parametrize("format", ["html", "json"])
def test_a_request_for_access_has_a_clock_and_is_closed_by_the_letter(
    deckname: Deckname, deck: Deck, format: str
) -> None:
    stored(deck)
    opening = ("rights", "open", "access", "--customer", "acme", "--received", "2026-01-31")
    letter = deckname(*opening)
    assert letter.status == 0 and "2026-02-28" in letter.err
    request_id = letter.out.strip()
    (request,) = json.loads(deckname("rights", "list", "--open", "--json").out)
    assert (request["id"], request["right"]) == (request_id, "access")
    exporting = ("export", "--customer", "acme", "--name", NAME, "--format", format)
    assert request_id in deckname(*exporting, "--request", request_id).err
    assert json.loads(deckname("rights", "list", "--open", "--json").out) == []
    assert deckname(*exporting).status == 0
    (_, own) = json.loads(deckname("rights", "list", "--json").out)
    wanted = ("access", "done") if format == "html" else ("export", "done")
    assert (own["right"], own["outcome"]) == wanted


def test_a_letter_has_a_clock_and_is_answered_by_a_command(deckname: Deckname, deck: Deck) -> None:
    stored(deck)
    opening = ("rights", "open", "export", "--customer", "acme")
    letter = deckname(*opening, "--received", "2026-01-31")
    request_id = letter.out.strip()
    assert "2026-02-28" in letter.err
    ((at, facts),) = opened(load_settings().home_folder)
    assert abs(deck.clock.now() - at) < timedelta(minutes=10)
    assert facts["received"] == "2026-01-30T23:00:00+00:00", "the first instant of it in Berlin"
    (request,) = json.loads(deckname("rights", "list", "--open", "--json").out)
    assert (request["id"], request["due_at"][:10]) == (request_id, "2026-02-28")
    assert request["overdue"] is (deck.clock.now().date() > date(2026, 2, 28))
    (line,) = (each for each in deckname("rights", "list").out.splitlines() if request_id in each)
    assert "2026-01-31" in line and "2026-02-28" in line
    answering = ("--customer", "acme", "--name", NAME, "--request", request_id)
    assert one_line(deckname("object", *answering), 1)
    assert deckname("export", *answering).status == 0
    assert json.loads(deckname("rights", "list", "--open", "--json").out) == []
    assert "No requests" in deckname("rights", "list", "--open").out
    assert one_line(deckname("export", *answering), 1)
    other = deckname(*opening).out.strip()
    assert one_line(deckname("rights", "close", other, "--outcome", "No, thanks"), 2)
    assert deckname("rights", "close", other, "--outcome", "no_such_person").status == 0


def opened(home: Path) -> list[tuple[datetime, dict[str, str]]]:
    """When the audit log says that requests were opened, and what it says of them."""
    with closing(sqlite3.connect(home / "deckname.db")) as connection:
        query = "SELECT at, facts FROM audit_log WHERE name = 'rights_opened'"
        return [
            (datetime.fromisoformat(at).replace(tzinfo=UTC), json.loads(facts))
            for at, facts in connection.execute(query)
        ]


def test_a_customer_erases_its_own_call_over_http(deckname: Deckname, deck: Deck) -> None:
    call_id, held = stored(deck), stored(deck)
    deckname("hold", "place", held, "--customer", "acme", "--reason", "tax law", "--by", "legal")
    client = TestClient(create_app(replace(deck, queue=MemoryJobQueue())))
    assert client.delete(f"/v1/calls/{call_id}").status_code == 401
    stranger = deckname("customers", "add", "other").out.strip()
    client.headers["Authorization"] = f"Bearer {stranger}"
    assert client.delete(f"/v1/calls/{call_id}").status_code == 404
    assert deck.calls.call(call_id).erased_at is None
    client.headers["Authorization"] = f"Bearer {issue_key(ACME, deck)}"
    answer = client.delete(f"/v1/calls/{call_id}")
    assert (answer.status_code, answer.content) == (204, b"")
    for receipt in answer.headers["Deckname-Receipt"].split(", "):
        assert deck.deletions.receipt(receipt).body["call"] == call_id
    assert client.delete(f"/v1/calls/{call_id}").status_code == 204
    assert client.get(f"/v1/calls/{call_id}/transcript").status_code == 409
    refused = client.delete(f"/v1/calls/{held}")
    assert (refused.status_code, refused.json()["code"]) == (409, "legal_hold")
    assert "tax law" in refused.json()["detail"]
    assert "erased by itself" in refused.json()["detail"]
    assert client.get(f"/v1/calls/{held}").json()["erasure_owed_at"] is not None
    assert client.get(f"/v1/calls/{held}/transcript").json()["code"] == "restricted"
    assert client.get(f"/v1/calls/{held}/consents").json()["restricted_at"] is not None
    assert client.delete("/v1/calls/call_" + "0" * 32).status_code == 404


def test_no_name_and_no_number_is_left_in_any_file(
    deckname: Deckname, deck: Deck, tmp_path: Path
) -> None:
    call_id = stored(deck, kept=True)
    said = [
        deckname("rights", "find", "--customer", "acme", "--phone", PHONE),
        deckname("restrict", "--customer", "acme", "--name", NAME),
        deckname("restrict", "--customer", "acme", "--name", NAME, "--lift"),
        deckname("object", "--customer", "acme", "--phone", PHONE),
        deckname("rectify", call_id, "[PERSON_2]", "--customer", "acme", typed="Ottokar Quandt\n"),
    ]
    assert deckname("export", "--customer", "acme", "--name", NAME).status == 0
    home, keys = tmp_path / "home", load_settings().keys_folder
    assert canary.in_files([home, keys], CANARIES) == []
    said += [
        deckname("erase", "--customer", "acme", "--phone", PHONE),
        deckname("erase", "--customer", "acme", "--phone", PHONE),
        deckname("erase", "--customer", "acme", "--name", "Ottokar Zwirner"),
    ]
    assert canary.in_files([home, keys], CANARIES) == []
    for each in said:
        assert canary.in_bytes((each.out + each.err).encode(), CANARIES) == []
    assert deck.audit.verify() > 10
