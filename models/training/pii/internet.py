"""E-mail and web addresses, written or spoken."""

from __future__ import annotations

import re

from models.training.pii.drawn import Drawn

_HOSTS = {
    "de": "gmx.de web.de t-online.de gmail.com posteo.de freenet.de outlook.de yahoo.de icloud.com "
    "hotmail.com mailbox.org gmx.net googlemail.com arcor.de gmx.at bluewin.ch",
    "en": "gmail.com yahoo.com outlook.com hotmail.co.uk icloud.com aol.com btinternet.com sky.com "
    "proton.me live.com me.com yahoo.co.uk comcast.net",
}
_ENDS = {
    "de": ("de", "de", "com", "net", "eu", "at", "ch"),
    "en": ("com", "co.uk", "org", "net", "org.uk", "ie"),
}
_DASHES = {"de": ("minus", "bindestrich", "strich"), "en": ("dash", "hyphen")}
_WWW = {"de": ("www punkt ", "w w w punkt ", ""), "en": ("www dot ", "w w w dot ", "")}
_AT = re.compile(r" (?:at|ät|et|klammeraffe) ")


class Internet(Drawn):
    """Addresses of people and firms."""

    def email(self, like: str) -> str:
        """An e-mail address; half of one where `like` is a fragment."""
        first, last = self.names.first().lower().split("-")[0], self.surname().lower()
        address = f"{self._local(first, last)}@{self._host(last)}"
        if "@" in like:
            return address
        local, host = address.split("@")
        at = self.dice.choice(["at", "at", "ät", "ät", "klammeraffe", "et"])
        at = at if self.german else "at"
        said = f"{self._spoken(local)} {at} {self._spoken(host)}"
        if len(like.split()) > 3 or _AT.search(like):
            return said
        return self.dice.choice([said.split(f" {at} ")[0], f"{at} {self._spoken(host)}"])

    def _local(self, first: str, last: str) -> str:
        year = self.dice.randint(1, 99)
        return self.dice.choice(
            [f"{first}.{last}"] * 4
            + [f"{first[0]}.{last}", f"{last}{year}", f"{first}_{last}", f"{first}-{last}", last]
            + ["info", f"{first}{last}", f"{last}.{first}", f"{first}.{last}{year}"]
        )

    def _host(self, last: str) -> str:
        if self.dice.random() >= 0.3:
            return self.dice.choice(_HOSTS[self.language].split())
        tail = self.dice.choice(["", "-immobilien", "-bau", "homes"])
        return f"{last}{tail}.{self.dice.choice(['de', 'com', 'co.uk', 'net', 'org'])}"

    def _spoken(self, written: str) -> str:
        voice = self.voice()
        said = re.sub(r"\d+", lambda match: f" {voice.digits(match[0])} ", written)
        if self.dice.random() < 0.12 and len(written) < 9 and written.isalpha():
            said = voice.letters(written)
        signs = {
            ".": "punkt" if self.german else "dot",
            "-": self.dice.choice(_DASHES[self.language]),
            "_": "unterstrich" if self.german else "underscore",
        }
        for sign, word in signs.items():
            said = said.replace(sign, f" {word} ")
        return re.sub(r"\s+", " ", said).strip()

    def url(self, like: str) -> str:
        """A web address."""
        tail = self.dice.choice(["", "-immobilien", "-hausverwaltung", "", "homes", "-group"])
        site = f"{self.surname().lower()}{tail}.{self.dice.choice(_ENDS[self.language])}"
        path = self.dice.choice(["", "", "", "kontakt" if self.german else "contact"])
        if "." in like and " punkt " not in like and " dot " not in like:
            address = self.dice.choice(["www.", "www.", "", "https://"]) + site
            return f"{address}/{path}" if path else address
        slash = "slash" if self.german else self.dice.choice(["slash", "forward slash"])
        said = self.dice.choice(_WWW[self.language]) + self._spoken(site)
        return f"{said} {slash} {path}" if path else said
