"""Draws training sentences: templates, running text, single items and random dictionary words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from random import Random

from . import corpora, items

_HERE = Path(__file__).parent
_SLOT = re.compile(r"\{(\w+)\}")
_CHOICE = re.compile(r"\(([^()]*)\)")
#: share of each kind of text; running text teaches spelling, templates teach the domain
SHARES = {"template": 0.42, "running": 0.24, "phrase": 0.08, "item": 0.16, "words": 0.1}
_ITEMS = (  # noqa: SIM905
    "spell spell spell letters name name name phone phone email email email address address "
    "number price date time birth zip agency city cardinal"
).split()


@cache
def sections(language: str) -> dict[str, list[str]]:
    """Sections of the template file: word lists by name, and ``sentences``."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in (_HERE / f"templates_{language}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            name = line[2:]
            found[name] = []
        elif name == "sentences":
            found[name].append(line)
        else:
            found[name].extend(line.split("|"))
    return found


class SentenceWriter:
    """Writes sentences of one language; the same generator state gives the same sentences."""

    def __init__(self, language: str, rng: Random, surnames: Sequence[str] = ()) -> None:
        self.language = language
        self.rng = rng
        self._lists = sections(language)
        self._surnames = surnames
        self._words = corpora.dictionary(language)
        self._running, self._phrases = corpora.running_text(language)
        self._kinds: dict[str, Callable[[], str]] = {
            "template": self.template,
            "running": lambda: rng.choice(self._running),
            "phrase": lambda: rng.choice(self._phrases),
            "item": lambda: _ended(self.slot(rng.choice(_ITEMS))),
            "words": lambda: " ".join(rng.choices(self._words, k=rng.randint(2, 6))) + ".",
        }

    def sentence(self) -> str:
        """One sentence, sometimes two short ones."""
        kind = self.rng.choices(list(SHARES), weights=list(SHARES.values()))[0]
        text = self._kinds[kind]()
        if len(text) < 45 and self.rng.random() < 0.35:
            text += " " + self.template()
        return text

    def template(self) -> str:
        """One sentence of the estate-agency templates."""
        return tidy(self.expand(self.rng.choice(self._lists["sentences"])))

    def expand(self, pattern: str) -> str:
        """Resolve ``(a|b)`` from the inside out, then ``{slots}``."""
        while match := _CHOICE.search(pattern):
            choice = self.rng.choice(match[1].split("|"))
            pattern = pattern[: match.start()] + choice + pattern[match.end() :]
        return _SLOT.sub(lambda match: self.slot(match[1]), pattern)

    def slot(self, name: str) -> str:
        """A random value of a slot: a computed item or an entry of a word list."""
        if name == "last" and self._surnames and self.rng.random() < 0.5:
            return self.rng.choice(self._surnames)
        if name in items.MAKERS:
            return items.MAKERS[name](self)
        return self.expand(self.rng.choice(self._lists[name]))


def tidy(text: str) -> str:
    """One space between words, none before punctuation, a capital at the start."""
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r"\s+([,.?])", r"\1", text)
    text = re.sub(r"([,.?])[,.]+", r"\1", text)
    return text[:1].upper() + text[1:]


def _ended(text: str) -> str:
    text = tidy(text)
    return text if text.endswith((".", "?")) else text + "."
