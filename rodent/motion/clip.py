"""Clips of reference motion, and the file they are kept in.

    clips = read_clips("walks.h5")
    for clip in clips:
        print(clip.name, clip.duration, clip.qpos.shape)
    require_body(clips, body)          # the scale they were registered at must be the body's
    write_clips(clips, "copy.h5")

A clip file is HDF5 of schema `virtual-rodent/clips`, version 1. File attributes: `schema`,
`version`, `scale` (the body's size relative to dm_control's rat), `joint_names` (67).
Group `clips/<name>`: datasets `qpos` (frames, 74), `qvel` (frames, 73) and, where there are
keypoints, `keypoints` (frames, K, 3), `residuals` (frames, K) and `keypoint_offsets` (K, 3);
attributes `name`, `fps`, `behavior`, `subject`, `session`, `source`, `licence`, `floor_shift`,
and `keypoint_names` and `keypoint_bodies`. All in metres, radians and seconds.

`qpos[:, :7]` is the pose of the walker's origin (not of the torso), as in dm_control's Rat
attached with a free joint; hinge angles follow in the MJCF's order. `qvel[:, 3:6]`, the
angular velocity, is in the body's own frame, as MuJoCo has it for a free joint.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rodent.assets import path_or_built_in
from rodent.body import Body
from rodent.errors import InputError, naming, unknown
from rodent.files import atomic_path, existing_file, open_hdf5, reading
from rodent.motion.kinematics import velocities
from rodent.motion.validate import check_clip_set, check_joint_names

if TYPE_CHECKING:
    import h5py

SCHEMA, VERSION = "virtual-rodent/clips", 1
_TEXTS = ("behavior", "subject", "session", "source", "licence")


@dataclasses.dataclass(frozen=True, eq=False)
class Clip:
    """One stretch of reference motion at a constant frame rate."""

    name: str
    """Unique in its set; without '/'."""
    qpos: np.ndarray
    """Poses: metres, unit quaternion w x y z, radians; shape (frames, 74)."""
    fps: float
    """Frames per second."""
    behavior: str = ""
    """What the animal does, e.g. `Walk`."""
    subject: str = ""
    """Which animal."""
    session: str = ""
    """Which recording session; clips of one session are not independent."""
    source: str = ""
    """Where the motion comes from."""
    licence: str = ""
    """The terms it may be used under."""
    qvel: np.ndarray | None = None
    """Velocities: m/s in the world, rad/s in the body's frame, rad/s; shape (frames, 73)."""
    keypoints: np.ndarray | None = None
    """Tracked points the poses were fitted to, metres, NaN where missing; shape (frames, K, 3)."""
    keypoint_names: tuple[str, ...] = ()
    """Names of the K keypoints."""
    residuals: np.ndarray | None = None
    """Distances of the tracked points from where they are on the body, metres, NaN where missing; shape
    (frames, K)."""
    keypoint_bodies: tuple[str, ...] = ()
    """Names of the bodies that the keypoints are fixed to, K of them."""
    keypoint_offsets: np.ndarray | None = None
    """Where they are in these bodies' frames on a body of scale 1, metres; shape (K, 3)."""
    floor_shift: float = 0.0
    """Metres that an import added to the height to put the paws on the floor."""

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        return len(self.qpos)

    @property
    def duration(self) -> float:
        """Seconds from the first frame to the end of the last."""
        return self.n_frames / self.fps


