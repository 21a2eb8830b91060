"""`deckname maintenance`: clean up once, by hand; and tell Deckname that the clock is right."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.console import open_deck, remark, say
from pipeline.cli.options import AsJson

if TYPE_CHECKING:
    from pipeline.usecases.clean_up import StepResult

app = typer.Typer(no_args_is_help=True, help="Delete what is due, once and in the foreground.")

_WORDS = {
    "led_elsewhere": "another instance does this",
    "clock_behind": "skipped: the clock is behind a moment that was seen before",
    "clock_ahead": "skipped: the clock jumped ahead by more than 400 days",
}

_LED_ELSEWHERE = (
    "another instance leads maintenance, as `deckname up` does while it runs: it takes these steps "
    "every minute, and nothing was done twice; if it was killed, its lease ends within two minutes:"
    " say this again then"
)


@app.command("run")
def run(
    as_json: AsJson = False,
    clock_is_right: Annotated[
        bool,
        typer.Option(
            "--clock-is-right", help="Believe the clock of this machine, though it jumped."
        ),
    ] = False,
) -> int:
    """Do all that maintenance does, once; exit 1 if a step failed, waits or mistrusts the clock.
    Safe while `deckname up` runs: what that does is left to it."""
    from pipeline.usecases.clean_up import Leadership, clean_up, confirm_clock

    deck = open_deck()
    if clock_is_right:
        state = confirm_clock(deck)
        remark(f"{state}: this machine's clock is believed from now on")
    leadership = Leadership(f"command-{secrets.token_hex(8)}")
    try:
        results = clean_up(deck, leadership)
    finally:
        leadership.give_up(deck)
    waiting = len(deck.deletions.pending(limit=1_000_000))
    elsewhere = any(each.skipped == "led_elsewhere" for each in results)
    wrong = waiting > 0 or any(
        each.failed or each.skipped not in (None, "led_elsewhere") for each in results
    )
    if as_json:
        report = {
            "ok": not wrong,
            "led_elsewhere": elsewhere,
            "waiting": waiting,
            "steps": [asdict(each) for each in results],
        }
        say(json.dumps(report, indent=2) + "\n")
    else:
        for each in results:
            say(f"{each.name:<19} {_said(each)}\n")
    if elsewhere:
        remark(_LED_ELSEWHERE)
    if waiting:
        then = "that instance signs it" if elsewhere else "start `deckname up`"
        remark(
            f"deletions that wait for Redis before their receipt is signed: {waiting}; nothing of "
            f"them can be opened any more; {then}"
        )
    return int(wrong)


def _said(result: StepResult) -> str:
    if result.failed is not None:
        return f"failed: {result.failed}"
    return str(result.count) if result.skipped is None else _WORDS[result.skipped]
