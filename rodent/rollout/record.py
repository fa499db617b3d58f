"""Play clips and write down all that happens: the way from a policy to a recording."""

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jax
import numpy as np

from rodent.clips.clip import Clip, ClipSet
from rodent.clips.validate import require_body
from rodent.errors import InputError, unknown
from rodent.parts import TASKS
from rodent.policy.networks import remembers
from rodent.policy.policy import Policy
from rodent.progress import progress
from rodent.recording import Content, RecordingWriter, RolloutMetadata
from rodent.recording.channels import CONTENTS
from rodent.rollout.controls import Controls
from rodent.rollout.outcomes import ERRORS, TRACKING_OUTCOMES, Outcome
from rodent.rollout.play import OnFailure, Player, Row
from rodent.scene import make_scene
from rodent.versions import versions

Table = dict[str, np.ndarray]

_BLOCK = 64  # rows handed to the file at once
_AT_ONCE = 32  # clips played side by side: bounds memory


def record(
    policy: Policy,
    clips: ClipSet,
    out: Path | str,
    *,
    content: Content = "units",
    repeats: int = 1,
    origin: Mapping[str, Any] = MappingProxyType({}),
    seed: int = 0,
    sample: bool = False,
    on_failure: OnFailure = "continue",
    controls: bool = False,
    gates: bool = False,
) -> dict[str, Any]:
    """Play clips and write a recording of all that happens and of every unit.

    Args:
        policy: who acts.
        clips: what is asked; each becomes a rollout of its name.
        out: the recording file.
        content: how much to write: `outcomes`, outcomes of each rollout alone; `states`, also what body and
            policy did in every frame; `units`, also every unit.
        repeats: how often each clip is played, all in turn, from the second time on in drawn orders: if they
            came again in one order, a null of time shifts would hold signal. A number is added to the names
            of later rollouts.
        origin: where policy and clips came from, or anything else to keep in the recording's
            provenance.
        seed: of the orders of repeats, of latents and actions where they are sampled, and of the controls'
            weights.
        sample: draw latents and actions, instead of playing their means.
        on_failure: leave a rat that lost its reference where it is, or put it back.
        controls: record control layers, too; see `rodent.policy.controls`.
        gates: record the gates of an LSTM decoder, too; see `rodent.policy.gates`.

    Returns:
        the numbers of rollouts, frames, failures and layers.

    Raises:
        InputError: the clips belong to a body of another scale, gates are asked of a policy without an LSTM,
            or layers of a recording without units.
        WorkError: the disk is full.
    """
    _check_options(policy, content, repeats, controls=controls, gates=gates)
    out, body = Path(out), make_scene(policy.scene)
    require_body(clips, body)
    task = policy.task.build(body, clips)
    timestep = task.timestep
    played = _played(len(clips), repeats, seed)
    n = min(_AT_ONCE, len(played))
    units = content == "units"
    player = Player(task, policy.agent, n, units=units, gates=gates, sample=sample)
    added = Controls(policy, task, n, seed=seed, gates=gates, sample=sample) if controls else None
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
        scene=body.config,
        joint_names=body.joint_names,
        actuator_names=body.actuator_names,
        contact_names=body.roles.touch,
        provenance=provenance,
        content=content,
        outcomes=TRACKING_OUTCOMES,
    )
    kind = TASKS.name_of(type(policy.task))
    total = repeats * clips.total_frames
    failures, layers = 0, set[str]()
    with writer, progress("recording", total, "frames") as advance:
        for number, begin in enumerate(range(0, len(played), n)):
            # the last group is filled up by repeating its last clip
            group = played[np.minimum(np.arange(begin, begin + n), len(played) - 1)]
            draws = _seed_of_group(seed, number)
            episodes = [
                _Episode(writer, clips[int(i)], on_failure, task=kind, seed=draws if sample else None)
                for i in group[: len(played) - begin]
            ]
            rows = player.play(policy.params, policy.normalizer, group, seed=draws, on_failure=on_failure)
            if added is not None:
                rows = added.beside(rows)
            for block in _blocks(rows):
                frames = {} if content == "outcomes" else _frames(block, body.touch_rows, timestep)
                measures = _measures(block)
                for rat, episode in enumerate(episodes):
                    advance(episode.append(_of_rat(frames, rat), _of_rat(measures, rat)))
                layers |= block[0].units.keys()
            failures += sum(episode.close() for episode in episodes)
    return {
        "recording": str(out),
        "content": content,
        "rollouts": len(played),
        "frames": total,
        "failures": failures,
        "layers": sorted(layers),
    }


