"""Persons: listed names, names that context announces, and names that are spelled out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from models.names import word_set
from pipeline.adapters.presidio.brands import LETTERED
from pipeline.adapters.presidio.dialogue import Topic
from pipeline.adapters.presidio.reading import Finding, Reading, SpokenRecognizer
from pipeline.domain.privacy import EntityType
from pipeline.stages.spoken_forms import Form, FormKind, TokenKind

TITLES = word_set(
    """
    herr herrn frau fraeulein dr doktor prof professor mr mrs ms miss mister sir mister
    madame dipl ing familie family misses doctor eheleute kollege kollegin kollegen
    """
)
_POSSESSIVE = word_set(
    """
    meine meiner ihre ihrer seine seiner deine deiner eine einer die der keine unsere
    unserer diese dieser jede jede meinem meinen ihrem ihren seinem seinen einem einen dem
    den mein ihr sein dein ein das the a my your his her our alte junge alter junger
    """
)
_PARTICLES = word_set(
    """
    von van der den de del della di zu zum zur al el bin ibn mc mac o' da dos la le ten ter
    vom st san
    """
)
_STRONG_CUES = (
    ("mein", "name", "ist"), ("mein", "name", "waere"), ("ich", "heisse"), ("my", "name", "is"),
    ("my", "name's"), ("der", "name", "ist"), ("der", "name", "lautet"), ("name", "ist"),
    ("nachname", "ist"), ("vorname", "ist"), ("name", "is"), ("the", "name", "is"),
    ("heisst", "mit", "nachnamen"), ("heisse", "ich"), ("name", "lautet"), ("the", "name's"),
    ("auf", "den", "namen"), ("under", "the", "name"), ("names",), ("my", "names"),
    ("ich", "bin", "der"), ("ich", "bin", "die"), ("called",), ("nachname",), ("vorname",),
    ("mit", "nachnamen"), ("mit", "vornamen"), ("surname", "is"), ("surname",), ("name", "war"),
    ("mein", "name"), ("sie", "heisst"), ("er", "heisst"), ("spreche", "ich", "mit"),
    ("first", "name"), ("last", "name"), ("geborene",), ("geborener",), ("hier", "spricht"),
    ("you're", "speaking", "with"), ("you're", "speaking", "to"), ("am", "apparat", "ist"),
)  # fmt: skip
_WEAK_CUES = (
    ("ich", "bin"), ("hier", "ist"), ("i'm",), ("i", "am"), ("this", "is"),
    ("hier",), ("it's",), ("it", "is"), ("es", "spricht"), ("am", "apparat"), ("speaking", "to"),
    ("speaking", "with"), ("hallo",), ("hello",), ("hi",), ("guten", "tag"), ("tag",),
    ("morgen",), ("abend",), ("danke",), ("thanks",), ("dear",), ("liebe",), ("lieber",),
    ("ask", "for"), ("namens",), ("named",), ("genannt",), ("gewisser",), ("gewisse",),
)  # fmt: skip
_TO_PERSON = (
    ("spoke", "to"), ("speak", "to"), ("speak", "with"), ("spoke", "with"), ("talk", "to"),
    ("talked", "to"), ("ask", "for"), ("tell",), ("called",), ("asked", "for"), ("call",),
    ("sagen", "sie"), ("fragen", "sie"), ("nach", "dem"), ("spreche", "mit"), ("sage",),
)  # fmt: skip
#: a cue's last word → the cues that end so, the strongest first
_BY_END: dict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
for _cue_words, _strength in (
    *((each, "strong") for each in _STRONG_CUES),
    *((each, "told") for each in _TO_PERSON),
    *((each, "weak") for each in _WEAK_CUES),
):
    _BY_END[_cue_words[-1]].append((_cue_words, _strength))
_HINTS = frozenset({"mit", "ohne", "oder", "with", "without", "or"})
_TWICE = frozenset({"doppel", "doppelt", "double"})
_SPEAKING = frozenset({"ist", "spricht", "bin", "mit", "namens"})
_STOP = word_set(
    """
    ist und oder aber ich du er sie es wir ihr mich mir dich dir ihn ihm ihnen uns euch der
    die das den dem des ein eine einen einem einer nicht kein keine so wie was wer wo wann
    warum ja nein doch mal noch auch nur schon sehr gut gerne bitte danke hallo guten tag
    morgen abend hier da dort jetzt dann heute gestern aus von vom zu zum zur in im an am
    auf bei beim mit nach vor fuer ueber unter um ab bis seit durch gegen ohne habe hat
    haben hatte bin bist sind war waren wird werde werden kann kann's koennen koennte
    koennten will wollen wollte moechte moechten soll sollen muss muessen darf duerfen weil
    dass ob wenn als also genau richtig okay ok aeh aehm hm mhm is are am was were be been i
    you he she it we they me him her us them my your his its our their a an the this that
    these those and or but not no yes so well uh um uhm to of in on at by for with from
    about hi hello good morning afternoon evening thanks thank please here there now then
    today calling speaking looking interested sorry just from telefon anruf nummer name
    adresse wohnung haus termin buchstabiert schreibt geschrieben sir madam ma'am mein meine
    dein deine sein seine kein herr herrn frau mr mrs ms dr prof doktor professor miss
    mister angerufen interessiert interessent immobilien makler ruft rufe spricht can could
    would will should do does did have has had get got like know what who when where why how
    if because spelled spell punkt komma minus wohnt wohne arbeite heisse heisst vielen dank
    schoenen wiederhoeren tschuess bye moment natuerlich selbstverstaendlich alles klar gell
    ne nee genauso und's der's bezueglich wegen ob zwar etwas nichts wieder denn sie's
    montag dienstag mittwoch donnerstag freitag samstag sonntag sonnabend monday tuesday
    wednesday thursday friday saturday sunday januar februar maerz april mai juni juli
    august september oktober november dezember january february march may june july october
    december namen names jemand niemand alle beide tochter sohn mutter vater bruder
    schwester mann kind kinder eltern nachbar nachbarin chef chefin vermieter vermieterin
    mieter mieterin makler maklerin kunde husband wife daughter son mother father brother
    sister landlord tenant agent mum dad friend freund freundin really actually maybe going
    gonna very happy glad fine great right left home live living with work working new old
    okay's it's i'm that's what's there's he's she's let's don't
    """
)
_NAME = set("FfSsT")
_CALENDAR = word_set(
    """
    montag dienstag mittwoch donnerstag freitag samstag sonntag sonnabend monday tuesday wednesday
    thursday friday saturday sunday januar februar maerz april mai juni juli august september
    oktober november dezember january february march may june july october december morgen abend
    """
)
_BARE_TITLES = word_set("herr herrn frau fraeulein mr mrs ms miss mister")
_BY_NAME = (
    ("hier", "spricht"), ("mein", "name", "ist"), ("ich", "heisse"), ("my", "name", "is"),
    ("my", "name's"), ("you're", "speaking", "with"), ("you're", "speaking", "to"),
)  # fmt: skip
_INTRODUCED = (
    ("mein", "name"), ("ist", "mein", "name"), ("am", "apparat"), ("am", "telefon"),
    ("is", "my", "name"), ("is", "the", "name"), ("my", "name"),
)  # fmt: skip


class PersonRecognizer(SpokenRecognizer):
    """Names by list and by context."""

    TYPES = (EntityType.PERSON,)

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Every name; titles lie outside, spelling inside."""
        tokens = reading.document.tokens
        index = 0
        while index < len(tokens):
            found = _person(reading, index)
            if found:
                first, last, score = found
                last = _with_spelling(reading, last)
                yield Finding(tokens[first].start, tokens[last].end, EntityType.PERSON, score)
                index = last
            index += 1
        for form in reading.document.forms:
            if form.kind is FormKind.SPELLED and _names_somebody(reading, form):
                yield Finding(form.start, form.end, EntityType.PERSON, 0.7)


