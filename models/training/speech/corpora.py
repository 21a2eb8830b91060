"""Word lists and running text from Debian packages (see README): read, filtered, never copied."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_DICTIONARIES = {"de": "/usr/share/dict/ngerman", "en": "/usr/share/dict/american-english"}
_TRANSLATIONS = Path("/usr/share/trans/de-en")
_FORTUNES = {"de": "/usr/share/games/fortunes/de", "en": "/usr/share/games/fortunes"}
_LETTERS = {"de": "A-Za-zÄÖÜäöüßé", "en": "A-Za-zé"}
_MARKUP = re.compile(r"\{[^}]*\}|\[[^\]]*\]|\([^)]*\)|<[^>]*>")
#: abbreviations of the dictionary that nobody says
_UNSPOKEN = re.compile(r"\b(jdm|jdn|jds|jd|etw|sb|sth|bzw|usw|etc|ca|Nr|Abk|vs|z|d|u|o|St|Dr|Mr)\.")
_LENGTH = range(8, 130)


def _speakable(text: str, language: str) -> bool:
    allowed = re.fullmatch(rf"[{_LETTERS[language]} ,.?'\-]+", text)
    shouting = re.search(r"[A-ZÄÖÜ]{2}|[a-z][A-Z]|\.\w|\w-\W", text)
    return bool(allowed) and not shouting and len(text) in _LENGTH and not _UNSPOKEN.search(text)


def _clean(text: str) -> str:
    text = _MARKUP.sub("", text).replace("’", "'").replace("!", ".").replace(":", ",")
    return re.sub(r"\s+", " ", text).strip(" ;-")


@cache
def dictionary(language: str) -> list[str]:
    """Words of 2 to 18 letters without abbreviations."""
    lines = Path(_DICTIONARIES[language]).read_text(encoding="utf-8").splitlines()
    word = re.compile(rf"[{_LETTERS[language]}][a-zäöüßé]{{1,17}}")
    return [w for w in lines if word.fullmatch(w) and re.search("[aeiouyäöü]", w)]


@cache
def running_text(language: str) -> tuple[list[str], list[str]]:
    """Whole sentences and phrases of three words or more, without repetitions."""
    sentences, phrases = set[str](), set[str]()
    for text in _dictionary_examples(language):
        if not _speakable(text, language):
            continue
        if text[-1] in ".?" and text[0].isupper():
            sentences.add(text)
        elif len(text.split()) > 2 and text[-1] not in ".,'-":
            phrases.add(text + ".")
    sentences.update(t for t in _sayings(language) if _speakable(t, language))
    return sorted(sentences), sorted(phrases)


def _dictionary_examples(language: str) -> list[str]:
    examples = []
    for line in _TRANSLATIONS.read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or "::" not in line:
            continue
        side = line.split("::")[0 if language == "de" else 1]
        examples += [_clean(part) for group in side.split("|") for part in group.split(";")]
    return [text for text in examples if text]


def _sayings(language: str) -> list[str]:
    found = []
    for path in sorted(Path(_FORTUNES[language]).glob("*.u8")):
        text = path.resolve().read_text(encoding="utf-8", errors="ignore")
        for saying in text.split("\n%\n"):
            body = re.sub(r"\s+", " ", re.sub(r"\n\s*--.*", "", saying))
            for sentence in re.findall(r"[A-ZÄÖÜ][^.?!:;\"()]{12,110}[.?!]", body):
                found.append(_clean(sentence))
    return found
