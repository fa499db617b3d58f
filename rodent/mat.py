"""Variables of MAT files of version 5 to 7.2, whose structure is checked before scipy reads it.

    mat_variables(path)                          # names
    load_mat(path, ("pred", "p_max"))

scipy trusts the type of every element, and a damaged one can end the whole process. Format: MathWorks,
"MAT-File Format", 2024. Nothing in such a file is pickled.
"""

import contextlib
import math
import struct
import warnings
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from rodent.errors import InputError, one_line
from rodent.files import reading

_HEADER = 128  # bytes
_MATRIX, _COMPRESSED = 14, 15
_NUMBERS = (*range(1, 8), 9, 12, 13)  # types of elements that hold numbers
_TEXTS = (*_NUMBERS, 16, 17, 18)
_CELL, _STRUCT, _OBJECT, _CHAR, _SPARSE = 1, 2, 3, 4, 5  # classes of matrices
_NUMERIC = range(6, 16)
_UNREAD = (16, 17, 18)  # functions and objects of newer classes
_COMPLEX = 0x800
_DEEPEST = 40
_CHUNK = 2**20


def read_mat(path: Path, needed: str, variables: Sequence[str], purpose: str = "") -> dict[str, Any]:
    """Variables of a MAT file.

    Args:
        path: the file.
        needed: the variable that must be there.
        variables: those that are read, where they are there.
        purpose: what the needed one is for, said where it is missing.

    Raises:
        InputError: damaged, or without the needed variable.
    """
    found = mat_variables(path)
    if needed not in found:
        why = f", {purpose}" if purpose else ""
        raise InputError(f"{path} has no variable {needed!r}{why}; it has: {', '.join(found) or 'none'}")
    return load_mat(path, variables)


def mat_variables(path: Path) -> tuple[str, ...]:
    """Names of the variables.

    Raises:
        InputError: damaged.
    """
    import scipy.io

    with _reading_mat(path):
        check_structure(path)
        return tuple(name for name, *_ in scipy.io.whosmat(path))


def load_mat(path: Path, variables: Sequence[str]) -> dict[str, Any]:
    """Variables, where they are there; structs are arrays with fields.

    Raises:
        InputError: damaged.
    """
    import scipy.io

    with _reading_mat(path):
        check_structure(path)
        return scipy.io.loadmat(path, variable_names=list(variables))


@contextlib.contextmanager
def _reading_mat(path: Path) -> Iterator[None]:
    from scipy.io.matlab import MatReadError, MatReadWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MatReadWarning)  # of a name that is there twice
        try:
            with reading(path):
                yield
        except (MatReadError, struct.error, NameError, AssertionError) as error:
            raise InputError(f"{path} is damaged: {one_line(error)}") from error


def check_structure(path: Path) -> None:
    """Refuse a file in which an element has another type, or more bytes, than its place allows.

    Raises:
        ValueError: it is damaged; of which `reading` makes an InputError.
    """
    with open(path, "rb") as stream:
        header = stream.read(_HEADER)
        if len(header) < _HEADER or header[126:128] not in (b"IM", b"MI"):
            raise ValueError("its header is not that of a MAT file of version 5")
        order = "<" if header[126:128] == b"IM" else ">"
        left = path.stat().st_size - _HEADER
        while left >= 8:
            kind, size = struct.unpack(f"{order}II", stream.read(8))
            left -= 8
            if kind not in (_MATRIX, _COMPRESSED) or size > left:
                raise ValueError(f"a variable has type {kind} and {size} bytes, of which {left} are there")
            if kind == _MATRIX:
                _Elements(stream, size, order).matrix(0)
            else:
                _compressed(stream, size, order)
            left -= size


def _compressed(stream: IO[bytes], size: int, order: str) -> None:
    """Check a compressed variable, and leave the stream behind it."""
    end = stream.tell() + size
    packed = _Unpacked(stream, size)
    kind, inner = struct.unpack(f"{order}II", packed.read(8))
    if kind != _MATRIX:
        raise ValueError(f"a compressed variable has type {kind}")
    _Elements(packed, inner, order).matrix(0)
    stream.seek(end)


