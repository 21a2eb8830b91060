"""What is talked about at a given word: cues in the same turn, questions in turns before."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from pipeline.adapters.presidio import german_cues
from pipeline.stages.spoken_forms import Token, TokenKind


class Topic(Enum):
    """What somebody asked for or announced."""

    PHONE = "phone"
    EMAIL = "email"
    NAME = "name"
    SPELLING = "spelling"
    ADDRESS = "address"
    POSTCODE = "postcode"
    BIRTH = "birth"
    IBAN = "iban"
    CARD = "card"
    TAX = "tax"
    SOCIAL = "social"
    ID_CARD = "id_card"
    PASSPORT = "passport"
    PLATE = "plate"
    OTHER_ID = "other_id"
    NUMBER = "number"
    CALL = "call"
    URL = "url"


_CUES: dict[Topic, str] = {
    Topic.PHONE: "telefonnummer telefonnummern telefon handynummer handy mobilnummer mobil "
    "rueckrufnummer rueckruf durchwahl vorwahl festnetz festnetznummer faxnummer fax erreichen "
    "erreichbar zurueckrufen zurueckrufe phone telephone cell cellphone mobile callback "
    "reach extension landline whatsapp rufnummer nummern",
    Topic.EMAIL: "email mail mailadresse emailadresse emails gmail gmx",
    Topic.NAME: "name namen nachname nachnamen vorname vornamen familienname heissen heisst heisse "
    "surname name's names",
    Topic.SPELLING: "buchstabieren buchstabiere buchstabiert buchstabier spell spelled spelt "
    "spelling",
    Topic.ADDRESS: "adresse anschrift wohnen wohne wohnt wohnhaft hausnummer strasse address "
    "street lives lieferadresse rechnungsadresse postanschrift wohnort wohnadresse",
    Topic.POSTCODE: "postleitzahl plz postcode zip zipcode postleitzahlen postal",
    Topic.BIRTH: "geburtsdatum geboren geburtstag geb gebuertig born birthday birthdate dob birth "
    "geburtsjahr",
    Topic.IBAN: "iban bankverbindung",
    Topic.CARD: "kreditkarte kreditkartennummer kartennummer visa mastercard amex",
    Topic.TAX: "steuernummer steuerid steueridentifikationsnummer steueridnummer "
    "umsatzsteuernummer ustid steuer",
    Topic.SOCIAL: "sozialversicherungsnummer rentenversicherungsnummer sozialversicherung "
    "rentenversicherung versicherungsnummer ssn",
    Topic.ID_CARD: "personalausweis personalausweisnummer ausweisnummer ausweis persoausweis perso",
    Topic.PASSPORT: "reisepass reisepassnummer passnummer passport pass",
    Topic.PLATE: "kennzeichen nummernschild autokennzeichen registration licence license plate",
    Topic.OTHER_ID: "kundennummer kundenummer vertragsnummer mitgliedsnummer aktenzeichen "
    "vorgangsnummer rechnungsnummer bestellnummer auftragsnummer ticketnummer referenznummer "
    "personalnummer matrikelnummer kontonummer policennummer schadennummer referenz zaehlernummer "
    "objektnummer expose exposenummer krankenversicherungsnummer versichertennummer "
    "krankenkassennummer pin tan passwort geheimzahl code kennwort transaktionsnummer "
    "mieternummer wohnungsnummer sendungsnummer fuehrerschein fuehrerscheinnummer reference "
    "booking ticket policy membership password passcode identifikationsnummer kennung meter "
    "seriennummer fallnummer antragsnummer buchungsnummer",
    Topic.NUMBER: "nummer number digits ziffern zahl",
    Topic.CALL: "anrufen rufen ruf ruft anruf angerufen anrufe dial",
    Topic.URL: "webseite website homepage internetseite seite webadresse url www",
}
_LETTERED: dict[Topic, str] = {
    Topic.TAX: "vat utr itin ein tin paye pan tfn abn",
    Topic.SOCIAL: "ni nino ssn pps ppsn sin",
    Topic.ID_CARD: "id brp nric dni",
    Topic.BIRTH: "dob",
    Topic.CARD: "cvv cvc",
    Topic.OTHER_ID: "nhs vin pnr mpan mprn meid imei",
}
"""Abbreviations, said letter by letter (`n i number`) or, where they are no word, as one."""
_WORDS_TOO = frozenset({"tin", "pan", "sin", "ni", "id", "vin", "ein", "abn", "nhs"})
_SPELLED = {tuple(word): topic for topic, words in _LETTERED.items() for word in words.split()}
_SINGLE = {word: topic for topic, words in _CUES.items() for word in words.split()} | {
    "".join(word): topic for word, topic in _SPELLED.items() if "".join(word) not in _WORDS_TOO
}
_PAIRS: dict[tuple[str, str], Topic] = {
    ("date", "of"): Topic.BIRTH,
    ("e", "mail"): Topic.EMAIL,
    ("credit", "card"): Topic.CARD,
    ("debit", "card"): Topic.CARD,
    ("card", "number"): Topic.CARD,
    ("long", "number"): Topic.CARD,
    ("16", "digits"): Topic.CARD,
    ("sixteen", "digits"): Topic.CARD,
    ("tax", "id"): Topic.TAX,
    ("tax", "number"): Topic.TAX,
    ("tax", "identification"): Topic.TAX,
    ("social", "security"): Topic.SOCIAL,
    ("national", "insurance"): Topic.SOCIAL,
    ("insurance", "number"): Topic.SOCIAL,
    ("my", "social"): Topic.SOCIAL,
    ("your", "social"): Topic.SOCIAL,
    ("the", "social"): Topic.SOCIAL,
    ("security", "number"): Topic.SOCIAL,
    ("id", "card"): Topic.ID_CARD,
    ("identity", "card"): Topic.ID_CARD,
    ("my", "id"): Topic.ID_CARD,
    ("your", "id"): Topic.ID_CARD,
    ("national", "id"): Topic.ID_CARD,
    ("military", "id"): Topic.ID_CARD,
    ("residence", "permit"): Topic.ID_CARD,
    ("id", "number"): Topic.ID_CARD,
    ("passport", "number"): Topic.PASSPORT,
    ("number", "plate"): Topic.PLATE,
    ("licence", "number"): Topic.OTHER_ID,
    ("license", "number"): Topic.OTHER_ID,
    ("driver's", "licence"): Topic.OTHER_ID,
    ("my", "tag"): Topic.PLATE,
    ("the", "tag"): Topic.PLATE,
    ("tag", "number"): Topic.PLATE,
    ("my", "reg"): Topic.PLATE,
    ("the", "reg"): Topic.PLATE,
    ("reg", "number"): Topic.PLATE,
    ("v5", "reference"): Topic.OTHER_ID,
    ("driver's", "license"): Topic.OTHER_ID,
    ("driving", "licence"): Topic.OTHER_ID,
    ("driving", "license"): Topic.OTHER_ID,
    ("sort", "code"): Topic.OTHER_ID,
    ("application", "id"): Topic.OTHER_ID,
    ("member", "id"): Topic.OTHER_ID,
    ("customer", "id"): Topic.OTHER_ID,
    ("student", "id"): Topic.OTHER_ID,
    ("share", "code"): Topic.OTHER_ID,
    ("zip", "code"): Topic.POSTCODE,
    ("post", "code"): Topic.POSTCODE,
    ("post", "leitzahl"): Topic.POSTCODE,
    ("wen", "spreche"): Topic.NAME,
    ("wem", "spreche"): Topic.NAME,
    ("am", "apparat"): Topic.NAME,
    ("speaking", "with"): Topic.NAME,
    ("speaking", "to"): Topic.NAME,
    ("who's", "calling"): Topic.NAME,
    ("is", "calling"): Topic.NAME,
    ("house", "number"): Topic.ADDRESS,
    ("door", "number"): Topic.ADDRESS,
    ("you", "live"): Topic.ADDRESS,
    ("i", "live"): Topic.ADDRESS,
    ("we", "live"): Topic.ADDRESS,
    ("living", "at"): Topic.ADDRESS,
    ("live", "at"): Topic.ADDRESS,
    ("steuer", "id"): Topic.TAX,
    ("call", "back"): Topic.PHONE,
    ("area", "code"): Topic.PHONE,
    ("dialling", "code"): Topic.PHONE,
    ("country", "code"): Topic.PHONE,
    ("ni", "number"): Topic.SOCIAL,
    ("call", "you"): Topic.PHONE,
    ("call", "me"): Topic.PHONE,
    ("ruf", "nummer"): Topic.PHONE,
    ("telefon", "nummer"): Topic.PHONE,
    ("handy", "nummer"): Topic.PHONE,
    ("konto", "nummer"): Topic.OTHER_ID,
    ("kunden", "nummer"): Topic.OTHER_ID,
    ("geburts", "datum"): Topic.BIRTH,
    ("geburts", "tag"): Topic.BIRTH,
    ("post", "leit"): Topic.POSTCODE,
    ("phone", "number"): Topic.PHONE,
}
_NUMBERED = (  # noqa: SIM905
    "customer account contract policy reference booking order case invoice member membership "
    "routing serial claim tracking job ticket application confirmation reservation file student "
    "employee staff driver crime incident consumer nhs medicare library patient matter"
).split()
_PAIRS |= {(word, "number"): Topic.OTHER_ID for word in _NUMBERED}
_CARDS = {
    **dict.fromkeys(("id", "identity"), Topic.ID_CARD),
    **dict.fromkeys(
        ("library", "membership", "loyalty", "insurance", "health", "medicare"), Topic.OTHER_ID
    ),
}
"""Cards that one does not pay with: `id card number`."""
_SINGLE |= {word: Topic(kind) for word, kind in german_cues.WORDS.items()}
_PAIRS |= {pair: Topic(kind) for pair, kind in german_cues.PAIRS.items()}
_REMEMBERED = 4
_REACH = 14
_SHORT_TURN = 7
_FIRST_WORDS = 4


class Dialogue:
    """Cues by token, and which topic the turns before left open for each turn."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self.cues = _cues(tokens)
        spelled = ((at, _spelled(tokens, at)) for at in range(len(tokens)))
        #: tokens of abbreviations that are said letter by letter and name a kind of number
        self.abbreviated = frozenset(
            each for at, found in spelled if found for each in range(at, found[0] + 1)
        )
        self.lines = _lines(tokens)
        self._extents: dict[int, tuple[int, int]] = {}
        for at, line in enumerate(self.lines):
            self._extents[line] = (self._extents.get(line, (at, at))[0], at)
        self._open = _open_topics(tokens, self.cues, self.lines)

    def before(self, index: int) -> list[Topic]:
        """Topics announced in the same turn before token `index`, nearest first."""
        line = self.lines[index]
        found: list[Topic] = []
        for at in range(index - 1, max(-1, index - 1 - _REACH), -1):
            if self.lines[at] != line:
                break
            if at in self.cues:
                found.append(self.cues[at])
        return found

    def after(self, index: int, reach: int = 6) -> list[Topic]:
        """Topics named in the same turn within `reach` tokens after token `index`."""
        line = self.lines[index]
        last = min(len(self.lines), index + 1 + reach)
        return [
            self.cues[at]
            for at in range(index + 1, last)
            if at in self.cues and self.lines[at] == line
        ]

    def asked(self, index: int) -> frozenset[Topic]:
        """Topics that the turns before the one of token `index` left open."""
        return self._open[self.lines[index]]

    def answers(self, index: int) -> bool:
        """Whether token `index` may be the answer to a question of the turns before: it stands
        among the first words of its turn, or that is short, and the turn asks nothing itself."""
        line = self.lines[index]
        first, last = self._extents[line]
        if any(self._tokens[at].text == "?" for at in range(first, last + 1)):
            return False
        words = [at for at in range(first, last + 1) if self._tokens[at].kind is TokenKind.WORD]
        return len(words) <= _SHORT_TURN or index in words[:_FIRST_WORDS]


