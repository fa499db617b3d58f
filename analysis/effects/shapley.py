"""Shapley values: what each of several sites contributes, where sites can stand in for one another.

    orders = Orders.draw(n_sites=6, pairs=16, seed=0)
    arms = coalition_arms({"a": "silence decoder/layer_0[3] to mean", …}, orders)   # what has to be measured
    found = Shapley().fit(orders, effect_of_each)      # effects of orders.coalitions, in that order
    found.values_, found.alone_                        # Shapley values; effects of single lesions

If two sites do the same, the lesion of either one changes nothing, and single lesions miss both. The Shapley
value of a site is the mean of what its lesion adds to those of the sites before it, over random orders of
all sites (Castro, Gómez and Tejada, Computers & Operations Research 36, 1726, 2009; for lesions Keinan et
al., Neural Computation 16, 1887, 2004). Orders come in antithetic pairs, each with its reverse, which lowers
the variance (Mitchell et al., J. Mach. Learn. Res. 23(43), 2022). Up to five sites all orders are used: the
values are exact.
"""

import dataclasses
import functools
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Self

import numpy as np

from analysis.effects.effect import Effects
from rodent.errors import InputError

JOINT = " + "
"""Between the sites in the name of an arm with a lesion of several."""
_EXACT = 5  # most sites whose orders are all used


@dataclasses.dataclass(frozen=True)
class Orders:
    """Orders in which sites are lesioned.

    Attributes:
        orders: site at each place, shape (orders, sites); row 2 i + 1 is the reverse of row 2 i.
    """

    orders: np.ndarray

    @classmethod
    def draw(cls, n_sites: int, pairs: int = 16, seed: int = 0) -> "Orders":
        """Random orders, each followed by its reverse.

        Args:
            n_sites: number of sites, 2 or more.
            pairs: number of pairs of orders; up to five sites all orders are used instead.
            seed: of the orders.

        Raises:
            InputError: there are fewer than two sites or one pair.
        """
        if n_sites < 2 or pairs < 1:
            raise InputError(
                f"{n_sites} sites in {pairs} pairs of orders; expected 2 sites and a pair at least"
            )
        if n_sites <= _EXACT:
            found = [order for order in itertools.permutations(range(n_sites)) if order[0] < order[-1]]
            forward = np.array(found)
        else:
            random = np.random.default_rng(seed)
            forward = random.permuted(np.tile(np.arange(n_sites), (pairs, 1)), axis=1)
        both = np.stack([forward, forward[:, ::-1]], 1)
        return cls(both.reshape(-1, n_sites))

    @functools.cached_property
    def coalitions(self) -> np.ndarray:
        """The different sets of sites that have to be lesioned, bool, shape (coalitions, sites).

        The empty set is the first; single sites come next, whether the orders need them or not.
        """
        n = self.orders.shape[1]
        sets = np.concatenate([np.zeros((1, n), bool), np.eye(n, dtype=bool), self._prefixes.reshape(-1, n)])
        _, first = np.unique(sets, axis=0, return_index=True)
        return sets[np.sort(first)]

    @functools.cached_property
    def _prefixes(self) -> np.ndarray:
        """The sites up to each place, shape (orders, sites + 1, sites)."""
        place = np.argsort(self.orders, axis=1)
        return place[:, None, :] < np.arange(self.orders.shape[1] + 1)[None, :, None]

    @functools.cached_property
    def steps(self) -> np.ndarray:
        """Index of the coalition up to each place of each order, shape (orders, sites + 1)."""
        known = {row.tobytes(): i for i, row in enumerate(self.coalitions)}
        return np.array([[known[row.tobytes()] for row in order] for order in self._prefixes])


