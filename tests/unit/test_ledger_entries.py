"""What the ledger says beside receipts reads back as it was told, and says no words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline.domain.backup import Manifest
from pipeline.domain.consent import ConsentAct, ConsentEntry, ConsentSource, Purpose
from pipeline.domain.deletion import LedgerEntry, Trigger
from pipeline.domain.errors import SealBroken
from pipeline.domain.ids import CallId
from pipeline.domain.ledger import (
    LOST_IN_RESTORE,
    Kind,
    consent_in,
    consent_told,
    held_by,
    hold_in,
    hold_told,
    mark_told,
    reason_of,
    receipt_in,
    release_told,
)
from pipeline.domain.rights import LegalHold
from tests.builders import ACME, NOON

CALL = CallId("call_" + "1" * 32)
SAID = ConsentEntry(
    ACME, CALL, Purpose.AUDIO_RETENTION, ConsentAct.REFUSED, ConsentSource.SPOKEN, NOON
)
HOLD = LegalHold("hold_1", ACME, CALL, "Streit mit Keller", "operator", NOON)


@pytest.mark.parametrize(
    "entry", [SAID, replace(SAID, segment=3, digest="ab" * 32, act=ConsentAct.WITHDRAWN)]
)
def test_consents_read_back(entry: ConsentEntry) -> None:
    told = consent_told(entry)
    assert consent_in(told) == entry
    assert told.id == consent_told(entry).id != consent_told(replace(entry, at=NOON.max)).id


@pytest.mark.parametrize("until", [None, NOON + timedelta(days=9)])
def test_holds_read_back_without_their_words(until: object) -> None:
    hold = replace(HOLD, until=until)
    told = hold_told(hold)
    assert "Keller" not in repr(told)
    assert hold_in(told, HOLD.reason) == hold
    assert held_by(told) == held_by(release_told(hold, NOON)) == hold.id
    assert release_told(hold, NOON).id != told.id
    assert held_by(replace(told, facts={})) == hold.id
    assert hold_in(replace(told, facts={}), "").placed_by == "operator"


def test_marks_have_ids_of_their_own() -> None:
    ids = {mark_told(kind, CALL, ACME, NOON).id for kind in (Kind.LIFT, Kind.OBJECT)}
    assert len(ids | {mark_told(Kind.LIFT, CALL, ACME, NOON + timedelta(1)).id}) == 3


def test_what_cannot_be_read_is_refused() -> None:
    told = consent_told(SAID)
    for broken in (
        replace(told, call_id=None),
        replace(told, facts={}),
        replace(told, facts={**told.facts, "act": "maybe"}),
    ):
        with pytest.raises(SealBroken):
            consent_in(broken)
    for facts in ({}, {"document": "{}", "signature": "?"}):
        with pytest.raises(SealBroken):
            receipt_in(LedgerEntry("del_1", Kind.RECEIPT, NOON, ACME, None, facts))
    good = LedgerEntry(
        "del_1", "receipt", NOON, ACME, None, {"document": "{}", "signature": "AA=="}
    )
    assert receipt_in(good).signature == b"\0"


def test_each_reason_leads_back_to_its_trigger() -> None:
    reasons = {reason_of(trigger) for trigger in Trigger}
    assert LOST_IN_RESTORE in reasons and len(reasons) == 7


def test_a_manifest_reads_back_and_refuses_what_is_none() -> None:
    manifest = Manifest(NOON, "0003", 1, 2, 1, 7, "a" * 64, {"deckname.db": (3, "b" * 64)})
    assert Manifest.read(manifest.written()) == manifest
    written = manifest.written()
    for broken in (
        b"",
        b"[]",
        b"{}",
        written.replace(b"backup/1", b"backup/2"),
        written.replace(b'"calls"', b'"kalls"'),
        written.replace(b"2026", b"year"),
    ):
        with pytest.raises(SealBroken):
            Manifest.read(broken)
