"""The vocabulary of a synthetic model: the bundled one, filled up to the size of another."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from models.catalog import SPEECH_FOLDER

_SAID = (
    "Guten Tag, hier spricht Renate Oberhauser, ich rufe wegen der Wohnung in der Lindenstraße an. "
    "Ist sie denn noch frei? Ja, die Kaltmiete beträgt neunhundertzwanzig Euro im Monat. "
    "Gern, dann komme ich am Donnerstag um halb fünf vorbei. Wie erreiche ich Sie am besten? "
    "Meine Nummer ist null eins sieben eins, vier sieben elf, null acht fünfzehn. "
    "Das habe ich notiert. Bringen Sie bitte die letzten drei Gehaltsnachweise mit. "
    "Der Aufzug ist im Augenblick leider kaputt, aber der Hausmeister kümmert sich darum. "
    "Haben Sie einen Stellplatz für das Auto? In der Tiefgarage ist einer zu vermieten. "
    "Vielen Dank für die Auskunft und einen schönen Tag noch, auf Wiederhören! "
)


@dataclass(frozen=True, slots=True)
class Words:
    """`tokens` in the order of their ids; the ids of the end, of a space, and of the languages;
    `said` are the ids of what the model says."""

    tokens: tuple[str, ...]
    end: int
    blank: int
    languages: tuple[int, ...]
    said: tuple[int, ...]

    def script(self, positions: int) -> list[int]:
        """The id that follows each text position: the prompt, then what is said, over and over."""
        place = {token: number for number, token in enumerate(self.tokens)}
        prompt = [place[name] for name in ("<|de|>", "<|transcribe|>", "<|0.00|>")]
        spoken = (self.said[at % len(self.said)] for at in range(positions - len(prompt)))
        return [*prompt, *spoken]


def write_tokenizer(size: int, bands: int, folder: Path) -> Words:
    """Write `tokenizer.json` and `preprocessor_config.json`. Filling stands between the words and
    the special tokens, for Whisper's time stamps must be the last."""
    tokenizer = json.loads((SPEECH_FOLDER / "tokenizer.json").read_text("utf-8"))
    texts, added = tokenizer["model"]["vocab"], tokenizer["added_tokens"]
    used = max(each["id"] for each in added) + 1
    first = added[0]["id"]
    tokens = [""] * first
    for text, number in texts.items():
        tokens[number] = text
    for each in added:
        each["id"] += size - used
    tokens += [f"fill{number}" for number in range(first, first + size - used)]
    texts.update((token, number) for number, token in enumerate(tokens) if number >= first)
    tokens += [each["content"] for each in added]
    folder.joinpath("tokenizer.json").write_text(json.dumps(tokenizer), "utf-8")
    _write_preprocessor(bands, folder)
    said = Tokenizer.from_str(json.dumps(tokenizer)).encode(" " + _SAID).ids
    place = {token: number for number, token in enumerate(tokens)}
    languages = (place["<|en|>"], place["<|de|>"])
    return Words(tuple(tokens), place["<|endoftext|>"], place["Ġ"], languages, tuple(said))


def _write_preprocessor(bands: int, folder: Path) -> None:
    settings = json.loads((SPEECH_FOLDER / "preprocessor_config.json").read_text("utf-8"))
    text = json.dumps(settings | {"feature_size": bands})
    folder.joinpath("preprocessor_config.json").write_text(text, "utf-8")
