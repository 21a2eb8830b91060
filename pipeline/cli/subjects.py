"""`deckname export|erase|rectify|restrict|object`: what a data subject may ask for."""

from __future__ import annotations

import json
import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipeline.cli import searching
from pipeline.cli.calls import call_id_of
from pipeline.cli.console import open_deck, remark, say
from pipeline.cli.options import AsJson
from pipeline.domain.errors import UsageError
from pipeline.domain.ids import CustomerId

if TYPE_CHECKING:
    from pipeline.usecases.erase_subject import Erasure
    from pipeline.usecases.second_key import Confirmation

ACTOR = "operator"


def export(
    customer: searching.Customer,
    calls: searching.Calls = None,
    phone: searching.Phone = None,
    email: searching.Email = None,
    name: searching.Name = None,
    everything: searching.Everything = False,
    format: Annotated[
        Literal["json", "html"], typer.Option(help="For programs, or a letter to print.")
    ] = "json",
    language: Annotated[Literal["de", "en"], typer.Option(help="Of the words in it.")] = "de",
    own: Annotated[
        list[str] | None,
        typer.Option(metavar="PSEUDONYM", help="It too stands for the subject, e.g. [IBAN_1]."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write there, for its owner only.")
    ] = None,
    request: searching.Request = None,
) -> None:
    """Export all that is kept of somebody's calls (Art. 15, 20); the audit log says so."""
    from pipeline.adapters.new_file import new_file
    from pipeline.formats.subject_page import subject_page
    from pipeline.usecases.export_subject import export_subject
    from pipeline.usecases.find_subject import waiting_words

    search = searching.search_of(customer, calls, phone, email, name, everything)
    if output is not None and os.path.lexists(output):
        raise UsageError("the file is there already; nothing was exported")
    # The file is made first: a request is not answered by what could not be written.
    with nullcontext() if output is None else new_file(output.absolute()) as file:
        document = export_subject(search, open_deck(), ACTOR, language, own or (), request)
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        if format == "html":
            text = subject_page(document)
        if file is None:
            say(text)
        else:
            file.write(text.encode())
    left = waiting_words(document["waiting"])
    remark(f"{len(document['calls'])} calls exported, request {document['request']['id']}{left}")


def erase(
    customer: searching.Customer,
    calls: searching.Calls = None,
    phone: searching.Phone = None,
    email: searching.Email = None,
    name: searching.Name = None,
    everything: searching.Everything = False,
    confirm_by: Annotated[
        str | None, typer.Option(metavar="ROLE", help="The second person, for large erasures.")
    ] = None,
    count: Annotated[
        int | None, typer.Option("--calls", min=1, help="How many calls that person confirms.")
    ] = None,
    second_key: Annotated[
        str, typer.Option(metavar="KEY", help="The erasure key; - reads it.")
    ] = "-",
    request: searching.Request = None,
    as_json: AsJson = False,
) -> None:
    """Erase somebody's calls (Art. 17): transcripts, vaults, audio. There is no way back."""
    from pipeline.usecases.erase_subject import erase_subject

    search = searching.search_of(customer, calls, phone, email, name, everything)
    confirmation = _confirmation(confirm_by, count, second_key)
    done = erase_subject(search, open_deck(), ACTOR, confirmation, request)
    if as_json:
        say(json.dumps(_described(done), indent=2) + "\n")
    else:
        _tell(done)
    if done.held:
        raise typer.Exit(1)


def rectify(
    call: Annotated[str, typer.Argument(metavar="CALL", show_default=False)],
    pseudonym: Annotated[str, typer.Argument(metavar="PSEUDONYM", show_default=False)],
    customer: searching.Customer,
    value: Annotated[
        str, typer.Option(metavar="VALUE", help="What it stands for; - reads it.")
    ] = "-",
    request: searching.Request = None,
) -> None:
    """Set what a pseudonym stands for (Art. 16); the audit log says that, without the value."""
    from pipeline.usecases.rectify_subject import rectify_subject

    call_id = call_id_of(call)
    rectify_subject(
        call_id,
        CustomerId(customer),
        pseudonym,
        searching.line_of(value) or "",
        open_deck(),
        request,
    )
    remark(f"rectified in {call_id}")


def restrict(
    customer: searching.Customer,
    calls: searching.Calls = None,
    phone: searching.Phone = None,
    email: searching.Email = None,
    name: searching.Name = None,
    everything: searching.Everything = False,
    lift: Annotated[bool, typer.Option("--lift", help="End the restriction.")] = False,
    request: searching.Request = None,
) -> None:
    """Keep somebody's calls, and neither process nor show them (Art. 18)."""
    from pipeline.usecases.mark_subject import lift_restriction, restrict_subject

    search = searching.search_of(customer, calls, phone, email, name, everything)
    if lift and request is not None:
        raise UsageError("lifting answers no request: leave --request out")
    if lift:
        done = lift_restriction(search, open_deck(), ACTOR)
    else:
        done = restrict_subject(search, open_deck(), ACTOR, request)
    remark(f"{len(done)} calls {'shown and processed again' if lift else 'restricted'}")


def object_(
    customer: searching.Customer,
    calls: searching.Calls = None,
    phone: searching.Phone = None,
    email: searching.Email = None,
    name: searching.Name = None,
    everything: searching.Everything = False,
    request: searching.Request = None,
) -> None:
    """No language model reads somebody's calls any more (Art. 21)."""
    from pipeline.usecases.mark_subject import object_subject

    search = searching.search_of(customer, calls, phone, email, name, everything)
    done = object_subject(search, open_deck(), ACTOR, request)
    remark(f"{len(done)} calls kept from language models")


def _confirmation(by: str | None, calls: int | None, key: str) -> Confirmation | None:
    from pipeline.usecases.second_key import Confirmation

    if by is None:
        return None
    if calls is None:
        raise UsageError("--confirm-by needs --calls: how many calls are to go")
    if key == "-" and sys.stdin.isatty():
        key = typer.prompt("Erasure key", hide_input=True)
    return Confirmation(by, calls, searching.line_of(key) or "")


def _tell(done: Erasure) -> None:
    from pipeline.usecases.find_subject import waiting_words
    from pipeline.usecases.hold_calls import held_words

    for call_id in done.erased:
        say(f"{call_id}  erased\n")
    for call_id, holds in done.held:
        for hold in holds:
            say(f"{call_id}  kept: {held_words(hold)}\n")
    for receipt in done.receipts:
        say(f"{receipt.body['call']}  receipt {receipt.id}\n")
    left = f"; {done.possible} more may match, see `deckname rights find`" if done.possible else ""
    left += waiting_words(done.waiting)
    remark(f"{len(done.erased)} calls erased, {len(done.held)} kept by legal holds{left}")


def _described(done: Erasure) -> dict[str, object]:
    return {
        "request": done.request.id,
        "outcome": done.request.outcome,
        "erased": list(done.erased),
        "held": [
            {
                "call": call_id,
                "holds": [
                    {
                        "id": hold.id,
                        "reason": hold.reason,
                        "until": None if hold.until is None else hold.until.isoformat(),
                    }
                    for hold in holds
                ],
            }
            for call_id, holds in done.held
        ],
        "receipts": [receipt.id for receipt in done.receipts],
        "possible": done.possible,
        "waiting": done.waiting,
    }
