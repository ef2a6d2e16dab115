"""``python -m empirical examine``: what the theory says of anyone's network.

A network is given by its arrays: an .npz file, or a folder of .npy files, with any of features (n, d), logits (n, C),
labels (n,), weight (C, d), bias (C,), train_features, train_labels, counts (C,) and class_names. Images are held-out
ones, which the network was not trained on. What is there is examined, and what is missing is named with what it would
add. Large files are memory-mapped.

Exit codes: 0, the network is examined; 1, a file cannot be written; 2, the input cannot be used and nothing was
written.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from empirical.runtime.command_line import FAILED, Parser, folder, numeric, place
from empirical.runtime.progress import track
from empirical.storage.folders import make_folder
from theory.support.validate import number, refuse

__all__ = ["main"]


def main(argv: Sequence[str]) -> int:
    """Examine what ``argv`` says and return the exit code."""
    description, _, details = str(__doc__).partition("\n\n")
    parser = Parser(prog="python -m empirical examine", description=description.partition(": ")[2], epilog=details)
    parser.add_argument("--arrays", required=True, type=place, metavar="FILE", help="an .npz file, or a folder of .npy")
    parser.add_argument("--counts", type=numeric, nargs="+", metavar="N", help="training images of each class")
    parser.add_argument("--class-names", nargs="+", metavar="NAME", help="names of the classes")
    parser.add_argument(
        "--recall", type=numeric, default=0.8, metavar="R", help="the recall that is wanted, from 0 to 1 (default: 0.8)"
    )
    parser.add_argument("--seed", type=numeric, default=0, metavar="N", help="of the halves of the images (default: 0)")
    parser.add_argument("--out", type=folder, metavar="DIR", help="write examination.json and the tables as CSV there")
    args = parser.parse_args(argv)
    from empirical.analysis.examine.examination import NAME, examination
    from empirical.analysis.examine.inputs import check
    from empirical.analysis.examine.text import full

    try:
        wanted = float(number("recall", args.recall, "must be a number between 0 and 1", above=0, below=1))
        given = check(**_arrays(args), seed=args.seed)
        if args.out is not None:
            make_folder(args.out)
    except ValueError as error:
        parser.error(str(error))
    found = examination(given, wanted, {"source": str(args.arrays)}, track)
    print(full(found.to_dict()))
    if args.out is not None:
        try:
            found.to_json(args.out / f"{NAME}.json")
            files = found.to_csv(args.out)
        except OSError as error:
            print(f"{parser.prog}: {args.out} cannot be written: {error.strerror}", file=sys.stderr)
            return FAILED
        print(f"{args.out / NAME}.json and {len(files)} tables as CSV beside it")
    return 0


def _arrays(args: Any) -> dict[str, Any]:
    """Return the arrays that the options name."""
    from empirical.analysis.examine.array_file import open_arrays
    from empirical.analysis.examine.inputs import ARRAYS

    found: dict[str, Any] = open_arrays("arrays", args.arrays)
    known = {name: array for name, array in found.items() if name in ARRAYS}
    if not known:
        refuse("arrays", sorted(found), "must hold one or more of " + ", ".join(ARRAYS))
    for name in ("counts", "class_names"):
        value = getattr(args, name)
        if value is not None:
            known[name] = value
    return known
