"""Folders of pictures: every file becomes 8-bit RGB without loss, or with a loss that is said, or is refused."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageOps

from empirical.data.checksums import NAME, compare
from empirical.data.dataset import Dataset, sixteen_bits
from empirical.data.plain_names import composed, plain_names
from empirical.data.resize import area_average
from theory.support.validate import refuse

__all__ = ["Picture", "image_folder", "natural", "read_picture"]

_SUFFIXES = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp", ".gif")
_NO_CLASSES = ("__MACOSX",)
_COMPANIONS = ("thumbs.db", "desktop.ini")
_PARTS = ("train", "test")
_WHITE = 255
_DIGITS = re.compile(r"(\d+)")
_SIXTEEN = re.compile(r"(?<!BGR);16")  # in the layout of the file's bytes; BGR;16 are 5, 6 and 5 bits
_SHOWN = 3
_CHECKED = (".png",)  # its chunks have checksums
_BROKEN_OFF = "(?i).*(truncated|tag offset|expected size)"  # what decoders warn of and go on
_COLOURS = {"1", "L", "P", "RGB", "RGBX", "CMYK", "YCbCr"}
_TRANSPARENT = {"LA", "La", "PA", "RGBA", "RGBa"}
_SAVE_EIGHT = "save it with 8 bits a channel"
_WHITE_16 = 65535


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture, read from a file.

    Attributes:
        pixels: shape ``(H, W, 3)``, uint8; uint16 of a file with 16 bits of grey.
        notes: what was done to it that changes numbers.
    """

    pixels: NDArray[Any]
    notes: tuple[str, ...] = ()


def read_picture(path: Path) -> Picture:
    """Return the picture in a file, turned as its EXIF orientation says.

    Grey and palettes become RGB; transparent pixels are laid on white; 16-bit colours keep their high byte; of several
    frames the first is taken. All but the first of these is told in ``notes``.

    Args:
        path: the file.

    Raises:
        ValueError: it cannot be decoded, whatever the decoder's reason; its numbers have no black and white (32 bits,
            floats); or nothing is left of it on white. The message names the file.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.filterwarnings("error", _BROKEN_OFF)
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as file:
                file.verify()  # the checksums of a PNG, which decoding leaves out
            with Image.open(path) as file:
                depth = _depth(file)
                frames = int(getattr(file, "n_frames", 1))
                file.load()
                return _plain(path, ImageOps.exif_transpose(file), frames, depth)
    except Exception as error:  # decoders raise what they like: SyntaxError, struct.error, DecompressionBombError
        if isinstance(error, ValueError) and str(error).startswith("data="):
            raise
        reason = " ".join(str(error).split()) or type(error).__name__
        if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
            reason = f"it has more than {Image.MAX_IMAGE_PIXELS:,} pixels; make it smaller"
        refuse("data", str(path), f"must be a readable image: {reason}")


def image_folder(root: Path, resolution: int | None = None) -> Dataset:
    """Return the images of a folder, in colour.

    It holds ``train`` and ``test``, each with a folder of images for each class; the names of these folders are those
    of the classes, in natural order: numbers by their value. Hidden files and folders (``.ipynb_checkpoints``,
    ``._cat.png``) and ``__MACOSX`` are left out, and so are, with a note, files whose names are not those of images,
    files that lie in no class, and folders beside ``train`` and ``test``.
    Every image is read by :func:`read_picture`. Only a PNG holds checksums: of other files damage can change the pixels
    unseen, unless the folder has a list of checksums (:mod:`empirical.data.checksums`), which is then compared; a note
    says where there is none.

    Args:
        root: the folder.
        resolution: the side in pixels to which every image is brought by :func:`empirical.data.resize.area_average`;
            None takes them as they are, and then all have the same size.

    Raises:
        ValueError: the folder holds something else, an image cannot be read or is not as its checksum says, or the
            images differ in size and ``resolution`` is None.
    """
    labels: list[NDArray[np.intp]] = []
    classes = []
    every: list[Path] = []
    left_out: list[Path] = []
    beside: list[Path] = []
    notes: dict[str, list[Path]] = {}
    for part in _PARTS:
        if not (root / part).is_dir():
            refuse("data", str(root), f"must hold the folders train and test; missing: {part}")
        folders = _class_folders(root / part)
        beside += _loose(root, root / part)
        own_labels: list[int] = []
        for label, folder in enumerate(folders):
            found, others = _image_files(folder)
            if not found:
                refuse("data", str(folder), f"must hold images, or be removed: {', '.join(_SUFFIXES)}")
            every += found
            left_out += others
            own_labels += [label] * len(found)
        labels.append(np.array(own_labels, dtype=np.intp))
        classes.append(plain_names("data", [folder.name for folder in folders]))
    everything = _read_all(every, resolution, notes)
    if classes[0] != classes[1] or len(classes[0]) < 2:
        refuse(
            "data", str(root), f"must have the same classes, two at least, in train and test: {_difference(classes)}"
        )
    if left_out:
        notes["left out: no image by its name"] = left_out
    if beside:
        notes["left out: neither train nor test, or in no class of them"] = beside
    unchecked = [path for path in every if path.suffix.lower() not in _CHECKED]
    if not compare(root, every) and unchecked:
        notes[f"no checksum, in the file or in {NAME}, would show that it is damaged"] = unchecked
    return Dataset(
        name=Path(os.path.abspath(root)).name,
        classes=classes[0],
        images=everything.reshape(len(everything), -1),
        labels=np.concatenate(labels),
        test=np.repeat([False, True], [len(part) for part in labels]),
        shape=everything.shape[1:],
        notes=tuple(_note_of_files(text, paths) for text, paths in notes.items()),
    )


def natural(text: str) -> tuple[Any, ...]:
    """Return the key that sorts texts as people count: numbers in them by their value.

    Example:
        >>> sorted(["10", "2", "b", "a11", "a2"], key=natural)
        ['2', '10', 'a2', 'a11', 'b']
    """
    parts = _DIGITS.split(text)
    return tuple((int(part), "") if at % 2 else (-1, part) for at, part in enumerate(parts)), text


def _class_folders(part: Path) -> list[Path]:
    """Return the folders of the classes, in natural order."""
    found = [path for path in part.iterdir() if path.is_dir() and not _is_hidden(path) and path.name not in _NO_CLASSES]
    for path in found:
        try:
            path.name.encode()
        except UnicodeEncodeError:
            refuse("data", str(path), "its name must be UTF-8: it is the name of a class, and results name it")
    if not found:
        refuse("data", str(part), "must hold a folder for each class, with images in each")
    return sorted(found, key=lambda path: natural(composed(path.name)))


def _image_files(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the images in a folder and in the folders in it, and the other files that are not hidden."""
    images: list[Path] = []
    others: list[Path] = []
    for where, inner, names in os.walk(folder, onerror=_raise, followlinks=True):
        inner[:] = sorted(name for name in inner if not name.startswith(".") and name not in _NO_CLASSES)
        for name in inner:
            _refuse_loop(Path(where, name))
        for name in sorted(names):
            path = Path(where, name)
            if _is_hidden(path) or name.lower() in _COMPANIONS:
                continue
            if path.suffix.lower() not in _SUFFIXES:
                others.append(path)
            elif path.is_file():
                images.append(path)
            else:
                refuse("data", str(path), "must be a file: it is a broken link, a pipe or a device")
    return images, others


