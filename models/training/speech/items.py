"""Items people dictate on the telephone: names spelled, numbers, e-mails, addresses, dates.

Everything is written as it is spoken, because the model's output is its spoken form.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Protocol

from . import numerals as say

_OLD = (  # noqa: SIM905
    "Anton Berta Cäsar Dora Emil Friedrich Gustav Heinrich Ida Julius Kaufmann Ludwig Martha "
    "Nordpol Otto Paula Quelle Richard Samuel Theodor Ulrich Viktor Wilhelm Xanthippe Ypsilon "
    "Zacharias"
).split()
_COMMON = (  # noqa: SIM905
    "Anton Berta Cäsar Dora Emil Friedrich Gustav Heinrich Ida Johannes Konrad Ludwig Martha "
    "Nordpol Otto Paul Quelle Richard Siegfried Theodor Ulrich Viktor Wilhelm Xanthippe Ypsilon "
    "Zeppelin"
).split()
_CITIES = (  # noqa: SIM905
    "Aachen Berlin Chemnitz Düsseldorf Essen Frankfurt Goslar Hamburg Ingelheim Jena Köln Leipzig "
    "München Nürnberg Offenbach Potsdam Quickborn Rostock Salzwedel Tübingen Unna Völklingen "
    "Wuppertal Xanten Ypsilon Zwickau"
).split()
_NATO = (  # noqa: SIM905
    "Alpha Bravo Charlie Delta Echo Foxtrot Golf Hotel India Juliet Kilo Lima Mike November Oscar "
    "Papa Quebec Romeo Sierra Tango Uniform Victor Whiskey X-ray Yankee Zulu"
).split()
_ENGLISH = (  # noqa: SIM905
    "Apple Bob Charlie David Edward Freddie George Harry Isaac Jack King Lucy Mary Nelly Oliver "
    "Peter Queen Robert Sugar Tommy Uncle Victor William X-ray Yellow Zebra"
).split()
_ALPHABETS = {"de": (_OLD, _COMMON, _COMMON, _CITIES, _NATO), "en": (_NATO, _NATO, _ENGLISH)}
_UMLAUTS = {"Ä": "Ärger", "Ö": "Österreich", "Ü": "Übermut"}
_FLOORS = {
    "de": ("ersten", "zweiten", "dritten", "vierten", "fünften", "sechsten", "obersten"),
    "en": ("ground", "first", "second", "third", "fourth", "fifth", "top"),
}


class Source(Protocol):
    """What an item maker needs: a language, chance, and other slots."""

    language: str
    rng: Random

    def slot(self, name: str) -> str: ...  # noqa: D102

    def expand(self, pattern: str) -> str: ...  # noqa: D102


def _cardinal(source: Source, low: int, high: int) -> str:
    number = source.rng.randint(low, high)
    return say.german(number) if source.language == "de" else say.english(number)


def _letters_of(word: str) -> list[str]:
    return [c for c in word.upper().replace("SS", "ß") if c.isalpha()]


def _letters(source: Source) -> str:
    if source.rng.random() < 0.4:
        word = "".join(source.rng.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ", k=source.rng.randint(2, 7)))
    else:
        word = source.slot(source.rng.choice(["last", "last", "first"]))
    mark = source.rng.choice([", ", ", ", " "])
    return mark.join(_plain(letter) for letter in _letters_of(word)[:12])


def _plain(letter: str) -> str:
    return "Eszett" if letter == "ß" else letter


def _spell(source: Source) -> str:
    """``M wie Martha, Ü wie Übermut`` or the alphabet's words alone."""
    rng, german = source.rng, source.language == "de"
    alphabet = rng.choice(_ALPHABETS[source.language])
    joint = " wie " if german else rng.choice([" for ", " for ", " as in ", " like "])
    alone = rng.random() < 0.3
    parts = []
    for letter in _letters_of(source.slot(rng.choice(["last", "last", "first"])))[:9]:
        if "A" <= letter <= "Z":
            word = alphabet[ord(letter) - ord("A")]
        else:
            word = _UMLAUTS.get(letter, "")
        if not word:
            parts.append(_plain(letter))
        else:
            parts.append(word if alone else f"{letter}{joint}{word}")
    return ", ".join(parts)


