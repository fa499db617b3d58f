"""Feature bands of a recording: what neurons are regressed on, each under one name.

    bands = read_bands(("joints", "history", "decoder/layer_0"), timeline, recording)
    bands[0].values                             # (bins, joints), radians, mean over each bin

A band is a group of features that belong together, as in banded ridge and the group lasso. The
name of a recorded layer is a band, too. `history` is each neuron's own past, see
`analysis.encoding.bases`.
"""

import dataclasses
import functools
from collections.abc import Callable, Iterable
from typing import Protocol

import numpy as np

from analysis.timeline import Timeline
from rodent.errors import unknown
from rodent.kinematics.skeleton import BLOCK, Skeleton
from rodent.recording import Recording, Rollout
from rodent.recording.body import recorded_body
from rodent.rotation import conjugate, rotate
from rodent.scene import Scene

HISTORY = "history"
_ROOT_VELOCITIES = (*("root_vx", "root_vy", "root_vz"), *("root_wx", "root_wy", "root_wz"))
Body = Callable[[], Scene]
"""The body of a rollout, compiled when it is needed."""
_NOSE = np.array([1.0, 0.0, 0.0])  # where the rat looks, in the frame of its root


@dataclasses.dataclass(frozen=True)
class Band:
    """Features of every bin.

    Attributes:
        name: of the band.
        values: shape (bins, columns); no columns for the history, which is each neuron's own.
        kind: `layer`, `band` or `history`.
        place: whether the values are places, which rates may depend on in any smooth way: they
            are expanded in B-splines before they are regressed on.
        columns: what each column is called; their numbers where this is empty.
    """

    name: str
    values: np.ndarray
    kind: str = "band"
    place: bool = False
    columns: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.kind} {self.name!r}"


class Channels(Protocol):
    """A rollout of a recording, or what has its channels by the same names."""

    def __getitem__(self, name: str, /) -> np.ndarray:
        """A channel, shape (frames, …)."""
        ...


def _joints(rollout: Channels, body: Body) -> np.ndarray:
    return rollout["qpos"][:, 7:]


def _velocities(rollout: Channels, body: Body) -> np.ndarray:
    turn, qvel = rollout["qpos"][:, 3:7], rollout["qvel"]
    # the free joint's linear velocity is in the frame of the world, its angular one in the body's
    return np.concatenate([rotate(conjugate(turn), qvel[:, :3]), qvel[:, 3:]], axis=1)


def _keypoints(rollout: Channels, body: Body) -> np.ndarray:
    qpos = rollout["qpos"].copy()
    qpos[~rollout["alive"]] = qpos[int(np.argmax(rollout["alive"]))]
    skeleton = _skeleton(body())
    batch, places = skeleton.batch(len(qpos)), []
    for start in range(0, len(qpos), BLOCK):
        xpos, xquat = skeleton.frames(batch, qpos[start : start + BLOCK])
        arms = xpos[:, 1:] - xpos[:, :1]
        back = np.broadcast_to(conjugate(xquat[:, :1]), (*arms.shape[:2], 4))
        places.append(rotate(back, arms).reshape(len(xpos), -1))
    return np.concatenate(places)


def _forces(rollout: Channels, body: Body) -> np.ndarray:
    return rollout["actuator_force"]


def _contacts(rollout: Channels, body: Body) -> np.ndarray:
    return rollout["contact"]


def _position(rollout: Channels, body: Body) -> np.ndarray:
    return rollout["qpos"][:, :2]


def _heading(rollout: Channels, body: Body) -> np.ndarray:
    turn = rollout["qpos"][:, 3:7]
    ahead = rotate(turn, np.broadcast_to(_NOSE, (len(turn), 3)))
    heading = np.arctan2(ahead[:, 1], ahead[:, 0])
    turning = rotate(turn, rollout["qvel"][:, 3:6])[:, 2]
    return np.stack([np.sin(heading), np.cos(heading), turning], axis=1)


