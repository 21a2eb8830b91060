"""German streets: `in der Goethestraße zwölf b`, `Am Alten Markt 3`, `Straße des 17. Juni 135`."""

from __future__ import annotations

from models.names import word_set
from pipeline.adapters.presidio.house_numbers import Street, addressed, house_number
from pipeline.adapters.presidio.reading import Reading
from pipeline.stages.spoken_forms import TokenKind

_STRONG = (
    "strasse", "strase", "gasse", "allee", "chaussee", "promenade", "damm", "ufer", "twiete",
    "stieg", "steig", "steige", "strassen", "str",
)  # fmt: skip
_WEAK = (
    "weg", "platz", "ring", "pfad", "kamp", "graben", "markt", "wall", "zeile", "winkel", "garten",
    "hain", "kai", "bruecke", "berg", "feld", "hof", "tor", "park", "blick", "stiege", "redder",
    "horst", "anger", "grund", "breite", "hang", "rain", "tal", "busch", "wiese", "leite", "au",
    "siedlung", "acker", "stein", "bogen", "eck", "heide", "moor", "terrasse", "hoehe", "halde",
    "guertel", "laende", "kehre", "wiesen", "aecker", "gaerten", "schanze", "reihe", "bleiche",
    "steg", "passage", "gaesschen",
)  # fmt: skip
NOT_BEFORE = word_set(
    """
    die der das den dem in an auf eine einer einen ein diese dieser welche welcher ihre
    ihrer meine meiner unsere unserer keine ruhige ruhigen gleiche gleichen selbe selben und
    oder zur zum im am von vor nach ist nebenan ganze ganzen the a this that which your my
    our in on at same next of what name to is quiet busy one every first second no from by
    near across down up along off road street and for with same wie heisst
    """
)
PREPOSITIONS = word_set(
    """
    am an im in auf zum zur unter hinter vor bei beim aufm ueber hinterm vorm unterm ueberm
    """
)
_ARTICLES = frozenset(["der", "dem", "den", "die"])
_LYING = frozenset({"liegt", "befindet", "wohn", "wohne", "wohnen", "wohnt", "gelegen", "gemeldet"})
_DOORS = frozenset({"stiege", "top", "tuer"})
_WORDS_FORWARD = 2  # after the article: a word, or an adjective and one
_COMMON_ENDINGS = word_set(
    """
    strasse strassen gasse allee damm ufer promenade steig einbahnstrasse
    hauptverkehrsstrasse autostrasse seitenstrasse bundesstrasse landstrasse querstrasse
    spielstrasse bahnsteig buergersteig sackgasse parkplatz spielplatz arbeitsplatz
    stellplatz umweg heimweg rueckweg hinweg unterweg keineswegs supermarkt sitzplatz platz
    weg ring markt garten park hof tor berg feld tal grund stein au eck blick arbeitsweg
    schulweg fussweg radweg ausweg fahrstuhl campingplatz sportplatz tiergarten kindergarten
    biergarten vorgarten wohnungsmarkt immobilienmarkt baumarkt flohmarkt arbeitsmarkt
    bauernhof bahnhof innenhof friedhof hinterhof hauptbahnhof parkhof frau bau blau grau
    genau schau tau
    """
)
_NO_PLACES = word_set(
    """
    adresse anschrift strasse stehen steht stand standen liegen liegt sind ist war waren gibt gab
    haben hat hatte kommen kommt parken wohnen fehlen fehlt bleiben bleibt brauchen kosten kostet
    stock raum haus preis monat uhr nummer zimmer etage jahr jahre um gegen ab bis montag dienstag
    mittwoch donnerstag freitag samstag sonnabend sonntag januar februar maerz april mai juni juli
    august september oktober november dezember morgen abend nachmittag vormittag wochenende
    """
)
_UNITS = word_set("uhr euro prozent quadratmeter meter zimmer personen tage wochen monate jahre")
_ADJECTIVES = word_set(
    """
    lange kurze neue alte hohe breite grosse kleine obere untere kleiner grosser neuer alter
    hoher am gruene weisse schwarze
    """
)


def _ends(low: str, endings: tuple[str, ...], least: int = 3) -> bool:
    return low.endswith(endings) and any(
        low.endswith(end) and len(low) >= len(end) + least for end in endings
    )


def german(reading: Reading, index: int, floor: int) -> Street | None:
    """The street whose ending is token `index`; it begins behind token `floor`."""
    tokens = reading.document.tokens
    low = tokens[index].low
    whole = low in _STRONG or low in _WEAK
    strong = low in _STRONG or _ends(low, _STRONG)
    if not strong and not whole and not _ends(low, _WEAK):
        return None
    first = index
    if whole or (index and tokens[index - 1].text == "-"):
        named = _name_before(reading, index, floor)
        if named is None:
            return _forward(reading, index)
        first = named
    elif low in _COMMON_ENDINGS:
        return None
    number, last = house_number(reading, index)
    common = "C" in reading.flags(index) and not whole
    if last == index:
        if not strong and not whole and _after_somebody(reading, index):
            return first, index, index + 1, 0.6
        if not strong or (common and not (addressed(reading, index) or _alone(reading, index))):
            return None
        return first, index, index + 1, 0.75
    if not strong and (common or whole) and not addressed(reading, index):
        capital = tokens[first].text[:1].isupper() or _after_town(reading, first, index)
        if (common or not capital) and not _situated(reading, first, last):
            return None
    return first, _door(reading, last), number, 0.9


def _after_town(reading: Reading, first: int, index: int) -> bool:
    """`mariahilfer gürtel 2`: an inhabitant's name, which is no other word, in front."""
    before = reading.document.tokens[first]
    return first < index and before.low.endswith("er") and "C" not in reading.flags(first)


