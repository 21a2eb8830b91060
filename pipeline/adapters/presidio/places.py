"""Places: listed towns and countries; doubtful ones (Essen, Hof) only where context says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from models.names import word_set
from pipeline.adapters.presidio.dialogue import Topic
from pipeline.adapters.presidio.reading import Finding, Reading, SpokenRecognizer
from pipeline.domain.privacy import EntityType
from pipeline.stages.spoken_forms import FormKind, Token, TokenKind

_INTO = frozenset(["in", "aus", "nach", "bei", "near"])
_TOWN_WORDS = word_set(
    """
    stadt gemeinde ortsteil stadtteil dorf city town village bezirk
    """
)
_THINGS = word_set(
    """
    see au man bar ware grund brand wissen lage singen werden wald horn lauf norden ordnung
    sueden osten westen haus mitte stein feld nahe
    """
)
_EPITHETS = word_set(
    """
    main rhein neckar breisgau oder donau tauber saale ruhr weinstrasse lech inn isar see
    harz bodensee odenwald taunus allgaeu westfalen oldenburg holstein mosel lahn elbe weser
    spree havel hoehe tyne thames avon trent hull sea
    """
)
_PERSONAL = word_set(
    """
    herr herrn frau dr doktor mr mrs ms miss familie
    """
)


class PlaceRecognizer(SpokenRecognizer):
    """Towns, quarters, countries."""

    TYPES = (EntityType.LOCATION,)

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Every place name."""
        tokens = reading.document.tokens
        index = 0
        while index < len(tokens):
            last, score = _place(reading, index)
            if score:
                yield Finding(tokens[index].start, tokens[last].end, EntityType.LOCATION, score)
                index = last
            index += 1


def _place(reading: Reading, index: int) -> tuple[int, float]:
    tokens = reading.document.tokens
    token = tokens[index]
    if token.kind is not TokenKind.WORD or index in reading.form_at:
        return index, 0.0
    last = _phrase(reading, index)
    if last == index and "P" in reading.flags(index):
        last = _by_river(tokens, index)
    if last > index:
        return last, 0.85
    flags = set(reading.flags(index))
    if not flags & set("Pp"):
        return index, 0.0
    before = tokens[index - 1] if index else None
    if before is not None and before.low in _PERSONAL:
        return index, 0.0
    if "P" in flags:
        return index, 0.8 if not flags & set("FSfs") else 0.75
    return index, _doubtful(reading, index)


def _by_river(tokens: Sequence[Token], index: int) -> int:
    """`Freiburg im Breisgau`, `Frankfurt an der Oder`: the last token of the epithet."""
    at = index + 1
    if at < len(tokens) and tokens[at].low in {"am", "im", "an", "ob", "in", "vor", "upon"}:
        at += 1
        if at < len(tokens) and tokens[at].low in {"der", "dem"}:
            at += 1
        if at < len(tokens) and tokens[at].low in _EPITHETS:
            return at
    return index


def _phrase(reading: Reading, index: int) -> int:
    tokens = reading.document.tokens
    for parts in reading.lexicon.phrases(tokens[index].low):
        at, matched = index, 1
        while matched < len(parts) and at + 1 < len(tokens):
            at += 1
            if tokens[at].text in {"-", "."}:
                continue
            if tokens[at].low != parts[matched]:
                break
            matched += 1
        if matched == len(parts):
            return at
    return index


def _doubtful(reading: Reading, index: int) -> float:
    """A place that is a common word or a name, too."""
    tokens = reading.document.tokens
    token = tokens[index]
    before = tokens[index - 1] if index else None
    form = reading.form_at.get(index - 1)
    if form is not None:
        number = reading.document.forms[form]
        if number.kind is FormKind.NUMBER and number.digits == 5:
            return 0.85
    if before is None:
        return 0.0
    flags = set(reading.flags(index))
    capital = token.text[:1].isupper()
    if before.low in _TOWN_WORDS:
        return 0.7
    if before.low in _INTO and (capital or "C" not in flags):
        return 0.65
    german = reading.document.language[:2] != "en"
    if german and before.low in {"in", "aus", "nach"} and token.low not in _THINGS:
        return 0.55
    asked = Topic.ADDRESS in reading.dialogue.asked(index) or Topic.ADDRESS in (
        reading.dialogue.before(index)
    )
    if before.low in _INTO | {"from", "of"} and asked:
        return 0.6
    return 0.0