def _speed(rollout: Channels, body: Body) -> np.ndarray:
    return np.linalg.norm(rollout["qvel"][:, :2], axis=1, keepdims=True)


BANDS: dict[str, Callable[[Channels, Body], np.ndarray]] = {
    "joints": _joints,
    "velocities": _velocities,
    "keypoints": _keypoints,
    "forces": _forces,
    "contacts": _contacts,
    "position": _position,
    "heading": _heading,
    "speed": _speed,
}
"""What is known of every recording, per frame.

`joints`: angles of the hinges, rad. `velocities`: of the root in its own frame, m/s and rad/s,
and of the hinges, rad/s. `keypoints`: positions of the tracked bodies in the frame of the torso,
m. `forces`: of the actuators, N m. `contacts`: of paws with the floor, N. `position`: of the
root on the floor, m. `heading`: its sine and cosine, and its change about the vertical, rad/s.
`speed`: of the root over the floor, m/s.
"""

_PLACES = {"position"}


def read_bands(names: Iterable[str], timeline: Timeline, recording: Recording) -> tuple[Band, ...]:
    """Read bands, in the order of their names.

    Args:
        names: of `BANDS`, `history`, or layers.
        timeline: bins of the recording.
        recording: whose body it is.

    Raises:
        InputError: there is no such band in all rollouts, or it is not finite.
    """
    names = tuple(names)
    layers = [name for name in timeline.rollouts[0].layers if _everywhere(name, timeline)]
    for name in names:
        require_band(name, timeline.rollouts[0], layers, str(recording.path))
    return tuple(_band(name, timeline, recording) for name in names)


def require_band(name: str, rollout: Rollout, layers: Iterable[str], where: str) -> None:
    """Make sure that there is a band of a name.

    Args:
        name: of it.
        rollout: that has to have it.
        layers: those that can be used.
        where: the recording, for the error.

    Raises:
        InputError: it is none of `BANDS`, `history`, or the layers; the message says what would have recorded
            the layer.
    """
    known = (*BANDS, HISTORY, *layers)
    if name in known:
        return
    if "/" in name and rollout.content != "units":
        rollout.require(f"units/{name}")
    raise unknown("band", name, known, where)


def _band(name: str, timeline: Timeline, recording: Recording) -> Band:
    if name == HISTORY:
        return Band(name, np.zeros((timeline.n_bins, 0), np.float32), kind="history")
    if name not in BANDS:
        return Band(name, timeline.units(name), kind="layer")
    body = functools.partial(recorded_body, recording)
    parts = [BANDS[name](rollout, body) for rollout in timeline.rollouts]
    values = timeline.averaged(parts, f"band {name!r}")
    return Band(name, values, place=name in _PLACES, columns=_columns(name, recording))


def _columns(name: str, recording: Recording) -> tuple[str, ...]:
    """What the columns of a band are called."""
    tracked = _tracked(recorded_body(recording)) if name == "keypoints" else ()
    return {
        "joints": recording.joint_names,
        "velocities": (*_ROOT_VELOCITIES, *recording.joint_names),
        "keypoints": tuple(f"{body}_{axis}" for body in tracked[1:] for axis in "xyz"),
        "forces": recording.actuator_names,
        "contacts": recording.contact_names,
        "position": ("x", "y"),
        "heading": ("sine", "cosine", "turning"),
        "speed": ("speed",),
    }[name]


def _everywhere(layer: str, timeline: Timeline) -> bool:
    return all(layer in rollout.layers for rollout in timeline.rollouts)


@functools.lru_cache(maxsize=1)
def _skeleton(body: Scene) -> Skeleton:
    return Skeleton(body, _tracked(body))


def _tracked(body: Scene) -> tuple[str, ...]:
    """Names of the tracked bodies, the torso first."""
    return tuple(body.model.body(i).name for i in body.tracked_ids)
