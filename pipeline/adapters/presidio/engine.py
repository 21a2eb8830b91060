"""Presidio behind the port: its own recognisers and ours, on the spoken and the written view."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from presidio_analyzer import (
    AnalyzerEngine,
    EntityRecognizer,
    RecognizerRegistry,
    RecognizerResult,
)
from presidio_analyzer.context_aware_enhancers import ContextAwareEnhancer
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine

from models.names import load_lexicon
from models.names.tagger import LABELS
from pipeline.adapters.presidio import stock
from pipeline.adapters.presidio.internet import InternetRecognizer
from pipeline.adapters.presidio.known import known_spans
from pipeline.adapters.presidio.learned import LearnedRecognizer, unlikely
from pipeline.adapters.presidio.names import PersonRecognizer
from pipeline.adapters.presidio.numbers import NumberRecognizer
from pipeline.adapters.presidio.organizations import OrganizationRecognizer
from pipeline.adapters.presidio.places import PlaceRecognizer
from pipeline.adapters.presidio.reading import Reading, ReadingArtifacts, SpokenRecognizer
from pipeline.adapters.presidio.streets import StreetRecognizer
from pipeline.domain.errors import ConfigurationError
from pipeline.domain.privacy import EntityType, KnownParty, PiiSpan
from pipeline.stages import detect_pii
from pipeline.stages.detect_pii import resolve, rules_of
from pipeline.stages.spoken_forms import read

LANGUAGES = detect_pii.LANGUAGES
_OURS: tuple[type[SpokenRecognizer], ...] = (
    NumberRecognizer,
    InternetRecognizer,
    StreetRecognizer,
    PersonRecognizer,
    LearnedRecognizer,
    PlaceRecognizer,
    OrganizationRecognizer,
)
_OUR_NAMES = frozenset(made.__name__ for made in _OURS)
_WINDOW = 4_000
_OVERLAP = 600
_THRESHOLD = 0.4
_NEITHER = "xx"
_DOUBTFUL = frozenset({EntityType.PERSON, EntityType.LOCATION, EntityType.ORGANIZATION})
_CERTAIN = 0.76
_SPEECH = 1_000
_DENSE = 0.6  # spelled letters with spaces between are 0.5 tokens a character


class _SpokenNlpEngine(NlpEngine):
    """Presidio asks for an NLP engine; ours reads spoken forms instead of running a model."""

    def load(self) -> None:
        """The lexicon is loaded once a process."""
        load_lexicon()

    def is_loaded(self) -> bool:
        """Always: `load` is cheap and repeatable."""
        return True

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        """The reading of `text`, as artifacts."""
        return ReadingArtifacts(Reading(read(text, language), load_lexicon()), self, language)

    def process_batch(
        self,
        texts: Iterable[str],
        language: str,
        batch_size: int = 1,
        n_process: int = 1,
        **_: object,
    ) -> Iterator[tuple[str, NlpArtifacts]]:
        """`process_text` for each."""
        for text in texts:
            yield text, self.process_text(text, language)

    def is_stopword(self, word: str, language: str) -> bool:
        """Unused: there are no lemmas."""
        return False

    def is_punct(self, word: str, language: str) -> bool:
        """Unused: there are no lemmas."""
        return False

    def get_supported_entities(self) -> list[str]:
        """The engine itself recognises nothing."""
        return []

    def get_supported_languages(self) -> list[str]:
        """German and English."""
        return list(LANGUAGES)


class _Unspoken(Reading):
    """A window in which most characters are tokens of their own: no speech, however it is spelled.
    The tagger, whose time goes with tokens, has no say in it; lists and rules have."""

    @cached_property
    def odds(self) -> NDArray[np.float32]:
        """Nothing is likely anything."""
        odds = np.zeros((len(self.document.tokens), len(LABELS)), np.float32)
        odds[:, 0] = 1
        return odds


class _NoEnhancer(ContextAwareEnhancer):
    """Context is our recognisers' business; Presidio's enhancer is quadratic in the text."""

    def __init__(self) -> None:
        super().__init__(0.0, 0.0, 0, 0)

    def enhance_using_context(
        self,
        text: str,
        raw_results: list[RecognizerResult],
        nlp_artifacts: NlpArtifacts,
        recognizers: list[EntityRecognizer],
        context: list[str] | None = None,
    ) -> list[RecognizerResult]:
        """Results as they are."""
        return raw_results


class PresidioDetector:
    """Finds PII in German and English turns; in any other language by the rules of both.

    `extra` recognisers, e.g. of a stronger model, join ours. Raises `ConfigurationError` where
    the self-test does not find what it must.
    """

    def __init__(self, extra: Sequence[EntityRecognizer] = ()) -> None:
        silence()
        self._engine = _SpokenNlpEngine()
        registry = RecognizerRegistry(supported_languages=list(LANGUAGES))
        registry.recognizers = []
        for language in LANGUAGES:
            for recognizer in (*stock.recognizers(language), *(made(language) for made in _OURS)):
                registry.add_recognizer(recognizer)
        for recognizer in extra:
            registry.add_recognizer(recognizer)
        self._analyzer = AnalyzerEngine(
            registry=registry,
            nlp_engine=self._engine,
            supported_languages=list(LANGUAGES),
            context_aware_enhancer=_NoEnhancer(),
            log_decision_process=False,
            default_score_threshold=_THRESHOLD,
        )
        self._self_test()

    def detect(
        self, turns: Sequence[str], language: str, known: Sequence[KnownParty] = ()
    ) -> tuple[tuple[PiiSpan, ...], ...]:
        """See `ports.PiiDetector`."""
        text = "\n".join(turn.replace("\n", " ") for turn in turns)
        spans = list(self._detect_text(text, language))
        spans += known_spans(text, language, known)
        return _by_turn(turns, spans)

    def _detect_text(self, text: str, language: str) -> Iterator[PiiSpan]:
        for start, core, end in _windows(text):
            for span in self._window(text[start:end], language):
                if span.start + start >= core or (span.end + start > core and start < core):
                    yield PiiSpan(span.start + start, span.end + start, span.type, span.score)

    def _window(self, text: str, language: str) -> Iterator[PiiSpan]:
        if not text.strip():
            return
        rules = rules_of(language)
        document = read(text, rules[0] if len(rules) == 1 else _NEITHER)
        dense = len(document.tokens) > max(_SPEECH, _DENSE * len(text))
        reading = (_Unspoken if dense else Reading)(document, load_lexicon())
        view = reading.document.written()
        for each in rules:
            artifacts = ReadingArtifacts(reading, self._engine, each)
            for result in self._analyzer.analyze(text, each, nlp_artifacts=artifacts):
                kind = stock.entity_type(result.entity_type)
                if kind and not _overruled(reading, result, kind):
                    yield PiiSpan(result.start, result.end, kind, self._score(result))
            if view.starts is None:
                continue
            blind = ReadingArtifacts(None, self._engine, each)
            for result in self._analyzer.analyze(view.text, each, nlp_artifacts=blind):
                if kind := stock.entity_type(result.entity_type):
                    start, end = view.source(result.start, result.end)
                    yield PiiSpan(start, end, kind, stock.score(result.entity_type, result.score))

    @staticmethod
    def _score(result: RecognizerResult) -> float:
        name = result.recognition_metadata[RecognizerResult.RECOGNIZER_NAME_KEY]
        return result.score if name in _OUR_NAMES else stock.score(result.entity_type, result.score)

    def _self_test(self) -> None:
        """Each is asked alone: one recogniser's find must not hide that another is missing."""
        recognizers = self._analyzer.registry.recognizers
        for language, texts in _PROBES.items():
            for (maker, kind), text in texts.items():
                artifacts = self._engine.process_text(text, language)
                asked = (each for each in recognizers if _is(each, maker, language))
                if not any(each.analyze(text, [kind], artifacts) for each in asked):
                    raise ConfigurationError(f"{maker} for {language!r} does not find {kind}")


