"""Everything that the page of a population shows, computed from its folder.

report = PopulationReport.of(Path("walks"), PopulationReportConfig())
report.constraints, report.couplings, report.layers, report.lesions
"""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from analysis.multiple_testing import holm
from analysis.population.alike import (
    Alike,
    common_frames,
    layer_similarity,
    mantel,
    movement_distances,
    played_by,
)
from analysis.population.config import LEAST, PopulationReportConfig
from analysis.population.constraints import Constraint, Coupling, constraints, couplings
from analysis.population.lesions import Breakage, breakage, lesioned
from rodent.clips.reading import read_clips
from rodent.errors import InputError
from rodent.policy.policy_set import Member, PolicySet, load_member, read_policy_set


@dataclasses.dataclass(frozen=True)
class LayerReport:
    """How alike policies are in one layer.

    Attributes:
        alike: of all pairs.
        with_movement: correlation of ranks, over pairs, of CKA with how alike they move; and its p.
        with_movement_holm: p corrected over layers.
    """

    alike: Alike
    with_movement: tuple[float, float]
    with_movement_holm: float


@dataclasses.dataclass(frozen=True)
class PopulationReport:
    """Results of a population.

    Attributes:
        policies: all of them.
        compared: those whose activity and lesions are compared; empty if too few reach the criterion.
        constraints: of all settings.
        couplings: of all pairs of settings, among policies that reach the criterion.
        frames: that all compared policies tracked.
        movement: distances between compared policies, degrees, shape (compared, compared).
        layers: by name.
        lesions: what each does.
    """

    policies: PolicySet
    compared: tuple[Member, ...]
    constraints: list[Constraint]
    couplings: list[Coupling]
    frames: int
    movement: np.ndarray
    layers: Mapping[str, LayerReport]
    lesions: list[Breakage]

    @classmethod
    def of(
        cls,
        folder: Path,
        config: PopulationReportConfig,
        advance: Callable[[str], None] = lambda what: None,
    ) -> "PopulationReport":
        """Read a population and compute everything; policies play, and are lesioned, once.

        Args:
            folder: of the population.
            config: options.
            advance: called with the name of each policy before it plays, and with `lesions`.

        Raises:
            InputError: the folder has no list of policies, a policy is missing or was changed, a policy lacks
                a layer, or too few frames are tracked by all.
        """
        policies = read_policy_set(folder)
        if not len(policies):
            raise InputError(
                f"{folder} has no policies; train them: rodent population train SPEC --out {folder}"
            )
        reached = np.array([one.reached for one in policies.member])
        values = {name: [one.values[name] for one in policies.member] for name in policies.member[0].values}
        tests = {"permutations": config.permutations, "seed": config.seed}
        settings = constraints(values, reached, **tests)
        pairs = couplings(values, reached, **tests)
        compared = policies.reached[: config.most]
        if len(compared) < LEAST:
            return cls(policies, (), settings, pairs, 0, np.zeros((0, 0)), {}, [])
        clips = read_clips(folder / "clips.h5")
        played = []
        for member in compared:
            advance(member.name)
            played.append(played_by(load_member(folder, member), clips, config.sites))
        frames = common_frames(played)
        with threadpool_limits(1, "blas"):
            movement = movement_distances([_cut(one.joints, frames) for one in played])
            layers = _layers(
                [{k: _cut(x, frames) for k, x in one.layers.items()} for one in played], movement, config
            )
        advance("lesions")
        names = [str(folder / member.folder) for member in compared]
        lesions = breakage(lesioned(folder, names, config), names, **tests)
        return cls(policies, compared, settings, pairs, sum(frames), movement, layers, lesions)


def _cut(parts: list[np.ndarray], frames: list[int]) -> np.ndarray:
    """The first frames of every clip, one clip after the other."""
    return np.concatenate([part[:n] for part, n in zip(parts, frames, strict=True)])


def _layers(
    activity: list[dict[str, np.ndarray]], movement: np.ndarray, config: PopulationReportConfig
) -> dict[str, LayerReport]:
    alike = {name: layer_similarity([one[name] for one in activity]) for name in config.sites}
    tests = {
        name: mantel(one.cka, -movement, permutations=config.permutations, seed=config.seed)
        for name, one in alike.items()
    }
    corrected = holm(np.array([p for _, p in tests.values()])).tolist()
    return {
        name: LayerReport(one, tests[name], p)
        for (name, one), p in zip(alike.items(), corrected, strict=True)
    }
