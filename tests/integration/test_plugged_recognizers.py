"""Recognisers named in the settings join Deckname's own, without a change to the code."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from presidio_analyzer import EntityRecognizer, RecognizerResult
from presidio_analyzer.predefined_recognizers.ner import gliner_recognizer

from pipeline.adapters.presidio import PresidioDetector, load_recognizers, stock
from pipeline.bootstrap import bootstrap_transcriber
from pipeline.cli import main
from pipeline.domain.errors import ConfigurationError
from pipeline.domain.privacy import EntityType
from pipeline.settings import load_settings

HERE = __name__
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "stronger-models.md"
TICKET = re.compile(r"TCK-\d{6}")
TCK = "TCK-123456"
SAID = f"Es geht um {TCK} von gestern."


class TicketRecognizer(EntityRecognizer):
    """Finds ticket numbers, under a label of its own."""

    def __init__(
        self,
        supported_language: str = "en",
        name: str | None = None,  # Presidio hands it over from a file
        label: str = "national id number",
    ) -> None:
        super().__init__([label], name, supported_language)  # type: ignore[arg-type]
        self.asked: list[list[str]] = []

    def load(self) -> None:
        pass

    def analyze(self, text: str, entities: list[str], nlp_artifacts: Any) -> list[RecognizerResult]:
        self.asked.append(entities)
        label = self.supported_entities[0]
        return [RecognizerResult(label, m.start(), m.end(), 0.9) for m in TICKET.finditer(text)]


class EnglishTickets(TicketRecognizer):
    """Takes no language; Presidio's default holds."""

    def __init__(self) -> None:
        super().__init__()


class AnyArguments(TicketRecognizer):
    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)


class FrenchTickets(TicketRecognizer):
    def __init__(self) -> None:
        super().__init__("fr")


class UselessTickets(TicketRecognizer):
    def __init__(self, supported_language: str = "en", name: str | None = None) -> None:
        super().__init__(supported_language, name, "MOOD")


class DemandingTickets(TicketRecognizer):
    def __init__(self, folder: str, supported_language: str = "en") -> None:
        super().__init__(supported_language)


def types_of(
    part: str, detector: PresidioDetector, text: str = SAID, language: str = "de"
) -> set[EntityType]:
    """The types that hide `part` of `text`; none where a character of it is left."""
    at = text.index(part)
    letters = {at + i for i, char in enumerate(part) if char.isalnum()}
    spans = [(set(range(s.start, s.end)), s.type) for s in detector.detect([text], language)[0]]
    hidden = set().union(*(covered for covered, _ in spans))
    return {kind for covered, kind in spans if covered & letters} if letters <= hidden else set()


def yaml(folder: Path, *lines: str) -> str:
    path = folder / "recognizers.yaml"
    path.write_text("\n".join(lines))
    return str(path)


@pytest.fixture(scope="module")
def plain() -> PresidioDetector:
    return PresidioDetector()


def test_without_a_setting_nothing_joins(plain: PresidioDetector) -> None:
    assert load_recognizers(None) == load_recognizers(" , ") == ()
    assert EntityType.ID_CARD not in types_of(TCK, plain)


@pytest.mark.parametrize("name", ["TicketRecognizer", "AnyArguments"])
def test_a_class_joins_by_name_for_both_languages(name: str) -> None:
    recognizers = load_recognizers(f"{HERE}:{name}")
    assert [each.supported_language for each in recognizers] == ["de", "en"]
    detector = PresidioDetector(recognizers)
    assert EntityType.ID_CARD in types_of(TCK, detector)
    assert EntityType.ID_CARD in types_of(TCK, detector, f"It was {TCK} yesterday.", "en")


def test_a_class_without_a_language_runs_for_its_own() -> None:
    (only,) = load_recognizers(f"{HERE}:EnglishTickets")
    assert only.supported_language == "en"


def test_each_is_asked_for_its_own_types_only() -> None:
    (german, _) = load_recognizers(f"{HERE}:TicketRecognizer")
    PresidioDetector([german]).detect([SAID], "de")
    asked = german._inner.asked  # type: ignore[attr-defined]
    assert asked and all(entities == ["national id number"] for entities in asked)