def _is(recognizer: EntityRecognizer, name: str, language: str) -> bool:
    named = str(recognizer.name)  # type: ignore[has-type]
    return named == name and recognizer.supported_language == language


def _maker(result: RecognizerResult) -> str:
    return str(result.recognition_metadata[RecognizerResult.RECOGNIZER_NAME_KEY])


def _overruled(reading: Reading, result: RecognizerResult, kind: EntityType) -> bool:
    """Whether a list's or a cue's doubtful name is, to the tagger, surely just a word."""
    return (
        kind in _DOUBTFUL
        and result.score <= _CERTAIN
        and _maker(result) in _OUR_NAMES
        and not isinstance(reading, _Unspoken)
        and unlikely(reading, result.start, result.end)
    )


_PROBES = {
    "de": {
        ("NumberRecognizer", "PHONE_NUMBER"): "meine Nummer ist null eins fünf zwei drei vier fünf",
        ("InternetRecognizer", "EMAIL_ADDRESS"): "info punkt test ät example punkt de",
        ("PersonRecognizer", "PERSON"): "mein Name ist Anna Müller",
        ("LearnedRecognizer", "PERSON"): "mein Name ist Anna Müller",
        ("StreetRecognizer", "STREET_ADDRESS"): "in der Goethestraße zwölf",
        ("PlaceRecognizer", "LOCATION"): "ich wohne in Hamburg",
        ("OrganizationRecognizer", "ORGANIZATION"): "das macht die Hansen GmbH",
        ("IbanRecognizer", "IBAN_CODE"): "DE89 3704 0044 0532 0130 00",
        ("DeTaxIdRecognizer", "DE_TAX_ID"): "Steuer-ID 65929970489",
    },
    "en": {
        ("NumberRecognizer", "PHONE_NUMBER"): "my number is double seven oh four five six two one",
        ("InternetRecognizer", "EMAIL_ADDRESS"): "john dot smith at example dot com",
        ("PersonRecognizer", "PERSON"): "my name is John Smith",
        ("LearnedRecognizer", "PERSON"): "my name is John Smith",
        ("StreetRecognizer", "STREET_ADDRESS"): "i live at twelve Baker Street",
        ("CreditCardRecognizer", "CREDIT_CARD"): "4111 1111 1111 1111",
    },
}


