"""``python -m empirical train``: train a run, or what is left of it.

Exit codes: 0, the run is finished; 1, it failed (a loss that is not finite, a full disk); 2, the input cannot be used
and nothing was written; 75, it was stopped by SIGTERM or its time budget, and the same command goes on with it.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from empirical.config import METHODS
from empirical.options import Parser, folder, numeric
from empirical.stopping import CANCELLED, INTERRUPTED, Interrupted, Stop, duration
from empirical.threads import wait_passively

__all__ = ["main"]

_FAILED = 1
_WORKSPACE = ":4096:8"


def main(argv: Sequence[str]) -> int:
    """Train what ``argv`` says and return the exit code."""
    parser = _parser()
    args = parser.parse_args(argv)
    try:
        limit = None if args.time_budget is None else duration(args.time_budget)
    except ValueError as error:
        parser.error(str(error))
    wait_passively()
    if args.deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", _WORKSPACE)  # cuBLAS reads it when it starts
    with Stop(limit) as stop:
        try:
            return _train(args, stop)
        except ValueError as error:
            parser.error(str(error))
        except Interrupted as error:
            print(f"{parser.prog}: {error}; the same command goes on from there", file=sys.stderr)
            return INTERRUPTED
        except KeyboardInterrupt:
            print(f"{parser.prog}: cancelled; the same command goes on after the last whole epoch", file=sys.stderr)
            return CANCELLED
        except ArithmeticError as error:
            print(f"{parser.prog}: {error}", file=sys.stderr)
            return _FAILED
        except (MemoryError, RuntimeError) as error:  # torch says with a RuntimeError that memory is short
            if not isinstance(error, MemoryError) and "memory" not in str(error):
                raise
            reason = str(error).partition("\n")[0] or "no memory is left"
            print(f"{parser.prog}: {reason}; what was saved before is as it was", file=sys.stderr)
            return _FAILED
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            print(
                f"{parser.prog}: {where}{error.strerror or error}; what was saved before is as it was", file=sys.stderr
            )
            return _FAILED


def _train(args: argparse.Namespace, stop: Stop) -> int:
    # Torch is imported here: the threads' settings must come before, and SIGTERM must be listened to by then.
    from empirical.config import Config
    from empirical.monitor import Several, Tensorboard, by_default
    from empirical.runs import Run
    from empirical.train import train

    known = {field.name for field in fields(Config)}
    config = Config(**{name: value for name, value in vars(args).items() if name in known})
    monitor = Several(by_default(), Tensorboard()) if args.tensorboard else by_default()
    result = train(
        config,
        args.out,
        root=args.root,
        device=args.device,
        deterministic=args.deterministic,
        compile=args.compile,
        stop=stop,
        monitor=monitor,
    )
    last, best = result["last"], result["best"]
    print(f"last epoch {100 * last['accuracy']:.2f}%, best {100 * best['accuracy']:.2f}% at epoch {best['epoch']}")
    print(Run(config, args.out).folder / "result.json")
    return 0


def _parser() -> Parser:
    description, _, codes = str(__doc__).partition("\n\n")
    parser = Parser(prog="python -m empirical train", description=description.partition(": ")[2], epilog=codes)

    def add(name: str, meaning: str, default: Any = None, **more: Any) -> None:
        shown = "" if default is None else f" (default: {default})"
        parser.add_argument(f"--{name}", default=default, help=meaning + shown, **more)

    depths = "resnet8|14|20|32|44|56|110|18|34"
    add("data", "cifar10, cifar100, digits, gaussian, a .npz file or a folder of images", required=True)
    add("root", "the folder of the data sets", Path("data"), type=folder, metavar="DIR")
    add("imbalance", "images of the most frequent class over those of the rarest", 100, type=numeric, metavar="R")
    add("shape", "exp or step", "exp")
    add("largest", "images of the most frequent class (default: as many as there are)", type=numeric, metavar="N")
    add("method", ", ".join(METHODS), "ce")
    add("pretrain", "none, rotation, simclr, moco or barlow", "none")
    add("arch", depths, "resnet32")
    add("width", "channels of the first stage (default: the network's own)", type=numeric, metavar="N")
    add("resolution", "side of the images in pixels (default: their own)", type=numeric, metavar="N")
    add("epochs", "how often each image is seen", 200, type=numeric, metavar="N")
    add("batch-size", "images a step", 128, type=numeric, metavar="N")
    add("lr", "learning rate of the plateau", 0.1, type=numeric)
    add("weight-decay", "on every parameter", 2e-4, type=numeric)
    add("evaluate-every", "epochs between two looks at the test images", 1, type=numeric, metavar="N")
    add("seed", "of everything random", 0, type=numeric, metavar="N")
    add("device", "auto, cpu or cuda", "auto")
    parser.add_argument("--deterministic", action="store_true", help="deterministic kernels on CUDA")
    parser.add_argument("--compile", action="store_true", help="torch.compile; pays after some thousand steps")
    add("time-budget", "stop in time, with exit code 75: 90s, 9m, 1.5h", metavar="TIME")
    parser.add_argument("--tensorboard", action="store_true", help="write TensorBoard's files too")
    parser.add_argument("--out", required=True, type=folder, metavar="DIR", help="the folder of the runs")
    return parser
