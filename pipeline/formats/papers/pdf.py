"""Papers as PDF (fpdf2): A4, sections with wide tables on landscape pages, page numbers, outline.

The standard Helvetica is used, which is in every viewer and brings no font file and no licence
of its own. It knows Windows-1252: all German letters, dashes and quotation marks. What is not in
it is written with its nearest letter; the Markdown has it as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from fpdf import FPDF, FontFace
from fpdf.enums import TableBordersLayout, VAlign

from pipeline.formats.papers.blocks import (
    Block,
    Bullets,
    Heading,
    Note,
    Table,
    blocks_of,
)
from pipeline.formats.papers.letters import BOLD, inline, plain, printable
from pipeline.formats.papers.words import WORDS, Language

_WIDE = 6  # columns from which on a table gets a landscape page
_MARGIN = 20.0  # mm
_INK, _GREY, _RULE, _HEAD = (20, 24, 31), (98, 104, 114), (196, 201, 209), (236, 239, 243)
_SIZES = {1: 19.0, 2: 12.5, 3: 10.5}
_TEXT, _CELL, _SMALL, _FOOT = 9.6, 8.4, 7.6, 7.5  # pt
_LINE = 1.38  # of the font size
_MM = 0.3528  # a point


class _Page(FPDF):
    """fpdf's own marks for bold and links would be found in words like `--all`; ours cannot."""

    MARKDOWN_BOLD_MARKER = BOLD
    MARKDOWN_MARKERS = (BOLD, BOLD, BOLD, BOLD)
    MARKDOWN_ESCAPE_CHARACTER = "\x03"
    MARKDOWN_LINK_REGEX = re.compile(r"(?!)()()()")

    def __init__(self, language: Language, left: str, right: str) -> None:
        super().__init__("portrait", "mm", "A4")
        self._paging = (WORDS[language]["page"], WORDS[language]["of"])
        self._left, self._right = left, right

    def footer(self) -> None:
        """Title, moment, page of pages."""
        self.set_y(-14)
        self.set_font("helvetica", size=_FOOT)
        self.set_text_color(*_GREY)
        page, of = self._paging
        third = self.epw / 3
        self.cell(third, 5, self._left, align="L")
        self.cell(third, 5, self._right, align="C")
        self.cell(third, 5, f"{page} {self.page_no()} {of} {{nb}}", align="R")


def render_pdf(
    markdown: str, language: Language, at: datetime, maker: str, stamp: str, author: str = ""
) -> bytes:
    """The PDF of a paper. `at` and `maker` are metadata, `stamp` stands on every page. The same
    arguments give the same bytes."""
    blocks = blocks_of(markdown)
    title = next(plain(block.text) for block in blocks if isinstance(block, Heading))
    pdf = _Page(language, printable(title), printable(stamp))
    pdf.core_fonts_encoding = "cp1252"
    pdf.set_lang(language)
    pdf.set_title(title)
    pdf.set_author(author)
    pdf.set_creator(maker)
    pdf.set_producer("fpdf2")
    pdf.set_creation_date(at)
    pdf.set_margins(_MARGIN, _MARGIN - 2, _MARGIN)
    pdf.set_auto_page_break(True, _MARGIN)
    for section in _sections(blocks):
        _turn(pdf, section)
        for block, following in zip(section, (*section[1:], None), strict=True):
            _draw(pdf, block, following)
    return bytes(pdf.output())


def _sections(blocks: Sequence[Block]) -> Iterator[Sequence[Block]]:
    """The blocks up to each heading of level 2."""
    starts = [
        index
        for index, block in enumerate(blocks)
        if index == 0 or (isinstance(block, Heading) and block.level == 2)
    ]
    for start, end in zip(starts, [*starts[1:], len(blocks)], strict=True):
        yield blocks[start:end]


def _turn(pdf: FPDF, section: Iterable[Block]) -> None:
    """A new page where this section needs another orientation."""
    wide = any(isinstance(block, Table) and block.columns >= _WIDE for block in section)
    if pdf.page == 0 or wide != (pdf.w > pdf.h):
        pdf.add_page(orientation="landscape" if wide else "portrait")


