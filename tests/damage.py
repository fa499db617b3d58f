"""Damage to files: of bytes, as by disks and broken transfers, and of content, as by programs and people.

path.write_bytes(damaged(path.read_bytes(), rng))
change_content(path, rng)           # where the format is known; whether it is
"""

import csv
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import safetensors.numpy

DEEP = "[" * 3000 + "]" * 3000
ODD_VALUES = (
    None,
    True,
    -1,
    0,
    1e308,
    10**400,
    "",
    "x",
    "nan",
    "\x00",
    [],
    [[]],
    {},
    {"x": 1},
    [None],
    ["a", 2],
)
ODD_TOML = (
    "true",
    "-1",
    "0",
    "nan",
    "1e308",
    '""',
    '"x"',
    "[]",
    "[[]]",
    "{}",
    '["a"]',
    "[1, 2]",
    "1979-05-27",
)
ODD_CELLS = ("", "x", "nan", "inf", "-1", "1e400", "0", '"', "a,b", "\x00", "١", "é")
ODD_ARRAYS = (
    np.zeros(0),
    np.zeros((2, 3, 4, 5)),
    np.array(np.nan),
    np.full((3, 3), np.inf),
    np.array([b"x", b"yy"]),
    np.array([-(2**62), 2**62]),
    np.ones(7, bool),
    np.zeros((4, 2), complex),
)


def damaged(data: bytes, rng: np.random.Generator) -> bytes:
    """The bytes of a file after one of five kinds of damage."""
    bytes_, size = bytearray(data), len(data)
    at, length = int(rng.integers(size)), int(rng.integers(1, max(size // 4, 2)))
    kind = rng.integers(5)
    if kind == 0:
        for place in rng.integers(0, size, int(rng.integers(1, 40))):
            bytes_[place] = rng.integers(256)
    elif kind == 1:
        del bytes_[at : at + length]
    elif kind == 2:
        bytes_[at:at] = bytes_[at : at + length]
    elif kind == 3:
        bytes_ = bytes_[: max(at, 1)]
    else:
        # the header is where a file declares what it holds
        for place in rng.integers(0, min(size, 600), int(rng.integers(1, 12))):
            bytes_[place] = (0, 0xFF, 0x7F, 0x80)[rng.integers(4)]
    return bytes(bytes_)


def change_content(path: Path, rng: np.random.Generator) -> bool:
    """Put one odd value into a file that stays of its format; False if nothing is known of the format."""
    data = path.read_bytes()
    if data.startswith(b"\x89HDF"):
        _change_hdf5(path, rng)
    elif data.startswith(b"PK\x03\x04"):
        _change_npz(path, rng)
    elif path.suffix == ".safetensors":
        _change_safetensors(path, rng)
    elif path.suffix == ".json":
        path.write_text(_changed_json(data.decode(), rng))
    elif path.suffix == ".toml":
        path.write_text(_changed_toml(data.decode(), rng))
    elif path.suffix == ".csv":
        path.write_text(_changed_csv(data.decode(), rng), newline="")
    else:
        return False
    return True


def _one(values: Any, rng: np.random.Generator) -> Any:
    return values[int(rng.integers(len(values)))]


def _changed_json(text: str, rng: np.random.Generator) -> str:
    content = json.loads(text)
    if rng.integers(20) == 0:
        return DEEP
    places = list(_places(content))
    if not places:
        return json.dumps(_one(ODD_VALUES, rng))
    holder, key = _one(places, rng)
    if rng.integers(4) == 0:
        del holder[key]
    else:
        holder[key] = _one(ODD_VALUES, rng)
    return json.dumps(content)


def _places(content: Any) -> Any:
    """Objects and lists, each with one of its keys or indices."""
    keys = content if isinstance(content, dict) else range(len(content)) if isinstance(content, list) else ()
    for key in list(keys):
        yield content, key
        yield from _places(content[key])


def _changed_toml(text: str, rng: np.random.Generator) -> str:
    lines = text.splitlines()
    settings = [i for i, line in enumerate(lines) if "=" in line or line.startswith("[")]
    at = _one(settings, rng)
    name = re.split(r"\s*=", lines[at])[0]
    kind = rng.integers(4)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines.insert(at, _one(lines, rng))
    elif lines[at].startswith("["):
        lines[at] = lines[at].replace("[[", "[").replace("]]", "]")
    else:
        lines[at] = f"{name} = {_one(ODD_TOML, rng)}"
    return "\n".join(lines) + "\n"


def _changed_csv(text: str, rng: np.random.Generator) -> str:
    rows = list(csv.reader(io.StringIO(text)))
    at = int(rng.integers(len(rows)))
    column = int(rng.integers(max(len(rows[at]), 1)))
    kind = rng.integers(4) if rows[at] else 1
    if kind == 0:
        rows[at] = rows[at][:column]
    elif kind == 1:
        rows.insert(at, rows[at])
    else:
        rows[at][column : column + 1] = [_one(ODD_CELLS, rng)]
    return "\n".join(",".join(row) for row in rows) + "\n"


def _change_hdf5(path: Path, rng: np.random.Generator) -> None:
    with h5py.File(path, "r+") as file:
        names: list[str] = []
        file.visit(names.append)
        holder = file[_one(["/", *names], rng)]
        attributes = list(holder.attrs)
        if attributes and rng.integers(2) == 0:
            name = _one(attributes, rng)
            del holder.attrs[name]
            if rng.integers(3):
                holder.attrs[name] = _one((*ODD_ARRAYS, "x", -1, b"\xff"), rng)
        elif names:
            name = _one(names, rng)
            del file[name]
            kind = rng.integers(4)
            if kind == 1:
                file.create_group(name)
            elif kind > 1:
                file[name] = _one((*ODD_ARRAYS, "x"), rng)


def _change_npz(path: Path, rng: np.random.Generator) -> None:
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = _one(list(members), rng)
    del members[name]
    if rng.integers(3):
        buffer = io.BytesIO()
        np.save(buffer, _one((*ODD_ARRAYS, np.array("x")), rng))
        members[name] = buffer.getvalue()
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)


def _change_safetensors(path: Path, rng: np.random.Generator) -> None:
    with safetensors.safe_open(path, framework="numpy") as file:
        head = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    if head and rng.integers(2) == 0:
        key = _one(list(head), rng)
        is_json = head[key].startswith(("{", "["))
        head[key] = _changed_json(head[key], rng) if is_json else _one(("", "x", "null", DEEP), rng)
    else:
        name = _one(list(tensors), rng)
        del tensors[name]
        if rng.integers(3):
            tensors[name] = _one([a for a in ODD_ARRAYS if a.dtype.kind in "fib"], rng)
    path.write_bytes(safetensors.numpy.save(tensors, metadata=head))
