"""Arrays in files, memory-mapped where that can be: what is larger than memory is read a piece at a time."""

from __future__ import annotations

import io
import shutil
import zipfile
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from theory.support.files import is_pipe_or_device
from theory.support.validate import refuse

__all__ = ["open_arrays"]

_IN_MEMORY = 2**26  # bytes of a compressed array, above which it is unpacked to a temporary file
_PIECE = 2**22  # bytes read at a time
_LOCAL_HEADER, _LENGTHS = 30, 26


def open_arrays(name: str, path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of an ``.npz`` file, or of a folder of ``.npy`` files, by their names.

    Arrays that lie in the file as they are (``np.savez``, ``np.save``) are memory-mapped and read only; those of an
    ``.npz`` file are compared with their checksums first, ``.npy`` files have none. Large ones
    that are compressed (``np.savez_compressed``) are unpacked to a temporary file and mapped there.

    Args:
        name: of the argument that names the file.
        path: the file or the folder.

    Raises:
        ValueError: there is no such file, it is not of this kind, or an array in it holds Python objects.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.savez(Path(folder) / "a.npz", labels=np.arange(3))
        ...     open_arrays("arrays", Path(folder) / "a.npz")["labels"]
        memmap([0, 1, 2])
    """
    allowed = "must be an .npz file, or a folder of .npy files, that can be read and holds no Python objects"
    try:
        if path.is_dir():
            found = {file.stem: _of_folder(file) for file in sorted(path.glob("*.npy"))}
        elif is_pipe_or_device(path):
            raise ValueError("it is a pipe or a device")
        else:
            with zipfile.ZipFile(path) as archive:
                found = {_array_name(member): _named(path, archive, member) for member in archive.infolist()}
                if len(found) < len(archive.infolist()):
                    raise ValueError("an array is in it twice")
    except Exception as error:  # zlib.error, LZMAError, TokenError, MemoryError, ...: whatever the decoder raises
        reason = getattr(error, "strerror", None) or " ".join(str(error).split()) or type(error).__name__
        refuse(name, str(path), f"{allowed}: {reason}")
    if not found:
        refuse(name, str(path), f"{allowed}; there is no array in it")
    return found


def _of_folder(file: Path) -> NDArray[Any]:
    """Return the array of an ``.npy`` file; what cannot be read is said with its name."""
    try:
        if is_pipe_or_device(file):
            raise ValueError("it is a pipe or a device")
        with file.open("rb") as opened:
            return _mapped(opened)
    except ValueError as error:
        raise ValueError(f"{file.name}: {error}") from None


def _array_name(member: zipfile.ZipInfo) -> str:
    if not member.filename.endswith(".npy"):
        raise ValueError(f"{member.filename} in it is no .npy file")
    return member.filename[: -len(".npy")]


def _named(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[Any]:
    """Return an array of the archive; what cannot be read is said with its name."""
    try:
        return _member(path, archive, member)
    except ValueError as error:
        raise ValueError(f"{_array_name(member)}: {error}") from None


def _member(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[Any]:
    """Return an array of the archive; it is read to the end, where its checksum is compared."""
    if member.compress_type == zipfile.ZIP_STORED:
        with archive.open(member) as whole:
            while whole.read(_PIECE):
                pass
        with path.open("rb") as file:
            file.seek(member.header_offset)
            header = file.read(_LOCAL_HEADER)
            lengths = header[_LENGTHS:]
            file.seek(
                member.header_offset + _LOCAL_HEADER + sum(int.from_bytes(lengths[i : i + 2], "little") for i in (0, 2))
            )
            return _mapped(file)
    with archive.open(member) as packed:
        if member.file_size <= _IN_MEMORY:
            return np.asarray(np.lib.format.read_array(io.BytesIO(packed.read()), allow_pickle=False))
        unpacked = TemporaryFile()  # noqa: SIM115 - it lives as long as the map does
        shutil.copyfileobj(packed, unpacked)
        unpacked.seek(0)
        return _mapped(unpacked)


def _mapped(file: IO[bytes]) -> NDArray[Any]:
    """Return the array whose ``.npy`` header begins where the file stands, as a map of the file."""
    version = np.lib.format.read_magic(file)
    read = {1: np.lib.format.read_array_header_1_0, 2: np.lib.format.read_array_header_2_0}.get(version[0])
    if read is None:
        raise ValueError(f"its format has version {version}")
    shape, fortran, dtype = read(file)
    if dtype.hasobject:
        raise ValueError("it holds Python objects")
    if 0 in shape:
        return np.empty(shape, dtype)
    return np.memmap(file, dtype, "r", file.tell(), shape, "F" if fortran else "C")
