"""The papers: the same in both languages, complete, and never apart from what is so."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from jinja2 import nodes

from pipeline.domain.deletion_concept import CONCEPT
from pipeline.domain.errors import UsageError
from pipeline.domain.ids import CustomerId
from pipeline.domain.processing import Measure, Operator, Stock, Where
from pipeline.domain.redaction_policy import StoredPolicy
from pipeline.domain.retention_policy import RetentionPolicy, UnsupportedConsent
from pipeline.formats.moments import Language
from pipeline.formats.papers import (
    FOLDER,
    PAPERS,
    PaperName,
    environment,
    escaped,
    papers_named,
    write_paper,
)
from pipeline.formats.papers.blocks import (
    Bullets,
    Heading,
    Note,
    Paragraph,
    Table,
    blocks_of,
)
from pipeline.formats.papers.letters import plain, printable
from pipeline.formats.papers.pdf import render_pdf
from pipeline.formats.papers.words import WORDS, day, moment, number, period
from tests.sample_papers import (
    AT,
    CUSTOMERS,
    INSTALLATION,
    KEYS,
    OPERATOR,
    PROCESSING,
    SAMPLES,
    sample,
)
from tests.sample_papers import FOLDER as SAMPLE_FOLDER

BERLIN = ZoneInfo("Europe/Berlin")
LANGUAGES: tuple[Language, ...] = get_args(Language)
EACH = [(paper, language) for paper in PAPERS for language in LANGUAGES]


def markdown(name: PaperName, language: Language = "de", **changed: Any) -> str:
    return write_paper(name, language, replace(PROCESSING, **changed)).markdown


def installed(name: PaperName, language: Language = "de", **changed: Any) -> str:
    return markdown(name, language, installation=replace(INSTALLATION, **changed))


# The two languages


def source(language: Language, name: str) -> str:
    return (FOLDER / language / name).read_text("utf-8")


def placeholders(language: Language, name: str) -> list[str]:
    """What a template asks for: paths, filters, and the settings of its gaps."""
    tree = environment(language, BERLIN).parse(source(language, name))
    found = [node.name for node in tree.find_all(nodes.Filter)]
    found += [path_of(node) for node in tree.find_all(nodes.Getattr)]
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "gap":
            found += [constant.value for constant in call.args[1].find_all(nodes.Const)]
            if isinstance(call.args[1], nodes.Const):
                found.append(call.args[1].value)
    return sorted(found)


def path_of(node: nodes.Node) -> str:
    if isinstance(node, nodes.Getattr):
        return f"{path_of(node.node)}.{node.attr}"
    return node.name if isinstance(node, nodes.Name) else "…"


def test_both_languages_have_the_same_templates() -> None:
    de, en = ({file.name for file in (FOLDER / language).iterdir()} for language in LANGUAGES)
    assert de == en == {"head.j2", *(f"{paper}.md.j2" for paper in PAPERS)}


@pytest.mark.parametrize("name", ["head.j2", *(f"{paper}.md.j2" for paper in PAPERS)])
def test_both_languages_ask_for_the_same(name: str) -> None:
    assert placeholders("de", name) == placeholders("en", name) != []


@pytest.mark.parametrize("paper", PAPERS)
def test_both_languages_have_the_same_shape(paper: PaperName) -> None:
    def shape(language: Language) -> list[Any]:
        shapes: list[Any] = []
        for block in blocks_of(markdown(paper, language)):
            if isinstance(block, Heading):
                shapes.append((block.level, block.text.partition(" ")[0].rstrip("ACDELORSTUV")))
            elif isinstance(block, Table):
                shapes.append((len(block.rows), block.columns))
            elif isinstance(block, Bullets):
                shapes.append(len(block.items))
            else:
                shapes.append(type(block))
        return [each for each in shapes if not (isinstance(each, tuple) and each[0] == 1)]

    assert shape("de") == shape("en")


def test_both_languages_have_the_same_words() -> None:
    assert WORDS["de"].keys() == WORDS["en"].keys()


# What is in them


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_class_of_the_concept_is_in_the_matrix(language: Language) -> None:
    tables = [
        block
        for block in blocks_of(markdown("deletion-concept", language))
        if isinstance(block, Table)
    ]
    matrix, places = tables[-2:]
    rows = {row[0]: [plain(cell) for cell in row] for row in matrix.rows[1:]}
    for each in CONCEPT:
        said = (each.what, each.start, each.period, each.rule, each.basis)
        assert rows[each.id] == [each.id, *(getattr(one, language) for one in said)]
    listed = {row[0]: plain(row[1]) for row in places.rows[1:]}
    assert listed.keys() == rows.keys() == {each.id for each in CONCEPT}
    assert "audio_keys" in listed["raw_audio"] and "days/*.key" in listed["raw_audio"]
    assert "audio_keys.key_name" in listed["retained_audio"], "its table is another class's"


@pytest.mark.parametrize(("paper", "language"), EACH)
def test_what_only_the_operator_knows_is_a_gap(paper: PaperName, language: Language) -> None:
    nobody = replace(INSTALLATION, operator=Operator())
    empty = write_paper(paper, language, replace(PROCESSING, installation=nobody))
    shown = empty.markdown.count(f"**\\[{WORDS[language]['gap']}: ")
    assert empty.gaps == shown - 1 > 0, "the head explains the mark"
    filled = Operator(
        *["Beispiel"] * 5,
        controllers={each.id: "Beispiel" for each in CUSTOMERS},
        measures=dict.fromkeys(Measure, "Beispiel"),
        subprocessors=(),
    )
    whole = replace(PROCESSING, installation=replace(INSTALLATION, operator=filled))
    assert write_paper(paper, language, whole).gaps == 0


def test_an_empty_word_of_the_operator_is_a_gap() -> None:
    text = installed("records", operator=replace(OPERATOR, name=" "))
    assert "zu ergänzen: Name und Rechtsform – operator.name" in text


CHANGES: list[tuple[PaperName, dict[str, Any]]] = [
    ("records", {"model": "small"}),
    ("records", {"model_origin": "folder"}),
    ("records", {"device": "cpu"}),
    ("records", {"recognizers": 2}),
    ("records", {"database": "postgresql"}),
    ("records", {"database_at": Where.ELSEWHERE}),
    ("records", {"max_call_hours": 1.5}),
    ("records", {"api_at": Where.ELSEWHERE}),
    ("measures", {"api_at": Where.ELSEWHERE}),
    ("measures", {"redis_at": Where.PRIVATE_NETWORK}),
    ("measures", {"log_days": 14}),
    ("measures", {"evidence_years": 10}),
    ("measures", {"swap": True}),
    ("measures", {"time_zone": "Europe/Athens"}),
    ("deletion-concept", {"evidence_years": 10}),
    ("deletion-concept", {"log_days": 14}),
    ("measures", {"swap": None}),
    ("measures", {"recognizers": 1}),
    ("measures", {"libraries": ()}),
    ("subprocessors", {"redis_at": Where.ELSEWHERE}),
    ("subprocessors", {"recordings_at": Where.ELSEWHERE}),
    ("measures", {"recordings_at": Where.ELSEWHERE}),
    ("subprocessors", {"model_origin": "bundled"}),
    ("subprocessors", {"recognizers": 1}),
    ("subprocessors", {"operator": replace(OPERATOR, subprocessors=())}),
    ("deletion-concept", {"swap": True}),
    ("deletion-concept", {"operator": replace(OPERATOR, measures={})}),
]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("paper", "change"), CHANGES)
def test_a_changed_setting_changes_the_paper(
    paper: PaperName, change: dict[str, Any], language: Language
) -> None:
    assert installed(paper, language, **change) != markdown(paper, language)


def rules(**changed: Any) -> tuple[Any, ...]:
    return (replace(CUSTOMERS[0], **changed), *CUSTOMERS[1:])


RULES: list[dict[str, Any]] = [
    {"retention": RetentionPolicy(timedelta(days=90), version=2)},
    {"retention": RetentionPolicy(timedelta(days=365), version=3)},
    {"retention": RetentionPolicy(timedelta(days=365), UnsupportedConsent.KEEP, 2)},
    {"redaction": StoredPolicy()},
    {"redaction": StoredPolicy(keep_vault=False, link_callers=True)},
    {"redaction": StoredPolicy(link_callers=True, generalise=True)},
    {"closed": AT},
    {"stock": replace(CUSTOMERS[0].stock, stored=9)},
]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("change", RULES)
def test_a_changed_rule_or_stock_changes_the_record(
    change: dict[str, Any], language: Language
) -> None:
    assert markdown("records", language, customers=rules(**change)) != markdown("records", language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("paper", ["deletion-concept", "measures"])
def test_what_went_wrong_is_told(paper: PaperName, language: Language) -> None:
    usual = markdown(paper, language)
    bad = "beschädigt" if language == "de" else "broken"
    assert bad in markdown(paper, language, audit_entries=None, audit_whole=False)
    assert bad not in usual
    assert (
        markdown(paper, language, findings=3) != usual != markdown(paper, language, findings=None)
    )
    assert markdown(paper, language, keys=replace(KEYS, overdue=2)) != usual


@pytest.mark.parametrize(("paper", "language"), EACH)
def test_an_installation_without_customers_has_papers(paper: PaperName, language: Language) -> None:
    keys = replace(KEYS, masters=(), days=0, oldest_day=None, next_end=None)
    paper_of_none = write_paper(paper, language, replace(PROCESSING, customers=(), keys=keys))
    assert paper_of_none.pdf().startswith(b"%PDF-")


def test_the_paper_of_one_customer_says_so() -> None:
    alone = {"customers": CUSTOMERS[:1], "only": CustomerId("musterhaus"), "audit_entries": None}
    for paper, language in EACH:
        text = markdown(paper, language, **alone)
        assert "musterhaus" in text and "nordpol" not in text.casefold() and "4.921" not in text


def test_a_key_service_is_a_service_in_use() -> None:
    from pipeline.domain.keys import KeySource

    masters = tuple(replace(master, source=KeySource.KMS) for master in KEYS.masters)
    for language in LANGUAGES:
        text = markdown("subprocessors", language, keys=replace(KEYS, masters=masters))
        assert ("Schlüsseldienst" if language == "de" else "Key management service") in text
        assert text != markdown("subprocessors", language)


def test_totals_are_sums_and_the_oldest() -> None:
    assert PROCESSING.total == replace(CUSTOMERS[0].stock, erased=20, receipts=1228), (
        "the other customer's are added"
    )
    assert replace(PROCESSING, customers=()).total == Stock()


def test_there_are_papers_of_these_names() -> None:
    assert papers_named("all") == PAPERS and papers_named("measures") == ("measures",)
    with pytest.raises(UsageError, match="records, deletion-concept"):
        papers_named("diary")


# Samples


@pytest.mark.parametrize(("paper", "language"), SAMPLES)
def test_the_samples_are_what_is_written_today(paper: PaperName, language: Language) -> None:
    kept = (SAMPLE_FOLDER / f"{paper}.{language}.md").read_text("utf-8")
    assert kept == sample(paper, language), "run: python -m tests.sample_papers"


def test_there_is_no_other_sample() -> None:
    names = {file.name for file in Path(SAMPLE_FOLDER).iterdir()}
    assert names == {f"{paper}.{language}.md" for paper, language in SAMPLES}


# Words


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (moment(AT, "de", BERLIN), "14.03.2026, 10:30 Uhr (MEZ)"),
        (moment(AT, "en", BERLIN), "14 March 2026, 10:30 (CET)"),
        (moment(None, "en", BERLIN), "–"),
        (day("2026-03-02", "de", BERLIN), "02.03.2026"),
        (day("2026-03-02", "en", BERLIN), "2 March 2026"),
        (day(None, "de", BERLIN), "–"),
        (day(AT.replace(hour=23), "de", BERLIN), "15.03.2026"),
        (period(timedelta(days=365), "de"), "365 Tage"),
        (period(timedelta(days=2.5), "en"), "2.5 days"),
        (period(timedelta(hours=1), "de"), "1 Stunde"),
        (period(timedelta(hours=36), "en"), "36 hours"),
        (period(None, "de"), "bis zum Vertragsende"),
        (number(12345, "de"), "12.345"),
        (number(12345, "en"), "12,345"),
        (number(1.5, "de"), "1,5"),
        (number(0, "de"), "0"),
    ],
)
def test_moments_periods_and_numbers_are_said_as_people_do(shown: str, expected: str) -> None:
    assert shown == expected


# Markdown


WILD = "A|B *c* _d_ `e` <f> [g](http://h) ~~i~~ #j \\ k_l\n\nm"


def test_what_the_operator_says_cannot_break_the_paper() -> None:
    text = installed("records", operator=replace(OPERATOR, name=WILD))
    (table,) = [b for b in blocks_of(text) if isinstance(b, Table) and "Anschrift" in str(b)][:1]
    assert plain(table.rows[1][1]) == " ".join(WILD.split())
    assert "k_l" in escaped(WILD), "inside a word it is no mark"


def test_blocks_are_read_as_they_are_written() -> None:
    text = "# A\n\nb\nc\n> d\n> e\n## F\n- g\n  h\n- i\n| j | k\\|l |\n|---|:-:|\n| m | |\n"
    assert blocks_of(text) == (
        Heading(1, "A"),
        Paragraph("b c"),
        Note("d e"),
        Heading(2, "F"),
        Bullets(("g h", "i")),
        Table((("j", "k\\|l"), ("m", ""))),
    )
    with pytest.raises(ValueError, match="differ in length"):
        blocks_of("| a | b |\n|---|---|\n| c |\n")


# PDF


def text_of(pdf: bytes) -> str:
    """All that is shown, in order. Standard fonts are Windows-1252, so bytes are letters."""
    return "\n".join(
        re.sub(rb"\\([()\\])", rb"\1", shown).decode("cp1252")
        for content in contents(pdf)
        for shown in re.findall(rb"\(((?:[^()\\]|\\.)*)\) Tj", content)
    )


def contents(pdf: bytes) -> Iterator[bytes]:
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.S):
        try:
            # Its checksum may end in what looks like half of a line's end.
            yield zlib.decompressobj().decompress(stream)
        except zlib.error:
            continue


def words_of(text: str) -> list[str]:
    return plain(printable(text)).split()


@pytest.mark.parametrize(("paper", "language"), EACH)
def test_the_pdf_says_what_the_markdown_says(paper: PaperName, language: Language) -> None:
    written = write_paper(paper, language, PROCESSING)
    shown = "".join(text_of(written.pdf()).split())
    for block in blocks_of(written.markdown):
        if isinstance(block, Heading | Paragraph | Note):
            pieces = [block.text]
        elif isinstance(block, Bullets):
            pieces = list(block.items)
        else:
            pieces = [cell for row in block.rows for cell in row]
        # a page may turn inside a block: word by word
        assert all(word in shown for piece in pieces for word in words_of(piece))


def test_the_pdf_shows_german_letters_and_dashes() -> None:
    shown = text_of(write_paper("records", "de", PROCESSING).pdf())
    assert "Verzeichnis der Verarbeitungstätigkeiten" in shown
    assert "Musterstraße 12, 50667 Köln" in shown
    assert "§" in shown and "–" in shown and "Maßnahmen" in shown
    assert re.search(r"Seite 1 von", shown) and "14.03.2026, 10:30 Uhr (MEZ)" in shown


def test_the_pdf_knows_what_it_is() -> None:
    pdf = write_paper("deletion-concept", "de", PROCESSING).pdf()
    title = "Löschkonzept".encode("utf-16-be").hex().encode()
    assert b"/Title <feff" + title + b">" in pdf
    assert b"Telefonassistenz Rheinland GmbH" in pdf and b"D:20260314093000" in pdf
    assert b"/Lang (de)" in pdf and b"/Outlines" in pdf
    assert b"/FontFile" not in pdf, "no font is inside that has a licence of its own"


def test_the_same_paper_is_the_same_file() -> None:
    first, second = (write_paper("measures", "en", PROCESSING).pdf() for _ in range(2))
    assert first == second


def test_wide_tables_lie_on_landscape_pages() -> None:
    def landscape(paper: PaperName) -> list[bool]:
        """Of the default, and of each page that differs from it."""
        written = write_paper(paper, "de", PROCESSING).pdf()
        boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", written)
        return [float(width) > float(height) for width, height in boxes]

    assert landscape("deletion-concept") == [False, True, True], "the matrix and its places"
    assert landscape("measures") == [False]


def test_letters_that_the_font_lacks_become_their_nearest() -> None:
    assert printable("Łódź, Đorđe, ﬁn, ≠ → −1 „Größe“ – § € 漢\u202f\x02!") == (
        "Lódz, Dorde, fin, != -> -1 „Größe“ – § € ? ?!"
    )


def test_marks_of_the_pdf_library_are_text_like_any_other() -> None:
    text = "# T\n\na --b-- __c__ ~~d~~ \\[e](f) `--all` **g** \\*\\*h\\*\\* {nb\n"
    pdf = render_pdf(text, "en", AT, "Deckname", "now")
    shown = text_of(pdf).replace("\n", "")
    assert "a --b-- __c__ ~~d~~ [e](f) --all " in shown and "**h**" in shown


def test_long_words_and_long_tables_stay_on_the_page() -> None:
    long = "Donau" * 60
    row = f"| {long} | {long} | {long} |\n"
    pdf = render_pdf(
        f"# T\n\n## 1. S\n\n| a | b | c |\n|---|---|---|\n{row * 40}", "de", AT, "", ""
    )
    assert pdf.count(b"/Type /Page\n") > 2
    assert render_pdf("# T\n", "de", AT, "", "").startswith(b"%PDF-")


def test_each_thing_has_one_word_in_all_german_papers() -> None:
    """One may be quoted beside the other: what differs in name differs in kind."""
    text = " ".join(markdown(paper, "de") for paper in PAPERS)
    assert "Löschbuch" in text
    for other in ("Hauptbuch", "Betreiberin", "Kunde", "Aufnahme eines"):
        assert other not in text


def test_each_thing_has_one_word_in_all_english_papers() -> None:
    text = " ".join(markdown(paper, "en") for paper in PAPERS)
    assert "deletion ledger" in text and "operator's" not in text
    assert not re.search(r"\b(the|a|own) customer\b", text)
