"""`deckname receipts`: what was deleted, signed; and its proof without any store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from pipeline.cli.console import open_deck, out, remark, say, settings
from pipeline.cli.options import AsJson
from pipeline.domain.errors import NotFound, UsageError
from pipeline.domain.ids import CallId, CustomerId, is_call_id

app = typer.Typer(no_args_is_help=True, help="Signed receipts of deletions; verify them offline.")

_LARGEST = 1 << 28
_SIGNED_LATER = (
    "nothing of what was deleted can be opened any more, and `deckname up` signs the receipts"
    " by itself"
)


@app.command("list")
def list_receipts(
    customer: Annotated[
        str | None, typer.Option(metavar="ID", help="Only of this customer.")
    ] = None,
    call: Annotated[str | None, typer.Option(metavar="CALL", help="Only of this call.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List receipts, newest first."""
    from pipeline.formats.counts import counted
    from pipeline.usecases.receipts import described
    from pipeline.usecases.receipts import list_receipts as listed

    deck = open_deck()
    call_id = None if call is None else _call_id(call)
    customer_id = None if customer is None else CustomerId(customer)
    found = listed(deck, customer_id, call_id, limit)
    pending = len(deck.deletions.pending(limit, call_id, customer_id))
    shown = [described(receipt) for receipt in found]
    if as_json:
        say(json.dumps(shown, indent=2) + "\n")
    elif shown:
        out().print(_table(shown))
    else:
        say("No receipts: nothing was deleted yet.\n" if not pending else "No receipts yet.\n")
    if pending and not as_json:
        remark(f"{counted(pending, 'deletion')} not finished: {_SIGNED_LATER}")


@app.command("show")
def show(
    receipt: Annotated[str, typer.Argument(metavar="ID", show_default=False)],
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it there; by default it is shown.")
    ] = None,
) -> None:
    """Hand one receipt out, as a line of JSON that `receipts verify` reads."""
    from pipeline.adapters.new_file import new_file
    from pipeline.usecases.receipt_files import as_line
    from pipeline.usecases.receipts import handed_out

    line = as_line(handed_out(open_deck().deletions.receipt(receipt)))
    if output is None:
        say(line.decode())
        return
    with new_file(output.absolute()) as file:
        file.write(line)
    remark("receipt written; whoever has the public key can verify it")


@app.command("public-key")
def public_key() -> None:
    """Show the public key that verifies this store's receipts, as PEM."""
    say(open_deck().signer.public_key().decode())


@app.command("verify")
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", show_default=False)],
    public_key: Annotated[
        Path | None,
        typer.Option(metavar="PEM", help="The signer's public key; by default this store's own."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Verify the receipts in FILE offline: one, a list, one a line, or the API's answer; exit 1
    where anything was altered."""
    from pipeline.adapters.receipt_key import key_id_in, verifies
    from pipeline.usecases.receipts import prove

    pem = _own_key() if public_key is None else _content(public_key, "the public key")
    proven = prove(
        _content(file, "the file"),
        key_id_in(pem),
        lambda document, signature: verifies(pem, document, signature),
    )
    if as_json:
        say(json.dumps([_proof(each) for each in proven], indent=2) + "\n")
        return
    for each in proven:
        deletion = each.deletion
        say(f"valid  {each.id}  {deletion.data_class}  {deletion.trigger}  {each.done:%F %T} UTC\n")


def _proof(proven: Any) -> dict[str, Any]:
    deletion = proven.deletion
    return {
        "id": proven.id,
        "valid": True,
        "class": deletion.data_class,
        "trigger": deletion.trigger,
        "customer": deletion.customer_id,
        "call": deletion.call_id,
        "done": proven.done.isoformat(),
        "audit_position": proven.position,
    }


def _own_key() -> bytes:
    from pipeline.adapters.receipt_key import FileReceiptSigner

    signer = FileReceiptSigner(settings().keys_folder / "receipts")
    if not signer.exists:
        raise NotFound("there is no receipt key on this machine: give the signer's --public-key")
    return signer.public_key()


def _content(file: Path, what: str) -> bytes:
    try:
        if file.stat().st_size > _LARGEST:
            raise UsageError(f"{what} is larger than 256 MiB")
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{what} cannot be read ({type(error).__name__})") from None


def _call_id(text: str) -> CallId:
    if not is_call_id(text):
        raise UsageError("--call needs the id of a call")
    return CallId(text)


def _table(shown: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("receipt", "class", "why", "customer", "call", "done (UTC)"):
        table.add_column(column, no_wrap=True)
    for each in shown:
        done = each["done"][:19].replace("T", " ")
        call = each["call"] or "-"
        table.add_row(each["id"], each["class"], each["trigger"], each["customer"], call, done)
    return table
