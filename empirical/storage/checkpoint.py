"""Checkpoints: a state that is read back whole and for the right run, or refused."""

from __future__ import annotations

import hashlib
import io
import pickle
from pathlib import Path
from typing import Any

from empirical.storage.tables import write_whole
from theory.support.validate import refuse

__all__ = ["load_checkpoint", "save_checkpoint"]

_MAGIC = b"tailbound checkpoint 1"


def save_checkpoint(path: Path, run: str, state: dict[str, Any]) -> None:
    """Write ``state`` to ``path``, whole or not at all.

    The file is one line, ``tailbound checkpoint 1 RUN SHA256``, and then what ``torch.save`` makes of the state; the
    checksum is that of the run's name and of all that follows the line.

    Args:
        path: the file; an older one is replaced.
        run: the name of the run that the state belongs to.
        state: tensors, numbers, strings, and lists and dictionaries of them.

    Raises:
        OSError: the file cannot be written; an older one is then as it was.
    """
    import torch  # takes seconds, and results are read without it

    buffer = io.BytesIO()
    torch.save(state, buffer)
    payload = buffer.getvalue()
    write_whole(path, b"%s %s %s\n" % (_MAGIC, run.encode(), _checksum(run, payload)) + payload)


def load_checkpoint(path: Path, run: str) -> dict[str, Any]:
    """Return the state in ``path``, its tensors in main memory; nothing in the file is executed.

    Args:
        path: what :func:`save_checkpoint` wrote.
        run: the name of the run that it must belong to.

    Raises:
        ValueError: the file is no checkpoint, belongs to another run, or is not as it was written.
        OSError: the file cannot be read.
    """
    import torch

    name = f"{path.parent.name}/{path.name}"
    head, _, payload = path.read_bytes().partition(b"\n")
    words = head.removeprefix(_MAGIC).split()
    if not head.startswith(_MAGIC) or len(words) != 2:
        refuse("checkpoint", name, "must be a checkpoint of this program, or be removed to begin the run anew")
    owner = words[0].decode(errors="replace")
    if owner != run:
        refuse("checkpoint", name, f"must belong to run {run}, and belongs to run {owner}")
    if words[1] != _checksum(run, payload):
        refuse("checkpoint", name, "is torn: its checksum is wrong; remove it to begin the run anew")
    try:
        state: dict[str, Any] = torch.load(io.BytesIO(payload), map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError):
        refuse("checkpoint", name, "must hold nothing but tensors and plain values; remove it to begin the run anew")
    return state


def _checksum(run: str, payload: bytes) -> bytes:
    return hashlib.sha256(run.encode() + b"\n" + payload).hexdigest().encode()
