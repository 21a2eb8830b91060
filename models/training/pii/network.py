"""The tagger's network in torch, with the names that `models/names/tagger.py` reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.names.tagger import (
    DILATIONS,
    FLAGS,
    GROUP_ROWS,
    LABELS,
    PART_ROWS,
    SHAPES,
    WORD_ROWS,
)

WIDTH, WORD, PART, GROUP = 128, 64, 24, 32
KNOWN = len(FLAGS) + 4


@dataclass
class Features:
    """`(batch, tokens, …)` indices; `groups` is padded with 0."""

    words: Tensor
    parts: Tensor
    groups: Tensor
    known: Tensor
    shapes: Tensor

    def to(self, device: str) -> Features:
        """On `device`."""
        return Features(*(value.to(device) for value in vars(self).values()))


class Network(nn.Module):
    """Hashed embeddings, gated dilated convolutions, one score a label."""

    def __init__(self, dropout: float = 0.2) -> None:
        super().__init__()
        self.words = nn.Embedding(WORD_ROWS, WORD)
        self.parts = nn.Embedding(PART_ROWS, PART)
        self.groups = nn.Embedding(GROUP_ROWS, GROUP)
        for table in (self.words, self.parts, self.groups):
            nn.init.normal_(table.weight, std=0.3)
        self.shape = nn.Embedding(len(SHAPES), WIDTH)
        nn.init.normal_(self.shape.weight, std=0.3)
        self.mix = nn.Linear(WORD + 3 * PART + GROUP + KNOWN, WIDTH, bias=False)
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in DILATIONS)
        self.convs = nn.ModuleList(nn.Linear(3 * WIDTH, 2 * WIDTH) for _ in DILATIONS)
        self.norm = nn.LayerNorm(WIDTH)
        self.out = nn.Linear(WIDTH, len(LABELS))
        self.dropout = nn.Dropout(dropout)

    def forward(self, features: Features, inside: Tensor) -> Tensor:
        """Scores `(batch, tokens, labels)`; `inside` `(batch, tokens)` is 0 where padded."""
        known = (features.groups > 0).unsqueeze(-1)
        groups = (self.groups(features.groups) * known).sum(2) / known.sum(2).clamp(min=1)
        groups = groups + self.groups.weight[0] * (known.sum(2) == 0)
        word = torch.cat(
            [
                self.words(features.words).sum(2),
                self.parts(features.parts).flatten(2),
                groups,
                features.known,
            ],
            dim=-1,
        )
        mask = inside.unsqueeze(-1)
        x = self.dropout((self.mix(word) + self.shape(features.shapes)) * mask)
        for norm, conv, gap in zip(self.norms, self.convs, DILATIONS, strict=True):
            y = norm(x) * mask
            left = functional.pad(y, (0, 0, gap, 0))[:, : y.shape[1]]
            right = functional.pad(y, (0, 0, 0, gap))[:, gap:]
            x = (x + self.dropout(functional.glu(conv(torch.cat([left, y, right], -1)), -1))) * mask
        return self.out(self.norm(x))

    def arrays(self) -> dict[str, np.ndarray]:
        """The weights under the names the tagger reads."""
        found = {
            "words": self.words.weight,
            "parts": self.parts.weight,
            "groups": self.groups.weight,
            "shape": self.shape.weight,
            "mix": self.mix.weight.T,
            "norm": self.norm.weight,
            "norm_bias": self.norm.bias,
            "out": self.out.weight.T,
            "bias": self.out.bias,
        }
        for number, (norm, conv) in enumerate(zip(self.norms, self.convs, strict=True)):
            found |= {f"norm{number}": norm.weight, f"norm{number}_bias": norm.bias}
            found |= {f"conv{number}": conv.weight.T, f"conv_bias{number}": conv.bias}
        return {name: value.detach().cpu().numpy().copy() for name, value in found.items()}


def packed(networks: Sequence[Network]) -> dict[str, np.ndarray]:
    """Matrices as int8 with a scale for each row, vectors as float16: what is stored."""
    stored: dict[str, np.ndarray] = {}
    for number, network in enumerate(networks):
        for name, value in network.arrays().items():
            key = f"{number}/{name}"
            if value.ndim < 2 or name in {"out", "shape"}:
                stored[key] = value.astype(np.float16)
                continue
            scale = np.maximum(np.abs(value).max(axis=1, keepdims=True) / 127, 1e-8)
            stored[key] = np.round(value / scale).astype(np.int8)
            stored[f"{key}.scale"] = scale.astype(np.float32)
    return stored
