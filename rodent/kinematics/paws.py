"""The four paws in poses: contact points, heights of their lowest points, and what moves them.

    paws = Paws(body)
    state = paws.state(qpos)
    state.lowest        # metres above the floor, shape (frames, 4)

A paw is a hand with its fingers or a foot with its toes. Its contact point is the palm or the sole: the
site of the body's touch sensor.
"""

import dataclasses

import numpy as np
from mujoco.batch import Batch

from rodent.kinematics.floor import downward_reach
from rodent.kinematics.forward import BLOCK, kinematics
from rodent.scene import Scene, kinematic_model

PAW_NAMES = ("fore_L", "fore_R", "hind_L", "hind_R")
"""The order of paws in every array."""

STANDING = 0.003
"""Height of its lowest point below which a paw stands, metres: a tenth of the 33 mm taken for people
(Ling et al., ACM Trans. Graph. 39, 40, 2020), as a rat's limbs are about a tenth as long."""

_CONTACTS = ("palm_L", "palm_R", "sole_L", "sole_R")
_PARTS = (("hand_L", "finger_L"), ("hand_R", "finger_R"), ("foot_L", "toe_L"), ("foot_R", "toe_R"))
_FIELDS = ("site_xpos", "xquat", "geom_xpos", "geom_xmat", "xanchor", "xaxis")


@dataclasses.dataclass(frozen=True)
class PawState:
    """State of the paws in some poses."""

    contact: np.ndarray
    """Contact points in the world, metres, shape (frames, 4, 3)."""
    lowest: np.ndarray
    """Heights of the paws' lowest points, metres, shape (frames, 4)."""
    quaternion: np.ndarray
    """Orientations of fingers and toes in the world, unit quaternions, shape (frames, 4, 4)."""
    anchor: np.ndarray
    """Anchor points of the hinges in the world, metres, shape (frames, 67, 3)."""
    axis: np.ndarray
    """Axes of the hinges in the world, unit vectors, shape (frames, 67, 3)."""


class Paws:
    """The paws of one body."""

    def __init__(self, scene: Scene):
        self._model = model = kinematic_model(scene.model)
        self._sites = [model.site(name).id for name in _CONTACTS]
        ends = [set(scene.body_ids(parts).tolist()) for parts in _PARTS]
        self._geoms = [np.flatnonzero([b in end for b in model.geom_bodyid]) for end in ends]

    @staticmethod
    def are_of(scene: Scene) -> bool:
        """Whether the body of a scene has these paws."""
        sites = {scene.model.site(i).name for i in range(scene.model.nsite)}
        return sites.issuperset(_CONTACTS)

    def batch(self, frames: int) -> Batch:
        """A batch for the kinematics of `frames` poses at once."""
        return Batch(self._model, nsim=frames)

    def state(self, qpos: np.ndarray) -> PawState:
        """State of the paws in any number of poses, shape (frames, 74)."""
        batch = self.batch(min(BLOCK, len(qpos)))
        blocks = [qpos[start : start + BLOCK] for start in range(0, len(qpos), BLOCK)]
        states = [dataclasses.astuple(self.state_of(batch, block)) for block in blocks]
        return PawState(*(np.concatenate(arrays) for arrays in zip(*states, strict=True)))

    def state_of(self, batch: Batch, qpos: np.ndarray) -> PawState:
        """The same, for at most as many poses as the batch holds."""
        n, model = len(qpos), self._model
        sites, turns, positions, axes, anchor, axis = kinematics(batch, qpos, _FIELDS)
        lowest = np.empty((n, len(PAW_NAMES)))
        for paw, geoms in enumerate(self._geoms):
            vertical = axes.reshape(n, -1, 3, 3)[:, geoms, 2]
            reach = downward_reach(model.geom_type[geoms], model.geom_size[geoms], vertical)
            lowest[:, paw] = (positions[:, geoms, 2] - reach).min(axis=1)
        tips = model.site_bodyid[self._sites]
        # the free joint comes before the hinges
        parts = (sites[:, self._sites], lowest, turns[:, tips], anchor[:, 1:], axis[:, 1:])
        return PawState(*(part.copy() for part in parts))
