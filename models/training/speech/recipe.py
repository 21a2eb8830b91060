"""Which stages run in which order, on which windows; what a work folder holds."""

from __future__ import annotations

import gc
import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import numpy as np
import torch

from . import nospeech, pool, stages, tokens, voices
from .network import Network, Shape
from .reopen import reopen
from .stages import Stage, Trainer
from .windows import Packer, Plan, Sounds

SHORT = Plan(8, any_position=True)
LONG = Plan(30, any_position=False, nospeech=0.07, max_tokens=320, padded=0.6, long_gap=0.15)
#: minutes are for two CPU cores with AMX; the shares matter more than the sum
STAGES = (
    Stage(
        "listen", SHORT, 32, 6, 2e-3, final=0.3, decoder=False, phoneme_weight=1.0,
        whole=False, strange=1.0,
    ),
    Stage("spell", SHORT, 24, 20, 1.5e-3, final=0.9, frozen_share=0.7, guide_weight=1.0),
    Stage(
        "join", SHORT, 24, 16, 1.3e-3, warmup=10, final=0.65, frozen_share=0.25,
        other=LONG, other_every=4, other_frozen=0.5,
    ),
    Stage(
        "long", SHORT, 24, 17, 8.5e-4, warmup=8, final=0.01, frozen_share=0.4,
        other=LONG, other_every=2, other_frozen=0.6,
    ),
    Stage(
        "further", SHORT, 24, 90, 7e-4, warmup=40, final=0.005, frozen_share=0.3,
        other=LONG, other_every=3, other_frozen=0.4, strange=1.0,
    ),
    Stage(
        "strangers", SHORT, 24, 18, 4.5e-4, warmup=30, final=0.005, frozen_share=0.2,
        other=LONG, other_every=3, other_frozen=0.3, strange=1.0,
    ),
)  # fmt: skip
REOPENED = "reopened"


def heard_in(stage: Stage, utterances: list[pool.Utterance], seed: int) -> list[pool.Utterance]:
    """What a stage hears of the pool."""
    rng = Random(seed)
    return [
        u
        for u in utterances
        if (u.text[0].isupper() or not stage.whole)
        and (u.voice in voices.MAIN or rng.random() < stage.strange)
    ]


@dataclass(frozen=True)
class Work:
    """A folder that training fills: pool, tokenizer, sounds and checkpoints."""

    folder: Path

    @property
    def checkpoints(self) -> Path:
        """One file a stage, and one of the stage under way."""
        return self.folder / "run"

    @property
    def tokenizer(self) -> Path:
        """Learned from the pool's texts."""
        return self.folder / "tokenizer.json"

    def utterances(self) -> list[pool.Utterance]:
        """Everything in the pool."""
        shards = sorted((self.folder / "pool").glob("????.npz"))
        if not shards:
            raise SystemExit(f"no shards in {self.folder / 'pool'}: run `pool` first")
        return [utterance for shard in shards for utterance in pool.load(shard)]

    def sounds(self, seed: int) -> Sounds:
        """The no-speech bank, made once."""
        path = self.folder / "sounds.npz"
        if not path.exists():
            mels, kinds = nospeech.bank(seed)
            np.savez(path, mel=mels, kinds=np.array(kinds))
        with np.load(path) as stored:
            return Sounds(stored["mel"], [str(kind) for kind in stored["kinds"]])

    def phonemes(self, utterances: list[pool.Utterance]) -> dict[str, int]:
        """Numbers of the phoneme labels, fixed at the first run."""
        path = self.folder / "phonemes.json"
        if not path.exists():
            names = sorted({n for u in utterances for n in u.labels if n != pool.UNKNOWN})
            path.write_text(json.dumps({n: i for i, n in enumerate(names)}), encoding="utf-8")
        return dict(json.loads(path.read_text(encoding="utf-8")))


def packer(work: Work, seed: int, stage: Stage) -> Packer:
    """Windows from the work folder; learns the tokenizer if there is none."""
    utterances = work.utterances()
    if not work.tokenizer.exists():
        tokens.train((u.text for u in utterances), work.tokenizer)
    phonemes = work.phonemes(utterances)
    vocabulary = tokens.Vocabulary(work.tokenizer)
    made = Packer(heard_in(stage, utterances, seed), vocabulary, phonemes, work.sounds(seed), seed)
    # millions of small objects that never change: the collector would walk them all again and again
    gc.collect()
    gc.freeze()
    gc.disable()
    return made


def fresh(windows: Packer) -> Network:
    """An untrained network whose convolutions fit the features."""
    network = Network(Shape(windows.vocabulary.first_time, windows.phonemes))
    first = stages.collate([windows.window(SHORT) for _ in range(16)], windows.vocabulary.end)
    network.encoder.scale_convolutions(first.mel)
    return network


def reopened(work: Work, shipped: Path) -> Path:
    """A checkpoint of the shipped model; the work folder takes over its tokenizer."""
    if not work.tokenizer.exists():
        work.folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(shipped / "tokenizer.json", work.tokenizer)
    network = reopen(shipped, len(work.phonemes(work.utterances())))
    Trainer(network, work.checkpoints, "cpu").save(REOPENED, 1.0)
    return work.checkpoints / REOPENED


def train(
    work: Work, seed: int, scale: float, device: str, start: Path | None, only: list[str]
) -> None:
    """Run the stages that have not ended yet; ``start`` gives other weights to begin from."""
    torch.manual_seed(seed)
    ended = {path.stem for path in work.checkpoints.glob("*.pt")}
    todo = [s for s in STAGES if (s.name in only if only else s.name not in ended)]
    previous = [s.name for s in STAGES if s.name in ended and s not in todo]
    source = start or (work.checkpoints / f"{previous[-1]}.pt" if previous else None)
    trainer: Trainer | None = None
    for stage in todo:
        windows = packer(work, seed, stage)
        if trainer is None:
            network = stages.restore(source) if source else fresh(windows)
            trainer = Trainer(network, work.checkpoints, device)
        trainer.run(replace(stage, minutes=stage.minutes * scale), windows)
