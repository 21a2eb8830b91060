"""`deckname doctor`: what on this machine would keep Deckname from working, and what to do."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

from rich.table import Table
from rich.text import Text

from pipeline.cli.console import out, say, settings
from pipeline.cli.options import AsJson
from pipeline.domain.errors import DecknameError, KeysElsewhere, UpgradeDue

if TYPE_CHECKING:
    from pipeline.settings import Settings

State = Literal["ok", "note", "wrong"]
_COPIES = (
    "keep it out of backups of the data; copy content, vault, receipts, stores and ledger to a "
    "place of their own, days and retained nowhere"
)
STYLES = {"ok": "green", "note": "yellow", "wrong": "bold red"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `note` works but should be known; `wrong` needs doing."""

    subject: str
    state: State
    told: str


def doctor(as_json: AsJson = False) -> int:
    """Check Python, folders, keys, database, Redis, models and free space; 1 if one is wrong."""
    findings = tuple(examine(settings()))
    if as_json:
        say(json.dumps([asdict(finding) for finding in findings], indent=2) + "\n")
    else:
        table = Table(box=None, pad_edge=False, show_header=False)
        for finding in findings:
            state = Text(finding.state, STYLES[finding.state])
            table.add_row(finding.subject, state, finding.told)
        out().print(table)
    return int(any(finding.state == "wrong" for finding in findings))


def examine(settings: Settings) -> Iterator[Finding]:
    """Every finding, in the order in which things are needed. Changes nothing: what is not there
    yet is not made, and an older store is neither upgraded nor tied to its keys."""
    checks: tuple[tuple[str, Callable[[Settings], Iterator[tuple[State, str]]]], ...] = (
        ("python", _python),
        ("data folder", _home),
        ("recordings", _recordings),
        ("key folder", _keys),
        ("database", _database),
        ("master keys", _master_keys),
        ("redis", _redis),
        ("api", _api),
        ("speech model", _speech_model),
        ("machine", _machine),
        ("pii detection", _detection),
        ("swap", _swap),
    )
    for subject, check in checks:
        try:
            yield from (Finding(subject, state, told) for state, told in check(settings))
        except KeysElsewhere:
            yield Finding(subject, "wrong", "not looked at: see the key folder")
        except UpgradeDue as due:
            yield Finding(subject, "note", str(due))
        except DecknameError as error:
            yield Finding(subject, "wrong", str(error))
        except Exception as error:  # a check that breaks is a finding, not the end of the rest
            yield Finding(subject, "wrong", f"unforeseen {type(error).__name__}")


def _python(settings: Settings) -> Iterator[tuple[State, str]]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    supported = (3, 11) <= sys.version_info[:2] <= (3, 13)
    yield ("ok", version) if supported else ("wrong", f"{version}: use 3.11, 3.12 or 3.13")


def _home(settings: Settings) -> Iterator[tuple[State, str]]:
    import os
    import shutil

    folder = settings.home_folder
    if not folder.exists():
        yield "ok", f"{folder} (made at the first start)"
        folder = next(parent for parent in folder.parents if parent.exists())
    if not os.access(folder, os.W_OK):
        yield "wrong", f"{folder} cannot be written: set DECKNAME_HOME"
        return
    free = shutil.disk_usage(folder).free
    if free < 4 * settings.max_upload_bytes:
        yield "note", f"{free / 1e9:.1f} GB free; an upload may take {settings.max_upload_bytes}"
    elif folder == settings.home_folder:
        yield "ok", f"{folder}, {free / 1e9:.0f} GB free"


