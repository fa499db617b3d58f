"""Experiments on a twin: a grid of movements, and the rates of all neurons in each of them.

    plan = GridPlan(seconds=5.0, pace=(0.75, 1.0, 1.5), amplitude=(0.0, 1.0, 1.5))
    grid = Grid.of(clips, plan)             # sequences × pace × (part, amplitude)
    found = run_grid(rates, streams, readouts.neurons, grid)    # streams: of `PoseStreams`
    found.mean_hz, found.peak_hz            # (conditions, neurons)

A sequence is a part of a clip. Its pace is changed by playing it faster or slower, and the amplitude of a
body part by scaling the angles of its joints about their means, within their limits. No body performs it: the
streams that the twin sees must follow from the poses alone.
"""

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from analysis.twin.body_plan import part_of
from analysis.twin.kinematic import PoseStreams
from analysis.twin.rates import RateModel
from analysis.twin.settings import GridPlan
from rodent.clips.clip import ClipSet
from rodent.errors import InputError, unknown
from rodent.kinematics.poses import poses_between

AT_ONCE = 32
"""Sequences that are computed at once."""
WHOLE = ""
"""Part of conditions in which no body part is changed."""


@dataclasses.dataclass(frozen=True)
class Condition:
    """One sequence of the grid.

    Attributes:
        clip: whose movement it is.
        start: of the sequence in the clip, seconds.
        pace: relative to the clip.
        part: body part whose amplitude is changed; "" for none.
        amplitude: relative to the clip.
    """

    clip: str
    start: float
    pace: float
    part: str
    amplitude: float


@dataclasses.dataclass(frozen=True)
class Grid:
    """Conditions and their movements.

    Attributes:
        conditions: in order: sequences and paces, and for each of these parts and amplitudes.
        poses: of each sequence and pace, shape (movements, frames, 74).
        scales: of the joints' amplitudes, shape (parts × amplitudes, joints).
        fps: frames per second.
    """

    conditions: tuple[Condition, ...]
    poses: np.ndarray
    scales: np.ndarray
    fps: float

    @classmethod
    def of(cls, clips: ClipSet, plan: GridPlan) -> "Grid":
        """The grid of a plan on clips, each cut into as many sequences as it has.

        Raises:
            InputError: the clips differ in frame rate, no clip is long enough at any pace, or a part has no
                joints.
        """
        rates = sorted({clip.fps for clip in clips})
        if len(rates) > 1:
            raise InputError(
                f"the clips have frame rates of {', '.join(f'{one:g}' for one in rates)} Hz; one is expected "
                f"(--resample {rates[0]:g})"
            )
        owners = np.array([part_of(name, "joints") for name in clips.joint_names])
        parts = tuple(dict.fromkeys(owners.tolist()))
        if strange := [part for part in plan.part if part not in parts]:
            raise unknown("body part", strange[0], parts)
        changes = [(WHOLE, 1.0)]
        changes += [
            (part, amplitude)
            for part in plan.part or parts
            for amplitude in plan.amplitude
            if amplitude != 1.0
        ]
        scales = np.array([np.where(owners == part, amplitude, 1.0) for part, amplitude in changes])
        found = list(_sequences(clips, plan))
        if not found:
            longest = max(clip.duration for clip in clips)
            raise InputError(
                f"the longest clip lasts {longest:g} s, too short for sequences of {plan.seconds:g} s at a "
                f"pace of {min(plan.pace):g}; give fewer --seconds, or a slower --pace"
            )
        conditions = tuple(
            Condition(clip, start, pace, part, amplitude)
            for (clip, start, pace, _), (part, amplitude) in itertools.product(found, changes)
        )
        return cls(conditions, np.stack([poses for *_, poses in found]), scales, rates[0])


