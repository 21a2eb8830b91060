"""Organisations: legal forms, lines of business with a name, and well-known firms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from models.names import word_set
from pipeline.adapters.presidio.reading import Finding, Reading, SpokenRecognizer
from pipeline.domain.privacy import EntityType
from pipeline.stages.spoken_forms import Token, TokenKind

_LEGAL = word_set(
    """
    gmbh ag kg ohg gbr ug mbh ev ltd limited inc llc llp plc corp corporation gmbh's kgaa eg
    gembh ggmbh
    """
)
_BUSINESS = word_set(
    """
    firma kanzlei hausverwaltung sparkasse autohaus praxis hausverwaltung immobilien
    maklerei immobilienmakler baeckerei metzgerei versicherung agentur maklerbuero
    immobilienbuero buero stiftung verlag werkstatt apotheke hotel restaurant schreinerei
    klinik gasthof brauerei spedition volksbank stadtwerke
    """
)
_TRAILING = word_set(
    """
    immobilien versicherung versicherungen bank hausverwaltung consulting holding partners
    associates estates realty properties group solutions services insurance lettings gruppe
    partner soehne company
    """
)
_KNOWN = word_set(
    """
    siemens bosch volkswagen bmw daimler mercedes audi porsche sap lufthansa telekom
    vodafone allianz ergo debeka huk signal axa commerzbank postbank ing dkb lidl aldi rewe
    edeka amazon google microsoft apple facebook tesco barclays hsbc lloyds santander
    natwest vonovia ikea bayer basf thyssenkrupp deloitte kpmg accenture ibm oracle
    immoscout immobilienscout immowelt immonet zalando techniker barmer aok schufa sparda
    ebay paypal netflix uber
    """
)
_NATIONAL = word_set(
    "bahn bank post telekom kreditbank rentenversicherung annington wohnen gas telecom airways "
    "airlines express"
)
_WORKING = frozenset({"arbeite", "arbeitet", "arbeiten", "work", "works", "working", "worked"})
_STOP = word_set(
    """
    die der das den dem des eine einer einem ein bei von der und fuer mit ist in am im the a
    an of for from with at by our my your their meine unsere ihre seine diese dieser und and
    auch ich wir sie hat habe war wird arbeite arbeitet eigene neue grosse kleine andere
    welche keine jede nach zu zur zum als oder & haben sind wo is are was our
    """
)


class OrganizationRecognizer(SpokenRecognizer):
    """Firms and offices."""

    TYPES = (EntityType.ORGANIZATION,)

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Every organisation that is named, not merely mentioned."""
        tokens = reading.document.tokens
        for index, token in enumerate(tokens):
            if token.kind is not TokenKind.WORD:
                continue
            span = None
            if token.low in _LEGAL or token.low in _TRAILING:
                span = _before(reading, index)
            if span is None and token.low in _BUSINESS:
                span = _after(reading, index)
            if span is None and token.low in _KNOWN:
                span = index, index
            if span is None and token.low in {"deutsche", "deutschen", "british", "american"}:
                span = _national(tokens, index)
            if span is None and token.low in {"bei", "for", "fuer"}:
                span = _employer(reading, index)
            if span:
                first, last = span
                yield Finding(tokens[first].start, tokens[last].end, EntityType.ORGANIZATION, 0.8)


def _national(tokens: Sequence[Token], index: int) -> tuple[int, int] | None:
    """`Deutsche Bahn`, `British Gas`."""
    following = index + 1
    if following < len(tokens) and tokens[following].low in _NATIONAL:
        return index, following
    return None


def _employer(reading: Reading, index: int) -> tuple[int, int] | None:
    """`ich arbeite bei Weisskopf`, `I work for Brightside`."""
    tokens = reading.document.tokens
    if not any(tokens[at].low in _WORKING for at in range(max(0, index - 3), index)):
        return None
    first = index + 1
    while first < len(tokens) and tokens[first].low in {"der", "dem", "den", "die", "the"}:
        first += 1
    last = first
    while (
        last < len(tokens)
        and last - first < 3
        and (
            _named(reading, last)
            or (set("fsFS") & set(reading.flags(last)) and tokens[last].low not in _STOP)
        )
    ):
        last += 1
    return (first, last - 1) if last > first else None


def _named(reading: Reading, index: int) -> bool:
    token = reading.document.tokens[index]
    if token.kind is not TokenKind.WORD or token.low in _STOP or len(token.text) < 2:
        return False
    flags = set(reading.flags(index))
    return "C" not in flags or (bool(flags & set("FSTfs")) and token.text[:1].isupper())


def _before(reading: Reading, index: int) -> tuple[int, int] | None:
    """`Schmidt Immobilien`, `Müller und Söhne GmbH`, `Hansen & Co. KG`."""
    tokens = reading.document.tokens
    legal = tokens[index].low in _LEGAL
    first = index
    while first > 0 and index - first < 6:
        before = tokens[first - 1]
        if (before.text in {"&", "-", "."} and first < index) or before.low in {"und", "and", "co"}:
            if (
                first - 2 >= 0
                and tokens[first - 2].kind is TokenKind.WORD
                and (tokens[first - 2].low not in _STOP)
            ):
                first -= 2 if before.low != "co" else 1
                continue
            break
        capital = before.text[:1].isupper() and before.low not in _STOP
        if before.kind is not TokenKind.WORD or not (
            _named(reading, first - 1) or (legal and capital) or before.low in _TRAILING
        ):
            break
        first -= 1
    if first == index:
        return None
    if not legal and not any(_named(reading, at) for at in range(first, index)):
        return None
    last = index
    while last + 1 < len(tokens) and tokens[last + 1].low in _LEGAL | {"&", "co"}:
        last += 1
    return first, last


def _after(reading: Reading, index: int) -> tuple[int, int] | None:
    """`Firma Müller`, `Sparkasse Köln`, `Kanzlei Dr. Weber und Partner`."""
    tokens = reading.document.tokens
    last = index
    at = index + 1
    while at < len(tokens) and at - index < 5:
        if tokens[at].low in {"dr", "doktor", ".", "&", "-"} or (
            last > index and tokens[at].low == "und"
        ):
            at += 1
            continue
        if not _named(reading, at) and tokens[at].low not in _TRAILING | _LEGAL:
            break
        last, at = at, at + 1
    if last == index:
        return None
    first = index + 1 if tokens[index].low in {"firma"} else index
    return first, last