def _person(reading: Reading, index: int) -> tuple[int, int, float] | None:
    """A name that begins at token `index`: first token, last token, score."""
    cue = ""
    if reading.document.tokens[index].low in {"von", "vom", "van", "de", "al", "el", "zu"}:
        cue = _cue(reading, index)
        if cue in {"title", "strong", "asked"} and _particle(reading, index, cue, "F"):
            surname = index + 1
            while reading.document.tokens[surname].low in _PARTICLES:
                surname += 1
            return index, _extent(reading, surname, cue), 0.9
    if not _namelike(reading, index):
        return None
    cue = cue or _cue(reading, index)
    last = _extent(reading, index, cue)
    score = _score(reading, index, last, cue)
    return (index, last, score) if score else None


def _namelike(reading: Reading, index: int) -> bool:
    token = reading.document.tokens[index]
    return (
        token.kind is TokenKind.WORD
        and len(token.text) > 1
        and (token.low not in _STOP or (token.low in _CALENDAR and _titled(reading, index)))
        and token.low not in TITLES
        and index not in reading.form_at
        and index not in reading.street_tokens
        and not _is_unit(reading, index)
    )


def _titled(reading: Reading, index: int) -> bool:
    """Whether `Frau` or `Herr` stands before it and nobody's: `frau freitag`, not `meine frau`."""
    tokens = reading.document.tokens
    if index == 0 or tokens[index - 1].low not in _BARE_TITLES:
        return False
    return index == 1 or tokens[index - 2].low not in _POSSESSIVE


