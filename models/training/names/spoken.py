"""Synthetic spoken-style utterances with labelled names: templates of phone calls, filled anew."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from random import Random

from models.training.names.corpora import Example, example
from models.training.speech.sentences import SentenceWriter, sections

_MARKED = re.compile("\x01(PER|LOC|ORG)\x02([^\x01\x03]*)\x03")
_NESTED = re.compile("[\x01\x03]|(PER|LOC|ORG)\x02")
_SLOTS = {"name": "PER", "first": "PER", "last": "PER", "city": "LOC", "agency": "ORG",
          "district": "LOC"}  # fmt: skip
_LEXICON = Path(__file__).parents[2] / "names" / "lexicon.tsv.gz"

_TEMPLATES = {
    "de": """
ja hallo {P} hier ich hätte eine frage|{P} guten tag|guten tag {P} mein name|hier spricht {P}
mein name ist {P}|mein name ist {P} und ich rufe wegen der wohnung an|ich heiße {P}
ich bin die {F}|ich bin der {F}|ich bin {P} wir hatten telefoniert|{F} sagt das passt schon
könnte ich bitte mit herrn {L} sprechen|ist frau {L} zu sprechen|frau {L} war sehr nett
herr doktor {L} ist im urlaub|der vermieter heißt {L}|die mieterin ist eine gewisse {P}
meine frau {F} und ich suchen etwas größeres|mein mann {F} kommt auch mit|unser sohn {F} zieht aus
sagen sie {F} einen schönen gruß|{F} und {F} kommen am samstag|das macht der {F} bei uns
ich habe mit {P} gesprochen|ich sollte mich bei {P} melden|{P} hat mir ihre nummer gegeben
bitte fragen sie nach {P}|der schlüssel liegt bei {L}|auf dem klingelschild steht {L}
ja {L}|{L}|{P}|{P} ja genau|also {L} mit nachnamen|und der vorname ist {F}
der notar {L} hat die unterlagen|familie {L} zieht im märz aus|ich komme aus {C}
wir ziehen von {C} nach {C}|die wohnung in {C} ist vergeben|haben sie auch etwas in {C}
ich arbeite bei {O}|{O} guten tag {P} am apparat|die verwaltung macht {O}
ich habe frau {L} und herrn {L} schon geschrieben|guten morgen herr {L}|vielen dank frau {L}
ist das haus noch frei|wie groß ist die wohnung|gibt es einen balkon oder eine terrasse
wir haben zwei kinder und einen hund|was kostet die miete im monat|um wie viel uhr passt es ihnen
ich suche eine wohnung mit garten und küche|der berg ist schön und der hof ist groß
ich koche gerne und meine frau ist lehrerin|im sommer ist es hier sehr warm und im winter kalt
mein vater ist bäcker und mein bruder maurer|die lange straße runter und dann rechts
der müller mahlt das mehl|ein könig und ein kaiser|wir gehen heute essen|der wolf und der fuchs
kann ich die schlüssel am montag abholen|am freitag um drei|im juni oder august
ich rufe später noch einmal an|das ist ein guter preis|nein danke das wäre alles
spiel bitte etwas musik|stell den wecker auf sieben uhr|wie wird das wetter morgen
erinnere mich morgen an den termin|füge milch zur liste hinzu|lösche alle erinnerungen
suche ein restaurant in der nähe|was läuft heute im kino|zeig mir meine termine
""",
    "en": """
