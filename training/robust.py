"""How a policy does in worlds that differ from the one it is evaluated in: the table of `evaluate --robust`.

    found = robustness(policy, clips)
    found["robust"][0]                  # {'change': 'none', 'success_rate': 0.97, 'mean_frames': 246.1}

Every clip is played in several copies that begin with every joint off by a little (`JITTER`, degrees): one
rollout of a clip can be luck, where a step decides. Changes and seeds are fixed, so that policies can be
compared.
"""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from rodent.clips.clip import ClipSet
from rodent.errors import InputError, unknown
from rodent.policy.policy import Policy
from rodent.randomisation_config import RandomisationConfig
from rodent.rollouts import Episode, RolloutRunner, RolloutStep, policy_episodes
from rodent.tasks.imitation import Imitation
from rodent.tasks.task import Task

COPIES = 12
JITTER = 0.06
_AT_ONCE = 128  # rollouts played side by side: bounds memory
_AT_LIMIT = 0.999  # of a control's range


class Change(NamedTuple):
    """One row of the table.

    Attributes:
        name: as it is shown.
        world: how the world differs.
        timestep: of physics, s; None for the policy's own.
    """

    name: str
    world: RandomisationConfig
    timestep: float | None = None


AS_IT_IS = RandomisationConfig(start_angle=(JITTER, JITTER))
"""One world, with starts that differ slightly: copies of an episode that are not the same by luck."""


def _change(name: str, timestep: float | None = None, **settings: Any) -> Change:
    return Change(name, dataclasses.replace(AS_IT_IS, **settings), timestep)


CHANGES = (
    _change("none"),
    _change("friction x 0.25", friction=(0.25, 0.25)),
    _change("friction x 0.5", friction=(0.5, 0.5)),
    _change("friction x 2", friction=(2.0, 2.0)),
    _change("mass x 1.25", mass=(1.25, 1.25)),
    _change("strength x 0.85", strength=(0.85, 0.85)),
    _change("strength x 1.15", strength=(1.15, 1.15)),
    _change("actuator lag x 1.5", lag=(1.5, 1.5)),
    _change("physics step 2 ms", timestep=0.002),
    _change("physics step 2.5 ms", timestep=0.0025),
    _change("physics step 5 ms", timestep=0.005),
    _change("start off by 3 degrees, 0.05 m/s", start_angle=(3.0, 3.0), start_velocity=(0.05, 0.05)),
    _change("start off by 6 degrees, 0.1 m/s", start_angle=(6.0, 6.0), start_velocity=(0.1, 0.1)),
    _change("pushes of 0.2 m/s each second", push_speed=(0.2, 0.2)),
    _change("pushes of 0.4 m/s each second", push_speed=(0.4, 0.4)),
)
"""The rows of the table; the first is the world as it is."""


class Copies(NamedTuple):
    """What became of all copies of all episodes.

    Attributes:
        episode: that a copy is of, shape (copies,).
        lifespan: control steps before it was lost, shape (copies,).
        frames: control steps that it was to last, shape (copies,).
        at_limits: fraction of controls at a limit that the reference does not ask for, while copies last.
    """

    episode: np.ndarray
    lifespan: np.ndarray
    frames: np.ndarray
    at_limits: float

    @property
    def success_rate(self) -> float:
        """Fraction of copies that lasted to the end."""
        return float(np.mean(self.lifespan == self.frames))


def robustness(
    policy: Policy,
    clips: ClipSet | None = None,
    *,
    copies: int = COPIES,
    changes: tuple[Change, ...] = CHANGES,
    advance: Callable[[int], None] = lambda steps: None,
) -> dict[str, Any]:
    """Play copies of every episode under every change.

    Args:
        policy: who acts, by its mean action.
        clips: those to follow; None for a task without clips.
        copies: of every clip.
        changes: rows of the table, the first of which is the comparison.
        advance: called after every control step, of which there are `n_steps`.

    Returns:
        `copies`; `robust`, a list with `change`, `success_rate` and `mean_frames` of each;
        `share_of_controls_at_limits`, of the first change; and `copies_by_clip`: of the first change, by
        name, success rate and mean frames.

    Raises:
        InputError: copies is less than 1, or clips do not fit the policy, see `policy_task`.
    """
    if copies < 1:
        raise InputError(f"copies is {copies}; at least 1 of each clip is played")
    rows, first, names = [], None, list[str]()
    for change in changes_for(policy, changes):
        task, episodes = policy_episodes(_with_timestep(policy, change.timestep), clips)
        found = play_copies(policy, task, episodes, copies, change.world, advance)
        if first is None:
            first, names = found, [episode.name for episode in episodes]
        rows.append(
            {
                "change": change.name,
                "success_rate": found.success_rate,
                "mean_frames": float(found.lifespan.mean()),
            }
        )
    assert first is not None
    by_clip = {
        name: {
            "success_rate": float(np.mean((first.lifespan == first.frames)[first.episode == i])),
            "mean_frames": float(first.lifespan[first.episode == i].mean()),
        }
        for i, name in enumerate(names)
    }
    return {
        "copies": copies,
        "robust": rows,
        "share_of_controls_at_limits": first.at_limits,
        "copies_by_clip": by_clip,
    }


