"""`deckname customers set|allow|deny`: how a customer's calls are redacted, and how long they live.

Values may come from standard input, so that they need not stand in the shell's history.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.console import open_deck, remark, say
from pipeline.cli.options import CustomerArgument
from pipeline.domain.errors import UsageError
from pipeline.domain.ids import CustomerId
from pipeline.domain.redaction_policy import ListName, RedactionPolicy
from pipeline.domain.retention_policy import RetentionPolicy, UnsupportedConsent
from pipeline.formats.cues import one_line

if TYPE_CHECKING:
    from pipeline.domain.privacy import KnownParty

ValueArguments = Annotated[
    list[str],
    typer.Argument(metavar="VALUE", show_default=False, help="- reads them, one a line."),
]
TypeName = Annotated[
    str | None,
    typer.Option(
        "--type", metavar="TYPE", help="E.g. ORGANIZATION; by default what it looks like."
    ),
]
Remove = Annotated[bool, typer.Option("--remove", help="Take the values from the list instead.")]


def set_flags(
    customer: CustomerArgument,
    keep_vault: Annotated[
        bool | None,
        typer.Option("--vault/--no-vault", help="Keep what pseudonyms stand for, or drop it."),
    ] = None,
    link_callers: Annotated[
        bool | None,
        typer.Option("--link/--no-link", help="Same person or number, same link in all calls."),
    ] = None,
    generalise: Annotated[
        bool | None,
        typer.Option("--generalise/--no-generalise", help="Show age groups and postcode areas."),
    ] = None,
    transcripts: Annotated[
        str | None,
        typer.Option(metavar="PERIOD", help="How long transcripts live: 90d, 12w or `contract`."),
    ] = None,
    unsupported: Annotated[
        UnsupportedConsent | None,
        typer.Option(
            "--unsupported-consent",
            help="Audio whose consent was flagged, but never asked for in the call.",
        ),
    ] = None,
) -> None:
    """Set how a customer's calls are redacted, from the next one that a worker takes up, and how
    long they live: a shorter period acts on all calls, a longer one on those to come."""
    from pipeline.usecases.redaction_policy import set_flags
    from pipeline.usecases.retention_policy import parse_period, set_retention

    flags = (keep_vault, link_callers, generalise)
    redacts = any(flag is not None for flag in flags)
    if not redacts and transcripts is None and unsupported is None:
        raise UsageError(
            "say what to set: --vault, --link or --generalise, or --no-… of them, --transcripts "
            "or --unsupported-consent"
        )
    if transcripts is not None:
        parse_period(transcripts)  # before anything is changed
    deck = open_deck()
    words: dict[str, str] = {}
    if redacts:
        words |= _flag_words(set_flags(CustomerId(customer), deck, *flags))
    if transcripts is not None or unsupported is not None:
        retention = set_retention(CustomerId(customer), deck, transcripts, unsupported)
        words |= _retention_words(retention)
    said = ", ".join(f"{about} {state}" for about, state in words.items())
    remark(f"customer {customer}: {said}")


def allow(
    customer: CustomerArgument,
    values: ValueArguments,
    type_name: TypeName = None,
    remove: Remove = False,
) -> None:
    """Never redact these values, e.g. the customer's own office number and name."""
    _change_list(customer, ListName.ALLOW, values, type_name, remove)


def deny(
    customer: CustomerArgument,
    values: ValueArguments,
    type_name: TypeName = None,
    remove: Remove = False,
) -> None:
    """Always redact these values, e.g. names of staff; they beat the values allowed."""
    _change_list(customer, ListName.DENY, values, type_name, remove)


def say_policy(policy: RedactionPolicy, reveal: bool) -> None:
    """The flags, and how long the lists are; with `reveal` also what is on them."""
    for about, words in _flag_words(policy).items():
        say(f"{about:<11} {words}\n")
    for name in ListName:
        parties = policy.listed(name)
        say(f"{name:<11} {len(parties)} {'value' if len(parties) == 1 else 'values'}\n")
        for party in parties if reveal else ():
            say(f"{'':<11} {party.type:<15} {one_line(party.value)}\n")


def described(policy: RedactionPolicy, reveal: bool) -> dict[str, object]:
    """The policy as JSON values; of the lists their lengths, with `reveal` the values."""

    def shown(parties: tuple[KnownParty, ...]) -> object:
        if not reveal:
            return len(parties)
        return [{"type": str(party.type), "value": party.value} for party in parties]

    return {
        "keep_vault": policy.keep_vault,
        "link_callers": policy.link_callers,
        "generalise": policy.generalise,
        **{str(name): shown(policy.listed(name)) for name in ListName},
    }


def say_retention(policy: RetentionPolicy) -> None:
    """How long transcripts live, and what becomes of audio that nobody asked about."""
    for about, words in _retention_words(policy).items():
        say(f"{about:<11} {words}\n")


def described_retention(policy: RetentionPolicy) -> dict[str, object]:
    """The policy as JSON values."""
    period = policy.transcripts
    return {
        "transcripts_days": None if period is None else period / timedelta(days=1),
        "unsupported_consent": str(policy.unsupported),
        "version": policy.version,
    }


def _retention_words(policy: RetentionPolicy) -> dict[str, str]:
    """The rules in words, by what they are about; together a sentence."""
    period = policy.transcripts
    lived = "until the contract ends" if period is None else f"for {period.days} days"
    kept = policy.unsupported is UnsupportedConsent.KEEP
    return {
        "transcripts": f"live {lived}",
        "unsupported": f"consent {'keeps' if kept else 'destroys'} the audio",
    }


def _flag_words(policy: RedactionPolicy) -> dict[str, str]:
    """The flags in words, by what they are about; together a sentence."""
    return {
        "vault": "is kept" if policy.keep_vault else "is not kept",
        "callers": "are linked" if policy.link_callers else "are not linked",
        "coarse": f"values are {'' if policy.generalise else 'not '}shown",
    }


def _change_list(
    customer: str, name: ListName, values: list[str], type_name: str | None, remove: bool
) -> None:
    from pipeline.usecases.list_values import parse_values
    from pipeline.usecases.redaction_policy import add_values, remove_values

    if remove and type_name is not None:
        raise UsageError("--remove takes values of any type: leave --type out")
    typed = [each for value in values for each in (_lines() if value == "-" else [value])]
    if not typed:
        raise UsageError("there is no value on standard input")
    if remove:
        policy = remove_values(CustomerId(customer), name, typed, open_deck())
    else:
        parties = parse_values(typed, name, type_name)
        policy = add_values(CustomerId(customer), name, parties, open_deck())
    remark(f"customer {customer}: {len(policy.listed(name))} on the {name} list now")


def _lines() -> list[str]:
    try:
        text = sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError("standard input is not UTF-8") from None
    return [line.strip() for line in text.splitlines() if line.strip()]
