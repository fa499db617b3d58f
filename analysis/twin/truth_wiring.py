"""The test of similarity and connection on planted wirings: what is planted is found, and nothing else.

    found = wiring_truth(twin, network, behavior, config, seed=0)
    claims = wiring_claims(found)

Two neurons are connected with a log odds of features × cos(w, w') + lag × similarity of their lags − distance
× millimetres + the propensity of the presynaptic neuron. Wirings are drawn again and again for the same
neurons, whose readouts the test sees.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from analysis.twin.adaptation import adapt
from analysis.twin.config import TruthConfig
from analysis.twin.descriptors import describe
from analysis.twin.session import TwinSession
from analysis.twin.truth import PlantedSession, plant
from analysis.twin.truth_network import PlantedNetwork
from analysis.twin.twin import Twin
from analysis.twin.wiring import FEATURES, LAG, Pairs, connection_slopes, similarities

POWER_BAR, FALSE_BAR, LEVEL = 0.9, 0.07, 0.05
_FIRST = 2000  # number of the animal, beyond those of all others
_SIDE = 0.5  # millimetres of tissue in which neurons lie
_LAG_WIDTH = 0.08  # seconds: lags that differ by less are similar


@dataclasses.dataclass(frozen=True)
class WiringPlan:
    """What connections depend on."""

    features: float = 0.0
    """Log odds per cosine of the neurons' weights."""
    lag: float = 0.0
    """Log odds per similarity of their lags, from 0 to 1."""
    distance: float = 3.0
    """Log odds that are lost per millimetre."""
    propensity: float = 0.5
    """Standard deviation of the log odds of presynaptic neurons."""
    connected: float = -2.5
    """Log odds of neurons at the same place that have nothing in common."""
    further: float = 0.15
    """Mean number of synapses of a connection beyond the first."""


PLANS: Mapping[str, WiringPlan] = {
    "nothing": WiringPlan(),
    FEATURES: WiringPlan(features=2.0),
    LAG: WiringPlan(lag=2.0),
    "both": WiringPlan(features=2.0, lag=2.0),
}
"""Wirings by what they depend on, besides distance and propensity."""


def plant_wiring(planted: PlantedSession, plan: WiringPlan, seed: int) -> Pairs:
    """Draw a wiring of all pairs of an animal's neurons, with their distances as a covariate."""
    random, n = np.random.default_rng([seed, 6]), len(planted.lag)
    place = _SIDE * random.random((n, 3))
    unit = planted.weights / np.linalg.norm(planted.weights, axis=1, keepdims=True)
    lags = np.exp(-np.square(planted.lag[:, None] - planted.lag) / (2 * _LAG_WIDTH**2))
    distance = np.linalg.norm(place[:, None] - place, axis=-1)
    log_odds = plan.connected + plan.features * unit @ unit.T + plan.lag * (lags - lags.mean())
    log_odds = log_odds - plan.distance * distance + plan.propensity * random.standard_normal((n, 1))
    connected = random.random((n, n)) < 1 / (1 + np.exp(-log_odds))
    synapses = connected * (1 + random.poisson(plan.further, (n, n)))
    pre, post = np.nonzero(~np.eye(n, dtype=bool))
    return Pairs(
        pre=pre,
        post=post,
        synapses=synapses[pre, post].astype(float),
        exposure=np.ones(len(pre)),
        covariates={"distance": distance[pre, post]},
        projection=np.full(len(pre), "all"),
    )


def wiring_truth(
    twin: Twin, network: PlantedNetwork, behavior: TwinSession, config: TruthConfig, seed: int
) -> dict[str, dict[str, float]]:
    """How often each similarity has a slope, by plan and similarity.

    Args:
        twin: fitted to other animals.
        network: φ that the twin's animals have, too.
        behavior: of the animal whose neurons are wired.
        config: number of neurons and of wirings.
        seed: of neurons and wirings.

    Returns:
        fraction of wirings in which p is 0.05 or less and, for what was planted, the slope is positive.
    """
    (planted,) = plant(network, [behavior], config.wired_neurons, seed, first=_FIRST)
    readouts = adapt(twin, planted.session, config.adapt)
    return found_slopes(planted, similarities(describe(readouts.tensor(twin))), config.wirings, seed)


def found_slopes(
    planted: PlantedSession, similar: Mapping[str, np.ndarray], wirings: int, seed: int
) -> dict[str, dict[str, float]]:
    """The same where the similarities are known, shape (neurons, neurons) each."""
    found = {}
    for name, plan in PLANS.items():
        hits = dict.fromkeys(similar, 0)
        for draw in range(wirings):
            for one in connection_slopes(plant_wiring(planted, plan, seed * wirings + draw), similar):
                planted_here = getattr(plan, one.similarity, 0.0) > 0
                hits[one.similarity] += one.p <= LEVEL and (one.slope > 0 or not planted_here)
        found[name] = {similarity: hit / wirings for similarity, hit in hits.items()}
    return found


def wiring_claims(found: Mapping[str, Mapping[str, float]]) -> list[dict[str, Any]]:
    """Claims with their bars."""
    power = min(found[FEATURES][FEATURES], found[LAG][LAG], found["both"][FEATURES], found["both"][LAG])
    return [
        {
            "figure": "power of the slopes of features and lag, the least of four",
            "value": power,
            "bar": POWER_BAR,
            "at": "least",
        },
        {
            "figure": "wirings that depend on neither, with a slope of features or of lag, the larger",
            "value": max(found["nothing"][FEATURES], found["nothing"][LAG]),
            "bar": FALSE_BAR,
            "at": "most",
        },
        {
            "figure": "wirings that depend on lag alone, with a slope of features",
            "value": found[LAG][FEATURES],
            "bar": FALSE_BAR,
            "at": "most",
        },
    ]
