"""`deckname models`: which speech models there are, and whether they are whole."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.table import Table

from pipeline.cli.console import err, out, remark, say, settings
from pipeline.cli.options import AsJson
from pipeline.domain.errors import ModelUnavailable

app = typer.Typer(no_args_is_help=True, help="List, check and fetch speech models.")

Name = Annotated[
    str | None,
    typer.Argument(metavar="NAME", help="By default DECKNAME_MODEL.", show_default=False),
]


@app.command("list")
def list_models(as_json: AsJson = False) -> None:
    """List models, and where they lie on this machine."""
    from models.catalog import known_models

    chosen = settings().model
    found = known_models()
    if as_json:
        listing = [
            {
                "name": model.name,
                "origin": str(model.origin),
                "languages": model.languages,
                "licence": model.licence,
                "folder": None if model.folder is None else str(model.folder),
                "chosen": model.name == chosen,
            }
            for model in found
        ]
        say(json.dumps(listing, indent=2) + "\n")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("", "model", "languages", "licence", "here"):
        table.add_column(column, no_wrap=True)
    for model in found:
        mark, here = "→" if model.name == chosen else "", "yes" if model.folder else "no"
        table.add_row(mark, model.name, model.languages, model.licence, here)
    out().print(table)
    if chosen not in {model.name for model in found}:
        say(f"DECKNAME_MODEL is {chosen}\n")


@app.command("check")
def check_model(name: Name = None) -> None:
    """Check that a model is here and that its files have their checksums."""
    from models.catalog import ModelNotHere, check, local_folder

    chosen = name or settings().model
    try:
        folder = local_folder(chosen)
    except ModelNotHere as error:
        raise ModelUnavailable(str(error)) from None
    if folder is None:
        raise ModelUnavailable(f"{chosen} is not here: run `deckname models fetch {chosen}`")
    wrong = check(folder)
    if wrong:
        raise ModelUnavailable(
            f"the model {chosen} is damaged ({', '.join(wrong)}): install or fetch it again"
        )
    say(f"{chosen}: all files are here and whole\n")


@app.command("fetch")
def fetch_model(name: Name = None) -> None:
    """Fetch a model from the hub into its cache."""
    from models.catalog import ModelNotHere, resolve

    chosen = name or settings().model
    try:
        with err().status(f"Fetching {chosen}"):
            folder = resolve(chosen)
    except ModelNotHere as error:
        raise ModelUnavailable(str(error)) from None
    say(f"{folder}\n")
    remark(f"{chosen} is here; use it with DECKNAME_MODEL={chosen}")
