"""All commands in one Typer application. Command modules import what is heavy when they run."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from pipeline.cli import (
    calls,
    customers,
    demo,
    detecting,
    doctor,
    keys,
    listening,
    models,
    pushing,
    transcribing,
    up,
    verifying,
)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="From call recordings to pseudonymised transcripts: no voice is kept, no name is shown.",
)
app.command("up")(up.up)
app.command("demo")(demo.demo)
app.command("transcribe")(transcribing.transcribe)
app.command("push")(pushing.push)
app.command("calls")(calls.calls)
app.command("show")(calls.show)
app.command("audio")(listening.audio)
app.command("detect")(detecting.detect)
app.command("redact")(detecting.redact)
app.add_typer(customers.app, name="customers")
app.add_typer(keys.app, name="keys")
app.command("verify")(verifying.verify)
app.add_typer(models.app, name="models")
app.command("doctor")(doctor.doctor)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        sys.stdout.write(f"deckname {version('deckname')}\n")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options of every command."""
