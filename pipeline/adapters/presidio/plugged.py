"""Recognisers of the operator's own, plugged in by name or by one of Presidio's registry files."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from presidio_analyzer import EntityRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts
from presidio_analyzer.predefined_recognizers import SpacyRecognizer
from presidio_analyzer.recognizer_registry import RecognizerRegistryProvider
from presidio_analyzer.recognizer_registry.recognizers_loader_utils import (
    RecognizerConfigurationLoader,
    RecognizerListLoader,
)

from pipeline.adapters.presidio import stock
from pipeline.adapters.presidio.engine import LANGUAGES, silence
from pipeline.domain.errors import ConfigurationError

VARIABLE = "DECKNAME_RECOGNIZERS"
_REASON_LENGTH = 200
_FLAGS = int(re.DOTALL | re.MULTILINE | re.IGNORECASE)  # Presidio's own default


class _Plugged(EntityRecognizer):
    """Asks a recogniser for its own types and no others: Presidio asks each for those of all, and
    GLiNER then looks for every one of them."""

    def __init__(self, inner: EntityRecognizer) -> None:
        super().__init__(
            supported_entities=inner.supported_entities,
            name=inner.name,  # type: ignore[has-type]
            supported_language=inner.supported_language,
            score_thresholds=inner.score_thresholds,
        )
        self._inner = inner
        self._id = inner.id  # Presidio drops results that carry an id it does not know

    def load(self) -> None:
        """The recogniser inside has loaded itself."""

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts
    ) -> list[RecognizerResult]:
        """What the recogniser inside finds."""
        found = self._inner.analyze(text, list(self.supported_entities), nlp_artifacts)
        return list(found or ())


def load_recognizers(named: str | None) -> tuple[EntityRecognizer, ...]:
    """The recognisers that `named` lists: `package.module:Class`, or the path of a YAML file as
    Presidio's `RecognizerRegistryProvider` reads it, separated by commas.

    Raises `ConfigurationError` where one cannot be loaded, or could never find anything.
    """
    silence()
    found: list[EntityRecognizer] = []
    for source in filter(None, (part.strip() for part in (named or "").split(","))):
        if source.endswith((".yaml", ".yml")):
            found += _of_file(source)
        else:
            found += _of_class(source)
    return tuple(_Plugged(each) for each in found)


def _of_class(source: str) -> Iterator[EntityRecognizer]:
    module, _, name = source.partition(":")
    if not name:
        raise _wrong(source, "this is neither package.module:Class nor the path of a .yaml file")
    try:
        made: Any = getattr(importlib.import_module(module), name)
    except Exception as error:  # an import runs anything
        raise _wrong(source, f"{_reason(error)}: is its package installed here?") from None
    if not (isinstance(made, type) and issubclass(made, EntityRecognizer)):
        raise _wrong(source, "this is no subclass of presidio_analyzer.EntityRecognizer")
    for arguments in _by_language(made):
        try:
            recognizer = made(**arguments)
        except Exception as error:
            remedy = "give its arguments defaults, or install what it needs"
            raise _wrong(source, f"{_reason(error)}: {remedy}") from None
        yield _able(recognizer, source)


def _by_language(made: type[EntityRecognizer]) -> Iterator[dict[str, Any]]:
    """Arguments for one recogniser a language; none where the class knows its language itself."""
    taken = inspect.signature(made).parameters.values()
    if any(each.name == "supported_language" or each.kind is each.VAR_KEYWORD for each in taken):
        yield from ({"supported_language": language} for language in LANGUAGES)
    else:
        yield {}


def _of_file(source: str) -> Iterator[EntityRecognizer]:
    path = Path(source).expanduser()
    if not path.is_file():
        raise _wrong(source, "there is no such file: give its whole path")
    try:
        settings = RecognizerConfigurationLoader.get(conf_file=path)
        entries = list(settings["recognizers"])
    except Exception as error:
        raise _wrong(source, f"{_reason(error)}: see docs/how-to/stronger-models.md") from None
    if not entries:
        raise _wrong(source, "this names no recogniser: see docs/how-to/stronger-models.md")
    shared = {"supported_languages": list(LANGUAGES), "global_regex_flags": _FLAGS} | settings
    for entry in entries:
        # One by one, so that an error names its entry. Presidio skips bare names in silence.
        whole = {"name": entry, "type": "predefined"} if isinstance(entry, str) else entry
        yield from _of_entry(source, whole, shared)


def _of_entry(source: str, entry: Any, shared: dict[str, Any]) -> Iterator[EntityRecognizer]:
    try:
        source = f"{source}: {RecognizerListLoader.get_recognizer_name(entry)}"
        enabled = RecognizerListLoader.is_recognizer_enabled(entry)
        provider = RecognizerRegistryProvider(
            registry_configuration=shared | {"recognizers": [entry]}
        )
        made = provider.create_recognizer_registry().recognizers if enabled else ()
    except Exception as error:  # a model that is not there, a package, an argument
        raise _wrong(source, f"{_reason(error)}: correct it, or install what it needs") from None
    if enabled and not made:
        raise _wrong(source, "this gives no recogniser: name de or en as its language")
    for recognizer in made:
        yield _able(recognizer, source)


def _able(recognizer: EntityRecognizer, source: str) -> EntityRecognizer:
    """`recognizer`, if it could ever find anything here: silence would look like safety."""
    if isinstance(recognizer, SpacyRecognizer):
        raise _wrong(source, "this needs spaCy's results; HuggingFaceNerRecognizer does not")
    if recognizer.supported_language not in LANGUAGES:
        raise _wrong(source, "this speaks neither de nor en: give it one as supported_language")
    if not any(stock.entity_type(name) for name in recognizer.supported_entities):
        raise _wrong(source, "none of its entities is a type of Deckname: rename them")
    return recognizer


def _wrong(source: str, what: str) -> ConfigurationError:
    return ConfigurationError(f"{VARIABLE}: {source} cannot be used: {what}")


def _reason(error: Exception) -> str:
    """One line. Loading has seen no call, so the message may be shown."""
    deepest = error.__cause__ or error
    text = " ".join(str(deepest).split())[:_REASON_LENGTH].rstrip(" .")
    return f"{type(deepest).__name__}: {text}" if text else type(deepest).__name__
