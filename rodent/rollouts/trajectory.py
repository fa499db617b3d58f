"""Rollouts in memory: for a notebook, where a recording would be a detour.

found = rollout(policy, clips)
found.to_frame()                                    # pandas, a row of outcomes per rollout
walk = found["Walk_280"]
walk["qpos"], walk.units("decoder/layer_0"), walk.outcomes["lifespan"]
walk.to_frame("qpos"), walk.to_xarray()["units/decoder/layer_0"]
walk.plot("reward/total")
"""

import dataclasses
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rodent.errors import InputError, unknown
from rodent.intervention import Intervention, Statistics
from rodent.policy.policy import Policy
from rodent.record_config import RecordConfig
from rodent.recording import Channel, Rollout, open_recording
from rodent.recording.tables import LAYERS, ChannelTables
from rodent.results import Result, columns_of, new_axes
from rodent.rollouts.episodes import Clips
from rodent.rollouts.record import record
from rodent.scene_config import SceneConfig

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NAMED = 12  # lines of a plot that a legend names


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class Trajectory(ChannelTables):
    """One rollout in memory.

    Attributes:
        name: of the clip, or of the episode.
        behavior: what is seen, such as `Walk`; may be empty.
        fps: control steps per second.
        arrays: channels by the names that they have in a recording, each (frames, …).
        channels: unit, description and columns of the channels.
        outcomes: how it went, by name.
        scene: in which it was played.
    """

    name: str
    behavior: str
    fps: float
    arrays: Mapping[str, np.ndarray]
    channels: Mapping[str, Channel]
    outcomes: Mapping[str, float]
    scene: SceneConfig

    @property
    def n_frames(self) -> int:
        """Control steps."""
        return int(self.outcomes["frames"])

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers whose activations are there."""
        return tuple(name.removeprefix(LAYERS) for name in self.arrays if name.startswith(LAYERS))

    def has(self, name: str) -> bool:
        """Whether there is a channel of this name."""
        return name in self.arrays

    def read(self, name: str, frames: slice = slice(None)) -> np.ndarray:
        """Some frames of a channel, as of a rollout in a recording."""
        return self[name][frames]

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
        return self.arrays[f"{LAYERS}{layer}"]

    def __repr__(self) -> str:
        lost = "to the end" if self.outcomes["truncated"] else f"for {self.outcomes['lifespan']:.0f}"
        return (
            f"Trajectory({self.name}: {self.n_frames} frames at {self.fps:g} Hz, tracked {lost}; "
            f"{len(self.arrays)} channels, {len(self.layers)} of them layers)"
        )


class Rollouts(Result, Mapping[str, Trajectory]):
    """Rollouts in memory, by name: `rollouts["Walk_280"]`, `list(rollouts)`, `rollouts.values()`."""

    def __init__(self, trajectories: Sequence[Trajectory]):
        self._by_name = {one.name: one for one in trajectories}

    def __getitem__(self, name: str) -> Trajectory:
        """One rollout.

        Raises:
            InputError: there is none of this name.
        """
        if name not in self._by_name:
            raise unknown("rollout", name, self._by_name)
        return self._by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def __repr__(self) -> str:
        frames = sum(one.n_frames for one in self.values())
        whole = sum(bool(one.outcomes["truncated"]) for one in self.values())
        return f"Rollouts({len(self)} rollouts, {frames:,} frames: {whole} without failure)"

    def columns(self) -> dict[str, list[Any]]:
        """Name, behavior and outcomes of every rollout."""
        rows = [{"rollout": one.name, "behavior": one.behavior, **one.outcomes} for one in self.values()]
        return columns_of(rows)

    def plot(self, channel: str = "reward/total", axes: "Axes | None" = None) -> "Axes":
        """Draw a channel without columns over time, a line per rollout; see `Trajectory.plot`.

        Raises:
            InputError: there is no such channel, or it has columns.
        """
        axes = new_axes(axes)
        for one in self.values():
            if one[channel].ndim != 1:
                raise InputError(f"channel {channel!r} has columns; plot it of one rollout")
            one.plot(channel, axes)
            axes.lines[-1].set_label(one.name)
        axes.set_title("")
        if len(self) <= _NAMED:
            axes.legend(frameon=False, fontsize="small")
        return axes


def rollout(
    policy: Policy,
    clips: Clips = None,
    config: RecordConfig | None = None,
    *,
    interventions: Sequence[Intervention | str] = (),
    statistics: Statistics | None = None,
) -> Rollouts:
    """Play a policy's task, and return what happens, by the name of each rollout.

    Everything is held in memory: with units about 20 kB per control step of a built-in policy. Longer
    sessions are recorded, see `record`.

    Args:
        policy: who acts.
        clips: what is asked, a set or a list of clips; None for a task without clips.
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
            return Rollouts(
                [_loaded(one, recording.fps, recording.scene) for one in recording.rollouts.values()]
            )


def _loaded(one: Rollout, fps: float, scene: SceneConfig) -> Trajectory:
    channels = one.channels
    arrays = {name: one[name] for name in channels}
    outcomes = {name: np.asarray(value).item() for name, value in one.outcomes.items()}
    return Trajectory(one.name, one.behavior, fps, arrays, channels, outcomes, scene)
