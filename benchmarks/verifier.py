"""`python -m benchmarks.verifier`: how long the independent verifier takes over many calls, and how
much memory.

The store is made by bulk SQL and looks as if Deckname had worked for a month: most calls stored,
some failed, some erased, some kept by consent; each deletion with a receipt that is really signed,
chained into the audit log and kept in the ledger. What is measured is `deckname verify --json`.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import resource
import secrets
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pipeline.adapters.database import open_database
from pipeline.adapters.receipt_key import key_id_of
from pipeline.domain.audit import GENESIS, AuditEvent, chain_hash
from pipeline.domain.deletion import (
    DataClass,
    Deletion,
    HoldCheck,
    Method,
    Place,
    Receipt,
    Trigger,
    document_of,
    new_deletion_id,
    receipt_event,
    written_places,
)
from pipeline.domain.ids import CallId, CustomerId, new_call_id

CUSTOMERS = 20
RETAINED_EVERY, FAILED_EVERY, ERASED_EVERY = 500, 50, 100
TRANSCRIPT_BYTES, VAULT_BYTES, TOKENS = 6_000, 800, 4
_BATCH = 5_000


@dataclass
class Month:
    """Writes a store. `chain` and `told` are the last hashes of audit log and ledger."""

    home: Path
    keys: Path
    signing: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    position: int = 0
    chain: str = GENESIS
    told: str = GENESIS
    rows: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def make(self, calls: int) -> None:
        """All of it."""
        open_database(f"sqlite:///{self.home / 'deckname.db'}").close()
        os.umask(0o077)
        for folder in (self.home / "blobs", self.keys / "receipts", self.keys / "ledger"):
            folder.mkdir(parents=True, exist_ok=True)
        pem = self.signing.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (self.keys / "receipts" / "signing.pem").write_bytes(pem)
        begin = datetime.now(UTC) - timedelta(days=25)
        with closing(sqlite3.connect(self.home / "deckname.db")) as connection:
            connection.execute("PRAGMA synchronous = OFF")
            for number in range(CUSTOMERS):
                self._put("customers", *_customer(number, begin))
            for number in range(calls):
                self._call(number, begin + timedelta(days=20) * number / calls)
                if number % _BATCH == 0:
                    self._flush(connection)
            self._flush(connection)

    def _call(self, number: int, at: datetime) -> None:
        call_id, customer = new_call_id(), CustomerId(f"customer-{number % CUSTOMERS}")
        failed, erased = number % FAILED_EVERY == 1, number % ERASED_EVERY == 2
        retained = number % RETAINED_EVERY == 3
        end = at + timedelta(minutes=1)
        self._event("call_received", at, call_id, customer, {"size": 960_000, "consents": 0})
        values = ("failed" if failed else "stored", _text(at), _text(at), _text(end))
        shown = ("de", 60.0) if not erased else (None, None)
        self._put(
            "calls",
            *(call_id, customer, *values, "agent_left", 1, 1, "phone", 1, *shown),
            _text(end) if erased else None,
        )
        if not failed and not erased:
            self._content(call_id, customer, end)
        if retained:
            self._retained(call_id, customer, at)
        else:
            trigger = Trigger.FAILURE if failed else Trigger.DONE
            self._deletion(DataClass.RAW_AUDIO, trigger, call_id, customer, end)
        name = "call_failed" if failed else "call_stored"
        self._event(name, end, call_id, customer, {"audio": "destroyed", "token": 1})
        if erased:
            self._event("call_erased", end, call_id, customer, {"reason": "erased_on_request"})
            self._deletion(DataClass.TRANSCRIPT, Trigger.REQUEST, call_id, customer, end)

    def _content(self, call_id: str, customer: str, end: datetime) -> None:
        sealed = b"\1" + secrets.token_bytes(TRANSCRIPT_BYTES)
        self._put("transcripts", call_id, sealed, sealed[:150], "{}", _text(end))
        self._put("vaults", call_id, sealed[:VAULT_BYTES], sealed[:150])
        for _ in range(TOKENS):
            self._put("subject_index", call_id, secrets.token_hex(32), customer)

    def _retained(self, call_id: str, customer: str, at: datetime) -> None:
        until, name = _text(at + timedelta(days=30)), f"ret_{secrets.token_hex(16)}"
        self._put("audio_keys", call_id, "retained", secrets.token_bytes(150), until, name)
        self._put("consent_claims", call_id, 0, "audio_retention", 30 * 86400.0)
        entry = (customer, call_id, "audio_retention", "given", "api_flag", _text(at), until)
        self._put("consent_entries", *entry)
        (self.home / "blobs" / call_id).write_bytes(bytes([40]) + secrets.token_bytes(100))

    def _deletion(
        self, kind: DataClass, trigger: Trigger, call_id: CallId, customer: CustomerId, at: datetime
    ) -> None:
        places = (
            Place("database:audio_keys", Method.KEY_DESTROYED, at),
            Place("blobs", Method.UNLINKED, at),
            Place("redis:job", Method.REDIS_DELETED, at),
        )
        hold = HoldCheck.NOT_APPLICABLE
        deletion = Deletion(
            *(new_deletion_id(), kind, str(kind), 1, trigger, customer, call_id, hold, at, at),
            places,
        )
        key_id = key_id_of(self.signing.public_key())
        document = document_of(deletion, at, self.position + 1, self.chain, key_id)
        receipt = Receipt(deletion.id, document, self.signing.sign(document.encode()))
        event = receipt_event(deletion, receipt, at)
        self._event(event.name, at, call_id, customer, dict(event.facts))
        self._tell(receipt, customer, call_id, at)
        columns = (kind, str(kind), 1, trigger, "none", _text(at), _text(at), _text(at))
        ending = (written_places(places), document, receipt.signature)
        self._put("deletions", deletion.id, customer, call_id, *columns, *ending)

    def _tell(self, receipt: Receipt, customer: str, call_id: str, at: datetime) -> None:
        signature = base64.b64encode(receipt.signature).decode()
        facts = {"document": receipt.document, "signature": signature}
        body = [receipt.id, "receipt", at.isoformat(), customer, call_id, facts]
        canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
        self.told = hashlib.sha256(f"{self.told}\n{canonical}".encode()).hexdigest()
        self.lines.append(json.dumps([body, self.told], separators=(",", ":")) + "\n")

    def _event(
        self, name: str, at: datetime, call_id: str, customer: str, facts: dict[str, Any]
    ) -> None:
        self.position += 1
        before, self.chain = (
            self.chain,
            chain_hash(self.chain, AuditEvent(name, at, call_id, customer, facts)),
        )
        row = (self.position, name, _text(at), call_id, customer, json.dumps(facts))
        self._put("audit_log", *row, before, self.chain)

    def _put(self, table: str, *values: Any) -> None:
        self.rows.setdefault(table, []).append(values)

    def _flush(self, connection: sqlite3.Connection) -> None:
        for table, rows in self.rows.items():
            marks = ", ".join("?" * len(rows[0]))
            columns = ", ".join(f'"{name}"' for name in _COLUMNS[table].split())
            connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)
        connection.commit()
        with (self.keys / "ledger" / "deletions.jsonl").open("a") as ledger:
            ledger.writelines(self.lines)
        self.rows, self.lines = {}, []


_COLUMNS = {
    "customers": "id name created_at wrapped_key wrapped_vault_key salt",
    "calls": "id customer_id status received_at queued_at finished_at layout attempts token origin"
    " rules_version language duration erased_at",
    "transcripts": "call_id ciphertext wrapped_key pseudonym_counts stored_at",
    "vaults": "call_id ciphertext wrapped_key",
    "subject_index": "call_id token customer_id",
    "audio_keys": "call_id kind wrapped_key until key_name",
    "consent_claims": "call_id position purpose duration_seconds",
    "consent_entries": "customer_id call_id purpose act source at until",
    "audit_log": "position name at call_id customer_id facts previous hash",
    "deletions": "id customer_id call_id data_class rule rule_version trigger hold due_at begun_at"
    " done_at places document signature",
}


def _customer(number: int, at: datetime) -> Iterator[Any]:
    key = secrets.token_bytes(150)
    yield from (f"customer-{number}", f"Customer {number}", _text(at), key, key, key[:32])


def _text(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(" ", "microseconds")


def _verified(root: Path) -> dict[str, Any]:
    """What `deckname verify` says of the store, how long it took and how much memory it had."""
    own = {"DECKNAME_HOME": str(root / "home"), "DECKNAME_KEYS": str(root / "keys")}
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "verify", "--json"],
        env={name: value for name, value in os.environ.items() if name[:9] != "DECKNAME_"} | own,
        stdout=subprocess.PIPE,
        check=False,
    )
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    report = json.loads(done.stdout)
    checks = sorted({finding["check"] for finding in report["findings"]})
    told = {"seconds": round(seconds, 1), "peak_mb": round(peak / 1e6), "findings": checks}
    return told | {"looked_at": report["looked_at"]}


def main() -> int:
    """Make the store, verify it, print the figures as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--calls", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        began = time.perf_counter()
        Month(Path(root, "home"), Path(root, "keys")).make(options.calls)
        size = sum(path.stat().st_size for path in Path(root).rglob("*") if path.is_file())
        made = {"made_seconds": round(time.perf_counter() - began, 1), "store_mb": size // 10**6}
        sys.stderr.write(json.dumps(made) + "\n")
        told = _verified(Path(root))
    sys.stdout.write(json.dumps(told) + "\n")
    return int(bool(told["findings"]))


if __name__ == "__main__":
    sys.exit(main())
