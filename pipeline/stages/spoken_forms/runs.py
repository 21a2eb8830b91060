"""Runs: which numbers and letters belong together, as one number, spelling or code."""

from __future__ import annotations

from collections.abc import Sequence

from models.names import word_set
from pipeline.stages.spoken_forms.numbers import Atom, AtomKind
from pipeline.stages.spoken_forms.tokens import Token, TokenKind
from pipeline.stages.spoken_forms.words import SpokenWords

_LONGEST_GAP = 5
_BETWEEN_LETTERS = word_set(
    """
    mit with wie as in like und and capital grosses kleines gross klein
    """
)
_HESITATIONS = [
    tuple(line.split())
    for line in """
    hang on
    hold on
    bear with me
    i think it's
    i think
    i want to say
    i mean
    what is it
    let me see
    where was i
    wait a minute
    wait a second
    einen moment
    moment mal
    warten sie
    glaube ich
    glaub ich
    ich glaube
    wo war ich
    wie war das
    warte mal
    """.strip().splitlines()
]
_HESITATIONS_BY_WORD = {
    first: tuple(phrase for phrase in _HESITATIONS if phrase[0] == first)
    for first, *_ in _HESITATIONS
}
_RATHER = word_set("it's its that's es ist das sind")
_COUNTED = word_set("last first next other letzten ersten naechsten beiden")
_AFTER_ARTICLE = word_set(
    """
    year month week day night person head piece time good bit lot few couple little new big
    small nice quick letter house flat room bedroom bed one two three
    """
)
_BEFORE_ONE = word_set(
    """
    is it's its number as at to code postcode flat unit plate reg no be was and then with on for
    room apartment house suite says said
    """
)
_SPELLED_NAMES = word_set("id iban plz utr vat ssn itin bic ahv")


def find_runs(
    tokens: Sequence[Token], atoms: Sequence[Atom], words: SpokenWords
) -> list[tuple[Atom, ...]]:
    """The atoms (in order) in runs of what belongs together; single letters that are no spelling
    fall away."""
    found: list[tuple[Atom, ...]] = []
    run: list[Atom] = []
    for atom in atoms:
        if run and not _continues(tokens, run, atom, words):
            found.append(_trimmed(tokens, run))
            run = []
        run.append(atom)
    found.append(_trimmed(tokens, run))
    return [run for run in found if run and not _is_nothing(run)]


def _is_nothing(run: Sequence[Atom]) -> bool:
    only = run[0]
    single = len(run) == 1 and only.first == only.last
    return single and only.kind in {AtomKind.LETTER, AtomKind.PLUS}


def _continues(
    tokens: Sequence[Token], run: Sequence[Atom], right: Atom, words: SpokenWords
) -> bool:
    left = run[-1]
    gap = tokens[left.last + 1 : right.first]
    if not _is_gap(gap, left, right, words):
        return False
    if "," in left.text + right.text or "." in left.text + right.text:
        return False  # a fraction
    if gap and _is_apart(tokens, run, right, gap):
        return False
    if left.kind is AtomKind.LETTER and right.kind is AtomKind.LETTER:
        return not any(token.text == "." for token in gap) or left.last + 2 == right.first
    return True


def _is_gap(gap: Sequence[Token], left: Atom, right: Atom, words: SpokenWords) -> bool:
    """Whether what is said between two atoms leaves them together."""
    if len(gap) > 4 * _LONGEST_GAP:
        return False
    corrected = any(token.low in words.corrections for token in gap)
    letters = left.kind is right.kind is AtomKind.LETTER
    at = steps = 0
    while at < len(gap) and steps < _LONGEST_GAP:
        token = gap[at]
        if token.kind is TokenKind.BREAK or (token.text in "?!;" and not corrected):
            return False
        hesitation = _hesitation(gap, at)
        known = (
            token.kind is not TokenKind.WORD
            or hesitation
            or (letters and token.low in _BETWEEN_LETTERS)
            or (len(gap) > 1 and token.low in {"die", "eine", "the", "der"})
            or token.low in words.fillers
            or token.low in words.corrections
            or (corrected and token.low in _RATHER)
        )
        if not known:
            return False
        at, steps = at + (hesitation or 1), steps + 1
    return at >= len(gap)


