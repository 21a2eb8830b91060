"""Presidio as it comes: its own recognisers for both languages, German ones on, no model."""

from __future__ import annotations

from benchmarks.pii.score import Detect
from pipeline.domain.privacy import PiiSpan


def plain_presidio() -> Detect:
    """A detector to compare with."""
    import spacy
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    from pipeline.adapters.presidio import stock

    class Blank(SpacyNlpEngine):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(models=[{"lang_code": "de", "model_name": "blank"}])
            self.nlp = {language: spacy.blank(language) for language in ("de", "en")}

    registry = RecognizerRegistry(supported_languages=["de", "en"])
    registry.recognizers = []
    for language in ("de", "en"):
        for recognizer in stock.recognizers(language):
            registry.add_recognizer(recognizer)
    engine = AnalyzerEngine(registry=registry, nlp_engine=Blank(), supported_languages=["de", "en"])

    def detect(text: str, language: str) -> list[PiiSpan]:
        found = engine.analyze(text, language, score_threshold=0.4)
        kinds = [(each, stock.entity_type(each.entity_type)) for each in found]
        return [PiiSpan(each.start, each.end, kind, each.score) for each, kind in kinds if kind]

    return detect
