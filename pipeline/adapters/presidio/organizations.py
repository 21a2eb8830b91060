"""Organisations: legal forms, lines of business with a name, and well-known firms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from models.names import word_set
from pipeline.adapters.presidio import brands
from pipeline.adapters.presidio.german_offices import office
from pipeline.adapters.presidio.reading import Finding, Reading, SpokenRecognizer
from pipeline.domain.privacy import EntityType
from pipeline.stages.spoken_forms import FormKind, Token, TokenKind

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
    notariat steuerbuero steuerkanzlei anwaltskanzlei architekturbuero ingenieurbuero arztpraxis
    zahnarztpraxis fahrschule pizzeria malerbetrieb tischlerei gaertnerei fleischerei konditorei
    """
)
TRADES = word_set(
    """
    immobilien versicherung versicherungen bank hausverwaltung consulting holding partners
    associates estates realty properties group solutions services insurance lettings gruppe
    partner soehne company
    agents solicitors surveyors conveyancing mortgages removals movers storage plumbing roofing
    scaffolding electrical joinery glazing flooring kitchens bathrooms cleaning couriers parcels
    logistics haulage motors garage autos tyres taxis dental surgery practice clinic pharmacy
    opticians vets nursery preschool primary academy college university infirmary hospital hospice
    library council housing homes residential rentals apartments management developments builders
    construction contractors architects recruitment consultancy accountants telecom telco broadband
    energy utilities financial capital investments mutual brokers brewery foundation electric estate
    """
)
_NATIONAL = word_set(
    "bahn bank post telekom kreditbank rentenversicherung annington wohnen gas telecom airways "
    "airlines express"
)
_SURE, _DOUBTFUL = 0.86, 0.7
_WORKING = frozenset({"arbeite", "arbeitet", "arbeiten", "work", "works", "working", "worked"})
_SENT = word_set("calling ringing phoning letter invoice quote statement bill")
_WITH = word_set("bank banking account mortgage insured insurance policy contract pension loan")
#: what a firm's name follows, and a word shortly before that
_LEADS = {
    **dict.fromkeys(("bei", "for", "fuer", "at"), _WORKING),
    "from": _SENT,
    "with": _WITH,
    "of": frozenset({"behalf"}),
    "as": frozenset({"trading"}),
}
_ASKED = word_set(
    """
    company employer firm supplier insurer agency solicitors solicitor arbeitgeber firma versorger
    anbieter versicherer
    """
)
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
            if token.low in _LEGAL or token.low in TRADES:
                span = _before(reading, index)
            if span is None and token.low in _BUSINESS:
                span = _after(reading, index)
            if span is None:
                span = office(reading, index)
            score = _SURE
            if span is None and token.low in brands.BRANDS and index not in reading.form_at:
                # `apple`: the tagger may know better.
                span, score = (index, index), _DOUBTFUL if "C" in reading.flags(index) else _SURE
            if span is None:
                span = _branded(tokens, index)
            if span is None and token.low in {"deutsche", "deutschen", "british", "american"}:
                span = _national(tokens, index)
            if span is None:
                span = _answered(reading, index)
            if span is None and token.low in _LEADS:
                span = _employer(reading, index)
            if span:
                first, last = span
                yield Finding(tokens[first].start, tokens[last].end, EntityType.ORGANIZATION, score)
        for form in reading.document.forms:
            if form.kind is FormKind.SPELLED and form.written.lower() in brands.LETTERED:
                yield Finding(form.start, form.end, EntityType.ORGANIZATION, _SURE)


def _branded(tokens: Sequence[Token], index: int) -> tuple[int, int] | None:
    """`british gas`, `bank of ireland`: a well-known name of several words."""
    for phrase in brands.phrases(tokens[index].low):
        last = index + len(phrase) - 1
        if tuple(token.low for token in tokens[index : last + 1]) == phrase:
            return index, last
    return None


def _national(tokens: Sequence[Token], index: int) -> tuple[int, int] | None:
    """`Deutsche Bahn`, `British Gas`."""
    following = index + 1
    if following < len(tokens) and tokens[following].low in _NATIONAL:
        return index, following
    return None


def _employer(reading: Reading, index: int) -> tuple[int, int] | None:
    """`ich arbeite bei Weisskopf`, `I work for Brightside`."""
    tokens = reading.document.tokens
    words = _LEADS[tokens[index].low]
    if not any(tokens[at].low in words for at in range(max(0, index - 3), index)):
        return None
    first = index + 1
    while first < len(tokens) and tokens[first].low in {"der", "dem", "den", "die", "the"}:
        first += 1
    article = first > index + 1
    if first < len(tokens) and _common_or_place(
        reading, first, article=article, place=words is not _WITH
    ):
        return None
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


def _common_or_place(reading: Reading, index: int, *, article: bool, place: bool) -> bool:
    """Whether it is no firm's name by itself: `works planned for the summer`, `work at leeds`."""
    flags, text = set(reading.flags(index)), reading.document.tokens[index].text
    return (place and "P" in flags) or (article and "C" in flags and not text[:1].isupper())


def _answered(reading: Reading, index: int) -> tuple[int, int] | None:
    """`who do you work for?`, `fennimore`: a short turn behind a question about a firm."""
    tokens, lines = reading.document.tokens, reading.dialogue.lines
    if index < 2 or lines[index - 1] == lines[index]:
        return None
    asked = [at for at in range(max(0, index - 9), index - 1) if lines[at] == lines[index - 1]]
    if not any(tokens[at].low in _ASKED | _WORKING for at in asked):
        return None
    last = index
    while last < len(tokens) and lines[last] == lines[index] and _named(reading, last):
        last += 1
    following = tokens[last] if last < len(tokens) else None
    ends = following is None or following.kind is not TokenKind.WORD or following.low in _STOP
    known = set("FfP") & {flag for at in range(index, last) for flag in reading.flags(at)}
    return (index, last - 1) if index < last and ends and not known else None


def _named(reading: Reading, index: int) -> bool:
    token = reading.document.tokens[index]
    if token.kind is not TokenKind.WORD or token.low in _STOP or len(token.text) < 2:
        return False
    if "'" in token.low and _of_a_word(reading, token.low):
        return False
    flags = set(reading.flags(index))
    return "C" not in flags or (bool(flags & set("FSTfs")) and token.text[:1].isupper())


def _of_a_word(reading: Reading, low: str) -> bool:
    """`dad's`, `they're`, `don't`: no name, though no list has it."""
    head, _, tail = low.partition("'")
    if tail == "s":
        return "C" in reading.lexicon.flags(head)
    return tail in {"re", "ve", "ll", "d", "m", "t"}


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
            _named(reading, first - 1) or (legal and capital) or before.low in TRADES
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
        if not _named(reading, at) and tokens[at].low not in TRADES | _LEGAL:
            break
        last, at = at, at + 1
    if last == index:
        return None
    first = index + 1 if tokens[index].low in {"firma"} else index
    return first, last