def _loose(root: Path, part: Path) -> list[Path]:
    """Return what lies beside the folders of the classes and beside train and test, and is not hidden."""
    files = [path for path in part.iterdir() if not path.is_dir() and path.name.lower() not in _COMPANIONS]
    folders = [path for path in root.iterdir() if path.is_dir() and path.name not in (*_PARTS, *_NO_CLASSES)]
    beside = folders if part.name == _PARTS[0] else []
    return sorted(path for path in (*files, *beside) if not _is_hidden(path))


def _refuse_loop(folder: Path) -> None:
    """Refuse a link to a folder that it lies in: its images would come again and again."""
    if folder.is_symlink() and Path(os.path.realpath(folder.parent)).is_relative_to(os.path.realpath(folder)):
        refuse("data", str(folder), "must not be a link to a folder that it lies in")


def _raise(error: OSError) -> NoReturn:
    raise error


def _is_hidden(path: Path) -> bool:
    return path.name.startswith(".")


def _read_all(files: Sequence[Path], resolution: int | None, notes: dict[str, list[Path]]) -> NDArray[np.uint8]:
    """Return the pictures, shape ``(n, H, W, 3)``; what was done to them goes into ``notes``."""
    pictures: list[NDArray[Any]] = []
    for path in files:
        picture = read_picture(path)
        for note in picture.notes:
            notes.setdefault(note, []).append(path)
        # Of 16 bits it is known when all are there what is white.
        pictures.append(picture.pixels if picture.pixels.dtype == np.uint16 else _sized(picture.pixels, resolution))
    wide = [at for at, pixels in enumerate(pictures) if pixels.dtype == np.uint16]
    if wide:
        text, scaled = sixteen_bits([pictures[at] for at in wide], str(files[wide[0]]))
        for at, pixels in zip(wide, scaled, strict=True):
            pictures[at] = _sized(pixels, resolution)
        if text:
            notes[text] = [files[at] for at in wide]
    for path, pixels in zip(files, pictures, strict=True):
        if pixels.shape != pictures[0].shape:
            different, first = (f"{shape[1]} x {shape[0]}" for shape in (pixels.shape, pictures[0].shape))
            refuse("resolution", None, f"must be given: {path} is {different}, the first image {first}")
    return np.stack(pictures)


