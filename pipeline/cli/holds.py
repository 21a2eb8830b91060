"""`deckname hold`: what keeps transcripts from expiry and erasure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from pipeline.cli import searching
from pipeline.cli.calls import call_id_of
from pipeline.cli.console import open_deck, out, remark, say
from pipeline.cli.options import AsJson
from pipeline.domain.ids import CustomerId
from pipeline.formats.counts import counted

if TYPE_CHECKING:
    from pipeline.domain.rights import LegalHold

By = Annotated[
    str, typer.Option(metavar="ROLE", help="Whose decision, e.g. legal.", show_default=False)
]
app = typer.Typer(no_args_is_help=True, help="Legal holds: place, list and release them.")


@app.command("place")
def place(
    customer: searching.Customer,
    reason: Annotated[
        str,
        typer.Option(
            metavar="TEXT", help="The duty, e.g. HGB § 257; no names.", show_default=False
        ),
    ],
    by: By,
    call: Annotated[str | None, typer.Argument(metavar="CALL", show_default=False)] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="By default until it is released.")
    ] = None,
) -> None:
    """Keep the transcript of a call, or all of a customer's; prints the hold's id."""
    from pipeline.usecases.hold_calls import place_hold

    call_id = None if call is None else call_id_of(call)
    moment = searching.moment_of(until, "--until")
    hold = place_hold(CustomerId(customer), call_id, reason, by, open_deck(), moment)
    say(f"{hold.id}\n")
    remark("held; audio still ends with the transcript, the cap or its consent")


@app.command("release")
def release(
    hold: Annotated[str, typer.Argument(metavar="HOLD", show_default=False)],
    by: By = "operator",
) -> None:
    """Release a hold: what it kept may expire and be erased again."""
    from pipeline.usecases.hold_calls import freed_by, release_hold

    deck = open_deck()
    released = release_hold(hold, by, deck)
    free = freed_by(released, deck)
    due = f"; {counted(len(free), 'call')} it kept from erasure will go with the next sweep"
    remark(f"{released.id} released{due if free else ''}")


@app.command("list")
def list_holds(as_json: AsJson = False) -> None:
    """List the holds in force, and how many erasures each stands against."""
    from pipeline.usecases.hold_calls import erasures_under

    deck = open_deck()
    holds = deck.holds.in_force(deck.clock.now())
    erasures = erasures_under(holds, deck)
    if as_json:
        listing = [_described(hold, erasures[hold.id]) for hold in holds]
        say(json.dumps(listing, indent=2, ensure_ascii=False) + "\n")
        return
    if not holds:
        say("No legal holds.\n")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("hold", "customer", "call", "since", "until", "by", "owed", "reason"):
        table.add_column(column, no_wrap=True)
    for hold in holds:
        until = "release" if hold.until is None else f"{hold.until:%Y-%m-%d}"
        since = f"{hold.placed_at:%Y-%m-%d}"
        call, owed = hold.call_id or "all", str(erasures[hold.id] or "-")
        told = (since, until, hold.placed_by, owed, hold.reason)
        table.add_row(hold.id, hold.customer_id, call, *told)
    out().print(table)


def _described(hold: LegalHold, owed: int) -> dict[str, Any]:
    return {
        "id": hold.id,
        "customer": hold.customer_id,
        "call": hold.call_id,
        "reason": hold.reason,
        "placed_by": hold.placed_by,
        "placed_at": hold.placed_at.isoformat(),
        "until": None if hold.until is None else hold.until.isoformat(),
        "erasures_owed": owed,
    }
