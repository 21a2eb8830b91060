"""Whisper models of any shape with random weights: what the big ones cost, where none is at hand.

A random network would write until it is full, and differently for every contender. This one stops:
a few of its numbers are set by hand, the rest are random and small beside them, so that it computes
what a trained model of its shape computes, and every contender gets the same work.

- The encoder's first two dimensions tell whether a frame holds audio. One head of the decoder
  averages them over the window, which says how many seconds there are, and a clock of the text
  position ends the text after `TOKENS_A_SECOND` for each of them. So a window costs by what is in
  it, as speech does; a fixed number a window would favour whoever needs fewer windows.
- Which token comes is a function of the position: sentences of a telephone call, with a
  probability near one, so that nobody decodes a second time.
- The heads that word times are read from look at the frame at which a position is due.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ctranslate2.specs.whisper_spec import WhisperSpec
from numpy.typing import NDArray

from benchmarks.throughput.synthetic_words import Words, write_tokenizer

TOKENS_A_SECOND = 4.0
"""About what Whisper's vocabulary needs for German on the telephone."""
_FRAMES, _POSITIONS, _PROMPT = 1500, 448, 3
_FRAMES_A_SECOND = 50
_CODE = 64
"""Dimensions that say where in time a frame, or a text position, is."""
_SWITCH = 16.0
"""Size of the switch's two dimensions together, on telephone speech."""
_BANDS = 8
"""Mel bands that are asked whether there is audio."""

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a Whisper model; a head is 64 wide in all of OpenAI's."""

    width: int
    encoder_layers: int
    decoder_layers: int
    bands: int
    vocabulary: int
    head: int = 64

    @property
    def heads(self) -> int:
        """Of each attention."""
        return self.width // self.head


SHAPES = {
    "tiny": Shape(384, 4, 4, 80, 51865),
    "small": Shape(768, 12, 12, 80, 51865),
    "large-v3-turbo": Shape(1280, 32, 4, 128, 51866),
}


def synthetic_model(shape: Shape, folder: Path) -> Path:
    """`folder`, with a model of that shape for faster-whisper; made where it is not there yet.
    Weights are int8 on disk: CTranslate2 turns them into whatever it computes with."""
    if (folder / "model.bin").is_file():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    words = write_tokenizer(shape.vocabulary, shape.bands, folder)
    spec = _Weights(shape, words).spec()
    spec.register_vocabulary(words.tokens)
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = [words.blank, words.end]
    spec.config.lang_ids = list(words.languages)
    spec.config.alignment_heads = [(shape.decoder_layers - 1, 1)]
    spec.validate()
    spec.optimize(quantization="int8")
    aside = folder / "unfinished"
    aside.mkdir(exist_ok=True)
    spec.save(str(aside))
    for file in sorted(aside.iterdir(), key=lambda each: each.name == "model.bin"):
        file.replace(folder / file.name)  # the weights last: they say that it is whole
    aside.rmdir()
    return folder


