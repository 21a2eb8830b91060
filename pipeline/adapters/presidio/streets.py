"""Street addresses: those of both languages, by their endings and house numbers."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.adapters.presidio.english_streets import ENGLISH, english
from pipeline.adapters.presidio.german_streets import PREPOSITIONS, german, prepositional
from pipeline.adapters.presidio.house_numbers import Street
from pipeline.adapters.presidio.reading import Finding, Reading, SpokenRecognizer
from pipeline.adapters.presidio.unmarked_streets import answered, residing
from pipeline.domain.privacy import EntityType
from pipeline.stages.spoken_forms import TokenKind


def streets(reading: Reading) -> list[Street]:
    """Every street, in order."""
    found: list[Street] = []
    done = -1
    tokens = reading.document.tokens
    may_be_english = reading.document.language[:2] != "de"
    may_be_german = reading.document.language[:2] != "en"
    for index, token in enumerate(tokens):
        if token.kind is not TokenKind.WORD or index <= done:
            continue
        item = german(reading, index, done) if may_be_german else None
        if item is None and may_be_german and token.low in PREPOSITIONS:
            item = prepositional(reading, index) or answered(reading, index)
        if item is None and may_be_german:
            item = residing(reading, index)
        if item is None and may_be_english and token.low in ENGLISH:
            item = english(reading, index, done)
        if item:
            found.append(item)
            done = item[1]
    return found


class StreetRecognizer(SpokenRecognizer):
    """Streets with or without house numbers."""

    TYPES = (EntityType.STREET_ADDRESS,)

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Every street; the house number lies inside."""
        tokens = reading.document.tokens
        for first, last, _, score in reading.streets:
            yield Finding(tokens[first].start, tokens[last].end, EntityType.STREET_ADDRESS, score)
