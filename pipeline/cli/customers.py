"""`deckname customers`: the tenants."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from pipeline.cli import redaction
from pipeline.cli.console import open_deck, out, remark, say
from pipeline.cli.options import AsJson, CustomerArgument
from pipeline.domain.errors import UsageError
from pipeline.domain.ids import CustomerId

if TYPE_CHECKING:
    from pipeline.domain.call import Customer
    from pipeline.domain.redaction_policy import RedactionPolicy
    from pipeline.usecases.deck import Deck

app = typer.Typer(no_args_is_help=True, help="Add, list, show, set up and close customers.")

_ALL = 1_000_000_000


@app.command("add")
def add(
    customer: CustomerArgument,
    name: Annotated[str, typer.Option(help="How people call this business.")] = "",
) -> None:
    """Add a customer; prints its API key, once."""
    from pipeline.usecases.customers import add_customer

    _, api_key = add_customer(customer, name or customer, open_deck())
    say(f"{api_key}\n")
    remark(f"customer {customer} added; keep this API key, it cannot be shown again")


@app.command("list")
def list_customers(as_json: AsJson = False) -> None:
    """List all customers."""
    customers = open_deck().calls.customers()
    if as_json:
        say(json.dumps([_described(each) for each in customers], indent=2) + "\n")
        return
    if not customers:
        say("No customers yet: add one with `deckname customers add ID`.\n")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("customer", "name", "since", "state"):
        table.add_column(column, no_wrap=True)
    for each in customers:
        state = "open" if each.closed_at is None else f"closed {each.closed_at:%Y-%m-%d}"
        table.add_row(each.id, each.name, f"{each.created_at:%Y-%m-%d}", state)
    out().print(table)


@app.command("show")
def show(
    customer: CustomerArgument,
    as_json: AsJson = False,
    reveal: Annotated[
        bool, typer.Option("--reveal", help="Show the lists; the audit log says so for good.")
    ] = False,
) -> None:
    """Show one customer, its rules, and how many of its calls are in which state."""
    deck = open_deck()
    found = deck.calls.customer(CustomerId(customer))
    states: dict[str, int] = {}
    for call in deck.calls.calls(found.id, limit=1_000_000):
        states[str(call.status)] = states.get(str(call.status), 0) + 1
    described, policy = _described(found) | {"calls": states}, _policy(found, reveal, deck)
    retention = deck.calls.retention_policy(found.id)
    if as_json:
        rules: dict[str, object] = {"redaction": None, "retention": None}
        if policy is not None:
            rules["redaction"] = redaction.described(policy, reveal)
            rules["retention"] = redaction.described_retention(retention)
        say(json.dumps(described | rules, indent=2, ensure_ascii=False) + "\n")
        return
    for key, value in described.items():
        shown = ", ".join(f"{n} {state}" for state, n in states.items()) or "none"
        say(f"{key:<11} {shown if key == 'calls' else value or '-'}\n")
    if policy is not None:
        redaction.say_policy(policy, reveal)
        redaction.say_retention(retention)


app.command("set")(redaction.set_flags)
app.command("allow")(redaction.allow)
app.command("deny")(redaction.deny)


@app.command("close")
def close(
    customer: CustomerArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Close a customer: destroy its keys, so that nobody can open anything of it again."""
    from pipeline.usecases.customers import close_customer
    from pipeline.usecases.finish_deletions import pending_words

    if not yes:
        if not sys.stdin.isatty():
            raise UsageError("closing destroys every transcript of the customer: say --yes")
        typer.confirm(
            f"Destroy all keys of {customer}? Nothing of it can be read afterwards", abort=True
        )
    deck = open_deck()
    gone = close_customer(CustomerId(customer), deck)
    unsigned = len(deck.deletions.pending(_ALL, customer_id=CustomerId(customer)))
    remark(
        f"customer {customer} closed; its keys are destroyed, {len(gone)} recordings with them"
        f"{pending_words(unsigned)}"
    )


def _policy(customer: Customer, reveal: bool, deck: Deck) -> RedactionPolicy | None:
    """None for a closed customer: it went with the keys."""
    from pipeline.usecases.redaction_policy import read_policy, reveal_policy

    if customer.closed_at is not None:
        return None
    return (
        reveal_policy(customer.id, deck, "operator") if reveal else read_policy(customer.id, deck)
    )


def _described(customer: Customer) -> dict[str, Any]:
    closed = customer.closed_at
    return {
        "id": customer.id,
        "name": customer.name,
        "created_at": customer.created_at.isoformat(),
        "closed_at": None if closed is None else closed.isoformat(),
    }
