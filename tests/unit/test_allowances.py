"""What a customer allows is shown, whole and as said anyhow; all else stays hidden."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.privacy import EntityType, KnownParty, PiiSpan
from pipeline.stages.allowances import without_allowed
from tests.unit.marked_text import marked

T = EntityType
OFFICE = KnownParty(T.PHONE_NUMBER, "030 1234567")
FIRM = KnownParty(T.ORGANIZATION, "Müller & Söhne Immobilien")
STAFF = KnownParty(T.PERSON, "Anna Schmidt")
MAIL = KnownParty(T.EMAIL_ADDRESS, "info@musterhaus.de")
ALLOW = (OFFICE, FIRM, STAFF, MAIL)
DIGITS = ["null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"]


def left(
    sentence: str,
    kind: EntityType = T.PERSON,
    allow: tuple[KnownParty, ...] = ALLOW,
    named: tuple[KnownParty, ...] = (),
) -> list[str]:
    """What is still hidden in a sentence that marks its spans by brackets."""
    turn, edges = marked(sentence)
    spans = tuple(PiiSpan(start, end, kind, 0.9) for start, end in edges)
    (kept,) = without_allowed([turn], [spans], "de", allow, named)
    return [turn[span.start : span.end] for span in kept]


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("unter [030 1234567] bitte", T.PHONE_NUMBER),
        ("unter [null drei null, eins zwei drei vier fünf sechs sieben]", T.PHONE_NUMBER),
        ("unter [+49 30 1234567]", T.PHONE_NUMBER),
        ("unter [0043 30 1234567]", T.PHONE_NUMBER),
        ("Kundennummer [030/1234567]", T.OTHER_ID),
        ("hier ist [mueller und soehne immobilien]", T.PERSON),
        ("hier ist [MÜLLER & SÖHNE IMMOBILIEN]", T.ORGANIZATION),
        ("[Anna Schmidt] am Apparat", T.PERSON),
        ("[Anna Schmidt, S C H M I D T]", T.PERSON),
        ("[Anna Schmidt], [Anna Schmidt]", T.PERSON),
        ("an [info ät musterhaus punkt de]", T.EMAIL_ADDRESS),
    ],
)
def test_an_allowed_value_is_shown_however_it_is_said(sentence: str, kind: EntityType) -> None:
    allow = (*ALLOW, KnownParty(T.ORGANIZATION, "Müller und Söhne Immobilien"))
    assert left(sentence, kind, allow) == []


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("unter [030 12345678]", T.PHONE_NUMBER),
        ("unter [030 1234567] 89 bitte", T.PHONE_NUMBER),
        ("unter 89 [030 1234567]", T.PHONE_NUMBER),
        ("unter [030 1234567]-12", T.PHONE_NUMBER),
        ("unter [030 123456]", T.PHONE_NUMBER),
        ("[Martina Keller, 030 1234567]", T.PERSON),
        ("[030 1234567 Keller]", T.PHONE_NUMBER),
        ("[Anna]", T.PERSON),
        ("[Schmidt]", T.PERSON),
        ("[Anna Schmidt-Meyer]", T.PERSON),
        ("[Anna Schmidt]-Meyer", T.PERSON),
        ("Meyer-[Anna Schmidt]", T.PERSON),
        ("[Anna Schmidt]s Mann", T.PERSON),
        ("Hans[Anna Schmidt]", T.PERSON),
        ("[Martina] [Anna Schmidt]", T.PERSON),
        ("[Anna Schmidt] - [Keller]", T.PERSON),
        ("[Anna Schmidt][Keller]", T.PERSON),
        ("[Peter Schmidt]", T.PERSON),
        ("[anna ät musterhaus punkt de]", T.EMAIL_ADDRESS),
    ],
)
def test_what_is_longer_or_shorter_or_other_stays_hidden(sentence: str, kind: EntityType) -> None:
    assert left(sentence, kind) == [part.split("]")[0] for part in sentence.split("[")[1:]]


def test_values_side_by_side_of_two_types_or_lines_are_two() -> None:
    turn = "müller & söhne immobilien anna schmidt"
    spans = (PiiSpan(0, 25, T.ORGANIZATION, 0.9), PiiSpan(26, 38, T.PERSON, 0.9))
    assert without_allowed([turn], [spans], "de", (STAFF,)) == (spans[:1],)
    assert left("[Anna Schmidt]\n[Peter Keller]") == ["Peter Keller"]
    assert left("[Anna Schmidt], [Peter Keller]") == ["Peter Keller"]


def test_two_country_codes_must_agree() -> None:
    german = (KnownParty(T.PHONE_NUMBER, "+49 30 1234567"),)
    assert left("[+49 30 1234567]", T.PHONE_NUMBER, german) == []
    assert left("[030 1234567]", T.PHONE_NUMBER, german) == []
    assert left("[+43 30 1234567]", T.PHONE_NUMBER, german) == ["+43 30 1234567"]


@pytest.mark.parametrize(
    ("named", "sentence"),
    [
        (KnownParty(T.PERSON, "Anna Schmidt"), "[Anna Schmidt]"),
        (KnownParty(T.PERSON, "Peter Schmitt"), "[Anna Schmidt]"),
        (KnownParty(T.ORGANIZATION, "Söhne GmbH"), "[Müller & Söhne Immobilien]"),
        (KnownParty(T.PHONE_NUMBER, "+49 30 1234567"), "[030 1234567]"),
        (KnownParty(T.PHONE_NUMBER, "0160 30123456789"), "[030 1234567]"),
        (KnownParty(T.OTHER_ID, "4567"), "[030 1234567]"),
        (KnownParty(T.PERSON, "Li"), "[Li]"),
    ],
)
def test_what_the_call_knows_of_somebody_stays_hidden(named: KnownParty, sentence: str) -> None:
    allow = (*ALLOW, KnownParty(T.PERSON, "Li"))
    assert left(sentence, T.PERSON, allow) == []
    assert left(sentence, T.PERSON, allow, (named,)) == [sentence[1:-1]]


@pytest.mark.parametrize(
    "named",
    [
        KnownParty(T.PERSON, "Martina Keller"),
        KnownParty(T.ORGANIZATION, "Keller und Partner GmbH"),
        KnownParty(T.PHONE_NUMBER, "unbekannt"),
        KnownParty(T.PHONE_NUMBER, "0176 55382049"),
        KnownParty(T.OTHER_ID, "12"),
    ],
)
def test_what_it_knows_of_others_changes_nothing(named: KnownParty) -> None:
    assert left("[Müller & Söhne Immobilien], [030 1234567]", named=(named,)) == []


def test_an_allowed_value_of_which_nothing_is_left_allows_nothing() -> None:
    assert left("[--] und [Keller]", allow=(KnownParty(T.PHONE_NUMBER, "keine"),)) == [
        "--",
        "Keller",
    ]


def test_without_a_list_nothing_changes() -> None:
    spans = ((PiiSpan(0, 12, T.PERSON, 0.9),), ())
    assert without_allowed(["Anna Schmidt", "ja"], list(spans), "de", ()) == spans
    assert without_allowed(["Anna Schmidt", "ja"], spans, "de", ALLOW) == ((), ())


names = st.text("abcäöüßéXYZ", min_size=4, max_size=8)
values = st.one_of(
    st.tuples(st.just(T.PERSON), names),
    st.tuples(st.just(T.ORGANIZATION), st.tuples(names, names).map(" ".join)),
    st.tuples(st.just(T.PHONE_NUMBER), st.from_regex(r"0[1-9][0-9]{5,10}", fullmatch=True)),
).map(lambda pair: KnownParty(*pair))


def turn_of(said: list[KnownParty]) -> tuple[str, tuple[PiiSpan, ...]]:
    """A turn in which all of `said` stand apart, and a span for each."""
    text, spans = "also", []
    for party in said:
        text += " bitte, "
        spans.append(PiiSpan(len(text), len(text) + len(party.value), party.type, 0.9))
        text += party.value + ","
    return text, tuple(spans)


@given(st.lists(values, max_size=5), st.lists(values, max_size=4), st.lists(values, max_size=2))
def test_only_allowed_values_are_ever_shown_and_no_known_one(
    said: list[KnownParty], allow: list[KnownParty], named: list[KnownParty]
) -> None:
    text, spans = turn_of([*said, *allow, *named])
    (kept,) = without_allowed([text], [spans], "de", allow, named)
    assert set(kept) <= set(spans) and list(kept) == sorted(kept)
    hidden = {text[span.start : span.end] for span in kept}
    assert {party.value for party in named} <= hidden
    for span in set(spans) - set(kept):
        shown = _plain(text[span.start : span.end])
        once = " ".join(dict.fromkeys(shown.split()))
        assert not {shown, once}.isdisjoint(_plain(party.value) for party in allow)


def _plain(value: str) -> str:
    folded = value.casefold().translate(str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "é": "e"}))
    return folded.lstrip("0")


@given(
    st.from_regex(r"0[1-9][0-9]{5,10}", fullmatch=True),
    st.from_regex(r"[0-9]{1,4}", fullmatch=True),
)
def test_a_spoken_number_is_allowed_alone_and_never_inside_a_longer_one(
    number: str, more: str
) -> None:
    allow = [KnownParty(T.PHONE_NUMBER, number)]
    spoken, longer = (" ".join(DIGITS[int(d)] for d in digits) for digits in (number, more))
    alone = PiiSpan(0, len(spoken), T.PHONE_NUMBER, 0.9)
    assert without_allowed([spoken], [(alone,)], "de", allow) == ((),)
    assert without_allowed([f"{spoken} {longer}"], [(alone,)], "de", allow) == ((alone,),)
    before = PiiSpan(len(longer) + 1, len(longer) + 1 + len(spoken), T.PHONE_NUMBER, 0.9)
    assert without_allowed([f"{longer} {spoken}"], [(before,)], "de", allow) == ((before,),)