def _said_by_name(reading: Reading, index: int) -> float:
    """A common word is a name right behind `hier spricht` or `my name is`; the tagger may know
    better (`mein name ist schwer zu schreiben`)."""
    before = tuple(token.low for token in reading.document.tokens[max(0, index - 3) : index])
    return 0.7 if any(before[-len(words) :] == words for words in _BY_NAME) else 0.0


def _introduced(reading: Reading, last: int) -> bool:
    """`blümchen mein name`, `precious is my name`: who speaks has just said it."""
    tokens = reading.document.tokens
    at = last + 2 if last + 1 < len(tokens) and tokens[last + 1].text == "," else last + 1
    for words in _INTRODUCED:
        following = [token.low for token in tokens[at : at + len(words) + 1]]
        if tuple(following[: len(words)]) == words:
            return following[len(words) :] not in (["ist"], ["is"], ["war"], ["was"])
    return False


def _is_unit(reading: Reading, index: int) -> bool:
    """`dreißig Tage`: a common word right after a number counts something."""
    form = reading.form_at.get(index - 1)
    counted = form is not None and reading.document.forms[form].digits > 0
    return counted and "C" in reading.flags(index)


def _cue(reading: Reading, index: int) -> str:
    """`title`, `strong`, `weak`, `asked`, `start` or nothing."""
    tokens = reading.document.tokens
    before = index - 1
    while before >= 0 and tokens[before].text in {".", ",", ":"} and index - before < 3:
        before -= 1
    while (
        before >= 0
        and tokens[before].low in {"aeh", "aehm", "uh", "um", "also", "der", "die"}
        and index - before < 3
        and tokens[before].low not in {"der", "die"}
    ):
        before -= 1
    if before < 0 or tokens[before].kind is TokenKind.BREAK:
        return "asked" if _asked(reading, index) else "start"
    if tokens[before].low in {"der", "die"} and before and tokens[before - 1].low in _SPEAKING:
        before -= 1
    if tokens[before].low in TITLES:
        owned = before > 0 and tokens[before - 1].low in _POSSESSIVE
        if tokens[before].low in {"frau", "family", "familie", "kollege", "kollegin"} and owned:
            return "weak" if tokens[before - 1].low not in {"die", "der"} else "title"
        return "title"
    for cue, name in _BY_END.get(tokens[before].low, ()):
        first = before - len(cue) + 1
        if first >= 0 and all(tokens[first + step].low == word for step, word in enumerate(cue)):
            return name
    return "asked" if _asked(reading, index) else ""


def _asked(reading: Reading, index: int) -> bool:
    dialogue = reading.dialogue
    return Topic.NAME in dialogue.asked(index) and dialogue.answers(index)


def _extent(reading: Reading, index: int, cue: str) -> int:
    """The last token of the name that begins at `index`."""
    tokens = reading.document.tokens
    last = index
    at = index + 1
    while at < len(tokens) and at - index < 7:
        token = tokens[at]
        if token.text == "-" and at + 1 < len(tokens) and _part(reading, at + 1, cue, joined=True):
            last, at = at + 1, at + 2
            continue
        if token.low in _PARTICLES and _particle(reading, at, cue, reading.flags(last)):
            while tokens[at].low in _PARTICLES:
                at += 1
            last, at = at, at + 1
            continue
        if not _part(reading, at, cue, joined=False):
            break
        last, at = at, at + 1
    return last


def _particle(reading: Reading, at: int, cue: str, flags: str) -> bool:
    """Whether the particle at `at` (`von`, `vom`, `van der`) leads to a surname."""
    tokens = reading.document.tokens
    following = at + 1
    while following < len(tokens) and tokens[following].low in _PARTICLES:
        following += 1
    if following >= len(tokens) or not _namelike(reading, following):
        return False
    word = reading.flags(following)
    if tokens[at].low in {"von", "vom", "van", "de", "di", "zu"} and (
        cue in {"asked", "strong", "title"} or following > at + 1
    ):
        return "P" not in word or bool(set(word) & _NAME)
    return bool(set(word) & _NAME) and "C" not in word and bool(set(flags) & _NAME)