def _cues(tokens: Sequence[Token]) -> dict[int, Topic]:
    cues: dict[int, Topic] = {}
    for index, token in enumerate(tokens):
        if token.kind is not TokenKind.WORD:
            continue
        following = index + 1
        if following < len(tokens) and tokens[following].text == "-":
            following += 1
        pair = _PAIRS.get((token.low, tokens[following].low)) if following < len(tokens) else None
        if pair is Topic.CARD and index:
            pair = _CARDS.get(tokens[index - 1].low, pair)
        topic = pair or _single(token.low)
        if pair:
            cues[following] = pair
        if topic and index not in cues:
            cues[index] = topic
        if spelled := _spelled(tokens, index):
            cues[spelled[0]] = spelled[1]
    return cues


def _single(low: str) -> Topic | None:
    """What one word announces, listed or a compound: `abholnummer`."""
    listed = _SINGLE.get(low) or _SINGLE.get(low.removesuffix("'s"))
    kind = None if listed else german_cues.kind_of(low)
    return Topic(kind) if kind else listed


def _spelled(tokens: Sequence[Token], index: int) -> tuple[int, Topic] | None:
    """The last letter of an abbreviation that begins at `index`, and what it stands for."""
    if not _is_letter(tokens[index]) or (index and _is_letter(tokens[index - 1])):
        return None
    for length in range(min(4, len(tokens) - index), 1, -1):
        last = index + length - 1
        topic = _SPELLED.get(tuple(token.low for token in tokens[index : last + 1]))
        following = tokens[last + 1] if last + 1 < len(tokens) else None
        if topic and not (following and _is_letter(following)):
            return last, topic
    return None


def _is_letter(token: Token) -> bool:
    return token.kind is TokenKind.WORD and len(token.low) == 1


def _lines(tokens: Sequence[Token]) -> list[int]:
    lines: list[int] = []
    line = 0
    for token in tokens:
        lines.append(line)
        line += token.kind is TokenKind.BREAK
    return lines


def _open_topics(
    tokens: Sequence[Token], cues: dict[int, Topic], lines: Sequence[int]
) -> list[frozenset[Topic]]:
    by_line: list[set[Topic]] = [set() for _ in range(lines[-1] + 2 if lines else 1)]
    for index, topic in cues.items():
        by_line[lines[index]].add(topic)
    opened: list[frozenset[Topic]] = []
    current: frozenset[Topic] = frozenset()
    age = 0
    for topics in by_line:
        opened.append(current)
        age += 1
        if topics:
            current, age = frozenset(topics), 0
        elif age > _REMEMBERED:
            current = frozenset()
    return opened
