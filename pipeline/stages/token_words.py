"""What language models call the types of pseudonyms when they translate or shorten them."""

from __future__ import annotations

from pipeline.domain.privacy import EntityType as T

# Folded: lower case, no diacritics, no spaces or hyphens. A word under two types is ambiguous
# where a vault holds both.
_WORDS = {
    T.PERSON: """
        person name anrufer anruferin kunde kundin vorname nachname familienname caller customer
        firstname lastname surname fullname personne nom prenom persona nombre apellido nome
        cognome pessoa persoon naam osoba kisi isim speaker sprecher
    """,
    T.LOCATION: """
        location ort place city stadt town wohnort standort gemeinde ortschaft lieu ville lugar
        ciudad ubicacion luogo citta posizione local cidade plaats stad locatie miejsce konum
        localisation emplacement lage region gegend
    """,
    T.STREET_ADDRESS: """
        streetaddress street address adresse anschrift strasse strassenadresse strassenanschrift
        wohnadresse postadresse postanschrift hausanschrift road postaladdress homeaddress rue
        adressepostale direccion calle domicilio indirizzo via endereco rua adres straat
        straatadres straatnaam ulica
    """,
    T.POSTCODE: """
        postcode postalcode zip zipcode plz postleitzahl codepostal codigopostal cap
        codicepostale cep
    """,
    T.PHONE_NUMBER: """
        phonenumber phone telephone telephonenumber telefon telefonnummer rufnummer handynummer
        handy mobilnummer mobilfunknummer mobil mobile mobilenumber cellphone cell tel nummer
        number festnetznummer rueckrufnummer numerodetelephone numero telefono telefone
        numerodetelefono numeroditelefono telefoon telefoonnummer
    """,
    T.EMAIL_ADDRESS: """
        emailaddress email mail mailaddress emailadresse mailadresse adresse address courriel
        adresseemail adressemail correo correoelectronico direccion indirizzo indirizzoemail
        emailadres adres endereco
    """,
    T.DATE_OF_BIRTH: """
        dateofbirth dob birthdate birthday birth geburtsdatum geburtstag datum date
        datedenaissance naissance fechadenacimiento fecha datadinascita data datadenascimento
        geboortedatum
    """,
    T.IBAN: """
        iban ibannumber ibannummer konto kontonummer bankverbindung account accountnumber
        bankaccount bankkonto compte numerodecompte cuenta conto rekening rekeningnummer
    """,
    T.CREDIT_CARD: """
        creditcard creditcardnumber kreditkarte kreditkartennummer card cardnumber karte
        kartennummer cartedecredit cartebancaire tarjeta tarjetadecredito cartadicredito
        cartaodecredito creditcardnummer kaart
    """,
    T.TAX_ID: """
        taxid tax taxnumber taxidentificationnumber steuernummer steuerid
        steueridentifikationsnummer steueridnummer umsatzsteuerid ustid vatid nummer number id
        numerofiscal identifiantfiscal codicefiscale nif belastingnummer
    """,
    T.SOCIAL_SECURITY: """
        socialsecurity socialsecuritynumber ssn sozialversicherungsnummer sozialversicherung
        svnummer svnr rentenversicherungsnummer versicherungsnummer nationalinsurance
        nationalinsurancenumber securitesociale numerodesecuritesociale seguridadsocial
        burgerservicenummer bsn nummer number
    """,
    T.ID_CARD: """
        idcard idcardnumber identitycard ausweis ausweisnummer personalausweis
        personalausweisnummer cartedidentite cartaditdentita cartadidentita
        documentodeidentidad dni identiteitskaart id card karte nummer number
    """,
    T.PASSPORT: """
        passport passportnumber pass passnummer reisepass reisepassnummer passeport pasaporte
        passaporto paspoort passaporte nummer number
    """,
    T.LICENSE_PLATE: """
        licenseplate licenceplate licenseplatenumber numberplate plate platenumber kennzeichen
        kfzkennzeichen autokennzeichen nummernschild plaquedimmatriculation immatriculation
        plaque matricula placa targa kenteken
    """,
    T.ORGANIZATION: """
        organization organisation company firma unternehmen betrieb verein behoerde behorde org
        firmenname companyname societe entreprise organizacion empresa azienda organizzazione
        societa organizacao bedrijf organisatie
    """,
    T.URL: """
        url link website webseite internetseite homepage internetadresse webadresse webaddress
        site siteweb sitioweb sitoweb
    """,
    T.OTHER_ID: """
        otherid other id kennung identifier reference referencenumber kundennummer customernumber
        aktenzeichen vertragsnummer sonstigeid sonstigekennung anderekennung andereid
        referenz referenznummer vorgangsnummer account nummer number autreid otroid altroid
    """,
}


def _types() -> dict[str, frozenset[T]]:
    types: dict[str, frozenset[T]] = {}
    for kind, words in _WORDS.items():
        for word in words.split():
            types[word] = types.get(word, frozenset()) | {kind}
    return types


TYPES = _types()
NAMES = {kind.value.lower().replace("_", ""): kind for kind in T}
_ENDINGS = ("", "e", "n", "s", "en", "es", "er", "ns")
_COUNTERS = frozenset({"nr", "no", "num", "nummer", "number", "n"})


def types_called(words: list[str]) -> frozenset[T]:
    """The types that `words` (folded) may stand for, in the singular or inflected."""
    found = _called("".join(words))
    if not found and len(words) > 1 and words[-1] in _COUNTERS:
        return _called("".join(words[:-1]))
    return found


def _called(word: str) -> frozenset[T]:
    if word in NAMES:
        return frozenset({NAMES[word]})
    for ending in _ENDINGS:
        if word.endswith(ending) and (stem := word[: len(word) - len(ending)]) in TYPES:
            return TYPES[stem]
    return frozenset()