def _sized(pixels: NDArray[np.uint8], resolution: int | None) -> NDArray[np.uint8]:
    return pixels if resolution is None else area_average(pixels[None], resolution)[0]


def _plain(path: Path, file: Image.Image, frames: int, depth: int) -> Picture:
    """Return the picture as 8-bit RGB, or 16-bit grey as it is."""
    notes = [] if frames == 1 else [f"the first of {frames} frames is taken"]
    if file.mode.startswith("I;16") or (file.mode == "I" and depth == 16):
        if "transparency" in file.info:
            refuse("data", str(path), f"has 16 bits and a transparent grey; {_SAVE_EIGHT}")
        numbers = np.asarray(file)
        if numbers.min() < 0 or numbers.max() > _WHITE_16:
            refuse("data", str(path), f"must hold grey from 0 to {_WHITE_16}, not {int(numbers.min())}; {_SAVE_EIGHT}")
        grey = numbers.astype(np.uint16)
        return Picture(np.repeat(grey[:, :, None], 3, axis=2), tuple(notes))
    if depth == 16:
        notes.append("16 bits a channel: the high 8 are kept")
    if file.mode == "F":
        refuse(
            "data", str(path), f"holds 32-bit floats, and no file says which is black and which is white; {_SAVE_EIGHT}"
        )
    if file.mode in _TRANSPARENT or "transparency" in file.info:
        pixels = np.asarray(file.convert("RGBA"))
        if pixels[:, :, 3].min() < _WHITE:
            notes.append("transparent pixels are laid on white")
            return Picture(_on_white(path, pixels), tuple(notes))
        return Picture(np.ascontiguousarray(pixels[:, :, :3]), tuple(notes))
    if file.mode not in _COLOURS:
        refuse("data", str(path), f"must be grey, RGB or a palette of 8 bits, not of mode {file.mode}; {_SAVE_EIGHT}")
    if file.mode in ("CMYK", "YCbCr"):
        notes.append(f"{file.mode} is converted to RGB without a colour profile")
    return Picture(np.asarray(file.convert("RGB")), tuple(notes))


def _depth(file: ImageFile.ImageFile) -> int:
    """Return 16 if a channel has more than 8 bits in the file, else 8."""
    for tile in file.tile:
        parts = tile.args if isinstance(tile.args, tuple) else (tile.args,)
        wide = [isinstance(part, int) and part > _WHITE for part in parts]  # the white of a PPM
        if _SIXTEEN.search(str(parts)) or (tile.codec_name.startswith("ppm") and any(wide)):
            return 16
    return 8


def _on_white(path: Path, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return RGBA pixels laid on white; refuse a drawing that is white itself."""
    alpha = pixels[:, :, 3:].astype(np.uint32)
    shown = ((pixels[:, :, :3] * alpha + _WHITE * (_WHITE - alpha)) * 2 + _WHITE) // (2 * _WHITE)
    if pixels.min(axis=(0, 1)).tolist() != pixels.max(axis=(0, 1)).tolist() and shown.min() == shown.max() == _WHITE:
        refuse("data", str(path), "is empty on white: its drawing is white or transparent; lay it on a ground yourself")
    return shown.astype(np.uint8)


def _difference(classes: Sequence[tuple[str, ...]]) -> str:
    """Return which classes one part has and the other lacks."""
    texts = [
        f"only {part} has {', '.join(sorted(set(own) - set(other), key=natural))}"
        for part, own, other in zip(_PARTS, classes, reversed(classes), strict=True)
        if set(own) - set(other)
    ]
    return "; ".join(texts) or f"there is {', '.join(classes[0])}"


def _note_of_files(text: str, paths: Sequence[Path]) -> str:
    """Return a note with the first files that it is about."""
    shown = ", ".join(str(path) for path in paths[:_SHOWN])
    return f"{text} ({len(paths)} files): {shown}" + (", ..." if len(paths) > _SHOWN else "")
