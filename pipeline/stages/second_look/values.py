"""Where values that must not stand in a text stand in it all the same, the sloppy ways included."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pipeline.domain.privacy import EntityType
from pipeline.stages.second_look.addresses import AT
from pipeline.stages.second_look.digits import NUMBERS, Run
from pipeline.stages.second_look.lists import ORDINARY, word_set
from pipeline.stages.second_look.reading import Kind, Token, bare
from pipeline.stages.second_look.spelling import occurrences, spelled
from pipeline.stages.second_look.stretch import Stretch, stretches

Found = tuple[int, int, EntityType]
"""First and last token, and what the value there is."""

NAMES = frozenset(
    {
        EntityType.PERSON,
        EntityType.STREET_ADDRESS,
        EntityType.ORGANIZATION,
        EntityType.LOCATION,
    }
)
_INDEFINITE = word_set("ein eine einen einem eines kein keine keinen keinem im")
_LEAST_LETTERS, _FUZZY_LETTERS, _LONGEST = 4, 5, 40
_LEAST_DIGITS, _LEAST_AMOUNT, _LEAST_CODE = 4, 6, 5


class Values:
    """Values by word, by digits and as a whole; asking costs little, however many there are."""

    def __init__(self, values: Iterable[tuple[EntityType, str]], *, cased: bool) -> None:
        self._cased = cased
        self._words: dict[str, EntityType] = {}
        self._written_small: set[str] = set()
        self._near: dict[str, set[str]] = {}
        self._digits: dict[str, EntityType] = {}
        self._codes: dict[str, EntityType] = {}
        self._seen: dict[str, str | None] = {}
        for kind, value in dict.fromkeys(values):
            for stretch in stretches(value):
                self._learn(kind, stretch)

    def _learn(self, kind: EntityType, stretch: Stretch) -> None:
        for run in stretch.runs:
            if len(run.digits) >= _LEAST_DIGITS and not run.year:
                self._digits.setdefault(run.digits, kind)
        if kind in NAMES:
            for text, first, last in stretch.pieces:
                if first == last:
                    self._learn_word(kind, text, stretch.tokens[first])
            for text, _, _ in spelled(stretch.pieces):
                self._learn_word(kind, text)
            return
        for part in _parts(kind, stretch):
            if len(part) >= _LEAST_CODE and part not in ORDINARY:
                self._codes.setdefault(part, kind)

    def _learn_word(self, kind: EntityType, text: str, token: Token | None = None) -> None:
        """Without a `token` it was spelled."""
        plain = bare(token.text) if token else text
        if not _LEAST_LETTERS <= len(plain) <= _LONGEST or not text.isalpha() or text in ORDINARY:
            return
        for key in {text, plain}:
            self._words.setdefault(key, kind)
            if token and not token.capitalised:
                self._written_small.add(key)
            if len(plain) >= _FUZZY_LETTERS:
                for each in _shortened(key):
                    self._near.setdefault(each, set()).add(key)

    def find(self, stretch: Stretch) -> Iterator[Found]:
        """Every place in `stretch` where a value or a telling part of one stands."""
        for at in range(len(stretch.tokens)):
            if (kind := self._word(stretch.tokens, at)) is not None:
                yield at, at, kind
        for text, first, last in spelled(stretch.pieces):
            for word, kind in self._words.items():
                if word in text:
                    yield first, last, kind
        for code, first, last in occurrences(stretch.pieces, self._codes):
            yield first, last, self._codes[code]
        for run in stretch.runs:
            if (kind := self._number(run)) is not None:
                yield run.first, run.last, kind

    def _number(self, run: Run) -> EntityType | None:
        """Which value the digits of `run` belong to; a part of a value needs four digits."""
        least = _LEAST_AMOUNT if run.measured else _LEAST_DIGITS
        if len(run.digits) < least or run.year:
            return None
        said = run.digits.lstrip("0")
        for value, kind in self._digits.items():
            core = value.lstrip("0").removeprefix("49") if len(value) > 9 else value
            if (len(said) >= least and said in value) or run.digits in value:
                return kind
            if len(core) >= least and core in run.digits:
                return kind
        return None

    def _word(self, tokens: Sequence[Token], at: int) -> EntityType | None:
        token = tokens[at]
        if token.kind is not Kind.WORD or token.low in NUMBERS or token.low in ORDINARY:
            return None
        if token.text not in self._seen:
            self._seen[token.text] = self._meant(token)
        word = self._seen[token.text]
        if word is None:
            return None
        kind = self._words[word]
        noun = kind in {EntityType.PERSON, EntityType.ORGANIZATION} and (
            at > 0 and tokens[at - 1].low in _INDEFINITE
        )
        return None if noun else kind

    def _meant(self, token: Token) -> str | None:
        """The value's word that `token` is, give or take a letter where it has five."""
        small = self._cased and not token.capitalised
        forms = {token.low, bare(token.text)}
        candidates = forms | {form[:-1] for form in forms if form.endswith("s")}
        if _FUZZY_LETTERS <= len(bare(token.text)) <= _LONGEST:
            for form in forms:
                for each in _shortened(form):
                    candidates |= {word for word in self._near.get(each, ()) if _near(word, form)}
        for word in sorted(candidates):
            if word in self._words and not (small and word not in self._written_small):
                return word
        return None


def _parts(kind: EntityType, stretch: Stretch) -> Iterator[str]:
    """The whole value, if it is one that nobody says by chance; of an address also what stands
    in front of its sign."""
    whole = "".join(text for text, _, _ in stretch.pieces)
    if kind is EntityType.EMAIL_ADDRESS:
        for at, token in enumerate(stretch.tokens):
            if token.text == "@" or token.low in AT:
                yield "".join(text for text, _, last in stretch.pieces if last < at)
                yield whole
    elif kind is EntityType.URL or not (whole.isdecimal() or whole.isalpha()):
        yield whole


def _shortened(word: str) -> set[str]:
    """`word` and `word` without one of its letters: two words of one edit share one of them."""
    return {word} | {word[:at] + word[at + 1 :] for at in range(len(word))}


def _near(one: str, other: str) -> bool:
    """At most one letter is different or too many, of two words that share a shortened form."""
    short, long = sorted((one, other), key=len)
    same = 0
    while same < len(short) and short[same] == long[same]:
        same += 1
    return short[same + (len(short) == len(long)) :] == long[same + 1 :]
