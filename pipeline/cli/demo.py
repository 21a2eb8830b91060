"""`deckname demo`: the whole main job on synthetic calls, with everything real, offline.

It lives in `.demo` of the working folder, with data, keys and settings of its own, and leaves it
there to be looked at; the next demo wipes it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli.console import err
from pipeline.domain.errors import Conflict, ServiceUnavailable, UsageError

if TYPE_CHECKING:
    from pipeline.cli.api_client import ApiClient

EXAMPLES = Path(__file__).parents[2] / "examples"
FOLDER = ".demo"
CUSTOMER = "musterhaus"
START_SECONDS = 120.0
_MARK = "made-by-deckname-demo"
_KEPT = ("DECKNAME_MODEL", "DECKNAME_DEVICE", "DECKNAME_COMPUTE_TYPE", "DECKNAME_CPU_THREADS")


@dataclass(frozen=True, slots=True)
class Example:
    """One synthetic call of `examples/`."""

    file: str
    title: str
    consents: tuple[str, ...] = ()


SHOWN = (
    Example("anfrage-wohnung.wav", "An enquiry, German, stereo"),
    Example("viewing-request.wav", "A viewing, English, stereo"),
    Example("voice-note.ogg", "A voice note, German, mono, Opus"),
    Example(
        "rueckruf-einwilligung.wav",
        "A call back, German, audio kept by consent for 30 days",
        ("audio_retention=30d",),
    ),
)


def demo() -> int:
    """Show the main job on synthetic calls: everything real, offline, in the folder .demo."""
    from pipeline.bootstrap import bootstrap
    from pipeline.cli.api_client import ApiClient
    from pipeline.cli.demo_story import Story
    from pipeline.settings import load_settings

    if not EXAMPLES.is_dir():
        raise UsageError("the example calls are not installed: run `make demo` in a clone")
    began = time.monotonic()
    root = _fresh_folder(Path.cwd() / FOLDER)
    _own_environment(root)
    story = Story(root)
    story.begin()
    with _everything(root):
        settings = load_settings()
        deck = bootstrap(settings)
        story.customer(CUSTOMER, deck)
        with ApiClient(settings, CUSTOMER) as api:
            ids = _push_all(api, settings.home_folder)
            story.follow(api, dict(zip(ids, (example.title for example in SHOWN), strict=True)))
        for number, (example, call_id) in enumerate(zip(SHOWN, ids, strict=True), start=1):
            story.call(number, example.title, EXAMPLES / example.file, call_id, deck)
        story.receipt(ids[0], deck)
        good = story.verified(settings)
    story.end(ids[0], ids[-1], time.monotonic() - began, good)
    return 0 if good else 1


def _push_all(api: ApiClient, home: Path) -> list[str]:
    """Push the examples; keep a copy of each sealed blob, as a backup or a thief would."""
    ids = []
    for example in SHOWN:
        call = api.push(EXAMPLES / example.file, {"customer": CUSTOMER}, example.consents)
        ids.append(call["id"])
        with contextlib.suppress(FileNotFoundError):  # a fast worker was here before us
            shutil.copyfile(home / "blobs" / call["id"], home.parent / "copies" / call["id"])
    return ids


def _fresh_folder(root: Path) -> Path:
    if root.exists():
        if not (root / _MARK).exists():
            raise Conflict(f"{FOLDER} here was not made by a demo: move it away first")
        if _answers(root):
            raise Conflict("another demo runs in this folder")
        shutil.rmtree(root)
    (root / "copies").mkdir(parents=True)
    (root / _MARK).touch()
    return root


def _answers(root: Path) -> bool:
    """Whether an earlier demo still holds its data folder."""
    import fcntl

    try:
        with (root / "home" / "up.lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _own_environment(root: Path) -> None:
    """Neither the user's variables nor a `deckname.toml` may lead the demo to real data."""
    for name in [name for name in os.environ if name.startswith("DECKNAME_")]:
        if name not in _KEPT:
            del os.environ[name]
    os.environ |= {
        "DECKNAME_HOME": str(root / "home"),
        "DECKNAME_KEYS": str(root / "keys"),
        "DECKNAME_API_PORT": "0",
        "HF_HUB_OFFLINE": "1",
    }
    if "DECKNAME_MODEL" in os.environ:
        del os.environ["HF_HUB_OFFLINE"]
    os.chdir(root)


@contextlib.contextmanager
def _everything(root: Path) -> Iterator[None]:
    """`deckname up` in the background; it ends with the demo, however the demo ends."""
    from pipeline.launcher import launched

    log = root / "up.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            launched([sys.executable, "-m", "pipeline.cli", "up"]),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
        )
    try:
        with err().status("Starting Redis, API, worker and maintenance"):
            _wait_until_up(process, log)
        yield
    except ServiceUnavailable as error:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)  # the first to notice may be we, that the API has gone
            raise ServiceUnavailable(f"`deckname up` ended: {_reason(log)}") from None
        raise error from None
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_up(process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while b"Deckname is up" not in log.read_bytes():
        if process.poll() is not None or time.monotonic() > end:
            raise ServiceUnavailable(f"`deckname up` does not start: {_reason(log)}")
        time.sleep(0.05)


def _reason(log: Path) -> str:
    said = log.read_text("utf-8", "replace").splitlines()
    errors = [line.removeprefix("deckname: ") for line in said if line.startswith("deckname: ")]
    return errors[-1] if errors else f"see {FOLDER}/{log.name}"
