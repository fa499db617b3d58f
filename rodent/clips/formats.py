"""Readers of foreign motion files, before conversion.

raw = read_foreign(Path("clips.json.gz"))             # npz, npy, JSON, JSON.gz or stac-mjx HDF5
raw.clips[0].qpos, raw.clips[0].fps, raw.scale         # None where the file does not say
"""

import dataclasses
import gzip
import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np

from rodent.arrays import number, numbers
from rodent.clips.clip import ClipSet
from rodent.clips.raw import RawClip, RawClips, behavior_of, clean_name, split_clips
from rodent.clips.stac import read_stac
from rodent.errors import InputError
from rodent.files import existing_file, reading

MIMIC_SCALE = 0.9  # the size at which mimic-mjx registers; its JSON does not say

# what the ten clips of the mimic-mjx web demo show, by id: charles-zhng/mimic-mjx-web-demo,
# commit e73fba5, public/motions/clips.json.gz; the ids count the 842 clips of its training set
MIMIC_DEMO = {
    0: "RGroom",
    93: "Rear",
    186: "Rear",
    280: "Walk",
    373: "FastWalk",
    467: "FaceGroom",
    560: "RGroom",
    654: "FaceGroom",
    747: "FastWalk",
    841: "RGroom",
}


def demo_name(number: int) -> str:
    """The name of a clip of the mimic-mjx web demo: its behavior and its id.

    >>> demo_name(280)
    'Walk_280'
    """
    return f"{MIMIC_DEMO[number]}_{number}"


def with_former_names(clips: ClipSet, known: Collection[str]) -> ClipSet:
    """The clips of the mimic-mjx web demo under the names that the file itself gives them.

    Runs begun with version 0.1.0 know `Walk_280` as `clip_0280`, as the file does.

    Args:
        clips: any clips.
        known: names that a run knows; only clips it does not know are renamed.
    """
    former = {demo_name(i): f"clip_{i:04d}" for i in MIMIC_DEMO}
    names = [
        former[name] if name not in known and former.get(name) in known else name for name in clips.names
    ]
    renamed = zip(clips, names, strict=True)
    return dataclasses.replace(clips, clips=tuple(dataclasses.replace(c, name=n) for c, n in renamed))


def read_foreign(path: Path, whole: bool = False) -> RawClips:
    """Read a motion file of any known foreign format.

    Args:
        path: the file.
        whole: leave a stac-mjx recording in one piece.

    Raises:
        InputError: missing, empty, damaged, or of no known format.
    """
    path = existing_file(path)
    with reading(path), open(path, "rb") as file:
        head = file.read(64)
    if not head:
        raise InputError(f"{path} is empty")
    if head.startswith(b"\x89HDF\r\n\x1a\n"):
        return read_stac(path, whole)
    if head.startswith(b"PK\x03\x04"):
        return _read_npz(path)
    if head.startswith(b"\x93NUMPY"):
        return _read_npy(path)
    if head.startswith(b"\x1f\x8b") or head.lstrip()[:1] in (b"{", b"["):
        return _read_mimic(path)
    raise InputError(
        f"{path} is no motion file: not a clip file, stac-mjx HDF5, npz, npy or mimic-mjx JSON or JSON.gz"
    )


def _read_npz(path: Path) -> RawClips:
    # pickled objects could run code, so numpy is told to refuse them; it leaves a damaged file
    # open unless the stream is ours
    with reading(path), open(path, "rb") as stream, np.load(stream, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    if "qpos" not in arrays:
        raise InputError(f"{path} has no array 'qpos'; it has: {', '.join(arrays) or 'none'}")
    poses = split_clips(numbers(arrays["qpos"], f"{path}: qpos"), str(path))
    labels = _strings(arrays, "label", len(poses), path) or _numbered(path, len(poses))
    sources = _strings(arrays, "source", len(poses), path) or [path.name] * len(poses)
    names = arrays.get("joint_names")
    fps = number(arrays["fps"], f"{path}: fps") if "fps" in arrays else None
    return RawClips(
        clips=tuple(
            RawClip(
                clean_name(label), qpos, fps, behavior_of(label) if "label" in arrays else "", source=source
            )
            for label, qpos, source in zip(labels, poses, sources, strict=True)
        ),
        scale=number(arrays["scale"], f"{path}: scale") if "scale" in arrays else None,
        joint_names=None if names is None else tuple(str(name) for name in np.atleast_1d(names)),
    )


def _read_npy(path: Path) -> RawClips:
    with reading(path):
        array = np.load(path, allow_pickle=False)
    poses = split_clips(numbers(array, f"{path}: the array"), str(path))
    labels = _numbered(path, len(poses))
    return RawClips(
        tuple(RawClip(clean_name(label), q, source=path.name) for label, q in zip(labels, poses, strict=True))
    )


def _read_mimic(path: Path) -> RawClips:
    with reading(path):
        data = path.read_bytes()
        document = json.loads(gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data)
    metadata, entries = _field(document, "metadata", dict, path), _field(document, "clips", list, path)
    stated = metadata.get("num_clips", len(entries))
    if stated != len(entries):
        raise InputError(
            f"{path}: metadata says {stated} clips and there are {len(entries)}; is the file whole?"
        )
    fps = number(_field(metadata, "mocap_hz", (int, float), f"{path}: metadata"), f"{path}: mocap_hz")
    clips = [_mimic_clip(entry, fps, f"{path}: clip {i}") for i, entry in enumerate(entries)]
    # the table is of one file: other files count other clips
    if {entry["id"] for entry in entries} == set(MIMIC_DEMO):
        ids = [entry["id"] for entry in entries]
        clips = [
            dataclasses.replace(clip, name=demo_name(i), behavior=MIMIC_DEMO[i])
            for clip, i in zip(clips, ids, strict=True)
        ]
    return RawClips(tuple(clips), scale=MIMIC_SCALE)


def _mimic_clip(entry: Any, fps: float, here: str) -> RawClip:
    label = str(_field(entry, "name", str, here))
    here = f"{here} ({label})"
    number(_field(entry, "id", int, here), f"{here}: id")
    qpos = numbers(_field(entry, "qpos", list, here), f"{here}: qpos")
    stated = entry.get("num_frames", len(qpos))
    if stated != len(qpos):
        raise InputError(f"{here}: num_frames is {stated} and qpos has {len(qpos)} rows; is the file whole?")
    source = f"mimic-mjx JSON, id {entry['id']}"
    return RawClip(clean_name(label), qpos, fps, behavior_of(label), source=source)


def _field(mapping: Any, key: str, kind: type | tuple[type, ...], where: Any) -> Any:
    if not isinstance(mapping, dict):
        raise InputError(f"{where} is a JSON {type(mapping).__name__}; an object with {key!r} is expected")
    if key not in mapping:
        raise InputError(f"{where} has no {key!r}; it has: {', '.join(mapping) or 'nothing'}")
    if not isinstance(mapping[key], kind) or isinstance(mapping[key], bool):
        raise InputError(f"{where}: {key!r} is of type {type(mapping[key]).__name__}")
    return mapping[key]


def _strings(arrays: dict[str, np.ndarray], name: str, count: int, path: Path) -> list[str]:
    if name not in arrays:
        return []
    values = [str(value) for value in np.atleast_1d(arrays[name])]
    if len(values) != count:
        raise InputError(f"{path}: {name} has {len(values)} entries for {count} clip(s)")
    return values


def _numbered(path: Path, count: int) -> list[str]:
    stem = path.name.split(".")[0] or "clip"
    return [stem] if count == 1 else [f"{stem}_{i}" for i in range(count)]
