"""`deckname backup`: the store in one sealed file, and back without what was deleted since."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli.console import remark, say, settings
from pipeline.cli.options import AsJson
from pipeline.domain.errors import UsageError

if TYPE_CHECKING:
    from pipeline.domain.backup import Manifest

app = typer.Typer(no_args_is_help=True, help="Back up and restore; what was deleted stays deleted.")

_ASIDE = (
    "; keys and ledger are as they were, and what is left to delete is deleted once DECKNAME_HOME"
    " names the new folder: end the other store before"
)

BackupFile = Annotated[Path, typer.Argument(metavar="FILE", show_default=False)]


@app.command("create")
def create(file: BackupFile, as_json: AsJson = False) -> None:
    """Write the database and the recordings into one sealed FILE, while everything runs."""
    from pipeline.bootstrap import bootstrap, bootstrap_backups
    from pipeline.usecases.backups import create_backup

    chosen = settings()
    apart = (chosen.home_folder, chosen.keys_folder)
    manifest = create_backup(file, bootstrap(chosen), bootstrap_backups(chosen), apart)
    if as_json:
        say(json.dumps(_described(manifest), indent=2) + "\n")
        return
    bucket = chosen.bucket
    stay = "" if bucket is None else f"; all other recordings stay in {bucket.place}: keep it"
    remark(
        f"backed up {manifest.calls} calls and {manifest.recordings} recordings{stay}; no key is in"
        " it: keep DECKNAME_KEYS, and its ledger, apart"
    )


@app.command("restore")
def restore(
    file: BackupFile,
    into: Annotated[
        Path | None,
        typer.Option(metavar="HOME", help="The empty data folder; by default DECKNAME_HOME."),
    ] = None,
    without_ledger: Annotated[
        bool,
        typer.Option(
            "--without-ledger",
            help="The deletion ledger is lost: what was deleted since the backup comes back.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Restore FILE into an empty data folder; then delete again what the ledger tells."""
    from pipeline.bootstrap import bootstrap_backups, bootstrap_restored
    from pipeline.usecases.backups import restore_backup

    chosen = settings()
    home = chosen.home_folder if into is None else into.expanduser().absolute()
    aside = home.resolve() != chosen.home_folder.resolve()
    done = restore_backup(
        file,
        home,
        bootstrap_backups(chosen),
        lambda folder: bootstrap_restored(chosen, folder, aside),
        without_ledger=without_ledger,
        aside=aside,
    )
    if as_json:
        counts = {
            "deleted_again": done.replayed.entries,
            "recordings_lost": done.lost,
            "requests_of_strangers": list(done.replayed.strangers),
            "corrections_lost": list(done.replayed.reopened),
        }
        say(json.dumps(_described(done.manifest) | counts, indent=2) + "\n")
        return
    remark(
        f"restored {done.manifest.calls} calls of {done.manifest.at:%F %T} UTC;"
        f" {done.replayed.entries} entries of the deletion ledger were done again"
        f"{_ASIDE if aside else ''}"
    )
    if done.replayed.strangers:
        remark(
            f"open requests of customers that the backup does not have: "
            f"{', '.join(done.replayed.strangers)}; add the customers again, and open these anew"
        )
    if done.replayed.reopened:
        remark(
            f"requests that were answered with a correction, which the backup does not have: "
            f"{', '.join(done.replayed.reopened)}; they are open again, rectify once more"
        )
    remark(
        "customers, calls and consents given that came after that time are not in it, and nobody"
        " can tell them from here"
    )


@app.command("remake-ledger")
def remake(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Write a lost deletion ledger anew, from what the database knows."""
    from pipeline.bootstrap import bootstrap
    from pipeline.usecases.remake_ledger import remake_ledger

    if not yes:
        if not sys.stdin.isatty():
            raise UsageError(
                "if the database came from a backup, what was deleted since cannot be told any"
                " more: say --yes"
            )
        typer.confirm("Is there no copy of the ledger left? This one will know less", abort=True)
    added = remake_ledger(bootstrap(settings(), catching_up=False))
    remark(f"the deletion ledger has {added} more entries, all that the database knows")


def _described(manifest: Manifest) -> dict[str, Any]:
    return {
        "at": manifest.at.isoformat(),
        "schema": manifest.schema,
        "customers": manifest.customers,
        "calls": manifest.calls,
        "recordings": manifest.recordings,
        "audit": {"position": manifest.audit_position, "hash": manifest.audit_head},
    }
