"""A whole Deckname of one test module's own: real Redis, real worker, real model."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@dataclass(frozen=True)
class Station:
    """One installation: its folders and its `deckname` command."""

    root: Path

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def keys(self) -> Path:
        return self.root / "keys"

    @property
    def temp(self) -> Path:
        return self.root / "temp"

    @property
    def log(self) -> Path:
        return self.root / "up.log"

    @property
    def api(self) -> str:
        """The address that `deckname up` printed last."""
        return re.findall(r"http://[^\s/]+", self.log.read_text())[-1]

    @property
    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("DECKNAME_")}
        return kept | {
            "DECKNAME_HOME": str(self.home),
            "DECKNAME_KEYS": str(self.keys),
            "DECKNAME_API_PORT": "0",
            "DECKNAME_LOG_LEVEL": "DEBUG",
            "TMPDIR": str(self.temp),
            "HF_HUB_OFFLINE": "1",
        }

    def __call__(
        self, *arguments: str, stdin: str | None = None, check: bool = True, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "pipeline.cli", *arguments],
            env=self.environment | environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"deckname {arguments[0]}: {done.returncode}\n{done.stderr}")
        return done

    def start(self) -> subprocess.Popen[bytes]:
        """`deckname up`, ready to take calls."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "pipeline.cli", "up"],
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        wait_for(lambda: self._answers(process), "deckname up to answer")
        return process

    def _answers(self, process: subprocess.Popen[bytes]) -> bool:
        if process.poll() is not None:
            raise AssertionError(f"deckname up ended:\n{self.log.read_text()}")
        return b"http://" in self.log.read_bytes()

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        """Ctrl-C; it must end cleanly by itself."""
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) in (0, 130), self.log.read_text()


def wait_for(condition: Callable[[], object], what: str, seconds: float = 60.0) -> None:
    """Poll until `condition` holds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds:g} s for {what}")
        time.sleep(0.05)


def new_station(root: Path) -> Station:
    station = Station(root)
    station.temp.mkdir()
    return station


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """An installation that is up, with the customers `musterhaus` and `nachbar`."""
    running = new_station(tmp_path_factory.mktemp("station"))
    process = running.start()
    try:
        running("customers", "add", "musterhaus")
        running("customers", "add", "nachbar")
        yield running
    finally:
        running.stop(process)


@dataclass(frozen=True)
class Example:
    """A synthetic call and what is really said in it."""

    audio: Path
    language: str
    sentences: tuple[str, ...]
    pii: tuple[tuple[str, str], ...]


def example(name: str) -> Example:
    truth = json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))
    return Example(
        EXAMPLES / truth["file"],
        truth["language"],
        tuple(turn["text"] for turn in truth["turns"]),
        tuple((item["type"], item["text"]) for item in truth["pii"]),
    )
