"""The documents say what the program does."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from pipeline.cli import main
from pipeline.cli.app import app
from pipeline.domain.consent import Purpose
from pipeline.domain.privacy import EntityType
from pipeline.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
COMMANDS: dict[str, object] = dict(get_command(app).commands)  # type: ignore[attr-defined]
ROW = re.compile(r"^\| `(DECKNAME_[A-Z0-9_]+)` \| (.*?) \| (.*?) \|$", re.M)


def text_of(page: Path) -> str:
    return page.read_text("utf-8")


def shell_lines() -> list[tuple[str, str]]:
    """Each `deckname …` and `make …` command of every page, continuations joined."""
    lines = []
    for page in PAGES:
        blocks = re.findall(r"```sh\n(.*?)```", text_of(page), re.S)
        inline = re.findall(r"`((?:deckname|make) [^`]+)`", text_of(page))
        joined = "\n".join(blocks).replace("\\\n", " ").splitlines()
        for line in [*joined, *inline]:
            for part in re.split(r"[|;]", line.split("  #")[0]):
                command = re.sub(r"^\s*(?:[A-Z_]+=\S+\s+)*", "", part).strip()
                if command.startswith(("deckname ", "make ")):
                    lines.append((page.name, command))
    return lines


def test_there_are_commands_to_check() -> None:
    assert len(shell_lines()) > 25


@pytest.mark.parametrize(("page", "line"), sorted(set(shell_lines())))
def test_every_command_exists_with_its_options(page: str, line: str) -> None:
    program, verb, *rest = shlex.split(line.replace("…", "X"))
    if program == "make":
        assert re.search(rf"^{re.escape(verb)}:.*## ", text_of(ROOT / "Makefile"), re.M), line
        return
    command = COMMANDS[verb]
    while hasattr(command, "commands") and rest and not rest[0].startswith("-"):
        group, names = command, rest.pop(0).split("|")
        for name in names:
            command = group.commands[name]  # type: ignore[attr-defined]
    options = {
        option
        for parameter in command.params  # type: ignore[attr-defined]
        for option in (*parameter.opts, *parameter.secondary_opts)
    }
    for word in rest:
        if word.startswith("--"):
            assert word.partition("=")[0] in options, f"{page}: {line}"


def test_the_readme_lists_every_command() -> None:
    listed = re.findall(r"^\| `deckname (\w+)` \|", text_of(ROOT / "README.md"), re.M)
    assert sorted(listed) == sorted(COMMANDS)


def test_the_readme_begins_with_a_sentence_and_the_demo() -> None:
    readme = text_of(ROOT / "README.md")
    title, _, sentence, _, fence, demo = readme.splitlines()[:6]
    assert (title, fence, demo) == ("# Deckname", "```sh", "make demo")
    assert sentence.count(". ") == 0 and sentence.endswith(".")


def quoted(block: str) -> list[tuple[str, str]]:
    return re.findall(r"^> \*\*(agent|caller)\*\* (.*)$", block, re.M)


def test_the_readme_shows_a_real_example_before_and_after() -> None:
    _, before, after = re.split(r"before:|and after,", text_of(ROOT / "README.md"))[:3]
    truth = json.loads((ROOT / "examples" / "anfrage-wohnung.json").read_text("utf-8"))
    said = [(turn["channel"], turn["text"]) for turn in truth["turns"]]
    first = said.index(quoted(before)[0])
    assert quoted(before) == said[first : first + len(quoted(before))] != []
    for item in truth["pii"]:
        turn = item["turn"] - first
        if turn < len(quoted(after)):
            shown = quoted(after)[turn][1]
            assert item["text"] not in shown and f"`[{item['type']}_1]`" in shown


def test_the_settings_table_is_the_settings() -> None:
    rows = ROW.findall(text_of(ROOT / "docs" / "settings.md"))
    expected = [
        (
            f"DECKNAME_{name.upper()}",
            "" if field.default is None else f"`{field.default}`",
            field.description,
        )
        for name, field in Settings.model_fields.items()
    ]
    assert [(name, default.strip(), what) for name, default, what in rows] == expected


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_variable_that_is_named_exists(page: Path) -> None:
    named = set(re.findall(r"DECKNAME_([A-Z0-9_]*[A-Z0-9])", text_of(page)))
    assert named <= {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]*)(?:#[^)]*)?\)", text_of(page)):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


def test_every_path_in_the_architecture_exists() -> None:
    for path in re.findall(
        r"`((?:pipeline|workers|models|tests)/[\w./]*)`", text_of(ROOT / "docs/architecture.md")
    ):
        assert (ROOT / path).exists(), path


def test_the_glossary_names_every_type_and_purpose() -> None:
    glossary = text_of(ROOT / "docs" / "glossary.md")
    types = glossary[glossary.index("## Types of PII") :]
    assert re.findall(r"\b[A-Z]{2,}(?:_[A-Z]+)*\b", types.split("\n\n")[1]) == list(EntityType)
    assert all(f"`{purpose}`" in glossary for purpose in Purpose)


def verbs() -> list[list[str]]:
    found = [[]]
    for name, command in COMMANDS.items():
        found.append([name])
        found += [[name, inner] for inner in getattr(command, "commands", {})]
    return found


@pytest.mark.parametrize("verb", verbs(), ids=" ".join)
def test_help_works(verb: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*verb, "--help"]) == 0
    shown = capsys.readouterr()
    assert "Usage" in shown.out and shown.err == ""
