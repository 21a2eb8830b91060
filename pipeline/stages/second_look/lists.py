"""The check's own words, German and English together, folded as `reading.fold` does."""

from __future__ import annotations


def listed(words: str) -> tuple[str, ...]:
    """The words of a list, in its order."""
    return tuple(words.split())


def word_set(words: str) -> frozenset[str]:
    """The words of a list."""
    return frozenset(words.split())


ORDINARY = word_set(
    """
    aber acht achten adresse aendern aerger alle allein alles allgemein also alte alten alter
    andere anderen anders anfang anfrage angebot angerufen anruf anrufen anrufer anschauen
    anschrift antwort anzeige apparat april arbeit arbeite arbeiten arbeitet auch aufgabe aufzug
    august auskunft ausserdem auto bald balkon beide beiden beim bekommen beratung bereits
    besichtigen besichtigung besser beste besten bestellen bestellnummer bestimmt besuch bewerbung
    bezahlen bieten bitte bleiben bleibt brauche brauchen braucht bringen buchstabieren buero
    danach danke dann dass dauert dazu dein deine denken denn deshalb deutsch dich dies diese
    diesem diesen dieser dieses dinge dienstag direkt doch donnerstag dort dran drei dritte durch
    duerfen echt egal eigentlich eine einem einen einer eines einfach einig einmal einverstanden
    einzug eltern email ende endlich englisch erfahren erreichbar erreichen erste ersten etage etwa
    etwas euch euro falls falsch familie fast fehler fenster ferien fertig finde finden firma
    fragen frage frau freitag freue freundlich freut frueh fuenf gabe ganz garage garten gebaut
    geben gebe geboren geburtsdatum gefaellt gegeben gegen gehe gehen geht gehoert gekommen geld
    gemacht gemeldet genau gerade gerne gern gesagt geschickt gespraech gesprochen gestern getan
    gewesen gibt gleich glaube grund gruss gruessen gute guten guter gutes habe haben halb halbe
    hallo halt handy handynummer hatte hatten haette haelt haus hause hausnummer haustuer heissen
    heisse heisst heizung helfen herr herrn heute hier hilfe hilft hoere hoeren hoffe hund ihnen
    ihre ihrem ihren ihrer immer immobilie immobilien innen interesse interessiere internet jahr
    jahre jahren jede jeden jeder jedoch jemand jetzt juli juni kalt kamen kann kannst karte katze
    kaufen kaution kein keine keinen kennen kennzeichen kind kinder kindern klar kleine kleinen
    kleiner klein komme kommen kommt koennen koennte koennten kontakt konto kosten kostet kueche
    kunde kunden kundin kundennummer kurz laenger laeuft lage land lang lange leben leer leider
    leitung letzte letzten leute lieber liegen liegt links machen macht mache mail mal manchmal
    mann manuell maerz mehr mein meine meinem meinen meiner meinte melde melden mich miete mieten
    mieter mietvertrag minute minuten mitte mittwoch moechte moechten moeglich moeglichkeit moment
    monat monate monaten montag morgen morgens muessen musste muss mutter nach nachbar nachmittag
    nachmittags nachname nachnamen nachricht naechste naechsten naechster naemlich name namen
    natuerlich neben nehmen nein neue neuen neun nicht nichts noch nochmal null nummer nummern
    nutzen oben objekt objekte oder oefter okay ordnung passen passiert passt pause platz plus post
    postleitzahl preis prima problem provision prozent punkt quadratmeter rechnung recht rechts
    reden richtig rufe rufen rueckruf ruhig runde sache sage sagen sagt sagte samstag schade
    schaden schauen schicke schicken schlecht schliesslich schluessel schnell schoen schoene
    schoenen schon schreiben schreibt sechs sehen sehr seid seien sein seine seinen seit seite
    selbst senden september sieben siehe sind sofort sogar sohn soll sollen sollte sondern sonntag
    sonst sowie spaet spaeter sprechen spreche spricht stadt stehen steht stelle stellen stellplatz
    steuer stimmt stock strasse stueck stunde stunden suche suchen sucht tage tagen tausend teil
    telefon telefonieren telefonisch telefonnummer termin termine tochter treffen trotzdem uhrzeit
    ungefaehr unten unter unterlagen unser unsere unserem unseren unserer urlaub ueber ueberhaupt
    uebermorgen vater verabredet verbinden verbindung verfuegung verkaufen verkauf vermieten
    vermieter vermietung versicherung verstanden verstehe verstehen vertrag verwalter verwaltung
    vielen viel viele vielleicht vier voll vom vorbei vorher vorname vorwahl waere waehrend wann
    ware waren warm warten warum was wasser website webseite wegen weil weise weiss weit weiter
    weitere wenig wenn werde werden werkstatt wichtig wieder wiederhoeren wiedersehen wiederholen
    will willkommen wird wirklich wissen woche wochen wochenende wohl wohne wohnen wohnt wohnung
    wohnungen wollen wollte wollten worden wort wuensche wuenschen wuerde wuerden wurde zahlen zehn
    zeit zentrum ziehe ziehen zimmer zuerst zuhause zukunft zurueck zusammen zustand zwar zwei
    zweite zweiten zwischen assistent assistenten digital digitalen hausverwaltung kellerraum about
    account actually address after again agent already although always another anyone anything
    anyway apartment apparently appointment around arrange asked available away back balcony
    bathroom because bedroom before behind being believe best better between birth block book both
    bring building built business call called caller calling came cannot card care change check
    city clear close closed code come comes coming company contact corner cost could country course
    currently customer date daughter days dear deposit desk detail details different does doing
    done door double down during early eight either else enough evening ever every everything
    exactly expect fact family feel feet figure final find fine first five flat floor follow
    following form forward found four free friday friend from front full garden gave getting give
    given goes going gone good great group half hand happen happened happy hard have having head
    hear heard hello help here hers high hold home hope hour hours house however hundred husband
    information inside instead insurance interested into issue january july june just keep kitchen
    know landlord last later least leave left less letter like line list listing little live living
    location long look looking lost lots love made main make manager many march maybe mean meant
    meet meeting member mind minutes miss mobile monday money month months more morning most mother
    move moving much must myself national near nearly need never next nice nine nobody none normal
    nothing notice november number numbers october office often once online only open option order
    other ours over owner paid parking part pass passport past people perfect perhaps period phone
    place plan please point possible postcode pounds price probably property question quick quite
    rather reach read ready really reason receive record reference register remember rent rental
    repeat request right road room said same saturday says school second section security seem seen
    send sent service seven shall should show side simply since single sixth sixty social some
    someone something sometimes soon sorry sort sounds speak speaking spell spelled square start
    state station stay still stop street such sunday sure surname take taken talk talking tell
    tenant than thank thanks that their them then there these they thing things think this those
    though thought thousand three through thursday time times today together told tomorrow tonight
    took total town turn under understand until upon used using usually utilities very view viewing
    visit wait want wanted water ways wednesday week weekend weeks well went were what when where
    which while whole wish with within without woman wonderful word work working works would write
    written yeah year years yesterday your yours zero gmbh gesellschaft verein bank sparkasse hotel
    stiftung gemeinde limited services info mailto gmail outlook hotmail googlemail yahoo icloud
    posteo nord sued west ost bahnhof markt allee gasse chaussee ring ufer avenue lane drive court
    allen dritter ehrlich finanzamt groesse gruess haken hinten hinter kasten klingt kochen
    kollegin lagen leise linken linsen makler meter naegel steil strom unterm verlangen wagen
    council count deeds electric energy fines iron ladder lovely nursery paint parcel previous
    rough south third unit walls yard
    """
)
"""Words of four letters or more that a call has anyway: no name is looked for under them, and none
is taken for a name with a wrong letter."""