def test_a_registry_file_of_presidio_joins(tmp_path: Path) -> None:
    file = yaml(
        tmp_path,
        "recognizers:",
        "  - name: TicketRecognizer",
        "    type: predefined",
        "    supported_languages: [de]",
        "  - name: CreditCardRecognizer",
        "    type: predefined",
        "    enabled: false",
        "  - UrlRecognizer",
        "  - name: Orders",
        "    supported_entity: OTHER_ID",
        "    patterns: [{name: order, regex: 'ORD-\\d+', score: 0.3}]",
        "    score_thresholds: {default: 0.2}",
    )
    recognizers = load_recognizers(file)
    assert [(each.name, each.supported_language) for each in recognizers] == [
        ("TicketRecognizer", "de"),
        ("UrlRecognizer", "de"),
        ("UrlRecognizer", "en"),
        ("Orders", "de"),
        ("Orders", "en"),
    ]
    detector = PresidioDetector(recognizers)
    assert EntityType.ID_CARD in types_of(TCK, detector)
    assert EntityType.OTHER_ID in types_of("ORD-77", detector, "Sie hat ORD-77 bestellt.")


def test_names_and_files_may_stand_together(tmp_path: Path) -> None:
    file = yaml(tmp_path, "recognizers: [{name: UrlRecognizer, type: predefined}]")
    names = [each.name for each in load_recognizers(f"{HERE}:EnglishTickets, {file},")]
    assert names == ["EnglishTickets", "UrlRecognizer", "UrlRecognizer"]


BAD_NAMES = {
    "nonsense": "neither package.module:Class nor",
    "no.such.module:Thing": "ModuleNotFoundError: No module named 'no'",
    f"{HERE}:Missing": "has no attribute 'Missing'",
    f"{HERE}:SAID": "no subclass",
    f"{HERE}:FrenchTickets": "neither de nor en",
    f"{HERE}:UselessTickets": "none of its entities",
    f"{HERE}:DemandingTickets": "folder",
    "presidio_analyzer.predefined_recognizers:SpacyRecognizer": "HuggingFaceNerRecognizer",
    "/nowhere/recognizers.yaml": "no such file",
}


def one_line(named: str) -> str:
    with pytest.raises(ConfigurationError) as refusal:
        load_recognizers(named)
    told = str(refusal.value)
    assert told.startswith(f"DECKNAME_RECOGNIZERS: {named}") and "\n" not in told
    return told


@pytest.mark.parametrize("named", BAD_NAMES)
def test_a_wrong_name_is_one_line_that_says_what_to_do(named: str) -> None:
    assert BAD_NAMES[named] in one_line(named)


BAD_FILES = {
    "recognizers: [": "ValueError",
    "languages: [de]": "mandatory keys",
    "": "stronger-models.md",
    "recognizers: []": "names no recogniser",
    "recognizers: [7]": "correct it",
    "recognizers: [{type: predefined}]": "'name'",
    "recognizers: [{name: NoSuchRecognizer, type: predefined}]": "NoSuchRecognizer' not found",
    "recognizers: [{name: UrlRecognizer, type: predefined, supported_languages: [fr]}]": "de or en",
    "supported_languages: [fr]\nrecognizers: [UrlRecognizer]": "neither de nor en",
    "recognizers: [{name: UselessTickets, type: predefined}]": "none of its entities",
    "recognizers: [{name: TransformersRecognizer, type: predefined}]": "HuggingFaceNer",
    "recognizers: [{name: GLiNERRecognizer, type: predefined, model_name: /nowhere}]": "install",
}


@pytest.mark.parametrize("content", BAD_FILES)
def test_a_wrong_file_is_one_line_that_says_what_to_do(tmp_path: Path, content: str) -> None:
    assert BAD_FILES[content] in one_line(yaml(tmp_path, content))