@dataclasses.dataclass(frozen=True, eq=False)
class ClipSet:
    """Clips of one body: `set["Walk_35"]`, `set[0]`, `len(set)`, `for clip in set`.

    Raises:
        InputError: no clips, a name twice, or a name that is empty or contains '/'.
    """

    clips: tuple[Clip, ...]
    scale: float
    """Size of the body the poses belong to, relative to dm_control's rat."""
    joint_names: tuple[str, ...]
    """The 67 hinges in qpos order."""

    def __post_init__(self) -> None:
        if not self.clips:
            raise InputError("there are no clips; a clip set needs at least one")
        seen: set[str] = set()
        for clip in self.clips:
            if not clip.name or "/" in clip.name or clip.name in (".", ".."):
                raise InputError(
                    f"clip name {clip.name!r} will not do; a name must not be empty or contain '/'"
                )
            if clip.name in seen:
                raise InputError(f"two clips are named {clip.name!r}; clip names must be unique")
            seen.add(clip.name)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the clips, in order."""
        return tuple(clip.name for clip in self.clips)

    @property
    def total_frames(self) -> int:
        """Frames of all clips together."""
        return sum(clip.n_frames for clip in self.clips)

    def subset(self, names: Iterable[str]) -> "ClipSet":
        """The named clips, in the order of the names."""
        return dataclasses.replace(self, clips=tuple(self[name] for name in names))

    def __len__(self) -> int:
        return len(self.clips)

    def __iter__(self) -> Iterator[Clip]:
        return iter(self.clips)

    def __getitem__(self, key: str | int) -> Clip:
        if isinstance(key, str):
            for clip in self.clips:
                if clip.name == key:
                    return clip
            raise unknown("clip", key, self.names)
        return self.clips[key]


def read_clips(path: str | Path) -> ClipSet:
    """Clips from a clip file or from any format that can be imported; the content decides.

    A bare name, such as `gaits`, is that of clips that are built in. A clip file is checked
    and taken as it is; velocities it lacks are computed. Other formats are converted as
    `rodent clips import` does with its defaults.

    Raises:
        InputError: the file is missing, damaged, of no known format, or holds motion that
            no rat of this body can have made; the message names clip, frame and joint.
    """
    from rodent.motion.importers import import_clips  # importers build on this module

    path = existing_file(clips_path(path))
    if not is_clip_file(path):
        return import_clips(path)
    clip_set = load_clip_file(path)
    check_clip_set(clip_set, str(path))
    return dataclasses.replace(clip_set, clips=tuple(_with_velocities(clip) for clip in clip_set))


def clips_path(path: str | Path) -> Path:
    """Where clips are: the path itself, or that of the built-in clips of this name."""
    return path_or_built_in(path, "motions", ".h5")


def joined(sets: Sequence[tuple[str, ClipSet]]) -> ClipSet:
    """The clips of several sets, in order.

    Args:
        sets: one or more, each after what it is called in messages.

    Raises:
        InputError: they belong to bodies of different scales, or two clips have one name.
    """
    owner: dict[str, str] = {}
    (first_name, first), *_ = sets
    for name, clips in sets:
        if clips.scale != first.scale:
            raise InputError(
                f"{name} is for a body of scale {clips.scale:g}, {first_name} for one of {first.scale:g}; "
                "only clips of one body can be joined"
            )
        for clip in clips.names:
            if clip in owner:
                raise InputError(f"both {owner[clip]} and {name} have a clip {clip!r}; names must be unique")
            owner[clip] = name
    return dataclasses.replace(first, clips=tuple(clip for _, clips in sets for clip in clips))


def write_clips(clip_set: ClipSet, path: str | Path) -> None:
    """Write a clip file; on any error what stood at `path` before is untouched.

    Raises:
        InputError: the clips are not sound, or the path cannot be written.
    """
    import h5py

    path = Path(path)
    check_clip_set(clip_set, f"cannot write {path}")
    # since HDF5 1.8 metadata have checksums, so that damage is noticed and not read
    with atomic_path(path) as temporary, h5py.File(temporary, "w", libver=("v108", "v108")) as file:
        file.attrs.update(schema=SCHEMA, version=VERSION, scale=float(clip_set.scale))
        file.attrs["joint_names"] = _fixed(clip_set.joint_names)
        groups = file.create_group("clips", track_order=True)
        for clip in clip_set:
            _write_clip(groups.create_group(clip.name), clip)


def require_body(clip_set: ClipSet, body: Body) -> None:
    """Make sure that clips and body belong together.

    Raises:
        InputError: the scales differ by more than 1e-6.
    """
    have, want = clip_set.scale, body.config.scale
    if abs(have - want) > 1e-6:
        raise InputError(
            f"the clips were registered on a body of scale {have:g}, the body has scale {want:g}; "
            f"use a body of scale {have:g} or clips registered at {want:g}"
        )
    check_joint_names(clip_set.joint_names, body.joint_names, "the clips")


def is_clip_file(path: Path) -> bool:
    """Whether this is HDF5 that states any schema; a truncated file raises InputError."""
    import h5py

    if not h5py.is_hdf5(path):
        return False
    with reading(path), open_hdf5(path) as file:
        return "schema" in file.attrs


def load_clip_file(path: Path) -> ClipSet:
    """What stands in a clip file, its motion not yet checked."""
    with reading(path), open_hdf5(path, SCHEMA, VERSION) as file:
        for name in ("scale", "joint_names"):
            if name not in file.attrs:
                raise InputError(f"{path} has no attribute {name!r}; write it with `rodent clips import`")
        groups = file.get("clips")
        if groups is None or not hasattr(groups, "items"):
            raise InputError(f"{path} has no group 'clips'")
        clips = tuple(_read_clip(name, group, f"{path}: clip {name!r}") for name, group in groups.items())
        scale = _number(file.attrs["scale"], f"{path}: attribute 'scale'")
        joint_names = _texts(file.attrs["joint_names"])
    with naming(path):
        return ClipSet(clips, scale, joint_names)


def _with_velocities(clip: Clip) -> Clip:
    return clip if clip.qvel is not None else dataclasses.replace(clip, qvel=velocities(clip.qpos, clip.fps))


def _read_clip(name: str, group: Any, here: str) -> Clip:
    if not hasattr(group, "keys"):
        raise InputError(f"{here} is a dataset; a group with qpos is wanted")
    if "qpos" not in group:
        raise InputError(f"{here} has no dataset 'qpos'; it has: {', '.join(map(str, group)) or 'nothing'}")
    for attribute in ("name", "fps"):
        if attribute not in group.attrs:
            raise InputError(f"{here} has no attribute {attribute!r}")
    stated = _text(group.attrs["name"])
    if stated != name:
        raise InputError(f"{here}: its attribute 'name' is {stated!r}; it must be the group's name")
    return Clip(
        name=name,
        qpos=_array(group["qpos"], f"{here}: qpos"),
        fps=_number(group.attrs["fps"], f"{here}: attribute 'fps'"),
        floor_shift=_number(group.attrs.get("floor_shift", 0.0), f"{here}: attribute 'floor_shift'"),
        qvel=_optional(group, "qvel", here),
        keypoints=_optional(group, "keypoints", here),
        keypoint_names=_texts(group.attrs.get("keypoint_names", ())),
        residuals=_optional(group, "residuals", here),
        keypoint_bodies=_texts(group.attrs.get("keypoint_bodies", ())),
        keypoint_offsets=_optional(group, "keypoint_offsets", here),
        **{text: _text(group.attrs.get(text, "")) for text in _TEXTS},
    )


def _write_clip(group: "h5py.Group", clip: Clip) -> None:
    group.attrs.update(fps=float(clip.fps), floor_shift=float(clip.floor_shift))
    for text in ("name", *_TEXTS):
        group.attrs[text] = _fixed(getattr(clip, text))
    for names in ("keypoint_names", "keypoint_bodies"):
        if clip.keypoints is not None and getattr(clip, names):
            group.attrs[names] = _fixed(getattr(clip, names))
    for name in ("qpos", "qvel", "keypoints", "residuals", "keypoint_offsets"):
        array = getattr(clip, name)
        if array is not None:
            values = np.asarray(array, np.float64)
            packed = {"compression": "gzip", "compression_opts": 1, "shuffle": True, "fletcher32": True}
            group.create_dataset(name, data=values, **packed)


def _fixed(texts: str | tuple[str, ...]) -> np.ndarray:
    """UTF-8 of fixed length, which lies under the checksums; other strings lie in an open heap."""
    import h5py

    encoded = np.array([t.encode() for t in texts] if isinstance(texts, tuple) else texts.encode())
    return encoded.astype(h5py.string_dtype("utf-8", max(encoded.dtype.itemsize, 1)))


def _optional(group: Any, name: str, here: str) -> np.ndarray | None:
    return _array(group[name], f"{here}: {name}") if name in group else None


def _array(dataset: Any, what: str) -> np.ndarray:
    if not hasattr(dataset, "dtype") or dataset.dtype.kind not in "fiu":
        raise InputError(f"{what} is not an array of numbers")
    return np.asarray(dataset[()], np.float64)


def _number(value: Any, what: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise InputError(f"{what} is {value!r}; a number is wanted") from error


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(_text(v) for v in np.atleast_1d(np.asarray(values, dtype=object)))
