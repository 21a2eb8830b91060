"""From a checkpoint to the five files that faster-whisper loads, and their checksums."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from pathlib import Path

import torch
from torch import Tensor

from .network import TEXT_POSITIONS, TIMESTAMPS, Network, Shape
from .tokens import Vocabulary

_FILES = (
    "config.json",
    "model.bin",
    "preprocessor_config.json",
    "tokenizer.json",
    "vocabulary.json",
)
_PREPROCESSOR = {
    "chunk_length": 30,
    "dither": 0.0,
    "feature_extractor_type": "WhisperFeatureExtractor",
    "feature_size": 80,
    "hop_length": 160,
    "n_fft": 400,
    "n_samples": 480000,
    "nb_max_frames": 3000,
    "padding_side": "right",
    "padding_value": 0.0,
    "return_attention_mask": False,
    "sampling_rate": 16000,
}


def export(network: Network, vocabulary: Vocabulary, folder: Path, quantization: str) -> None:
    """Write ``folder`` anew; ``quantization`` is int8 or float16."""
    from ctranslate2.converters import TransformersConverter

    with tempfile.TemporaryDirectory() as scratch:
        _hugging_face(network, vocabulary).save_pretrained(scratch)
        _write_tokenizer(vocabulary, Path(scratch))
        converted = Path(scratch) / "converted"
        TransformersConverter(scratch).convert(str(converted), quantization=quantization)
        _complete_config(converted / "config.json", network.shape, vocabulary)
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("model.bin", "config.json", "vocabulary.json"):
            shutil.copyfile(converted / name, folder / name)
    shutil.copyfile(vocabulary.path, folder / "tokenizer.json")
    text = json.dumps(_PREPROCESSOR, indent=2)
    (folder / "preprocessor_config.json").write_text(text + "\n", encoding="utf-8")
    _write_checksums(folder)


def _write_checksums(folder: Path) -> None:
    """``SHA256SUMS``, which the catalogue compares."""
    lines = []
    for name in sorted(_FILES):
        digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        lines.append(f"{digest}  {name}\n")
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


def _hugging_face(network: Network, vocabulary: Vocabulary) -> torch.nn.Module:
    from transformers import WhisperForConditionalGeneration

    model = WhisperForConditionalGeneration(_config(network.shape, vocabulary))
    found = model.load_state_dict(_renamed(network), strict=False)
    unexpected = [key for key in found.missing_keys if "k_proj.bias" not in key]
    if unexpected or found.unexpected_keys:
        raise RuntimeError(f"weights do not fit: {unexpected} {found.unexpected_keys}")
    _set_generation(model, vocabulary)
    return model.eval()


def _config(shape: Shape, vocabulary: Vocabulary) -> object:
    from transformers import WhisperConfig

    return WhisperConfig(
        vocab_size=shape.words + TIMESTAMPS,
        d_model=shape.width,
        encoder_layers=shape.encoder_layers,
        encoder_attention_heads=shape.encoder_heads,
        encoder_ffn_dim=shape.encoder_hidden,
        decoder_layers=shape.decoder_layers,
        decoder_attention_heads=shape.decoder_heads,
        decoder_ffn_dim=shape.decoder_hidden,
        max_target_positions=TEXT_POSITIONS,
        decoder_start_token_id=vocabulary.id("<|startoftranscript|>"),
        bos_token_id=vocabulary.end,
        eos_token_id=vocabulary.end,
        pad_token_id=vocabulary.end,
        tie_word_embeddings=True,
    )


def _renamed(network: Network) -> dict[str, Tensor]:
    state = {}
    for name, value in network.state_dict().items():
        if name.startswith(("phoneme_head", "decoder.embed")):
            continue
        state[f"model.{name}"] = value
    table = network.decoder.table().detach()
    state["model.decoder.embed_tokens.weight"] = table
    state["proj_out.weight"] = table
    state["model.decoder.embed_positions.weight"] = network.decoder.embed_positions.detach()
    state["model.encoder.embed_positions.weight"] = network.encoder.positions
    return state


def _set_generation(model: torch.nn.Module, vocabulary: Vocabulary) -> None:
    config = model.generation_config
    config.suppress_tokens = []
    # the end may come first: that is how a window without speech answers
    config.begin_suppress_tokens = [vocabulary.tokenizer.encode(" ").ids[0]]


def _complete_config(path: Path, shape: Shape, vocabulary: Vocabulary) -> None:
    """Add what the converter loses: languages, and the heads that word times are read from."""
    config = json.loads(path.read_text(encoding="utf-8"))
    layers = range(shape.decoder_layers // 2, shape.decoder_layers)
    config["alignment_heads"] = [[i, head] for i in layers for head in range(shape.guided_heads)]
    config["lang_ids"] = [vocabulary.id("<|en|>"), vocabulary.id("<|de|>")]
    path.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def _write_tokenizer(vocabulary: Vocabulary, folder: Path) -> None:
    from transformers import PreTrainedTokenizerFast

    PreTrainedTokenizerFast(
        tokenizer_file=str(vocabulary.path),
        eos_token="<|endoftext|>",
        bos_token="<|endoftext|>",
        unk_token="<|endoftext|>",
        pad_token="<|endoftext|>",
    ).save_pretrained(folder)
