"""What the demo shows: progress, then per call the transcript, the vault and the audio's end."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from pipeline.cli.calls import SPEAKER_STYLES, coloured
from pipeline.domain.errors import DecknameError, ServiceUnavailable
from pipeline.domain.ids import CallId, CustomerId

if TYPE_CHECKING:
    from pipeline.cli.api_client import ApiClient
    from pipeline.domain.call import Call
    from pipeline.settings import Settings
    from pipeline.usecases.deck import Deck

_NAMES = {
    "PERSON": "person",
    "LOCATION": "place",
    "STREET_ADDRESS": "street",
    "POSTCODE": "postcode",
    "PHONE_NUMBER": "phone number",
    "EMAIL_ADDRESS": "e-mail address",
    "DATE_OF_BIRTH": "date of birth",
    "ORGANIZATION": "organisation",
}


class Story:
    """The demo's voice, on standard output."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=False)

    def begin(self, root: Path) -> None:
        """What is going to happen."""
        self._console.print("[bold]Deckname demo[/]  everything real, on this machine, offline")
        self._console.print(
            "Synthetic calls go in through the API; a worker transcribes and pseudonymises them;\n"
            "the transcript is stored, and in the same transaction the key to the voice is "
            "destroyed.\n"
        )

    def customer(self, name: str, deck: Deck) -> None:
        """Add the customer whose calls follow."""
        from pipeline.usecases.customers import add_customer

        add_customer(name, "Musterhaus Immobilien", deck)
        self._console.print(f"[green]✓[/] Redis, API, worker and maintenance run; customer {name}")

    def follow(self, api: ApiClient, titles: Mapping[str, str]) -> None:
        """Show each call on its way. Raises `ServiceUnavailable` where one fails."""
        with Progress(
            SpinnerColumn(finished_text="[green]✓[/]"),
            TextColumn("{task.description}"),
            TextColumn("[dim]{task.fields[status]}[/]"),
            TimeElapsedColumn(),
            console=self._console,
        ) as progress:
            rows = {
                call_id: progress.add_task(title, total=1, status="received")
                for call_id, title in titles.items()
            }
            for call in api.follow(list(titles)):
                if call["status"] == "failed":
                    raise ServiceUnavailable(f"{call['id']} failed: {call['failure']}")
                done = int(call["status"] == "stored")
                progress.update(rows[call["id"]], completed=done, status=call["status"])

    def call(self, number: int, title: str, source: Path, call_id: str, deck: Deck) -> None:
        """One call: what was said, what is stored, what the vault holds, where the voice is."""
        from pipeline.formats import format_named
        from pipeline.usecases.read_transcript import read_transcript

        call = deck.calls.call(CallId(call_id), CustomerId("musterhaus"))
        self._console.print()
        self._console.print(Rule(f"[bold]{number}  {title}[/]", align="left", style="dim"))
        if number == 1:
            self._console.print("\n[bold]What was said[/]  [dim](the script of this call)[/]")
            self._console.print(_indented(_script(source.with_suffix(".json"))))
        redacted = read_transcript(call.id, deck)
        self._console.print("\n[bold]What is stored[/]")
        self._console.print(_indented(coloured(format_named("txt").render(redacted))))
        self._console.print(_facts(call, source, deck))

    def verified(self, settings: Settings) -> bool:
        """Let the independent verifier look; whether it found nothing wrong."""
        from pipeline.cli.verifying import examine

        findings = examine(settings)
        self._console.print()
        self._console.print(Rule("[bold]The independent verifier[/]", align="left", style="dim"))
        for finding in findings:
            self._console.print(f"[red]✗[/] {finding.check}  {finding.place}  {finding.detail}")
        if not findings:
            self._console.print(
                "[green]✓[/] disk, database, keys and Redis: nothing overdue, nothing orphaned"
            )
        return not findings

    def end(self, root: Path, call_id: str, seconds: float, good: bool) -> None:
        """What to try next."""
        verdict = "[bold green]Done[/]" if good else "[bold red]Something is wrong[/]"
        self._console.print(f"\n{verdict} in {seconds:.0f} s. All of it lies in {root.name}/.")
        home = f"DECKNAME_HOME={root.name}/home DECKNAME_KEYS={root.name}/keys"
        self._console.print(
            "Next, the originals back from the vault (the audit log will tell of it):",
        )
        self._console.print(f"  {home} deckname show {call_id} --reveal", soft_wrap=True)
        self._console.print(
            "or your own recordings, with a model that understands people:\n"
            "  DECKNAME_MODEL=large-v3-turbo deckname transcribe FILE"
        )


