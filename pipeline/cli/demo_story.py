"""What the demo shows: progress, then per call the transcript, the vault and the audio's end."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from pipeline.adapters.receipt_key import verifies
from pipeline.cli.calls import conversation, turns_of
from pipeline.domain.errors import KeyDestroyed, ServiceUnavailable
from pipeline.domain.ids import CallId

if TYPE_CHECKING:
    from pipeline.cli.api_client import ApiClient
    from pipeline.domain.call import Call
    from pipeline.domain.deletion import Receipt
    from pipeline.settings import Settings
    from pipeline.usecases.deck import Deck

_RECEIPT_SECONDS = 30.0
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
    """The demo's voice, on standard output. `root` is the folder it happens in."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._console = Console(highlight=False, soft_wrap=False)

    def begin(self) -> None:
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
        from pipeline.usecases.read_transcript import read_transcript

        call = deck.calls.call(CallId(call_id))
        self._heading(f"{number}  {title}", f"{call.duration:.0f} s")
        if number == 1:
            self._console.print("\n[bold]What was said[/]  [dim](the script of this call)[/]")
            self._console.print(_indented(conversation(_script(source.with_suffix(".json")))))
        redacted = read_transcript(call.id, deck)
        self._console.print("\n[bold]What is stored[/]")
        self._console.print(_indented(conversation(turns_of(redacted))))
        self._console.print(_facts(call, source, deck, self._root))

    def receipt(self, call_id: str, deck: Deck) -> None:
        """The signed receipt of the first voice's deletion; it verifies, altered it does not."""
        receipt = _receipt(CallId(call_id), deck)
        self._heading("A deletion receipt", receipt.id)
        facts, body = Table.grid(padding=(0, 2)), receipt.body
        facts.add_column(style="bold", no_wrap=True)
        facts.add_column()
        facts.add_row("what and why", f"{body['class']}, rule version {body['rule']['version']}, "
                      f"trigger {body['trigger']}")  # fmt: skip
        facts.add_row("due, done", f"{body['due'][:23]}, {body['done'][:23]} UTC")
        for place in body["places"]:
            facts.add_row("", f"{place['where']:<24} {place['method']}")
        facts.add_row("audit log", f"entry {body['audit']['position']}, chained")
        self._console.print(Padding(facts, (1, 0, 0, 2)))
        document, public = receipt.document.encode(), deck.signer.public_key()
        altered = document.replace(b'"trigger":"done"', b'"trigger":"cap_"')
        for what, signed in (("as signed", document), ("one word altered", altered)):
            good = verifies(public, signed, receipt.signature)
            verdict = Text("verifies", "green") if good else Text("refused", "yellow")
            self._console.print(Text.assemble("  ", (f"{what:<18}", "dim"), verdict))

    def verified(self, settings: Settings) -> bool:
        """Let the independent verifier look; whether it found nothing wrong."""
        from pipeline.cli.verifying import examine

        findings = examine(settings)
        self._heading("The independent verifier")
        for finding in findings:
            self._console.print(f"[red]✗[/] {finding.check}  {finding.place}  {finding.detail}")
        if not findings:
            self._console.print(
                "[green]✓[/] disk, database, keys and Redis: nothing overdue, nothing orphaned"
            )
        return not findings

    def end(self, call_id: str, kept_id: str, seconds: float, good: bool) -> None:
        """What to try next; the audio of `kept_id` is kept by consent."""
        verdict = "[bold green]Done[/]" if good else "[bold red]Something is wrong[/]"
        folder, program = self._root.name, _program()
        self._console.print(f"\n{verdict} in {seconds:.0f} s. All of it lies in {folder}/ now.\n")
        self._console.print("[bold]What to try next[/]")
        here = f"DECKNAME_HOME={folder}/home DECKNAME_KEYS={folder}/keys {program}"
        self._say(
            "the originals, back from the vault; the audit log will tell of it",
            f"{here} show {call_id} --reveal",
        )
        self._say(
            "the voice that a consent keeps, names bleeped out; on record too",
            f"{here} audio {kept_id} --output kept.wav",
        )
        self._say("a Deckname of your own", f"{program} up")
        self._say(
            "human speech, with a model that understands people",
            f"DECKNAME_MODEL=large-v3-turbo {program} transcribe FILE",
        )

    def _say(self, what: str, command: str) -> None:
        self._console.print(f"  [dim]# {what}[/]")
        self._console.print(f"  {command}", soft_wrap=True)

    def _heading(self, title: str, aside: str = "") -> None:
        self._console.print()
        text = Text.assemble((title, "bold"), ("  " + aside if aside else "", "dim"))
        self._console.print(Rule(text, align="left", style="dim"))


