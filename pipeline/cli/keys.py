"""`deckname keys`: API keys of customers; what keys there are and how old; new ones for old."""

from __future__ import annotations

import base64
import json
import secrets
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from pipeline.cli.console import open_deck, out, remark, say, settings
from pipeline.cli.options import AsJson, CustomerArgument
from pipeline.domain.errors import UsageError
from pipeline.domain.ids import CustomerId

if TYPE_CHECKING:
    from pipeline.usecases.describe_keys import KeyOverview

app = typer.Typer(no_args_is_help=True, help="API keys; ages of keys; new keys for old ones.")
rotate = typer.Typer(no_args_is_help=True, help="Replace master keys, or a customer's keys.")
app.add_typer(rotate, name="rotate")


@app.command("issue")
def issue(customer: CustomerArgument) -> None:
    """Issue a new API key; the customer's old one stops working at once."""
    from pipeline.usecases.customers import issue_key

    say(f"{issue_key(CustomerId(customer), open_deck())}\n")
    remark(f"new API key for {customer}; the old one opens nothing any more")


@app.command("erasure")
def erasure() -> None:
    """Issue the key with which a second person confirms large erasures; the old one ends."""
    from pipeline.usecases.second_key import issue_erasure_key

    say(f"{issue_erasure_key(open_deck())}\n")
    remark("new erasure key; the one before confirms nothing any more")


@app.command("signing")
def signing() -> None:
    """Make a new key that signs deletion receipts, where the one before is lost."""
    from pipeline.bootstrap import bootstrap
    from pipeline.usecases.tie_keys import renew_signing_key

    say(f"{renew_signing_key(bootstrap(settings(), catching_up=False, checking=False))}\n")
    remark(
        "receipts are signed with a new key; those of before verify with the public key of before: "
        "if you have it, put it beside the new one, as DECKNAME_KEYS/receipts/before.pem"
    )


@app.command("secret")
def secret() -> None:
    """Make a secret for DECKNAME_MASTER_KEY; it is kept nowhere."""
    say(base64.b64encode(secrets.token_bytes(32)).decode() + "\n")


@app.command("adopt")
def adopt(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Say that the key folder is this database's: after one of the two was lost or put together
    from copies."""
    from pipeline.bootstrap import bootstrap
    from pipeline.usecases.tie_keys import adopt_keys

    chosen = settings()
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError(
                "a store that takes the wrong key folder for its own seals with keys that it "
                "loses again: say --yes"
            )
        typer.confirm(
            f"Is {chosen.keys_folder} mounted, and the key folder of this database?", abort=True
        )
    adopt_keys(bootstrap(chosen, catching_up=False, checking=False))
    remark("the key folder and this database belong together from now on")


@rotate.command("master")
def rotate_master(
    alone: Annotated[
        bool,
        typer.Option("--alone", help="The other stores that had this key folder are gone."),
    ] = False,
) -> None:
    """Replace the master keys; older backups open no more, so make a new one then."""
    from pipeline.usecases.rotate_keys import rotate_master_keys

    done = rotate_master_keys(open_deck(), alone)
    for key in done.keys:
        say(f"{key.name}: {key.fingerprint} ({key.source})\n")
    remark(
        f"{done.rewrapped} customers rewrapped, {done.dropped} old master keys destroyed; a backup "
        "from before opens with them only: make a new one"
    )


@rotate.command("customer")
def rotate_customer(customer: CustomerArgument) -> None:
    """Replace a customer's keys; run again, it goes on where it was interrupted."""
    from pipeline.usecases.rotate_keys import rotate_customer_keys

    done = rotate_customer_keys(CustomerId(customer), open_deck())
    say(f"{customer}: version {done.version}\n")
    remark(f"{done.rewrapped} data keys rewrapped, the old key of {customer} destroyed")


@app.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """List what keys there are, how old they are, and which are destroyed when."""
    from pipeline.usecases.describe_keys import describe_keys

    deck = open_deck()
    found, now = describe_keys(deck), deck.clock.now()
    if as_json:
        say(json.dumps(_as_json(found), indent=2) + "\n")
        return
    _show_days(found, now)
    ends = found.retention_ends
    following = f"; the next is destroyed at {ends[0]:%Y-%m-%d %H:%M} UTC" if ends else ""
    say(f"\nRetention keys (audio kept by consent): {len(ends)}{following}\n\n")
    table = _table("master key", "from", "fingerprint", "made", "days", "keys")
    for master in found.masters:
        table.add_row(
            master.name,
            master.source,
            master.fingerprint,
            *_age(master.made, now),
            str(master.versions),
        )
    out().print(table)
    say("\n")
    table = _table("customer", "version", "made", "days", "keys")
    for each in found.customers:
        table.add_row(each.customer, str(each.version), *_age(each.made, now), str(each.versions))
    out().print(table)
    say(f"\nReceipts are signed with key {found.receipts_key}.\n")


def _show_days(found: KeyOverview, now: datetime) -> None:
    if not found.days:
        say("No day keys: nothing was recorded within the last 30 days.\n")
        return
    table = _table("day", "destroyed at (UTC)", "days left")
    for key in found.days:
        left = (key.ends - now).total_seconds() / 86_400
        told = "overdue" if left < 0 else f"{left:.1f}"
        table.add_row(key.day, f"{key.ends:%Y-%m-%d %H:%M}", told)
    out().print(table)


def _age(made: datetime | None, now: datetime) -> tuple[str, str]:
    if made is None:
        return "unknown", "-"
    return f"{made:%Y-%m-%d}", str((now - made).days)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, no_wrap=True)
    return table


def _as_json(found: KeyOverview) -> dict[str, Any]:
    ends = found.retention_ends
    return {
        "days": [{"day": key.day, "destroyed_at": key.ends.isoformat()} for key in found.days],
        "retention": {"count": len(ends), "next_end": _text(ends[0] if ends else None)},
        "masters": [
            {
                "name": key.name,
                "source": key.source.value,
                "fingerprint": key.fingerprint,
                "made_at": _text(key.made),
                "versions": key.versions,
            }
            for key in found.masters
        ],
        "customers": [
            {
                "customer": key.customer,
                "version": key.version,
                "made_at": _text(key.made),
                "versions": key.versions,
            }
            for key in found.customers
        ],
        "receipts_key": found.receipts_key,
    }


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