def _recordings(settings: Settings) -> Iterator[tuple[State, str]]:
    from pipeline.adapters.s3_store import S3Client, S3ObjectStore
    from pipeline.adapters.s3_store.store import is_replicated, keeps_versions, locks_objects

    if settings.bucket is None:
        yield "ok", "sealed, in a folder of the data folder"
        return
    client = S3Client(settings.bucket)
    next(iter(S3ObjectStore(client).list()), None)
    yield "ok", f"sealed, in {settings.bucket.place}, which answers"
    if left := len(list((settings.home_folder / "blobs").glob("call_*"))):
        yield "wrong", f"{left} lie in {settings.home_folder / 'blobs'}: copy them into the bucket"
    locked, copied = locks_objects(client), is_replicated(client)
    if locked:
        yield "wrong", "the bucket has object lock, under which nothing is deleted: use another"
    if copied:
        yield "wrong", "the bucket is replicated to where nothing is deleted: end that"
    if None in (locked, copied):
        yield "note", "the server does not say whether it locks or replicates: it must do neither"
    if keeps_versions(client):
        yield "note", "the bucket keeps versions: a deletion takes every one of them"


def _keys(settings: Settings) -> Iterator[tuple[State, str]]:
    folder = settings.keys_folder
    if elsewhere := _elsewhere(settings):
        yield "wrong", f"{folder}: {elsewhere}"
        return
    if not folder.exists():
        yield "ok", f"{folder} (made at the first start)"
        return
    inside = (path for path in folder.rglob("*") if path.is_dir() or path.suffix == ".key")
    if open_to_others := [path for path in (folder, *inside) if path.stat().st_mode & 0o077]:
        yield "wrong", f"{open_to_others[0]} can be read by others: chmod -R go= {folder}"
        return
    yield "ok", f"{folder}; {_COPIES}"


def _elsewhere(settings: Settings) -> str | None:
    """Why the key folder is not that of the store; None where it is."""
    from pipeline.bootstrap import bootstrap_to_look, has_database, refuse_new_database

    try:
        refuse_new_database(settings)
        if has_database(settings):
            bootstrap_to_look(settings)
    except KeysElsewhere as error:
        return str(error)
    except DecknameError:
        pass  # the other checks tell what is wrong with the database or the master keys
    return None


def _database(settings: Settings) -> Iterator[tuple[State, str]]:
    from pipeline.bootstrap import bootstrap_to_look, has_database
    from pipeline.usecases.replay_ledger import count_due

    if not has_database(settings):
        yield "ok", "SQLite (made at the first start)"
        return
    deck = bootstrap_to_look(settings)
    due = count_due(deck)
    yield "ok", f"{len(deck.calls.customers())} customers, {deck.audit.verify()} audit entries"
    if deck.mark.id() is None:
        yield "note", "not tied to its key folder yet: the next start does it, if the keys open it"
    if due:
        yield "note", f"older than the deletion ledger: the next start does {due} entries again"
    yield from _server(settings)


def _server(settings: Settings) -> Iterator[tuple[State, str]]:
    """What PostgreSQL is, and whether the role that uses the tables could change them."""
    from contextlib import closing

    from pipeline.adapters.database import describe_server, open_database
    from pipeline.bootstrap import database_url

    with closing(open_database(database_url(settings), upgrading=False)) as database:
        server = describe_server(database)
    if server is None:
        return
    yield "ok", f"PostgreSQL {server.version}; each customer sees its own rows only"
    if server.owns_tables:
        yield (
            "note",
            "the role of DECKNAME_DATABASE_URL owns the tables and could end that: let another role"
            " own them, and DECKNAME_DATABASE_OWNER_URL name it",
        )
    if not server.is_durable:
        yield "wrong", "the server has fsync off: a crash loses calls that were acknowledged"


def _master_keys(settings: Settings) -> Iterator[tuple[State, str]]:
    from pipeline.bootstrap import bootstrap_to_look, has_database
    from pipeline.usecases.describe_keys import customer_keys

    if not has_database(settings):
        yield "ok", "none yet (made for the first customer)"
        return
    deck = bootstrap_to_look(settings)
    if deck.mark.id() is None:
        yield "note", "not looked at: the store is not tied to its key folder yet"
        return
    customers = customer_keys(deck)
    for key in deck.keys.master_keys():
        yield "ok", f"{key.name}: from {key.source}, fingerprint {key.fingerprint}"
        if key.versions > 1:
            yield (
                "note",
                f"{key.name}: rotation under way: finish it, `deckname keys rotate master`",
            )
    yield "ok", f"opens the keys of {len(customers)} customers"


