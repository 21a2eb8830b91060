"""Domain values: ids, consent, retention, the audit chain."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.audit import GENESIS, AuditEvent, chain_hash
from pipeline.domain.consent import (
    ConsentAct,
    ConsentClaim,
    ConsentEntry,
    ConsentSource,
    Purpose,
    in_force,
    last_of,
)
from pipeline.domain.errors import RecordingRejected
from pipeline.domain.ids import CustomerId, is_call_id, is_customer_id, new_call_id
from pipeline.domain.privacy import EntityType, KnownParty, PiiSpan, Vault, VaultEntry
from pipeline.domain.retention import AUDIO_CAP, audio_until, day_key_end, day_of
from pipeline.domain.transcript import RedactedTranscript, Segment, Speaker, Word

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
moments = st.datetimes(
    datetime(2020, 1, 1),
    datetime(2040, 1, 1),
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))]),
)


def test_call_ids_are_opaque_and_never_the_same() -> None:
    ids = {new_call_id() for _ in range(1000)}
    assert len(ids) == 1000 and all(map(is_call_id, ids))
    assert not any(map(is_call_id, ["call_", "call_" + "g" * 32, "x" * 37, new_call_id() + "\n"]))


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("musterhaus", True),
        ("a", True),
        ("haus-2", True),
        ("", False),
        ("-a", False),
        ("a-", False),
        ("Haus", False),
        ("a" * 64, False),
        ("../etc", False),
        ("a\n", False),
    ],
)
def test_customer_ids_are_labels(text: str, valid: bool) -> None:
    assert is_customer_id(text) is valid


@given(moments)
def test_no_day_key_outlives_the_cap_of_any_recording_it_seals(received: datetime) -> None:
    end = day_key_end(day_of(received))
    assert received + AUDIO_CAP - timedelta(days=1) < end <= received + AUDIO_CAP


def test_only_consent_to_retention_keeps_audio_and_never_without_an_end() -> None:
    month = timedelta(days=30)
    assert audio_until(NOW, ()) is None
    assert audio_until(NOW, [ConsentClaim(Purpose.MODEL_TRAINING, month)]) is None
    assert audio_until(NOW, [ConsentClaim(Purpose.AUDIO_RETENTION)]) == NOW + AUDIO_CAP
    claims = [ConsentClaim(Purpose.AUDIO_RETENTION, timedelta(days=days)) for days in (5, 90, 10)]
    assert audio_until(NOW, claims) == NOW + timedelta(days=90)


def entry(act: ConsentAct, at: datetime, until: datetime | None = None) -> ConsentEntry:
    call_id, purpose = new_call_id(), Purpose.AUDIO_RETENTION
    source = ConsentSource.PORTAL
    return ConsentEntry(CustomerId("acme"), call_id, purpose, act, source, at, until)


def test_consent_holds_until_its_end_or_withdrawal() -> None:
    day, purpose = timedelta(days=1), Purpose.AUDIO_RETENTION
    given = entry(ConsentAct.GIVEN, NOW, NOW + day)
    assert in_force([given], purpose, NOW) and not in_force([given], purpose, NOW + day)
    endless = entry(ConsentAct.GIVEN, NOW)
    assert in_force([endless], purpose, NOW + 999 * day)
    for act in (ConsentAct.WITHDRAWN, ConsentAct.REFUSED, ConsentAct.UNSUPPORTED):
        # The order in which they were recorded counts, whatever the clock said.
        assert not in_force([endless, entry(act, NOW - day)], purpose, NOW)
    assert in_force([entry(ConsentAct.WITHDRAWN, NOW), endless], purpose, NOW)
    assert not in_force([given], Purpose.MODEL_TRAINING, NOW)
    assert last_of([], purpose) is None
    # A worker that writes a yes down late takes no withdrawal back.
    spoken = replace(endless, source=ConsentSource.SPOKEN)
    taken_back = entry(ConsentAct.WITHDRAWN, NOW)
    assert last_of([spoken, taken_back, spoken], purpose) is taken_back
    assert last_of([taken_back, endless, spoken], purpose) is spoken


def test_each_link_of_the_audit_chain_depends_on_all_before() -> None:
    event = AuditEvent("call_stored", NOW, "call_x", "musterhaus", {"token": 1})
    link = chain_hash(GENESIS, event)
    assert len(link) == 64 and link == chain_hash(GENESIS, event)
    assert link != chain_hash(link, event)
    later = AuditEvent("call_stored", NOW, "call_x", "musterhaus", {"token": 2})
    assert link != chain_hash(GENESIS, later)


@pytest.mark.parametrize(("start", "end"), [(-1, 3), (3, 3), (4, 2)])
def test_a_span_holds_at_least_one_character(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="empty or negative"):
        PiiSpan(start, end, EntityType.PERSON, 1.0)


def test_a_vault_counts_identities_not_occurrences() -> None:
    person = EntityType.PERSON
    entries = [VaultEntry(f"[PERSON_{n}]", person, 0, 0, "x") for n in (1, 1, 2)]
    entries.append(VaultEntry("[IBAN_1]", EntityType.IBAN, 0, 0, "x"))
    assert Vault(tuple(entries)).counts() == {EntityType.IBAN: 1, person: 2}


def test_reasons_of_rejection_are_a_closed_list() -> None:
    assert RecordingRejected("empty", "no bytes").reason == "empty"
    with pytest.raises(AssertionError):
        RecordingRejected("Zwiebelfisch", "a sentence")


def test_no_value_shows_content_when_it_is_printed() -> None:
    secret = "Zwiebelfisch"
    word = Word(0.0, 1.0, 0.9, 0, secret)
    segment = Segment(Speaker.CALLER, 0.0, 1.0, secret, (word,))
    for value in (
        word,
        segment,
        RedactedTranscript("de", 1.0, (segment,)),
        KnownParty(EntityType.PERSON, secret),
        Vault((VaultEntry("[PERSON_1]", EntityType.PERSON, 0, 0, secret),)),
    ):
        assert secret not in repr(value) and secret not in str(value)
