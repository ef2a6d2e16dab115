"""``tailbound empirical examine``: Examine a network that anyone trained.

A network is given in one of three ways:

--arrays FILE: an .npz file, or a folder of .npy files, with any of features (n, d), logits (n, C), labels (n,), weight
(C, d), bias (C,), train_features, train_labels, counts (C,) and class_names. Any backbone, any data. What is there is
examined, and what is missing is named with what it would add; large files are memory-mapped.
--checkpoint FILE --arch ARCH --data DATA: an ordinary PyTorch file, with the mean and the standard deviation that its
images were normalised with, and the side that they were scaled to; a model.pt of this program says these itself. Every
tensor of it has its place in the network, or the file is refused.
--run DIR: a run of this program.

Images are held-out ones, which the network was not trained on.

Exit codes: 0, the network is examined; 1, a file cannot be written; 2, the input cannot be used and nothing was
written.
"""

from __future__ import annotations

import logging
import shlex
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from empirical.data.load import check_name
from empirical.runtime.command_line import (
    DEVICES,
    ROOT,
    Parser,
    file,
    file_or_folder,
    folder,
    numeric,
    program_name,
    record_output,
    writing,
)
from empirical.runtime.progress import silent, track
from empirical.storage.folders import folder_for_work
from theory.support import messages
from theory.support.validate import choice, number, refuse

__all__ = ["main"]

_log = logging.getLogger(__name__)

_PROGRAM = f"{program_name('empirical')} examine"


def main(argv: Sequence[str]) -> int:
    """Examine what ``argv`` says and return the exit code."""
    description, _, details = str(__doc__).partition("\n\n")
    parser = Parser(prog=_PROGRAM, description=description.partition(": ")[2], epilog=details)
    doors = parser.add_mutually_exclusive_group(required=True)
    doors.add_argument("--arrays", type=file_or_folder, metavar="FILE", help="an .npz file, or a folder of .npy files")
    doors.add_argument("--checkpoint", type=file, metavar="FILE", help="a PyTorch file")
    doors.add_argument("--run", type=folder, metavar="DIR", help="the folder of a finished run, runs/HASH")
    of_checkpoint = parser.add_argument_group("with --checkpoint")
    of_checkpoint.add_argument("--arch", metavar="ARCH", help="resnet8|14|20|32|44|56|110|18|34")
    of_checkpoint.add_argument("--data", metavar="DATA", help="cifar10, cifar100, an .npz file or a folder of images")
    for name in ("mean", "std"):
        meaning = f"{name} of each channel that it was trained with, of pixels from 0 to 1"
        meaning += " (default: the file's, or the data set's)"
        of_checkpoint.add_argument(f"--{name}", type=numeric, nargs="+", metavar="X", help=meaning)
    side = "side in pixels of the images that it was trained on (default: the file's, or their own)"
    of_checkpoint.add_argument("--resolution", type=numeric, metavar="N", help=side)
    computed = parser.add_argument_group("with --checkpoint and --run")
    computed.add_argument("--root", type=folder, metavar="DIR", help=f"the folder of the data sets (default: {ROOT})")
    computed.add_argument("--device", metavar="NAME", help="auto, cpu or cuda (default: auto)")
    parser.add_argument("--counts", type=numeric, nargs="+", metavar="N", help="training images of each class")
    parser.add_argument("--class-names", nargs="+", metavar="NAME", help="names of the classes")
    parser.add_argument(
        "--recall", type=numeric, default=0.8, metavar="R", help="the recall that is wanted, from 0 to 1 (default: 0.8)"
    )
    parser.add_argument("--seed", type=numeric, default=0, metavar="N", help="of the halves of the images (default: 0)")
    parser.add_argument("--out", type=folder, metavar="DIR", help="write tables, figure and page there")
    messages.add_options(parser)
    args = parser.parse_args(argv)
    with messages.show_messages(args.quiet, args.verbose):
        return _examine(parser, args, argv)


def _examine(parser: Parser, args: Any, argv: Sequence[str]) -> int:
    """Examine what the options name and write what is found."""
    with ExitStack() as clean_up:
        try:
            recall = float(number("recall", args.recall, "must be a number between 0 and 1", above=0, below=1))
            arrays, about = _arrays(args)
            # scipy is imported from here on: the answer to a bad argument comes before.
            from empirical.analysis.examine import examination
            from empirical.analysis.examine.inputs import ARRAYS, check
            from empirical.analysis.examine.text import full

            shown = silent if args.quiet else track
            inputs = check(**arrays, seed=args.seed, track=shown)
            if args.out is not None:
                clean_up.enter_context(folder_for_work(args.out))
        except ValueError as error:
            parser.error(str(error))
        if "unused" in about:
            _log.info(
                "not used of %s: %s; the names are %s", about["source"], ", ".join(about["unused"]), ", ".join(ARRAYS)
            )
        about["command"] = shlex.join([*parser.prog.split(), *argv])
        found = examination.examination(inputs, recall, about, shown)
        print(full(found.to_dict()))
        if args.out is not None:
            with writing(parser, args.out):
                found.to_json(args.out / f"{examination.NAME}.json")
                files = found.to_csv(args.out)
                page = found.to_html(args.out / f"{examination.NAME}.html")
            record_output(page)
            print(f"{page}, {args.out / examination.NAME}.json and {len(files)} tables as CSV")
        return 0


def _arrays(args: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the arrays that the options name, and where they come from."""
    others = ("arch", "data", "mean", "std", "resolution") if args.checkpoint is None else ()
    for name in (*others, *(("root", "device") if args.arrays is not None else ())):
        value = getattr(args, name)
        if value is not None:
            shown = str(value) if name == "root" else value
            refuse(name, shown, f"must be left out with --{'run' if args.arrays is None else 'arrays'}")
    where: dict[str, Any] = {"root": args.root or ROOT, "device": args.device or "auto"}
    choice("device", where["device"], DEVICES)
    if args.arrays is not None:
        found, about = _of_file(args.arrays)
    elif args.run is not None:
        from empirical.storage.run_folder import finished_run

        finished_run(args.run)  # without torch, which takes seconds to import
        from empirical.analysis.examine.sources import of_run

        found, about = of_run(args.run, **where)
    else:
        for name in ("arch", "data"):
            if getattr(args, name) is None:
                refuse(name, None, "must be given with --checkpoint")
        check_name(args.data, where["root"], args.resolution)
        from empirical.analysis.examine.sources import of_checkpoint

        own = {
            "mean": args.mean,
            "std": args.std,
            "resolution": args.resolution,
            "track": silent if args.quiet else track,
        }
        found, about = of_checkpoint(args.checkpoint, args.arch, args.data, **where, **own)
    for name in ("counts", "class_names"):
        value = getattr(args, name)
        if value is not None:
            found[name] = value
    return found, about


def _of_file(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the arrays of a file that can be examined, and what to say of it."""
    from empirical.analysis.examine.array_file import open_arrays

    found = open_arrays("arrays", path)
    from empirical.analysis.examine.inputs import ARRAYS

    known: dict[str, Any] = {name: array for name, array in found.items() if name in ARRAYS}
    if not known.keys() & {"features", "logits", "weight"}:
        refuse("arrays", sorted(found), "must hold features, logits or weight, under these names")
    about: dict[str, Any] = {"source": path.name}
    if unused := sorted(found.keys() - known.keys()):
        about["unused"] = unused
    return known, about