def _draw(pdf: FPDF, block: Block, following: Block | None) -> None:
    pdf.set_text_color(*_INK)
    if isinstance(block, Heading):
        _heading(pdf, block, following)
    elif isinstance(block, Table):
        _table(pdf, block)
    elif isinstance(block, Bullets):
        for item in block.items:
            _bullet(pdf, item)
        pdf.ln(2)
    elif isinstance(block, Note):
        pdf.set_text_color(*_GREY)
        _text(pdf, block.text, _CELL)
        pdf.ln(3)
    else:
        _text(pdf, block.text, _TEXT)
        pdf.ln(2.2)


def _heading(pdf: FPDF, heading: Heading, following: Block | None) -> None:
    """Never alone at the foot of a page."""
    size, text = _SIZES[heading.level], printable(plain(heading.text))
    room = 42.0 if isinstance(following, Table) else 26.0
    if heading.level > 1:
        if pdf.will_page_break(room):
            pdf.add_page(same=True)
        elif pdf.get_y() > pdf.t_margin + 1:
            pdf.ln(3.5)
    pdf.start_section(text, level=max(heading.level - 2, 0))
    pdf.set_font("helvetica", "B", size)
    pdf.multi_cell(0, size * _MM * 1.25, text, align="L", new_x="LMARGIN", new_y="NEXT")
    pdf.ln(3.2 if heading.level == 1 else 1.6)


def _text(pdf: FPDF, text: str, size: float) -> None:
    pdf.set_font("helvetica", size=size)
    pdf.multi_cell(
        0,
        size * _MM * _LINE,
        inline(text),
        align="L",
        markdown=True,
        new_x="LMARGIN",
        new_y="NEXT",
    )


def _bullet(pdf: FPDF, text: str) -> None:
    pdf.set_font("helvetica", size=_TEXT)
    height, indent = _TEXT * _MM * _LINE, 4.5
    if pdf.will_page_break(2 * height):
        pdf.add_page(same=True)
    pdf.cell(indent, height, "–")
    pdf.multi_cell(
        pdf.epw - indent,
        height,
        inline(text),
        align="L",
        markdown=True,
        new_x="LMARGIN",
        new_y="NEXT",
    )
    pdf.ln(0.9)


def _table(pdf: FPDF, table: Table) -> None:
    size = _SMALL if table.columns >= _WIDE else _CELL
    pdf.set_font("helvetica", size=size)
    pdf.set_draw_color(*_RULE)
    pdf.set_line_width(0.2)
    with pdf.table(
        col_widths=_widths(pdf, table),
        align="LEFT",
        text_align="LEFT",
        v_align=VAlign.T,
        markdown=True,
        line_height=size * _MM * 1.3,
        padding=(1.1, 1.6),
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        headings_style=FontFace(emphasis="BOLD", fill_color=_HEAD),
    ) as drawn:
        for cells in table.rows:
            row = drawn.row()
            for cell in cells:
                row.cell(inline(cell))
    pdf.line(pdf.l_margin, pdf.get_y(), pdf.l_margin + pdf.epw, pdf.get_y())
    pdf.ln(3.5)


def _widths(pdf: FPDF, table: Table) -> tuple[float, ...]:
    """mm. Each column as wide as its longest word, the rest shared by how much text there is."""
    columns = list(zip(*([plain(cell) for cell in row] for row in table.rows), strict=True))
    fair = pdf.epw / len(columns)
    least = [min(max(_longest(pdf, cell) for cell in column) + 5, 1.6 * fair) for column in columns]
    text = [max(pdf.get_string_width(printable(cell)) for cell in column) for column in columns]
    spare = pdf.epw - sum(least)
    if spare <= 0:
        return tuple(width * pdf.epw / sum(least) for width in least)
    wish = [
        max(min(full + 5, 3 * fair) - width, 0.1) for full, width in zip(text, least, strict=True)
    ]
    return tuple(width + spare * part / sum(wish) for width, part in zip(least, wish, strict=True))


def _longest(pdf: FPDF, cell: str) -> float:
    """mm of the longest word; headings are bold and so a little wider."""
    return max((pdf.get_string_width(printable(word)) for word in cell.split()), default=0) * 1.08
