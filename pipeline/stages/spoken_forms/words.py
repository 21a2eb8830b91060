"""The closed word lists of spoken forms, folded (lower case, umlauts written out)."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SpokenWords:
    """How one language says digits, signs and letters. All keys are folded."""

    digits: dict[str, str]
    run_digits: dict[str, str]
    """Read as a digit only between digits: `ein`, `oh`, `to`."""
    tens: dict[str, int]
    teens: dict[str, int]
    hundred: frozenset[str]
    thousand: frozenset[str]
    million: frozenset[str]
    twice: dict[str, int]
    plus: frozenset[str]
    fillers: frozenset[str]
    corrections: frozenset[str]
    at: frozenset[str]
    dots: frozenset[str]
    dashes: frozenset[str]
    underscores: frozenset[str]
    slashes: frozenset[str]
    letter_names: dict[str, str]
    alphabet: dict[str, str]
    like: frozenset[str]
    months: dict[str, int] = field(default_factory=dict)


def _split(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _alphabet(text: str) -> dict[str, str]:
    return {word: word[0] for word in text.split()}


_DIN = _alphabet(
    "anton berta bertha caesar dora emil friedrich fritz gustav heinrich ida isidor julius jot "
    "konrad kaufmann kurfuerst ludwig martha marta nordpol nathan otto paula paul quelle richard "
    "samuel siegfried schule theodor ulrich ursula viktor victor wilhelm xanthippe xaver ypsilon "
    "zacharias zeppelin zuerich "
    "aachen berlin chemnitz cottbus duesseldorf essen frankfurt goslar hamburg ingelheim jena "
    "koeln leipzig muenchen nuernberg offenbach potsdam quickborn rostock salzwedel tuebingen "
    "unna voelklingen wuppertal xanten zwickau"
) | {
    "schule": "sch",
    "charlotte": "ch",
    "aerger": "ä",
    "oekonom": "ö",
    "oehringen": "ö",
    "oesterreich": "ö",
    "uebermut": "ü",
    "uebel": "ü",
    "umlautd": "ü",
    "eszett": "ß",
}
NATO = _alphabet(
    "alpha alfa bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo lima mike "
    "november oscar papa quebec romeo sierra tango uniform victor whiskey whisky xray yankee zulu"
)

#: the Swiss alphabet, as far as it has words of its own: names, letters only behind a `wie`
SWISS = _split(
    "anna daniel jakob kaiser leopold marie niklaus peter quasi rosa sophie yverdon christine "
    "aesch oerlikon"
)

_DE_NAMES = {
    "ah": "a", "be": "b", "beh": "b", "ce": "c", "zeh": "c", "ceh": "c", "de": "d", "deh": "d",
    "eh": "e", "ef": "f", "eff": "f", "ge": "g", "geh": "g", "ha": "h", "haa": "h", "ih": "i",
    "jot": "j", "jott": "j", "ka": "k", "kah": "k", "el": "l", "ell": "l", "em": "m", "emm": "m",
    "en": "n", "enn": "n", "oh": "o", "pe": "p", "peh": "p", "ku": "q", "kuh": "q", "er": "r",
    "err": "r", "es": "s", "ess": "s", "te": "t", "teh": "t", "uh": "u", "vau": "v", "fau": "v",
    "we": "w", "weh": "w", "ix": "x", "iks": "x", "ypsilon": "y", "zett": "z", "zet": "z",
    "eszett": "ß", "oeh": "ö", "ueh": "ü", "ae": "ä", "oe": "ö", "ue": "ü",
}  # fmt: skip
_EN_NAMES = {
    "ay": "a", "bee": "b", "cee": "c", "see": "c", "sea": "c", "dee": "d", "ee": "e", "eff": "f",
    "ef": "f", "gee": "g", "aitch": "h", "haitch": "h", "jay": "j", "kay": "k", "el": "l",
    "ell": "l", "em": "m", "en": "n", "oh": "o", "pee": "p", "pea": "p", "cue": "q", "queue": "q",
    "ar": "r", "are": "r", "ess": "s", "es": "s", "tee": "t", "tea": "t", "you": "u", "yu": "u",
    "vee": "v", "ex": "x", "why": "y", "wye": "y", "zee": "z", "zed": "z",
}  # fmt: skip

GERMAN = SpokenWords(
    digits={
        "null": "0", "nul": "0", "eins": "1", "zwei": "2", "zwo": "2", "drei": "3", "vier": "4",
        "fuenf": "5", "funf": "5", "fuenef": "5", "sechs": "6", "sex": "6", "sieben": "7",
        "acht": "8", "neun": "9",
    },
    run_digits={"ein": "1", "o": "0", "zwein": "2", "hacht": "8"},
    tens={
        "zwanzig": 20, "dreissig": 30, "dreizig": 30, "vierzig": 40, "fuenfzig": 50,
        "sechzig": 60, "siebzig": 70, "achtzig": 80, "neunzig": 90,
    },
    teens={
        "zehn": 10, "elf": 11, "zwoelf": 12, "dreizehn": 13, "vierzehn": 14, "fuenfzehn": 15,
        "sechzehn": 16, "siebzehn": 17, "achtzehn": 18, "neunzehn": 19,
    },
    hundred=_split("hundert einhundert"),
    thousand=_split("tausend eintausend"),
    million=_split("million millionen milliarde milliarden"),
    twice={
        "doppel": 2, "doppelt": 2, "doppelte": 2, "doppelten": 2, "zweimal": 2, "zwomal": 2,
        "dreimal": 3, "viermal": 4, "fuenfmal": 5, "dreifach": 3,
    },
    plus=_split("plus"),
    fillers=_split(
        "aeh aehm oehm hm hmm mhm ja also dann und nochmal nochmals genau moment schraegstrich "
        "strich bindestrich minus pause leerzeichen klammer durchwahl gell ne okay ok so am ende "
        "danach noch"
    ),
    corrections=_split(
        "nein nicht nee noe sorry quatsch falsch entschuldigung verzeihung pardon korrektur "
        "sondern stimmt halt"
    ),
    at=_split("at aet aed ett et aett klammeraffe affenschwanz"),
    dots=_split("punkt dot"),
    dashes=_split("minus bindestrich strich mittelstrich dash"),
    underscores=_split("unterstrich underscore tiefstrich"),
    slashes=_split("schraegstrich slash"),
    letter_names=_DE_NAMES,
    alphabet=NATO | _DIN,
    like=_split("wie"),
    months={
        "januar": 1, "jaenner": 1, "februar": 2, "feber": 2, "maerz": 3, "april": 4, "mai": 5,
        "juni": 6, "juno": 6, "juli": 7, "julei": 7, "august": 8, "september": 9, "oktober": 10,
        "november": 11, "dezember": 12,
    },
)  # fmt: skip

ENGLISH = SpokenWords(
    digits={
        "zero": "0", "nought": "0", "naught": "0", "one": "1", "two": "2", "three": "3",
        "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
        "niner": "9",
    },
    run_digits={"oh": "0", "o": "0", "to": "2", "too": "2", "for": "4", "fore": "4", "ate": "8",
                "won": "1", "tree": "3"},
    tens={
        "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60,
        "seventy": 70, "eighty": 80, "ninety": 90,
    },
    teens={
        "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15,
        "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
    },
    hundred=_split("hundred"),
    thousand=_split("thousand"),
    million=_split("million billion"),
    twice={"double": 2, "triple": 3, "treble": 3, "quadruple": 4},
    plus=_split("plus"),
    fillers=_split(
        "uh uhm um erm hm hmm mhm so and then okay ok yes yeah right dash hyphen space slash "
        "stroke again that's area code extension followed by"
    ),
    corrections=_split(
        "no not nope sorry wait correction actually rather mean i pardon oops scratch"
    ),
    at=_split("at"),
    dots=_split("dot point period"),
    dashes=_split("dash hyphen minus"),
    underscores=_split("underscore"),
    slashes=_split("slash"),
    letter_names=_EN_NAMES,
    alphabet=_DIN | NATO,
    like=_split("as like for"),
    months={
        "january": 1, "february": 2, "march": 3, "april": 4, "may": 5, "june": 6, "july": 7,
        "august": 8, "september": 9, "october": 10, "november": 11, "december": 12, "jan": 1,
        "feb": 2, "mar": 3, "apr": 4, "jun": 6, "jul": 7, "aug": 8, "sept": 9, "oct": 10,
        "nov": 11, "dec": 12,
    },
)  # fmt: skip


def _both() -> SpokenWords:
    """For a language that is neither: the rules of both."""
    merged = {}
    for name in SpokenWords.__slots__:
        german, english = getattr(GERMAN, name), getattr(ENGLISH, name)
        merged[name] = english | german
    return SpokenWords(**merged)


BOTH = _both()


def words_of(language: str) -> SpokenWords:
    """The spoken words of a language code such as `de`, `en-GB`; both where it is neither."""
    return {"de": GERMAN, "en": ENGLISH}.get(language[:2].lower(), BOTH)
