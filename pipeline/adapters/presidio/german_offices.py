"""German offices, courts and public works that are told apart by their town: `Finanzamt Riesa`."""

from __future__ import annotations

from models.names import word_set
from pipeline.adapters.presidio.everyday import is_everyday
from pipeline.adapters.presidio.reading import Reading
from pipeline.stages.spoken_forms import TokenKind

_OFFICES = word_set(
    """
    finanzamt jobcenter arbeitsagentur amtsgericht landgericht oberlandesgericht arbeitsgericht
    sozialgericht verwaltungsgericht bezirksgericht polizei polizeiwache polizeiinspektion
    polizeirevier landratsamt buergeramt einwohnermeldeamt standesamt grundbuchamt gesundheitsamt
    jugendamt sozialamt wohnungsamt bauamt volkshochschule klinikum uniklinik krankenhaus
    stadtverwaltung gemeindeverwaltung kreisverwaltung stadtsparkasse kreissparkasse
    raiffeisenbank stadtwerke gemeindewerke wasserwerke fernwaerme studentenwerk studierendenwerk
    mieterverein mieterbund staatsanwaltschaft notariat feuerwehr tierheim
    """
)
_NAMED = frozenset("PS")
#: words that are towns as well, yet follow an office as words: `das jobcenter müssen wir fragen`
_WORDS = word_set(
    "muessen weiten haus lehre garten norden sueden osten westen machen singen werden"
)
_SHORTEST = 4
_QUARTERS = word_set("nord sued ost west mitte land stadt altstadt")


def office(reading: Reading, index: int) -> tuple[int, int] | None:
    """First and last token of the office that token `index` begins, where a town, or a word that
    is none of every day, follows."""
    tokens = reading.document.tokens
    last = index + 1
    if tokens[index].low not in _OFFICES or last >= len(tokens):
        return None
    town, flags = tokens[last], set(reading.flags(last))
    short = len(town.low) < _SHORTEST and "P" not in flags
    if town.kind is not TokenKind.WORD or last in reading.form_at or short:
        return None
    named = "p" in flags and town.low not in _WORDS
    if not named and not flags & _NAMED and (flags or is_everyday(reading.lexicon, town.low)):
        return None
    further = last + 1
    return index, further if further < len(tokens) and tokens[further].low in _QUARTERS else last
