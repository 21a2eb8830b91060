"""A data subject's export as one HTML page: no script, nothing from elsewhere, fit for printing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from pipeline.formats.moments import Language, day_in, moment_in
from pipeline.formats.subject_words import SUBJECT_WORDS, SubjectWords

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#111}
h1,h2,h3,h4{line-height:1.2;break-after:avoid}section{border-top:1px solid #ccc;margin-top:2rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}dt{color:#555}dd{margin:0}
.turn{margin:.4rem 0}.turn b{color:#555;font-weight:600}time{color:#777;font-size:.85em}
p,li{orphans:3;widows:3}
@page{size:A4;margin:20mm}
@media print{body{font-size:10.5pt;max-width:none;margin:0;padding:0}
.turn,li,dl{break-inside:avoid}}
"""


@dataclass(frozen=True, slots=True)
class _Clock:
    """Moments as the reader of this letter writes them; empty where there is none."""

    language: Language
    zone: ZoneInfo

    def day(self, moment: str | None) -> str:
        at = _read(moment)
        return "" if at is None else day_in(at, self.language, self.zone)

    def minute(self, moment: str | None) -> str:
        at = _read(moment)
        return "" if at is None else moment_in(at, self.language, self.zone)


def subject_page(document: Mapping[str, Any], zone: ZoneInfo) -> str:
    """The page for what `export_subject` returned, in its language and by the clock of `zone`."""
    words = SUBJECT_WORDS[document["language"]]
    clock = _Clock(document["language"], zone)
    label, request = words.labels, document["request"]
    parts = [
        f"<h1>{escape(words.title)}</h1><p>{escape(words.intro)}</p>",
        _pairs(
            {
                label["controller"]: document["controller"]["name"],
                label["request"]: request["id"],
                label["received"]: clock.day(request["received_at"]),
                label["due"]: clock.day(request["due_at"]),
                label["made"]: clock.minute(document["made_at"]),
            }
        ),
        *(
            f"<h2>{escape(label[name])}</h2>{_listed(document[name])}"
            for name in ("purposes", "categories", "recipients")
        ),
        f"<h2>{escape(label['origin'])}</h2><p>{escape(document['origin'])}</p>",
        f"<h2>{escape(label['calls'])}</h2>",
        *(
            f"<p>{escape(text.format(number))}</p>"
            for number, text in (
                (document["waiting"], words.waiting),
                (document["possible"], words.possible),
            )
            if number
        ),
        *(_call(call, words, clock) for call in document["calls"]),
        f"<section><h2>{escape(label['rights'])}</h2>{_listed(document['rights'])}</section>",
    ]
    return (
        f'<!doctype html>\n<html lang="{document["language"]}"><head><meta charset="utf-8">'
        f"<title>{escape(words.title)}</title><style>{_STYLE}</style></head><body>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


def _call(call: Mapping[str, Any], words: SubjectWords, clock: _Clock) -> str:
    label, kept = words.labels, call["retention"]
    without_end = "" if call["status"] == "erased" else label["contract"]
    facts = {
        label["call"]: call["id"],
        label["status"]: words.code(call["status"]),
        label["length"]: "" if call["duration"] is None else _elapsed(call["duration"]),
        label["audio"]: words.code(call["audio"]),
        label["audio_until"]: clock.minute(kept["audio_until"]),
        label["transcript_until"]: clock.minute(kept["transcript_until"]) or without_end,
        label["restricted"]: clock.minute(kept["restricted_at"]),
        label["objected"]: clock.minute(kept["objected_at"]),
        label["owed"]: clock.minute(kept["erasure_owed_at"]),
    }
    held = f"<p>{escape(label['legal_hold'])}</p>" if kept["legal_hold"] else ""
    return (
        f"<section><h3>{clock.minute(call['received_at'])}</h3>{_pairs(facts)}{held}"
        + _transcript(call["transcript"], words)
        + _heading(
            label["declarations"], _declared(call["declarations"], words, clock), label["none"]
        )
        + _heading(label["deletions"], _deleted(call["deletions"], words, clock), label["none"])
        + "</section>"
    )


def _transcript(transcript: Mapping[str, Any] | None, words: SubjectWords) -> str:
    if transcript is None:
        return ""
    turns = "".join(
        f'<p class="turn"><time>{_elapsed(segment["start"])}</time> '
        f"<b>{escape(words.code(segment['speaker']))}:</b> {escape(segment['text'])}</p>"
        for segment in transcript["segments"]
    )
    own = ""
    if transcript["own"]:
        own = f"<h4>{escape(words.labels['own'])}</h4>{_pairs(transcript['own'])}"
    return f"<h4>{escape(words.labels['transcript'])}</h4>{turns}{own}{_hidden(transcript, words)}"


def by_type(hidden: Mapping[str, str]) -> dict[str, list[str]]:
    """The pseudonyms of each type, both in the order in which they come."""
    grouped: dict[str, list[str]] = {}
    for pseudonym, kind in hidden.items():
        grouped.setdefault(kind, []).append(pseudonym)
    return grouped


def _hidden(transcript: Mapping[str, Any], words: SubjectWords) -> str:
    if not transcript["hidden"]:
        return ""
    items = [
        f"{len(names)} × {words.code(kind)}: {', '.join(names)}"
        for kind, names in by_type(transcript["hidden"]).items()
    ]
    why = escape(transcript["hidden_because"])
    return f"{_heading(words.labels['hidden'], items, '')}<p>{why}</p>"


def _declared(
    entries: Iterable[Mapping[str, Any]], words: SubjectWords, clock: _Clock
) -> list[str]:
    return [
        f"{clock.minute(each['at'])}: {words.code(each['purpose'])}, {words.code(each['act'])}"
        + (f" ({words.labels['until']} {clock.minute(each['until'])})" if each["until"] else "")
        for each in entries
    ]


def _deleted(
    receipts: Iterable[Mapping[str, Any]], words: SubjectWords, clock: _Clock
) -> list[str]:
    return [f"{clock.minute(each['done'])}: {words.code(each['class'])}" for each in receipts]


def _heading(title: str, items: list[str], none: str) -> str:
    return f"<h4>{escape(title)}</h4>{_listed(items or [none])}"


def _listed(items: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(item)}</li>' for item in items)}</ul>"


def _pairs(pairs: Mapping[str, str]) -> str:
    rows = (f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in pairs.items() if v)
    return f"<dl>{''.join(rows)}</dl>"


def _read(moment: str | None) -> datetime | None:
    return datetime.fromisoformat(moment) if moment else None


def _elapsed(seconds: float) -> str:
    """Minutes and seconds."""
    return f"{int(seconds) // 60:02d}:{int(seconds) % 60:02d}"
