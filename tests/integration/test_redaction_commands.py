"""How a customer's calls are redacted, from the command line: set, listed, shown and applied."""

from __future__ import annotations

import io
import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from pipeline.bootstrap import bootstrap
from pipeline.domain.call import Intake, Outcome
from pipeline.domain.ids import CustomerId
from pipeline.domain.privacy import EntityType, PiiSpan
from pipeline.domain.transcript import Segment, Speaker, VerbatimTranscript
from pipeline.settings import load_settings
from pipeline.stages.annotate import annotate
from pipeline.stages.redact import redact, to_json
from pipeline.usecases.redaction_policy import read_policy
from pipeline.usecases.submit_call import submit_call
from tests.integration.test_cli import Deckname, Done, deckname, one_line

__all__ = ["deckname"]

SECRETS = ("Zwiebelfisch", "Sonnenschein", "1234567")


@pytest.fixture
def acme(deckname: Deckname) -> Deckname:
    assert deckname("customers", "add", "acme").status == 0
    return deckname


def show(deckname: Deckname, *options: str) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(
        deckname("customers", "show", "acme", "--json", *options).out
    )
    return dict(shown["redaction"])


def stdin(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"))


def told(done: Done) -> str:
    assert (done.status, done.out) == (0, ""), done
    assert done.err.count("\n") == 1
    return done.err


def test_flags_are_set_and_shown(acme: Deckname) -> None:
    assert show(acme) == {
        "keep_vault": True, "link_callers": False, "generalise": False, "allow": 0, "deny": 0,
    }  # fmt: skip
    said = told(acme("customers", "set", "acme", "--no-vault", "--link"))
    assert "customer acme: vault is not kept, callers are linked, coarse values are not" in said
    assert "coarse values are shown" in told(acme("customers", "set", "acme", "--generalise"))
    flags = show(acme)
    assert (flags["keep_vault"], flags["link_callers"], flags["generalise"]) == (False, True, True)
    lines = [line.split() for line in acme("customers", "show", "acme").out.splitlines()]
    assert ["vault", "is", "not", "kept"] in lines and ["callers", "are", "linked"] in lines
    assert [line for line in lines if line[0] in line[1:]] == [], "a label is said twice"
    told(acme("customers", "set", "acme", "--vault", "--no-link", "--no-generalise"))
    assert show(acme)["keep_vault"] is True


def test_lists_are_counted_and_shown_only_when_revealed(acme: Deckname) -> None:
    told(acme("customers", "allow", "acme", "Zwiebelfisch GmbH", "--type", "organization"))
    assert "2 on the deny" in told(
        acme("customers", "deny", "acme", "Ida Sonnenschein", "030 1234567")
    )
    for shown in (acme("customers", "show", "acme"), acme("customers", "show", "acme", "--json")):
        assert not any(secret in shown.out + shown.err for secret in SECRETS)
    assert (show(acme)["allow"], show(acme)["deny"]) == (1, 2)
    assert "2 values" in acme("customers", "show", "acme").out
    assert show(acme, "--reveal")["deny"] == [
        {"type": "PERSON", "value": "Ida Sonnenschein"},
        {"type": "PHONE_NUMBER", "value": "030 1234567"},
    ]
    revealed = acme("customers", "show", "acme", "--reveal").out
    assert all(secret in revealed for secret in SECRETS)
    told(acme("customers", "deny", "acme", "ida sonnenschein", "--remove"))
    assert show(acme)["deny"] == 1
    assert not any(secret in acme("customers", "list").out for secret in SECRETS)


def test_values_may_come_from_standard_input(
    acme: Deckname, monkeypatch: pytest.MonkeyPatch
) -> None:
    stdin(monkeypatch, "\ufeffIda Sonnenschein\r\n\n  Zwiebelfisch GmbH \n".encode())
    told(acme("customers", "deny", "acme", "-"))
    values = [each["value"] for each in show(acme, "--reveal")["deny"]]
    assert values == ["Ida Sonnenschein", "Zwiebelfisch GmbH"]
    stdin(monkeypatch, b"Zwiebelfisch GmbH\n")
    told(acme("customers", "deny", "acme", "-", "--remove"))
    assert show(acme)["deny"] == 1


def test_the_store_holds_no_value_and_the_audit_log_only_fields(acme: Deckname) -> None:
    acme("customers", "set", "acme", "--link", "--no-vault")
    acme("customers", "deny", "acme", "Ida Sonnenschein", "030 1234567")
    acme("customers", "allow", "acme", "Zwiebelfisch GmbH")
    acme("customers", "show", "acme", "--reveal")
    home = load_settings().home_folder
    stored = b"".join(file.read_bytes() for file in home.rglob("*") if file.is_file())
    assert not any(secret.encode() in stored for secret in SECRETS)
    with closing(sqlite3.connect(home / "deckname.db")) as rows:
        events = rows.execute("SELECT name, facts FROM audit_log ORDER BY position").fetchall()
    assert events[1:] == [
        ("redaction_changed", '{"fields": "keep_vault,link_callers"}'),
        ("redaction_changed", '{"fields": "deny"}'),
        ("redaction_changed", '{"fields": "allow"}'),
        ("lists_revealed", '{"actor": "operator"}'),
    ]
    assert json.loads(acme("verify", "--json").out)["findings"] == []


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("set", "acme"), 2, "--vault"),
        (("set", "acme", "Sonnenschein"), 2, "extra argument"),
        (("set", "nobody", "--link"), 1, "no such customer"),
        (("allow", "acme"), 2, "VALUE"),
        (("allow", "nobody", "Zwiebelfisch"), 1, "no such customer"),
        (("allow", "acme", "Zwiebelfisch", "--type", "Sonnenschein"), 2, "no such type"),
        (("allow", "acme", " "), 2, "blank"),
        (("deny", "acme", "Li"), 2, "too short"),
        (("deny", "acme", "Zwiebelfisch", "--remove"), 1, "not on the deny list"),
        (("deny", "acme", "Zwiebelfisch", "--remove", "--type", "PERSON"), 2, "--type"),
        (("deny", "acme", "-"), 2, "standard input"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_errors_are_one_line_and_quote_no_value(
    acme: Deckname,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    status: int,
    words: str,
) -> None:
    stdin(monkeypatch, b"\n")
    said = one_line(acme("customers", *arguments), status)
    assert words in said and not any(secret in said for secret in SECRETS)


def test_standard_input_that_is_no_text_is_a_usage_error(
    acme: Deckname, monkeypatch: pytest.MonkeyPatch
) -> None:
    stdin(monkeypatch, b"\xff\xfe")
    assert "UTF-8" in one_line(acme("customers", "deny", "acme", "-"), 2)


def test_a_closed_customer_has_no_policy_any_more(acme: Deckname) -> None:
    acme("customers", "deny", "acme", "Ida Sonnenschein")
    acme("customers", "close", "acme", "--yes")
    shown = json.loads(acme("customers", "show", "acme", "--json", "--reveal").out)
    assert shown["redaction"] is None
    assert "vault" not in acme("customers", "show", "acme").out
    for arguments in (
        ("customers", "set", "acme", "--link"),
        ("customers", "deny", "acme", "Ida Sonnenschein"),
        ("detect", "--customer", "acme"),
        ("redact", "--customer", "acme"),
    ):
        assert "closed" in one_line(acme(*arguments), 1)


@pytest.mark.slow
def test_detect_and_redact_obey_the_customers_lists(
    acme: Deckname, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme("customers", "allow", "acme", "030 1234567", "Anna Schmidt")
    acme("customers", "deny", "acme", "Projekt Abendrot", "--type", "OTHER_ID")
    text = (
        "Hier ist Anna Schmidt, die Nummer ist null drei null, eins zwei drei vier fünf sechs "
        "sieben.\nEs geht um Abendrot, sagt Frau Keller."
    )

    def ask(*command: str, **more: object) -> dict[str, Any]:
        stdin(monkeypatch, json.dumps({"id": 1, "text": text, **more}).encode() + b"\n")
        written = io.BytesIO()
        monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, encoding="utf-8"))
        assert acme(*command).status == 0
        return dict(json.loads(written.getvalue()))

    def found(*command: str, **more: object) -> list[str]:
        spans = ask("detect", *command, **more)["spans"]
        return [text[span["start"] : span["end"]] for span in spans]

    number = "null drei null, eins zwei drei vier fünf sechs sieben"
    assert found() == ["Anna Schmidt", number, "Keller"]
    assert found("--customer", "acme") == ["Abendrot", "Keller"]
    assert "Anna Schmidt" in found("--customer", "acme", known=["Frau Schmidt"])
    answer = ask("redact", "--customer", "acme")
    assert answer["text"] == text.replace("Abendrot", "[OTHER_ID_1]").replace(
        "Keller", "[PERSON_1]"
    )
    assert answer["pseudonyms"] == {"[OTHER_ID_1]": "OTHER_ID", "[PERSON_1]": "PERSON"}


