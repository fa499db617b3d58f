"""Clips of reference motion: poses of a rat, frame by frame, and where they come from.

    clips["Walk_280"].qpos             # (frames, 74) metres, quaternion w x y z, radians
    clips.subset(["Walk_280"])         # a set of some clips
    clips[:3]                          # a set of the first clips

`qpos[:, :7]` is the pose of the walker's origin (not of the torso), as in dm_control's Rat
attached with a free joint; hinge angles follow in the MJCF's order. `qvel[:, 3:6]`, the
angular velocity, is in the body's own frame, as MuJoCo has it for a free joint.
"""

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

import numpy as np

from rodent.body_config import RAT_PROPORTIONS, BodyConfig, Proportions
from rodent.configs import to_json
from rodent.errors import InputError, unknown
from rodent.kinematics.poses import velocities
from rodent.results import Result


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Clip:
    """One piece of reference motion at a constant frame rate."""

    name: str
    """Unique in its set; without '/'."""
    qpos: np.ndarray
    """Poses: metres, unit quaternion w x y z, radians; shape (frames, 74)."""
    fps: float
    """Frames per second."""
    behavior: str = ""
    """Behavior, for example `Walk`."""
    subject: str = ""
    """Name of the animal."""
    session: str = ""
    """Name of the recording session; clips of one session are not independent."""
    source: str = ""
    """Origin of the motion."""
    licence: str = ""
    """Licence."""
    qvel: np.ndarray | None = None
    """Velocities: m/s in the world, rad/s in the body's frame, rad/s; shape (frames, 73)."""
    keypoints: np.ndarray | None = None
    """Tracked points the poses were fitted to, metres, NaN where missing; shape (frames, K, 3)."""
    keypoint_names: tuple[str, ...] = ()
    """Names of the K keypoints."""
    residuals: np.ndarray | None = None
    """Distances between tracked points and their positions on the body, metres, NaN where missing; shape
    (frames, K)."""
    keypoint_bodies: tuple[str, ...] = ()
    """Names of the bodies that the keypoints are fixed to, K of them."""
    keypoint_offsets: np.ndarray | None = None
    """Positions in these bodies' frames on a body of scale 1, metres; shape (K, 3)."""
    floor_shift: float = 0.0
    """Height that an import added to put the paws on the floor, metres."""

    def __repr__(self) -> str:
        behavior = f", {self.behavior}" if self.behavior else ""
        return f"Clip({self.name}{behavior}: {self.n_frames} frames at {self.fps:g} Hz)"

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        return len(self.qpos)

    def reposed(self, qpos: np.ndarray) -> "Clip":
        """The clip with other poses, shape (any number of frames, 74), their velocities, and no keypoints."""
        return dataclasses.replace(
            self,
            qpos=qpos,
            qvel=velocities(qpos, self.fps),
            keypoints=None,
            keypoint_names=(),
            residuals=None,
            keypoint_bodies=(),
            keypoint_offsets=None,
        )

    @property
    def duration(self) -> float:
        """Seconds from the first frame to the end of the last."""
        return self.n_frames / self.fps


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class ClipSet(Result):
    """Clips of one body: `set["Walk_280"]`, `set[0]`, `set[:3]`, `len(set)`, `for clip in set`.

    Raises:
        InputError: no clips, a name twice, or a name that is empty or contains '/'.
    """

    clips: tuple[Clip, ...]
    scale: float
    """Size of the body the poses belong to, relative to dm_control's rat."""
    joint_names: tuple[str, ...]
    """The 67 hinges in qpos order."""
    proportions: Proportions = RAT_PROPORTIONS
    """Sizes of groups of segments of that body."""

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
    def body(self) -> BodyConfig:
        """The body that the poses belong to."""
        return BodyConfig(scale=self.scale, proportions=self.proportions)

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

    def digest(self) -> str:
        """A hash of the motion, the names and the body, whatever file the clips are from."""
        sha = hashlib.sha256(json.dumps([self.scale, to_json(self.body), self.names]).encode())
        for clip in self:
            for array in (clip.qpos, clip.qvel, np.array(clip.fps)):
                sha.update(np.ascontiguousarray(array, dtype=np.float64).tobytes())
        return sha.hexdigest()[:16]

    def __repr__(self) -> str:
        seconds = sum(clip.duration for clip in self.clips)
        return f"ClipSet({len(self)} clips, {seconds:.0f} s, of a body of scale {self.scale:g})"

    def columns(self) -> dict[str, list[str] | list[float]]:
        """Name, behavior, frames, frame rate and sources of every clip."""
        return {
            "name": list(self.names),
            "behavior": [clip.behavior for clip in self],
            "frames": [clip.n_frames for clip in self],
            "fps": [clip.fps for clip in self],
            "subject": [clip.subject for clip in self],
            "session": [clip.session for clip in self],
            "source": [clip.source for clip in self],
            "licence": [clip.licence for clip in self],
        }

    def __len__(self) -> int:
        return len(self.clips)

    def __iter__(self) -> Iterator[Clip]:
        return iter(self.clips)

    @overload
    def __getitem__(self, key: str | int) -> Clip: ...

    @overload
    def __getitem__(self, key: slice) -> "ClipSet": ...

    def __getitem__(self, key: str | int | slice) -> "Clip | ClipSet":
        if isinstance(key, slice):
            return dataclasses.replace(self, clips=self.clips[key])
        if isinstance(key, str):
            for clip in self.clips:
                if clip.name == key:
                    return clip
            raise unknown("clip", key, self.names)
        return self.clips[key]


def joined(sets: Sequence[tuple[str, ClipSet]]) -> ClipSet:
    """The clips of several sets, in order.

    Args:
        sets: one or more pairs of a name for messages and a set.

    Raises:
        InputError: they belong to bodies of different scales, or two clips have one name.
    """
    owner: dict[str, str] = {}
    (first_name, first), *_ = sets
    for name, clips in sets:
        if clips.proportions != first.proportions:
            raise InputError(f"{name} is for a body of other proportions than {first_name}")
        if clips.scale != first.scale:
            raise InputError(
                f"{name} is for a body of scale {clips.scale:g}, {first_name} for one of {first.scale:g}; "
                "only clips of one body can be joined"
            )
        for clip in clips.names:
            if clip in owner:
                raise InputError(
                    f"both {owner[clip]} and {name} have a clip {clip!r}; names must be unique: "
                    "give one set a prefix with --name of rodent register or rodent clips import"
                )
            owner[clip] = name
    return dataclasses.replace(first, clips=tuple(clip for _, clips in sets for clip in clips))


def prefixed(clips: ClipSet, prefix: str) -> ClipSet:
    """The clips with a prefix: `Walk_0` becomes `monday_Walk_0`. An empty prefix changes nothing."""
    if not prefix:
        return clips
    named = tuple(dataclasses.replace(clip, name=f"{prefix}_{clip.name}") for clip in clips)
    return dataclasses.replace(clips, clips=named)
