"""`python -m tests.faults.gated_worker`: the real worker, which a test can hold at a gate.

In the folder `GATES`, a file `hold-POINT` (or `hold-POINT-PID`: for one worker) makes it wait at
that point of a call's way until the file is gone, and `poison-CALL` makes it kill itself at the
point `open`. It says where it is by a file `at-POINT-CALL`, which holds its process id. With
`MODELS=real` the real models transcribe; else silence is all they would hear, and a worker is
ready in a second.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.bootstrap import bootstrap
from pipeline.domain.call import CallStatus, Claim
from pipeline.domain.errors import DecknameError
from pipeline.domain.ids import is_call_id
from pipeline.ports import Samples
from pipeline.settings import Settings, load_settings
from pipeline.usecases.deck import Deck
from tests.scripted import ScriptedRecogniser
from workers.main import run_worker

GATES = Path(os.environ["GATES"])


def gate(point: str, call_id: str) -> None:
    (GATES / f"at-{point}-{call_id}").write_text(str(os.getpid()))
    if point == "open" and (GATES / f"poison-{call_id}").exists():
        os.kill(os.getpid(), signal.SIGKILL)
    while any((GATES / f"hold-{which}").exists() for which in (point, f"{point}-{os.getpid()}")):
        time.sleep(0.01)


class Gated:
    """A port with gates before some of its methods."""

    def __init__(self, port: Any, **points: str) -> None:
        self._port = port
        self._points = points

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)
        if name not in self._points:
            return method

        def gated(*arguments: Any, **named: Any) -> Any:
            for argument in arguments:
                for call_id in _call_ids(argument):
                    gate(self._points[name], call_id)
            return method(*arguments, **named)

        return gated


def _call_ids(argument: object) -> Sequence[str]:
    if isinstance(argument, Claim):
        return [argument.call.id]
    listed = argument if isinstance(argument, tuple) else (argument,)
    return [one for one in listed if isinstance(one, str) and is_call_id(one)]


class GatedCalls(Gated):
    """Whoever claims what waits has not said which calls: the gate is before each of them."""

    def claim_waiting(self, *arguments: Any, **named: Any) -> tuple[Claim, ...]:
        for status in (CallStatus.RECEIVED, CallStatus.PROCESSING):
            for call in self._port.calls(status=status):
                gate("claim", call.id)
        return self._port.claim_waiting(*arguments, **named)


class Deaf(ScriptedRecogniser):
    """Speech detector, recogniser and PII detector that find nothing."""

    def said(self, samples: Samples) -> tuple[()]:
        return ()

    def detect(self, *arguments: Any) -> tuple[tuple[()], ...]:
        return tuple(() for _ in arguments[0]) if len(arguments) > 1 else ()


def gated(settings: Settings) -> Deck:
    deck: Any = bootstrap(settings)
    if os.environ.get("MODELS") != "real":
        deaf: Any = Deaf
        models = {"speech_detector": deaf, "recogniser": deaf, "detector": deaf}
        deck = replace(deck, transcriber=replace(deck.transcriber, **models))
    return replace(
        deck,
        calls=GatedCalls(deck.calls, renew="renew"),
        recordings=Gated(deck.recordings, reader="open", unlink="unlink"),
        transcripts=Gated(deck.transcripts, seal="seal"),
    )


if __name__ == "__main__":
    try:
        sys.exit(run_worker(load_settings(), gated))
    except DecknameError as error:
        sys.stderr.write(f"deckname: {error}\n")
        sys.exit(error.exit_status)
