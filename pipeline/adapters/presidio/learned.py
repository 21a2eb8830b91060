"""What the learned tagger says about persons, beside what lists and cues say."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.adapters.presidio.names import TITLES
from pipeline.adapters.presidio.reading import Finding, Reading, SpokenRecognizer
from pipeline.domain.privacy import EntityType
from pipeline.stages.spoken_forms import TokenKind

_LEAST = 0.5
_SURE = 12.0


class LearnedNameRecognizer(SpokenRecognizer):
    """Runs of words that the tagger takes for a person's name."""

    TYPES = (EntityType.PERSON,)

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Every such run; what was read as a number, an address or a date is none."""
        tokens = reading.document.tokens
        run: list[int] = []
        for index in range(len(tokens) + 1):
            if index < len(tokens) and _personal(reading, index, bool(run)):
                run.append(index)
                continue
            while run and tokens[run[-1]].kind is not TokenKind.WORD:
                run.pop()
            if run:
                best = max(reading.tags[at][1] for at in run)
                score = 0.65 if best >= _SURE else 0.5
                yield Finding(tokens[run[0]].start, tokens[run[-1]].end, EntityType.PERSON, score)
            run = []


def _personal(reading: Reading, index: int, inside: bool) -> bool:
    token = reading.document.tokens[index]
    label, margin = reading.tags[index]
    if label != "PER" or index in reading.form_at or index in reading.street_tokens:
        return False
    if token.kind is TokenKind.WORD:
        return len(token.text) > 1 and token.low not in TITLES and margin >= _LEAST
    return inside and token.text in {"-", "'"}
