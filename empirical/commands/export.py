"""``tailbound empirical export``: Write a finished run in three small files, to share.

HASH.npz holds the logits of the test images in float16, their labels, the last layer, the class means of the training
features, the class counts and names; it is a file for `examine --arrays`. HASH.pt holds the weights in float16 with
what it takes to use them, for `torch.load` and `examine --checkpoint`. HASH.json is the run's result.json.

Exit codes: 0, the files are written; 1, they cannot be; 2, the input cannot be used and nothing was written.
"""

from __future__ import annotations

from collections.abc import Sequence

from empirical.runtime.command_line import DEVICES, ROOT, Parser, folder, program_name, record_output, writing
from empirical.storage.run_folder import finished_run
from theory.support.validate import choice

__all__ = ["main"]

_PROGRAM = f"{program_name('empirical')} export"


def main(argv: Sequence[str]) -> int:
    """Write what ``argv`` says and return the exit code."""
    description, _, details = str(__doc__).partition("\n\n")
    parser = Parser(prog=_PROGRAM, description=description.partition(": ")[2], epilog=details)
    parser.add_argument("--run", type=folder, metavar="DIR", required=True, help="the folder of a run, runs/HASH")
    parser.add_argument("--root", type=folder, metavar="DIR", help=f"the folder of the data sets (default: {ROOT})")
    parser.add_argument("--device", default="auto", metavar="NAME", help="auto, cpu or cuda (default: auto)")
    parser.add_argument("--out", type=folder, metavar="DIR", required=True, help="the folder for the files")
    args = parser.parse_args(argv)
    try:
        choice("device", args.device, DEVICES)
        finished_run(args.run)
    except ValueError as error:
        parser.error(str(error))
    from empirical.analysis.run_export import export_run  # imports torch, which takes seconds

    try:
        with writing(parser, args.out):
            files = export_run(args.run, args.out, args.root or ROOT, args.device)
    except ValueError as error:
        parser.error(str(error))
    record_output(args.out)
    print("\n".join(f"{file} ({file.stat().st_size:,} bytes)" for file in files))
    return 0