def test_the_setting_reaches_the_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DECKNAME_RECOGNIZERS", f"{HERE}:TicketRecognizer")
    detector = bootstrap_transcriber(load_settings()).detector()
    assert isinstance(detector, PresidioDetector)
    assert EntityType.ID_CARD in types_of(TCK, detector)


def test_a_wrong_setting_ends_a_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DECKNAME_RECOGNIZERS", "no.such:Recognizer")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'{"id": 1, "text": "Hallo"}')))
    assert main(["detect"]) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1
    assert said.err.startswith("deckname: DECKNAME_RECOGNIZERS: no.such:Recognizer")


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("person", EntityType.PERSON),
        ("PER", EntityType.PERSON),
        ("B-PER", EntityType.PERSON),
        ("First Name", EntityType.PERSON),
        ("LOC", EntityType.LOCATION),
        ("organization", EntityType.ORGANIZATION),
        ("ORG", EntityType.ORGANIZATION),
        ("phone number", EntityType.PHONE_NUMBER),
        ("mobile phone number", EntityType.PHONE_NUMBER),
        ("e-mail", EntityType.EMAIL_ADDRESS),
        ("E-Mail Address", EntityType.EMAIL_ADDRESS),
        ("address", EntityType.STREET_ADDRESS),
        ("postal code", EntityType.POSTCODE),
        ("date of birth", EntityType.DATE_OF_BIRTH),
        ("driver's license number", EntityType.OTHER_ID),
        ("IBAN_CODE", EntityType.IBAN),
        ("NRP", None),
        ("DATE_TIME", None),
        ("MISC", None),
        ("", None),
    ],
)
def test_labels_of_other_models_are_understood(label: str, kind: EntityType | None) -> None:
    assert stock.entity_type(label) is kind


@pytest.mark.parametrize("kind", EntityType)
def test_every_type_is_understood_however_it_is_written(kind: EntityType) -> None:
    for label in (kind.value, kind.value.lower(), kind.value.replace("_", " ").title()):
        assert stock.entity_type(label) is kind


class FakeGliner:
    """In place of the model: every label it is asked for is `TCK-123456`."""

    asked: list[list[str]]

    @classmethod
    def from_pretrained(cls, name: str, **arguments: Any) -> FakeGliner:
        made = cls()
        made.asked = []
        made.opened = (name, arguments)  # type: ignore[attr-defined]
        return made

    def predict_entities(self, text: str, labels: list[str], **_: Any) -> list[dict[str, Any]]:
        self.asked.append(labels)
        return [
            {"start": m.start(), "end": m.end(), "label": "license plate number", "score": 0.8}
            for m in TICKET.finditer(text)
        ]


def examples() -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.S)


def test_the_worked_example_for_gliner_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gliner_recognizer, "GLiNER", FakeGliner)
    recognizers = load_recognizers(yaml(tmp_path, examples()[0]))
    assert [each.supported_language for each in recognizers] == ["de", "en"]
    detector = PresidioDetector(recognizers)
    assert EntityType.LICENSE_PLATE in types_of(TCK, detector)
    model = recognizers[0]._inner.gliner  # type: ignore[attr-defined]
    name, arguments = model.opened
    assert name == "/srv/models/gliner_multi_pii-v1"
    assert arguments["local_files_only"] is True and arguments["map_location"] == "cpu"
    assert all(labels[0] == "person" and len(labels) == 9 for labels in model.asked)


def test_the_worked_example_for_patterns_works(tmp_path: Path) -> None:
    recognizers = load_recognizers(yaml(tmp_path, examples()[2]))
    assert EntityType.OTHER_ID in types_of(TCK, PresidioDetector(recognizers))


def test_the_worked_example_for_transformers_asks_for_its_package(tmp_path: Path) -> None:
    told = one_line_of_example(tmp_path, 1)
    assert "HuggingFaceNerRecognizer cannot be used" in told


def one_line_of_example(tmp_path: Path, number: int) -> str:
    """The model of the example is on no machine that runs tests."""
    return one_line(yaml(tmp_path, examples()[number]))