def _redis(settings: Settings) -> Iterator[tuple[State, str]]:
    from redis.exceptions import RedisError

    from pipeline.adapters.embedded_redis import server_binary
    from pipeline.adapters.rq_queue import open_redis
    from pipeline.domain.errors import ServiceUnavailable

    if settings.redis_url is None:
        yield "ok", f"one of our own: {server_binary()}"
        if not (settings.home_folder / "redis" / "socket").exists():
            return
    try:
        with open_redis(settings) as client:
            client.ping()
    except (RedisError, ServiceUnavailable):
        if settings.redis_url is None:
            yield "note", "not running: `deckname up` starts it"
        else:
            yield "wrong", "DECKNAME_REDIS_URL does not answer"
        return
    yield "ok", "answers"


def _api(settings: Settings) -> Iterator[tuple[State, str]]:
    import httpx

    from pipeline.cli.api_client import api_url

    url = api_url(settings)
    try:
        httpx.get(f"{url}/healthz", timeout=2, trust_env=False).raise_for_status()
    except httpx.HTTPError:
        yield "note", f"nothing answers at {url}: `deckname up` starts it"
        return
    yield "ok", url


def _speech_model(settings: Settings) -> Iterator[tuple[State, str]]:
    from models.catalog import ModelNotHere, check, local_folder

    try:
        folder = local_folder(settings.model)
    except ModelNotHere as error:
        yield "wrong", str(error)
        return
    if folder is None:
        yield "wrong", f"not here: run `deckname models fetch {settings.model}`"
        return
    if wrong := check(folder):
        yield "wrong", f"{settings.model} is damaged: {', '.join(wrong)}"
        return
    yield "ok", settings.model
    if settings.model == "bundled":
        yield "note", "understands synthetic voices; DECKNAME_MODEL=large-v3-turbo for people"


def _machine(settings: Settings) -> Iterator[tuple[State, str]]:
    """What `up` makes of it, and why."""
    from pipeline.bootstrap import machine_plan

    plan = machine_plan(settings)
    workers, threads, batch = plan.why
    yield "ok", f"workers: {plan.workers} ({workers}; DECKNAME_WORKERS)"
    yield "ok", f"threads of each: {plan.threads} ({threads}; DECKNAME_CPU_THREADS)"
    yield "ok", f"rows in a batch: up to {plan.batch} ({batch}; DECKNAME_BATCH_SIZE)"
    if plan.workers * plan.threads > plan.cores:
        yield "note", f"more threads than the {plan.cores} cores: they wait for each other"


def _detection(settings: Settings) -> Iterator[tuple[State, str]]:
    from pipeline.bootstrap import bootstrap_transcriber
    from pipeline.stages.detect_pii import detect_pii

    detector = bootstrap_transcriber(settings).detector()
    text = "Meine IBAN ist DE89 3704 0044 0532 0130 00."  # the example of the standard
    found = {str(span.type) for span in detect_pii([text], "de", detector, ())[0]}
    yield ("ok", "finds") if "IBAN" in found else ("wrong", "does not find an IBAN")


def _swap(settings: Settings) -> Iterator[tuple[State, str]]:
    from pathlib import Path

    try:
        lines = Path("/proc/swaps").read_text().splitlines()[1:]
    except OSError:
        yield "note", "unknown here: verbatim speech in memory must not reach a disk unencrypted"
        return
    plain = [line for line in lines if "zram" not in line]
    if plain:
        yield "note", "on: encrypt it, or verbatim speech in memory may reach the disk"
    else:
        yield "ok", "off"
