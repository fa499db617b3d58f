"""Rollouts in memory: for a notebook, where a recording would be a detour.

walk = rollout(policy, clips)["Walk_280"]
walk["qpos"], walk.units("decoder/layer_0"), walk.outcomes["lifespan"]
"""

import dataclasses
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from rodent.clips.clip import ClipSet
from rodent.errors import unknown
from rodent.intervention import Intervention, Statistics
from rodent.policy.policy import Policy
from rodent.record_config import RecordConfig
from rodent.recording import Rollout, open_recording
from rodent.rollouts.record import record


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class Trajectory:
    """One rollout in memory.

    Attributes:
        name: of the clip, or of the episode.
        behavior: what is seen, such as `Walk`; may be empty.
        fps: control steps per second.
        arrays: channels by the names that they have in a recording, each (frames, …).
        outcomes: how it went, by name.
    """

    name: str
    behavior: str
    fps: float
    arrays: Mapping[str, np.ndarray]
    outcomes: Mapping[str, float]

    @property
    def n_frames(self) -> int:
        """Control steps."""
        return int(self.outcomes["frames"])

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers whose activations are there."""
        family = "units/"
        return tuple(name.removeprefix(family) for name in self.arrays if name.startswith(family))

    def __getitem__(self, channel: str) -> np.ndarray:
        """A channel, such as `qpos` or `reward/total`, shape (frames, …).

        Raises:
            InputError: there is none of this name.
        """
        if channel not in self.arrays:
            raise unknown("channel", channel, self.arrays, f"rollout {self.name!r}")
        return self.arrays[channel]

    def units(self, layer: str) -> np.ndarray:
        """Activations of a layer, shape (frames, units).

        Raises:
            InputError: there is no such layer.
        """
        if layer not in self.layers:
            raise unknown("layer", layer, self.layers, f"rollout {self.name!r}")
        return self.arrays[f"units/{layer}"]

    def __repr__(self) -> str:
        lost = "to the end" if self.outcomes["truncated"] else f"for {self.outcomes['lifespan']:.0f}"
        return (
            f"Trajectory({self.name}: {self.n_frames} frames at {self.fps:g} Hz, tracked {lost}; "
            f"{len(self.arrays)} channels, {len(self.layers)} of them layers)"
        )


def rollout(
    policy: Policy,
    clips: ClipSet | None = None,
    config: RecordConfig | None = None,
    *,
    interventions: Sequence[Intervention | str] = (),
    statistics: Statistics | None = None,
) -> dict[str, Trajectory]:
    """Play a policy's task, and return what happens, by the name of each rollout.

    Everything is held in memory: with units about 20 kB per control step of a built-in policy. Longer
    sessions are recorded, see `record`.

    Args:
        policy: who acts.
        clips: what is asked; None for a task without clips.
        config: how to play, and how much to keep.
        interventions, statistics: see `record`.

    Raises:
        InputError: as `record`.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rollouts.h5"
        config = config or RecordConfig()
        record(policy, clips, path, config, interventions=interventions, statistics=statistics)
        with open_recording(path) as recording:
            return {name: _loaded(one, recording.fps) for name, one in recording.rollouts.items()}


def _loaded(one: Rollout, fps: float) -> Trajectory:
    arrays = {name: one[name] for name in one.channels}
    return Trajectory(one.name, one.behavior, fps, arrays, dict(one.outcomes))
