"""Numbers as people say them, in German and English: cardinals, ordinals, years, digits."""

from __future__ import annotations

_DE_ONES = (  # noqa: SIM905
    "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn "
    "fünfzehn sechzehn siebzehn achtzehn neunzehn"
).split()
_DE_TENS = "_ _ zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig".split()  # noqa: SIM905
_EN_ONES = (  # noqa: SIM905
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
).split()
_EN_TENS = "_ _ twenty thirty forty fifty sixty seventy eighty ninety".split()  # noqa: SIM905
_DE_ORDINALS = {1: "erst", 3: "dritt", 7: "siebt", 8: "acht"}
_EN_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}


def german(number: int) -> str:
    """``345`` -> ``dreihundertfünfundvierzig`` (0 to 999,999,999)."""
    if number >= 1_000_000:
        millions, rest = divmod(number, 1_000_000)
        head = "eine Million" if millions == 1 else f"{german(millions)} Millionen"
        return f"{head} {german(rest)}" if rest else head
    thousands, rest = divmod(number, 1000)
    head = f"{_german_below(thousands, 'ein')}tausend" if thousands else ""
    return head + (_german_below(rest, "eins") if rest or not head else "")


def _german_below(number: int, one: str) -> str:
    hundreds, rest = divmod(number, 100)
    head = ("ein" if hundreds == 1 else _DE_ONES[hundreds]) + "hundert" if hundreds else ""
    if not rest and head:
        return head
    if rest < 20:
        return head + (one if rest == 1 else _DE_ONES[rest])
    tens, ones = divmod(rest, 10)
    unit = "ein" if ones == 1 else _DE_ONES[ones]
    return head + (f"{unit}und{_DE_TENS[tens]}" if ones else _DE_TENS[tens])


def german_ordinal(number: int, ending: str = "en") -> str:
    """``3, "en"`` -> ``dritten`` (1 to 99)."""
    if number in _DE_ORDINALS:
        return _DE_ORDINALS[number] + ending
    return german(number) + ("t" if number < 20 else "st") + ending


def german_year(year: int) -> str:
    """Years before 2000 are counted in hundreds: ``neunzehnhundertvierundsechzig``."""
    if year >= 2000:
        return german(year)
    hundreds, rest = divmod(year, 100)
    return f"{german(hundreds)}hundert{german(rest) if rest else ''}"


def english(number: int) -> str:
    """``345`` -> ``three hundred and forty five`` (0 to 999,999,999)."""
    for size, name in ((1_000_000, "million"), (1000, "thousand")):
        if number >= size:
            head, rest = divmod(number, size)
            joint = " and " if 0 < rest < 100 else " "
            return f"{english(head)} {name}" + (joint + english(rest) if rest else "")
    if number >= 100:
        head, rest = divmod(number, 100)
        return f"{_EN_ONES[head]} hundred" + (f" and {english(rest)}" if rest else "")
    if number < 20:
        return _EN_ONES[number]
    tens, ones = divmod(number, 10)
    return _EN_TENS[tens] + (f" {_EN_ONES[ones]}" if ones else "")


def english_ordinal(number: int) -> str:
    """``23`` -> ``twenty third``."""
    *head, last = english(number).split()
    if last in _EN_ORDINALS:
        last = _EN_ORDINALS[last]
    else:
        last = last[:-1] + "ieth" if last.endswith("y") else last + "th"
    return " ".join([*head, last])


def english_year(year: int) -> str:
    """``1987`` -> ``nineteen eighty seven``; ``2005`` -> ``two thousand and five``."""
    if 2000 <= year < 2010:
        return english(year)
    head, rest = divmod(year, 100)
    if not rest:
        return f"{english(head)} hundred"
    return f"{english(head)} " + (f"oh {english(rest)}" if rest < 10 else english(rest))


def digits(written: str, language: str, zero: str | None = None) -> str:
    """``0176`` -> ``null eins sieben sechs``; anything but a digit becomes a comma."""
    ones = _DE_ONES if language == "de" else _EN_ONES
    words = [
        (zero or ones[0]) if d == "0" else ones[int(d)] if d.isdigit() else "," for d in written
    ]
    return " ".join(words).replace(" ,", ",")
