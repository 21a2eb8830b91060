from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.cli.json_lines import Question, converse
from pipeline.domain.errors import ModelUnavailable


def echo(question: Question) -> dict[str, Any]:
    return {"text": question.text, "lang": question.language, "known": len(question.known)}


def answers(*lines: bytes | dict[str, Any]) -> tuple[int, list[dict[str, Any]]]:
    raw = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    out = io.BytesIO()
    status = converse(io.BytesIO(b"\n".join(raw)), out, echo)
    return status, [json.loads(line) for line in out.getvalue().splitlines()]


def test_lines_are_answered_in_order() -> None:
    status, replies = answers(
        {"id": "a", "text": "Grüße", "lang": "de"},
        {"id": 7, "text": "", "known": ["Keller", {"type": "PERSON", "value": "Jo"}]},
        {"text": "Hi", "lang": "en-GB"},
        {"text": "Hi", "lang": "DE_at"},
    )
    assert status == 0
    assert replies == [
        {"id": "a", "text": "Grüße", "lang": "de", "known": 0},
        {"id": 7, "text": "", "lang": "de", "known": 2},
        {"id": None, "text": "Hi", "lang": "en", "known": 0},
        {"id": None, "text": "Hi", "lang": "de", "known": 0},
    ]


@pytest.mark.parametrize(
    ("line", "identity"),
    [
        (b"no json, Keller", None),
        (b"[1]", None),
        (b"\xff\xfe", None),
        (b'{"id":{"a":1},"text":"Keller"}', None),
        (b'{"id":"x"}', "x"),
        (b'{"id":"x","text":5}', "x"),
        (b'{"id":"x","text":"Keller","lang":"deutsch!"}', "x"),
        (b'{"id":"x","text":"Keller","lang":5}', "x"),
        (b'{"id":"x","text":"Keller","known":"Keller"}', "x"),
        (b'{"id":"x","text":"\\ud800 Keller"}', "x"),
        (b"[" * 100_000, None),
    ],
)
def test_a_bad_line_gets_an_error_line_and_the_rest_goes_on(
    line: bytes, identity: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    status, replies = answers({"id": 1, "text": "a"}, line, {"id": 3, "text": "c"})
    assert status == 1
    assert [reply["id"] for reply in replies] == [1, identity, 3]
    assert set(replies[1]) == {"id", "error"}
    told = capsys.readouterr().err
    assert told.startswith("deckname: line 2: ") and told.count("\n") == 1
    assert "Keller" not in told + replies[1]["error"]


def test_an_error_of_the_detector_is_the_lines_own(capsys: pytest.CaptureFixture[str]) -> None:
    def moody(question: Question) -> dict[str, Any]:
        if question.text == "known":
            raise ModelUnavailable("no model for this language")
        raise KeyError(question.text)

    out = io.BytesIO()
    lines = b'{"id":1,"text":"known"}\n{"id":2,"text":"Keller"}\n'
    assert converse(io.BytesIO(lines), out, moody) == 1
    errors = [json.loads(line)["error"] for line in out.getvalue().splitlines()]
    assert errors == [
        "no model for this language",
        "unforeseen KeyError; this line was not answered",
    ]
    assert "Keller" not in capsys.readouterr().err


@given(st.lists(st.text(), max_size=10))
def test_any_text_comes_back_on_one_line(texts: list[str]) -> None:
    status, replies = answers(*({"id": n, "text": text} for n, text in enumerate(texts)))
    assert status == 0
    assert [reply["text"] for reply in replies] == texts


def test_blank_lines_are_passed_over() -> None:
    assert answers(b"", b"  ", {"id": 1, "text": "a"}, b"")[1][0]["id"] == 1
