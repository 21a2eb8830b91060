"""`deckname export|erase|rectify|restrict|object`: what a data subject may ask for."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from pipeline.cli import searching
from pipeline.cli.calls import call_id_of
from pipeline.cli.console import open_deck, remark, say, settings
from pipeline.cli.options import AsJson
from pipeline.domain.errors import UsageError
from pipeline.domain.ids import CustomerId
from pipeline.formats.counts import counted

if TYPE_CHECKING:
    from pipeline.usecases.erase_subject import Erasure
    from pipeline.usecases.mark_subject import Marked
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
    from pipeline.bootstrap import bootstrap
    from pipeline.domain.rights import Right
    from pipeline.formats.subject_page import subject_page
    from pipeline.usecases.export_subject import export_subject
    from pipeline.usecases.find_subject import waiting_words

    chosen = settings()
    search = searching.search_of(customer, calls, phone, email, name, everything)
    if output is not None and os.path.lexists(output):
        raise UsageError("the file is there already; nothing was exported")
    # The file is made first: a request is not answered by what could not be written.
    with nullcontext() if output is None else new_file(output.absolute()) as file:
        deck, named = bootstrap(chosen), own or ()
        right = Right.ACCESS if format == "html" else Right.EXPORT
        document = export_subject(search, deck, ACTOR, language, named, request, right)
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        if format == "html":
            text = subject_page(document, chosen.zone)
        if file is None:
            say(text)
        else:
            file.write(text.encode())
    _tell_hidden(document, customer)
    left = _possible_words(document["possible"]) + waiting_words(document["waiting"])
    exported = counted(len(document["calls"]), "call")
    remark(f"{exported} exported, request {document['request']['id']}{left}")


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
    lift: Annotated[
        bool,
        typer.Option("--lift", help="It was taken back: keep what holds kept till now."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Erase somebody's calls (Art. 17): transcripts, vaults, audio. There is no way back. What a
    legal hold keeps is withheld, and erased by itself when the hold ends."""
    from pipeline.usecases.erase_subject import erase_subject
    from pipeline.usecases.mark_subject import take_back_erasure

    search = searching.search_of(customer, calls, phone, email, name, everything)
    if lift:
        _check_lift(lift, request)
        back = take_back_erasure(search, open_deck(), ACTOR)
        remark(_marked_words(back, "kept when the hold ends", "not to be erased"))
        return
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
    _check_lift(lift, request)
    if lift:
        done = lift_restriction(search, open_deck(), ACTOR)
        remark(_marked_words(done, "shown and processed again", "not restricted"))
    else:
        done = restrict_subject(search, open_deck(), ACTOR, request)
        remark(_marked_words(done, "restricted", "restricted before"))


def object_(
    customer: searching.Customer,
    calls: searching.Calls = None,
    phone: searching.Phone = None,
    email: searching.Email = None,
    name: searching.Name = None,
    everything: searching.Everything = False,
    lift: Annotated[bool, typer.Option("--lift", help="The objection was withdrawn.")] = False,
    request: searching.Request = None,
) -> None:
    """No language model reads somebody's calls any more (Art. 21)."""
    from pipeline.usecases.mark_subject import lift_objection, object_subject

    search = searching.search_of(customer, calls, phone, email, name, everything)
    _check_lift(lift, request)
    if lift:
        done = lift_objection(search, open_deck(), ACTOR)
        remark(_marked_words(done, "under no objection any more", "under no objection"))
    else:
        done = object_subject(search, open_deck(), ACTOR, request)
        remark(_marked_words(done, "kept from language models", "kept from them before"))


def _check_lift(lift: bool, request: str | None) -> None:
    if lift and request is not None:
        raise UsageError("lifting answers no request: leave --request out")


def _marked_words(done: Marked, did: str, before: str) -> str:
    from pipeline.usecases.find_subject import waiting_words

    told = [f"{counted(len(done.calls), 'call')} {did}" if done.calls else "nothing changed"]
    if done.unchanged:
        told.append(f"{counted(done.unchanged, 'call')} {before}")
    if done.erased:
        told.append(f"{counted(done.erased, 'call')} erased before")
    return "; ".join(told) + waiting_words(done.waiting)


def _tell_hidden(document: Mapping[str, Any], customer: str) -> None:
    """What of each call stays behind pseudonyms, and how that ends."""
    from pipeline.formats.subject_page import by_type

    more = False
    for call in document["calls"]:
        transcript = call["transcript"]
        if transcript is None or not transcript["hidden"]:
            continue
        listed = ", ".join(
            f"{len(names)} {kind} ({', '.join(names)})"
            for kind, names in by_type(transcript["hidden"]).items()
        )
        kept = transcript["vault_kept"]
        more = more or kept
        lost = "" if kept else " for good, as no vault was kept"
        remark(f"in {call['id']} stays hidden{lost}: {listed}")
    if more:
        remark(
            "what stays hidden may be other people's (Art. 15 (4) GDPR); where it is the subject's "
            f"own: `deckname export --customer {customer} CALL --own PSEUDONYM`"
        )


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
    from pipeline.usecases.finish_deletions import pending_words
    from pipeline.usecases.hold_calls import held_words

    for call_id in done.erased:
        say(f"{call_id}  erased\n")
    for call_id, holds in done.held:
        for hold in holds:
            say(f"{call_id}  kept: {held_words(hold)}\n")
    for receipt in done.receipts:
        say(f"{receipt.body['call']}  receipt {receipt.id}\n")
    left = _possible_words(done.possible) + waiting_words(done.waiting)
    left += pending_words(done.pending)
    erased = f"{counted(len(done.erased), 'call')} erased"
    later = ", to be erased by itself when they end" if done.held else ""
    remark(f"{erased}, {len(done.held)} kept by legal holds{later}{left}")


def _possible_words(possible: int) -> str:
    return f"; {possible} more may match, see `deckname rights find`" if possible else ""


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
        "pending_receipts": done.pending,
    }
