"""`deckname calls` and `deckname show`: what is there, and what was said."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.table import Table
from rich.text import Text

from pipeline.cli.console import open_deck, out, say
from pipeline.cli.options import AsJson, OutputFormat
from pipeline.domain.errors import UsageError
from pipeline.formats.cues import one_line
from pipeline.formats.shown import shown_segments
from pipeline.formats.txt import clock

if TYPE_CHECKING:
    from pipeline.domain.call import Call
    from pipeline.domain.ids import CallId, CustomerId
    from pipeline.domain.transcript import RedactedTranscript

STATUS_STYLES = {
    "received": "cyan",
    "processing": "yellow",
    "stored": "green",
    "failed": "red",
    "erased": "dim",
}
SPEAKER_STYLES = {"agent": "cyan", "caller": "green", "unknown": "white"}


def calls(
    customer: Annotated[
        str | None, typer.Option(metavar="ID", help="Only this customer's calls.")
    ] = None,
    status: Annotated[
        Literal["received", "processing", "stored", "failed", "erased"] | None,
        typer.Option(help="Only calls in this state."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List calls, newest first."""
    from pipeline.domain.call import CallStatus
    from pipeline.usecases.describe_call import describe_call

    deck = open_deck()
    chosen = None if customer is None else deck.calls.customer(_customer_id(customer)).id
    found = deck.calls.calls(chosen, CallStatus(status) if status else None, limit)
    if as_json:
        listing = [describe_call(call, deck.consents) for call in found]
        say(json.dumps(listing, indent=2, ensure_ascii=False) + "\n")
        return
    if not found:
        say("No calls yet: push one with `deckname push FILE --customer ID`.\n")
        return
    out().print(_table(found))


def show(
    call: Annotated[str, typer.Argument(metavar="CALL", show_default=False)],
    format: OutputFormat = "txt",
    reveal: Annotated[
        bool, typer.Option("--reveal", help="Show the originals; the audit log says so for good.")
    ] = False,
) -> None:
    """Show the transcript of one call, redacted unless revealed."""
    from pipeline.formats import format_named
    from pipeline.usecases.read_transcript import read_transcript, reveal_transcript

    call_id = call_id_of(call)
    deck = open_deck()
    texts = None
    if reveal:
        redacted, texts = reveal_transcript(call_id, deck, "operator")
    else:
        redacted = read_transcript(call_id, deck)
    if format == "txt" and sys.stdout.isatty():
        out().print(conversation(turns_of(redacted, texts)))
        return
    say(format_named(format).render(redacted, texts))


def call_id_of(text: str) -> CallId:
    """`text` as a call's id. Raises `UsageError`."""
    from pipeline.domain.ids import CallId, is_call_id

    if not is_call_id(text):
        raise UsageError("a call's id is call_ and 32 hex digits: `deckname calls` lists them")
    return CallId(text)


def turns_of(
    redacted: RedactedTranscript, texts: Sequence[str] | None = None
) -> Iterator[tuple[float, str, str]]:
    """What `conversation` shows; `texts` are revealed ones."""
    for index, segment in enumerate(shown_segments(redacted)):
        text = segment.text if texts is None else texts[index]
        yield segment.start, str(segment.speaker), text


def conversation(turns: Iterable[tuple[float, str, str]]) -> Table:
    """Turns (start in seconds, speaker, text), a colour a speaker, pseudonyms set off."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column()
    for start, speaker, said in turns:
        style = SPEAKER_STYLES[speaker]
        text = Text(one_line(said), style)
        text.highlight_regex(r"\[[A-Z_]+_\d+(?: [^\]]+)?\]", "bold black on yellow")
        grid.add_row(clock(start), Text(speaker, f"bold {style}"), text)
    return grid


def _table(found: tuple[Call, ...]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("call", "customer", "received", "status", "length", "audio"):
        table.add_column(name, no_wrap=True)
    for call in found:
        state = state_words(call)
        table.add_row(
            call.id,
            call.customer_id,
            call.received_at.strftime("%Y-%m-%d %H:%M"),
            Text(state, STATUS_STYLES[call.status]),
            "" if call.duration is None else f"{call.duration:.0f} s",
            audio_words(call),
        )
    return table


def state_words(call: Call) -> str:
    """Its status, why it failed, its priority while it has not ended, that it is a messenger's, and
    the marks that it bears for its data subject."""
    state = str(call.status) + (f" ({call.failure})" if call.failure else "")
    waits = call.status in ("received", "processing")
    marks = (
        ("messenger", call.received_at if call.origin == "messenger" else None),
        (f"priority {call.priority:+}", call.received_at if call.priority and waits else None),
        ("restricted", call.restricted_at),
        ("objected", call.objected_at),
        ("to be erased after its hold", call.erasure_owed_at),
    )
    return ", ".join([state, *(mark for mark, since in marks if since is not None)])


def audio_words(call: Call) -> str:
    """What became of the audio, in words."""
    if call.audio == "retained" and call.audio_until is not None:
        return f"kept by consent until {call.audio_until:%Y-%m-%d}"
    return {"sealed": "sealed, waiting"}.get(call.audio, str(call.audio))


def _customer_id(text: str) -> CustomerId:
    from pipeline.domain.ids import CustomerId

    return CustomerId(text)
