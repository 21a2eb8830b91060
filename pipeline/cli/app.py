"""All commands in one Typer application. Command modules import what is heavy when they run."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from pipeline.cli import (
    backup,
    calls,
    consent,
    customers,
    demo,
    detecting,
    doctor,
    holds,
    keys,
    listening,
    maintenance,
    models,
    papers,
    pushing,
    receipts,
    rights,
    subjects,
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
app.add_typer(consent.app, name="consent")
app.command("export")(subjects.export)
app.command("erase")(subjects.erase)
app.command("rectify")(subjects.rectify)
app.command("restrict")(subjects.restrict)
app.command("object")(subjects.object_)
app.add_typer(rights.app, name="rights")
app.add_typer(holds.app, name="hold")
app.command("verify")(verifying.verify)
app.add_typer(receipts.app, name="receipts")
app.add_typer(backup.app, name="backup")
app.command("papers")(papers.papers)
app.add_typer(models.app, name="models")
app.add_typer(maintenance.app, name="maintenance")
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
