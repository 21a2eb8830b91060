"""Papers as PDF (fpdf2): A4, sections with wide tables on landscape pages, page numbers, outline.

The standard Helvetica is used, which is in every viewer and brings no font file and no licence
of its own. It knows Windows-1252: all German letters, dashes and quotation marks. What is not in
it is written with its nearest letter; the Markdown has it as it is.

What belongs together stays on one page: a heading and what follows it, an announcement that ends
in a colon and what it announces, a paragraph that is not long. Tables break between rows, and
leave no row alone (`tables.py`). A paper is set a little tighter where that saves it a page, which
would mostly be a nearly empty one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from fpdf.util import Padding

from pipeline.formats.moments import Language
from pipeline.formats.papers.blocks import (
    Block,
    Bullets,
    Heading,
    Note,
    Table,
    blocks_of,
)
from pipeline.formats.papers.letters import bound, inline, plain, printable
from pipeline.formats.papers.sheet import Sheet
from pipeline.formats.papers.tables import WIDE, draw_table, least_height

_INK, _GREY, _PANEL = (20, 24, 31), (98, 104, 114), (244, 245, 247)
_SIZES = {1: 19.0, 2: 12.5, 3: 10.5}
_ABOVE, _BELOW = {1: 0.0, 2: 3.5, 3: 2.0}, {1: 3.2, 2: 1.6, 3: 1.2}  # mm
_TEXT, _NOTE = 9.6, 8.4  # pt
_LEADING, _TITLE_LEADING = 1.38, 1.25  # of the font size
_INDENT, _BETWEEN = 4.5, 0.9  # mm, of a list
_LONG = 12  # lines from which on a paragraph may break over pages
_SCALES = (1.0, 0.97, 0.94)


def render_pdf(
    markdown: str, language: Language, at: datetime, maker: str, stamp: str, author: str = ""
) -> bytes:
    """The PDF of a paper. `at` and `maker` are metadata, `stamp` stands on every page. The same
    arguments give the same bytes."""
    blocks = blocks_of(markdown)
    title = next(plain(block.text) for block in blocks if isinstance(block, Heading))
    tries = []
    for scale in _SCALES:
        sheet = Sheet(language, printable(title), printable(stamp), scale)
        _set(sheet, blocks)
        tries.append(sheet)
        if sheet.page_no() == 1:
            break
    sheet = min(tries, key=Sheet.page_no)  # the first of those that are as short
    sheet.set_title(title)
    sheet.set_author(author)
    sheet.set_creator(maker)
    sheet.set_producer("fpdf2")
    sheet.set_creation_date(at)
    return bytes(sheet.output())


def _set(sheet: Sheet, blocks: Sequence[Block]) -> None:
    for section in _sections(blocks):
        _turn(sheet, section)
        for index, block in enumerate(section):
            _draw(sheet, block, section[index + 1 :])


def _sections(blocks: Sequence[Block]) -> Iterator[Sequence[Block]]:
    """The blocks up to each heading of level 2."""
    starts = [
        index
        for index, block in enumerate(blocks)
        if index == 0 or (isinstance(block, Heading) and block.level == 2)
    ]
    for start, end in zip(starts, [*starts[1:], len(blocks)], strict=True):
        yield blocks[start:end]


def _turn(sheet: Sheet, section: Iterable[Block]) -> None:
    """A new page where this section needs another orientation."""
    wide = any(isinstance(block, Table) and block.columns >= WIDE for block in section)
    if sheet.page == 0 or wide != (sheet.w > sheet.h):
        sheet.add_page(orientation="landscape" if wide else "portrait")


def _draw(sheet: Sheet, block: Block, following: Sequence[Block]) -> None:
    sheet.set_text_color(*_INK)
    if isinstance(block, Bullets):
        _bullets(sheet, block)
        return
    _keep(sheet, _together(sheet, block, following))
    if isinstance(block, Heading):
        _heading(sheet, block)
    elif isinstance(block, Table):
        draw_table(sheet, block)
    elif isinstance(block, Note):
        _note(sheet, block.text)
    else:
        _text(sheet, block.text, sheet.epw, _TEXT)
        sheet.gap(2.2)


def _keep(sheet: Sheet, height: float) -> None:
    """A new page where `height` mm do not fit on this one, but on an empty one."""
    if sheet.get_y() > sheet.t_margin + 1 and sheet.will_page_break(height):
        sheet.add_page(same=True)


def _together(sheet: Sheet, block: Block, following: Sequence[Block]) -> float:
    """mm of what may not be parted: the beginning of `block`, and of what has to follow it."""
    if isinstance(block, Heading):
        level = block.level
        own = sheet.line_of(_SIZES[level], _TITLE_LEADING)
        own += (_ABOVE[level] + _BELOW[level]) * sheet.scale
        return own + _next(sheet, following)
    if isinstance(block, Table):
        return least_height(sheet, block)
    if isinstance(block, Bullets):
        return sum(_bullet_height(sheet, item) for item in block.items[:2])
    size = _NOTE if isinstance(block, Note) else _TEXT
    height = _height(sheet, block.text, size)
    if block.text.endswith(":"):
        return height + _next(sheet, following)
    return min(height, _LONG * sheet.line_of(size, _LEADING))


def _next(sheet: Sheet, following: Sequence[Block]) -> float:
    return _together(sheet, following[0], following[1:]) if following else 0.0


def _heading(sheet: Sheet, heading: Heading) -> None:
    level, text = heading.level, bound(printable(plain(heading.text)))
    if sheet.get_y() > sheet.t_margin + 1:
        sheet.gap(_ABOVE[level])
    sheet.start_section(text, level=max(level - 2, 0))
    sheet.letters(_SIZES[level], "B")
    line = sheet.line_of(_SIZES[level], _TITLE_LEADING)
    sheet.multi_cell(0, line, text, align="L", new_x="LMARGIN", new_y="NEXT")
    sheet.gap(_BELOW[level])


def _note(sheet: Sheet, text: str) -> None:
    """On a grey panel."""
    sheet.set_text_color(*_GREY)
    with sheet.local_context(fill_color=_PANEL):
        _text(sheet, text, sheet.epw, _NOTE, fill=True, padding=Padding(1.8, 3, 1.8, 3))
    sheet.gap(3.5)


def _bullets(sheet: Sheet, bullets: Bullets) -> None:
    """No item is parted, and neither the first nor the last is alone on a page."""
    for index, item in enumerate(bullets.items):
        kept = bullets.items[index : index + (2 if index in (0, len(bullets.items) - 2) else 1)]
        _keep(sheet, sum(_bullet_height(sheet, each) for each in kept))
        sheet.letters(_TEXT)
        sheet.cell(_INDENT, sheet.line_of(_TEXT, _LEADING), "–")
        _text(sheet, item, sheet.epw - _INDENT, _TEXT)
        sheet.gap(_BETWEEN)
    sheet.gap(2)


def _bullet_height(sheet: Sheet, text: str) -> float:
    return _height(sheet, text, _TEXT, _INDENT) + _BETWEEN * sheet.scale


def _height(sheet: Sheet, text: str, size: float, indent: float = 0.0) -> float:
    """mm of `text`, without a panel around it."""
    sheet.letters(size)
    return sheet.height_of(inline(text), sheet.epw - indent, sheet.line_of(size, _LEADING))


def _text(
    sheet: Sheet,
    text: str,
    width: float,
    size: float,
    fill: bool = False,
    padding: Padding | None = None,
) -> None:
    sheet.letters(size)
    sheet.multi_cell(
        width,
        sheet.line_of(size, _LEADING),
        inline(text),
        align="L",
        markdown=True,
        fill=fill,
        padding=padding or Padding(),
        new_x="LMARGIN",
        new_y="NEXT",
    )
