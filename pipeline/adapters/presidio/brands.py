"""Well-known firms and offices whose names are no other words: they are found without context.

Names that are common words, first names or towns too (`Next`, `Boots`, `Halifax`) are left to the
tagger.
"""

from __future__ import annotations

from models.names import word_set

BRANDS = word_set(
    """
    siemens bosch volkswagen bmw daimler mercedes audi porsche sap lufthansa telekom
    vodafone allianz ergo debeka huk signal axa commerzbank postbank ing dkb lidl aldi rewe
    edeka amazon google microsoft apple facebook tesco barclays hsbc lloyds santander
    natwest vonovia ikea bayer basf thyssenkrupp deloitte kpmg accenture ibm oracle
    immoscout immobilienscout immowelt immonet zalando techniker barmer aok schufa sparda
    ebay paypal netflix uber
    monzo revolut tsb citibank aviva bupa esure ageas geico allstate metlife aetna cigna usaa
    experian equifax transunion clearscore klarna zopa
    edf npower utilita ovo sse cadent openreach plusnet talktalk giffgaff lebara hyperoptic
    gigaclear comcast xfinity verizon telstra optus telus eir
    sainsbury's sainsburys asda morrisons waitrose wickes screwfix toolstation howdens dunelm
    wilko poundland halfords currys debenhams primark superdrug matalan homebase walmart costco
    walgreens starbucks mcdonald's mcdonalds nando's nandos greggs wetherspoons
    evri yodel parcelforce dpd dhl fedex usps tnt easyjet ryanair flixbus deliveroo
    rightmove zoopla openrent gumtree savills foxtons connells winkworth bairstow countrywide
    airbnb zillow redfin trulia checkatrade taskrabbit craigslist
    hmrc dvla dwp ofgem ofcom ofsted rspca rnli nspcc unison ucas irs fema medicaid
    capita serco mitie sodexo adecco randstad unilever nestle pfizer astrazeneca
    whatsapp instagram linkedin tiktok youtube spotify dropbox docusign
    vauxhall toyota hyundai nissan peugeot renault citroen skoda tesla subaru
    """
)
PHRASES = tuple(
    tuple(line.split())
    for line in """
    british gas
    british telecom
    british airways
    scottish power
    scottish widows
    eon next
    octopus energy
    shell energy
    utility warehouse
    national grid
    thames water
    anglian water
    severn trent
    southern water
    yorkshire water
    welsh water
    wessex water
    affinity water
    south west water
    united utilities
    virgin media
    virgin money
    sky broadband
    royal mail
    royal london
    post office counters
    metro bank
    first direct
    tesco bank
    tesco mobile
    bank of ireland
    bank of america
    bank of scotland
    royal bank of scotland
    wells fargo
    capital one
    american express
    coldwell banker
    keller williams
    knight frank
    reeds rains
    your move
    purple bricks
    taylor wimpey
    legal and general
    direct line insurance
    nfu mutual
    hastings direct
    state farm
    liberty mutual
    blue cross
    money supermarket
    go compare
    john lewis
    marks and spencer
    m and s
    b and q
    h and m
    tk maxx
    home depot
    whole foods
    trader joe's
    best buy
    travis perkins
    kwik fit
    land registry
    companies house
    citizens advice
    citizen's advice
    age uk
    job centre plus
    jobcentre plus
    pacific gas and electric
    con edison
    duke energy
    an post
    australia post
    aer lingus
    virgin atlantic
    land rover
    deutsche bahn
    deutsche bank
    """.strip().splitlines()
)
LETTERED = word_set(
    """
    dvla hmrc dwp nhs hsbc tsb rbs edf sse dpd dhl ups tnt usps kpmg rspca rnli nspcc irs dmv fbi
    adt aaa rac bbc itv bmw ibm ikea usaa pnc att bt dfs kfc bupa lse ucl
    """
)
"""Names that are said letter by letter."""

_FIRST: dict[str, list[tuple[str, ...]]] = {}
for _phrase in sorted(PHRASES, key=len, reverse=True):
    _FIRST.setdefault(_phrase[0], []).append(_phrase)


def phrases(word: str) -> list[tuple[str, ...]]:
    """Names of several words that begin with `word`, longest first."""
    return _FIRST.get(word, [])