class Shapley:
    """Shapley values of lesions.

    Attributes:
        values_: in the unit of the effects, shape (sites, …); they sum to the effect of all sites together.
        standard_error_: of the values, from pairs of orders, shape (sites, …); 0 where all orders are used.
        alone_: effect of each site's lesion alone, shape (sites, …).
    """

    values_: np.ndarray
    standard_error_: np.ndarray
    alone_: np.ndarray

    def fit(self, orders: Orders, effects: np.ndarray) -> Self:
        """Compute the values.

        Args:
            orders: of the lesions.
            effects: of each coalition, relative to no lesion, shape (coalitions, …), such as for every clip.

        Raises:
            InputError: there is not one effect for each coalition.
        """
        effects = np.asarray(effects, float)
        if len(effects) != len(orders.coalitions):
            raise InputError(
                f"{len(effects)} effects for {len(orders.coalitions)} coalitions; expected one each"
            )
        n_orders, n_sites = orders.orders.shape
        added = np.diff(effects[orders.steps], axis=1)
        by_site = np.empty_like(added)
        by_site[np.arange(n_orders)[:, None], orders.orders] = added
        # an order and its reverse are one sample
        samples = by_site.reshape(-1, 2, *by_site.shape[1:]).mean(1)
        self.values_ = samples.mean(0)
        exact = n_orders == math.factorial(n_sites)
        n = len(samples)
        spread = samples.std(0, ddof=1) / n**0.5 if n > 1 and not exact else np.zeros_like(self.values_)
        self.standard_error_ = spread
        self.alone_ = effects[1 : n_sites + 1] - effects[0]
        return self


def shapley_values(
    effect: Callable[[np.ndarray], np.ndarray], n_sites: int, pairs: int = 16, seed: int = 0
) -> Shapley:
    """Shapley values of a function of lesions.

    Args:
        effect: takes sets of sites, bool (coalitions, sites), and gives the effect of each, (coalitions, …);
            called once, so that it can play all of them side by side.
        n_sites, pairs, seed: as of `Orders.draw`.

    >>> redundant = lambda sets: sets[:, 0] & sets[:, 1]     # either of two sites is enough
    >>> found = shapley_values(redundant, 3)
    >>> found.values_.tolist(), found.alone_.tolist()
    ([0.5, 0.5, 0.0], [0.0, 0.0, 0.0])
    """
    orders = Orders.draw(n_sites, pairs, seed)
    return Shapley().fit(orders, np.asarray(effect(orders.coalitions), float))


def coalition_arms(acts: Mapping[str, str], orders: Orders) -> dict[str, list[str]]:
    """The arms that an experiment needs for Shapley values: their interventions, by the name of the arm.

    Args:
        acts: the intervention at each site, by the name of the site.
        orders: of these sites.
    """
    names, texts = list(acts), list(acts.values())
    return {
        _name(names, row): [text for text, chosen in zip(texts, row, strict=True) if chosen]
        for row in orders.coalitions[1:]
    }


def arms_toml(arms: Mapping[str, Sequence[str]]) -> str:
    """Arms as TOML, for the specification of an experiment.

    >>> print(arms_toml({"a + b": ["silence latent/mean[0] to mean", "silence latent/mean[1] to mean"]}))
    [[arm]]
    name = "a + b"
    acts = ["silence latent/mean[0] to mean", "silence latent/mean[1] to mean"]
    <BLANKLINE>
    """
    import json

    blocks = [
        f"[[arm]]\nname = {json.dumps(name)}\nacts = [{', '.join(map(json.dumps, acts))}]\n"
        for name, acts in arms.items()
    ]
    return "\n".join(blocks)


def shapley_of_arms(
    effects: Effects, outcome: str, sites: Sequence[str], orders: Orders, dose: float = 1.0
) -> Shapley:
    """Shapley values of the arms of an experiment.

    Args:
        effects: fitted.
        outcome: column of the outcome.
        sites: names of the sites, in the order of `coalition_arms`.
        orders: with which the arms were made.
        dose: of the arms.

    Raises:
        InputError: the experiment lacks an arm.
    """
    known = {one.arm: one.value for one in effects.of(outcome) if one.dose == dose}
    names = [_name(list(sites), row) for row in orders.coalitions[1:]]
    if missing := [name for name in names if name not in known]:
        raise InputError(
            f"{effects.pairs_.table.place} lacks {len(missing)} of {len(names)} arms that Shapley values of "
            f"these orders need, such as {missing[0]!r}; add them with coalition_arms"
        )
    return Shapley().fit(orders, np.array([0.0, *(known[name] for name in names)]))


def _name(names: Sequence[str], chosen: np.ndarray) -> str:
    return JOINT.join(name for name, one in zip(names, chosen, strict=True) if one)
