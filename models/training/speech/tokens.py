"""The tokenizer: a small byte-level BPE, then Whisper's control tokens, then the timestamps.

The order is what faster-whisper and ctranslate2 expect: without the empty token ctranslate2 takes
the model for English-only, and text must lie below ``<|endoftext|>``.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

PIECES = 800
SPECIAL = (
    "<|endoftext|>",
    "<|startoftranscript|>",
    "<|en|>",
    "<|de|>",
    "<|translate|>",
    "<|transcribe|>",
    "<|startoflm|>",
    "<|startofprev|>",
    "<|nospeech|>",
    "<|notimestamps|>",
)
STEP = 0.02
_TIMES = tuple(f"<|{i * STEP:.2f}|>" for i in range(1501))
# faster-whisper bans the first piece of these; as pieces of their own they spare the bare space
_BANNED = (" -", " '", " ♪")


def train(sentences: Iterable[str], path: Path) -> None:
    """Learn the pieces and write ``tokenizer.json``."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    texts = [" " + sentence for sentence in sentences]
    texts += ["".join(_BANNED)] * (len(texts) // 20)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=PIECES, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    # the empty token cannot be an added one, so it goes into the vocabulary itself
    import json

    plain = json.loads(tokenizer.to_str())
    plain["model"]["vocab"][""] = len(plain["model"]["vocab"])
    tokenizer = Tokenizer.from_str(json.dumps(plain))
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in SPECIAL])
    tokenizer.add_tokens([AddedToken(t, normalized=False) for t in _TIMES])
    path.parent.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(path))


class Vocabulary:
    """Ids for training; words are encoded one by one and remembered."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tokenizer = Tokenizer.from_file(str(path))
        self._known: dict[str, list[int]] = {}

    def word(self, word: str) -> list[int]:
        """Ids of a word with its leading space."""
        if word not in self._known:
            self._known[word] = self.tokenizer.encode(" " + word, add_special_tokens=False).ids
        return self._known[word]

    def id(self, token: str) -> int:
        """The id of a control token."""
        found = self.tokenizer.token_to_id(token)
        if found is None:
            raise KeyError(token)
        return found

    def time(self, seconds: float) -> int:
        """The id of the nearest timestamp."""
        return self.first_time + min(max(round(seconds / STEP), 0), len(_TIMES) - 1)

    @cached_property
    def first_time(self) -> int:
        """Id of ``<|0.00|>``; also the number of all other tokens."""
        return self.id(_TIMES[0])

    @cached_property
    def end(self) -> int:
        """Id of ``<|endoftext|>``."""
        return self.id("<|endoftext|>")
