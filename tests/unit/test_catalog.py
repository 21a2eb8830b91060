"""The model catalogue: bundled, folder or hub, and one line that says what to do."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from models import catalog


def a_model(folder: Path) -> Path:
    folder.mkdir()
    for name in ("model.bin", "config.json", "tokenizer.json"):
        (folder / name).write_text(name)
    return folder


def test_a_folder_is_taken_as_it_is(tmp_path: Path) -> None:
    folder = a_model(tmp_path / "mine")
    assert catalog.resolve(str(folder)) == folder


@pytest.mark.parametrize("name", ["/nowhere/model", "./nowhere", "~/nowhere"])
def test_a_missing_folder_is_one_line(name: str) -> None:
    with pytest.raises(catalog.ModelNotHere, match="there is no model folder") as error:
        catalog.resolve(name)
    assert "\n" not in str(error.value)


def test_an_incomplete_folder_says_what_it_lacks(tmp_path: Path) -> None:
    folder = a_model(tmp_path / "mine")
    (folder / "tokenizer.json").unlink()
    with pytest.raises(catalog.ModelNotHere, match=r"lacks tokenizer\.json"):
        catalog.resolve(str(folder))


def test_an_unknown_name_points_to_the_list() -> None:
    with pytest.raises(catalog.ModelNotHere, match="deckname models list"):
        catalog.resolve("gigantic-v9")


def test_a_hub_out_of_reach_says_how_to_fetch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(name: str, local_files_only: bool = False) -> str:
        raise ConnectionError("no route to the hub")

    monkeypatch.setattr("faster_whisper.utils.download_model", refuse)
    with pytest.raises(catalog.ModelNotHere, match="deckname models fetch large-v3") as error:
        catalog.resolve("large-v3")
    assert "\n" not in str(error.value)


def test_check_names_altered_and_missing_files(tmp_path: Path) -> None:
    folder = a_model(tmp_path / "mine")
    assert catalog.check(folder) == ()
    sums = [
        f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}"
        for name in ("model.bin", "config.json", "tokenizer.json")
    ]
    (folder / "SHA256SUMS").write_text("\n".join(sums) + "\n")
    assert catalog.check(folder) == ()
    (folder / "model.bin").write_text("altered")
    (folder / "config.json").unlink()
    assert catalog.check(folder) == ("model.bin", "config.json")


def test_the_bundled_model_is_whole_and_small() -> None:
    folder = catalog.resolve("bundled")
    assert (folder / "SHA256SUMS").is_file()
    assert catalog.check(folder) == ()
    assert sum(file.stat().st_size for file in folder.iterdir()) <= 25 * 1024 * 1024