def _door(reading: Reading, last: int) -> int:
    """`stiege zwei top neun`: the last token of staircase and door behind a house number."""
    tokens, forms = reading.document.tokens, reading.form_at
    while last + 2 < len(tokens) and tokens[last + 1].low in _DOORS and last + 2 in forms:
        last = reading.document.forms[forms[last + 2]].last
    return last


def _alone(reading: Reading, index: int) -> bool:
    """Whether the turn is hardly more than the token at `index`: an answer."""
    line, lines = reading.dialogue.lines[index], reading.dialogue.lines
    near = range(max(0, index - 4), min(len(lines), index + 5))
    words = [
        at
        for at in near
        if lines[at] == line and reading.document.tokens[at].kind is TokenKind.WORD
    ]
    return len(words) <= 3


def _after_somebody(reading: Reading, index: int) -> bool:
    """`Goetheplatz`, `Mozartring`: a name in front of the ending."""
    low = reading.document.tokens[index].low
    if "C" in reading.flags(index):
        return False
    for ending in ("platz", "weg", "ring", "markt", "pfad"):
        stem = low.removesuffix(ending)
        flags = reading.lexicon.flags(stem)
        if stem != low and len(stem) > 3 and set("FST") & set(flags) and "C" not in flags:
            return True
    return False


def _name_before(reading: Reading, index: int, floor: int) -> int | None:
    """First token of the name in front of a bare `Straße`: hyphenated, or up to three words."""
    tokens = reading.document.tokens
    first = index
    for _ in range(4):
        before = first - 1
        if before > floor and tokens[before].text == "-":
            before -= 1
        if before <= floor or tokens[before].kind is not TokenKind.WORD:
            break
        joined = before < first - 1
        word = tokens[before]
        if word.low in NOT_BEFORE or before in reading.form_at:
            break
        named = set(reading.flags(before)) & set("FSTPfsp") or word.text[:1].isupper()
        fits = joined or (first == index and (named or word.low.endswith(("er", "e", "en"))))
        if not fits and not (
            named
            and first < index
            and tokens[first].text[:1].isupper()
            and reading.flags(before).strip("C")
        ):
            break
        if (
            not joined
            and first == index
            and "C" in reading.flags(before)
            and not (word.text[:1].isupper() or word.low.endswith("er") or word.low in _ADJECTIVES)
        ):
            break
        first = before
    return first if first < index else None


def _forward(reading: Reading, index: int) -> Street | None:
    """`Straße des 17. Juni 135`, `Platz der Republik 1`, `Platz der Alten Synagoge 2`."""
    tokens = reading.document.tokens
    if tokens[index].low not in {"strasse", "platz", "allee", "weg"} or index + 2 >= len(tokens):
        return None
    if tokens[index + 1].low not in {"des", "der", "am"}:
        return None
    form = reading.form_at.get(index + 2)
    if form is not None:
        number, end = house_number(reading, reading.document.forms[form].last)
        return index, end, number, 0.85
    for last in range(index + 2, min(index + 2 + _WORDS_FORWARD, len(tokens))):
        if tokens[last].kind is not TokenKind.WORD:
            return None
        number, end = house_number(reading, last)
        if end > last:
            return index, end, number, 0.85
    return None


def _situated(reading: Reading, index: int, last: int) -> bool:
    """`liegt unter den Linden 5`, `am Markt 3 in Rostock`: a place by the words around it."""
    tokens = reading.document.tokens
    if any(tokens[at].low in _LYING for at in range(max(0, index - 3), index)):
        return True
    at = last + 1
    while at < len(tokens) and tokens[at].low in {",", "in"}:
        at += 1
    if at < len(tokens) and tokens[at].kind is TokenKind.DIGITS and len(tokens[at].text) == 5:
        at += 1
    return last + 1 < at < len(tokens) and bool(set("Pp") & set(reading.flags(at)))


def prepositional(reading: Reading, index: int) -> Street | None:
    """`Am Markt 3`, `An der Alten Post 4`, `Unter den Linden 5`: a number must follow."""
    tokens = reading.document.tokens
    at = index + 1
    if at < len(tokens) and tokens[at].low in _ARTICLES:
        at += 1
    for last in range(at, min(at + 3, len(tokens))):
        if tokens[last].kind is not TokenKind.WORD or last in reading.form_at:
            return None
        if _ends(tokens[last].low, _STRONG):
            return None
        number, end = house_number(reading, last)
        if end > last:
            cased = (
                tokens[index].text[:1].isupper() and index and tokens[index - 1].text not in ".?!\n"
            )
            if not (
                addressed(reading, index)
                or _situated(reading, index, end)
                or (cased and tokens[last].text[:1].isupper())
            ):
                return None
            said = {token.low for token in tokens[at : last + 1]}
            if said & _NO_PLACES or _followed_by(reading, end, _UNITS):
                return None
            return index, end, number, 0.8
    return None


def opening(reading: Reading, first: int, last: int) -> int:
    """The first token of a numbered name at tokens `first` to `last`, with the preposition that
    belongs to it: `an der schanz 22`, not `in der goethestraße 22`."""
    tokens = reading.document.tokens
    numbered = any(at in reading.form_at for at in range(first + 1, last + 1))
    ended = any(_ends(tokens[at].low, _STRONG, 0) for at in range(first, last + 1))
    if first in reading.form_at or not numbered or ended:
        return first
    begin = first - 1 - (first > 1 and tokens[first - 1].low in _ARTICLES)
    return begin if begin >= 0 and tokens[begin].low in PREPOSITIONS else first


def _followed_by(reading: Reading, index: int, words: frozenset[str]) -> bool:
    tokens = reading.document.tokens
    return index + 1 < len(tokens) and tokens[index + 1].low in words
