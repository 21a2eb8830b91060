"""Trains `models/names/tagger.npz`.

Usage: python -m models.training.pii CORPORA OUT [--networks 3] [--epochs 8] [--all]
CORPORA is the folder of annotated text that the model card names. Without `--all` its development
parts stay out and are measured. Each network has its seed.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from models.training.pii.material import Material
from models.training.pii.network import Network, packed
from models.training.pii.trainer import train


def main() -> None:
    """Train, measure, save."""
    parser = argparse.ArgumentParser(prog="python -m models.training.pii", description=__doc__)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--networks", type=int, default=3)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--all", action="store_true", help="train on the development parts, too")
    arguments = parser.parse_args()
    networks = []
    for seed in range(arguments.seed, arguments.seed + arguments.networks):
        torch.manual_seed(seed)
        material = Material(arguments.corpora, seed, everything=arguments.all)
        networks.append(Network())
        train(networks[-1], material, arguments.epochs)
    np.savez_compressed(arguments.out, **packed(networks))
    print(arguments.out.stat().st_size, "bytes", flush=True)


if __name__ == "__main__":
    main()
