"""Tolerant restoring: what a language model wrote about a redacted transcript gets its originals.

Models re-case, bend, escape, re-bracket and translate pseudonyms. What cannot be told apart is
reported and left alone. Every pattern is bounded, so time is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipeline.domain.privacy import Vault
from pipeline.stages.folded_text import FoldedText
from pipeline.stages.token_words import NAMES, types_called
from pipeline.stages.vault_names import TOKEN, VaultNames


@dataclass(frozen=True, slots=True)
class Restored:
    """`text` with originals in it. `restored` and `lost` are pseudonyms of the vault that were
    found and not found; `unknown` is what looks like one and is none. Each is named once."""

    text: str = field(repr=False)
    restored: tuple[str, ...]
    unknown: tuple[str, ...]
    lost: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Hit:
    """Characters `start:end` are a token; `ending` is what a model hung on inside of it."""

    start: int
    end: int
    pseudonym: str | None
    ending: str


_PAD = r"[ \\*`~_]{0,6}+"
_OPEN = r"(?P<open>(?:\\{0,2}[\[({<]|&lt;|&\#91;){1,3}+)"
_CLOSE = r"(?P<close>(?:\\{0,2}[\])}>]|&gt;|&\#93;){1,3}+)"
_TYPE = r"(?P<type>[a-z]{1,32}+(?:[ _\\./'’-]{1,4}+[a-z]{1,32}+){0,5}+)"
_NUMBER = r"(?P<number>\d{1,9}+)(?!\d)"
_ENDING = r"(?P<ending>(?:['’]s|ens|ns|es|en|em|er|s|e|n)?)"
_BRACKETED = re.compile(
    rf"{_OPEN}{_PAD}{_TYPE}(?P<between>[ _\\#.:-]{{0,5}}+){_NUMBER}{_ENDING}{_PAD}{_CLOSE}"
)
_APART = re.compile(
    rf"{_OPEN}{_PAD}{_TYPE}{_PAD}{_CLOSE}(?P<between>(?:\\{{0,2}}_|\#)?){_NUMBER}(?![^\W_])(?P<ending>)"
)
_BARE = re.compile(
    r"(?<![^\W_])(?P<type>[a-z]{1,32}+(?:(?:\\{0,2}_|-)[a-z]{1,32}+){0,6}+)"
    rf"\\{{0,2}}_{_NUMBER}(?P<ending>(?:ens|ns|es|en|em|er|s|e|n)?)(?![^\W_]|[.,]\d)"
)
_BRACKET = re.compile(r"\\{0,2}([\[\](){}<>])|&(lt|gt|\#91|\#93);")
_ENTITIES = {"lt": "<", "gt": ">", "#91": "[", "#93": "]"}
_PAIRS = {"[": "]", "(": ")", "{": "}", "<": ">"}


def restore_text(text: str, vault: Vault) -> Restored:
    """Put the originals of `vault` back into `text`, whatever a model made of the pseudonyms.

    Never raises. Of several originals of one pseudonym the fullest one is inserted.
    """
    names = VaultNames(vault)
    hits = _hits(FoldedText(text), names)
    parts: list[str] = []
    done = 0
    for hit in hits:
        if hit.pseudonym is not None:
            parts += [text[done : hit.start], names.surfaces[hit.pseudonym], hit.ending]
            done = hit.end
    restored = dict.fromkeys(hit.pseudonym for hit in hits if hit.pseudonym is not None)
    unknown = dict.fromkeys(text[hit.start : hit.end] for hit in hits if hit.pseudonym is None)
    return Restored(
        "".join([*parts, text[done:]]),
        tuple(restored),
        tuple(unknown),
        tuple(name for name in names.surfaces if name not in restored),
    )


def _hits(folded: FoldedText, names: VaultNames) -> list[_Hit]:
    hits: list[_Hit] = []
    taken: set[int] = set()
    for find in (_bracketed, _bare):
        for hit in find(folded, names):
            if hit.start not in taken and hit.end - 1 not in taken:
                hits.append(hit)
                taken.update(range(hit.start, hit.end))
    return sorted(hits, key=lambda hit: hit.start)


def _bracketed(folded: FoldedText, names: VaultNames) -> Iterator[_Hit]:
    for pattern in (_BRACKETED, _APART):
        for match in pattern.finditer(folded.text):
            unwrapped = _unwrap(match)
            if unwrapped is None or _is_prose(folded, match, unwrapped[0]):
                continue
            bracket, start, end = unwrapped
            start, end = folded.source(start, end)
            kinds = types_called(_words(match["type"]))
            exact = TOKEN.fullmatch(folded.source_text[start:end]) is not None
            pseudonym = names.one(kinds, int(match["number"]))
            if pseudonym or exact or (kinds and (bracket != "(" or "_" in match["between"])):
                yield _Hit(start, end, pseudonym, folded.part(*match.span("ending")))


def _unwrap(match: re.Match[str]) -> tuple[str, int, int] | None:
    """The innermost bracket and where the token begins and ends: equal brackets around it fall
    with it, `{{…}}`, others stay, `([…])`."""
    opens = list(_BRACKET.finditer(match["open"]))[::-1]
    closes = list(_BRACKET.finditer(match["close"]))
    kind = _sign(opens[0])
    last = None
    for left, right in zip(opens, closes, strict=False):
        if _sign(left) != kind or _sign(right) != _PAIRS[kind]:
            break
        last = (match.start("open") + left.start(), match.start("close") + right.end())
    if last is None:
        return None
    # a number that stands behind its brackets
    return kind, last[0], max(last[1], match.end("number"))


def _sign(match: re.Match[str]) -> str:
    return match[1] or _ENTITIES[match[2]]


def _is_prose(folded: FoldedText, match: re.Match[str], bracket: str) -> bool:
    """`(Person 1)` and `{person: 1}` are what people and programs write anyway."""
    if bracket == "[" or "_" in match["between"]:
        return False
    if bracket == "(":
        return not folded.part(*match.span("type")).isupper()
    return ":" in match["between"]


def _bare(folded: FoldedText, names: VaultNames) -> Iterator[_Hit]:
    text = folded.text
    for match in _BARE.finditer(text):
        if not _stands_alone(text, *match.span()):
            continue
        start, words = match.start(), match["type"].split("-")
        while words:
            kinds = types_called(_words("-".join(words)))
            written = folded.part(start, match.end("type"))
            canonical = "".join(_words("-".join(words))) in NAMES
            if kinds and (canonical or written.isupper()):
                pseudonym = names.one(kinds, int(match["number"]))
                if pseudonym or (canonical and written.isupper()):
                    end = match.end("number") if pseudonym else match.end()
                    yield _Hit(*folded.source(start, end), pseudonym, "")
                break
            start += len(words.pop(0)) + 1


def _stands_alone(text: str, start: int, end: int) -> bool:
    """`_PERSON_1_` is emphasis, `my__PERSON_1` and `PERSON_1_NAME` are names of something else."""
    before, after = start, end
    while before > 0 and text[before - 1] == "_":
        before -= 1
    while after < len(text) and text[after] == "_":
        after += 1
    joined_left = before < start and text[before - 1 : before].isalnum()
    return not joined_left and not (after > end and text[after : after + 1].isalnum())


def _words(text: str) -> list[str]:
    return re.findall("[a-z]+", text)
