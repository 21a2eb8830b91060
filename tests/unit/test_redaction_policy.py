"""A customer's redaction policy: what it may be, how it is changed, and who may read it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pipeline.domain.audit import AuditEvent
from pipeline.domain.call import Customer
from pipeline.domain.errors import (
    Conflict,
    KeyDestroyed,
    NotFound,
    SealBroken,
    UsageError,
)
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.privacy import EntityType, KnownParty
from pipeline.domain.redaction_policy import ListName, RedactionPolicy, StoredPolicy
from pipeline.usecases import redaction_policy
from pipeline.usecases.customers import add_customer, close_customer
from pipeline.usecases.deck import Deck
from pipeline.usecases.list_values import parse_values
from pipeline.usecases.redaction_policy import (
    add_values,
    read_policy,
    remove_values,
    reveal_policy,
    set_flags,
)
from pipeline.usecases.stored_policy import open_policy, store_policy
from tests.decks import memory_deck

ACME, OTHER = CustomerId("acme"), CustomerId("other")
ALLOW, DENY = ListName.ALLOW, ListName.DENY
FIRM = KnownParty(EntityType.ORGANIZATION, "Zwiebelfisch Immobilien")
STAFF = KnownParty(EntityType.PERSON, "Anna Zwiebelfisch")
OFFICE = KnownParty(EntityType.PHONE_NUMBER, "030 1234567")


@pytest.fixture
def deck() -> Deck:
    deck = memory_deck()
    add_customer("acme", "Acme", deck)
    add_customer("other", "Other", deck)
    return deck


def events(deck: Deck) -> list[AuditEvent]:
    entries: Any = deck.audit
    return [event for event, _ in entries.entries if event.name != "customer_added"]


def test_the_defaults_tell_nothing_and_keep_a_vault() -> None:
    policy = RedactionPolicy()
    assert (policy.keep_vault, policy.link_callers, policy.generalise) == (True, False, False)
    assert policy.allow == policy.deny == () and policy.link_secret == b""


def test_a_link_without_a_secret_cannot_be() -> None:
    with pytest.raises(ValueError, match="guess"):
        RedactionPolicy(link_callers=True)


def test_a_policy_shows_no_value_when_it_is_printed() -> None:
    policy = RedactionPolicy(link_callers=True, allow=(FIRM,), deny=(STAFF,), link_secret=b"hush")
    assert "Zwiebelfisch" not in repr(policy) and "hush" not in repr(policy)


def test_both_lists_are_reached_by_name() -> None:
    policy = RedactionPolicy(allow=(FIRM,), deny=(STAFF,))
    assert (policy.listed(ALLOW), policy.listed(DENY)) == ((FIRM,), (STAFF,))
    assert policy.with_list(ALLOW, ()).allow == policy.with_list(DENY, ()).deny == ()
    assert (ALLOW.other, DENY.other) == (DENY, ALLOW)
    changed = policy.with_list(DENY, ()).with_list(ALLOW, ())
    assert policy.changes(policy) == () and policy.changes(changed) == ("allow", "deny")


def test_who_set_nothing_has_the_defaults(deck: Deck) -> None:
    assert read_policy(ACME, deck) == RedactionPolicy()
    with pytest.raises(NotFound):
        read_policy(CustomerId("nobody"), deck)


def test_flags_are_set_one_by_one_and_told(deck: Deck) -> None:
    set_flags(ACME, deck, keep_vault=False)
    set_flags(ACME, deck, generalise=True)
    policy = set_flags(ACME, deck, link_callers=True)
    assert read_policy(ACME, deck) == policy
    assert (policy.keep_vault, policy.link_callers, policy.generalise) == (False, True, True)
    assert read_policy(OTHER, deck) == RedactionPolicy()
    assert [event.facts["fields"] for event in events(deck)] == [
        "keep_vault",
        "generalise",
        "link_callers",
    ]
    set_flags(ACME, deck, keep_vault=False)
    set_flags(ACME, deck)
    assert len(events(deck)) == 3, "what changes nothing is no event"


def test_each_start_of_linking_has_a_secret_of_its_own(deck: Deck) -> None:
    first = set_flags(ACME, deck, link_callers=True).link_secret
    assert len(first) == 32
    assert set_flags(ACME, deck, link_callers=True, generalise=True).link_secret == first
    assert set_flags(OTHER, deck, link_callers=True).link_secret != first
    assert set_flags(ACME, deck, link_callers=False).link_secret == b""
    assert set_flags(ACME, deck, link_callers=True).link_secret not in (b"", first)


def test_lists_grow_and_shrink(deck: Deck) -> None:
    add_values(ACME, ALLOW, (FIRM, OFFICE), deck)
    add_values(ACME, DENY, (STAFF,), deck)
    person = replace(FIRM, type=EntityType.PERSON, value="ZWIEBELFISCH  Immobilien")
    assert add_values(ACME, ALLOW, (person,), deck).allow == (person, OFFICE)
    assert remove_values(ACME, ALLOW, ["zwiebelfisch immobilien"], deck).allow == (OFFICE,)
    with pytest.raises(NotFound, match="nothing was changed") as caught:
        remove_values(ACME, ALLOW, [OFFICE.value, FIRM.value], deck)
    assert read_policy(ACME, deck) == RedactionPolicy(allow=(OFFICE,), deny=(STAFF,))
    assert [event.facts["fields"] for event in events(deck)] == ["allow", "deny", "allow", "allow"]
    assert "Zwiebelfisch" not in str(caught.value) + repr(events(deck))


def test_a_value_is_on_one_list_only(deck: Deck) -> None:
    add_values(ACME, DENY, (STAFF,), deck)
    same = KnownParty(EntityType.ORGANIZATION, "anna zwiebelfisch")
    with pytest.raises(Conflict, match="deny list") as caught:
        add_values(ACME, ALLOW, (FIRM, same), deck)
    assert "wiebelfisch" not in str(caught.value)
    assert read_policy(ACME, deck).allow == ()


def test_a_list_has_an_end(deck: Deck, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction_policy, "MAX_VALUES", 2)
    add_values(ACME, ALLOW, (FIRM, OFFICE), deck)
    with pytest.raises(UsageError, match="2 values at most"):
        add_values(ACME, ALLOW, (STAFF,), deck)


def test_a_change_in_between_is_not_overwritten(
    deck: Deck, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = deck.calls.redaction_policy

    def overtaken(customer_id: CustomerId) -> StoredPolicy:
        found = read(customer_id)
        monkeypatch.setattr(deck.calls, "redaction_policy", read)
        add_values(ACME, DENY, (STAFF,), deck)
        return found

    monkeypatch.setattr(deck.calls, "redaction_policy", overtaken)
    with pytest.raises(Conflict, match="try again"):
        add_values(ACME, DENY, (OFFICE,), deck)
    assert read_policy(ACME, deck).deny == (STAFF,)


def test_looking_at_the_lists_is_on_record_before_they_are_opened(
    deck: Deck, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_values(ACME, DENY, (STAFF,), deck)
    assert reveal_policy(ACME, deck, "operator").deny == (STAFF,)
    event = events(deck)[-1]
    assert (event.name, event.customer_id) == ("lists_revealed", ACME)
    assert event.facts == {"actor": "operator"}

    def refuse(event: object) -> None:
        raise SealBroken("the audit log is broken")

    def opened(*arguments: object) -> None:
        raise AssertionError("the lists were opened")

    monkeypatch.setattr(deck.audit, "append", refuse)
    monkeypatch.setattr(deck.transcripts, "open", opened)
    with pytest.raises(SealBroken):
        reveal_policy(ACME, deck, "operator")


@pytest.mark.parametrize(
    "verb",
    [
        lambda deck: read_policy(ACME, deck),
        lambda deck: reveal_policy(ACME, deck, "operator"),
        lambda deck: set_flags(ACME, deck, keep_vault=False),
        lambda deck: add_values(ACME, DENY, (STAFF,), deck),
        lambda deck: remove_values(ACME, DENY, ["x"], deck),
    ],
)
def test_closing_takes_the_policy_and_every_way_to_it(
    deck: Deck, verb: Callable[[Deck], object]
) -> None:
    add_values(ACME, DENY, (STAFF,), deck)
    set_flags(ACME, deck, link_callers=True)
    stored, before = deck.calls.redaction_policy(ACME), deck.calls.customer(ACME)
    close_customer(ACME, deck)
    told = len(events(deck))
    with pytest.raises(Conflict, match="closed"):
        verb(deck)
    assert len(events(deck)) == told
    assert deck.calls.redaction_policy(ACME) == StoredPolicy()
    # Whoever restores the row from a backup has no key for it.
    closed = replace(before, wrapped_key=b"", wrapped_vault_key=b"")
    with pytest.raises(KeyDestroyed):
        open_policy(closed, stored, deck.transcripts)


def test_lists_are_sealed_for_their_customer_only(deck: Deck) -> None:
    add_values(ACME, DENY, (STAFF,), deck)
    stored = deck.calls.redaction_policy(ACME)
    assert stored.sealed is not None and b"Zwiebelfisch" not in stored.sealed.ciphertext
    assert "Zwiebelfisch" not in repr(vars(deck.calls))
    with pytest.raises(SealBroken):
        open_policy(deck.calls.customer(OTHER), stored, deck.transcripts)


def acme(deck: Deck) -> Customer:
    return deck.calls.customer(ACME)


def test_where_there_is_nothing_to_hide_nothing_is_sealed(deck: Deck) -> None:
    flags = RedactionPolicy(keep_vault=False, generalise=True)
    stored = store_policy(acme(deck), flags, deck.transcripts)
    assert stored == StoredPolicy(keep_vault=False, generalise=True)
    assert open_policy(acme(deck), stored, deck.transcripts) == flags


def test_a_flag_that_was_written_into_the_row_makes_no_link_without_a_secret(deck: Deck) -> None:
    for before in (RedactionPolicy(), RedactionPolicy(deny=(STAFF,))):
        stored = replace(store_policy(acme(deck), before, deck.transcripts), link_callers=True)
        assert not open_policy(acme(deck), stored, deck.transcripts).link_callers


def test_what_is_sealed_is_plain_json(deck: Deck) -> None:
    policy = RedactionPolicy(link_callers=True, allow=(FIRM,), link_secret=b"\1\2")
    sealed = store_policy(acme(deck), policy, deck.transcripts).sealed
    assert sealed is not None
    assert json.loads(deck.transcripts.open(acme(deck), CallId(""), "lists", sealed)) == {
        "allow": [["ORGANIZATION", "Zwiebelfisch Immobilien"]],
        "deny": [],
        "link_secret": "0102",
    }


def test_typed_values_get_the_type_they_look_like_or_the_one_given() -> None:
    typed = [" Anna Zwiebelfisch ", "030 1234567", "a@b.de"]
    assert [party.type for party in parse_values(typed, DENY)] == [
        EntityType.PERSON,
        EntityType.PHONE_NUMBER,
        EntityType.EMAIL_ADDRESS,
    ]
    (party,) = parse_values(["Anna Zwiebelfisch "], ALLOW, "organization")
    assert party == KnownParty(EntityType.ORGANIZATION, "Anna Zwiebelfisch")


@pytest.mark.parametrize(
    ("values", "name", "type_name", "told"),
    [
        (["Zwiebelfisch"], ALLOW, "PERSONS", "there are: PERSON, LOCATION"),
        (["Zwiebelfisch", " "], ALLOW, None, "blank"),
        (["Zwiebelfisch" * 50], ALLOW, None, "500 characters"),
        (["Zwiebelfisch", "Li"], DENY, None, "too short"),
        (["123"], DENY, None, "too short"),
    ],
)
def test_values_that_cannot_be_are_refused_and_not_quoted(
    values: list[str], name: ListName, type_name: str | None, told: str
) -> None:
    with pytest.raises(UsageError, match=told) as caught:
        parse_values(values, name, type_name)
    assert "Zwiebelfisch" not in str(caught.value) and "123" not in str(caught.value)


def test_short_values_may_be_allowed() -> None:
    assert [party.value for party in parse_values(["Li", "3M", "110"], ALLOW)] == [
        "Li",
        "3M",
        "110",
    ]