NO_NAMES = word_set(
    """
    ich du er sie es wir ihr mich mir dich dir ihn ihm uns euch man wer was wo wie wann warum der
    die das den dem des ein eine einen einem einer eines mein meine meinen dein deine sein seine
    ihre unser unsere kein keine und oder aber denn doch dass weil wenn ob als auch nur noch schon
    sehr so da dann dort hier ja nein nicht nichts bitte danke am an auf aus bei bis durch fuer
    gegen im in mit nach ohne seit ueber um unter vom von vor zu zum zur ist sind war waren bin
    bist hat habe haben hatte hatten wird werden wurde kann koennen konnte muss muessen soll sollen
    will wollen moechte darf mag geht gehe kommt komme sagt sagte sagen heisst heisse guten gute
    gut hallo guck alle alles aeh aehm hm nun also mal eben halt gerade wieder immer nie herr herrn
    frau fraeulein doktor professor familie dame damen herren kollege kollegin kollegen kolleginnen
    nachbar nachbarin nachbarn chef chefin makler maklerin vermieter vermieterin mieter mieterin
    verwalter verwalterin hausmeister buergermeister ober wirt wirtin pfarrer direktor praesident
    anwalt anwaeltin notar notarin lehrer lehrerin doktorin professorin platz ruhe schluss
    feierabend parken rauchen programm vorsicht stau ende los alarm niemand jemand frueher jetzt
    heute montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag januar februar
    maerz april mai juni juli august september oktober november dezember ostern pfingsten
    weihnachten silvester deutsch deutsche deutscher englisch englische franzoesisch spanisch
    italienisch tuerkisch polnisch russisch arabisch deutschland i you he she it we they me him her
    us them my your his its our their a the and or but nor if then than that this these those there
    here who what when where why how is are were be been do does did have has had would can could
    shall should may might must not no yes yeah okay ok please thanks thank hello hi hey good right
    well just now of at by for from into on onto to up with without about as i'm i've i'd i'll it's
    that's what's let's don't can't mr mrs ms miss mister doctor dr prof sir madam lady gentleman
    monday tuesday wednesday thursday friday saturday sunday january february march june july
    october december english german french spanish italian turkish polish russian arabic dutch
    british american european christmas easter new year internet wifi whatsapp google facebook
    youtube amazon social security national insurance paypal ebay microsoft apple airbnb zoom
    netflix uber
    """
)
"""Words that are no name wherever they stand, however they are written."""

UNITS = word_set(
    """
    euro euros eur cent cents dollar dollars usd pfund pound pounds gbp franken chf prozent percent
    quadratmeter quadratmetern quadrat qm m2 m3 kubikmeter meter metern zentimeter cm mm km
    kilometer kilo kilogramm kg gramm liter tonnen kwh kw watt kilowattstunden uhr stunden minuten
    sekunden tage tagen wochen monate monaten jahre jahren grad personen leute einwohner zimmer
    stueck tausend mio million millionen square sqm sqft feet foot ft metres meters miles hours
    minutes seconds days weeks months years people rooms degrees bucks grand thousand hundred times
    mal
    """
)
"""What stands behind an amount, so that its digits are nobody's number."""
