"""What the papers in `docs/samples` are about. `python -m tests.sample_papers` writes them anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline.domain.ids import CustomerId
from pipeline.domain.keys import KeySource, MasterKey
from pipeline.domain.processing import (
    CustomerFacts,
    Installation,
    KeyFacts,
    Library,
    Measure,
    Operator,
    Processing,
    Stock,
    SubProcessor,
    Where,
)
from pipeline.domain.redaction_policy import StoredPolicy
from pipeline.domain.retention_policy import RetentionPolicy
from pipeline.formats.moments import Language
from pipeline.formats.papers import PaperName, write_paper

AT = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
FOLDER = Path(__file__).parents[1] / "docs" / "samples"
SAMPLES: tuple[tuple[PaperName, Language], ...] = (
    ("records", "en"),
    ("deletion-concept", "de"),
)

OPERATOR = Operator(
    name="Telefonassistenz Rheinland GmbH",
    address="Musterstraße 12, 50667 Köln",
    contact="0221 5550123, datenschutz@rheinland.example",
    representative="Anna Muster",
    controllers={"musterhaus": "Musterhaus Immobilien GmbH, Hauptstraße 1, 50667 Köln"},
    measures={Measure.BACKUPS: "täglich nach Aachen, 14 Tage, halbjährlich zurückgespielt"},
    subprocessors=(
        SubProcessor(
            "Rechenzentrum Eifel AG",
            "Industrieweg 3, 52062 Aachen",
            "Bereitstellung des Servers",
            "versiegelte Inhalte, Kennungen, Zeiten",
            "Deutschland",
        ),
    ),
)
INSTALLATION = Installation(
    version="0.1.0",
    operator=OPERATOR,
    model="large-v3-turbo",
    model_origin="hub",
    device="cuda",
    recognizers=0,
    database="sqlite",
    database_at=Where.EMBEDDED,
    redis_at=Where.EMBEDDED,
    recordings_at=Where.EMBEDDED,
    api_at=Where.THIS_MACHINE,
    max_call_hours=3.0,
    log_days=7,
    evidence_years=3,
    time_zone="Europe/Berlin",
    swap=False,
    libraries=(Library("faster-whisper", "1.2.1"), Library("tink", "1.12.0")),
)
CUSTOMERS = (
    CustomerFacts(
        CustomerId("musterhaus"),
        "Musterhaus Immobilien",
        AT - timedelta(days=70),
        None,
        RetentionPolicy(transcripts=timedelta(days=365), version=2),
        StoredPolicy(link_callers=True),
        Stock(
            received=2,
            stored=1204,
            erased=3,
            audio=5,
            retained=3,
            receipts=1210,
            holds=1,
            requests=2,
            oldest_call=AT - timedelta(days=69),
            oldest_audio=AT - timedelta(days=12),
        ),
    ),
    CustomerFacts(
        CustomerId("nordpol"),
        "Nordpol Hausverwaltung",
        AT - timedelta(days=60),
        AT - timedelta(days=1),
        None,
        None,
        Stock(erased=17, receipts=18),
    ),
)
KEYS = KeyFacts(
    masters=(
        MasterKey("content", KeySource.FILE, "3b883ad9eee87656", made=AT - timedelta(days=70)),
        MasterKey("vault", KeySource.FILE, "6683b8cdbec610b8", made=AT - timedelta(days=70)),
    ),
    days=12,
    oldest_day="2026-03-02",
    next_end=datetime(2026, 4, 1, tzinfo=UTC),
    overdue=0,
    retention=3,
    signer="e1725fea6ac844e3",
)
PROCESSING = Processing(
    at=AT,
    installation=INSTALLATION,
    schema="0003",
    customers=CUSTOMERS,
    keys=KEYS,
    audit_entries=4921,
    audit_whole=True,
    findings=0,
    only=None,
)


def sample(name: PaperName, language: Language) -> str:
    return write_paper(name, language, PROCESSING).markdown


if __name__ == "__main__":
    for name, language in SAMPLES:
        (FOLDER / f"{name}.{language}.md").write_text(sample(name, language), "utf-8")
