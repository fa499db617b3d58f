"""Shapley values: what each of several sites contributes, where sites can stand in for one another.

    sets = coalitions(n_sites=6, pairs=8, seed=0)               # which sites to lesion together
    found = Shapley().fit(sets, effect_of_each_set)
    found.values_, found.alone_                                 # Shapley values; effects of single lesions

    arms = coalition_arms({"a": "silence decoder/layer_0[3] to mean", …}, sets)     # for an experiment
    found = shapley_of_arms(effects, "frames_tracked", ["a", …])                    # from its outcomes

If two sites do the same, the lesion of either one changes nothing, and single lesions miss both. The Shapley
value of a site is the mean of what its lesion adds to those of the sites before it, over all orders of the
sites (Shapley, 1953; for lesions Keinan et al., Neural Computation 16, 1887, 2004). With many sites a sample
of orders is enough (Castro, Gómez and Tejada, Computers & Operations Research 36, 1726, 2009), in antithetic
pairs of an order and its reverse, which lower the variance (Mitchell et al., J. Mach. Learn. Res. 23(43),
2022).

The sets of a few orders also make up other orders, and all of them are used. A set is used if that of all
other sites is there, too, so that every order has its reverse: effects that are sums over sites and pairs of
sites have exact values. The estimate is unbiased: it is linear, sums to the effect of all sites, gives 0 to a
site that adds nothing, and favours no site in the mean over sampled orders, and only Shapley values do all
this.
"""

import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Self

import numpy as np

from analysis.effects.bootstrap import interval, weighted_mean
from analysis.effects.effect import Effects
from rodent.errors import InputError

JOINT = " + "
"""Between the sites in the name of an arm with a lesion of several."""
_ALL = 5  # most sites of which all sets are taken
_MOST_SITES = 60  # a set is a number of 64 bits


def coalitions(n_sites: int, pairs: int = 8, seed: int = 0) -> np.ndarray:
    """Sets of sites to lesion together.

    Args:
        n_sites: number of sites, 2 to 60.
        pairs: number of random orders, each with its reverse; up to five sites all sets are taken instead.
        seed: of the orders.

    Returns:
        different sets, bool, shape (sets, sites): the empty one, the single sites, and what the orders need.

    Raises:
        InputError: there are too few or too many sites, or no pair.
    """
    if not 2 <= n_sites <= _MOST_SITES:
        raise InputError(f"there are {n_sites} sites; expected 2 to {_MOST_SITES}")
    if pairs < 1:
        raise InputError(f"there are {pairs} pairs of orders; expected 1 or more")
    first = np.concatenate([np.zeros((1, n_sites), bool), np.eye(n_sites, dtype=bool)])
    if n_sites <= _ALL:
        more = np.array(list(itertools.product([False, True], repeat=n_sites)))
    else:
        orders = np.random.default_rng(seed).permuted(np.tile(np.arange(n_sites), (pairs, 1)), axis=1)
        places = np.argsort(np.concatenate([orders, orders[:, ::-1]]), axis=1)
        more = (places[:, None] < np.arange(n_sites + 1)[:, None]).reshape(-1, n_sites)
    sets = np.concatenate([first, more])
    _, index = np.unique(sets, axis=0, return_index=True)
    return sets[np.sort(index)]


class Shapley:
    """Shapley values of lesions.

    Attributes:
        values_: in the unit of the effects, shape (sites, …); they sum to the effect of all sites together.
        alone_: effect of each site's lesion alone, shape (sites, …); NaN if it was not measured.
        exact_: whether all sets were measured; else the values are an estimate.
    """

    values_: np.ndarray
    alone_: np.ndarray
    exact_: bool

    def fit(self, sets: np.ndarray, effects: np.ndarray) -> Self:
        """Compute the values.

        Args:
            sets: of sites, bool, shape (sets, sites).
            effects: of each set, shape (sets, …), such as for every clip; those relative to the empty set,
                which is among the sets, count.

        Raises:
            InputError: there is not one effect for each set, or no order of the sites is complete.
        """
        effects, n_sites = np.asarray(effects, float), sets.shape[1]
        if len(effects) != len(sets):
            raise InputError(f"{len(effects)} effects for {len(sets)} sets of sites; expected one for each")
        codes = sets @ (1 << np.arange(n_sites, dtype=np.uint64))
        full = (1 << n_sites) - 1
        every = {int(code): i for i, code in enumerate(codes)}
        index = {code: i for code, i in every.items() if full ^ code in every}
        steps = _steps(index, n_sites)
        if not steps:
            raise InputError(
                f"of {n_sites} sites no order is complete: it needs the sets of its first site, of its first "
                "two, and so on, and those of all other sites; see `coalitions`"
            )
        self.values_ = np.zeros((n_sites, *effects.shape[1:]))
        for before, site, weight in steps:
            self.values_[site] += weight * (effects[index[before | 1 << site]] - effects[index[before]])
        singles = [every.get(1 << site, -1) for site in range(n_sites)]
        self.alone_ = effects[singles] - effects[index[0]]
        self.alone_[np.array(singles) < 0] = np.nan
        self.exact_ = len(index) == full + 1
        return self


