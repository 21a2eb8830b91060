"""What GLiNER, transformers and other models call the types of PII.

Sources: the labels of CoNLL-2003 and GermEval, of `urchade/gliner_multi_pii-v1`, and of the
ai4privacy data sets that many PII models were trained on.
"""

from __future__ import annotations

import re

from pipeline.domain.privacy import EntityType

_NAMES = {
    EntityType.PERSON: "per name fullname firstname lastname givenname surname middlename",
    EntityType.LOCATION: "loc gpe city place",
    EntityType.STREET_ADDRESS: "address street homeaddress",
    EntityType.POSTCODE: "postalcode zipcode zip",
    EntityType.PHONE_NUMBER: "phone telephone telephonenumber telephonenum mobilephonenumber "
    "landlinephonenumber faxnumber",
    EntityType.EMAIL_ADDRESS: "email",
    EntityType.DATE_OF_BIRTH: "dob birthdate birthday",
    EntityType.IBAN: "ibancode",
    EntityType.CREDIT_CARD: "creditcardnumber",
    EntityType.TAX_ID: "taxnumber taxnum taxidentificationnumber",
    EntityType.SOCIAL_SECURITY: "ssn socialnum socialsecuritynumber",
    EntityType.ID_CARD: "idcardnum idcardnumber identitycardnumber nationalidnumber",
    EntityType.PASSPORT: "passportnumber",
    EntityType.LICENSE_PLATE: "licenseplatenumber vehicleregistrationnumber",
    EntityType.ORGANIZATION: "org organisation company companyname",
    EntityType.URL: "website",
    EntityType.OTHER_ID: "username accountnum accountnumber bankaccountnumber ipaddress "
    "driverslicensenumber driverlicensenum healthinsurancenumber healthinsuranceidnumber "
    "insurancenumber socialmediahandle",
}
_POSITION = re.compile(r"^[BILESU]-")


def kind_of(label: str) -> EntityType | None:
    """The type that `label` names. Case, spaces, signs and a position in front do not count:
    `Phone-Number`, `B-PER`."""
    return _LABELS.get(_letters(label)) or _LABELS.get(_letters(_POSITION.sub("", label)))


def _letters(label: str) -> str:
    return "".join(filter(str.isalpha, label)).lower()


_LABELS = {_letters(kind): kind for kind in EntityType} | {
    name: kind for kind, names in _NAMES.items() for name in names.split()
}
