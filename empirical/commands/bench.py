"""``tailbound empirical bench``: Measure how fast training is, against a standard loop.

Ours and the reference (a DataLoader, at its best number of workers) train the same network on random
images of CIFAR's shape, in turn, each in a process of its own; medians and their ratio are shown. The share is that of
the images/s of matrix products with as many operations in the same precision, the most that the device can do. After
Ctrl-C or SIGTERM it ends with exit code 130, and so do the processes.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from empirical.runtime.command_line import (
    DEVICES,
    PRECISIONS,
    Parser,
    file,
    numeric,
    program_name,
    record_output,
    writing,
)
from empirical.runtime.processes import listening
from empirical.runtime.stop import CANCELLED
from empirical.storage.tables import check_file, write_whole
from theory.support.validate import choice

__all__ = ["main"]

_PROGRAM = f"{program_name('empirical')} bench"

_USUAL: dict[str, Any] = {"rounds": 3}
_QUICK: dict[str, Any] = {"rounds": 1, "workers": (0,), "busy": False}
_STEPS = {"cpu": {False: 8, True: 2}, "cuda": {False: 512, True: 64}}
"""Timed steps of each device, of a whole measurement and of a look: on CUDA, 32 batches are augmented at once."""


def main(argv: Sequence[str]) -> int:
    """Measure what ``argv`` says and return the exit code."""
    description, _, method = str(__doc__).partition("\n\n")
    parser = Parser(prog=_PROGRAM, description=description.partition(": ")[2], epilog=method)
    parser.add_argument("--arch", default="resnet32", help="the network (default: resnet32)")
    parser.add_argument("--batch-size", type=numeric, default=128, metavar="N", help="images a step (default: 128)")
    parser.add_argument(
        "--steps", type=numeric, metavar="N", help="timed steps a round (default: 8, quick: 2; 512 and 64 on CUDA)"
    )
    parser.add_argument("--rounds", type=numeric, metavar="N", help="rounds (default: 3, quick: 1)")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda (default: auto)")
    parser.add_argument("--compile", action="store_true", help="measure ours with torch.compile too")
    parser.add_argument("--precision", metavar="NAME", help="measure ours in float32 or bfloat16 too")
    parser.add_argument("--stacked", type=numeric, default=0, metavar="N", help="measure N runs at once too")
    parser.add_argument("--quick", action="store_true", help="a look: few steps, one round, no workers")
    parser.add_argument("--json", type=file, metavar="FILE", help="write the numbers to a file too")
    args = parser.parse_args(argv)
    try:
        plan = _plan(args)
        if args.json is not None:
            check_file("json", args.json)
    except ValueError as error:
        parser.error(str(error))
    from empirical.benchmark.bench import measure, report

    try:
        with listening():
            found = report(measure(plan, lambda line: print(line, file=sys.stderr, flush=True)))
    except KeyboardInterrupt:
        print(f"{parser.prog}: cancelled; nothing was written", file=sys.stderr)
        return CANCELLED
    print(_table(found))
    if args.json is not None:
        with writing(parser, args.json):
            write_whole(args.json, json.dumps(found, indent=2, allow_nan=False) + "\n")
        record_output(args.json)
    return 0


def _plan(args: argparse.Namespace) -> Any:
    choice("device", args.device, DEVICES)
    if args.precision is not None:
        choice("precision", args.precision, PRECISIONS)
    from empirical.benchmark.bench import Plan
    from empirical.runtime.device import find_device

    device = find_device(args.device).type
    numbers = {"steps": _STEPS[device][args.quick], **(_QUICK if args.quick else _USUAL)}
    numbers |= {name: getattr(args, name) for name in ("steps", "rounds") if getattr(args, name) is not None}
    wanted = {name: getattr(args, name) for name in ("arch", "batch_size", "compile", "precision", "stacked")}
    return Plan(device=device, **wanted, **numbers)


def _table(speeds: dict[str, Any]) -> str:
    """Return the report as text."""
    lines = [f"{'':30s}{'images/s':>10s}{'first step':>12s}{'outside':>9s}{'share':>8s}{'memory':>12s}"]
    for name, one in speeds["candidates"].items():
        outside = "-" if one["outside"] is None else f"{100 * one['outside']:.1f}%"
        speed = f"{one['images_per_second']:10.1f}{one['first_step']:10.2f} s"
        lines.append(f"{name:30s}{speed}{outside:>9s}{100 * one['share']:7.1f}%{one['peak_mib']:8.0f} MiB")
    for name, ratio in speeds["ratios"].items():
        lines.append(f"{name}: {ratio:.2f} times as fast as the {speeds['reference']}")
    if speeds["busy_cost"] is not None:
        lines.append(f"a busy process beside it makes it take {speeds['busy_cost']:.2f} times as long")
    for name, ratio in speeds["together"].items():
        lines.append(f"{name}: {ratio:.2f} times the images a second of ours one after another")
    return "\n".join(lines)
