"""Every place of the store is in one class of the deletion concept; a new place fails here."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import LargeBinary, Text

from pipeline.adapters.database.tables import DELETION_CLASSES, metadata
from pipeline.domain.deletion import DataClass
from pipeline.domain.deletion_concept import (
    CONCEPT,
    EVIDENCE_YEARS,
    MOST_EVIDENCE_YEARS,
    MOST_LOG_DAYS,
    Kind,
    Said,
    classes_of,
    evidence_period,
)
from pipeline.domain.retention import AUDIO_CAP
from pipeline.domain.retention_policy import MESSENGER_CAP

_SUGGESTS_CONTENT = re.compile(
    r"cipher|wrapped|token|secret|salt|hash|digest|quote|subject|name|reason|text|content"
    r"|document|facts|places|signature|counts|blob|failure|previous|mark|owner|_by\Z"
)

TABLES = {table.name: table for table in metadata.tables.values()}


def suspicious() -> list[str]:
    """Columns whose name or type says that content could be in them."""
    return [
        f"{table.name}.{column.name}"
        for table in TABLES.values()
        for column in table.columns
        if _SUGGESTS_CONTENT.search(column.name) or isinstance(column.type, LargeBinary | Text)
    ]


def test_ids_are_one_of_a_kind_and_include_those_on_receipts() -> None:
    ids = [each.id for each in CONCEPT]
    assert len(set(ids)) == len(ids)
    assert set(DataClass) <= set(ids)
    assert set(ids) == DELETION_CLASSES


@pytest.mark.parametrize("table", sorted(TABLES))
def test_every_table_is_in_the_class_that_it_names(table: str) -> None:
    [found] = classes_of(Kind.TABLE, table)
    assert TABLES[table].info["deletion_class"] == found.id


@pytest.mark.parametrize("column", suspicious())
def test_every_column_that_may_hold_content_is_in_one_class(column: str) -> None:
    assert len(classes_of(Kind.COLUMN, column)) == 1, column


def test_the_look_for_columns_would_find_a_new_one() -> None:
    found = suspicious()
    assert {"transcripts.ciphertext", "vaults.wrapped_key", "subject_index.token"} <= set(found)
    assert classes_of(Kind.COLUMN, "transcripts.verbatim_text") == ()
    assert classes_of(Kind.TABLE, "shadow_copies") == ()


@pytest.mark.parametrize("kind", [Kind.TABLE, Kind.COLUMN, Kind.GROUP])
def test_what_the_concept_names_in_the_database_exists(kind: Kind) -> None:
    for place in (place for each in CONCEPT for place in each.places if place.kind is kind):
        table, *column = place.name.split(" ")[0].split(".")
        assert table in TABLES or table == "alembic_version", place
        assert not column or column[0] in TABLES[table].columns, place


@pytest.mark.parametrize("found", CONCEPT, ids=lambda each: each.id)
def test_a_class_says_everything_in_both_languages(found: object) -> None:
    words = [getattr(found, name) for name in ("what", "start", "period", "rule", "basis")]
    for said in words:
        assert isinstance(said, Said)
        assert said.de and said.en and "|" not in said.de + said.en
    what, *_, basis = words
    assert what.de != what.en
    assert "DSGVO" in basis.de and "GDPR" in basis.en
    assert found.places  # type: ignore[attr-defined]


def test_the_limits_are_those_of_the_rules() -> None:
    limits = {each.id: each.limit for each in CONCEPT}
    assert limits["raw_audio"] == limits["intake"] == AUDIO_CAP
    assert limits["messenger"] == MESSENGER_CAP
    assert limits["log"] == limits["access_log"] == MOST_LOG_DAYS
    assert limits["evidence"] == limits["record"] == evidence_period(MOST_EVIDENCE_YEARS)
    assert limits["retained_audio"] is None and limits["transcript"] is None


def test_no_year_of_evidence_is_short_of_a_leap_day() -> None:
    assert evidence_period(EVIDENCE_YEARS).days == 1096
    assert evidence_period(4).days == 1461 and evidence_period(MOST_EVIDENCE_YEARS).days == 3653
