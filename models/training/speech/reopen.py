"""From the shipped files back to a checkpoint, so that training can go on where it ended.

CTranslate2's ``model.bin`` (version 6) is a list of named arrays; int8 rows carry a scale each.
What export leaves out is made anew: the phoneme head starts untrained, and the timestamp map is
the least-squares solution for the materialised rows.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .network import TIMESTAMPS, Network, Shape

_TYPES = (np.float32, np.int8, np.int16, np.int32, np.float16)
_NORMS = {"gamma": "weight", "beta": "bias"}


class _Reader:
    def __init__(self, raw: bytes) -> None:
        self._raw, self._at = raw, 0

    def take(self, kind: str) -> int:
        value = struct.unpack_from("<" + kind, self._raw, self._at)[0]
        self._at += struct.calcsize("<" + kind)
        return int(value)

    def bytes(self, count: int) -> bytes:
        self._at += count
        return self._raw[self._at - count : self._at]

    def text(self) -> str:
        return self.bytes(self.take("H")).rstrip(b"\0").decode()


def arrays(path: Path) -> dict[str, np.ndarray]:
    """All arrays of a ``model.bin``, integers multiplied out to float32."""
    reader = _Reader(path.read_bytes())
    version, _, _ = reader.take("I"), reader.text(), reader.take("I")
    if version != 6:
        raise ValueError(f"model.bin of version {version}; this reads version 6")
    found: dict[str, np.ndarray] = {}
    for _ in range(reader.take("I")):
        name = reader.text()
        shape = [reader.take("I") for _ in range(reader.take("B"))]
        kind = _TYPES[reader.take("B")]
        found[name] = np.frombuffer(reader.bytes(reader.take("I")), kind).reshape(shape)
    return {
        name: _widened(value, found.get(f"{name}_scale"))
        for name, value in found.items()
        if value.ndim and not name.endswith("_scale")
    }


def _widened(value: np.ndarray, scale: np.ndarray | None) -> np.ndarray:
    if scale is None:
        return value.astype(np.float32)
    return value.astype(np.float32) / scale.reshape(-1, *[1] * (value.ndim - 1))


def reopen(folder: Path, phonemes: int) -> Network:
    """The network of an exported folder, with a new head for ``phonemes`` labels."""
    found = {name: torch.from_numpy(value) for name, value in arrays(folder / "model.bin").items()}
    table = found.pop("decoder/embeddings/weight")
    network = Network(Shape(len(table) - TIMESTAMPS, phonemes))
    state = dict(network.state_dict())
    state["decoder.embed_positions"] = found.pop("decoder/position_encodings/encodings")
    state["decoder.embed_words.weight"] = table[:-TIMESTAMPS]
    times = torch.linalg.lstsq(network.decoder.fourier, table[-TIMESTAMPS:]).solution
    state["decoder.embed_times.weight"] = times.T
    del found["encoder/position_encodings/encodings"]
    for name, value in found.items():
        for key, part in _parts(name, value):
            if state[key].shape != part.shape:
                raise ValueError(f"{name} does not fit {key}: the sizes of the network differ")
            state[key] = part
    network.load_state_dict(state)
    return network


def _parts(name: str, value: Tensor) -> list[tuple[str, Tensor]]:
    """CTranslate2's name to ours; it keeps query, key and value of one source in one matrix."""
    side, *places, kind = name.split("/")
    if places[0].startswith("conv"):
        return [(f"{side}.{places[0]}.{kind}", value)]
    if places == ["layer_norm"]:
        return [(f"{side}.layer_norm.{_NORMS[kind]}", value)]
    layer = f"{side}.layers.{places[0].removeprefix('layer_')}"
    block = {"self_attention": "self_attn", "attention": "encoder_attn", "ffn": ""}[places[1]]
    if places[2] == "layer_norm":
        return [(f"{layer}.{block or 'final'}_layer_norm.{_NORMS[kind]}", value)]
    number = int(places[2].removeprefix("linear_"))
    if not block:
        return [(f"{layer}.fc{number + 1}.{kind}", value)]
    names = {
        ("self_attn", 0): ("q_proj", "k_proj", "v_proj"),
        ("self_attn", 1): ("out_proj",),
        ("encoder_attn", 0): ("q_proj",),
        ("encoder_attn", 1): ("k_proj", "v_proj"),
        ("encoder_attn", 2): ("out_proj",),
    }[block, number]
    rows = len(value) // len(names)
    split = zip(names, value.split(rows), strict=True)
    return [
        (f"{layer}.{block}.{projection}.{kind}", part)
        for projection, part in split
        if (projection, kind) != ("k_proj", "bias")  # keys carry none; exported as zeros
    ]
