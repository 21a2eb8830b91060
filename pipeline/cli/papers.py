"""`deckname papers`: what data protection law wants in writing, from the running system."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipeline.cli.console import remark, say, settings
from pipeline.domain.errors import UsageError
from pipeline.domain.ids import CustomerId

if TYPE_CHECKING:
    from pipeline.formats.papers import Paper
    from pipeline.settings import Settings

Which = Literal["records", "deletion-concept", "measures", "subprocessors", "all"]


def papers(
    which: Annotated[
        Which, typer.Argument(metavar="PAPER", help="Which paper.", show_default=True)
    ] = "all",
    language: Annotated[Literal["de", "en"], typer.Option(help="German or English.")] = "de",
    as_format: Annotated[
        Literal["md", "pdf"], typer.Option("--format", help="Markdown or PDF.")
    ] = "pdf",
    output: Annotated[
        Path, typer.Option(metavar="DIR", help="Where to write the papers.")
    ] = Path(),
    customer: Annotated[
        str | None, typer.Option(metavar="ID", help="Only what concerns this customer.")
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Let the verifier look first; the papers say so.")
    ] = False,
) -> None:
    """Write the record of processing, deletion concept, measures and sub-processors: records,
    deletion-concept, measures, subprocessors, or all of them."""
    from pipeline.bootstrap import bootstrap
    from pipeline.formats.papers import papers_named, write_paper
    from pipeline.installation import installation_of
    from pipeline.usecases.describe_processing import describe_processing

    chosen = settings()
    processing = describe_processing(
        installation_of(chosen),
        bootstrap(chosen),
        None if customer is None else CustomerId(customer),
        _findings(chosen) if verify else None,
    )
    for name in papers_named(which):
        paper = write_paper(name, language, processing)
        path = output / f"{name}.{language}.{as_format}"
        _write(path, paper, as_format)
        say(f"{path}\n")
        if paper.gaps:
            remark(f"{path.name}: {paper.gaps} gaps that only you can fill ([operator])")


def _findings(settings: Settings) -> int:
    from pipeline.cli.verifying import inspect

    return len(inspect(settings).findings)


def _write(path: Path, paper: Paper, as_format: str) -> None:
    content = paper.pdf() if as_format == "pdf" else paper.markdown.encode()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(0o600)
        path.chmod(0o600)  # an earlier one may be anybody's to read
        path.write_bytes(content)
    except OSError as error:
        raise UsageError(f"the paper cannot be written ({type(error).__name__})") from None
