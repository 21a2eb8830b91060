"""The stages of training: the encoder alone, then all on short windows, then on 30 seconds."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from .network import Network, Shape
from .windows import IGNORE, Packer, Plan, Window


@dataclass(frozen=True)
class Stage:
    """One stage: its windows, its learning rate and how long it may take."""

    name: str
    plan: Plan
    batch: int
    minutes: float
    rate: float
    inner: float = 1.0  # Muon's rate as a multiple of ``rate``
    warmup: int = 60
    final: float = 0.02  # share of the rate that is left at the end
    decoder: bool = True
    other: Plan | None = None  # a second kind of window, every ``other_every`` steps
    other_batch: int = 8
    other_every: int = 4
    other_frozen: float = 0.0
    frozen_share: float = 0.0
    phoneme_weight: float = 0.5
    guide_weight: float = 0.5
    whole: bool = True  # whole sentences only, no random words
    strange: float = 0.25  # share that is kept of what other than the main voices say


@dataclass
class Batch:
    """Tensors of one step."""

    mel: Tensor
    labels: Tensor
    inputs: Tensor
    targets: Tensor
    inside: Tensor
    guided: Tensor
    offset: Tensor


def collate(windows: list[Window], end: int) -> Batch:
    """Pad tokens and turn spans into a mask of frames per token."""
    longest = max(len(w.inputs) for w in windows)
    longest = -(-longest // 8) * 8
    frames = len(windows[0].labels)
    inputs = torch.full((len(windows), longest), end)
    targets = torch.full((len(windows), longest), IGNORE)
    spans = torch.full((len(windows), longest, 2), -1.0)
    for i, window in enumerate(windows):
        size = len(window.inputs)
        inputs[i, :size] = torch.tensor(window.inputs)
        targets[i, :size] = torch.tensor(window.targets)
        spans[i, :size] = torch.tensor(window.spans)
    middle = (torch.arange(frames) + 0.5) * 0.02
    inside = (middle >= spans[..., :1]) & (middle < spans[..., 1:])
    return Batch(
        torch.from_numpy(np.stack([w.mel for w in windows])),
        torch.from_numpy(np.stack([w.labels for w in windows])),
        inputs,
        targets,
        inside,
        inside.any(-1),
        torch.tensor([w.offset for w in windows]),
    )


def losses(network: Network, batch: Batch, stage: Stage, freeze: bool) -> dict[str, Tensor]:
    """Named parts of the loss."""
    with torch.set_grad_enabled(torch.is_grad_enabled() and not freeze):
        heard = network.encoder(batch.mel, batch.offset)
    parts: dict[str, Tensor] = {}
    if not freeze:
        logits = network.phoneme_head(heard).float()
        parts["phonemes"] = functional.cross_entropy(
            logits.flatten(0, 1), batch.labels.flatten(), ignore_index=IGNORE
        )
    if stage.decoder:
        logits, maps = network.decoder(batch.inputs, heard)
        logits = logits.float().flatten(0, 1)
        parts["text"] = functional.cross_entropy(
            logits, batch.targets.flatten(), ignore_index=IGNORE, label_smoothing=0.0
        )
        parts["guide"] = guide(maps, batch, network.shape.guided_heads)
        with torch.no_grad():
            known = batch.targets.flatten() != IGNORE
            right = logits.argmax(-1)[known] == batch.targets.flatten()[known]
            parts["accuracy"] = right.float().mean()
    return parts


def guide(maps: list[Tensor], batch: Batch, heads: int) -> Tensor:
    """The first heads of each layer must listen where the token sounds: -log of their mass."""
    inside = batch.inside[:, None]
    total = torch.zeros(())
    for weights in maps:
        mass = (weights[:, :heads] * inside).float().sum(-1).clamp(min=1e-4)
        total = total + -mass.log().mean(1)[batch.guided].mean()
    return total / len(maps)


class Trainer:
    """Runs stages on wall-clock budgets, keeps checkpoints, can go on from one."""

    def __init__(self, network: Network, folder: Path, device: str) -> None:
        self.network = network.to(device)
        self.folder = folder
        self.device = device

    def run(self, stage: Stage, packer: Packer, save_every: float = 180) -> None:
        """Train for ``stage.minutes``; the learning rate falls with the clock.

        The stage under way is kept as ``NAME.part``; a later run goes on from there.
        """
        optimizers = make_optimizers(self.network, stage)
        spent = self._resume(stage) * stage.minutes * 60
        if spent:
            packer.rng.seed(f"resumed at {spent:.0f} s")  # or the first windows would come again
        start, saved = time.monotonic() - spent, time.monotonic()
        step = 0
        shown: dict[str, float] = {}
        while (done := (time.monotonic() - start) / (stage.minutes * 60)) < 1:
            scale = min(1.0, (step + 1) / stage.warmup) * (1 - (1 - stage.final) * done)
            batch, freeze = self._draw(packer, stage, step)
            parts = self._step(batch, stage, optimizers, scale, freeze)
            step += 1
            for name, value in parts.items():
                shown[name] = shown.get(name, value) * 0.95 + value * 0.05
            if step % 20 == 0:
                figures = " ".join(f"{name} {value:.3f}" for name, value in shown.items())
                minutes = (time.monotonic() - start) / 60
                print(f"{stage.name} {step} {minutes:.1f} min {figures}", flush=True)
            if time.monotonic() - saved > save_every:
                self.save(f"{stage.name}.part", done)
                saved = time.monotonic()
        self.save(f"{stage.name}.pt", 1.0)
        (self.folder / f"{stage.name}.part").unlink(missing_ok=True)

    def _resume(self, stage: Stage) -> float:
        path = self.folder / f"{stage.name}.part"
        if not path.exists():
            return 0.0
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.network.load_state_dict(state["weights"])
        return float(state["done"])

    def _draw(self, packer: Packer, stage: Stage, step: int) -> tuple[Batch, bool]:
        """The next batch, and whether the encoder is held still for it."""
        plan, size, share = stage.plan, stage.batch, stage.frozen_share
        if stage.other and step % stage.other_every == 0:
            plan, size, share = stage.other, stage.other_batch, stage.other_frozen
        # made in line: a thread would fight over the interpreter lock with every small operation
        windows = [packer.window(plan) for _ in range(size)]
        freeze = stage.decoder and step * 37 % 100 < share * 100
        return collate(windows, packer.vocabulary.end), freeze

    def _step(
        self,
        batch: Batch,
        stage: Stage,
        optimizers: list[torch.optim.Optimizer],
        scale: float,
        freeze: bool,
    ) -> dict[str, float]:
        batch = Batch(*(getattr(batch, n).to(self.device) for n in Batch.__annotations__))
        with torch.autocast(self.device, torch.bfloat16):
            parts = losses(self.network, batch, stage, freeze)
        total = stage.phoneme_weight * parts.get("phonemes", torch.zeros(()))
        if stage.decoder:
            total = total + parts["text"] + stage.guide_weight * parts["guide"]
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["base"] * scale
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        return {name: float(value.detach()) for name, value in parts.items()}

    def save(self, name: str, done: float) -> None:
        """Write a checkpoint, whole or not at all; ``done`` is the share of the stage."""
        self.folder.mkdir(parents=True, exist_ok=True)
        weights = self.network.state_dict()
        state = {"shape": self.network.shape.as_dict(), "weights": weights, "done": done}
        partial = self.folder / "partial"
        torch.save(state, partial)
        partial.rename(self.folder / name)


def make_optimizers(network: Network, stage: Stage) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the layers, AdamW for everything else."""
    inner, other = [], []
    for name, parameter in network.named_parameters():
        if not stage.decoder and name.startswith("decoder"):
            continue
        inside = parameter.ndim == 2 and ".layers." in name
        (inner if inside else other).append(parameter)
    muon = torch.optim.Muon(
        inner,
        lr=stage.rate * stage.inner,
        weight_decay=0.01,
        ns_steps=4,
        adjust_lr_fn="match_rms_adamw",
    )
    adam = torch.optim.AdamW(other, lr=stage.rate, betas=(0.9, 0.98), weight_decay=0.01)
    for optimizer in (muon, adam):
        for group in optimizer.param_groups:
            group["base"] = group["lr"]
    return [muon, adam]


def restore(path: Path) -> Network:
    """The network of a checkpoint."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    network = Network(Shape(**state["shape"]))
    network.load_state_dict(state["weights"])
    return network


def averaged(network: Network, earlier: Network, share: float) -> Network:
    """The mean of two networks' weights, `share` of it the earlier one's: between two ends of one
    training it is better than both (M. Wortsman et al., "Model soups", ICML 2022)."""
    old = earlier.state_dict()
    mixed = {
        name: (1 - share) * value + share * old[name]
        for name, value in network.state_dict().items()
    }
    made = Network(network.shape)
    made.load_state_dict(mixed)
    return made
