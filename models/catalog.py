"""Which speech models there are and where their files lie.

A name is `bundled` (ships with Deckname), the path of a CTranslate2 folder, or a name that
faster-whisper knows (`large-v3-turbo`, `small`, `owner/repository`), which comes from the hub or
its cache.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

SPEECH_FOLDER = Path(__file__).parent / "speech"
CHECKSUMS = "SHA256SUMS"
_REQUIRED = ("model.bin", "config.json", "tokenizer.json")


class ModelNotHere(Exception):
    """The model cannot be used; the message says why and what to do."""


class Origin(StrEnum):
    """Where a model comes from."""

    BUNDLED = "bundled"
    FOLDER = "folder"
    HUB = "hub"


@dataclass(frozen=True, slots=True)
class SpeechModel:
    """An entry of the catalogue. `folder` is None while a hub model is not in the cache."""

    name: str
    origin: Origin
    languages: str
    licence: str
    folder: Path | None


_HUB = {
    "tiny": "99 languages",
    "base": "99 languages",
    "small": "99 languages",
    "medium": "99 languages",
    "large-v2": "99 languages",
    "large-v3": "99 languages",
    "large-v3-turbo": "99 languages",
    "distil-large-v3.5": "English",
}


def known_models() -> tuple[SpeechModel, ...]:
    """The bundled model and the hub's usual ones, with their folders where they are here."""
    bundled = SpeechModel("bundled", Origin.BUNDLED, "de, en", "Apache-2.0", SPEECH_FOLDER)
    hub = (
        SpeechModel(name, Origin.HUB, languages, "MIT", _cached(name))
        for name, languages in _HUB.items()
    )
    return (bundled, *hub)


def resolve(name: str) -> Path:
    """The folder of model `name`; a hub model is fetched if it is not in the cache.

    Raises `ModelNotHere` with one line that says what to do.
    """
    return local_folder(name) or fetch(name)


def local_folder(name: str) -> Path | None:
    """The folder of model `name` on this machine; None for a hub model that is not in the cache.

    Raises `ModelNotHere` with one line that says what to do.
    """
    if name == "bundled":
        return _complete(SPEECH_FOLDER, "the bundled model is damaged: install Deckname again")
    path = Path(name).expanduser()
    if path.is_dir():
        return _complete(path, f"the model folder {name} lacks {{missing}}: give a CTranslate2 one")
    if path.is_absolute() or name.startswith((".", "~")):
        raise ModelNotHere(f"there is no model folder {name}: correct DECKNAME_MODEL")
    return _cached(name)


def fetch(name: str) -> Path:
    """Download hub model `name` into the hub's cache. Raises `ModelNotHere`."""
    from faster_whisper.utils import download_model

    try:
        return Path(download_model(name))
    except ValueError:
        raise ModelNotHere(
            f"no model is called {name}: `deckname models list` shows the names, a folder works too"
        ) from None
    except Exception as error:
        raise ModelNotHere(
            f"the model {name} is not here and the hub cannot be reached "
            f"({type(error).__name__}): run `deckname models fetch {name}` where there is a "
            "network, or set DECKNAME_MODEL to bundled or to a folder"
        ) from None


def check(folder: Path) -> tuple[str, ...]:
    """Names of files in `folder` that are missing or differ from its `SHA256SUMS`. A folder of
    one's own without that file is only checked for the files a model needs."""
    sums = folder / CHECKSUMS
    if folder == SPEECH_FOLDER and not sums.is_file():
        return (CHECKSUMS,)
    if not sums.is_file():
        return tuple(name for name in _REQUIRED if not (folder / name).is_file())
    wrong = []
    for line in sums.read_text().splitlines():
        digest, _, name = line.partition("  ")
        if not (folder / name).is_file() or _sha256(folder / name) != digest:
            wrong.append(name)
    return tuple(wrong)


def _complete(folder: Path, complaint: str) -> Path:
    missing = [name for name in _REQUIRED if not (folder / name).is_file()]
    if missing:
        raise ModelNotHere(complaint.format(missing=", ".join(missing)))
    return folder


def _cached(name: str) -> Path | None:
    from faster_whisper.utils import download_model

    try:
        return Path(download_model(name, local_files_only=True))
    except Exception:
        return None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