def _check_options(policy: Policy, content: Content, repeats: int, *, controls: bool, gates: bool) -> None:
    if content not in CONTENTS:
        raise unknown("content", content, CONTENTS)
    if repeats < 1:
        raise InputError(f"repeats is {repeats}; a clip is played at least once")
    for option, given in (("controls", controls), ("gates", gates)):
        if given and content != "units":
            raise InputError(
                f"--{option} adds layers, which --record {content} leaves out; take --record units"
            )
    if gates and not remembers(policy.network_config):
        kind = policy.network_config.decoder_kind
        raise InputError(f"--gates wants an LSTM decoder; this policy's is of the kind {kind!r}")


def _played(clips: int, repeats: int, seed: int) -> np.ndarray:
    """Which clips are played one after the other, shape (clips * repeats,)."""
    random = np.random.default_rng(seed)
    return np.concatenate([np.arange(clips), *(random.permutation(clips) for _ in range(repeats - 1))])


def _seed_of_group(seed: int, number: int) -> int:
    """The seed of the draws of clips that are played side by side, so that no two groups draw the same."""
    # the first group's is the one that was asked for
    return int(np.random.SeedSequence((seed, number)).generate_state(1)[0] >> 1) if number else seed


class _Episode:
    """One clip's rollout in the file: takes rows until the clip is over."""

    def __init__(
        self, writer: RecordingWriter, clip: Clip, on_failure: OnFailure, *, task: str, seed: int | None
    ):
        metadata = RolloutMetadata.of_clip(clip.name, behavior=clip.behavior, task=task, seed=seed)
        self._file = writer.rollout(clip.name, metadata)
        self._left = clip.n_frames
        self._outcome = Outcome(once=on_failure == "continue")

    def append(self, frames: Table, measures: Table) -> int:
        """Take what still belongs to the clip; returns the number of rows."""
        count = min(self._left, len(measures["lost"]))
        if count == 0:
            return 0
        alive = self._outcome.add(_first_rows(measures, count))
        if frames:
            self._file.append({**_first_rows(frames, count), "alive": alive})
        self._left -= count
        return count

    def close(self) -> int:
        """Write how it went; returns the number of failures."""
        self._file.outcomes |= self._outcome.values()
        return self._outcome.failures


def _frames(block: list[Row], touch: np.ndarray, timestep: float) -> Table:
    """Channels of all rats under their names in the recording, arrays (rows, rats, ...)."""
    row = jax.tree.map(lambda *x: np.stack(x), *block)
    return {
        "time": np.repeat(np.array(row.index)[:, None] * timestep, row.failed.shape[1], axis=1),
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


def _measures(block: list[Row]) -> Table:
    """What the outcomes of all rats are made of, arrays (rows, rats)."""
    terms = {name: np.stack([row.terms[name] for row in block]) for name in block[0].terms}
    errors = {name: np.stack([row.metrics[name] for row in block]) for name in ERRORS}
    # of the end effectors, their mean
    errors = {name: values.reshape(*values.shape[:2], -1).mean(-1) for name, values in errors.items()}
    return {
        "lost": np.stack([row.failed for row in block]),
        **{f"reward/{name}": term for name, term in terms.items()},
        "reward/total": np.sum(list(terms.values()), axis=0),
        **{f"error/{name}": values for name, values in errors.items()},
    }


def _of_rat(table: Table, rat: int) -> Table:
    return {name: values[:, rat] for name, values in table.items()}


def _first_rows(table: Table, count: int) -> Table:
    return {name: values[:count] for name, values in table.items()}


def _blocks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while block := list(islice(rows, _BLOCK)):
        yield block
