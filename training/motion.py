"""A reference that is renewed while training: the clips, and pieces of new motion beside them.

    motion = Motion(config.motion, task, clips, seed)
    motion.begin(steps=0)
    state = motion.renew(state, steps)     # between updates
    motion.task                            # with the pieces of now

Pieces stand in slots of equal length behind the clips, so that shapes stay and nothing is compiled again. The
number of the piece in a slot follows from the control steps alone, so a resumed training has the same ones.
"""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from rodent.clips.clip import ClipSet
from rodent.errors import InputError
from rodent.kinematics.poses import velocities
from rodent.motion_config import MotionConfig
from rodent.synthesis.pieces import Pieces
from rodent.tasks.imitation import Imitation
from rodent.tasks.reference import Reference, ReferenceFrames
from rodent.tasks.task import Task
from training.update import TrainState


class Motion:
    """Pieces of motion beside the clips of a task.

    Attributes:
        clips_task: the task on its clips alone.
        task: the task on clips and pieces.

    Args:
        config: number of pieces and how they are made.
        task: imitation of clips.
        clips: of the task.
        seed: of the pieces.

    Raises:
        InputError: the task is not imitation, or no clip is long enough.
    """

    def __init__(self, config: MotionConfig, task: Task[Any], clips: ClipSet, seed: int):
        if not isinstance(task, Imitation):
            raise InputError("only imitation trains on pieces of motion; leave out --motion.pieces")
        self._config, self.clips_task = config, task
        self._pieces = Pieces(config.piece, clips, task.scene, seed)
        self._frames = ReferenceFrames(task.scene, task.timestep)
        self._clips, self._rows = len(task.reference.first), task.reference.num_frames
        self._drawn = 0
        self.begin(0)

    def begin(self, steps: int) -> None:
        """Give the task the pieces that a training has after some control steps."""
        if self._drawn == self._due(steps):
            return
        self._drawn = self._due(steps)
        count, size = self._config.pieces, self._pieces.frames
        # the last pieces drawn, each in its slot
        latest = np.arange(self._drawn - count, self._drawn)
        slots: list[Any] = [None] * count
        lengths = np.zeros(count, int)
        for number in latest:
            slots[number % count], lengths[number % count] = self._piece(int(number))
        known = self.clips_task.reference
        frames = {name: getattr(known, name) for name in ("state", "setpoint", "lift")}
        joined = jax.tree.map(lambda *x: jnp.concatenate(x), frames, *slots)
        first = self._rows + size * np.arange(count)
        reference = Reference(
            **joined,
            clip_of=jnp.concatenate(
                [known.clip_of, jnp.asarray(np.repeat(self._clips + np.arange(count), size))]
            ),
            first=jnp.concatenate([known.first, jnp.asarray(first)]),
            last=jnp.concatenate([known.last, jnp.asarray(first + lengths - 1)]),
        )
        self.task: Imitation = self.clips_task.replace(reference=reference)

    def renew(self, state: TrainState, steps: int) -> TrainState:
        """Give the task the pieces that are due; in the returned state, episodes in replaced pieces end.

        Args:
            state: between two updates.
            steps: control steps so far.
        """
        due, before = self._due(steps), self._drawn
        if due == before:
            return state
        reference, count, changed = self.task.reference, self._config.pieces, []
        # a piece that would be replaced at once is not made
        for number in range(max(before, due - count), due):
            slot = number % count
            frames, length = self._piece(number)
            row = self._rows + slot * self._pieces.frames
            reference = _with_piece(reference, frames, row, self._clips + slot, row + length - 1)
            changed.append(self._clips + slot)
        self._drawn = due
        groups, replaced = self.task.starts.group_of, jnp.asarray(_padded(changed, count))
        self.task = self.task.replace(reference=reference)
        return dataclasses.replace(state, loop=_without_episodes(state.loop, groups, replaced))

    def _due(self, steps: int) -> int:
        """How many pieces have been drawn after some control steps."""
        return self._config.pieces + steps * self._config.pieces // self._config.renewal

    def _piece(self, number: int) -> tuple[dict[str, Any], int]:
        """What a slot holds of a piece, its last pose held to the end of the slot, and its length."""
        qpos = self._pieces[number]
        qvel = velocities(qpos, self._pieces.fps)
        rows = np.minimum(np.arange(self._pieces.frames), len(qpos) - 1)
        return self._frames(qpos[rows], qvel[rows]), len(qpos)


@jax.jit
def _with_piece(
    reference: Reference, frames: dict[str, Any], row: jax.Array, clip: jax.Array, last: jax.Array
) -> Reference:
    """The reference with new frames from a row on."""
    known = {name: getattr(reference, name) for name in frames}
    changed = jax.tree.map(lambda x, new: jax.lax.dynamic_update_slice_in_dim(x, new, row, 0), known, frames)
    return dataclasses.replace(reference, **changed, last=reference.last.at[clip].set(last))


def _padded(changed: list[int], count: int) -> np.ndarray:
    """Always `count` clips, so that shapes stay: the last is repeated."""
    return np.array((changed + [changed[-1]] * count)[:count])


@jax.jit
def _without_episodes(loop: Any, group_of: jax.Array, changed: jax.Array) -> Any:
    """The loop's state where episodes in changed clips end, and nothing is known of their starts."""
    ends = jnp.isin(group_of[loop.start], changed)
    new = jnp.isin(group_of, changed)
    sampler = dataclasses.replace(
        loop.sampler,
        begun=jnp.where(new, 0.0, loop.sampler.begun),
        failed=jnp.where(new, 0.0, loop.sampler.failed),
    )
    return dataclasses.replace(loop, truncated=loop.truncated | (ends & ~loop.terminated), sampler=sampler)
