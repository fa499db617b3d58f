"""Import of motion files as clips.

    clips = import_clips("clips.json.gz")                                     # the file states rate and scale
    clips = import_clips("poses.npy", ImportOptions(fps=50.0, scale=0.9))      # the file does not

An import reorders the hinges to the order of the body, converts root poses of the torso to poses of the
walker's origin, normalises quaternions and makes them continuous in sign, shifts each clip in height so
that its paws stand on the floor, and computes velocities. A file without hinge names is assumed to have the
order of the body.
"""

import dataclasses
from pathlib import Path

import numpy as np

from rodent.clips.clip import Clip, ClipSet, prefixed
from rodent.clips.file import load_clip_file
from rodent.clips.quaternions import check_quaternion_order, of_walker
from rodent.clips.raw import RawClip, RawClips, distinct
from rodent.clips.resampling import resample
from rodent.clips.validate import (
    check_companions,
    check_fps,
    check_joint_names,
    check_motion,
    check_poses,
    check_ranges,
)
from rodent.errors import InputError, naming
from rodent.files import reading
from rodent.kinematics.floor import floor_shift
from rodent.kinematics.forward import body_of_scale
from rodent.kinematics.poses import velocities
from rodent.parts import CLIP_READERS
from rodent.reader import FileStart, Reader, descriptions, recognised
from rodent.reading_config import ImportOptions, Root
from rodent.rotation import continuous
from rodent.scene import Scene

_PER_FRAME = ("qpos", "keypoints", "residuals")


def import_clips(path: str | Path, options: ImportOptions | None = None) -> ClipSet:
    """Read and convert a motion file of any known format, clip files included.

    Raises:
        InputError: the file is damaged or of unknown format, lacks a needed value, or holds implausible
            motion.
    """
    options, path = options or ImportOptions(), Path(path)
    raw = _read(path, options)
    scale = _given_or_stated(options.scale, raw.scale, "scale", path)
    body = body_of_scale(scale, str(path))
    order = _joint_order(raw, body, path)
    pieces = _cut(raw.clips, options, path)
    names = distinct([piece.name for piece in pieces])
    named = (dataclasses.replace(piece, name=name) for piece, name in zip(pieces, names, strict=True))
    clips = tuple(_convert(clip, raw, order, body, options, path) for clip in named)
    with naming(path):
        return prefixed(ClipSet(clips, scale, body.joint_names), options.name)


def _read(path: Path, options: ImportOptions) -> RawClips:
    file = FileStart.of(path)
    if file.is_folder:
        raise InputError(f"{path} is a folder; a file is expected")
    reader = recognised(CLIP_READERS, file, options.format)
    if reader is None:
        pickle = "; it is pickled, which can run code and is never read" if file.is_pickle else ""
        raise InputError(f"{path} is no motion file{pickle}; formats are: {descriptions(CLIP_READERS)}")
    with reading(path):
        return reader.read(path, options)


def _convert(
    raw: RawClip, of: RawClips, order: np.ndarray, body: Scene, options: ImportOptions, path: Path
) -> Clip:
    here = f"{path}: clip {raw.name!r}"
    fps = _given_or_stated(options.fps, raw.fps, "fps", path)
    check_fps(fps, here)
    check_poses(raw.qpos, body, here)
    qpos = raw.qpos[:, order]
    check_ranges(qpos[:, 7:], body, here)
    qpos[:, 3:7] /= np.linalg.norm(qpos[:, 3:7], axis=1, keepdims=True)
    qpos[:, 3:7] = continuous(qpos[:, 3:7])
    root = options.root or of.root
    check_quaternion_order(qpos, root, body, here)
    if root == "torso":
        qpos = of_walker(qpos, body)
    shift = _aligning_shift(qpos, body, root, options, here) if options.align_floor else 0.0
    qpos[:, 2] += shift
    check_motion(qpos, fps, body, here)
    clip = Clip(
        name=raw.name,
        qpos=qpos,
        fps=fps,
        behavior=raw.behavior,
        subject=raw.subject if options.subject is None else options.subject,
        session=raw.session if options.session is None else options.session,
        source=raw.source,
        licence=raw.licence if options.licence is None else options.licence,
        qvel=velocities(qpos, fps),
        keypoints=None if raw.keypoints is None else raw.keypoints + np.array([0.0, 0.0, shift]),
        keypoint_names=of.keypoint_names if raw.keypoints is not None else (),
        residuals=raw.residuals,
        keypoint_bodies=raw.keypoint_bodies,
        keypoint_offsets=raw.keypoint_offsets,
        floor_shift=raw.floor_shift + shift,
    )
    return clip if options.resample is None else resample(clip, options.resample)


def _aligning_shift(qpos: np.ndarray, body: Scene, root: Root, options: ImportOptions, here: str) -> float:
    shift = floor_shift(qpos, body)
    if abs(shift) > options.max_floor_shift:
        side, other = "below" if shift > 0 else "above", "walker" if root == "torso" else "torso"
        raise InputError(
            f"{here}: its paws are {abs(1000 * shift):.0f} mm {side} the floor; is its root the {other} "
            f"(--root {other}), or its body of another scale? If its floor really lies there: "
            f"--max-floor-shift {abs(shift) + 0.01:.2f}"
        )
    return shift


def _given_or_stated(given: float | None, stated: float | None, what: str, path: Path) -> float:
    if given is not None:
        return float(given)
    if stated is None:
        raise InputError(f"{path} does not say its {what}; give it: rodent clips import {path} --{what} …")
    return stated


def _cut(clips: tuple[RawClip, ...], options: ImportOptions, path: Path) -> list[RawClip]:
    length = options.frames_per_clip
    if length is None:
        return list(clips)
    pieces = []
    for clip in clips:
        count, rest = divmod(len(clip.qpos), max(length, 1))
        if length < 2 or rest:
            raise InputError(
                f"{path}: clip {clip.name!r}: {len(clip.qpos)} frames do not divide into clips of {length}"
            )
        for i in range(count):
            own = slice(i * length, (i + 1) * length)
            parts = {field: whole[own] for field in _PER_FRAME if (whole := getattr(clip, field)) is not None}
            pieces.append(dataclasses.replace(clip, name=f"{clip.name}_{i}", **parts))
    return pieces


def _joint_order(raw: RawClips, body: Scene, path: Path) -> np.ndarray:
    """Columns of the file's qpos in the body's order, shape (74,)."""
    names = raw.joint_names if raw.joint_names is not None else body.joint_names
    if sorted(names) != sorted(body.joint_names):
        check_joint_names(names, body.joint_names, str(path))
    return np.array([*range(7), *(7 + names.index(name) for name in body.joint_names)])


def read_clip_file(path: Path, options: ImportOptions) -> RawClips:
    """The clips of a clip file, to be converted again.

    Raises:
        InputError: damaged, or its clips have different keypoints.
    """
    clip_set = load_clip_file(path)
    for clip in clip_set:
        check_companions(clip, f"{path}: clip {clip.name!r}")
    shared = [field.name for field in dataclasses.fields(RawClip)]
    clips = tuple(RawClip(**{name: getattr(clip, name) for name in shared}) for clip in clip_set)
    # the sets of one file may in principle name their keypoints differently, clip by clip
    names = {clip.keypoint_names for clip in clip_set if clip.keypoints is not None}
    if len(names) > 1:
        raise InputError(f"{path}: its clips have different keypoints; import them from files of their own")
    return RawClips(clips, clip_set.scale, clip_set.joint_names, keypoint_names=names.pop() if names else ())


CLIP_FILE = Reader("clip file", lambda file: "schema" in file.attributes, read_clip_file)
