"""What all recognisers share: one reading of the text, carried as Presidio's NLP artifacts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray
from presidio_analyzer import EntityRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine
from spacy.tokens import Doc
from spacy.vocab import Vocab

from models.names import Lexicon, load_lexicon
from models.names.tagger import Tagger, load_networks
from pipeline.adapters.presidio.dialogue import Dialogue
from pipeline.domain.privacy import EntityType
from pipeline.stages.spoken_forms import Document

_BLANK = Doc(Vocab())


@lru_cache(maxsize=1)
def tagger() -> Tagger:
    """The bundled tagger, one a process: it remembers the words it has seen."""
    return Tagger(load_networks(), load_lexicon())


@dataclass(frozen=True, slots=True)
class Finding:
    """Characters `start:end` of the text, a type, and a confidence from 0 to 1."""

    start: int
    end: int
    type: EntityType
    score: float


@dataclass(frozen=True)
class Reading:
    """A text as all spoken recognisers see it: its document, the lexicon, the dialogue."""

    document: Document = field(repr=False)
    lexicon: Lexicon = field(repr=False)

    @cached_property
    def dialogue(self) -> Dialogue:
        """Cues and open questions."""
        return Dialogue(self.document.tokens)

    @cached_property
    def streets(self) -> list[tuple[int, int, int, float]]:
        """See `streets.streets`: others must know which numbers are house numbers."""
        from pipeline.adapters.presidio.streets import streets

        return streets(self)

    @cached_property
    def odds(self) -> NDArray[np.float32]:
        """The learned tagger's probability for each token and label, `(tokens, LABELS)`."""
        return tagger().tag([token.text for token in self.document.tokens])

    @cached_property
    def starts(self) -> list[int]:
        """Where each token starts."""
        return [token.start for token in self.document.tokens]

    @cached_property
    def street_tokens(self) -> frozenset[int]:
        """Tokens inside streets: no names of people."""
        return frozenset(at for first, last, *_ in self.streets for at in range(first, last + 1))

    @cached_property
    def form_at(self) -> dict[int, int]:
        """Token index → index of the form that covers it."""
        return {
            token: number
            for number, form in enumerate(self.document.forms)
            for token in range(form.first, form.last + 1)
        }

    def flags(self, index: int) -> str:
        """Lexicon flags of token `index`."""
        return self.lexicon.flags(self.document.tokens[index].low)


class ReadingArtifacts(NlpArtifacts):
    """NLP artifacts that carry a `Reading`; Presidio itself sees no tokens, so its context
    enhancer, which is quadratic, has nothing to do."""

    def __init__(self, reading: Reading | None, engine: NlpEngine, language: str) -> None:
        super().__init__([], _BLANK, [], [], engine, language)
        self.reading = reading


class SpokenRecognizer(EntityRecognizer):
    """Base of our own recognisers: `find` works on the shared reading."""

    TYPES: tuple[EntityType, ...] = ()

    def __init__(self, language: str) -> None:
        super().__init__(
            supported_entities=[kind.value for kind in self.TYPES],
            name=type(self).__name__,
            supported_language=language,
        )

    def load(self) -> None:
        """Nothing to load: the lexicon comes with the reading."""

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Findings as Presidio results; none without a reading (the written view's pass)."""
        reading = getattr(nlp_artifacts, "reading", None)
        if reading is None:
            return []
        return [
            RecognizerResult(found.type.value, found.start, found.end, found.score)
            for found in self.find(reading)
            if found.type.value in entities
        ]

    def find(self, reading: Reading) -> Iterator[Finding]:
        """All findings in `reading`, in any order."""
        raise NotImplementedError
