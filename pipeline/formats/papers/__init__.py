"""Papers on data protection, written from what an installation is and holds: German or English,
Markdown or PDF. Each template says the same in both languages; nothing in them is invented, and
what only the operator knows is shown as a gap that names the setting which fills it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from operator import attrgetter
from pathlib import Path
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipeline.domain.deletion_concept import CONCEPT, CONCEPT_VERSION, Kind, StoragePlace
from pipeline.domain.errors import UsageError
from pipeline.domain.processing import Processing
from pipeline.formats.moments import Language
from pipeline.formats.papers import words
from pipeline.formats.papers.pdf import render_pdf
from pipeline.formats.papers.words import WORDS

PaperName = Literal["records", "deletion-concept", "measures", "subprocessors"]
PAPERS: tuple[PaperName, ...] = get_args(PaperName)
FOLDER = Path(__file__).parent
_SPECIAL = re.compile(r"[\\`*|<>\[\]~]|(?<!\w)[_#]|_(?!\w)")


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper as Markdown. `gaps` counts what only the operator can fill; `at` and `maker` say
    when and by what it was made, `author` for whom; `stamp` is `at` by the clock on the wall."""

    name: PaperName
    language: Language
    markdown: str
    gaps: int
    at: datetime
    stamp: str
    maker: str
    author: str

    def pdf(self) -> bytes:
        """The same as PDF."""
        return render_pdf(
            self.markdown, self.language, self.at, self.maker, self.stamp, self.author
        )


class Written(str):
    """Markdown already: not to be escaped."""

    __slots__ = ()


def papers_named(name: str) -> tuple[PaperName, ...]:
    """One paper, or `all`. Raises `UsageError`."""
    chosen = tuple(paper for paper in PAPERS if name in (paper, "all"))
    if not chosen:
        raise UsageError(f"no such paper; there are: {', '.join(PAPERS)}, all")
    return chosen


def write_paper(name: PaperName, language: Language, processing: Processing) -> Paper:
    """The paper `name` about `processing`."""
    zone = ZoneInfo(processing.installation.time_zone)
    template = environment(language, zone).get_template(f"{language}/{name}.md.j2")
    told: dict[str, Any] = {
        "p": processing,
        "i": processing.installation,
        "operator": processing.installation.operator,
        "concept": CONCEPT,
        "concept_version": CONCEPT_VERSION,
    }
    text = re.sub(r"\n{3,}", "\n\n", template.render(told)).strip() + "\n"
    made_by = f"Deckname {processing.installation.version}"
    author = processing.installation.operator.name or ""
    gaps = text.count("– operator.")
    stamp = words.moment(processing.at, language, zone)
    return Paper(name, language, text, gaps, processing.at, stamp, made_by, author)


@cache
def environment(language: Language, zone: ZoneInfo) -> Environment:
    """How templates of `language` are read; moments are those of `zone`."""
    # Not HTML: what is put in is escaped for Markdown by `finalize`.
    made = Environment(  # noqa: S701
        loader=FileSystemLoader(FOLDER),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=escaped,
    )
    for timely in (words.moment, words.day):
        made.filters[timely.__name__] = partial(timely, language=language, zone=zone)
    for each in (words.period, words.number):
        made.filters[each.__name__] = partial(each, language=language)
    made.filters["word"] = partial(_word, language)
    made.filters["said"] = attrgetter(language)
    made.filters["places"] = partial(_places, language)
    made.globals["gap"] = partial(_gap, language)
    return made


def escaped(value: Any) -> str:
    """On one line, and with nothing that Markdown reads as a mark."""
    if isinstance(value, Written):
        return value
    return _SPECIAL.sub(r"\\\g<0>", " ".join(str(value).split()))


def _word(language: Language, code: str | bool) -> str:
    if isinstance(code, bool):
        code = "yes" if code else "no"
    return WORDS[language][code]


def _places(language: Language, places: Iterable[StoragePlace]) -> str:
    """By kind; a column is part of its table and not told apart where that is named."""
    named: dict[Kind, list[str]] = {}
    tables = {place.name for place in places if place.kind is Kind.TABLE}
    for place in places:
        if not (place.kind is Kind.COLUMN and place.name.partition(".")[0] in tables):
            named.setdefault(place.kind, []).append(place.name)
    return "; ".join(
        f"{WORDS[language][kind]}: {', '.join(names)}" for kind, names in named.items()
    )


def _gap(language: Language, what: str, setting: str, value: str | None = None) -> str:
    """`value`, or that `what` is missing and where to say it."""
    if value is not None and value.strip():
        return value
    remark = f"{WORDS[language]['gap']}: {what} – operator.{setting}"
    return Written(f"**\\[{escaped(remark)}\\]**")
