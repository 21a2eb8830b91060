"""`deckname consent`: who declared what, and when it was taken back."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.table import Table

from pipeline.cli.calls import call_id_of
from pipeline.cli.console import open_deck, out, remark, say
from pipeline.cli.options import AsJson
from pipeline.domain.consent import ConsentSource, Purpose
from pipeline.domain.errors import UsageError

app = typer.Typer(no_args_is_help=True, help="Record, withdraw and show consents of a call.")

CallArgument = Annotated[str, typer.Argument(metavar="CALL", show_default=False)]
SourceOption = Annotated[
    str, typer.Option(metavar="portal|operator", help="Through whom the declaration came.")
]


@app.command("record")
def record(
    call: CallArgument,
    consent: Annotated[str, typer.Argument(metavar="PURPOSE[=DURATION]", show_default=False)],
    source: SourceOption = "operator",
) -> None:
    """Record a consent that was given elsewhere than in the call, e.g. audio_retention=30d."""
    from pipeline.usecases.consent_claims import parse_consent
    from pipeline.usecases.record_consent import record_consent

    claim = parse_consent(consent)
    entry = record_consent(call_id_of(call), claim, open_deck(), _source(source))
    end = "without an end" if entry.until is None else f"until {entry.until:%Y-%m-%d %H:%M} UTC"
    remark(f"{entry.purpose} recorded, {end}")


@app.command("withdraw")
def withdraw(
    call: CallArgument,
    purpose: Annotated[str, typer.Argument(metavar="PURPOSE", show_default=False)],
    source: SourceOption = "operator",
) -> None:
    """Withdraw a consent, at once: audio that it kept can be opened by nobody any more."""
    from pipeline.usecases.finish_deletions import pending_words
    from pipeline.usecases.record_consent import withdraw_consent

    chosen = _purpose(purpose)
    done = withdraw_consent(call_id_of(call), chosen, open_deck(), _source(source))
    said = "withdrawn" if done.new else "was withdrawn before: nothing changed"
    remark(f"{chosen} {said}{pending_words(done.pending)}")


@app.command("show")
def show(call: CallArgument, as_json: AsJson = False) -> None:
    """Show the consent register of a call, with the redacted words it rests on."""
    from pipeline.domain.rights import withheld_since
    from pipeline.usecases.read_consents import described, read_consents

    call_id, deck = call_id_of(call), open_deck()
    found = read_consents(call_id, deck)
    if withheld_since(deck.calls.call(call_id)) is not None:
        remark("the call is restricted: the words that the entries rest on are not shown")
    if as_json:
        listing = [described(entry, quote) for entry, quote in found]
        say(json.dumps(listing, indent=2, ensure_ascii=False) + "\n")
        return
    if not found:
        say("Nobody consented to anything, and nobody was said to.\n")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("purpose", "act", "source", "when (UTC)", "until (UTC)", "words"):
        table.add_column(column, no_wrap=column != "words")
    for entry, quote in found:
        until = "-" if entry.until is None else f"{entry.until:%Y-%m-%d %H:%M}"
        when = f"{entry.at:%Y-%m-%d %H:%M}"
        table.add_row(entry.purpose, entry.act, entry.source, when, until, quote or "-")
    out().print(table)


def _purpose(text: str) -> Purpose:
    try:
        return Purpose(text)
    except ValueError:
        raise UsageError(f"the purposes are {', '.join(Purpose)}") from None


def _source(text: str) -> ConsentSource:
    if text not in (ConsentSource.PORTAL, ConsentSource.OPERATOR):
        raise UsageError("the source of a declaration is portal or operator")
    return ConsentSource(text)
