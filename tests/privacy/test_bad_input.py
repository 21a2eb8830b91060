"""Text that is not as it should be: what is personal in it is still found, at its exact place."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.adapters.presidio import PresidioDetector
from pipeline.domain.privacy import PiiSpan
from pipeline.stages.detect_pii import detect_text
from pipeline.stages.redact import redact_text
from tests.unit.marked_text import marked


@pytest.fixture(scope="module")
def detector() -> PresidioDetector:
    return PresidioDetector()


def decomposed(text: str) -> str:
    return unicodedata.normalize("NFD", text)


INVISIBLE = {
    "joiner": "\u200d",
    "non-joiner": "\u200c",
    "zero-width space": "\u200b",
    "soft hyphen": "\u00ad",
    "left-to-right": "\u200e",
    "right-to-left": "\u200f",
    "override": "\u202e",
    "isolate": "\u2067",
    "byte order mark": "\ufeff",
    "variation": "\ufe0f",
    "grapheme joiner": "\u034f",
    "filler": "\u3164",
    "accent": "\u0323",
    "keycap": "\u20e3",
    "nul": "\x00",
    "emoji": "🙂",
    "family": "👩‍👩‍👧",
    "many emoji": "🙂" * 9,
}


@pytest.mark.parametrize("between", INVISIBLE.values(), ids=INVISIBLE.keys())
@pytest.mark.parametrize(
    ("before", "value", "kind"),
    [
        ("meine Nummer ist ", "01523456789", "PHONE_NUMBER"),
        ("meine Mail ist ", "zwiebel.fisch@gmail.com", "EMAIL_ADDRESS"),
        ("die IBAN ist ", "DE89370400440532013000", "IBAN"),
    ],
)
def test_what_stands_between_its_characters_hides_nothing(
    detector: PresidioDetector, before: str, value: str, kind: str, between: str
) -> None:
    said = between.join(value)
    text = f"{before}{said} danke"
    spans = detect_text(text, "de", detector)
    assert [(text[span.start : span.end], span.type) for span in spans if span.type == kind] == [
        (said, kind)
    ]


# What stands in brackets must be one span, from its first character to its last.
EXACT = [
    "mein Name ist [Аnnа Мüllеr] danke",
    "meine Mail ist [аnnа.müllеr@gmаil.соm] danke",
    "die Mail ist [мах@wеb.dе] danke",
    "die IBAN ist [DЕ89 3704 0044 0532 0130 00] danke",
    "die IBAN ist [СН93 0076 2011 6238 5295 7] danke",
    "die IBAN ist [ΑΤ61 1904 3002 3457 3201] danke",
    "meine Nummer ist [０１５２３４５６７８９] danke",
    "meine Nummer ist [٠١٥٢٣٤٥٦٧٨٩] danke",
    "meine Nummer ist [٠1５2३4５6７8٩] danke",
    "meine Mail ist [ｍａｘ＠ｗｅｂ．ｄｅ] danke",
    f"mein Name ist [{decomposed('Jörg Müller')}] danke",
    "Herr [Zwetsch\u00adgen\u00adbrecht] kommt",
    "🙂[Anna Müller]🙂",
    "Nummer: 🙂[0152 3456789]🙂",
    "\u200e\u202bFrau [Müller]\u202c\u200f",
    "Wie ist Ihr Name?\r\n[Müller]\r\nIhre Nummer?\r\n[0152]\r\n[345 67]\r\n",
    "meine Nummer ist\t[0152\t3456789]\tdanke",
    "מספר הטלפון שלי [0152 3456789] תודה",
    "\u202bرقمي \u202a[+49 152 3456789]\u202c شكرا\u202c",
]


@pytest.mark.parametrize("sentence", EXACT)
def test_one_span_is_all_of_it_and_nothing_else(detector: PresidioDetector, sentence: str) -> None:
    text, wanted = marked(sentence)
    found = {(span.start, span.end) for span in detect_text(text, "de", detector)}
    assert set(wanted) <= found


@pytest.mark.parametrize(
    "sentence",
    [
        "שלום [Anna Müller] שלום",
        "اسمي [Anna Müller]",
        "رقمي [٠١٥٢ ٣٤٥٦٧٨٩] شكرا",
        "🙂[Anna Müller]🙂 wohnt in 👩‍👩‍👧[Hamburg]🙃, [0152🙂3456789]🙂",
        "schreiben Sie an 🙂[max🙂.muster🙂@gmail.com]🙂 bitte",
        "[null\u200deins fünf zwei drei vier fünf]",
        f"ich wohne in der [{decomposed('Görlitzer Straße 12')}]",
    ],
)
def test_it_is_covered(detector: PresidioDetector, sentence: str) -> None:
    text, wanted = marked(sentence)
    spans = detect_text(text, "de", detector)
    assert all(
        any(span.start <= start and end <= span.end for span in spans) for start, end in wanted
    )


@pytest.mark.parametrize(
    "text",
    ["", " ", "\n\n\n", "\r\n\r\n", "\t\t", "\x00\x00", "...!?", "—–„“", "🙂", "\u0308", "\u200d",
     "(", "@", "+", "\ud800", "\u2028\x85", "\U000e0041"],
)  # fmt: skip
@pytest.mark.parametrize("language", ["de", "en", "fr"])
def test_there_is_nothing_in_nothing(detector: PresidioDetector, text: str, language: str) -> None:
    assert detect_text(text, language, detector) == ()


@pytest.mark.parametrize("language", ["fr", "tr", "pl", "zh", "xx", "", "fr-CH", "den"])
def test_other_languages_get_numbers_and_addresses_of_both(
    detector: PresidioDetector, language: str
) -> None:
    for sentence in (
        "appelez [01 42 68 53 00] svp",
        "voilà [ab@web.fr]",
        "[null eins fünf zwei drei vier fünf]",
        "[double seven oh nine four five six two]",
        "[max punkt muster ät gmail punkt com]",
        "[john dot smith at outlook dot com]",
        "[DE89 3704 0044 0532 0130 00]",
    ):
        text, [(start, end)] = marked(sentence)
        spans = detect_text(text, language, detector)
        assert any(span.start <= start and end <= span.end for span in spans), sentence


def seconds(detector: PresidioDetector, text: str) -> tuple[float, tuple[PiiSpan, ...]]:
    started = time.process_time()
    spans = detect_text(text, "de", detector)
    return time.process_time() - started, spans


MEGABYTES = [
    "x",
    "annamüller",
    "שלום",
    "Ж",
    "1",
    "([",
    "🙂",
    "👩‍👩‍👧",
    "\x00",
    "\u200d",
    "a\u0308\u0323",
    "@",
    "_",
]


@pytest.mark.parametrize("part", MEGABYTES)
def test_a_megabyte_without_a_space_takes_seconds(detector: PresidioDetector, part: str) -> None:
    text = part * (1_000_000 // len(part))
    took, spans = seconds(detector, text)
    assert took < 10
    if part == "1":
        assert [(span.start, span.end) for span in spans] == [(0, 1_000_000)]


@pytest.mark.parametrize("part", ["a@", "a.", "a-", "a1", "1.", "ab.de", "(x["])
def test_time_grows_with_a_text_without_a_space_and_no_faster(
    detector: PresidioDetector, part: str
) -> None:
    small, _ = seconds(detector, part * (20_000 // len(part)))
    large, _ = seconds(detector, part * (100_000 // len(part)))
    assert large < 10 * max(small, 0.1)
    assert large < 10


def test_a_doubtful_name_among_what_is_no_speech_is_still_hidden(
    detector: PresidioDetector,
) -> None:
    """Where the tagger is not asked, its silence is no certainty that overrules the lists."""
    noise = "a@. " * 400
    text = f"{noise}in Essen {noise}"
    spans = detect_text(text, "de", detector)
    assert readable(text, spans, text.index("Essen"), text.index("Essen") + 5) == ""


def test_digits_in_a_text_without_a_space_are_found(detector: PresidioDetector) -> None:
    text = ("x" * 30 + "0152345678") * 10_000
    _, spans = seconds(detector, text)
    found = {at for span in spans for at in range(span.start, span.end)}
    assert all(at in found for at, char in enumerate(text) if char.isdecimal())


def call(turns: int) -> str:
    lines = (
        "guten tag hier ist die hausverwaltung, was kann ich für sie tun",
        "ja hallo, mein name ist anna müller, ich rufe wegen der wohnung in der lindenstraße an",
        "gern, unter welcher nummer {} erreiche ich sie denn am besten",
        "null eins fünf zwei drei vier {} sechs, und die miete wäre achthundert euro kalt",
    )
    return "\n".join(lines[turn % 4].format(turn) for turn in range(turns))


def test_a_call_of_two_hours_takes_eight_times_a_quarter_of_an_hour(
    detector: PresidioDetector,
) -> None:
    text = call(1_650)
    assert 105_000 < len(text) < 125_000
    seconds(detector, text[:5_000])
    quarter, _ = seconds(detector, text[: len(text) // 8])
    whole, _ = seconds(detector, text)
    assert whole < 16 * quarter


MANY = "\n".join(EXACT).replace("[", "").replace("]", "")


def test_the_same_text_gives_the_same_spans_in_another_process(
    detector: PresidioDetector,
) -> None:
    spans = detect_text(MANY, "de", detector)
    assert detect_text(MANY, "de", detector) == spans
    assert detect_text(MANY, "de", PresidioDetector()) == spans
    wanted = [[span.start, span.end, str(span.type), span.score] for span in spans]
    code = (
        "import json, sys\n"
        "from pipeline.adapters.presidio import PresidioDetector\n"
        "from pipeline.stages.detect_pii import detect_text\n"
        "spans = detect_text(json.loads(sys.stdin.read()), 'de', PresidioDetector())\n"
        "print(json.dumps([[s.start, s.end, str(s.type), s.score] for s in spans]))\n"
    )
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            input=json.dumps(MANY),
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert json.loads(done.stdout) == wanted


_NOISE = st.lists(st.sampled_from([*INVISIBLE.values(), "\u0308", "\u0301"]), max_size=3).map(
    "".join
)
_DIGITS = st.sampled_from("0123456789０４９٠٣٩۵३")
_LETTERS = st.sampled_from("abcxzаеосхАМо")


@st.composite
def noisy(draw: st.DrawFn, value: st.SearchStrategy[Sequence[str]]) -> str:
    return "".join(char + draw(_NOISE) for char in draw(value))


PHONES = noisy(st.lists(_DIGITS, min_size=6, max_size=12).map(lambda digits: ["0", *digits]))
LOCALS = noisy(st.lists(_LETTERS, min_size=2, max_size=8).map(lambda rest: ["q", *rest]))
ANYTHING = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def readable(text: str, spans: Sequence[PiiSpan], start: int, end: int) -> str:
    """Letters and digits of `text[start:end]` outside `spans`."""
    covered = {at for span in spans for at in range(span.start, span.end)}
    return "".join(
        text[at] for at in range(start, end) if at not in covered and text[at].isalnum()
    ).replace("\u3164", "")


def assert_sound(text: str, spans: Sequence[PiiSpan]) -> None:
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(left.end <= right.start for left, right in pairwise(spans))
    for span in spans:
        assert not unicodedata.combining(text[span.start])
        assert not unicodedata.combining(text[span.end : span.end + 1] or " ")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ANYTHING, PHONES, ANYTHING, st.sampled_from(["de", "en", "fr"]))
def test_no_digit_of_an_announced_number_stays(
    detector: PresidioDetector, before: str, number: str, after: str, language: str
) -> None:
    cue = "my number is " if language == "en" else "meine Nummer ist "
    head = f"{before}\n{cue}"
    text = f"{head}{number} danke\n{after}"
    spans = detect_text(text, language, detector)
    assert_sound(text, spans)
    assert readable(text, spans, len(head), len(head) + len(number)) == ""
    line = redact_text(text, spans, language)[0].split(cue)[-1].split("danke")[0]
    assert not any(char.isdecimal() for char in line.replace("_1]", "").replace("_2]", ""))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ANYTHING, LOCALS, ANYTHING, st.sampled_from(["de", "en", "fr"]))
def test_no_letter_of_an_announced_address_stays(
    detector: PresidioDetector, before: str, local: str, after: str, language: str
) -> None:
    head = f"{before}\nmeine Mail ist "
    text = f"{head}{local}@gmail.com danke\n{after}"
    spans = detect_text(text, language, detector)
    assert_sound(text, spans)
    assert readable(text, spans, len(head), len(head) + len(local)) == ""


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.one_of(_NOISE, ANYTHING, st.sampled_from(["Anna Müller", "0152345", "a@b.de", " ", "."]))
    ).map("".join),
    st.sampled_from(["de", "en", "xx"]),
)
def test_any_text_ends_in_sound_spans(detector: PresidioDetector, text: str, language: str) -> None:
    spans = detect_text(text, language, detector)
    assert_sound(text, spans)
    assert spans == detect_text(text, language, detector)
    redacted, pseudonyms = redact_text(text, spans, language)
    assert all(pseudonym in redacted for pseudonym in pseudonyms)
