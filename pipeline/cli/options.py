"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

FormatName = Literal["json", "txt", "srt", "vtt"]
Files = Annotated[list[Path], typer.Argument(metavar="FILE…", show_default=False)]
Language = Annotated[
    str | None,
    typer.Option(metavar="LANG", help="de or en; by default the recording tells."),
]
OutputFormat = Annotated[FormatName, typer.Option("--format", help="How to write transcripts.")]
CustomerArgument = Annotated[str, typer.Argument(metavar="ID", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON for programs.")]
Layout = Annotated[
    Literal["agent_left", "caller_left"],
    typer.Option(help="Who is on the left channel of a stereo recording."),
]