def shapley_values(
    effect: Callable[[np.ndarray], np.ndarray], n_sites: int, pairs: int = 8, seed: int = 0
) -> Shapley:
    """Shapley values of a function of lesions.

    Args:
        effect: takes sets of sites, bool (sets, sites), and gives the effect of each, (sets, …); called once,
            so that it can play all of them side by side.
        n_sites, pairs, seed: as of `coalitions`.

    >>> redundant = lambda sets: sets[:, 0] & sets[:, 1]     # either of two sites is enough
    >>> found = shapley_values(redundant, 3)
    >>> found.values_.tolist(), found.alone_.tolist()
    ([0.5, 0.5, 0.0], [0.0, 0.0, 0.0])
    """
    sets = coalitions(n_sites, pairs, seed)
    return Shapley().fit(sets, np.asarray(effect(sets), float))


def coalition_arms(acts: Mapping[str, str], sets: np.ndarray) -> dict[str, list[str]]:
    """The arms that an experiment needs for Shapley values: their interventions, by the name of the arm.

    Args:
        acts: the intervention at each site, by the name of the site.
        sets: of these sites; see `coalitions`.
    """
    names = list(acts)
    return {_name(names, row): [acts[name] for name in _chosen(names, row)] for row in sets if row.any()}


def arms_toml(arms: Mapping[str, Sequence[str]]) -> str:
    """Arms as TOML, for the specification of an experiment.

    >>> print(arms_toml({"a + b": ["silence latent/mean[0] to mean", "silence latent/mean[1] to mean"]}))
    [[arm]]
    name = "a + b"
    acts = ["silence latent/mean[0] to mean", "silence latent/mean[1] to mean"]
    <BLANKLINE>
    """
    return "\n".join(
        f"[[arm]]\nname = {json.dumps(name)}\nacts = [{', '.join(map(json.dumps, acts))}]\n"
        for name, acts in arms.items()
    )


def joint_sites(arms: Sequence[str]) -> list[str]:
    """The sites that are lesioned together in some arms, in the order of the arms.

    >>> joint_sites(["ear", "a", "b", "a + b"])
    ['a', 'b']
    """
    joint = {site for arm in arms if JOINT in arm for site in arm.split(JOINT)}
    return [arm for arm in arms if arm in joint]


def shapley_of_arms(
    effects: Effects, outcome: str, sites: Sequence[str], dose: float = 1.0
) -> tuple[Shapley, np.ndarray]:
    """Shapley values of the arms of an experiment.

    Args:
        effects: fitted.
        outcome: column of the outcome.
        sites: names of the sites, as in `coalition_arms`.
        dose: of the arms.

    Returns:
        the values, and their 95 % intervals over policies and clips, shape (sites, 2).

    Raises:
        InputError: no order of the sites is complete.
    """
    names, pairs, resamples = list(sites), effects.pairs_, effects.resamples_
    sets, cells = [np.zeros(len(names), bool)], [np.zeros((len(pairs.policies), len(pairs.clips)))]
    for arm in pairs.table.arms:
        parts = arm.split(JOINT)
        if set(parts) <= set(names) and dose in pairs.doses(arm):
            sets.append(np.isin(names, parts))
            cells.append(effects.cells(outcome, arm, dose))
    by_cell = Shapley().fit(np.array(sets), np.array(cells))
    samples = [resamples.mean(values[None]) for values in by_cell.values_]
    means = weighted_mean(np.array(cells), np.ones_like(cells))
    return Shapley().fit(np.array(sets), means), interval(np.stack(samples, axis=1), resamples.n).T


def _steps(index: Mapping[int, int], n_sites: int) -> list[tuple[int, int, float]]:
    """Steps of all complete orders: the set before, the site, and the fraction of orders with this step."""
    if 0 not in index:
        return []
    by_size = sorted(index, key=int.bit_count)
    below, above = dict.fromkeys(index, 0), dict.fromkeys(index, 0)
    below[0] = above[(1 << n_sites) - 1] = 1
    edges = [
        (before, site)
        for before in by_size
        for site in range(n_sites)
        if not before >> site & 1 and before | 1 << site in index
    ]
    for before, site in edges:
        below[before | 1 << site] += below[before]
    for before, site in reversed(edges):
        above[before] += above[before | 1 << site]
    total = above[0]
    counts = ((before, site, below[before] * above[before | 1 << site]) for before, site in edges)
    return [(before, site, count / total) for before, site, count in counts if count]


def _chosen(names: Sequence[str], row: np.ndarray) -> list[str]:
    return [name for name, one in zip(names, row, strict=True) if one]


def _name(names: Sequence[str], row: np.ndarray) -> str:
    return JOINT.join(_chosen(names, row))
