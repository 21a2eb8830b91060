"""Trains `models/names/tagger.npz`.

Usage: python -m models.training.pii CORPORA OUT [--epochs 12] [--all]
CORPORA is the folder of annotated text that the model card names. Without `--all` its development
parts stay out and are measured. One seed.
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
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--all", action="store_true", help="train on the development parts, too")
    arguments = parser.parse_args()
    torch.manual_seed(arguments.seed)
    material = Material(arguments.corpora, arguments.seed, everything=arguments.all)
    network = Network()
    train(network, material, arguments.epochs)
    np.savez_compressed(arguments.out, **packed(network.arrays()))
    print(arguments.out.stat().st_size, "bytes", flush=True)


if __name__ == "__main__":
    main()