def _hesitation(gap: Sequence[Token], at: int) -> int:
    """The length of the phrase that begins here."""
    for phrase in _HESITATIONS_BY_WORD.get(gap[at].low, ()):
        if tuple(token.low for token in gap[at : at + len(phrase)]) == phrase:
            return len(phrase)
    return 0


def _is_apart(
    tokens: Sequence[Token], run: Sequence[Atom], right: Atom, gap: Sequence[Token]
) -> bool:
    """`the last two, so 07911 …`; the house number and postcode in `12, 97318 Kitzingen`."""
    first = run[0]
    if len(run) == 1 and first.kind is AtomKind.DIGIT and first.first:
        return tokens[first.first - 1].low in _COUNTED
    house = "".join(atom.text for atom in run[:2] if atom.kind is AtomKind.WRITTEN)
    following = right.last + 1
    return (
        len(run) <= 2
        and first.kind is right.kind is AtomKind.WRITTEN
        and len(house) <= 3
        and not house.startswith("0")
        and [token.text for token in gap] == [","]
        and len(right.text) == 5
        and following < len(tokens)
        and tokens[following].kind is TokenKind.WORD
    )


def _trimmed(tokens: Sequence[Token], run: Sequence[Atom]) -> tuple[Atom, ...]:
    """Without the words at both ends that only look like letters or digits."""
    while run and _is_word_in_front(tokens, run):
        run = run[1:]
    run = run[_spelled_name(run) :]
    while run and _is_article_behind(tokens, run):
        run = run[:-1]
    return tuple(run)


def _is_word_in_front(tokens: Sequence[Token], run: Sequence[Atom]) -> bool:
    """`a`, `I`, `o` before what is no letter; `oh` before letters; `the romanian one r x 4`."""
    first = run[0]
    if first.first != first.last:
        return False
    low = tokens[first.first].low
    letter_follows = len(run) > 1 and run[1].kind is AtomKind.LETTER
    if first.kind is AtomKind.LETTER:
        if low == "oh" and letter_follows:
            return first.first == 0 or tokens[first.first - 1].kind is TokenKind.BREAK
        return low in {"a", "i", "o"} and not letter_follows
    if low != "one" or not letter_follows or first.first == 0:
        return False
    before = tokens[first.first - 1]
    more = len(run) > 3 and run[2].kind is AtomKind.LETTER
    return more and before.kind is TokenKind.WORD and before.low not in _BEFORE_ONE


def _spelled_name(run: Sequence[Atom]) -> int:
    """How many letters in front only say what follows: `i d`, `i b a n`."""
    letters = ""
    for count, atom in enumerate(run[:5]):
        if letters in _SPELLED_NAMES and (letters == "iban" or atom.kind is not AtomKind.LETTER):
            return count
        if atom.kind is not AtomKind.LETTER or len(atom.text) != 1 or atom.first != atom.last:
            return 0
        letters += atom.text
    return 0


def _is_article_behind(tokens: Sequence[Token], run: Sequence[Atom]) -> bool:
    """`nineteen thousand a year`, `083, and a letter`."""
    last = run[-1]
    if len(run) < 2 or last.first != last.last or tokens[last.first].text != "a":
        return False
    left, following = run[-2], last.last + 1
    if left.kind is AtomKind.LETTER:
        return False
    between = {token.low for token in tokens[left.last + 1 : last.first]}
    return (
        left.kind is AtomKind.VALUE
        or bool(between & {"and", "und"})
        or (following < len(tokens) and tokens[following].low in _AFTER_ARTICLE)
    )
