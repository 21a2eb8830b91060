"""The closed word lists of e-mail and web addresses, folded."""

from __future__ import annotations

from models.names import word_set

TOP_LEVEL = word_set(
    """
    de com net org eu info io at ch uk biz berlin hamburg bayern koeln me tv co ag gmbh immo
    immobilien haus house homes app dev online shop cloud fr it es nl pl be dk se us ie gov
    edu coop swiss li lu email mail xyz one gmb kom komm dee ac sch nhs plc ltd ca au nz in za
    pt cz fi no gr hu ro bg hr si sk tr ua london scot wales cymru nyc miami vegas wien tirol
    saarland ruhr nrw cologne realty properties estate rent rentals house immo bau haus reisen
    versicherung kaufen jetzt team group agency solutions services consulting law legal store
    site website tech digital media studio design blog news club life live work works world
    global company business careers energy health care clinic dental cafe bar pub
    """
)
SURE_TOP_LEVEL = word_set(
    """
    de com net org eu info io ch uk biz berlin co kom at immo immobilien gov edu london scot wales
    """
)
#: heard for an ending that they are not
ENDINGS = {"kom": "com", "komm": "com", "dee": "de"}
PROVIDERS = word_set(
    """
    gmail googlemail google gmx web outlook hotmail yahoo t-online icloud posteo freenet aol
    live mailbox protonmail proton arcor online telekom vodafone msn me mac fastmail
    btinternet t email mailde magenta comcast verizon
    """
)
#: followed by an ending they are nothing but a mailbox
SURE_PROVIDERS = word_set(
    """
    gmail googlemail gmx outlook hotmail yahoo t-online icloud posteo freenet aol protonmail
    arcor msn fastmail btinternet comcast
    """
)
FILLERS = word_set(
    """
    aeh aehm oeh oehm hm hmm mhm uh uhm um umm er erm , …
    """
)
NEVER_LOCAL = word_set(
    """
    ist lautet heisst waere die der das meine mein ihre ihr deine seine unter an auf per
    mail email adresse mailadresse emailadresse emailadress e also ja genau und dann
    schreiben schreibe schicken senden sie mir uns bitte hallo okay gut is it's its my the
    your our email's address to send me at us mail write reach under that's thats that would
    be so yes sure well uh um uhm aeh aehm hm gerne gern oder or and alles klein
    kleingeschrieben geschrieben zusammen zwar naemlich natuerlich einfach einmal mal noch
    nochmal wieder lower case all this one word as follows folgende folgt moment wissen
    haben habe hab das's contact from von fuer for with mit
    put puts try use it still just on by via he she they we you i's i'm he's she's they're
    we're you're me's sonst jetzt immer bei zu ans zum zur danke super schick schickt schreib
    schreibt sende sendet mailen erreichbar erreichen erreiche nur lieber besser auch doch
    eben halt thanks thank please look looking looked are am was were live lives work works
    found saw based stay staying arrive now then not
    """
)
RELATIVES = word_set(
    """
    frau herr herrn mann freundin freund mutter vater sohn tochter chef wife husband not
    nicht photos
    """
)
NEVER_SITE = word_set(
    """
    website site sites webseite seite seiten homepage page pages visit check look looking
    found saw read reading go going went called through ueber online internet google ad advert
    listing inserat anzeige gefunden gesehen steht stehen gelesen schauen schau guck gucken in im
    of about a an in into link url domain shop portal plattform own new old gibt es kein keine
    dem den einer eine ein welche
    """
)
NEVER_DOMAIN = word_set(
    """
    my your our his her their this that these those deine meine ihre seine dem den einem einer
    unserer unsere meiner ihrer
    """
)
STYLE = word_set(
    """
    alles klein gross und zusammen zusammengeschrieben kleingeschrieben geschrieben in einem
    wort kleinbuchstaben all lower case lowercase one word together also dann aeh aehm uh um
    , als ein
    """
)
STYLE_ENDS = word_set(
    "word zusammen zusammengeschrieben kleingeschrieben geschrieben wort together"
)
