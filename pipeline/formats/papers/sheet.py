"""The page that papers are set on: A4, its margins, its footer, and how tight it is set."""

from __future__ import annotations

import re
from typing import cast

from fpdf import FPDF
from fpdf.enums import MethodReturnValue
from fpdf.util import Padding

from pipeline.formats.moments import Language
from pipeline.formats.papers.letters import BOLD, CODE
from pipeline.formats.papers.words import WORDS

_MARGIN = 20.0  # mm
_GREY = (98, 104, 114)
_FOOT = 7.5  # pt
_MM = 0.3528  # a point


class Sheet(FPDF):
    """`scale` shrinks letters and gaps alike. fpdf's own marks for bold and links would be found
    in words like `--all`; ours cannot."""

    MARKDOWN_BOLD_MARKER = BOLD
    MARKDOWN_ITALICS_MARKER = CODE
    MARKDOWN_MARKERS = (BOLD, CODE, BOLD, CODE)
    MARKDOWN_ESCAPE_CHARACTER = "\x03"
    MARKDOWN_LINK_REGEX = re.compile(r"(?!)()()()")

    def __init__(self, language: Language, left: str, right: str, scale: float) -> None:
        super().__init__("portrait", "mm", "A4")
        self.scale = scale
        self._paging = (WORDS[language]["page"], WORDS[language]["of"])
        self._left, self._right = left, right
        self.core_fonts_encoding = "cp1252"
        self.c_margin = 0.0  # text begins where tables do
        self.set_lang(language)
        self.set_margins(_MARGIN, _MARGIN - 2, _MARGIN)
        self.set_auto_page_break(True, _MARGIN)

    def letters(self, points: float, style: str = "") -> None:
        """Helvetica of so many points, scaled."""
        self.set_font("helvetica", style, points * self.scale)

    def line_of(self, points: float, leading: float) -> float:
        """mm that a line of such letters takes."""
        return points * self.scale * _MM * leading

    def gap(self, height: float) -> None:
        """`height` mm, scaled, of nothing."""
        self.ln(height * self.scale)

    def height_of(
        self, text: str, width: float, line: float, padding: Padding | None = None
    ) -> float:
        """mm that `text`, in fpdf's marks, takes in the present font."""
        measured = self.multi_cell(
            width,
            line,
            text,
            align="L",
            markdown=True,
            padding=padding or Padding(),
            dry_run=True,
            output=MethodReturnValue.HEIGHT,
        )
        return cast(float, measured)

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
