"""Tables of the PDF: columns as wide as what is in them, breaks between rows, no row left alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fpdf import FontFace
from fpdf.enums import TableBordersLayout, VAlign
from fpdf.util import Padding

from pipeline.formats.papers.blocks import Table
from pipeline.formats.papers.letters import BOLD, CODE, bound, inline, plain, printable
from pipeline.formats.papers.sheet import Sheet

WIDE = 6
"""Columns from which on a table gets a landscape page."""
_RULE, _HEAD = (196, 201, 209), (236, 239, 243)
_CELL, _SMALL = 8.4, 7.8  # pt
_LEADING = 1.3  # of the font size
_PADDING = Padding(1.1, 1.6, 1.1, 1.6)  # mm
_AFTER = 3.5  # mm
_HIGH = 9.0  # mm, of a row that may stand alone under its head

Row = tuple[str, ...]


def least_height(sheet: Sheet, table: Table) -> float:
    """mm of the head and of two rows, or of one that is high: with less a table does not begin on
    a page."""
    widths = _widths(sheet, table)
    head, rows = _rows(sheet, table, widths)
    first, both = (sum(_height(sheet, row, widths) for row in rows[:count]) for count in (1, 2))
    return _height(sheet, head, widths, "B") + (first if first > _HIGH else both)


def draw_table(sheet: Sheet, table: Table) -> None:
    """Over as many pages as it needs, the head on each."""
    widths = _widths(sheet, table)
    head, rows = _rows(sheet, table, widths)
    page = _page(sheet) - _height(sheet, head, widths, "B")
    left = page - (sheet.get_y() - sheet.t_margin)
    start = 0
    for count in breaks([_height(sheet, row, widths) for row in rows], left, page):
        if start:
            sheet.add_page(same=True)
        _draw(sheet, (head, *rows[start : start + count]), widths)
        start += count
    sheet.gap(_AFTER)


def breaks(heights: Sequence[float], left: float, page: float) -> Iterator[int]:
    """How many rows of these `heights` each page takes, `left` on the first and `page` on the
    others. No page but an only one has a single row, where the one before can spare one."""
    room, taken = left, 0
    for index, height in enumerate(heights):
        if taken and height > room:
            fits = heights[index - 1] + height <= page
            alone = index == len(heights) - 1 and taken > 2 and fits
            yield taken - alone
            room, taken = page - alone * heights[index - 1], int(alone)
        room -= height
        taken += 1
    yield taken


def _rows(sheet: Sheet, table: Table, widths: Sequence[float]) -> tuple[Row, list[Row]]:
    """Head and body, in fpdf's marks; no row is higher than a page."""
    head, *body = (tuple(inline(cell) for cell in row) for row in table.rows)
    most = _page(sheet) - _height(sheet, head, widths, "B")
    return head, [part for row in body for part in _parts(sheet, row, widths, most)]


def _parts(sheet: Sheet, row: Row, widths: Sequence[float], most: float) -> Iterator[Row]:
    """`row`, or where it is too high, its text in rows below each other."""
    if _height(sheet, row, widths) <= most:
        yield row
        return
    for part in zip(*map(_halves, row), strict=True):
        yield from _parts(sheet, part, widths, most)


def _halves(text: str) -> tuple[str, str]:
    """Parted between words, if there are any; what is bold or code stays so."""
    middle = max(len(text) // 2, 40)
    space = text.find(" ", middle)
    at = space if space > 0 else middle
    first, second = text[:at], text[at:].lstrip()
    for mark in (BOLD, CODE):
        if first.count(mark) % 2:
            first, second = first + mark, mark + second
    return first, second


def _page(sheet: Sheet) -> float:
    """mm that an empty page has; rounding may take a little of it."""
    return float(sheet.eph) - 0.5


def _draw(sheet: Sheet, rows: Sequence[Row], widths: Sequence[float]) -> None:
    line = _font(sheet, len(widths))
    sheet.set_draw_color(*_RULE)
    sheet.set_line_width(0.2)
    with sheet.table(
        col_widths=tuple(widths),
        align="LEFT",
        text_align="LEFT",
        v_align=VAlign.T,
        markdown=True,
        line_height=line,
        padding=_PADDING,
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        headings_style=FontFace(emphasis="BOLD", fill_color=_HEAD),
    ) as drawn:
        for cells in rows:
            row = drawn.row()
            for cell in cells:
                row.cell(cell)
    sheet.line(sheet.l_margin, sheet.get_y(), sheet.l_margin + sheet.epw, sheet.get_y())


def _font(sheet: Sheet, columns: int, style: str = "") -> float:
    """Sets the font of a table of so many columns; mm of a line."""
    size = _SMALL if columns >= WIDE else _CELL
    sheet.letters(size, style)
    return sheet.line_of(size, _LEADING)


def _height(sheet: Sheet, row: Row, widths: Sequence[float], style: str = "") -> float:
    """mm, as fpdf will draw it."""
    line = _font(sheet, len(row), style)
    return max(
        sheet.height_of(cell, width, line, _PADDING)
        for cell, width in zip(row, widths, strict=True)
    )


def _widths(sheet: Sheet, table: Table) -> tuple[float, ...]:
    """mm. Each column as wide as its longest word, the rest shared by how much text there is."""
    _font(sheet, table.columns)
    columns = list(zip(*([plain(cell) for cell in row] for row in table.rows), strict=True))
    fair = sheet.epw / len(columns)
    least = [
        min(max(_longest(sheet, cell) for cell in column) + 5, 1.6 * fair) for column in columns
    ]
    text = [max(sheet.get_string_width(printable(cell)) for cell in column) for column in columns]
    spare = sheet.epw - sum(least)
    if spare <= 0:
        return tuple(width * sheet.epw / sum(least) for width in least)
    wish = [
        max(min(full + 5, 3 * fair) - width, 0.1) for full, width in zip(text, least, strict=True)
    ]
    return tuple(width + spare * part / sum(wish) for width, part in zip(least, wish, strict=True))


def _longest(sheet: Sheet, cell: str) -> float:
    """mm of the longest word; headings are bold and so a little wider."""
    words = bound(printable(cell)).split(" ")
    return max((sheet.get_string_width(word) for word in words), default=0) * 1.08
