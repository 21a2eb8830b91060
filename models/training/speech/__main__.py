"""``python -m models.training.speech``: pool, train, export, evaluate, examples, fixtures."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from multiprocessing import get_context
from pathlib import Path

_ROOT = Path(__file__).parents[3]
_MODEL = _ROOT / "models" / "speech"


def _pool(arguments: argparse.Namespace) -> None:
    from . import pool

    names = pool.read_surnames(arguments.surnames)
    context = get_context("spawn")  # the synthesiser's library must not be forked
    folder, count = arguments.work / "pool", arguments.processes
    hours = range(arguments.first, arguments.first + arguments.hours)
    mix = pool.Mix(arguments.german, arguments.flite)
    workers = [
        context.Process(
            target=pool.fill,
            args=(folder, hours[i::count], arguments.seed, names, mix),
        )
        for i in range(count)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if any(worker.exitcode for worker in workers):
        raise SystemExit("a pool process failed; run the command again to go on")


def _train(arguments: argparse.Namespace) -> None:
    import torch

    from . import recipe

    device = "cuda" if torch.cuda.is_available() else "cpu"
    work = recipe.Work(arguments.work)
    only = arguments.stages or []
    start = recipe.reopened(work, _MODEL) if arguments.reopen else arguments.start
    recipe.train(work, arguments.seed, arguments.scale, device, start, only)


def _export(arguments: argparse.Namespace) -> None:
    from . import export, recipe, stages
    from .tokens import Vocabulary

    work = recipe.Work(arguments.work)
    network = stages.restore(work.checkpoints / f"{arguments.stage}.pt")
    if arguments.earlier:
        earlier = stages.restore(work.checkpoints / f"{arguments.earlier}.pt")
        network = stages.averaged(network, earlier, arguments.share)
    export.export(network, Vocabulary(work.tokenizer), arguments.to, arguments.quantization)


def _evaluate(arguments: argparse.Namespace) -> None:
    from .evaluate import evaluate

    evaluate(arguments.model, arguments.show, arguments.every, arguments.minutes)


def _examples(arguments: argparse.Namespace) -> None:
    from .examples import write_examples

    write_examples(arguments.to)


def _fixtures(arguments: argparse.Namespace) -> None:
    from .fixtures import write_fixtures

    write_fixtures(arguments.to)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m models.training.speech", description=__doc__)
    commands = parser.add_subparsers(required=True)

    def command(name: str, run: object, text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text)
        added.set_defaults(run=run)
        return added

    made = command("pool", _pool, "make the synthetic utterances (an hour a shard)")
    made.add_argument("--work", type=Path, required=True)
    made.add_argument("--hours", type=int, default=60)
    made.add_argument("--first", type=int, default=0, help="number of the first shard")
    made.add_argument("--german", type=float, default=0.58, help="share of German")
    made.add_argument("--flite", type=float, default=0.24, help="flite's share of the English")
    made.add_argument("--processes", type=int, default=2)
    made.add_argument("--seed", type=int, default=7)
    made.add_argument("--surnames", type=Path, help="more surnames, one a line")
    train = command("train", _train, "run the stages that have not ended yet")
    train.add_argument("stages", nargs="*", help="only these, again if need be")
    train.add_argument("--work", type=Path, required=True)
    train.add_argument("--seed", type=int, default=7)
    train.add_argument("--scale", type=float, default=1.0, help="multiplies the minutes")
    train.add_argument("--start", type=Path, help="a checkpoint to begin from")
    train.add_argument("--reopen", action="store_true", help="begin from the shipped model")
    export = command("export", _export, "write the files that faster-whisper loads")
    export.add_argument("--work", type=Path, required=True)
    export.add_argument("--stage", default="strangers")
    export.add_argument("--earlier", help="a stage to average the weights with")
    export.add_argument("--share", type=float, default=0.3, help="the earlier stage's share")
    export.add_argument("--to", type=Path, default=_MODEL)
    export.add_argument("--quantization", default="int8", choices=["int8", "float16"])
    evaluate = command("evaluate", _evaluate, "print the figures of the model card")
    evaluate.add_argument("model", type=Path, nargs="?", default=_MODEL)
    evaluate.add_argument("--show", action="store_true", help="print what was misheard")
    evaluate.add_argument("--every", type=int, default=1, help="only every n-th sentence")
    evaluate.add_argument("--minutes", type=float, default=20, help="length of the long calls")
    examples = command("examples", _examples, "make the synthetic calls")
    examples.add_argument("--to", type=Path, default=_ROOT / "examples")
    fixtures = command("fixtures", _fixtures, "make the spoken sentences of the tests")
    fixtures.add_argument("--to", type=Path, default=_ROOT / "tests" / "fixtures" / "speech")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command."""
    arguments = _parser().parse_args(argv)
    arguments.run(arguments)


if __name__ == "__main__":
    main()
