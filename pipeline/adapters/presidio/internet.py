"""E-mail and web addresses, spoken and written, also in fragments after a question."""

from __future__ import annotations

from collections.abc import Iterator

from models.names import word_set
from pipeline.adapters.presidio.reading import Finding, Reading, SpokenRecognizer
from pipeline.domain.privacy import EntityType
from pipeline.stages.spoken_forms import Form, FormKind, TokenKind

_TYPES = {FormKind.EMAIL: EntityType.EMAIL_ADDRESS, FormKind.URL: EntityType.URL}
#: how the end of a name is written, between the name and the at: `weiss mit doppel s at`
_HINTS = frozenset({"mit", "with"})
#: what stands between an announcement and an address, or before one at the start of a turn
_LEADS = word_set(
    """
    ist lautet waere unter an mail email mailadresse emailadresse adresse is under to address
    """
)
_OPENERS = word_set(
    """
    ja also aeh aehm gerne gern okay ok gut genau dann und die das der meine moment natuerlich klar
    nein nee schreiben sie yes yeah so well it's my uh um er sure okay then and
    """
)
_MOST_WORDS = 5


class InternetRecognizer(SpokenRecognizer):
    """What `spoken_forms` read as an address."""

    TYPES = (EntityType.EMAIL_ADDRESS, EntityType.URL)

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Every address."""
        for form in reading.document.forms:
            if form.kind in _TYPES:
                first = _announced(reading, form) if form.kind is FormKind.EMAIL else form.first
                start = min(form.start, reading.document.tokens[first].start)
                yield Finding(start, form.end, _TYPES[form.kind], 0.95)


def _announced(reading: Reading, form: Form) -> int:
    """The first token of an address whose first words are everyday words: all that is said between
    the announcement, or the start of the turn, and the at. `an die wg vom dritten stock at …`"""
    tokens, lines = reading.document.tokens, reading.dialogue.lines
    at = form.first - 1
    while at >= 0 and lines[at] == lines[form.first] and form.first - at <= _MOST_WORDS + 1:
        if tokens[at].low in _LEADS:
            return at + 1
        if tokens[at].kind is not TokenKind.WORD or tokens[at].low in _OPENERS:
            return _hinted(reading, form)
        at -= 1
    opens = at < 0 or lines[at] != lines[form.first] or tokens[at].kind is TokenKind.BREAK
    return at + 1 if opens else _hinted(reading, form)


def _hinted(reading: Reading, form: Form) -> int:
    """The name before `mit doppel s at …`, else the form's own first token."""
    tokens = reading.document.tokens
    if form.first > 1 and tokens[form.first - 1].low in _HINTS:
        return form.first - 2
    return form.first
