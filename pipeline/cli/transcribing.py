"""`deckname transcribe`: recordings in, redacted transcripts out, nothing kept."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from pipeline.cli.console import err, open_transcriber, remark, say
from pipeline.cli.options import Files, FormatName, Language, Layout, OutputFormat
from pipeline.domain.errors import (
    ConfigurationError,
    DecknameError,
    RecordingRejected,
    UsageError,
)

if TYPE_CHECKING:
    from pipeline.usecases.deck import Transcriber


def transcribe(
    files: Files,
    language: Language = None,
    format: OutputFormat = "txt",
    output: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write one file a recording into DIR."),
    ] = None,
    layout: Layout = "agent_left",
) -> int:
    """Transcribe recordings here and now: no server, nothing kept, the transcript redacted."""
    targets = _targets(files, format, output)
    transcriber = open_transcriber()
    failed = 0
    told: set[str] = set()
    with _progress(len(files)) as advance:
        for number, (file, target) in enumerate(zip(files, targets, strict=True), start=1):
            try:
                text, note = _transcript(file, transcriber, language, layout, format)
                _write(text, target)
                if note is not None and note not in told:
                    told.add(note)
                    remark(note)
            except ConfigurationError:
                raise
            except DecknameError as error:
                failed = max(failed, 3 if error.exit_status == 3 else 1)
                remark(f"file {number} of {len(files)}: {error}" if len(files) > 1 else str(error))
            advance()
    return failed


def _transcript(
    file: Path, transcriber: Transcriber, language: str | None, layout: str, format: FormatName
) -> tuple[str, str | None]:
    """The transcript of `file`, and what must be known of its language."""
    from pipeline.domain.call import ChannelLayout
    from pipeline.formats import format_named
    from pipeline.stages.detect_pii import shortfall
    from pipeline.usecases.transcribe_recording import transcribe_recording

    redacted, _ = transcribe_recording(
        read_recording(file, transcriber.limits.max_bytes),
        transcriber,
        None if language in (None, "auto") else language,
        ChannelLayout(layout),
    )
    return format_named(format).render(redacted), shortfall(redacted.language)


def read_recording(file: Path, max_bytes: int) -> bytes:
    """The bytes of `file`. Raises `UsageError` where it cannot be read, `RecordingRejected`
    where it is empty or larger than `max_bytes`. Its name stays unsaid."""
    check_readable(file, max_bytes)
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"the file cannot be read: {os.strerror(error.errno or 0)}") from None


def check_readable(file: Path, max_bytes: int | None = None) -> int:
    """The size of `file` in bytes. Raises as `read_recording` does."""
    try:
        status = file.stat()
    except OSError as error:
        raise UsageError(f"the file cannot be read: {os.strerror(error.errno or 0)}") from None
    if not file.is_file():
        raise UsageError("this is no file")
    if not status.st_size:
        raise RecordingRejected("empty", "the recording is empty; nothing was kept")
    if max_bytes is not None and status.st_size > max_bytes:
        raise RecordingRejected("too_large", f"the recording is larger than {max_bytes} bytes")
    return status.st_size


def _targets(files: list[Path], format: FormatName, output: Path | None) -> list[Path | None]:
    if output is None:
        return [None for _ in files]
    targets = [output / f"{file.stem}.{format}" for file in files]
    if len(set(targets)) < len(targets):
        raise UsageError("two recordings would be written under one name; give them one at a time")
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise UsageError(f"the output folder cannot be made: {reason}") from None
    return list(targets)


def _write(text: str, target: Path | None) -> None:
    if target is None:
        say(text)
        return
    try:
        target.write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"the output cannot be written: {os.strerror(error.errno or 0)}") from None


@contextlib.contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    # With a transcript on the same terminal a live bar would be torn.
    shown = sys.stderr.isatty()
    with Progress(*columns, console=err(), disable=not shown, transient=True) as progress:
        task = progress.add_task(f"Transcribing 1 of {total}", total=total)
        done = 0

        def advance() -> None:
            nonlocal done
            done += 1
            following = min(done + 1, total)
            progress.update(task, advance=1, description=f"Transcribing {following} of {total}")

        yield advance