def stored_without_a_vault() -> str:
    deck, customer = bootstrap(load_settings()), CustomerId("acme")
    call = submit_call(Intake(customer), [b"RIFF\xff\xff\xff\xffWAVEfmt "], deck)
    (claim,) = deck.calls.claim([call.id], "w", deck.clock.now(), deck.policy.lease)
    said = (Segment(Speaker.CALLER, 0.0, 2.0, "Ich wohne in 80331 München."),)
    redacted, vault = redact(
        VerbatimTranscript("de", 2.0, said), ((PiiSpan(13, 18, EntityType.POSTCODE, 0.9),),)
    )
    noted = annotate(redacted, vault, read_policy(customer, deck), None)
    owner = deck.calls.customer(customer)
    sealed = deck.transcripts.seal(owner, call.id, "transcript", to_json(noted))
    deck.calls.complete(claim, Outcome("de", 2.0, sealed, None, ()), deck.clock.now())
    deck.recordings.unlink(call.id)
    return call.id


def test_show_prints_coarse_values_and_reveals_nothing_without_a_vault(acme: Deckname) -> None:
    acme("customers", "set", "acme", "--generalise", "--no-vault")
    call_id = stored_without_a_vault()
    assert acme("show", call_id).out == "[00:00] caller: Ich wohne in [POSTCODE_1 80***] München.\n"
    document = json.loads(acme("show", call_id, "--format", "json").out)
    assert document["generalised"] == {"[POSTCODE_1]": "80***"}
    assert "[POSTCODE_1]" in document["segments"][0]["text"]
    assert "no vault was kept" in one_line(acme("show", call_id, "--reveal"), 1)