class _Weights:
    """Fills a `WhisperSpec`. Dimensions that carry meaning are written by nobody but the
    embeddings of positions and, the clock, by one attention."""

    def __init__(self, shape: Shape, words: Words) -> None:
        self._shape, self._words = shape, words
        self._random = np.random.default_rng(7)
        self._script = self._random.choice(np.array([-1, 1], np.float32), (_POSITIONS, shape.width))
        self._script[:, : 1 + _CODE] = 0.0

    def spec(self) -> WhisperSpec:
        """All of it."""
        shape = self._shape
        spec = WhisperSpec(shape.encoder_layers, shape.heads, shape.decoder_layers, shape.heads)
        self._ears(spec.encoder)
        for layer in spec.encoder.layer:
            self._self_attention(layer.self_attention, 2 + _CODE)
            self._feed_forward(layer.ffn, 2 + _CODE)
        self._norm(spec.encoder.layer_norm)
        self._text(spec.decoder)
        for layer in spec.decoder.layer:
            self._self_attention(layer.self_attention, 1 + _CODE)
            self._cross_attention(layer.attention)
            self._feed_forward(layer.ffn, 1 + _CODE)
        self._norm(spec.decoder.layer_norm)
        self._watch_the_time(spec.decoder.layer[0].attention)
        self._follow(spec.decoder.layer[-1].attention)
        return spec

    def _ears(self, encoder: Any) -> None:
        """conv1 takes the size of a few bands; conv2 makes a switch of it: 1 for audio, 0 for
        the zeros behind it, as the difference of its first two dimensions."""
        width = self._shape.width
        first = 0.05 * self._normal(width, self._shape.bands, 3)
        first[: 2 * _BANDS] = 0.0
        for band in range(_BANDS):
            first[2 * band, 4 * band, 1], first[2 * band + 1, 4 * band, 1] = 8.0, -8.0
        second = 0.2 / math.sqrt(3 * width) * self._normal(width, width, 3)
        second[: 2 + _CODE] = 0.0
        second[:2, : 2 * _BANDS, 1] = 0.15
        bias = np.zeros(width, np.float32)
        bias[:2] = -3.0, -4.0
        encoder.conv1.weight, encoder.conv1.bias = first, np.zeros(width, np.float32)
        encoder.conv2.weight, encoder.conv2.bias = second, bias
        encoder.position_encodings.encodings = np.concatenate(
            [np.zeros((_FRAMES, 2)), _code(np.arange(_FRAMES)), self._waves()], axis=1
        ).astype(np.float32)

    def _waves(self) -> Array:
        """Whisper's positions, of unit variance, in the dimensions that are left."""
        width = self._shape.width - 2 - _CODE
        rates = np.exp(-math.log(10_000) * np.arange(width // 2) / (width // 2 - 1))
        angles = np.arange(_FRAMES)[:, None] * rates
        waves = math.sqrt(2) * np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
        return waves.astype(np.float32)

    def _text(self, decoder: Any) -> None:
        width, size = self._shape.width, len(self._words.tokens)
        ticks = np.arange(_POSITIONS) - _PROMPT
        places = self._script.copy()
        places[:, 0] = _TICK * ticks
        places[:, 1 : 1 + _CODE] = _code(ticks * _FRAMES_A_SECOND / TOKENS_A_SECOND)
        words = 0.1 * self._normal(size, width)
        words[:, : 1 + _CODE] = 0.0
        decoder.embeddings.weight = words
        decoder.position_encodings.encodings = places
        logits = 0.02 * self._normal(size, width)
        for position, token in enumerate(self._words.script(_POSITIONS)):
            logits[token] += 30.0 / width * self._script[position]
        logits[:, 0], logits[self._words.end] = 0.0, 0.0
        logits[self._words.end, 0] = 1000.0
        decoder.projection.weight = logits
        decoder.projection.bias = np.zeros(size, np.float32)
        decoder.scale_embeddings = 1.0

    def _watch_the_time(self, attention: Any) -> None:
        """Head 0 asks nothing, so it looks at all frames alike, and winds the clock back."""
        width, head = self._shape.width, self._shape.head
        attention.linear[0].weight[:head] = 0.0
        value = attention.linear[1].weight[width]
        value[:] = 0.0
        value[:2] = 1.0, -1.0
        window = _FRAMES / _FRAMES_A_SECOND
        attention.linear[2].weight[0] = 0.0
        # The encoder's last norm shrinks the switch by what else there is: its own two dimensions,
        # and what every layer adds. A test holds that a second costs about what it should.
        lost = math.sqrt(1.0 + _SWITCH**2 / width + 0.02 * self._shape.encoder_layers)
        attention.linear[2].weight[0, 0] = -_TICK * TOKENS_A_SECOND * window * lost

    def _follow(self, attention: Any) -> None:
        """Head 1 looks at the frame whose code is that of the text position."""
        head, own = self._shape.head, np.zeros((self._shape.head, self._shape.width), np.float32)
        query, key = own.copy(), own.copy()
        size = min(head, _CODE)
        query[:size, 1 : 1 + size] = 3.0 * np.eye(size)
        key[:size, 2 : 2 + size] = 3.0 * np.eye(size)
        attention.linear[0].weight[head : 2 * head] = query
        attention.linear[1].weight[head : 2 * head] = key

    def _self_attention(self, attention: Any, kept: int) -> None:
        width = self._shape.width
        self._norm(attention.layer_norm)
        self._linear(attention.linear[0], 3 * width, width)
        self._linear(attention.linear[1], width, width, kept)

    def _cross_attention(self, attention: Any) -> None:
        width = self._shape.width
        self._norm(attention.layer_norm)
        self._linear(attention.linear[0], width, width)
        self._linear(attention.linear[1], 2 * width, width)
        self._linear(attention.linear[2], width, width, 1 + _CODE)

    def _feed_forward(self, ffn: Any, kept: int) -> None:
        width = self._shape.width
        self._norm(ffn.layer_norm)
        self._linear(ffn.linear_0, 4 * width, width)
        self._linear(ffn.linear_1, width, 4 * width, kept)

    def _linear(self, spec: Any, outputs: int, inputs: int, kept: int = 0) -> None:
        """Random; one that writes into the residual stream (`kept`) leaves its first dimensions
        alone and is faint."""
        scale = (0.1 if kept else 0.5) / math.sqrt(inputs)
        spec.weight = scale * self._normal(outputs, inputs)
        spec.weight[:kept] = 0.0
        spec.bias = np.zeros(outputs, np.float32)

    def _norm(self, spec: Any) -> None:
        spec.gamma = np.ones(self._shape.width, np.float32)
        spec.beta = np.zeros(self._shape.width, np.float32)

    def _normal(self, *size: int) -> Array:
        return self._random.standard_normal(size, np.float32)


_TICK = 0.02
"""The clock's step for each token."""


def _code(frames: NDArray[Any]) -> Array:
    """A code of each time in frames whose inner product is large for equal times only."""
    rates = 0.5 * np.exp(-math.log(400) * np.arange(_CODE // 2) / (_CODE // 2 - 1))
    angles = np.asarray(frames, np.float64)[:, None] * rates
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1).astype(np.float32)