def _part(reading: Reading, index: int, cue: str, *, joined: bool) -> bool:
    """Whether token `index` goes on with a name."""
    if index >= len(reading.document.tokens) or not _namelike(reading, index):
        return False
    flags = set(reading.flags(index))
    text = reading.document.tokens[index].text
    if flags & set("FST") and "C" not in flags:
        return True
    if joined:
        return True
    if flags & _NAME:
        return text[:1].isupper() or bool(set(reading.flags(index - 1)) & set("Ff"))
    unknown = "C" not in flags
    return unknown and cue in {"strong", "title"} and (text[:1].isupper() or not flags)


def _score(reading: Reading, index: int, last: int, cue: str) -> float:
    tokens = reading.document.tokens
    flags = set(reading.flags(index))
    listed, common = bool(flags & _NAME), "C" in flags
    capital = tokens[index].text[:1].isupper()
    if cue == "title":
        bare = 0.7 if _titled(reading, index) else 0.0
        return 0.95 if listed or not common or capital else bare
    if cue == "strong":
        return 0.9 if listed or not common else _said_by_name(reading, index)
    if cue in {"start", "asked", "weak"} and _introduced(reading, last):
        return 0.85
    ending = set(reading.flags(last)) if last > index else set()
    if common:
        following = tokens[last + 1].low if last + 1 < len(tokens) else ""
        heard = following in {"here", "hier", "speaking", "calling"}
        return _common_score(flags, ending, cue, capital=capital, heard=heard)
    if ending and "F" in flags | ending:
        return 0.85
    if cue == "asked":
        return 0.75 if listed or not flags else 0.6
    if "F" in flags:
        return 0.7
    if cue in {"weak", "told"} and listed and "P" not in flags:
        return 0.6
    if "T" in flags and (capital or ending):
        return 0.6
    opens = last + 1 < len(tokens) and tokens[last + 1].text == ","
    if cue == "start" and "S" in flags and opens:
        return 0.6
    return 0.5 if "S" in flags and not flags & {"P", "p"} else 0.0


def _common_score(
    flags: set[str], ending: set[str], cue: str, *, capital: bool, heard: bool
) -> float:
    """A common word is a name only in company: `Mark Henderson`, asked-for `Koch`."""
    if "f" in flags and ending & {"S", "T"}:
        return 0.8
    if "F" in flags and ending & _NAME:
        return 0.8
    if "T" in flags and "F" in ending and cue:
        return 0.6
    if "f" in flags and cue in {"weak", "start"} and heard:
        return 0.6
    if (cue == "asked" and flags & _NAME) or (cue == "told" and flags & {"f", "F", "T"}):
        return 0.6
    if cue in {"weak", "start"} and capital and "T" in flags:
        return 0.45
    return 0.0


def _with_spelling(reading: Reading, last: int) -> int:
    """`Müller, M Ü L L E R` and `Müller mit Doppel-L`: the spelling belongs to the name."""
    tokens = reading.document.tokens
    at = last + 1
    while (
        at < len(tokens)
        and at - last <= 4
        and (
            tokens[at].text in {",", "-", ":", "."}
            or tokens[at].low
            in {
                "also",
                "das",
                "mit",
                "ist",
                "aeh",
                "aehm",
                "that's",
                "spelled",
                "spelt",
                "with",
                "geschrieben",
                "buchstabiert",
            }
        )
    ):
        at += 1
    form = reading.form_at.get(at)
    if form is None:
        return last
    found = reading.document.forms[form]
    return found.last if found.kind is FormKind.SPELLED and found.first == at else last


def _names_somebody(reading: Reading, form: Form) -> bool:
    topics = set(reading.dialogue.before(form.first)) | reading.dialogue.asked(form.first)
    if {Topic.PLATE, Topic.IBAN, Topic.OTHER_ID, Topic.PASSPORT} & topics and len(form.atoms) < 4:
        return False
    spelling = bool({Topic.NAME, Topic.SPELLING} & topics)
    known = form.first in reading.dialogue.abbreviated or form.written.lower() in LETTERED
    if known and not spelling:
        return False
    if len(form.written) <= 2 and _is_hint(reading, form):
        return False
    alphabet = any(atom.last > atom.first for atom in form.atoms)
    return len(form.written) >= 4 or (len(form.written) >= 2 and (spelling or alphabet))


def _is_hint(reading: Reading, form: Form) -> bool:
    """`mit u e`, `doppel t`: how a name is written, which by itself names nobody."""
    tokens = reading.document.tokens
    before = tokens[form.first - 1].low if form.first else ""
    return before in _HINTS or tokens[form.first].low in _TWICE