def _windows(text: str) -> Iterator[tuple[int, int, int]]:
    """Windows over `text`: start, start of its own part, end. Each begins a little before its own
    part, so that questions and cut values are seen; the work stays linear."""
    core = 0
    while core < len(text) or core == 0:
        end = _break(text, core + _WINDOW)
        start = core if core == 0 else _break(text, max(0, core - _OVERLAP))
        yield min(start, core), core, min(len(text), _break(text, end + _OVERLAP // 3))
        if end >= len(text):
            return
        core = end


def _break(text: str, near: int) -> int:
    """A line or word end at or soon after `near`; `near` itself in a text without any."""
    if near >= len(text):
        return len(text)
    for mark in "\n ":
        at = text.find(mark, near, near + 400)
        if at >= 0:
            return at + 1
    return near


def _by_turn(turns: Sequence[str], spans: Sequence[PiiSpan]) -> tuple[tuple[PiiSpan, ...], ...]:
    """Cut spans at turn ends, move them to their turn, resolve overlaps."""
    ordered = sorted(spans)
    found: list[tuple[PiiSpan, ...]] = []
    begin = 0
    at = 0
    carried: list[PiiSpan] = []
    for turn in turns:
        finish = begin + len(turn)
        while at < len(ordered) and ordered[at].start < finish:
            carried.append(ordered[at])
            at += 1
        mine = [
            PiiSpan(max(span.start, begin) - begin, min(span.end, finish) - begin, span.type,
                    span.score)
            for span in carried
            if span.end > begin and max(span.start, begin) < min(span.end, finish)
        ]  # fmt: skip
        found.append(resolve(turn, mine))
        carried = [span for span in carried if span.end > finish]
        begin = finish + 1
    return tuple(found)


def silence() -> None:
    """Presidio's loggers quote words at DEBUG, decision traces do at INFO: neither may speak."""
    for name in ("presidio-analyzer", "presidio-anonymizer", "decision_process"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.CRITICAL)
        logger.propagate = False
        logger.handlers = [logging.NullHandler()]
