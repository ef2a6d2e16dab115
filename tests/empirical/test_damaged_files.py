"""Damaged files are refused in one line that names them, or read as they were: never otherwise.

The suite damages each kind of file a few times; ``python tests/empirical/test_damaged_files.py 1000`` so many files of
images in all, flips as many bits of the records of a run, and prints what came of them.
"""

import io
import json
import sys
import tempfile
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from empirical.config import Config
from empirical.data.load import load
from empirical.data.pictures import read_picture
from empirical.storage.records import read_record, record_text
from empirical.storage.run_folder import Run

SUITE = 12
"""How often the suite damages each kind."""


def npz_bytes(method):
    """Return a small data set as an ``.npz`` file, its members packed by a method of zipfile."""
    rng = np.random.default_rng(0)
    arrays = {
        "x_train": rng.integers(0, 256, (40, 4, 4), dtype=np.uint8),
        "y_train": np.arange(40) % 2,
        "x_test": rng.integers(0, 256, (10, 4, 4), dtype=np.uint8),
        "y_test": np.arange(10) % 2,
        "classes": np.array(["cat", "dog"]),
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as file:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.save(member, array)
            file.writestr(f"{name}.npy", member.getvalue())
    return content.getvalue()


def picture_bytes(kind, mode="RGB"):
    """Return a small picture as a file of some kind."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (16, 16, 4), dtype=np.uint8)
    if mode == "I;16":
        picture = Image.fromarray(pixels[:, :, 0].astype(np.uint16) * 257)
    else:
        picture = Image.fromarray(pixels, "RGBA").convert(mode)
    content = io.BytesIO()
    picture.save(content, kind)
    return content.getvalue()


KINDS = {
    "stored.npz": npz_bytes(zipfile.ZIP_STORED),
    "deflated.npz": npz_bytes(zipfile.ZIP_DEFLATED),
    "bzip2.npz": npz_bytes(zipfile.ZIP_BZIP2),
    "lzma.npz": npz_bytes(zipfile.ZIP_LZMA),
    **{
        f"{mode.replace(';', '').lower()}.png": picture_bytes("PNG", mode) for mode in ("L", "P", "RGB", "RGBA", "I;16")
    },
    **{f"rgb.{kind.lower()}": picture_bytes(kind) for kind in ("JPEG", "TIFF", "BMP", "GIF", "WEBP", "PPM")},
}
"""By the name of the file, its content undamaged."""

CHECKED = tuple(name for name in KINDS if name.endswith((".npz", ".png")))
"""The files that hold checksums: of the others a change of pixels cannot be told from other pixels."""


def read(path):
    """Return what a file holds, as bytes that can be compared."""
    if path.suffix == ".npz":
        data = load(str(path))
        parts = (data.images, data.labels, data.test)
        return b"".join([repr(data.classes).encode(), *(repr(p.shape).encode() + p.tobytes() for p in parts)])
    pixels = read_picture(path).pixels
    return repr(pixels.shape).encode() + pixels.tobytes()


def damaged(content, rng):
    """Return the content with flipped bits, cut, with bytes set to 0, put in, or taken out."""
    found = bytearray(content)
    start = int(rng.integers(len(found)))
    length = int(rng.integers(1, 40))
    match int(rng.integers(5)):
        case 0:
            for at in rng.integers(len(found), size=int(rng.integers(1, 4))):
                found[at] ^= 1 << int(rng.integers(8))
        case 1:
            del found[start:]
        case 2:
            found[start : start + length] = bytes(len(found[start : start + length]))
        case 3:
            found[start:start] = rng.bytes(length)
        case 4:
            del found[start : start + length]
    return bytes(found)


def outcome(path, original, whole):
    """Return what comes of reading a damaged file; ``whole`` is what it holds undamaged."""
    try:
        found = read(path)
    except ValueError as error:
        text = str(error)
        names = path.name in text or text.startswith(("x_", "y_", "classes"))
        return "refused" if names and "\n" not in text else f"refused badly: {text}"
    except BaseException as error:
        return f"traceback: {type(error).__name__}: {error}"
    if found == whole:
        return "as it was"
    return "changed" if path.name in CHECKED else "changed, without a checksum"


def fuzz(name, times, folder, seed=0):
    """Return how often each outcome came of ``times`` damages of a kind of file."""
    rng = np.random.default_rng([seed, *name.encode()])
    path = folder / name
    path.write_bytes(KINDS[name])
    whole, outcomes = read(path), Counter()
    for _ in range(times):
        content = damaged(KINDS[name], rng)
        path.write_bytes(content)
        outcomes[outcome(path, KINDS[name], whole)] += 1
    return outcomes


ALLOWED = {"refused", "as it was", "changed, without a checksum"}


@pytest.mark.parametrize("name", KINDS)
def test_damaged_images(tmp_path, name):
    assert fuzz(name, SUITE, tmp_path).keys() <= ALLOWED


CONFIG = Config(data="digits", imbalance=4)
RUN = {"hash": CONFIG.digest, "config": CONFIG.numbers(), "data": "0" * 64, "classes": ["a", "b"], "counts": [20, 5]}
SCORES = {"accuracy": 0.75, "class_mean": 0.75, "per_class": [1.0, 0.5], "confusion": [[2, 0], [1, 1]], "loss": 0.5}
RESULT = {**RUN, "last": {"epoch": 4, **SCORES}, "best": {"epoch": 3, "accuracy": 0.75}, "seconds": 1.5}
RECORDS = {"result.json": record_text(RESULT).encode(), "config.json": record_text(RUN).encode()}
"""By the name of the file, its content undamaged."""


def flip_bits(name, times, folder, seed=0):
    """Return how often each outcome came of reading a record of a run with one bit flipped, ``times`` times."""
    rng = np.random.default_rng([seed, *name.encode()])
    run = Run(CONFIG, folder)
    path = run.folder / name
    path.parent.mkdir(exist_ok=True)
    outcomes = Counter()

    def content():
        return run.result() if name == "result.json" else read_record(path, run.name)

    path.write_bytes(RECORDS[name])
    whole = content()
    for _ in range(times):
        flipped = bytearray(RECORDS[name])
        flipped[int(rng.integers(len(flipped)))] ^= 1 << int(rng.integers(8))
        path.write_bytes(flipped)
        try:
            outcomes["as it was" if content() == whole else "changed"] += 1
        except ValueError as error:
            text = str(error)
            outcomes["refused" if name in text and "\n" not in text else f"refused badly: {text}"] += 1
        except BaseException as error:
            outcomes[f"traceback: {type(error).__name__}: {error}"] += 1
    return outcomes


@pytest.mark.parametrize("name", RECORDS)
def test_flipped_bits_of_records(tmp_path, name):
    assert flip_bits(name, 100, tmp_path).keys() <= {"refused", "as it was"}


def main():
    """Damage as many files in all as the command line says, and print the outcomes."""
    times = -(-int(sys.argv[1]) // len(KINDS))
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in KINDS:
            outcomes = fuzz(name, times, Path(folder), seed=1)
            bad += sum(count for text, count in outcomes.items() if text not in ALLOWED)
            print(name, json.dumps(outcomes))
        for name in RECORDS:
            outcomes = flip_bits(name, int(sys.argv[1]), Path(folder), seed=1)
            bad += sum(count for text, count in outcomes.items() if text not in ALLOWED)
            print(name, json.dumps(outcomes))
    count = times * len(KINDS) + int(sys.argv[1]) * len(RECORDS)
    print(f"{count} damaged files, {bad} not refused in one line or changed in silence")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