def _name(source: Source) -> str:
    return f"{source.slot('first')} {source.slot('last')}"


def _digits(source: Source, written: str) -> str:
    zero = "oh" if source.language == "en" and source.rng.random() < 0.4 else None
    return say.digits(written, source.language, zero)


def _phone(source: Source) -> str:
    rng = source.rng
    if source.language == "de":
        head = rng.choice(["0151", "0160", "0170", "0171", "0172", "0175", "0176", "0179", "030"])
        head = head if rng.random() < 0.6 else "0" + str(rng.randint(20, 9999))
    else:
        head = rng.choice(["07", "020", "0161", str(rng.randint(200, 999))])
        head += str(rng.randint(0, 999)) if head == "07" else ""
    plus = {"de": "plus vier neun ", "en": "plus four four "}[source.language]
    if rng.random() < 0.1:
        return plus + _grouped(source, head[1:] + _random_digits(rng, rng.randint(5, 8)))
    return _grouped(source, head + " " + _random_digits(rng, rng.randint(5, 8)))


def _random_digits(rng: Random, count: int) -> str:
    return "".join(rng.choices("0123456789", k=count))


def _grouped(source: Source, written: str) -> str:
    """Groups of two to four digits, or pairs as numbers (``sechsundsiebzig``)."""
    rng = source.rng
    head, _, tail = written.rpartition(" ")
    if rng.random() < 0.15:
        pairs = [tail[i : i + 2] for i in range(0, len(tail), 2)]
        said = [_pair(source, pair) for pair in pairs]
        return ", ".join(filter(None, [_digits(source, head), *said]))
    size = rng.choice([2, 3, 3, 4, 12])
    groups = [tail[i : i + size] for i in range(0, len(tail), size)]
    return _digits(source, " ".join(filter(None, [head, *groups])))


def _pair(source: Source, pair: str) -> str:
    if pair.startswith("0") or len(pair) < 2:
        return _digits(source, pair)
    return say.german(int(pair)) if source.language == "de" else say.english(int(pair))


def _email(source: Source) -> str:
    rng, german = source.rng, source.language == "de"
    dot = " punkt " if german else " dot "
    dash = (
        rng.choice([" minus ", " unterstrich "])
        if german
        else rng.choice([" dash ", " underscore "])
    )
    first, last = source.slot("first").lower(), source.slot("last").lower()
    local = rng.choice(
        [first + dot + last] * 5
        + [first + dash + last, last, first, "info", "kontakt" if german else "contact"]
        + [f"{first[0]}{dot}{last}", f"{last} {_pair(source, str(rng.randint(10, 99)))}"]
    )
    host = source.slot("mailhost")
    if rng.random() < 0.12:
        host = source.slot("last").lower() + dot + ("de" if german else "com")
    return f"{local} at {host}"


def _street(source: Source) -> str:
    rng = source.rng
    if source.language == "en":
        return f"{source.slot('streetword')} {source.slot('streetend')}"
    if rng.random() < 0.25:
        return source.slot("streetfull")
    head, end = source.slot("streetword"), source.slot("streetend")
    if rng.random() < 0.2:
        return f"{source.slot('first')} {source.slot('last')} {end.capitalize()}"
    return f"{head} {end.capitalize()}" if " " in head else head + end


def _house(source: Source) -> str:
    number = _cardinal(source, 1, 30 if source.rng.random() < 0.6 else 199)
    suffix = f" {source.rng.choice('abcd').upper()}" if source.rng.random() < 0.12 else ""
    return number + suffix


def _zip(source: Source) -> str:
    rng = source.rng
    if source.language == "de":
        written = f"{rng.randint(1000, 99999):05d}"
        return (
            _grouped(source, f"{written[:2]} {written[2:]}")
            if rng.random() < 0.4
            else _digits(source, written)
        )
    if rng.random() < 0.5:
        return _digits(source, f"{rng.randint(10000, 99999)}")
    letters = " ".join(rng.choices("ABCDEGHLMNPRSTW", k=2))
    tail = " ".join(rng.choices("ABDEFGHJLNPQRSTUWXYZ", k=2))
    return f"{letters} {_cardinal(source, 1, 20)}, {_cardinal(source, 1, 9)} {tail}"


