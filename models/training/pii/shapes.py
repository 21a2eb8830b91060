"""How codes are built: of the English-speaking world, of the German-speaking, and what people
bring along.

In a shape `A` stands for a letter and `9` for a digit; anything else stands for itself.
"""

from __future__ import annotations

from random import Random

_LETTERS = "abcdefghijklmnopqrstuvwxyz"

#: Britain most often, then the United States, Ireland, Australia, India
PLATES = ("AA99AAA",) * 4 + ("9AAA999", "AAA9999", "AAA999", "999A99999", "A999AAA", "AA99AA9999",
                             "AA99AA", "AA9999")  # fmt: skip
PASSPORTS = ("999999999",) * 3 + ("A99999999", "A9999999", "AA9999999", "AA999999", "c99AA9999")
#: United States and India, Singapore, South Africa, Malaysia, the Emirates, Spain, Italy, Poland
IDENTITY_CARDS = ("999999999", "AA9999999", "A99AA9999", "999999999999", "A9999999A",
                  "9999999999999", "784999999999999", "99999999A", "AA99999AA", "AAA999999",
                  "AA9999999", "AA999999")  # fmt: skip
#: national insurance, social security, PPS
SOCIAL = ("AA999999A",) * 4 + ("999999999",) * 3 + ("9999999AA", "9999999A")
#: UTR, EIN, VAT, PAYE, PAN, ABN
TAX = ("9999999999", "9999999999", "999999999", "gb999999999", "999AA99999", "999A999",
       "AAAAA9999A", "99999999999", "ie9999999AA")  # fmt: skip
#: NHS, sort code, account, routing, driving licence, share code, meter, parcel, case, customer
OTHER = ("9999999999", "999999", "99999999", "999999999", "AAAAA999999AA9AA", "A99AAA9AA",
         "A99A9999999", "AA999999999AA", "AAA999999", "9999A999", "A9999999", "99999",
         "999999999999", "AA9999")  # fmt: skip
IBANS = ("gb99AAAA99999999999999",) * 4 + (
    "ie99AAAA99999999999999", "de99999999999999999999", "fr9999999999999999999999999",
    "nl99AAAA9999999999", "es9999999999999999999999", "at999999999999999999",
)  # fmt: skip
#: Canada and Ireland
POSTCODES = ("A9A9A9", "A99A9A9", "A99AA99", "A999A9A")
#: Germany most often, then Austria and Switzerland, and what people bring along
SOCIAL_DE = ("99999999A999",) * 4 + ("9999999999", "7569999999999")
TAX_DE = ("99999999999",) * 3 + ("9999999999", "9999999999999", "de999999999", "999999999",
                                 "atu99999999")  # fmt: skip
IDENTITY_CARDS_DE = ("A99AA9999", "A9AA9A99A", "999999999", "AA9999999", "A99999999", "AA99999AA",
                     "A9999999", "AAA999999")  # fmt: skip
PASSPORTS_DE = ("c99AA9999", "c9AA99A9A", "999999999", "A99999999", "A9999999", "AA9999999",
                "99AA99999", "AA999999")  # fmt: skip


def shaped(shapes: tuple[str, ...], dice: Random) -> str:
    """One of `shapes` with letters and digits by chance."""
    return "".join(
        dice.choice(_LETTERS) if char == "A" else dice.choice("0123456789") if char == "9" else char
        for char in dice.choice(shapes)
    )
