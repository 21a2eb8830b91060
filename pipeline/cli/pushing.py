"""`deckname push`: recordings to the API. Their names stay here."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from pipeline.cli.console import err, remark, say, settings
from pipeline.cli.options import Files, Language, Layout
from pipeline.cli.transcribing import check_readable
from pipeline.domain.errors import DecknameError, ServiceUnavailable, UsageError

_UNHEARD = {
    "unsupported": "and it was not heard in the call (unsupported)",
    "refused": "and the caller refused",
    "withdrawn": "and it was withdrawn",
}


def push(
    files: Files,
    customer: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Whose calls these are; the API key may tell it too."),
    ] = None,
    consent: Annotated[
        list[str] | None,
        typer.Option(metavar="PURPOSE=DURATION", help="E.g. audio_retention=30d; repeatable."),
    ] = None,
    language: Language = None,
    layout: Layout = "agent_left",
    origin: Annotated[
        Literal["phone", "messenger"],
        typer.Option(help="How it came: a messenger's voice notes live six months at most."),
    ] = "phone",
    priority: Annotated[
        int,
        typer.Option(min=-9, max=9, metavar="N", help="Of calls that wait, the highest is next."),
    ] = 0,
    agent_text: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="What the agent said, instead of transcribing its channel: text, a turn a line,"
            " or JSON with times.",
        ),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Until every call is stored.")] = False,
) -> int:
    """Push recordings through the API; prints the id of each call."""
    from pipeline.cli.api_client import ApiClient
    from pipeline.usecases.consent_claims import parse_consent

    query = {"layout": layout, "language": language, "customer": customer}
    if origin != "phone":  # an API of an older Deckname knows nothing else
        query["origin"] = origin
    if priority:
        query["priority"] = str(priority)
    said = _agent_text(agent_text, len(files))
    consents = consent or []
    for text in consents:
        parse_consent(text)
    status = 0
    pushed: list[str] = []
    with ApiClient(settings(), customer) as api:
        for number, file in enumerate(files, start=1):
            try:
                check_readable(file)
                with _bar(f"Pushing {number} of {len(files)}"):
                    pushed.append(api.push(file, query, consents, agent_text=said)["id"])
                say(f"{pushed[-1]}\n")
            except DecknameError as error:
                status = max(status, 3 if error.exit_status == 3 else 1)
                remark(f"file {number} of {len(files)}: {error}" if len(files) > 1 else str(error))
                if isinstance(error, ServiceUnavailable):
                    break  # the next file would meet the same silence
        if wait:
            status = max(status, wait_for(api, pushed))
    return status


def _agent_text(file: Path | None, recordings: int) -> bytes | None:
    """The file's content, looked at before anything is sent."""
    from pipeline.usecases.parse_agent_text import parse_agent_text

    if file is None:
        return None
    if recordings > 1:
        raise UsageError("--agent-text is the text of one recording: push that one alone")
    try:
        content = file.read_bytes()
    except OSError as error:
        told = os.strerror(error.errno or 0)
        raise UsageError(f"the agent's text cannot be read: {told}") from None
    parse_agent_text(content)
    return content


def wait_for(api: Any, call_ids: list[str]) -> int:
    """Follow calls until each is stored (0) or one of them failed (1)."""
    failed = 0
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.fields[call]}"),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=err(),
        disable=not sys.stderr.isatty(),
    ) as progress:
        tasks = {call: progress.add_task("received", call=call, total=1) for call in call_ids}
        for call in api.follow(call_ids):
            finished = call["status"] in ("stored", "failed")
            progress.update(
                tasks[call["id"]], description=call["status"], completed=1 if finished else 0
            )
            if call["status"] == "failed":
                failed = 1
                remark(f"{call['id']} failed: {call['failure']}; its audio is destroyed")
            elif finished:
                for told in unheard(call):
                    remark(told)
    return failed


def unheard(call: dict[str, Any]) -> Iterator[str]:
    """One line for each consent that the push of a stored call claimed and the call does not bear
    out."""
    for consent in call["consents"]:
        if (why := _UNHEARD.get(consent.get("act"))) is not None:
            audio = f"; its audio is {call['audio']}"  # by its customer's rule
            yield (
                f"{call['id']}: the push claimed consent to {consent['purpose']}, {why}"
                f"{audio if consent['purpose'] == 'audio_retention' else ''}; see `deckname consent"
                f" show {call['id']}`"
            )


def _bar(text: str) -> Progress:
    progress = Progress(
        SpinnerColumn(),
        TextColumn(text),
        TimeElapsedColumn(),
        console=err(),
        disable=not sys.stderr.isatty(),
        transient=True,
    )
    progress.add_task(text, total=None)
    return progress