hi this is {P} calling|hello my name is {P}|{P} here i called yesterday|it's {F} from next door
i'm {P} and i saw your advert|may i speak to mister {L} please|is mrs {L} in today
please tell {F} i called|my husband {F} will come too|our daughter {F} starts school
i spoke to {P} last week|ask for {P} at the desk|the landlord is called {P}|thanks {F}
doctor {L} gave me your number|the keys are with {P}|it's under the name {L}|surname is {L}
my first name is {F}|{P}|{L}|yes {P}|that's {P} speaking|{F} and {F} live upstairs
i work for {O}|this is {O} how can i help|we are moving from {C} to {C}|the flat in {C}
i live in {C}|have you got anything in {C}|{F} said it was fine|the tenant {P} moved out
is the house still available|how many bedrooms does it have|what's the rent per month
i'd like to book a viewing|will you call me back|we have two kids and a dog
the grace period ends in may|i hope it's not too far|mark the date please|bill me later
can i bring my own furniture|the king size bed fits|young people live there|it's on the hill
play some music please|set an alarm for seven|what's the weather like tomorrow
add milk to my shopping list|remind me to water the plants|delete all my alarms
find a restaurant near me|show me my calendar|turn on the lights|how long is the movie
""",
}


class _Marked(SentenceWriter):
    """The speech templates with marks around what is a name."""

    def __init__(self, language: str, dice: Random, names: Names) -> None:
        # The parent also reads dictionaries and running text, which templates never need.
        self.language, self.rng, self.names = language, dice, names
        self._lists, self._surnames = sections(language), ()

    def slot(self, name: str) -> str:
        """A value of the slot, marked where it is a name."""
        if name == "last":
            return f"\x01PER\x02{self.names.last()}\x03"
        if name == "first":
            return f"\x01PER\x02{self.names.first()}\x03"
        value = super().slot(name)
        kind = _SLOTS.get(name)
        if kind and "\x01" not in value:
            return f"\x01{kind}\x02{value}\x03"
        if kind == "PER" or kind == "ORG":
            return f"\x01{kind}\x02{_NESTED.sub('', value)}\x03"
        return value


class Names:
    """Draws names as often as people bear them: half from the frequent, half from all."""

    def __init__(self, dice: Random) -> None:
        self._dice = dice
        flags = [
            line.split("\t")
            for line in gzip.decompress(_LEXICON.read_bytes()).decode().splitlines()
        ]
        self._first = [word for word, flag in flags if "F" in flag and " " not in word]
        self._last = [word for word, flag in flags if "S" in flag or "s" in flag]
        self._top = [word for word, flag in flags if "T" in flag]
        self._places = [word for word, flag in flags if "P" in flag]

    def first(self) -> str:
        """A first name, sometimes a double one."""
        name = self._capital(self._dice.choice(self._first))
        if self._dice.random() < 0.06:
            name += "-" + self._capital(self._dice.choice(self._first))
        return name

    def last(self) -> str:
        """A surname, sometimes a noble or a double one."""
        pool = self._top if self._dice.random() < 0.35 else self._last
        name = self._capital(self._dice.choice(pool))
        draw = self._dice.random()
        if draw < 0.03:
            return f"von {name}"
        return f"{name}-{self._capital(self._dice.choice(self._last))}" if draw < 0.06 else name

    def place(self) -> str:
        """A town."""
        return " ".join(map(self._capital, self._dice.choice(self._places).split()))

    def firm(self) -> str:
        """An invented firm."""
        kind = self._dice.choice(
            ["{} Immobilien", "{} GmbH", "Hausverwaltung {}", "{} und Partner", "Kanzlei {}",
             "{} Lettings", "{} Estates", "{} Ltd", "Autohaus {}", "{} AG"]
        )  # fmt: skip
        return kind.format(self.last())

    def _capital(self, word: str) -> str:
        word = word.replace("ae", "ä").replace("oe", "ö") if self._dice.random() < 0.7 else word
        return word[:1].upper() + word[1:]


def utterances(language: str, count: int, seed: int) -> Iterator[Example]:
    """`count` labelled utterances."""
    dice = Random(seed)
    names = Names(dice)
    writer = _Marked(language, dice, names)
    own = [each for line in _TEMPLATES[language].split("\n") for each in line.split("|") if each]
    for _ in range(count):
        marked = _filled(dice.choice(own), names) if dice.random() < 0.55 else writer.template()
        yield _example(marked)


def _filled(template: str, names: Names) -> str:
    def value(match: re.Match[str]) -> str:
        slot = match[1]
        if slot == "P":
            return f"\x01PER\x02{names.first()} {names.last()}\x03"
        made = {"F": names.first, "L": names.last, "C": names.place, "O": names.firm}[slot]()
        kind = {"F": "PER", "L": "PER", "C": "LOC", "O": "ORG"}[slot]
        return f"\x01{kind}\x02{made}\x03"

    return re.sub(r"\{([PFLCO])\}", value, template)


def _example(marked: str) -> Example:
    text, spans, done = "", [], 0
    for match in _MARKED.finditer(marked):
        text += marked[done : match.start()]
        spans.append((len(text), len(text) + len(match[2]), match[1]))
        text += match[2]
        done = match.end()
    text += marked[done:]
    return example(text, spans)
