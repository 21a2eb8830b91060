"""The deletion concept after DIN 66398, as values: which classes there are, and what belongs where.

Every table, column that may hold content, blob, Redis key, file, log and metric belongs to one
class. The papers print it, `tables.py` and the receipts name its ids, and a test fails where a
store has a place that is in no class.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from fnmatch import fnmatchcase

from pipeline.domain.retention import AUDIO_CAP
from pipeline.domain.retention_policy import MESSENGER_CAP

CONCEPT_VERSION = 2
LOG_DAYS, MOST_LOG_DAYS = timedelta(days=7), timedelta(days=14)
DELIVERED = timedelta(days=30)
EVIDENCE_YEARS, MOST_EVIDENCE_YEARS = 3, 10


def evidence_period(years: int) -> timedelta:
    """So many years, leap days included."""
    return timedelta(days=math.ceil(years * 365.25))


class Kind(StrEnum):
    """What sort of place. `column` is `table.column`; `group` is part of a table's rows; `home`
    and `key` are paths below DECKNAME_HOME and DECKNAME_KEYS."""

    TABLE = "table"
    COLUMN = "column"
    GROUP = "group"
    BLOB = "blob"
    REDIS = "redis"
    HOME = "home"
    KEY = "key"
    LOG = "log"
    METRIC = "metric"
    BACKUP = "backup"


@dataclass(frozen=True, slots=True)
class StoragePlace:
    """Where something lies: `name` is a shell pattern."""

    kind: Kind
    name: str

    def holds(self, kind: Kind, name: str) -> bool:
        """Whether the place `name` of this kind is part of it."""
        return self.kind is kind and fnmatchcase(name, self.name)


@dataclass(frozen=True, slots=True)
class Said:
    """The same in German and in English."""

    de: str
    en: str


@dataclass(frozen=True, slots=True)
class DeletionClass:
    """One class. `limit` is how long anything of it lives at most after `start`, None where an
    event ends it; `period` says it in words."""

    id: str
    what: Said
    start: Said
    period: Said
    rule: Said
    basis: Said
    places: tuple[StoragePlace, ...]
    limit: timedelta | None = None


def classes_of(kind: Kind, name: str) -> tuple[DeletionClass, ...]:
    """The classes of the place `name`: one, where the concept is whole."""
    return tuple(each for each in CONCEPT if any(p.holds(kind, name) for p in each.places))


def _at(kind: Kind, *names: str) -> tuple[StoragePlace, ...]:
    return tuple(StoragePlace(kind, name) for name in names)


def _columns(table: str, *names: str) -> tuple[StoragePlace, ...]:
    """The table, and its columns that hold or might hold content, key or hash."""
    columns = (StoragePlace(Kind.COLUMN, f"{table}.{name}") for name in names)
    return (StoragePlace(Kind.TABLE, table), *columns)


_SEALED = ("ciphertext", "wrapped_key")
_OF_RQ = (
    *("rq:job:*", "rq:results:*", "rq:execution:*", "rq:executions:*", "rq:queue:*", "rq:queues"),
    *("rq:intermediate_queue:*", "rq:workers", "rq:workers:*", "rq:worker:*", "rq:wip:*"),
    *("rq:finished:*", "rq:failed:*", "rq:deferred:*", "rq:scheduled:*", "rq:canceled:*"),
    *("rq:clean_registries:*", "rq:suspended"),
)

CONCEPT: tuple[DeletionClass, ...] = (
    DeletionClass(
        id="raw_audio",
        what=Said(
            "Aufzeichnung eines Anrufs ohne Einwilligung in die Aufbewahrung",
            "recording of a call without consent to keep it",
        ),
        start=Said("Eingang der Aufzeichnung", "arrival of the recording"),
        period=Said(
            "bis das Transkript gespeichert ist, höchstens 30 Tage",
            "until the transcript is stored, 30 days at most",
        ),
        rule=Said(
            "Der Schlüssel wird in derselben Transaktion vernichtet, die das Transkript speichert "
            "oder den Anruf scheitern lässt; der Tagesschlüssel nach 30 Tagen in jedem Fall. Keine "
            "Sperre verlängert das.",
            "The key is destroyed in the transaction that stores the transcript or ends the call "
            "as failed; the day key after 30 days in any case. No hold extends this.",
        ),
        basis=Said("Art. 5 Abs. 1 lit. c, e DSGVO", "Art. 5 (1) (c), (e) GDPR"),
        places=(
            *_columns("audio_keys", "wrapped_key", "blob"),
            *_at(Kind.BLOB, "call_*"),
            *_at(Kind.KEY, "days/*.key"),
        ),
        limit=AUDIO_CAP,
    ),
    DeletionClass(
        id="retained_audio",
        what=Said(
            "Aufzeichnung, in deren Aufbewahrung eingewilligt wurde",
            "recording that somebody consented to keep",
        ),
        start=Said("Eingang der Aufzeichnung", "arrival of the recording"),
        period=Said(
            "bis zum Ende der Einwilligung oder ihrem Widerruf; ohne genanntes Ende 30 Tage",
            "until the consent ends or is withdrawn; 30 days where no end was named",
        ),
        rule=Said(
            "Ein eigener Schlüssel je Aufzeichnung wird am Ende und beim Widerruf sofort "
            "vernichtet.",
            "A key of its own is destroyed at the end, and at once on withdrawal.",
        ),
        basis=Said("Art. 6 Abs. 1 lit. a, Art. 7 Abs. 3 DSGVO", "Art. 6 (1) (a), Art. 7 (3) GDPR"),
        places=(
            *_at(Kind.GROUP, "audio_keys where kind = retained"),
            *_at(Kind.COLUMN, "audio_keys.key_name"),
            *_at(Kind.KEY, "retained/*.key"),
        ),
    ),
    DeletionClass(
        id="messenger",
        what=Said(
            "Sprachnachricht aus einem Messenger und alles, was daraus entstand",
            "voice note that came by a messenger, and all that was made of it",
        ),
        start=Said("Eingang der Nachricht", "arrival of the note"),
        period=Said("höchstens 6 Monate (183 Tage)", "6 months (183 days) at most"),
        rule=Said(
            "Wie Aufzeichnung und Transkript; nach sechs Monaten in jedem Fall, auch bei "
            "Einwilligung oder längerer Frist des Verantwortlichen.",
            "As recording and transcript; after six months in any case, whatever was consented to "
            "or chosen by the controller.",
        ),
        basis=Said("Art. 5 Abs. 1 lit. e DSGVO", "Art. 5 (1) (e) GDPR"),
        places=_at(Kind.GROUP, "calls where origin = messenger"),
        limit=MESSENGER_CAP,
    ),
    DeletionClass(
        id="intake",
        what=Said(
            "beim Einliefern genannte Personen und Nummern, mitgelieferter Text des Agenten",
            "people and numbers that a push named, text of the agent that it brought",
        ),
        start=Said("Eingang der Aufzeichnung", "arrival of the recording"),
        period=Said(
            "bis das Transkript gespeichert ist, höchstens 30 Tage",
            "until the transcript is stored, 30 days at most",
        ),
        rule=Said(
            "Die Zeile wird mit dem Schlüssel der Aufzeichnung gelöscht.",
            "The row is deleted with the recording's key.",
        ),
        basis=Said("Art. 5 Abs. 1 lit. c, e DSGVO", "Art. 5 (1) (c), (e) GDPR"),
        places=_columns("known_parties", *_SEALED),
        limit=AUDIO_CAP,
    ),
    DeletionClass(
        id="transcript",
        what=Said(
            "pseudonymisiertes Transkript, Zuordnung der Pseudonyme, Zitate zur Einwilligung, "
            "Suchindex",
            "pseudonymised transcript, vault, consent quotes, subject index",
        ),
        start=Said("Eingang der Aufzeichnung", "arrival of the recording"),
        period=Said(
            "bis zum Vertragsende oder zur kürzeren Frist des Verantwortlichen",
            "until the contract ends, or the controller's own shorter period",
        ),
        rule=Said(
            "Löschung bei Ablauf, auf Verlangen oder mit dem Vertrag. Die Frist wird beim Eingang "
            "festgehalten; spätere Änderungen verkürzen, verlängern nie. Eine Sperre hält auf, bis "
            "sie endet; was bis dahin zu löschen verlangt war, wird dann gelöscht.",
            "Erased on expiry, on request, or with the contract. The period is fixed at arrival; "
            "later changes shorten it and never lengthen it. A legal hold blocks until it ends; "
            "what somebody wanted erased by then is erased then.",
        ),
        basis=Said(
            "Art. 5 Abs. 1 lit. e, Art. 17, Art. 28 Abs. 3 lit. g DSGVO",
            "Art. 5 (1) (e), Art. 17, Art. 28 (3) (g) GDPR",
        ),
        places=(
            *_columns("transcripts", *_SEALED, "pseudonym_counts"),
            *_columns("vaults", *_SEALED),
            *_columns("consent_quotes", *_SEALED),
            *_columns("subject_index", "token"),
        ),
    ),
    DeletionClass(
        id="record",
        what=Said(
            "Zeiten, Zustand und Kennungen eines Anrufs, ohne Inhalt",
            "times, state and ids of a call, no content",
        ),
        start=Said("Löschung des Anrufs", "erasure of the call"),
        period=Said(
            "Sprache, Dauer und Wiederholungsschlüssel sofort; Kennung und Zeiten wie Nachweise",
            "language, duration and idempotency hash at once; id and times as evidence",
        ),
        rule=Said(
            "Mit dem Transkript bleibt nur ein Grabstein übrig.",
            "With the transcript's end only a tombstone is left.",
        ),
        basis=Said("Art. 5 Abs. 2 DSGVO", "Art. 5 (2) GDPR"),
        places=(
            *_columns("calls", "failure", "idempotency_hash", "token", "lease_owner"),
            *_columns("consent_claims"),
        ),
        limit=evidence_period(MOST_EVIDENCE_YEARS),
    ),
    DeletionClass(
        id="customer",
        what=Said(
            "Name, Regeln und Schlüssel eines Verantwortlichen",
            "name, rules and keys of a controller",
        ),
        start=Said("Vertragsende", "end of the contract"),
        period=Said("sofort", "at once"),
        rule=Said(
            "Mit dem Vertragsende werden die Schlüssel vernichtet: Alle Inhalte des "
            "Verantwortlichen sind in derselben Transaktion unlesbar. Name und Zeiten bleiben wie "
            "Nachweise.",
            "The end of the contract destroys the keys: all content of the controller is "
            "unreadable in the same transaction. Name and times stay as evidence.",
        ),
        basis=Said("Art. 28 Abs. 3 lit. g DSGVO", "Art. 28 (3) (g) GDPR"),
        places=(
            *_columns("customers", "name", "wrapped_key", "wrapped_vault_key", "salt"),
            *_columns("api_keys", "key_hash"),
            *_columns("redaction_policies", *_SEALED),
            *_columns("retention_policies"),
            *_columns("index_secrets", *_SEALED),
        ),
        limit=timedelta(0),
    ),
    DeletionClass(
        id="delivery",
        what=Said(
            "Ankündigungen für Empfänger: Kennungen, kein Inhalt",
            "notices for recipients: ids, no content",
        ),
        start=Said("Zustellung", "delivery"),
        period=Said("30 Tage", "30 days"),
        rule=Said(
            "Zugestelltes verschwindet nach 30 Tagen; nicht Zugestelltes mit der Löschung des "
            "Anrufs, nur die Ankündigung dieser Löschung spätestens mit deren Nachweisen.",
            "What was delivered goes after 30 days; what was not goes when the call is erased, and "
            "the notice of that erasure with its evidence at the latest.",
        ),
        basis=Said("Art. 5 Abs. 1 lit. e DSGVO", "Art. 5 (1) (e) GDPR"),
        places=_columns("outbox", "name"),
        limit=DELIVERED,
    ),
    DeletionClass(
        id="evidence",
        what=Said(
            "Protokoll, Einwilligungsregister, Löschbelege, Löschbuch, Sperren, Anträge; ohne "
            "Gesprächsinhalt",
            "audit log, consent register, deletion receipts, deletion ledger, holds, requests; "
            "nothing that was said",
        ),
        start=Said(
            "Löschung des Anrufs, Vertragsende, Ende der Sperre, Antwort; sonst der Eintrag",
            "erasure of the call, end of the contract or hold, answer; else the entry",
        ),
        period=Said("3 Jahre, höchstens 10", "3 years, 10 at most"),
        rule=Said(
            "Nur Kennungen, Kürzel, Prüfsummen und Zeiten, dazu der Grund einer Sperre in Worten; "
            "Protokoll und Löschbuch sind verkettet. Täglich geht, was abgelaufen ist "
            "(DECKNAME_EVIDENCE_YEARS), der Verantwortliche zuletzt; ein Anker bleibt. Eine "
            "Sicherung, die älter ist, wird nicht wiederhergestellt.",
            "Ids, codes, hashes and times only, and the reason of a hold in words; log and ledger "
            "are chained. What is over (DECKNAME_EVIDENCE_YEARS) goes every day, the controller "
            "last; an anchor is left. A backup that is older is not restored.",
        ),
        basis=Said(
            "Art. 5 Abs. 2, Art. 7 Abs. 1, Art. 17 Abs. 3 lit. e DSGVO; §§ 195, 199 BGB",
            "Art. 5 (2), Art. 7 (1), Art. 17 (3) (e) GDPR; Sections 195, 199 BGB",
        ),
        places=(
            *_columns("audit_log", "name", "facts", "previous", "hash"),
            *_columns("consent_entries", "digest"),
            *_columns("deletions", "places", "key_name", "document", "signature"),
            *_columns("legal_holds", "reason", "placed_by"),
            *_columns("rights_requests", "subject"),
            *_at(Kind.KEY, "ledger/*"),
        ),
        limit=evidence_period(MOST_EVIDENCE_YEARS),
    ),
    DeletionClass(
        id="doorbell",
        what=Said(
            "Warteschlange: Kennungen von Anrufen und Zustände der Arbeiter",
            "queue: ids of calls and states of workers",
        ),
        start=Said("Ende der Verarbeitung", "end of processing"),
        period=Said("sofort; nach einem Fehler 10 Minuten", "at once; 10 minutes after a failure"),
        rule=Said(
            "Der Eintrag endet mit dem Auftrag; die Löschung eines Anrufs entfernt ihn eigens.",
            "The entry ends with its job; deleting a call's audio removes it explicitly.",
        ),
        basis=Said("Art. 5 Abs. 1 lit. c DSGVO", "Art. 5 (1) (c) GDPR"),
        places=(
            *_at(Kind.REDIS, *_OF_RQ),
            *_at(Kind.HOME, "redis/appendonlydir/*", "redis/dump.rdb", "redis/temp-*"),
        ),
        limit=timedelta(minutes=10),
    ),
    DeletionClass(
        id="log",
        what=Said(
            "Betriebsprotokolle: feste Ereignisse mit Kennungen und Zahlen",
            "operating logs: constant events with ids and counts",
        ),
        start=Said("Entstehung der Zeile", "when the line is written"),
        period=Said("7 Tage, höchstens 14", "7 days, 14 at most"),
        rule=Said(
            "Eine Datei je Tag; die Wartung löscht nach dem Datum im Namen (DECKNAME_LOG_DAYS).",
            "One file a day; maintenance deletes by the date in the name (DECKNAME_LOG_DAYS).",
        ),
        basis=Said("Art. 5 Abs. 1 lit. e, Art. 32 DSGVO", "Art. 5 (1) (e), Art. 32 GDPR"),
        places=(
            *_at(Kind.LOG, "up-*.jsonl", "worker-*.jsonl", "maintenance-*.jsonl"),
            *_at(Kind.HOME, "redis/server.log"),
        ),
        limit=MOST_LOG_DAYS,
    ),
    DeletionClass(
        id="access_log",
        what=Said(
            "Protokoll der Schnittstelle: Ereignisse, ohne Adresse, Anfrage und Schlüssel",
            "log of the API: events, no address, query or key",
        ),
        start=Said("Entstehung der Zeile", "when the line is written"),
        period=Said("7 Tage, höchstens 14", "7 days, 14 at most"),
        rule=Said("Wie Betriebsprotokolle.", "As operating logs."),
        basis=Said("Art. 5 Abs. 1 lit. e, Art. 32 DSGVO", "Art. 5 (1) (e), Art. 32 GDPR"),
        places=_at(Kind.LOG, "api-*.jsonl"),
        limit=MOST_LOG_DAYS,
    ),
    DeletionClass(
        id="operator_key",
        what=Said(
            "Hauptschlüssel, Schlüssel der Löschbelege und Zugänge des Auftragsverarbeiters, ohne "
            "Personenbezug",
            "master keys, the key of receipts and access secrets of the processor, about nobody",
        ),
        start=Said("Ersetzung durch einen neuen", "replacement by a new one"),
        period=Said("sofort", "at once"),
        rule=Said(
            "Nach einer Rotation wird der alte vernichtet, sobald nichts mehr an ihm hängt.",
            "After a rotation the old one is destroyed as soon as nothing hangs on it.",
        ),
        basis=Said("Art. 32 Abs. 1 lit. a DSGVO", "Art. 32 (1) (a) GDPR"),
        places=_at(
            Kind.KEY,
            *("content/*.key", "vault/*.key", "receipts/*"),
            *("local-access", "*.sha256", "lock", "*.lock"),
        ),
        limit=timedelta(0),
    ),
    DeletionClass(
        id="operation",
        what=Said(
            "technische Zustände: wer führt, welche Zeit gesehen wurde, wo die Dienste lauschen, "
            "welcher Schlüsselordner zur Datenbank gehört",
            "technical states: who leads, what time was seen, where services listen, which key "
            "folder belongs to the database",
        ),
        start=Said("nächster Stand", "the next state"),
        period=Said("wird überschrieben", "overwritten"),
        rule=Said(
            "Ohne Personenbezug. Die Dateien der Datenbank enthalten nur Tabellen der anderen "
            "Klassen; Gelöschtes wird darin überschrieben.",
            "About nobody. The database's files hold only tables of the other classes; what is "
            "deleted is overwritten in them.",
        ),
        basis=Said("Art. 32 DSGVO", "Art. 32 GDPR"),
        places=(
            *_columns("leases", "name", "owner"),
            *_columns("watermarks", "name", "mark"),
            *_columns("store_mark"),
            *_columns("alembic_version"),
            *_at(Kind.HOME, "deckname.db*", "deckname.toml", "up.lock", "api-url", ".api-url-*"),
            *_at(Kind.HOME, "redis/lock", "redis/socket*", "redis/redis.sock", "redis/server.conf"),
            *_at(Kind.KEY, "stores/*"),
            *_at(Kind.METRIC, "deckname_*"),
        ),
    ),
    DeletionClass(
        id="backup",
        what=Said(
            "versiegelte Sicherung von Datenbank und Aufzeichnungen, ohne Schlüssel des "
            "Schlüsselordners",
            "sealed backup of database and recordings, without the keys of the key folder",
        ),
        start=Said("Erstellung der Sicherung", "when the backup is made"),
        period=Said(
            "nach dem Plan des Auftragsverarbeiters, empfohlen höchstens 30 Tage",
            "as the processor rotates them, 30 days at most recommended",
        ),
        rule=Said(
            "Aufzeichnungen darin sind ohne Tagesschlüssel oder Schlüssel der Einwilligung "
            "unlesbar; jede Wiederherstellung spielt zuerst das Löschbuch nach.",
            "Recordings in it cannot be read without the day key or the key of the consent; a "
            "restore replays the deletion ledger before anything opens.",
        ),
        basis=Said(
            "Art. 5 Abs. 1 lit. e, Art. 32 Abs. 1 lit. c DSGVO",
            "Art. 5 (1) (e), Art. 32 (1) (c) GDPR",
        ),
        places=_at(Kind.BACKUP, "*"),
    ),
)
