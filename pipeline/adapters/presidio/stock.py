"""Which of Presidio's own recognisers run, and what their types are called here."""

from __future__ import annotations

from presidio_analyzer import EntityRecognizer, Pattern, PatternRecognizer
from presidio_analyzer import predefined_recognizers as predefined

from pipeline.adapters.presidio.labels import kind_of
from pipeline.domain.privacy import EntityType

_TYPES = {
    "PHONE_NUMBER": EntityType.PHONE_NUMBER,
    "EMAIL_ADDRESS": EntityType.EMAIL_ADDRESS,
    "IBAN_CODE": EntityType.IBAN,
    "CREDIT_CARD": EntityType.CREDIT_CARD,
    "URL": EntityType.URL,
    "IP_ADDRESS": EntityType.OTHER_ID,
    "US_SSN": EntityType.SOCIAL_SECURITY,
    "UK_NINO": EntityType.SOCIAL_SECURITY,
    "UK_POSTCODE": EntityType.POSTCODE,
    "US_ITIN": EntityType.TAX_ID,
    "DE_TAX_ID": EntityType.TAX_ID,
    "DE_TAX_NUMBER": EntityType.TAX_ID,
    "DE_VAT_ID": EntityType.TAX_ID,
    "DE_SOCIAL_SECURITY": EntityType.SOCIAL_SECURITY,
    "DE_ID_CARD": EntityType.ID_CARD,
    "DE_PASSPORT": EntityType.PASSPORT,
    "DE_KFZ": EntityType.LICENSE_PLATE,
    "DE_PLZ": EntityType.POSTCODE,
    "DE_HEALTH_INSURANCE": EntityType.OTHER_ID,
    "DE_FUEHRERSCHEIN": EntityType.OTHER_ID,
    "DE_HANDELSREGISTER": EntityType.OTHER_ID,
    "DE_LANR": EntityType.OTHER_ID,
    "DE_BSNR": EntityType.OTHER_ID,
    "ORG": EntityType.ORGANIZATION,
    "NRP": None,
    "STREET": EntityType.STREET_ADDRESS,
    "GPE": EntityType.LOCATION,
}
_BOTH = (
    "IbanRecognizer",
    "CreditCardRecognizer",
    "IpRecognizer",
)
_GERMAN = (
    "DeTaxIdRecognizer",
    "DeTaxNumberRecognizer",
    "DeVatIdRecognizer",
    "DeSocialSecurityRecognizer",
    "DeIdCardRecognizer",
    "DePassportRecognizer",
    "DeKfzRecognizer",
    "DePlzRecognizer",
    "DeHealthInsuranceRecognizer",
    "DeFuehrerscheinRecognizer",
    "DeHandelsregisterRecognizer",
    "DeLanrRecognizer",
    "DeBsnrRecognizer",
)
_ENGLISH = ("UsSsnRecognizer", "UsItinRecognizer", "NhsRecognizer", "UkNinoRecognizer")


_CERTAIN = 0.55
_HOST = r"[a-z0-9.\-]{1,253}[.]"
_WHOLE_HOST = r"(?<![a-z0-9.\-])[a-z0-9.\-]+[.]"
_WRITTEN_EMAIL = r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)*\b"


def score(name: str, value: float) -> float:
    """Presidio's patterns know no context and its checksums fit any tenth number: they count
    less than what was asked for, save for IBANs."""
    return value if name == "IBAN_CODE" else min(value, _CERTAIN)


def entity_type(name: str) -> EntityType | None:
    """The domain's type for a type of Presidio, or for a label of another model, however it is
    written (`phone number`, `B-PER`); None: not redacted."""
    if name in _TYPES:
        return _TYPES[name]
    return kind_of(name)


def recognizers(language: str) -> list[EntityRecognizer]:
    """Presidio's recognisers for `language`: the German ones are off by default, here they run.

    Its e-mail recogniser is replaced: it asks the network for a list of domains, and vetoes what
    is not on it.
    """
    names = (*_BOTH, *(_GERMAN if language == "de" else _ENGLISH))
    email = PatternRecognizer(
        "EMAIL_ADDRESS",
        name="WrittenEmailRecognizer",
        supported_language=language,
        patterns=[Pattern("email", _WRITTEN_EMAIL, 0.9)],
    )
    found = (getattr(predefined, name)(supported_language=language) for name in names)
    return [email, _urls(language), *found]


def _urls(language: str) -> EntityRecognizer:
    """Presidio's web addresses, begun only where a host begins: at every letter of `a.a.a.…` it
    would try 1,500 endings after every dot, a second for a thousand letters."""
    patterns = [
        Pattern(each.name, each.regex.replace(_HOST, _WHOLE_HOST), each.score)
        for each in predefined.UrlRecognizer.PATTERNS
    ]
    return predefined.UrlRecognizer(patterns=patterns, supported_language=language)
