"""Whoever takes a `RedactedTranscript` may rely on it: one module constructs it."""

import ast
from pathlib import Path

import pytest

import pipeline

_ROOT = Path(pipeline.__file__).parent
_ALLOWED = _ROOT / "stages" / "redact.py"
_NAME = "RedactedTranscript"


def constructions(source: str) -> list[int]:
    """Lines that call the class, hand it on as a value, or rebuild one with `replace`."""
    lines: list[int] = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        handed_on = any(isinstance(arg, ast.Name) and arg.id == _NAME for arg in node.args)
        allowed = name in {"isinstance", "fields", "get_type_hints", "Depends"}
        if name == _NAME or (handed_on and not allowed):
            lines.append(node.lineno)
    return lines


@pytest.mark.parametrize(
    "source",
    [
        "RedactedTranscript('de', 1.0, ())",
        "transcript.RedactedTranscript('de', 1.0, ())",
        "partial(RedactedTranscript, 'de')",
        "object.__new__(RedactedTranscript)",
    ],
)
def test_the_check_sees_a_construction(source: str) -> None:
    assert constructions(source)


def test_type_checks_are_no_construction() -> None:
    assert not constructions("isinstance(x, RedactedTranscript)")


def test_only_redact_constructs_redacted_transcripts() -> None:
    roots = [_ROOT, _ROOT.parent / "workers", _ROOT.parent / "models"]
    files = [path for root in roots for path in root.rglob("*.py") if path != _ALLOWED]
    assert files
    offenders = [
        f"{path.relative_to(_ROOT.parent)}:{line}"
        for path in files
        for line in constructions(path.read_text(encoding="utf-8"))
    ]
    assert offenders == []
    assert constructions(_ALLOWED.read_text(encoding="utf-8"))
