"""`deckname rights`: requests of data subjects and their clocks; who would be found, and why."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.table import Table

from pipeline.cli import searching
from pipeline.cli.console import open_deck, out, remark, say, settings
from pipeline.cli.options import AsJson
from pipeline.domain.ids import CustomerId

if TYPE_CHECKING:
    from pipeline.domain.rights import RightsRequest
    from pipeline.domain.subject import Match
    from pipeline.usecases.deck import Deck

RightName = Literal["access", "export", "rectify", "erase", "restrict", "object"]
app = typer.Typer(
    no_args_is_help=True, help="Requests of data subjects: open, list, close; find whom they mean."
)


@app.command("open")
def open_(
    right: Annotated[RightName, typer.Argument(metavar="RIGHT", show_default=False)],
    customer: searching.Customer,
    received: Annotated[
        str | None, typer.Option(metavar="DATE", help="When it came; by default now.")
    ] = None,
) -> None:
    """Open a request that came by letter; prints its id. It must be answered within a month."""
    from pipeline.domain.rights import Right
    from pipeline.usecases.rights_requests import open_request

    moment = searching.moment_of(received, "--received", settings().zone)
    deck = open_deck()
    request = open_request(CustomerId(customer), Right(right), deck, moment)
    say(f"{request.id}\n")
    remark(f"to be answered by {_day(request.due_at, deck)}")


@app.command("close")
def close(
    request: Annotated[str, typer.Argument(metavar="REQUEST", show_default=False)],
    outcome: Annotated[
        str, typer.Option(metavar="CODE", help="E.g. refused, no_such_person, answered_by_letter.")
    ],
) -> None:
    """Close a request that needed no command, with an outcome."""
    from pipeline.usecases.rights_requests import close_request

    remark(f"{close_request(request, outcome, open_deck()).id} closed")


@app.command("list")
def list_requests(
    customer: Annotated[str | None, typer.Option(metavar="ID", help="Only this one's.")] = None,
    open_only: Annotated[bool, typer.Option("--open", help="Only those not answered.")] = False,
    as_json: AsJson = False,
) -> None:
    """List requests, soonest due first."""
    deck = open_deck()
    chosen = None if customer is None else deck.calls.customer(CustomerId(customer)).id
    found, now = deck.rights.requests(chosen, open_only), deck.clock.now()
    if as_json:
        say(json.dumps([_described(each, now, deck) for each in found], indent=2) + "\n")
        return
    if not found:
        say("No requests.\n")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("request", "customer", "right", "received", "due", "state"):
        table.add_column(column, no_wrap=True)
    for each in found:
        late = "overdue" if each.overdue(now, deck.policy.zone) else "open"
        dates = (_day(each.received_at, deck), _day(each.due_at, deck))
        table.add_row(each.id, each.customer_id, each.right, *dates, each.outcome or late)
    out().print(table)


@app.command("find")
def find(
    customer: searching.Customer,
    calls: searching.Calls = None,
    phone: searching.Phone = None,
    email: searching.Email = None,
    name: searching.Name = None,
    everything: searching.Everything = False,
    as_json: AsJson = False,
) -> None:
    """Show whose calls would be meant, and why; `maybe` are never acted upon."""
    from pipeline.usecases.find_subject import find_subject, waiting_words

    search = searching.search_of(customer, calls, phone, email, name, everything)
    found = find_subject(search, open_deck())
    matches = (*found.certain, *found.possible)
    if as_json:
        say(json.dumps([_match(each) for each in matches], indent=2) + "\n")
    for each in () if as_json else matches:
        sure = "certain" if each.certain else "maybe  "
        day = f"{each.call.received_at:%Y-%m-%d}"
        say(f"{each.call.id}  {day}  {sure}  {', '.join(each.why)}\n")
    number = "no call of this customer matches"
    if matches:
        number = "1 call matches" if len(matches) == 1 else f"{len(matches)} calls match"
    remark(number + waiting_words(found.waiting))
    if not matches:
        raise typer.Exit(1)


def _match(match: Match) -> dict[str, Any]:
    return {
        "call": match.call.id,
        "received_at": match.call.received_at.isoformat(),
        "status": str(match.call.status),
        "certain": match.certain,
        "why": [str(why) for why in match.why],
    }


def _day(moment: datetime, deck: Deck) -> str:
    """As the letter to the data subject has it."""
    return f"{moment.astimezone(deck.policy.zone):%Y-%m-%d}"


def _described(request: RightsRequest, now: datetime, deck: Deck) -> dict[str, Any]:
    closed, zone = request.closed_at, deck.policy.zone
    return {
        "id": request.id,
        "customer": request.customer_id,
        "right": str(request.right),
        "received_at": request.received_at.isoformat(),
        "due_at": request.due_at.astimezone(zone).isoformat(),
        "overdue": request.overdue(now, zone),
        "calls": request.calls,
        "closed_at": None if closed is None else closed.isoformat(),
        "outcome": request.outcome,
    }
