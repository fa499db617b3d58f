"""How alike policies of a population move, and how alike their units are meanwhile.

    played = [played_by(policy, clips) for policy in policies]
    found = layer_similarity([one.layers["latent/mean"] for one in played])
    found.cka, found.procrustes, found.dimensions
    mantel(found.cka, movement_distances(played), permutations=2000, seed=0)

All policies play the same clips from the first frames, by their mean actions, and frames are compared that
none of them has lost.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from analysis.encoding.inference import rank_p
from analysis.similarity.cka import debiased_cka, procrustes_distance
from analysis.similarity.dimensionality import participation_ratio
from rodent.clips.clip import ClipSet
from rodent.errors import InputError, unknown
from rodent.policy.policy import Policy
from rodent.rollouts import RolloutRunner, policy_episodes
from rodent.rollouts.play import Show

LEAST_FRAMES = 50
"""Frames that all policies must track: fewer say nothing about how alike they are."""


class Played(NamedTuple):
    """What a policy did in each clip, up to its first failure.

    Attributes:
        layers: by layer, and clip: (frames, units).
        joints: by clip: joint angles, rad, (frames, joints).
    """

    layers: Mapping[str, list[np.ndarray]]
    joints: list[np.ndarray]


class Alike(NamedTuple):
    """How alike one layer is in all pairs of policies.

    Attributes:
        cka: debiased linear CKA, shape (policies, policies).
        procrustes: distances, radians, the same shape.
        dimensions: participation ratio of each policy, shape (policies,).
    """

    cka: np.ndarray
    procrustes: np.ndarray
    dimensions: np.ndarray


def played_by(policy: Policy, clips: ClipSet, layers: Sequence[str]) -> Played:
    """Play clips and keep what layers and joints do.

    Args:
        policy: the policy.
        clips: to play from their first frames.
        layers: their names.

    Raises:
        InputError: the policy has no such layer, or clips are for another body.
    """
    task, episodes = policy_episodes(policy, clips)
    runner = RolloutRunner(task, policy.agent, len(episodes), show=Show(units=True))
    frames = np.array([one.frames for one in episodes])
    good, rows = np.ones(len(episodes), bool), []
    lengths = np.zeros(len(episodes), int)
    for row in runner.play(policy.params, policy.normalizer, np.array([one.group for one in episodes])):
        good &= ~row.failed & (row.index < frames)
        if not good.any():
            break
        if missing := [name for name in layers if name not in row.units]:
            raise unknown("layer", missing[0], row.units, "a policy of the population")
        lengths += good
        rows.append((row.physics.qpos[:, 7:], {name: row.units[name] for name in layers}))
    joints = np.array([one[0] for one in rows])
    units = {name: np.array([one[1][name] for one in rows]) for name in layers}
    return Played(
        {name: [x[:n, i] for i, n in enumerate(lengths)] for name, x in units.items()},
        [joints[:n, i] for i, n in enumerate(lengths)],
    )


def common_frames(played: Sequence[Played]) -> list[int]:
    """Frames of each clip that every policy has tracked.

    Raises:
        InputError: there are too few.
    """
    common = [min(len(one.joints[i]) for one in played) for i in range(len(played[0].joints))]
    if sum(common) < LEAST_FRAMES:
        raise InputError(
            f"the policies have {sum(common)} tracked frames in common; {LEAST_FRAMES} are needed to compare "
            "them: choose a stricter criterion, or clips that they can track"
        )
    return common


def layer_similarity(activity: Sequence[np.ndarray]) -> Alike:
    """Compare one layer of all policies at the same moments, each (moments, units)."""
    n = len(activity)
    cka, procrustes = np.eye(n), np.zeros((n, n))
    for i in range(n):
        for j in range(i):
            cka[i, j] = cka[j, i] = debiased_cka(activity[i], activity[j])
            procrustes[i, j] = procrustes[j, i] = procrustes_distance(activity[i], activity[j])
    return Alike(cka, procrustes, np.array([participation_ratio(x) for x in activity]))


def movement_distances(joints: Sequence[np.ndarray]) -> np.ndarray:
    """Root mean square difference of joint angles between policies at the same moments, degrees.

    Args:
        joints: of each policy, rad, (moments, joints).

    Returns:
        shape (policies, policies).
    """
    stacked = np.stack(joints)
    difference = stacked[:, None] - stacked[None]
    return np.degrees(np.sqrt((difference**2).mean((2, 3))))


def mantel(first: np.ndarray, second: np.ndarray, *, permutations: int, seed: int) -> tuple[float, float]:
    """Correlation of ranks of two matrices over pairs, and its p (Mantel, Cancer Research 27, 209, 1967).

    Args:
        first, second: symmetric, shape (policies, policies).
        permutations: of the policies in the second.
        seed: of the permutations.

    Returns:
        correlation and two-sided p; NaN where a matrix has no finite variance.
    """
    from scipy.stats import rankdata

    n = len(first)
    pairs = np.triu_indices(n, 1)
    x = rankdata(first[pairs])
    ranks = np.zeros((n, n))
    ranks[pairs] = rankdata(second[pairs])
    ranks += ranks.T
    x = x - x.mean()
    size = np.sqrt((x**2).sum() * ((ranks[pairs] - ranks[pairs].mean()) ** 2).sum())
    if not size or not np.isfinite(first[pairs]).all() or not np.isfinite(second[pairs]).all():
        return float("nan"), float("nan")
    random = np.random.default_rng((seed, 2))
    found = float(x @ ranks[pairs] / size)
    orders = (random.permutation(n) for _ in range(permutations))
    null = np.array([x @ ranks[np.ix_(order, order)][pairs] / size for order in orders])
    return found, float(rank_p(abs(found) - 1e-12, np.abs(null)))
