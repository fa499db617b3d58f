"""What the ground exerts on the paws, in a rollout: in newtons and in body weights.

forces = ground_forces(walk)             # of a recording or of one in memory
forces.newtons[:, :4, 2].sum(1)          # upward on all four paws, (frames,)
forces.body_weights["hand_L"]            # (frames, 3)
forces.plot()                            # upward force of each paw over time
"""

import dataclasses
from typing import TYPE_CHECKING, Protocol

import numpy as np

from rodent.errors import InputError
from rodent.recording.channels import GROUND_FORCE, Channel
from rodent.results import Result, new_axes
from rodent.scene import Scene, make_scene
from rodent.scene.ground import REST, animal_weight, ground_parts
from rodent.scene_config import SceneConfig

if TYPE_CHECKING:
    from matplotlib.axes import Axes

AXES = ("x", "y", "z")
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
"""Of the paws, in their order; can be told apart by the colour-blind (Okabe & Ito, 2008)."""
REST_COLOR = "#666666"
_UNSEEN = 1e-3  # body weights on the rest that are not drawn


class Walked(Protocol):
    """A rollout that knows its scene."""

    @property
    def name(self) -> str:
        """Of the clip, or of the episode."""
        ...

    @property
    def fps(self) -> float:
        """Control steps per second."""
        ...

    def read(self, name: str, frames: slice = slice(None)) -> np.ndarray:
        """Some frames of a channel, shape (frames, …)."""
        ...

    @property
    def scene(self) -> SceneConfig:
        """In which it was played."""
        ...


def ground_channel(scene: Scene) -> Channel:
    """The channel of a scene's recordings."""
    columns = tuple(f"{part}/{axis}" for part in ground_parts(scene) for axis in AXES)
    what = "force of the ground on each paw and on the rest of the body, mean of the step, axes of the world"
    return Channel("N", what, columns)


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class GroundForces(Result):
    """Forces of the ground in a rollout.

    Attributes:
        name: of the rollout.
        fps: frames per second.
        parts: the paws, then `rest`: belly, snout and tail.
        newtons: mean forces in each step in the axes of the world, z up, shape (frames, parts, 3).
        weight: of the animal, N.
    """

    name: str
    fps: float
    parts: tuple[str, ...]
    newtons: np.ndarray
    weight: float

    def __repr__(self) -> str:
        share = self.newtons[..., 2].sum(1).mean() / self.weight
        return (
            f"GroundForces({self.name}: {len(self.newtons)} frames, {', '.join(self.parts)}; "
            f"body weight {self.weight:.2f} N, mean load {share:.3f} body weights)"
        )

    @property
    def body_weights(self) -> dict[str, np.ndarray]:
        """Forces by part in body weights, shape (frames, 3) each."""
        return {part: self.newtons[:, i] / self.weight for i, part in enumerate(self.parts)}

    @property
    def colors(self) -> dict[str, str]:
        """The colour of each part in pictures."""
        paws = {part: COLORS[i % len(COLORS)] for i, part in enumerate(self.parts[:-1])}
        return paws | {REST: REST_COLOR}

    def columns(self) -> dict[str, np.ndarray]:
        """Seconds, and every force in newtons: `hand_L/z` is that upward on the left hand."""
        flat = {
            f"{part}/{axis}": self.newtons[:, i, k]
            for i, part in enumerate(self.parts)
            for k, axis in enumerate(AXES)
        }
        return {"time": np.arange(len(self.newtons)) / self.fps} | flat

    def plot(self, axes: "Axes | None" = None) -> "Axes":
        """Draw the upward force on each part over time, in newtons and, on the right, in body weights.

        Args:
            axes: to draw on; None for those of a new figure.
        """
        axes = new_axes(axes)
        seconds = np.arange(len(self.newtons)) / self.fps
        for i, (part, color) in enumerate(self.colors.items()):
            if part != REST or self.newtons[:, i, 2].max(initial=0) > _UNSEEN * self.weight:
                axes.plot(seconds, self.newtons[:, i, 2], color=color, linewidth=1, label=part)
        axes.set(xlabel="time, s", ylabel="upward force, N", xlim=(0, len(seconds) / self.fps))
        highest = max(np.nanmax(self.newtons[..., 2], initial=0), 0.1 * self.weight)
        axes.set_ylim(0, 1.3 * highest)  # room for the legend
        weights = axes.twinx()
        weights.set_ylim(*np.divide(axes.get_ylim(), self.weight))
        weights.set_ylabel("body weights")
        axes.legend(frameon=False, fontsize="small", ncols=len(self.parts), loc="upper left")
        return axes


def ground_forces(rollout: Walked) -> GroundForces:
    """The forces of the ground in a rollout.

    Args:
        rollout: of a recording, or of `rodent.rollout`.

    Raises:
        InputError: they were not recorded, or the recording does not match its scene.
    """
    scene = make_scene(rollout.scene)
    parts, flat = ground_parts(scene), rollout.read(GROUND_FORCE)
    if flat.shape[1:] != (3 * len(parts),):
        raise InputError(
            f"{rollout.name}: {GROUND_FORCE} has shape {flat.shape}; expected {3 * len(parts)} columns, for "
            f"{', '.join(parts)}"
        )
    newtons = flat.reshape(len(flat), len(parts), 3)
    return GroundForces(rollout.name, rollout.fps, parts, newtons, animal_weight(scene))
