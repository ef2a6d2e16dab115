"""``tailbound empirical train``: Train a run, or what is left of it.

Exit codes: 0, the run is finished; 1, it failed (a loss that is not finite, a full disk); 2, the input cannot be used
and nothing was written; 75, it was stopped by SIGTERM or its time budget, and the same command goes on with it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any

from empirical.config import Config
from empirical.data.load import check_name
from empirical.registry import METHODS, users
from empirical.runtime.command_line import (
    DEVICES,
    FAILED,
    PRECISIONS,
    ROOT,
    Parser,
    folder,
    numeric,
    program_name,
    record_output,
)
from empirical.runtime.stop import CANCELLED, INTERRUPTED, Interrupted, Stop, duration
from empirical.runtime.threads import wait_passively
from theory.support import messages
from theory.support.validate import choice, refuse

__all__ = ["main"]

_WORDS = (
    *("data", "shape", "classes", "subset", "indices", "similar_majority", "similar_minority"),
    *("method", "pretrain", "arch"),
)


def _users(number: str) -> str:
    """Return the methods that use a number, as a list in words."""
    return ", ".join(users(number))


_OPTIONS: dict[str, dict[str, tuple[str, str]]] = {
    "data": {
        "data": ("DATA", "cifar10, cifar100, digits, gaussian, a .npz file or a folder of images"),
        "imbalance": (
            "R",
            "images of the most frequent class over those of the rarest (default: 100; files and folders as they are)",
        ),
        "shape": ("SHAPE", "how the class counts fall: exp or step"),
        "largest": ("N", "images of the most frequent class (default: as many as there are)"),
        "counts": ("N ...", "images of each class, instead of the three above"),
        "classes": ("CLASS ...", "the classes to keep, by name or label, the most frequent first (default: all)"),
        "subset": ("SUBSET", "how the images are drawn: nested, by the seed, or ldam, as the published codebases do"),
        "indices": ("FILE", "the positions of the images to train on: .npz or text"),
        "validation": ("F", "fraction of each class that is held out of training, to choose on"),
        "mean": ("M ...", "subtracted from each channel, in units of 255 (default: the training set's)"),
        "std": ("S ...", "divides each channel then"),
        "resolution": ("N", "side of the images in pixels (default: their own)"),
        "data_seed": ("N", "of a test set or images that the data set has to draw"),
        "seed": ("N", "of everything else that is random"),
    },
    "similar samples": {
        "similar_fraction": ("RHO", "fraction of the majority's images that are mixed with the minority's"),
        "similar_degree": ("LAMBDA", "weight that the majority's image keeps"),
        "similar_majority": ("CLASS", "the class whose images are mixed, by name or by label after --classes"),
        "similar_minority": ("CLASS", "the class that they become similar to (default: the last)"),
    },
    "network": {
        "arch": ("ARCH", "resnet8|14|20|32|44|56|110|18|34"),
        "width": ("N", "channels of the first stage (default: the network's own)"),
    },
    "method": {
        "method": (
            "METHOD",
            f"{', '.join(METHODS)} (ce: cross entropy; rs: re-sampling; rw: re-weighting; drw: so late)",
        ),
        "beta": ("BETA", f"of the effective number of samples: {_users('beta')}"),
        "gamma": ("GAMMA", f"exponent of {_users('gamma')}"),
        "margin": ("M", f"largest margin of {_users('margin')}"),
        "scale": ("S", f"scale of the cosines of {_users('scale')}"),
        "tau": ("TAU", f"strength of {_users('tau')}"),
    },
    "pre-training": {
        "pretrain": ("NAME", "none, rotation, simclr, moco or barlow"),
        "temperature": ("T", "of simclr (default: 0.5), moco (default: 0.1)"),
        "dimension": ("N", "of the embedding of simclr, moco (default: 128), barlow (default: 512)"),
        "key_momentum": ("M", "of moco's copy (default: 0.99)"),
        "queue": ("N", "keys that moco holds (default: 4096)"),
        "redundancy": ("LAMBDA", "weight of barlow's second term (default: 0.005)"),
        "factor": ("F", "of barlow's loss (default: 0.025)"),
    },
    "recipe": {
        "epochs": ("N", "how often each image is seen"),
        "batch_size": ("N", "images a step"),
        "lr": ("RATE", "learning rate of the plateau"),
        "momentum": ("M", "of SGD"),
        "weight_decay": ("W", "on every parameter"),
        "warmup": ("F", "fraction of the epochs with a rising learning rate"),
        "decays": ("F ...", "the two fractions of the epochs after which it falls"),
        "decay": ("F", "the factor by which it falls"),
        "evaluate_every": ("N", "epochs between two looks at the test images"),
    },
}
"""The fields of a configuration, as the command line groups them: what stands for the value, and what it is."""


def main(argv: Sequence[str]) -> int:
    """Train what ``argv`` says and return the exit code."""
    parser = _parser()
    args = parser.parse_args(argv)
    try:
        limit = None if args.time_budget is None else duration(args.time_budget)
    except ValueError as error:
        parser.error(str(error))
    wait_passively()
    with messages.show_messages(args.quiet, args.verbose), Stop(limit) as stop:
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
            return FAILED
        except (MemoryError, RuntimeError) as error:  # torch says with a RuntimeError that memory is short
            if not isinstance(error, MemoryError) and "memory" not in str(error):
                raise
            reason = str(error).partition("\n")[0] or "no memory is left"
            print(f"{parser.prog}: {reason}; what was saved before is as it was", file=sys.stderr)
            return FAILED
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            print(
                f"{parser.prog}: {where}{error.strerror or error}; what was saved before is as it was", file=sys.stderr
            )
            return FAILED


def _train(args: argparse.Namespace, stop: Stop) -> int:
    known = {field.name for field in fields(Config)}
    config = Config(**{name: value for name, value in vars(args).items() if name in known})
    _check_used(args, config)
    choice("device", args.device, DEVICES)
    choice("precision", args.precision, PRECISIONS)
    check_name(config.data, args.root, config.resolution)
    # Torch is imported here: the threads' settings must come before, and so must the answer to a bad argument.
    from empirical.data.class_names import labelled
    from empirical.runtime.monitor import Quiet, Several, Tensorboard, by_default
    from empirical.storage.run_folder import Run
    from empirical.training.train import SAVE_EVERY, train

    config = labelled(config, args.root)
    own = Quiet() if args.quiet else by_default()
    monitor = Several(own, Tensorboard()) if args.tensorboard else own
    result = train(
        config,
        args.out,
        root=args.root,
        device=args.device,
        deterministic=args.deterministic,
        compile=args.compile,
        precision=args.precision,
        save_every=SAVE_EVERY if args.save_every is None else args.save_every,
        stop=stop,
        monitor=monitor,
    )
    last, best = result["last"], result["best"]
    kept = Run(config, args.out).folder / "result.json"
    record_output(kept)
    print(f"last epoch {_accuracies_text(last)}, best {100 * best['accuracy']:.2f}% at epoch {best['epoch']}")
    groups = [f"{name} {100 * value:.2f}%" for name, value in result.get("groups", {}).items() if value is not None]
    if groups:
        print(f"classes with more than 100, 20 to 100, fewer than 20 training images: {', '.join(groups)}")
    if chosen := result.get("chosen"):
        test = {name: chosen[f"test_{name}"] for name in ("accuracy", "class_mean")}
        print(f"best epoch of the validation images {chosen['epoch']}: {_accuracies_text(test)}")
    print(kept)
    return 0


def _accuracies_text(scores: Mapping[str, float]) -> str:
    """Return the accuracy, and beside it its mean over the classes."""
    mean = scores.get("class_mean")
    return f"{100 * scores['accuracy']:.2f}%" + ("" if mean is None else f" (mean over classes {100 * mean:.2f}%)")


def _check_used(args: argparse.Namespace, config: Config) -> None:
    """Refuse numbers of another method or pre-training, of mixing where nothing is mixed, and beside the counts."""
    for name in ("imbalance", "shape", "largest") if args.counts is not None else ():
        value = getattr(args, name)
        if value != Config.__dataclass_fields__[name].default and value != getattr(config, name):
            refuse(name, value, "must be left out: counts says how many images of each class there are")
    for group in ("similar samples", "method", "pre-training"):
        for name in _OPTIONS[group]:
            value, default = getattr(args, name), Config.__dataclass_fields__[name].default
            if value != default and getattr(config, name) == default:
                refuse(name, value, "must be left out: this run has no use for it")


def _parser() -> Parser:
    description, _, codes = str(__doc__).partition("\n\n")
    prog = f"{program_name('empirical')} train"
    usage = f"{prog} --data DATA --out DIR [options]"
    parser = Parser(prog=prog, usage=usage, description=description.partition(": ")[2], epilog=codes)
    defaults = {field.name: field.default for field in fields(Config)}
    for title, options in _OPTIONS.items():
        group = parser.add_argument_group(title)
        for name, (metavar, meaning) in options.items():
            default = defaults[name]
            values: dict[str, Any] = {"nargs": "+"} if metavar.endswith("...") else {}
            group.add_argument(
                f"--{name.replace('_', '-')}",
                type=str if name in _WORDS else numeric,
                default=default,
                required=default is MISSING,
                metavar=metavar.removesuffix(" ..."),
                help=meaning + ("" if default in (None, MISSING) else f" (default: {_default_text(default)})"),
                **values,
            )
    add = parser.add_argument_group("how it is computed, of no effect on which run it is").add_argument
    add("--out", required=True, type=folder, metavar="DIR", help="the folder of the runs")
    add("--root", default=ROOT, type=folder, metavar="DIR", help=f"the folder of the data sets (default: {ROOT})")
    add("--device", default="auto", metavar="NAME", help="auto, cpu or cuda (default: auto)")
    add("--deterministic", action="store_true", help="deterministic kernels on CUDA")
    add("--compile", action="store_true", help="torch.compile; pays after some thousand steps of a ResNet-32")
    add("--precision", default="auto", metavar="NAME", help="float32, bfloat16 or auto: bfloat16 on CUDA (default)")
    add("--time-budget", metavar="TIME", help="stop in time, with exit code 75: 90s, 9m, 1.5h")
    add("--save-every", type=numeric, metavar="S", help="seconds between checkpoints, at least (default: 5)")
    add("--tensorboard", action="store_true", help="write TensorBoard's files too")
    messages.add_options(parser)
    return parser


def _default_text(default: Any) -> str:
    """Return a default as the command line takes it."""
    return (
        " ".join(map(str, default))
        if isinstance(default, tuple)
        else f"{default:g}"
        if isinstance(default, float)
        else str(default)
    )
