"""`deckname verify --canary`: send a marked call through the running API, wait until it is stored,
search for every trace of it, erase it, and search again."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.domain.errors import NotFound, ServiceUnavailable, UsageError
from pipeline.domain.ids import CANARY, CallId

if TYPE_CHECKING:
    from redis import Redis

    from pipeline.cli.api_client import ApiClient
    from pipeline.settings import Settings
    from pipeline.usecases.deck import Deck
    from pipeline.usecases.verification.canary_call import CanaryCall
    from pipeline.usecases.verification.files import Found
    from pipeline.usecases.verification.findings import Finding, StorePlaces
    from pipeline.usecases.verification.traces import Needles

EXAMPLE = Path(__file__).parents[2] / "examples" / "anfrage-wohnung.wav"
PROCESSING_SECONDS = 900.0
SETTLING_SECONDS = 20.0
"""From the end of a call to its receipt, and to the end of its traces."""


Tell = Callable[[str], object]


def _silent(_: str) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Flight:
    """What became of the canary. `receipts` are ids; `searched` is what was looked for."""

    call_id: str
    receipts: tuple[str, ...]
    searched: tuple[str, ...]
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class _Site:
    """Where to look."""

    places: StorePlaces
    redis: Redis | None
    tell: Tell = _silent
    found: list[Finding] = field(default_factory=list)

    @property
    def folders(self) -> tuple[Path, ...]:
        return self.places.home, self.places.keys


def fly(
    settings: Settings, places: StorePlaces, redis: Redis | None, tell: Tell = _silent
) -> Flight:
    """Send the canary and tell what it left. Its call is erased, however this ends. `tell` hears
    what is being done, again and again. Raises
    `ServiceUnavailable` where the API does not answer or the call is not processed in time."""
    from pipeline.bootstrap import bootstrap
    from pipeline.cli.api_client import ApiClient
    from pipeline.usecases.verification.canary_call import make_canary
    from pipeline.usecases.verification.row_secrets import of_audio, of_content, receipts_of

    if not EXAMPLE.exists():
        raise UsageError("the example calls are not installed: run the canary in a clone")
    deck, site, canary = bootstrap(settings), _Site(places, redis, tell), make_canary(EXAMPLE)
    # Not with a customer's key: the canary is a customer of its own.
    with ApiClient(settings.model_copy(update={"api_key": None}), CANARY) as api:
        _customer(deck)
        tell("The canary's call is processed")
        call_id = _push(api, canary, deck)
        try:
            audio_key = of_audio(places.database, call_id)
            _stored(api, call_id)
            _answers(api, call_id, canary, site)
            _settled(lambda: receipts_of(places.database, call_id), "the receipt of the audio")
            _prove_search(site, call_id)
            needles = canary.needles | ({"audio key": audio_key} if audio_key else {})
            _search(site, needles, "after its transcript was stored")
            content = of_content(places.database, call_id)
        finally:
            _erase(deck, call_id)
    _settled(lambda: receipts_of(places.database, call_id)[1:], "its last receipt")
    _search(site, needles | {"sealed content": content}, "after it was erased")
    searched = (*needles, "sealed content")
    return Flight(call_id, receipts_of(places.database, call_id), searched, tuple(site.found))


def _customer(deck: Deck) -> None:
    from pipeline.usecases.customers import add_customer

    try:
        deck.calls.customer(CANARY)
    except NotFound:
        add_customer(CANARY, "Deckname's own canary", deck)


def _push(api: ApiClient, canary: CanaryCall, deck: Deck) -> CallId:
    with tempfile.TemporaryDirectory(prefix="deckname-canary-") as folder:
        file = Path(folder, canary.file_name)
        file.write_bytes(canary.recording)
        call = api.push(
            file,
            {"customer": CANARY, "language": "de"},
            (),
            known=canary.known,
            idempotency_key=canary.idempotency_key,
        )
    try:
        return deck.calls.call(CallId(call["id"])).id
    except NotFound:
        raise UsageError("the API that answers works on another store than this one") from None


def _stored(api: ApiClient, call_id: str) -> None:
    end = time.monotonic() + PROCESSING_SECONDS
    while (call := api.call(call_id))["status"] != "stored":
        if call["status"] == "failed":
            raise ServiceUnavailable(f"the canary's call failed ({call['failure']})")
        if time.monotonic() > end:
            raise ServiceUnavailable("the canary's call was not processed in time")
        time.sleep(0.25)


def _answers(api: ApiClient, call_id: str, canary: CanaryCall, site: _Site) -> None:
    """What the API says of the call holds none of it either."""
    import json

    from pipeline.usecases.verification.findings import Finding
    from pipeline.usecases.verification.traces import in_bytes

    for what, answer in (("call", api.call(call_id)), ("transcript", api.transcript(call_id))):
        shown = json.dumps(answer, ensure_ascii=False).encode()
        for kind in in_bytes(shown, canary.needles):
            detail = f"the API shows the canary's {kind} in its {what}"
            site.found.append(Finding("canary_shown", call_id, detail))


def _prove_search(site: _Site, call_id: str) -> None:
    """A search that finds nothing anywhere proves nothing: the call's id is there."""
    from pipeline.usecases.verification.traces import forms, in_files

    if not any(in_files(site.folders, {"id": forms(call_id)})):
        raise ServiceUnavailable("the search does not find what is there: nothing was proven")


