"""`deckname keys`: API keys of customers, and the day keys that seal recordings."""

from __future__ import annotations

import json

import typer
from rich.table import Table

from pipeline.cli.console import open_deck, out, remark, say
from pipeline.cli.options import AsJson, CustomerArgument
from pipeline.domain.ids import CustomerId

app = typer.Typer(no_args_is_help=True, help="API keys of customers; the ages of day keys.")


@app.command("issue")
def issue(customer: CustomerArgument) -> None:
    """Issue a new API key; the customer's old one stops working at once."""
    from pipeline.usecases.customers import issue_key

    say(f"{issue_key(CustomerId(customer), open_deck())}\n")
    remark(f"new API key for {customer}; the old one opens nothing any more")


@app.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """List the day keys: without its day key, no recording of that day can be opened."""
    from pipeline.domain.retention import day_key_end

    deck = open_deck()
    now = deck.clock.now()
    ends = [(day, day_key_end(day)) for day in sorted(deck.keys.day_keys())]
    if as_json:
        listing = [{"day": day, "destroyed_at": end.isoformat()} for day, end in ends]
        say(json.dumps(listing, indent=2) + "\n")
        return
    if not ends:
        say("No day keys: nothing was recorded within the last 30 days.\n")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("day", "destroyed at (UTC)", "days left"):
        table.add_column(column, no_wrap=True)
    for day, end in ends:
        left = (end - now).total_seconds() / 86_400
        table.add_row(day, f"{end:%Y-%m-%d %H:%M}", "overdue" if left < 0 else f"{left:.1f}")
    out().print(table)