class _Unpacked:
    """A compressed part of a stream, unpacked as it is read."""

    def __init__(self, stream: IO[bytes], size: int):
        self._stream, self._left = stream, size
        self._unpack, self._ready = zlib.decompressobj(), b""

    def read(self, count: int) -> bytes:
        """The next bytes, fewer at the end."""
        while len(self._ready) < count and not self._unpack.eof:
            packed = self._unpack.unconsumed_tail
            if not packed:
                packed = self._stream.read(min(_CHUNK, self._left))
                self._left -= len(packed)
                if not packed:
                    break
            self._ready += self._unpack.decompress(packed, _CHUNK)
        taken, self._ready = self._ready[:count], self._ready[count:]
        return taken

    def seek(self, count: int, whence: int) -> None:
        """Skip bytes ahead."""
        while count > 0:
            skipped = len(self.read(min(count, _CHUNK)))
            if not skipped:
                raise ValueError("a compressed variable ends too early")
            count -= skipped


class _Elements:
    """The elements of a matrix, one after the other."""

    def __init__(self, stream: Any, size: int, order: str):
        self._stream, self._left, self._order = stream, size, order

    def matrix(self, depth: int) -> None:
        """Check a matrix, and leave the stream behind it."""
        if depth > _DEEPEST:
            raise ValueError("cells are nested too deeply")
        if not self._left:
            return  # an empty cell
        flags = struct.unpack(f"{self._order}II", self._data((6,), 8, 8))
        sizes = self._data((5,), 8, 128)
        count = math.prod(struct.unpack(f"{self._order}{len(sizes) // 4}i", sizes[: len(sizes) // 4 * 4]))
        self._data(_TEXTS, 0, 2**16)  # name
        kind, parts = flags[0] & 0xFF, 2 if flags[0] & _COMPLEX else 1
        if kind in (_CELL, _STRUCT, _OBJECT):
            self._inner(kind, count, depth)
        elif kind in (_CHAR, _SPARSE, *_NUMERIC):
            for _ in range(parts + 2 * (kind == _SPARSE)):
                self._skip(_TEXTS if kind == _CHAR else _NUMBERS)
        elif kind not in _UNREAD:
            raise ValueError(f"a matrix has class {kind}")
        self._stream.seek(self._left, 1)

    def _inner(self, kind: int, count: int, depth: int) -> None:
        """Check the matrices in a cell array or struct."""
        if kind == _OBJECT:
            self._data(_TEXTS, 0, 2**16)  # name of its class
        if kind != _CELL:
            (length,) = struct.unpack(f"{self._order}i", self._data((5,), 4, 4))
            names = self._data(_TEXTS, 0, 2**24)
            if length < 1 or len(names) % length:
                raise ValueError(f"names of fields have {len(names)} bytes of {length} each")
            count *= len(names) // length
        if not 0 <= count <= self._left // 8:
            raise ValueError(f"a cell array or struct has {count} entries in {self._left} bytes")
        for _ in range(count):
            found, size, small = self._tag()
            if found != _MATRIX or small is not None:
                raise ValueError(f"an entry of a cell array or struct has type {found}")
            self._left -= size
            _Elements(self._stream, size, self._order).matrix(depth + 1)

    def _tag(self) -> tuple[int, int, bytes | None]:
        """Type and size of the next element, and its bytes if they are in the tag."""
        tag = self._read(8)
        kind, size = struct.unpack(f"{self._order}II", tag)
        if kind >> 16:
            size, kind = kind >> 16, kind & 0xFFFF
            if size > 4:
                raise ValueError(f"a small element has {size} bytes")
            return kind, size, tag[4 : 4 + size]
        if size > self._left:
            raise ValueError(f"an element has {size} bytes, of which {self._left} are there")
        return kind, size, None

    def _data(self, kinds: Sequence[int], least: int, most: int) -> bytes:
        """The bytes of a short element."""
        kind, size, small = self._tag()
        if kind not in kinds or not least <= size <= most:
            raise ValueError(f"an element has type {kind} and {size} bytes")
        return small if small is not None else self._read(size + -size % 8)[:size]

    def _skip(self, kinds: Sequence[int]) -> None:
        kind, size, small = self._tag()
        if kind not in kinds:
            raise ValueError(f"an element has type {kind}")
        if small is None:
            step = min(size + -size % 8, self._left)
            self._stream.seek(step, 1)
            self._left -= step

    def _read(self, count: int) -> bytes:
        count = min(count, self._left)
        data = self._stream.read(count)
        if len(data) < count:
            raise ValueError("it ends within an element")
        self._left -= count
        return data
