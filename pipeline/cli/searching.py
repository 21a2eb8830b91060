"""How the rights desk's commands say whom they mean."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.calls import call_id_of
from pipeline.domain.errors import UsageError
from pipeline.domain.ids import CustomerId

if TYPE_CHECKING:
    from pipeline.usecases.find_subject import Search

Customer = Annotated[str, typer.Option(metavar="ID", help="Whose calls.", show_default=False)]
Calls = Annotated[list[str] | None, typer.Argument(metavar="CALL…", show_default=False)]
Phone = Annotated[
    str | None, typer.Option(metavar="NUMBER", help="Calls with this phone number; - reads it.")
]
Email = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="Calls with this e-mail address; - reads it.")
]
Name = Annotated[
    str | None, typer.Option(metavar="NAME", help="Calls with this full name; - reads it.")
]
Everything = Annotated[bool, typer.Option("--all", help="All calls of the customer.")]
Request = Annotated[
    str | None,
    typer.Option(metavar="REQUEST", help="Answers this request; by default a new one."),
]


def search_of(
    customer: str,
    calls: list[str] | None,
    phone: str | None,
    email: str | None,
    name: str | None,
    everything: bool,
) -> Search:
    """What was typed. `-` is one line of standard input, so that it need not stand in the shell's
    history. Raises `UsageError` where nothing was."""
    from pipeline.domain.subject import Subject
    from pipeline.usecases.find_subject import Search

    asked = [line_of(each) for each in (phone, email, name)]
    chosen = tuple(call_id_of(each) for each in calls or ())
    if not any((*asked, *chosen, everything)):
        raise UsageError("say whose: --phone, --email, --name, the ids of calls, or --all")
    return Search(CustomerId(customer), Subject(*asked), chosen, everything)


def line_of(text: str | None) -> str | None:
    """`text`, or the next line of standard input where it is `-`. Raises `UsageError`."""
    if text != "-":
        return text
    line = sys.stdin.readline().strip()
    if not line:
        raise UsageError("there is no line on standard input")
    return line


def moment_of(text: str | None, option: str, zone: tzinfo = UTC) -> datetime | None:
    """A date (its first instant in `zone`) or a time in ISO 8601; in UTC. Raises `UsageError`."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} is a date such as 2026-12-31") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
