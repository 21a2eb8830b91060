"""PII detection as a stage: clean text in, exact and non-overlapping spans of the original out."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence

from pipeline.domain.privacy import EntityType, KnownParty, PiiSpan
from pipeline.ports import PiiDetector
from pipeline.stages.spoken_forms import TextMap, clean
from pipeline.stages.spoken_forms.clean import is_invisible, is_mark, without_symbols

LANGUAGES = ("de", "en")
_CODES = {"de": "de", "deu": "de", "ger": "de", "en": "en", "eng": "en"}  # ISO 639
_STRENGTH = {
    kind: rank
    for rank, kind in enumerate(
        (
            EntityType.LOCATION,
            EntityType.OTHER_ID,
            EntityType.PERSON,
            EntityType.POSTCODE,
            EntityType.ORGANIZATION,
            EntityType.PHONE_NUMBER,
            EntityType.LICENSE_PLATE,
            EntityType.ID_CARD,
            EntityType.PASSPORT,
            EntityType.TAX_ID,
            EntityType.SOCIAL_SECURITY,
            EntityType.CREDIT_CARD,
            EntityType.URL,
            EntityType.DATE_OF_BIRTH,
            EntityType.STREET_ADDRESS,
            EntityType.IBAN,
            EntityType.EMAIL_ADDRESS,
        )
    )
}
_EDGES = " \t\r\n,;:.!?\"'()[]–…-"


def detect_pii(
    turns: Sequence[str],
    language: str,
    detector: PiiDetector,
    known: Sequence[KnownParty] = (),
) -> tuple[tuple[PiiSpan, ...], ...]:
    """Spans per turn, sorted, not overlapping; offsets are characters of the given `turns`.

    Emoji and control characters may stand between two values or inside one: where there are any,
    the turns are also read without them, and what either reading finds counts.
    """
    views = [clean(turn) for turn in turns]
    bare = [without_symbols(view) for view in views]
    readings = [views, bare] if any(map(_differ, views, bare)) else [views]
    moved: list[list[PiiSpan]] = [[] for _ in turns]
    for reading in readings:
        found = detector.detect([view.text for view in reading], language, known)
        for mine, view, spans in zip(moved, reading, found, strict=True):
            mine += [
                PiiSpan(*view.source(span.start, span.end), span.type, span.score) for span in spans
            ]
    return tuple(resolve(turn, mine) for turn, mine in zip(turns, moved, strict=True))


def rules_of(language: str) -> tuple[str, ...]:
    """Whose rules hold for a language tag such as `de`, `en-GB`, `deu`: its own, or those of both
    languages where it is neither."""
    code = _CODES.get(language.replace("_", "-").partition("-")[0].lower())
    return (code,) if code else LANGUAGES


def shortfall(language: str) -> str | None:
    """What a reader must know of texts in `language`; None where the rules were made for it."""
    if rules_of(language) != LANGUAGES:
        return None
    return (
        f"language {language}: Deckname knows German and English; the rules of both were applied: "
        "numbers and e-mail addresses are found, names and addresses may remain"
    )


def _differ(view: TextMap, bare: TextMap) -> bool:
    return view is not bare


def detect_text(
    text: str, language: str, detector: PiiDetector, known: Sequence[KnownParty] = ()
) -> tuple[PiiSpan, ...]:
    """Spans of one text whose lines are turns; offsets are characters of `text`."""
    turns = text.split("\n")
    found: list[PiiSpan] = []
    offset = 0
    for turn, spans in zip(turns, detect_pii(turns, language, detector, known), strict=True):
        found += [
            PiiSpan(span.start + offset, span.end + offset, span.type, span.score) for span in spans
        ]
        offset += len(turn) + 1
    return tuple(found)


def resolve(text: str, spans: Iterable[PiiSpan]) -> tuple[PiiSpan, ...]:
    """Sorted spans without overlap that cover every character that any of `spans` covers,
    punctuation at their edges aside.

    Of overlapping spans the most certain one gives the type and keeps its extent; what the
    others cover beyond it stays covered.
    """
    ranked = sorted(
        (trimmed for span in spans if (trimmed := _trim(text, span))),
        key=lambda span: (-round(span.score, 1), span.start - span.end, -_STRENGTH[span.type]),
    )
    taken: list[PiiSpan] = []
    for group in _touching(ranked):
        taken += _settle(text, group)
    return tuple(sorted(taken))


def _touching(ranked: Sequence[PiiSpan]) -> list[list[PiiSpan]]:
    """Groups of spans that overlap, directly or through others; each keeps the ranking."""
    groups: list[list[tuple[int, PiiSpan]]] = []
    end = -1
    for rank, span in sorted(enumerate(ranked), key=lambda pair: pair[1].start):
        if groups and span.start < end:
            groups[-1].append((rank, span))
        else:
            groups.append([(rank, span)])
        end = max(end, span.end)
    return [[span for _, span in sorted(group, key=lambda pair: pair[0])] for group in groups]


def _settle(text: str, group: Sequence[PiiSpan]) -> list[PiiSpan]:
    """`kept` stays sorted and free of overlaps, so only neighbours need a look."""
    kept: list[PiiSpan] = []
    for span in group:
        rest = _uncovered(span, kept)
        if rest == [(span.start, span.end)]:
            insort(kept, span)
            continue
        for start, end in rest:
            piece = _trim(text, PiiSpan(start, end, span.type, span.score))
            if piece is not None and any(map(str.isalnum, text[piece.start : piece.end])):
                _join(kept, piece)
    return kept


def _uncovered(span: PiiSpan, kept: Sequence[PiiSpan]) -> list[tuple[int, int]]:
    rest: list[tuple[int, int]] = []
    at = span.start
    for index in range(max(0, bisect_left(kept, span) - 1), len(kept)):
        other = kept[index]
        if other.start >= span.end:
            break
        if other.end <= at:
            continue
        if other.start > at:
            rest.append((at, other.start))
        at = max(at, other.end)
    if at < span.end:
        rest.append((at, span.end))
    return rest


def _join(kept: list[PiiSpan], piece: PiiSpan) -> None:
    """What a weaker span covers beyond a stronger one of its type belongs to that one."""
    place = bisect_left(kept, piece)
    for index in (place - 1, place):
        if not 0 <= index < len(kept) or kept[index].type is not piece.type:
            continue
        other = kept[index]
        if max(piece.start, other.start) - min(piece.end, other.end) <= 2:
            start, end = min(piece.start, other.start), max(piece.end, other.end)
            kept[index] = PiiSpan(start, end, other.type, other.score)
            _close(kept, index)
            return
    kept.insert(place, piece)


def _close(kept: list[PiiSpan], index: int) -> None:
    """A piece that filled the gap to the next span of its type made one span of both."""
    if index + 1 < len(kept):
        this, following = kept[index], kept[index + 1]
        if this.end == following.start and this.type is following.type:
            score = max(this.score, following.score)
            kept[index : index + 2] = [PiiSpan(this.start, following.end, this.type, score)]


def _trim(text: str, span: PiiSpan) -> PiiSpan | None:
    """`span` without punctuation, white space and invisible characters at its edges; marks stay
    with what they stand on."""
    start, end = span.start, min(span.end, len(text))
    while start < end and (_edge(text[start]) or is_mark(text[start])):
        start += 1
    while start < end:
        base = end - 1
        while base > start and is_mark(text[base]):
            base -= 1
        if not _edge(text[base]):
            break
        end = base
    return PiiSpan(start, end, span.type, span.score) if start < end else None


def _edge(char: str) -> bool:
    return char in _EDGES or is_invisible(char)