def _price(source: Source) -> str:
    rng, german = source.rng, source.language == "de"
    number = rng.choice(
        [
            rng.randint(3, 40) * 50,
            rng.randint(30, 250) * 10,
            rng.randint(60, 900) * 1000,
            rng.randint(20, 3000),
            rng.randint(100, 1500) * 500,
        ]
    )
    said = say.german(number) if german else say.english(number)
    if german:
        cents = f" {say.german(rng.randint(2, 99))}" if rng.random() < 0.08 else ""
        return f"{said} Euro{cents}"
    return f"{said} {rng.choice(['pounds', 'pounds', 'dollars', 'euros'])}"


def _date(source: Source) -> str:
    day, month = source.rng.randint(1, 31), source.slot("month")
    if source.language == "de":
        return f"{say.german_ordinal(day)} {month}"
    return source.rng.choice(
        [f"the {say.english_ordinal(day)} of {month}", f"{month} {say.english_ordinal(day)}"]
    )


def _birth(source: Source) -> str:
    year = source.rng.randint(1938, 2006)
    if source.language == "de":
        if source.rng.random() < 0.3:
            month = say.german_ordinal(source.rng.randint(1, 12))
            return (
                f"{say.german_ordinal(source.rng.randint(1, 31))} {month} {say.german_year(year)}"
            )
        return f"{_date(source)} {say.german_year(year)}"
    return f"{_date(source)} {say.english_year(year)}"


def _year(source: Source) -> str:
    year = source.rng.choice([source.rng.randint(1890, 1999), source.rng.randint(2000, 2027)])
    return say.german_year(year) if source.language == "de" else say.english_year(year)


def _time(source: Source) -> str:
    rng, hour = source.rng, source.rng.randint(7, 20)
    minute = rng.choice([0, 0, 0, 15, 30, 45, 10, 20, 40, 50, 5, 35])
    if source.language == "de":
        near = say.german(hour % 12 or 12)
        spoken = (
            rng.choice(["halb ", "Viertel nach ", "Viertel vor ", "Punkt ", "kurz nach "]) + near
        )
        said = "ein" if hour == 1 else say.german(hour)
        exact = f"{said} Uhr {say.german(minute)}" if minute else f"{said} Uhr"
        return rng.choice([exact, exact, spoken])
    near = say.english(hour % 12 or 12)
    spoken = rng.choice(["half past ", "quarter past ", "quarter to ", "ten to "]) + near
    exact = f"{near} {say.english(minute)}" if minute > 9 else f"{near} o'clock"
    return rng.choice(
        [exact, f"{exact} {rng.choice(['a m', 'p m'])}" if minute > 9 else exact, spoken]
    )


def _number(source: Source) -> str:
    return _grouped(source, " " + _random_digits(source.rng, source.rng.randint(3, 9)))


def _any_cardinal(source: Source) -> str:
    return _cardinal(source, 1, source.rng.choice([20, 100, 100, 1000, 10000, 999999]))


MAKERS: dict[str, Callable[[Source], str]] = {
    "name": _name,
    "spell": _spell,
    "letters": _letters,
    "letter": lambda source: source.rng.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    "phone": _phone,
    "email": _email,
    "street": _street,
    "house": _house,
    "zip": _zip,
    "address": lambda source: source.expand(
        "{street} {house}, {zip} {city}" if source.language == "de" else "{house} {street}, {city}"
    ),
    "number": _number,
    "price": _price,
    "date": _date,
    "time": _time,
    "birth": _birth,
    "year": _year,
    "cardinal": _any_cardinal,
    "digitpair": lambda source: _digits(source, _random_digits(source.rng, 2)),
    "rooms": lambda source: _cardinal(source, 1, 7),
    "small": lambda source: _cardinal(source, 2, 12),
    "area": lambda source: _cardinal(source, 8, 240),
    "minutes": lambda source: _cardinal(source, 2, 59),
    "days": lambda source: _cardinal(source, 2, 90),
    "floor": lambda source: source.rng.choice(_FLOORS[source.language]),
}
