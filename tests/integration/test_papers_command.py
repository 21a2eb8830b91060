"""`deckname papers` over a store on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.formats.papers import PAPERS


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DECKNAME_HOME", str(tmp_path / "home"))
    for customer in ("musterhaus", "nordpol"):
        assert main(["customers", "add", customer]) == 0
    return tmp_path


def test_all_papers_are_written_in_both_languages_and_formats(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for language in ("de", "en"):
        for form in ("md", "pdf"):
            words = ["papers", "--language", language, "--format", form, "--output", "out/new"]
            assert main(words) == 0
    written = {path.name for path in (home / "out" / "new").iterdir()}
    assert written == {
        f"{p}.{lang}.{f}" for p in PAPERS for lang in ("de", "en") for f in ("md", "pdf")
    }
    shown = capsys.readouterr()
    assert str(Path("out/new/records.de.md")) in shown.out
    assert "records.en.pdf: 8 gaps that only you can fill" in shown.err


def test_one_paper_about_one_customer(home: Path) -> None:
    words = ["papers", "records", "--format", "md", "--customer", "musterhaus"]
    assert main(words) == 0
    (paper,) = home.glob("*.md")
    text = paper.read_text("utf-8")
    assert "musterhaus" in text and "nordpol" not in text


def test_a_paper_is_readable_for_its_owner_alone_also_where_one_was_before(home: Path) -> None:
    (home / "measures.de.pdf").write_bytes(b"old")
    (home / "measures.de.pdf").chmod(0o644)
    assert main(["papers", "measures"]) == 0
    paper = home / "measures.de.pdf"
    assert paper.stat().st_mode & 0o777 == 0o600 and paper.read_bytes().startswith(b"%PDF")


def test_moments_are_those_of_the_time_zone(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for zone, name in (("Europe/Athens", "(OE"), ("UTC", "(UTC)")):
        monkeypatch.setenv("DECKNAME_TIME_ZONE", zone)
        assert main(["papers", "measures", "--format", "md"]) == 0
        assert f"Uhr {name}" in (home / "measures.de.md").read_text("utf-8")


def test_the_verifier_looks_where_it_is_asked(home: Path) -> None:
    words = ["papers", "measures", "--format", "md", "--language", "en"]
    assert main(words) == 0
    paper = home / "measures.en.md"
    assert "not run" in paper.read_text("utf-8")
    assert main([*words, "--verify"]) == 0
    assert "no findings" in paper.read_text("utf-8")
    (home / "home" / "blobs").mkdir(exist_ok=True)
    (home / "home" / "stray.wav").write_bytes(b"RIFF....WAVE")
    assert main([*words, "--verify"]) == 0
    assert "findings**" in paper.read_text("utf-8")


def test_what_cannot_be_is_one_line(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["papers", "--customer", "nobody"]) == 1
    assert main(["papers", "diary"]) == 2
    (home / "file").write_text("")
    assert main(["papers", "--output", "file"]) == 2
    assert "the paper cannot be written" in capsys.readouterr().err
    assert not list(home.glob("*.pdf"))
