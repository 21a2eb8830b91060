"""Where the PDF of a paper breaks: what belongs together stays so, and nothing stands alone."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from typing import get_args

import pytest

from pipeline.formats.moments import Language
from pipeline.formats.papers import PAPERS, PaperName, write_paper
from pipeline.formats.papers.blocks import Heading, Paragraph, Table, blocks_of
from pipeline.formats.papers.letters import BOLD, CODE, bound, inline, plain, printable
from pipeline.formats.papers.pdf import render_pdf
from pipeline.formats.papers.tables import breaks
from tests.sample_papers import AT, PROCESSING

EACH = [(paper, language) for paper in PAPERS for language in get_args(Language)]
SHOWN = re.compile(rb"\(((?:[^()\\]|\\.)*)\) Tj")


def pages_of(pdf: bytes) -> list[str]:
    """The text of each page without its footer, in order, without blanks."""
    pages = []
    for stream in re.findall(rb"stream\r?\n(.*?)\nendstream", pdf, re.S):
        shown = [
            re.sub(rb"\\([()\\])", rb"\1", each).decode("cp1252")
            for each in SHOWN.findall(zlib.decompress(stream))
        ]
        foot = next(n for n, each in reversed(list(enumerate(shown))) if each.startswith("Page"))
        pages.append(squeezed("".join(shown[: foot - 2])))
    return pages


def squeezed(text: str) -> str:
    return "".join(plain(printable(text)).split())


def pages(markdown: str) -> list[str]:
    return pages_of(render_pdf(f"# T\n\n{markdown}", "en", AT, "", "now"))


def lines(count: int) -> str:
    """So many paragraphs of one line."""
    return "".join(f"line {number}\n\n" for number in range(count))


def table(*rows: str) -> str:
    return "| head | more |\n|---|---|\n" + "".join(f"| {row} | b |\n" for row in rows) + "\n"


@pytest.mark.parametrize("before", range(24, 36))
def test_a_heading_and_an_announcement_stay_with_what_follows(before: int) -> None:
    heading, first, second = "## 1. Heading\n\n", "announced:\n\n", "a" * 12
    for page in pages(lines(before) + heading + first + table(second, "two", "three")):
        assert not page.endswith(("1.Heading", "announced:", "headmore", f"{second}b"))


@pytest.mark.parametrize("before", range(25, 36))
def test_the_last_row_of_a_table_is_not_alone(before: int) -> None:
    rows = [f"row{number}" for number in range(8)]
    for page in pages(lines(before) + table(*rows)):
        shown = re.findall(r"row\d", page)
        assert len(shown) != 1
        assert not shown or "headmore" in page, "the head is on each page"


@pytest.mark.parametrize("before", range(28, 36))
def test_no_item_of_a_list_is_parted_or_alone(before: int) -> None:
    items = [f"begin{number} {'word ' * 25}end{number}" for number in range(3)]
    for page in pages(lines(before) + "".join(f"- {item}\n" for item in items)):
        shown = re.findall(r"begin(\d)", page)
        assert shown == re.findall(r"end(\d)", page)
        assert shown not in (["0"], ["2"])


def test_a_long_paragraph_may_break() -> None:
    long = "word " * 1200
    shown = pages(lines(10) + long)
    assert len(shown) == 2 and "word" in shown[0] and "".join(shown).count("word") == 1200


@pytest.mark.parametrize(
    "text", ["word " * 3000, "w" * 9000, f"a **{'bold ' * 2000}** `{'c ' * 99}`"]
)
def test_a_row_higher_than_a_page_goes_on_over_the_next(text: str) -> None:
    shown = pages(table(text, "last"))
    assert len(shown) > 1
    assert all(page.removeprefix("T").startswith("headmore") for page in shown)
    body = "".join(shown).replace("headmore", "").removeprefix("T")
    assert sorted(body) == sorted(squeezed(text) + "b" + "lastb")


@pytest.mark.parametrize(
    ("heights", "left", "page", "counts"),
    [
        ([1.0] * 3, 9.0, 9.0, [3]),
        ([1.0] * 7, 4.0, 9.0, [4, 3]),
        ([1.0] * 7, 6.0, 9.0, [5, 2]),  # the seventh would be alone
        ([1.0] * 3, 2.0, 9.0, [2, 1]),  # nothing can be spared
        ([1.0, 1.0, 1.0, 8.5], 3.0, 9.0, [3, 1]),  # both do not fit on one page
        ([1.0] * 20, 5.0, 7.0, [5, 7, 6, 2]),
        ([5.0], 1.0, 9.0, [1]),
    ],
)
def test_rows_are_shared_out_over_pages(
    heights: Sequence[float], left: float, page: float, counts: list[int]
) -> None:
    assert list(breaks(heights, left, page)) == counts
    assert sum(counts) == len(heights)


@pytest.mark.parametrize(("paper", "language"), EACH)
def test_no_page_of_a_paper_ends_with_a_heading_or_is_nearly_empty(
    paper: PaperName, language: Language
) -> None:
    written = write_paper(paper, language, PROCESSING)
    # The footer is found by its English word: the words of the paper are what they are.
    shown = pages_of(render_pdf(written.markdown, "en", AT, "", written.stamp))
    blocks = blocks_of(written.markdown)
    heads = {squeezed(block.text) for block in blocks if isinstance(block, Heading)}
    heads |= {squeezed("".join(block.rows[0])) for block in blocks if isinstance(block, Table)}
    heads |= {
        squeezed(block.text)
        for block in blocks
        if isinstance(block, Paragraph) and block.text.endswith(":")
    }
    for page in shown:
        assert not page.endswith(tuple(heads))
        assert len(page) > 500
    assert len(shown) == {"subprocessors": 1, "deletion-concept": 4}.get(paper, 3)


@pytest.mark.parametrize(
    ("text", "parted"),
    [
        (
            "nach Art. 5 Abs. 1 lit. c, e DSGVO",
            ["nach", "Art. 5", "Abs. 1", "lit. c,", "e", "DSGVO"],
        ),
        ("(Art. 32 (1) (b) GDPR)", ["(Art. 32 (1) (b)", "GDPR)"]),
        ("§ 257 HGB, § 147 AO", ["§ 257 HGB,", "§ 147 AO"]),
        ("längstens 30 Tage, 1 Jahr", ["längstens", "30 Tage,", "1 Jahr"]),
        ("after 30 days of 2026", ["after", "30 days", "of", "2026"]),
        ("Smart. 5", ["Smart.", "5"]),
    ],
)
def test_what_is_read_as_one_does_not_break(text: str, parted: list[str]) -> None:
    assert [part.replace("\xa0", " ") for part in bound(text).split(" ")] == parted


def test_commands_are_set_apart() -> None:
    assert inline("`deckname verify` **a `b`** c") == (
        f"{CODE}deckname verify{CODE} {BOLD}a {CODE}b{CODE}{BOLD} c"
    )
