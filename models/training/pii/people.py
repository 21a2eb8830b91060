"""Values with names in them: persons, places, streets, firms."""

from __future__ import annotations

import re

from models.names import word_list
from models.training.pii.drawn import Drawn, in_figures

_SINGLE = re.compile(r"\b[a-zäöüß]\b", re.IGNORECASE)
_NUMERAL_ENDS = tuple(
    word_list(
        """
        zehn zig ßig eins zwei zwo drei vier fünf sechs sieben acht neun elf zwölf hundert ty teen
        one two three four five six seven eight nine ten eleven twelve
        """
    )
)
_FIRMS = {
    "de": "{L} Immobilien|Hausverwaltung {L}|{L} und Partner|{L} GmbH|Kanzlei {L}|Autohaus {L}|"
    "Praxis {L}|Bäckerei {L}|Stadtwerke {C}|Sparkasse {C}|Volksbank {C}|{C}er Wohnungsbau|{L} & "
    "Söhne|Elektro {L}|Sanitär {L}|Steuerbüro {L}|{W} Immobilien|{W} Hausverwaltung|{L} {L} und "
    "Kollegen|Spedition {L}|Notariat {L}|{W} Versicherung|Apotheke am {W}|Gasthof {W}|{L} Bau",
    "en": "{L} Estates|{L} and Sons|{L} Lettings|{L} & Co|{L} Properties|{L} and {L}|{C} Council|"
    "{C} Homes|{C} Building Society|{L} Solicitors|{L} Plumbing|{W} Insurance|{W} Energy|{C} Water|"
    "{L} LLP|{W} Lettings|{W} and {W}|{L} Realty|{W} Apartments|{C} Primary School|{L} Motors|"
    "{L} Ltd|Bank of {C}|University of {C}|{W} Dental|{C} General Hospital|{W} Bank|{L} Group",
}
_BRANDS = {
    "de": "Telekom|Vodafone|Allianz|AOK|Deutsche Bahn|DHL|Commerzbank|Siemens|Bosch|Ikea|Edeka|"
    "Rewe|Lidl|HUK Coburg|Techniker Krankenkasse|Barmer|ING|Postbank|Vonovia|Eon|Vattenfall|ADAC|"
    "Lufthansa|Amazon|PayPal|Deutsche Bank|Rossmann|Finanzamt {C}|Amtsgericht {C}|Rathaus {C}",
    "en": "Barclays|Lloyds|HSBC|Santander|British Gas|Thames Water|Octopus Energy|Vodafone|Tesco|"
    "Royal Mail|Amazon|Bank of America|Wells Fargo|Chase|Verizon|Comcast|State Farm|Geico|Aviva|"
    "Rightmove|Zoopla|Savills|Foxtons|Knight Frank|PayPal|Delta|United Airlines|Home Depot|NHS",
}
_WORDS = {
    "de": "Sonnenhof Nordlicht Stadtblick Lindenhof Rheinblick Elbe Morgenstern Concordia Phoenix "
    "Merkur Alpina Hanse Aurora Horizont Kompass Adler Löwen Hirschen Rosengarten Markt Westend",
    "en": "Riverside Northgate Beacon Harbour Sunrise Evergreen Summit Oakwood Pinnacle Meridian "
    "Cornerstone Heritage Bluebird Silver Creek Willow Crown Maple Anchor Parkside Lighthouse",
}


class People(Drawn):
    """Persons, places, streets and firms."""

    def person(self, like: str) -> str:
        """A full name, one part of it, or its spelling."""
        singles, words = len(_SINGLE.findall(like)), len(like.split())
        if singles >= 3:
            name = self.names.last().split(" ")[-1].split("-")[0].lower()
            spelled = self.voice().letters(name)
            head = words - singles
            return f"{name} {spelled}" if 0 < head < 3 and self.dice.random() < 0.7 else spelled
        end = "'s" if like.endswith("'s") else ""
        if words == 1:
            last = like[:1].isupper() and self.dice.random() < 0.2
            pick = self.names.first if self.dice.random() < 0.5 - 0.2 * last else self.names.last
            return pick().split(" ")[-1] + end
        middle = f" {self.names.first()}" if words > 2 and self.dice.random() < 0.5 else ""
        return f"{self.names.first()}{middle} {self.names.last()}{end}"

    def place(self) -> str:
        """A town or region."""
        return self.names.place() if self.dice.random() < 0.75 else self.listed("city")

    def _street_name(self) -> str:
        dice = self.dice
        head, end = self.listed("streetword"), self.listed("streetend")
        if dice.random() < 0.35:
            head = self.names.last().split(" ")[-1]
        if self.language == "en":
            extra = dice.choice(["Mews", "Rise", "Croft", "Embankment", "Parade", "Walk", "Wynd"])
            return f"{head} {end if dice.random() < 0.8 else extra}"
        if dice.random() < 0.25:
            return self.listed("streetfull")
        if dice.random() < 0.2:
            return f"{self.names.first()}-{self.names.last()}-{end.capitalize()}"
        if dice.random() < 0.3:
            return f"{head} {end.capitalize()}"
        return head + end

    def street(self, like: str) -> str:
        """A street with its number, or one of both."""
        words = like.lower().split()
        figures = in_figures(like)
        number = str(self.dice.randint(1, self.dice.choice([9, 40, 199])))
        said = number if figures else self.voice().cardinal(int(number))
        if self.dice.random() < 0.15:
            said += self.dice.choice([" a", " b", " c"]) if not figures else self.dice.choice("abc")
        if len(words) <= 2 and not figures and self._spoken_number(words[0]):
            return said
        if len(words) == 1 and not figures:
            return self._street_name()
        first = self.language == "en"
        return f"{said} {self._street_name()}" if first else f"{self._street_name()} {said}"

    def _spoken_number(self, word: str) -> bool:
        return word.endswith(_NUMERAL_ENDS) and word[:1].islower()

    def firm(self) -> str:
        """A firm, office or brand."""
        pool = _BRANDS if self.dice.random() < 0.35 else _FIRMS
        pattern = self.dice.choice(pool[self.language].split("|"))
        while (found := re.search(r"\{([LCW])\}", pattern)) is not None:
            made = {
                "L": lambda: self.names.last(),
                "C": self.place,
                "W": lambda: self.dice.choice(_WORDS[self.language].split()),
            }[found[1]]()
            pattern = pattern[: found.start()] + made + pattern[found.end() :]
        return pattern
