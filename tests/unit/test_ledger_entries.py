"""What the ledger says beside receipts reads back as it was told, and says no words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from pipeline.domain.backup import Manifest
from pipeline.domain.consent import ConsentAct, ConsentEntry, ConsentSource, Purpose
from pipeline.domain.deletion import (
    DataClass,
    Deletion,
    HoldCheck,
    LedgerEntry,
    Method,
    Place,
    Trigger,
)
from pipeline.domain.errors import SealBroken
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.laws import laws_cited, laws_in_words
from pipeline.domain.ledger import (
    LOST_IN_RESTORE,
    START,
    TOLD_FREELY,
    Kind,
    LedgerMark,
    answer_in,
    answer_told,
    answered_by,
    api_key_told,
    begun_id,
    committed,
    consent_in,
    consent_told,
    deleted_told,
    deletion_in,
    held_by,
    hold_in,
    hold_told,
    is_awaiting,
    is_lasting,
    key_hash_in,
    mark_told,
    outcome_id,
    outcome_told,
    overtaken,
    reason_of,
    receipt_in,
    release_told,
    request_in,
    request_told,
    retention_in,
    retention_told,
    settles,
    token_in,
    undone_by,
)
from pipeline.domain.retention_policy import RetentionPolicy, UnsupportedConsent
from pipeline.domain.rights import LegalHold, Right, RightsRequest, one_month_after
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
    lost = hold_in(told)
    assert replace(lost, reason=hold.reason) == hold and "ledger" in lost.reason
    assert held_by(told) == held_by(release_told(hold, NOON)) == hold.id
    assert release_told(hold, NOON).id != told.id
    assert held_by(replace(told, facts={})) == hold.id
    assert hold_in(replace(told, facts={})).placed_by == "operator"


def test_of_a_holds_words_the_laws_they_cite_are_told() -> None:
    told = hold_told(replace(HOLD, reason="§ 257 HGB, Streit mit Keller (§147 AO)"))
    assert told.facts["cites"] == "HGB_257,AO_147"
    assert hold_in(told).reason.startswith("HGB § 257, AO § 147 (taken over")
    forged = replace(told, facts={**told.facts, "cites": "Keller,HGB_257,HGB_Keller"})
    assert hold_in(forged).reason.startswith("HGB § 257 (taken over")


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("HGB § 257", ("HGB_257",)),
        ("§ 257 Abs. 1 Nr. 4 HGB and § 257 HGB", ("HGB_257",)),
        ("hgb 257, ao §147a", ("HGB_257", "AO_147a")),
        ("Art. 17 (3) (e) GDPR", ("GDPR_17",)),
        ("Art. 17 Abs. 3 lit. e DSGVO", ("DSGVO_17",)),
        ("claim 12/26 of Hagebau is pending", ()),
        ("", ()),
    ],
)
def test_laws_are_found_however_they_are_cited(text: str, codes: tuple[str, ...]) -> None:
    assert laws_cited(text) == codes
    assert laws_cited(laws_in_words(codes)) == codes


ASKED = RightsRequest(
    "req_1", ACME, Right.ACCESS, NOON, one_month_after(NOON, UTC), subject="ab" * 32
)


@pytest.mark.parametrize("asked", [ASKED, replace(ASKED, subject=None)])
def test_requests_and_answers_read_back(asked: RightsRequest) -> None:
    told = request_told(asked)
    assert request_in(told) == asked
    closed = replace(asked, outcome="legal_hold", calls=2, closed_at=NOON)
    answer = answer_told(closed, NOON)
    assert answer_in(answer) == ("legal_hold", 2)
    assert answered_by(answer) == answered_by(told) == told.id != answer.id


@pytest.mark.parametrize("facts", [{}, {"right": "none"}, {"right": "erase", "due": "soon"}])
def test_what_is_no_request_is_said(facts: dict[str, str]) -> None:
    entry = replace(request_told(ASKED), facts=facts)
    for read in (request_in, answer_in):
        with pytest.raises(SealBroken, match="cannot be read"):
            read(entry)


BEGUN = Deletion(
    "del_" + "4" * 32,
    DataClass.RAW_AUDIO,
    "raw_audio",
    3,
    Trigger.CAP,
    ACME,
    CALL,
    HoldCheck.NOT_APPLICABLE,
    NOON - timedelta(days=1),
    NOON,
    (Place("database:audio_keys", Method.KEY_DESTROYED, NOON),),
    "a-key",
)


@pytest.mark.parametrize("data_class", list(DataClass))
def test_a_deletion_that_begins_reads_back_without_its_places(data_class: DataClass) -> None:
    kept = data_class in (DataClass.TRANSCRIPT, DataClass.CUSTOMER)
    hold = HoldCheck.NONE if kept else HoldCheck.NOT_APPLICABLE
    begun = replace(BEGUN, data_class=data_class, rule=str(data_class), hold=hold)
    told = deleted_told(begun)
    assert deletion_in(told) == replace(begun, places=(), key_name=None)
    assert told.id == begun_id(BEGUN.id) == deleted_told(begun, 7).id
    assert told.id.startswith(TOLD_FREELY) and not BEGUN.id.startswith(TOLD_FREELY)


def test_what_awaits_its_commit_awaits_nothing_once_that_is_told() -> None:
    plain, claimed = deleted_told(BEGUN), deleted_told(BEGUN, 7)
    key = api_key_told(ACME, "ab" * 32, NOON, awaiting=True)
    assert [is_awaiting(each) for each in (plain, claimed, key)] == [False, True, True]
    assert (token_in(plain), token_in(claimed), token_in(key)) == (None, 7, None)
    assert committed(claimed) == plain == committed(plain)
    assert committed(key) == api_key_told(ACME, "ab" * 32, NOON)
    done, undone = (outcome_told(kind, claimed) for kind in (Kind.COMMITTED, Kind.UNDONE))
    assert settles(done) == settles(undone) == claimed.id and done.id != undone.id
    assert all(each.id.startswith(TOLD_FREELY) for each in (done, undone))


@pytest.mark.parametrize("facts", [{}, {"class": "all"}, {"due": "soon"}, {"version": None}])
def test_a_deletion_that_cannot_be_read_is_refused(facts: dict[str, str | int | None]) -> None:
    told = deleted_told(BEGUN)
    with pytest.raises(SealBroken):
        deletion_in(replace(told, facts={**told.facts, **facts} if facts else {}))


def test_of_keys_that_await_their_commit_the_last_one_that_has_it_counts() -> None:
    one, two, three = (api_key_told(ACME, each, NOON, awaiting=True) for each in "123")
    done = [outcome_told(Kind.COMMITTED, each) for each in (one, two, three)]
    assert overtaken([one, done[0], two]) == set(), "nobody saw the second one"
    assert overtaken([one, done[0], two, done[1], three]) == {one.id}
    assert overtaken([one, two, done[1], done[0]]) == {two.id}
    gone = deleted_told(BEGUN, 3)
    assert overtaken([gone, outcome_told(Kind.COMMITTED, gone), done[2]]) == set()


def test_what_was_undone_overtakes_nothing() -> None:
    owe, take_back, again = (
        mark_told(kind, CALL, ACME, NOON + timedelta(number))
        for number, kind in enumerate((Kind.OWE, Kind.TAKE_BACK, Kind.OWE))
    )
    undone, done = (outcome_told(kind, take_back) for kind in (Kind.UNDONE, Kind.COMMITTED))
    assert overtaken([owe, take_back]) == {owe.id}
    assert overtaken([owe, take_back, undone]) == set(), "the debt stands"
    assert overtaken([owe, take_back, undone, take_back]) == {owe.id}, "told anew"
    assert overtaken([owe, take_back, undone, done]) == {owe.id}, "committed after all"
    assert overtaken([owe, take_back, undone, again, done]) == {owe.id, take_back.id}
    assert overtaken([owe, take_back, undone, again, take_back]) == {owe.id, again.id}


def test_an_outcome_names_the_entry_that_takes_it_back() -> None:
    told = mark_told(Kind.OWE, CALL, ACME, NOON)
    undone, done = (outcome_told(kind, told).id for kind in (Kind.UNDONE, Kind.COMMITTED))
    assert undone == outcome_id(Kind.UNDONE, told.id)
    assert undone_by(undone) == undone_by(done) == undone
    assert undone_by(told.id) is undone_by(begun_id("del_1")) is None


@pytest.mark.parametrize(
    ("right", "outcome", "calls", "lasting"),
    [
        (Right.RECTIFY, "done", 1, False),
        (Right.RECTIFY, "done", 0, False),
        (Right.RECTIFY, "corrected", 2, False),
        (Right.RECTIFY, "refused", 0, True),
        (Right.ERASE, "done", 1, True),
    ],
)
def test_the_answer_that_was_a_correction_does_not_outlast_it(
    right: Right, outcome: str, calls: int, lasting: bool
) -> None:
    assert is_lasting(right, outcome, calls) is lasting


def test_marks_have_ids_of_their_own() -> None:
    ids = {mark_told(kind, CALL, ACME, NOON).id for kind in (Kind.LIFT, Kind.OBJECT)}
    assert len(ids | {mark_told(Kind.LIFT, CALL, ACME, NOON + timedelta(1)).id}) == 3


RULE = RetentionPolicy(timedelta(days=30), UnsupportedConsent.KEEP, 4)


@pytest.mark.parametrize("policy", [RULE, RetentionPolicy(None, version=2)])
def test_retention_rules_read_back(policy: RetentionPolicy) -> None:
    told = retention_told(ACME, policy, NOON)
    assert retention_in(told) == policy
    assert told.id == retention_told(ACME, policy, NOON + timedelta(1)).id
    others = (replace(policy, version=9), replace(policy, transcripts=timedelta(days=31)))
    assert told.id not in {retention_told(ACME, other, NOON).id for other in others}


def test_an_api_key_is_told_by_its_hash() -> None:
    told = api_key_told(ACME, "ab" * 32, NOON)
    assert key_hash_in(told) == "ab" * 32
    assert told.id != api_key_told(CustomerId("other"), "ab" * 32, NOON).id
    for facts in ({}, {"hash": 3}):
        with pytest.raises(SealBroken):
            key_hash_in(replace(told, facts=facts))


@pytest.mark.parametrize(
    "facts", [{"version": None}, {"version": "x"}, {"unsupported": "maybe"}, {"unsupported": None}]
)
def test_a_rule_that_cannot_be_read_is_refused(facts: dict[str, str | None]) -> None:
    told = retention_told(ACME, RULE, NOON)
    with pytest.raises(SealBroken):
        retention_in(replace(told, facts={**told.facts, **facts}))
    with pytest.raises(SealBroken):
        retention_in(replace(told, facts={}))


def test_marks_of_the_ledger_read_back() -> None:
    mark = LedgerMark(123, "ab" * 32)
    assert LedgerMark.read(mark.written()) == mark
    assert LedgerMark.read(START.written()) == START
    assert len(LedgerMark(10**15 - 1, "ab" * 32).written()) == 80, "what the column holds"
    for older in ("del_" + "1" * 32, "", ":", "x:" + "ab" * 32):
        assert LedgerMark.read(older) is None


def test_the_last_entry_about_the_same_counts() -> None:
    other = CallId("call_" + "2" * 32)
    marks = [
        mark_told(kind, call_id, ACME, NOON)
        for kind in (Kind.RESTRICT, Kind.OBJECT, Kind.LIFT)
        for call_id in (CALL, other)
    ]
    rules = [retention_told(ACME, replace(RULE, version=number), NOON) for number in (1, 2, 3)]
    keys = [api_key_told(CustomerId(name), "ab", NOON) for name in ("one", "two")]
    rest = [consent_told(SAID), hold_told(HOLD), release_told(HOLD, NOON)]
    old = {*(each.id for each in marks[:2]), *(each.id for each in rules[:2])}
    assert overtaken([*marks, *rules, *keys, *rest]) == old
    assert overtaken([]) == set()


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