def _facts(call: Call, source: Path, deck: Deck, root: Path) -> Padding:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    table.add_row("vault", _vault(call, deck))
    table.add_row("audio", _audio(call))
    proofs = Table.grid(padding=(0, 2))
    for tried, told in _proofs(call, source, deck, root):
        proofs.add_row(Text(tried, "dim"), told)
    table.add_row("", proofs)
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


def _audio(call: Call) -> Text:
    if call.audio_until is None:
        return Text("destroyed", "bold green")
    return Text(f"kept by consent until {call.audio_until:%d %B %Y, %H:%M} UTC", "yellow")


def _proofs(call: Call, source: Path, deck: Deck, root: Path) -> Iterator[tuple[str, Text]]:
    """What really happened when we tried to get the voice back."""
    if call.audio_until is not None:
        opened = deck.recordings.open(call.id, deck.calls.recording(call.id))
        same = "exactly what was pushed" if opened == source.read_bytes() else "NOT what was pushed"
        yield "opened with this consent's own key", Text(f"{len(opened):,} bytes, {same}", "dim")
        return
    blob = root / "home" / "blobs" / call.id
    copy = root / "copies" / call.id
    yield "open it", _attempt(call, deck)
    yield "sealed file", Text(*(("still there", "red") if blob.exists() else ("gone", "green")))
    if copy.exists():
        shutil.copyfile(copy, blob)
        yield "copy put back", _attempt(call, deck)
        deck.recordings.unlink(call.id)


def _attempt(call: Call, deck: Deck) -> Text:
    """Try to open the recording; raises `ServiceUnavailable` if that works."""
    try:
        deck.recordings.open(call.id, deck.calls.recording(call.id))
    except KeyDestroyed as error:
        return Text.assemble((type(error).__name__, "green"), (f": {error}", "dim"))
    raise ServiceUnavailable(f"{call.id} is stored, and its audio can still be opened")


def _receipt(call_id: CallId, deck: Deck) -> Receipt:
    """Maintenance signs them within seconds; we need not wait for its turn. Those of the other
    calls are signed too: after the demo nobody would."""
    from pipeline.usecases.finish_deletions import finish_deletions

    end = time.monotonic() + _RECEIPT_SECONDS
    while deck.deletions.pending() and time.monotonic() < end:
        if not finish_deletions(deck):
            time.sleep(0.05)
    for receipt in deck.deletions.receipts(call_id=call_id):
        return receipt
    raise ServiceUnavailable(f"{call_id} has no receipt for the end of its audio")


def _script(truth: Path) -> Iterator[tuple[float, str, str]]:
    for turn in json.loads(truth.read_text("utf-8"))["turns"]:
        yield turn["start"], turn["channel"], turn["text"]


def _indented(shown: Table) -> Padding:
    return Padding(shown, (0, 0, 0, 2))


def _program() -> str:
    """How to call `deckname` from where the demo was started."""
    beside = Path(sys.executable).with_name("deckname")
    if shutil.which("deckname") or not beside.exists():
        return "deckname"
    return os.path.relpath(beside, Path.cwd().parent)