def changes_named(names: Sequence[str]) -> tuple[Change, ...]:
    """The world as it is, and the rows of these names; all rows if there is no name.

    Raises:
        InputError: there is no such change.
    """
    known = {change.name: change for change in CHANGES}
    for name in names:
        if name not in known:
            raise unknown("change", name, known)
    return tuple(one for one in CHANGES if not names or one is CHANGES[0] or one.name in names)


def changes_for(policy: Policy, changes: tuple[Change, ...] = CHANGES) -> tuple[Change, ...]:
    """The changes that a policy's body allows: one from a MJCF file has the physics step of its file."""
    return tuple(one for one in changes if one.timestep is None or hasattr(policy.body, "timestep"))


def n_steps(
    policy: Policy, clips: ClipSet | None, copies: int = COPIES, changes: tuple[Change, ...] = CHANGES
) -> int:
    """How many control steps `robustness` takes, copies side by side counted once."""
    _, episodes = policy_episodes(policy, clips)
    groups = _groups(episodes, copies)
    return len(changes_for(policy, changes)) * sum(max(one.frames for one in group) for group in groups)


def play_copies(
    policy: Policy,
    task: Task[Any],
    episodes: list[Episode],
    copies: int,
    world: RandomisationConfig,
    advance: Callable[[int], None] = lambda steps: None,
) -> Copies:
    """Play every episode several times, each in a world and from a start of its own."""
    groups = list(_groups(episodes, copies))
    runner = RolloutRunner(task, policy.agent, len(groups[0]), vary=world)
    lifespan, limited, counted = [], 0.0, 0
    for number, group in enumerate(groups):
        filled = [*group, *[group[-1]] * (runner.n - len(group))]
        places = np.array([one.group for one in filled])
        alive = np.ones(runner.n, bool)
        lasted = np.zeros(runner.n, int)
        frames = np.array([one.frames for one in filled])
        for row in runner.play(policy.params, policy.normalizer, places, seed=number):
            alive &= ~row.failed & (row.index < frames)
            lasted += alive
            mine = alive[: len(group)]
            beyond = _at_limits(task, row)[: len(group)]
            limited, counted = limited + float(beyond[mine].sum()), counted + int(mine.sum())
            advance(1)
        lifespan.append(lasted[: len(group)])
    each = np.repeat(np.arange(len(episodes)), copies)
    frames = np.array([one.frames for one in episodes])[each]
    return Copies(each, np.concatenate(lifespan), frames, limited / max(counted, 1))


def _groups(episodes: list[Episode], copies: int) -> Iterator[list[Episode]]:
    """Copies that are played side by side."""
    every = [episode for episode in episodes for _ in range(copies)]
    for begin in range(0, len(every), _AT_ONCE):
        yield every[begin : begin + _AT_ONCE]


def _with_timestep(policy: Policy, timestep: float | None) -> Policy:
    if timestep is None:
        return policy
    body = dataclasses.replace(policy.body, timestep=timestep)
    return dataclasses.replace(policy, scene=dataclasses.replace(policy.scene, body=body))


def _at_limits(task: Task[Any], row: RolloutStep) -> np.ndarray:
    """Fraction of each environment's controls at a limit that the reference does not ask for, shape (n,)."""
    limits = np.abs(task.scene.ctrl_range).max(1)
    at = np.abs(row.ctrl) >= _AT_LIMIT * limits
    if isinstance(task, Imitation) and task.scene.servos:
        asked = np.asarray(task.reference.setpoint[task.reference.after(row.task.frame, 1)])
        at &= np.abs(asked) < _AT_LIMIT * limits
    return at.mean(1)
