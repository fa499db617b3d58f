"""Clips of mimic-mjx: JSON, or JSON.gz, of poses clip by clip."""

import dataclasses
import gzip
import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from rodent.arrays import number, numbers
from rodent.clips.clip import ClipSet
from rodent.clips.raw import RawClip, RawClips, behavior_of, clean_name
from rodent.errors import InputError
from rodent.files import reading
from rodent.reader import FileStart, Reader
from rodent.reading_config import ImportOptions

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


def is_json(file: FileStart) -> bool:
    """Whether this is JSON or something packed with gzip."""
    return file.start.startswith(b"\x1f\x8b") or file.start.lstrip()[:1] in (b"{", b"[")


def read(path: Path, options: ImportOptions) -> RawClips:
    """Read a JSON or JSON.gz.

    Raises:
        InputError: damaged, or without what the format must have.
    """
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


READER = Reader("JSON of mimic-mjx", is_json, read)
