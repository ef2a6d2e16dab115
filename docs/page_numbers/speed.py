"""Tables of docs/speed.md."""

from __future__ import annotations

import json

from .published import PUBLISHED
from .registry import markdown, table


@table
def training_speed() -> str:
    """Training against the reference loop."""
    made = json.loads((PUBLISHED / "bench.json").read_text(encoding="utf-8"))
    lines = []
    for name in (made["reference"], *made["ratios"]):
        measured, ratio = made["candidates"][name], made["ratios"].get(name)
        speed, share = f"{measured['images_per_second']:.0f}", f"{100 * measured['share']:.0f} %"
        lines.append((name, speed, f"{ratio:.2f}x" if ratio else "", share))
    return markdown(("loop", "images/s", "against the reference", "of the ceiling"), lines)
