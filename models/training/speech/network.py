"""Whisper's network with what training needs besides: short windows, phoneme head, attention maps.

Names follow Hugging Face's model where that is possible, so that export is a renaming. Two
liberties are taken: positions can start anywhere (short windows teach all 1,500), and timestamp
embeddings are a linear map of Fourier features (1,501 of them would not be heard often enough).
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from .features import BANDS

POSITIONS, TEXT_POSITIONS, TIMESTAMPS = 1500, 448, 1501
_FOURIER = 64


@dataclass(frozen=True)
class Shape:
    """Sizes; ``words`` counts all tokens before the timestamps."""

    words: int
    phonemes: int
    width: int = 256
    encoder_layers: int = 4
    encoder_heads: int = 4
    encoder_hidden: int = 1024
    decoder_layers: int = 4
    decoder_heads: int = 4
    decoder_hidden: int = 2048
    guided_heads: int = 2

    def as_dict(self) -> dict[str, int]:
        """For the checkpoint."""
        return asdict(self)


def sinusoids(length: int, width: int) -> Tensor:
    """Whisper's position table."""
    step = math.log(10_000) / (width // 2 - 1)
    scale = torch.exp(-step * torch.arange(width // 2))
    angle = torch.arange(length)[:, None] * scale[None]
    return torch.cat([angle.sin(), angle.cos()], dim=1)


class Attention(nn.Module):
    """Multi-head attention; keys carry no bias, as in Whisper."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q_proj = nn.Linear(width, width)
        self.k_proj = nn.Linear(width, width, bias=False)
        self.v_proj = nn.Linear(width, width)
        self.out_proj = nn.Linear(width, width)

    def _split(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:2], self.heads, -1).transpose(1, 2)

    def forward(self, x: Tensor, source: Tensor | None = None, causal: bool = False) -> Tensor:
        """Attend to ``source`` (itself by default)."""
        source = x if source is None else source
        q, k, v = (
            self._split(p) for p in (self.q_proj(x), self.k_proj(source), self.v_proj(source))
        )
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=causal)
        return self.out_proj(mixed.transpose(1, 2).flatten(2))

    def with_map(self, x: Tensor, source: Tensor) -> tuple[Tensor, Tensor]:
        """The same, and the attention itself: ``(batch, heads, tokens, frames)``."""
        q, k, v = (
            self._split(p) for p in (self.q_proj(x), self.k_proj(source), self.v_proj(source))
        )
        scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
        weights = scores.softmax(-1)
        mixed = weights.to(v.dtype) @ v
        return self.out_proj(mixed.transpose(1, 2).flatten(2)), weights


class Layer(nn.Module):
    """A pre-norm transformer layer; with ``cross`` it also listens to the encoder."""

    def __init__(self, width: int, heads: int, hidden: int, cross: bool) -> None:
        super().__init__()
        self.self_attn = Attention(width, heads)
        self.self_attn_layer_norm = nn.LayerNorm(width)
        self.encoder_attn = Attention(width, heads) if cross else None
        self.encoder_attn_layer_norm = nn.LayerNorm(width) if cross else None
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)
        self.final_layer_norm = nn.LayerNorm(width)

    def forward(self, x: Tensor, source: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """The layer's output and, in the decoder, its cross-attention."""
        weights = None
        x = x + self.self_attn(self.self_attn_layer_norm(x), causal=source is not None)
        if self.encoder_attn is not None and self.encoder_attn_layer_norm is not None:
            assert source is not None
            heard, weights = self.encoder_attn.with_map(self.encoder_attn_layer_norm(x), source)
            x = x + heard
        return x + self.fc2(functional.gelu(self.fc1(self.final_layer_norm(x)))), weights


class Encoder(nn.Module):
    """Features ``(batch, frames, 80)`` to ``(batch, frames / 2, width)``."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(BANDS, shape.width, 3, padding=1)
        self.conv2 = nn.Conv1d(shape.width, shape.width, 3, stride=2, padding=1)
        self.register_buffer("positions", sinusoids(POSITIONS, shape.width), persistent=False)
        self.layers = nn.ModuleList(
            Layer(shape.width, shape.encoder_heads, shape.encoder_hidden, cross=False)
            for _ in range(shape.encoder_layers)
        )
        self.layer_norm = nn.LayerNorm(shape.width)

    def forward(self, mel: Tensor, offset: Tensor) -> Tensor:
        """``offset`` (batch) is the first position of each window."""
        x = functional.gelu(self.conv1(mel.transpose(1, 2)))
        x = functional.gelu(self.conv2(x)).transpose(1, 2)
        index = offset[:, None] + torch.arange(x.shape[1], device=x.device)
        x = x + self.positions[index].to(x.dtype)
        for layer in self.layers:
            x, _ = layer(x)
        return self.layer_norm(x)

    @torch.no_grad()
    def scale_convolutions(self, mel: Tensor) -> None:
        """Give each convolution unit output variance, or the positions drown what is heard."""
        x = mel.transpose(1, 2)
        for conv in (self.conv1, self.conv2):
            spread = conv(x).std()
            conv.weight.div_(spread)
            x = functional.gelu(conv(x))


class Decoder(nn.Module):
    """Tokens and encoder output to logits over words and timestamps."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.embed_words = nn.Embedding(shape.words, shape.width)
        self.embed_times = nn.Linear(_FOURIER, shape.width, bias=False)
        self.register_buffer("fourier", _fourier_features(), persistent=False)
        self.embed_positions = nn.Parameter(sinusoids(TEXT_POSITIONS, shape.width) * 0.1)
        self.layers = nn.ModuleList(
            Layer(shape.width, shape.decoder_heads, shape.decoder_hidden, cross=True)
            for _ in range(shape.decoder_layers)
        )
        self.layer_norm = nn.LayerNorm(shape.width)
        nn.init.normal_(self.embed_words.weight, std=0.05)
        nn.init.normal_(self.embed_times.weight, std=0.05 / math.sqrt(_FOURIER / 2))

    def table(self) -> Tensor:
        """The whole embedding, timestamps worked out."""
        return torch.cat([self.embed_words.weight, self.embed_times(self.fourier).float()])

    def forward(self, tokens: Tensor, heard: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Logits and the cross-attention of each layer."""
        table = self.table()
        x = functional.embedding(tokens, table) + self.embed_positions[: tokens.shape[1]]
        maps = []
        for layer in self.layers:
            x, weights = layer(x, heard)
            maps.append(weights)
        return functional.linear(self.layer_norm(x), table), maps


def _fourier_features() -> Tensor:
    time = torch.arange(TIMESTAMPS)[:, None] / (TIMESTAMPS - 1)
    # half periods from the whole window down to two timestamps
    rates = math.pi * torch.logspace(0, math.log2(TIMESTAMPS / 2), _FOURIER // 2, base=2)[None]
    return torch.cat([(time * rates).sin(), (time * rates).cos()], dim=1)


class Network(nn.Module):
    """Encoder, decoder and the phoneme head that only training uses."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.encoder = Encoder(shape)
        self.decoder = Decoder(shape)
        self.phoneme_head = nn.Linear(shape.width, shape.phonemes)
