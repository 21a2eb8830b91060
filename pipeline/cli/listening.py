"""`deckname audio`: what a consent keeps, without what the pseudonyms hide."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.calls import call_id_of
from pipeline.cli.console import open_deck
from pipeline.domain.errors import UsageError

if TYPE_CHECKING:
    from pipeline.domain.ids import CallId
    from pipeline.usecases.deck import Deck

_STANDARD_OUTPUT = Path("-")


def audio(
    call: Annotated[str, typer.Argument(metavar="CALL", show_default=False)],
    output: Annotated[
        Path,
        typer.Option(metavar="FILE", show_default=False, help="Where to; - is standard output."),
    ],
    mute: Annotated[
        bool, typer.Option("--mute", help="Silence instead of a tone over what is hidden.")
    ] = False,
    tone: Annotated[bool, typer.Option("--tone", help="A soft tone over it: the default.")] = False,
    original: Annotated[
        bool, typer.Option("--original", help="As received, every name in it.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite FILE.")] = False,
) -> None:
    """Take out the audio that a consent keeps, names bleeped out; the audit log says so for good.

    A WAV file, 16 bits, 16 kHz. With --original it is the file that was pushed.
    """
    if mute + tone + original > 1:
        raise UsageError("--mute, --tone and --original exclude each other")
    call_id = call_id_of(call)
    _check(output, force)
    _write(_content(call_id, open_deck(), mute, original), output, force)


def _content(call_id: CallId, deck: Deck, mute: bool, original: bool) -> bytes:
    from pipeline.formats.wav import to_wav
    from pipeline.stages.bleep import BleepMode
    from pipeline.usecases.read_audio import read_audio, read_original_audio

    if original:
        return read_original_audio(call_id, deck, "operator")
    mode = BleepMode.MUTE if mute else BleepMode.TONE
    return to_wav(read_audio(call_id, deck, "operator", mode))


def _check(output: Path, force: bool) -> None:
    """Before anything is put on record."""
    if output == _STANDARD_OUTPUT:
        if sys.stdout.isatty():
            raise UsageError("audio is nothing for a terminal: name a file, or pipe it on")
    elif not output.parent.is_dir():
        raise UsageError("the output lies in a folder that is not there")
    elif os.path.lexists(output):
        if not output.is_file():  # its mode is going to be changed: not that of a device
            raise UsageError("the output exists, and is no file")
        if not force:
            raise UsageError("the output exists already; --force overwrites it")


def _write(content: bytes, output: Path, force: bool) -> None:
    if output == _STANDARD_OUTPUT:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
        return
    flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | (os.O_TRUNC if force else os.O_EXCL)
    try:
        with os.fdopen(os.open(output, flags, 0o600), "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(content)
    except OSError as error:
        raise UsageError(f"the output cannot be written: {os.strerror(error.errno or 0)}") from None
