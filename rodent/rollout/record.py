"""Play clips and write down all that happens: the way from a policy to a recording."""

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jax
import numpy as np

from rodent.body import Body
from rodent.clips.clip import Clip, ClipSet
from rodent.clips.validate import require_body
from rodent.policy.policy import Policy
from rodent.progress import progress
from rodent.recording import RecordingWriter
from rodent.rollout.controls import Controls
from rodent.rollout.play import OnFailure, Player, Row
from rodent.versions import versions

_BLOCK = 64  # rows handed to the file at once
_AT_ONCE = 32  # clips played side by side: bounds memory


def record(
    policy: Policy,
    clips: ClipSet,
    out: Path | str,
    *,
    origin: Mapping[str, Any] = MappingProxyType({}),
    seed: int = 0,
    sample: bool = False,
    on_failure: OnFailure = "continue",
    controls: bool = False,
) -> dict[str, Any]:
    """Play clips and write a recording of all that happens and of every unit.

    Args:
        policy: who acts.
        clips: what is asked; each becomes a rollout of its name.
        out: the recording file.
        origin: where policy and clips came from, or anything else to keep in the recording's
            provenance.
        seed: of the draws, where latents and actions are sampled, and of the controls' weights.
        sample: draw latents and actions, instead of playing their means.
        on_failure: leave a rat that lost its reference where it is, or put it back.
        controls: record control layers, too; see `rodent.policy.controls`.

    Returns:
        the numbers of rollouts, frames, failures and layers.

    Raises:
        InputError: the clips belong to a body of another scale.
        WorkError: the disk is full.
    """
    out, body = Path(out), Body(policy.body)
    require_body(clips, body)
    task = policy.task.build(body, clips)
    timestep, n = task.timestep, min(_AT_ONCE, len(clips))
    player = Player(task, policy.agent, n, units=True, sample=sample)
    added = Controls(policy, task, n, seed=seed, sample=sample) if controls else None
    provenance = {
        **origin,
        "policy": policy.digest(),
        "seed": seed,
        "sampled": sample,
        "on_failure": on_failure,
        "intervention": None,
        "versions": versions(),
    }
    writer = RecordingWriter(
        out,
        fps=1 / timestep,
        body=body.config,
        joint_names=body.joint_names,
        actuator_names=body.actuator_names,
        provenance=provenance,
    )
    touch = body.touch_rows
    failures, layers = 0, set[str]()
    with writer, progress("recording", clips.total_frames, "frames") as advance:
        for begin in range(0, len(clips), n):
            ids = range(begin, min(begin + n, len(clips)))
            tapes = [_Tape(writer, clips[i], on_failure) for i in ids]
            # the last group is filled up by repeating its last clip
            group = np.minimum(np.arange(begin, begin + n), len(clips) - 1)
            rows = player.play(policy.params, policy.normalizer, group, seed=seed, on_failure=on_failure)
            if added is not None:
                rows = added.beside(rows)
            for block in _blocks(rows):
                table = _table(block, touch, timestep)
                for rat, tape in enumerate(tapes):
                    advance(tape.append({name: values[:, rat] for name, values in table.items()}))
                layers |= block[0].units.keys()
            failures += sum(tape.failures for tape in tapes)
    return {
        "recording": str(out),
        "rollouts": len(clips),
        "frames": clips.total_frames,
        "failures": failures,
        "layers": sorted(layers),
    }


class _Tape:
    """One clip's rollout in the file: takes rows until the clip is over."""

    def __init__(self, writer: RecordingWriter, clip: Clip, on_failure: OnFailure):
        self._file = writer.rollout(clip.name, clip=clip.name, behavior=clip.behavior)
        self._left = clip.n_frames
        self._once = on_failure == "continue"  # a rat that is left where it is fails only once
        self._alive = True
        self.failures = 0

    def append(self, table: dict[str, np.ndarray]) -> int:
        """Write what still belongs to the clip; returns the number of rows."""
        count = min(self._left, len(table["time"]))
        if count == 0:
            return 0
        table = {name: values[:count] for name, values in table.items()}
        lost = table.pop("lost")
        if self._once:
            alive = np.logical_and.accumulate(np.r_[self._alive, ~lost])
            self.failures += int(alive[0] and not alive[-1])
            self._alive, alive = bool(alive[-1]), alive[1:]
        else:
            alive = ~lost
            self.failures += int(lost.sum())
        self._file.append({**table, "alive": alive})
        self._left -= count
        return count


def _table(block: list[Row], touch: np.ndarray, timestep: float) -> dict[str, np.ndarray]:
    """Rows of all rats under the names of the recording file, arrays (rows, rats, ...)."""
    row = jax.tree.map(lambda *x: np.stack(x), *block)
    return {
        "time": np.repeat(np.array(row.index)[:, None] * timestep, row.failed.shape[1], axis=1),
        "lost": row.failed,
        "qpos": row.physics.qpos,
        "qvel": row.physics.qvel,
        "ctrl": row.ctrl,
        "actuator_force": row.force,
        **row.channels,
        "contact": row.physics.sensordata[..., touch],
        **{f"reward/{name}": term for name, term in row.terms.items()},
        "reward/total": np.sum(list(row.terms.values()), axis=0),
        **{f"units/{layer}": values for layer, values in row.units.items()},
    }


def _blocks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while block := list(islice(rows, _BLOCK)):
        yield block