def _search(site: _Site, needles: Needles, when: str) -> None:
    """What is still there once it had time to go, for readers hold the write-ahead log for
    moments; once something was found, nothing is waited for."""
    from pipeline.usecases.verification.findings import Finding

    end = time.monotonic() + (0.0 if site.found else SETTLING_SECONDS)
    while hits := sorted(set(_hits(site, needles, when))):
        if time.monotonic() > end:
            break
        time.sleep(1.0)
    for kind, place in hits:
        detail = f"the canary's {kind} is there {when}"
        site.found.append(Finding("canary_trace", place, detail))


def _hits(site: _Site, needles: Needles, when: str) -> Iterator[tuple[str, str]]:
    from pipeline.usecases.verification.rows import snapshot
    from pipeline.usecases.verification.traces import in_each, in_redis

    counted = _Counted(site.tell, f"Searching for the canary {when}")
    for kind, path in in_each(counted.files(_files(site)), needles, counted.read):
        yield kind, f"inode {path.lstat().st_ino}" if path.exists() else "a file gone by now"
    with snapshot(site.places.database) as rows:
        if rows is not None:
            for kind, forms in needles.items():
                yield from ((kind, f"table {table}") for table in rows.holding(forms))
    if site.redis is not None:
        yield from ((kind, "redis") for kind in in_redis(site.redis, needles))


def _files(site: _Site) -> Iterator[Found]:
    """The store's own, and temporary ones that may be of its making."""
    from pipeline.usecases.verification.files import walk
    from pipeline.usecases.verification.in_temp import temp_files

    for folder in site.folders:
        yield from walk(folder)
    yield from temp_files(site.places)


@dataclass(slots=True)
class _Counted:
    """How far a search is."""

    tell: Tell
    doing: str
    number: int = 0
    size: int = 0

    def files(self, found: Iterable[Found]) -> Iterator[Found]:
        """The same."""
        for self.number, file in enumerate(found, start=1):
            self._say()
            yield file

    def read(self, size: int) -> None:
        """So many bytes more."""
        self.size += size
        self._say()

    def _say(self) -> None:
        self.tell(f"{self.doing}: {self.number} files, {self.size / 1e6:.0f} MB")


def _erase(deck: Deck, call_id: CallId) -> None:
    from pipeline.usecases.finish_deletions import finish_deletions

    with suppress(NotFound):
        deck.calls.erase_call(call_id, "erased_on_request", deck.clock.now())
    finish_deletions(deck, call_id)


def _settled(question: Callable[[], Any], what: str) -> Any:
    end = time.monotonic() + SETTLING_SECONDS
    while not (answer := question()):
        if time.monotonic() > end:
            raise ServiceUnavailable(f"the canary waited in vain for {what}")
        time.sleep(0.25)
    return answer
