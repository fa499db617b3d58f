"""Made-up outcomes of virtual animals of which the truth is known.

    model = OutcomeModel(policies=5, control_draws=199)
    table = simulate_outcomes({"hip": {1.0: -40.0}, "ear": {1.0: 0.0}}, model, seed=0)
    Effects().fit(table, ["frames_tracked"])

The change of an arm is its planted effect times 1 + spread between policies + spread between clips, plus
noise. Draws of units have an effect of their own that is the same in all clips.
"""

import dataclasses
import functools
from collections.abc import Mapping

import numpy as np

from analysis.effects.outcomes import OUTCOMES, OutcomeTable
from rodent.errors import check_setting
from rodent.experiment.spec import INTACT

_check = functools.partial(check_setting, "outcome model")


@dataclasses.dataclass(frozen=True)
class OutcomeModel:
    """What virtual animals are simulated, and how they differ."""

    policies: int = 5
    """Number of policies."""
    clips: int = 6
    """Number of clips."""
    starts: int = 1
    """Starts in each clip."""
    seeds: int = 2
    """Repeats with other noise."""
    draws: int = 1
    """Draws of units of each arm."""
    control_draws: int = 199
    """Draws of units of each control; 0 for no controls."""
    frames: int = 250
    """Length of a rollout."""
    tracked: float = 0.7
    """Fraction of a rollout that intact animals track in the mean."""
    between_policies: float = 0.2
    """Standard deviation of effects between policies, as a fraction of the effect."""
    between_clips: float = 0.2
    """The same between clips."""
    between_draws: float = 2.0
    """Standard deviation of changes between draws of units, frames."""
    noise: float = 3.0
    """Standard deviation of the noise of a rollout, frames."""
    whole: bool = False
    """Round frames tracked and end them at 0 and the length of the rollout, as in real rollouts."""

    def __post_init__(self) -> None:
        for name in ("policies", "clips", "starts", "seeds", "draws", "frames"):
            _check(name, getattr(self, name) >= 1, getattr(self, name), "at least 1")
        for name in ("control_draws", "between_policies", "between_clips", "between_draws", "noise"):
            _check(name, getattr(self, name) >= 0, getattr(self, name), "zero or more")


def simulate_outcomes(
    effects: Mapping[str, Mapping[float, float]],
    model: OutcomeModel | None = None,
    seed: int = 0,
    control: Mapping[float, float] | None = None,
) -> OutcomeTable:
    """Outcomes of an experiment with planted effects on frames tracked; all else is noise.

    Args:
        effects: by arm, and then by dose: change of frames tracked.
        model: what is simulated; the defaults if not given.
        seed: of all draws.
        control: change of frames tracked by dose in all controls; none if not given.
    """
    model, random = model or OutcomeModel(), np.random.default_rng(seed)
    control = control or {}
    shape = (model.policies, model.clips, model.starts, model.seeds)
    base = model.tracked * model.frames + 10 * random.standard_normal(shape)
    policy = model.between_policies * random.standard_normal((model.policies, 1, 1, 1))
    clip = model.between_clips * random.standard_normal((1, model.clips, 1, 1))
    parts = [_rows(base, (INTACT, "", 0.0, 0))]
    for arm, doses in effects.items():
        for kind, n_draws in (("", model.draws), ("matched", model.control_draws)):
            # a draw is the same units in all clips, of one policy
            of_draws = model.between_draws * random.standard_normal((n_draws, model.policies, 1, 1, 1))
            for dose, effect in doses.items():
                planted = effect if not kind else control.get(dose, 0.0)
                for draw in range(n_draws):
                    change = planted * (1 + policy + clip) + of_draws[draw]
                    change = change + model.noise * random.standard_normal(shape)
                    parts.append(_rows(base + change, (arm, kind, dose, draw)))
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    tracked = columns["frames_tracked"]
    if model.whole:
        tracked = np.clip(np.round(tracked), 0, model.frames).astype(int)
    columns |= {
        "frames": np.full(len(tracked), model.frames),
        "frames_tracked": tracked,
        "success": tracked >= model.frames,
        "changed_values": np.where(columns["arm"] == INTACT, 0, 1),
    }
    for name in OUTCOMES:
        columns.setdefault(name, np.abs(random.standard_normal(len(tracked))))
    return OutcomeTable(columns, "simulated outcomes")


def _rows(values: np.ndarray, same: tuple[str, str, float, int]) -> dict[str, np.ndarray]:
    policy, clip, start, seed = (axis.ravel() for axis in np.indices(values.shape))
    n = values.size
    arm, control, dose, draw = same
    return {
        "policy": np.char.add("policy_", policy.astype(str)),
        "clip": np.char.add("clip_", clip.astype(str)),
        "start": 10 * start,
        "seed": seed,
        "arm": np.full(n, arm),
        "control": np.full(n, control),
        "dose": np.full(n, dose),
        "draw": np.full(n, draw),
        "frames_tracked": values.ravel(),
    }
