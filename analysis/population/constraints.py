"""Which settings a behaviour constrains, and which it leaves free.

    found = constraints({"network.latent": [4, 60, …], …}, reached, permutations=2000, seed=0)
    found[0].setting, found[0].distance, found[0].p_holm
    couplings({…}, reached, …)                  # pairs that depend on one another among those that reach it

Settings are drawn independently. If a setting does not matter, the policies that show the behaviour are a
random sample of all of them: labels `reached` are permuted. Of those that do show it, two settings may still
depend on one another, where one makes up for the other, as conductances of neurons do that make the same
rhythm (Prinz, Bucher and Marder, Nature Neuroscience 7, 1345, 2004).
"""

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import rankdata

from analysis.encoding.inference import rank_p
from analysis.multiple_testing import holm

_LEAST = 4  # policies, for a correlation of ranks


@dataclasses.dataclass(frozen=True)
class Constraint:
    """How far one setting decides whether the behaviour is learnt.

    Attributes:
        setting: its name.
        values: labels of its values, or of thirds of its range.
        reached, trained: policies with each value that reach the criterion, and all of them.
        distance: largest difference of the cumulative distributions of policies that do and do not reach it
            (Kolmogorov-Smirnov) for numbers, half the summed difference of frequencies else.
        p: of permuted labels; NaN where all policies reach it, or none does.
        p_holm: corrected over settings.
    """

    setting: str
    values: tuple[str, ...]
    reached: tuple[int, ...]
    trained: tuple[int, ...]
    distance: float
    p: float
    p_holm: float


@dataclasses.dataclass(frozen=True)
class Coupling:
    """How two settings depend on one another among the policies that reach the criterion.

    Attributes:
        first, second: their names.
        correlation: of ranks.
        p: of permuted values of the second.
        p_holm: corrected over pairs.
    """

    first: str
    second: str
    correlation: float
    p: float
    p_holm: float


def constraints(
    values: Mapping[str, Sequence[Any]], reached: np.ndarray, *, permutations: int, seed: int
) -> list[Constraint]:
    """Test every setting.

    Args:
        values: of every policy, by setting, (policies,) each.
        reached: which policies reach the criterion, shape (policies,).
        permutations: of the labels.
        seed: of the permutations.

    Returns:
        the settings, those with the smallest p first.
    """
    random = np.random.default_rng((seed, 0))
    orders = np.array([random.permutation(len(reached)) for _ in range(permutations)]).reshape(
        -1, len(reached)
    )
    rows = []
    for setting, given in values.items():
        codes, labels = coded(given)
        groups, names = _grouped(codes, given, labels)
        ordered = labels is None
        distance = _distance(codes, reached[None], ordered=ordered)[0]
        p = np.nan
        if 0 < reached.sum() < len(reached):
            null = _distance(codes, reached[orders], ordered=ordered)
            p = float(rank_p(distance - 1e-12, null))
        counts = tuple(int(np.sum(reached[groups == i])) for i in range(len(names)))
        sizes = tuple(int(np.sum(groups == i)) for i in range(len(names)))
        rows.append(Constraint(setting, names, counts, sizes, float(distance), p, np.nan))
    corrected = holm(np.array([row.p for row in rows])).tolist()
    rows = [dataclasses.replace(row, p_holm=p) for row, p in zip(rows, corrected, strict=True)]
    return sorted(rows, key=lambda row: (np.isnan(row.p), row.p, -row.distance))


def couplings(
    values: Mapping[str, Sequence[Any]], reached: np.ndarray, *, permutations: int, seed: int
) -> list[Coupling]:
    """Test every pair of settings among the policies that reach the criterion; see `constraints`.

    Settings that are not numbers are ordered by their texts, short ones first: sizes of layers, for example,
    from few small ones to many large ones.
    """
    if reached.sum() < _LEAST:
        return []
    ranks = {name: rankdata(coded(given)[0][reached]) for name, given in values.items()}
    n = int(reached.sum())
    random = np.random.default_rng((seed, 1))
    orders = np.array([random.permutation(n) for _ in range(permutations)]).reshape(-1, n)
    rows = []
    for first, second in itertools.combinations(ranks, 2):
        x, y = (ranks[name] - ranks[name].mean() for name in (first, second))
        size = np.sqrt((x**2).sum() * (y**2).sum())
        if not size:
            continue
        correlation, null = float(x @ y / size), (y[orders] @ x) / size
        p = float(rank_p(abs(correlation) - 1e-12, np.abs(null)))
        rows.append(Coupling(first, second, correlation, p, np.nan))
    corrected = holm(np.array([row.p for row in rows])).tolist()
    rows = [dataclasses.replace(row, p_holm=p) for row, p in zip(rows, corrected, strict=True)]
    return sorted(rows, key=lambda row: row.p)


def coded(given: Sequence[Any]) -> tuple[np.ndarray, tuple[str, ...] | None]:
    """Values of a setting as numbers, and the labels of those that are not numbers, in their order."""
    numbers = [isinstance(x, int | float) and not isinstance(x, bool) for x in given]
    if all(numbers):
        return np.array(given, float), None
    labels = tuple(sorted({_label(x) for x in given}, key=lambda text: (len(text), text)))
    return np.array([labels.index(_label(x)) for x in given], float), labels


def _label(value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return " ".join(f"{x:g}" if isinstance(x, float) else str(x) for x in value)
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _grouped(
    codes: np.ndarray, given: Sequence[Any], labels: tuple[str, ...] | None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """The group of every policy and the names of groups: values, or thirds of many numbers."""
    if labels is not None:
        return codes.astype(int), labels
    distinct = np.unique(codes)
    if len(distinct) <= 4:
        return np.searchsorted(distinct, codes), tuple(_label(float(x)) for x in distinct)
    edges = np.quantile(codes, [1 / 3, 2 / 3])
    names = (f"up to {edges[0]:.3g}", f"{edges[0]:.3g} to {edges[1]:.3g}", f"above {edges[1]:.3g}")
    return np.searchsorted(edges, codes), names


def _distance(codes: np.ndarray, reached: np.ndarray, *, ordered: bool) -> np.ndarray:
    """Distance of the values of policies with and without the behaviour, for every row of labels."""
    _, group = np.unique(codes, return_inverse=True)
    member = np.eye(group.max() + 1)[group]
    yes, no = reached.astype(float), 1.0 - reached
    with np.errstate(invalid="ignore", divide="ignore"):
        gap = yes @ member / yes.sum(1, keepdims=True) - no @ member / no.sum(1, keepdims=True)
    gap = np.nan_to_num(gap)
    return np.abs(np.cumsum(gap, 1)).max(1) if ordered else np.abs(gap).sum(1) / 2