def _sequences(clips: ClipSet, plan: GridPlan) -> Iterator[tuple[str, float, float, np.ndarray]]:
    """Clip, start in seconds, pace, and poses (frames, 74) of every sequence and pace."""
    for clip, pace in itertools.product(clips, plan.pace):
        frames = round(plan.seconds * clip.fps)
        step = (frames - 1) * pace
        for first in np.arange(0, clip.n_frames - 1 - step + 1e-9, frames * pace):
            at = first + pace * np.arange(frames)
            yield clip.name, float(first / clip.fps), pace, poses_between(clip.qpos, at)


@dataclasses.dataclass(frozen=True)
class GridRates:
    """Rates in every condition.

    Attributes:
        conditions: in order.
        neurons: names.
        mean_hz: over the sequence, shape (conditions, neurons).
        peak_hz: in its best bin, shape (conditions, neurons).
        peak_seconds: when this is, seconds from the beginning, shape (conditions, neurons).
    """

    conditions: tuple[Condition, ...]
    neurons: tuple[str, ...]
    mean_hz: np.ndarray
    peak_hz: np.ndarray
    peak_seconds: np.ndarray

    def changes(self) -> np.ndarray:
        """Octaves by which the mean rate differs from the same sequence with no part changed, same shape."""
        whole = np.array([one.part == WHOLE for one in self.conditions])
        # every sequence begins with the condition in which no part is changed
        base = np.maximum.accumulate(np.where(whole, np.arange(len(whole)), 0))
        return np.log2(self.mean_hz / self.mean_hz[base])

    def table(self) -> dict[str, np.ndarray]:
        """A row for every condition and neuron, by column."""
        n = len(self.neurons)
        columns = {
            field.name: np.repeat([getattr(one, field.name) for one in self.conditions], n)
            for field in dataclasses.fields(Condition)
        }
        columns["neuron"] = np.tile(self.neurons, len(self.conditions))
        values = {"mean_hz": self.mean_hz, "peak_hz": self.peak_hz, "peak_seconds": self.peak_seconds}
        return columns | {name: each.ravel() for name, each in values.items()}


def run_grid(
    rates: RateModel,
    streams: PoseStreams,
    neurons: Sequence[str],
    grid: Grid,
    advance: Callable[[float], None] = lambda sequences: None,
) -> GridRates:
    """Rates of all neurons in all conditions.

    Args:
        rates: twin and readouts.
        streams: that the twin sees.
        neurons: names.
        grid: conditions and movements.
        advance: called with the number of sequences done.

    Raises:
        InputError: sequences are too short for the twin.
    """
    rows = rates.rows(grid.poses.shape[1] // streams.frames)
    low, high = (jnp.asarray(one) for one in streams.scene.joint_range.T)

    def scaled(poses: jax.Array, scale: jax.Array) -> jax.Array:
        joints = poses[:, 7:]
        middle = joints.mean(0)
        # what was beyond the limits before is left there
        inside = jnp.clip(
            middle + scale * (joints - middle), jnp.minimum(low, joints), jnp.maximum(high, joints)
        )
        return jnp.concatenate([poses[:, :7], inside], 1)

    @jax.jit
    def measured(params: Any, poses: jax.Array, scales: jax.Array) -> tuple[jax.Array, ...]:
        columns = streams(jax.vmap(scaled)(poses, scales))
        hz = jnp.exp(rates.read(rates.features(params, columns)))
        return hz.mean(1), hz.max(1), hz.argmax(1)

    which = np.array(list(itertools.product(range(len(grid.poses)), range(len(grid.scales)))))
    found = []
    for begin in range(0, len(which), AT_ONCE):
        # the last batch is filled up, so that nothing is compiled again
        chosen = np.minimum(np.arange(begin, begin + AT_ONCE), len(which) - 1)
        movement, scale = which[chosen].T
        values = measured(rates.params, grid.poses[movement].astype(np.float32), grid.scales[scale])
        found.append([np.asarray(one)[: len(which) - begin] for one in values])
        advance(min(AT_ONCE, len(which) - begin))
    mean, peak, at = (np.concatenate(each) for each in zip(*found, strict=True))
    return GridRates(grid.conditions, tuple(neurons), mean, peak, rows[at] * streams.bin_seconds)