def _facts(call: Call, source: Path, deck: Deck) -> Padding:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    table.add_row("vault", _vault(call, deck))
    audio, proofs = _audio(call, source, deck)
    table.add_row("audio", audio)
    for proof in proofs:
        table.add_row("", Text(proof, "dim"))
    return Padding(table, (1, 0, 0, 0))


def _vault(call: Call, deck: Deck) -> str:
    """Counts by type; the originals stay closed."""
    from pipeline.usecases.read_transcript import read_vault

    counts = read_vault(call, deck).counts()
    shown = [f"{count} {_plural(str(kind), count)}" for kind, count in counts.items()]
    return ", ".join(shown) or "empty"


def _plural(kind: str, count: int) -> str:
    name = _NAMES.get(kind, kind.lower().replace("_", " "))
    if count == 1:
        return name
    return {"person": "people", "e-mail address": "e-mail addresses"}.get(name, name + "s")


def _audio(call: Call, source: Path, deck: Deck) -> tuple[Text, list[str]]:
    """What became of the voice, and what really happened when we tried to get it back."""
    if call.audio_until is not None:
        opened = deck.recordings.open(call.id, deck.calls.recording(call.id))
        same = opened == source.read_bytes()
        return (
            Text(f"kept by consent until {call.audio_until:%d %B %Y, %H:%M} UTC", "yellow"),
            [f"opened with its own key: {len(opened):,} bytes, {'' if same else 'not '}as pushed"],
        )
    return Text("destroyed", "green"), [_key_proof(call, deck), _backup_proof(call, deck)]


def _key_proof(call: Call, deck: Deck) -> str:
    try:
        deck.calls.recording(call.id)
    except DecknameError as error:
        return f"its key: {type(error).__name__}: {error}"
    raise ServiceUnavailable(f"{call.id} is stored, and its audio can still be opened")


def _backup_proof(call: Call, deck: Deck) -> str:
    """Put a copy of the sealed blob back, as a restored backup would, and try to open it."""
    blob = Path.cwd() / "home" / "blobs" / call.id
    copy = Path.cwd() / "copies" / call.id
    gone = "its blob: gone from the disk" if not blob.exists() else "its blob: STILL THERE"
    if not copy.exists():
        return gone
    shutil.copyfile(copy, blob)
    try:
        deck.recordings.open(call.id, deck.calls.recording(call.id))
    except DecknameError as error:
        size = copy.stat().st_size
        return f"{gone}; a copy of {size:,} bytes put back: {type(error).__name__}, too"
    finally:
        deck.recordings.unlink(call.id)
    raise ServiceUnavailable(f"{call.id} is stored, and a copy of its audio can be opened")


def _script(truth: Path) -> Text:
    text = Text()
    for turn in json.loads(truth.read_text("utf-8"))["turns"]:
        minutes, seconds = divmod(int(turn["start"]), 60)
        style = SPEAKER_STYLES[turn["channel"]]
        text.append(f"[{minutes:02}:{seconds:02}] ", "dim")
        text.append(f"{turn['channel']:<6} ", f"bold {style}").append(f"{turn['text']}\n", style)
    text.rstrip()
    return text


def _indented(text: Text) -> Padding:
    return Padding(text, (0, 0, 0, 2))
