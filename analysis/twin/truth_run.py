"""The test of a twin on simulated animals, from their behavior to claims with bars.

sessions = simulated_behavior(config, seed=0)
found = run_truth(config, sessions, seed=0)
found.points, found.true_bits, found.claims
"""

import dataclasses
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from analysis.encoding.scores import bits_per_spike, mean_count
from analysis.twin.behavior import RatPlan, behavior_of, record_rats
from analysis.twin.comparison import GLM, CurvePoint, compare, fit_with_controls, steps_of, twin_name
from analysis.twin.config import TruthConfig
from analysis.twin.consistency import readout_consistency, shuffled
from analysis.twin.map_results import maps_to_json
from analysis.twin.mapping import LabelMap
from analysis.twin.results import SCHEMA, VERSION, curves_to_json
from analysis.twin.scores import Summary, over_animals
from analysis.twin.session import TwinSession
from analysis.twin.settings import TwinSettings
from analysis.twin.truth import PlantedSession, plant
from analysis.twin.truth_map import map_claims, map_truth
from analysis.twin.truth_network import PlantedNetwork
from analysis.twin.truth_unseen import unseen_claims, unseen_truth
from analysis.twin.truth_wiring import wiring_claims, wiring_truth
from analysis.twin.unseen import Unseen
from rodent.versions import versions

SHARE_BAR, CONSISTENCY_BAR = 0.75, 0.1


@dataclasses.dataclass(frozen=True)
class Truth:
    """What the test found.

    Attributes:
        points: every model by minutes.
        true_bits: score of the true rates.
        consistency: of readouts between halves, mean over neurons: of animals, and of shuffled ones.
        maps: what readouts of labelled animals tell.
        unseen: scores in the behavior that was held out, with those of the true rates.
        wirings: how often each similarity has a slope, by what the wirings depend on.
        fit_seconds: that the core took.
        claims: figure, value, bar and at (`least` or `most`) of each.
    """

    points: list[CurvePoint]
    true_bits: Summary
    consistency: tuple[float, float]
    maps: list[LabelMap]
    unseen: Unseen
    wirings: dict[str, dict[str, float]]
    fit_seconds: float
    claims: list[dict[str, Any]]


def simulated_behavior(
    config: TruthConfig, seed: int, advance: Callable[[float], None] = lambda rats: None
) -> list[TwinSession]:
    """Behavior of all animals: of the core, new ones, and labelled ones; `advance` counts animals.

    Raises:
        InputError: policy or clips are unknown, or too little motion was tracked.
    """
    plan = RatPlan(
        rats=config.rats + config.new_rats + config.labelled_rats,
        minutes=config.length,
        policy=config.policy,
        clips=config.clips,
        seed=seed,
    )
    with tempfile.TemporaryDirectory() as folder:
        return [behavior_of(path, plan) for path in record_rats(plan, Path(folder), advance)]


def run_truth(
    config: TruthConfig,
    behavior: Sequence[TwinSession],
    seed: int,
    advance: Callable[[float], None] = lambda steps: None,
) -> Truth:
    """Plant neurons, fit core and controls, adapt them to the new animals, and score.

    Args:
        config: animals, neurons, and settings of the twin.
        behavior: of `config.rats`, then `config.new_rats`, then `config.labelled_rats` animals.
        seed: of neurons and twin.
        advance: called with the number of training steps done, of `truth_steps`.

    Raises:
        InputError: as of `Twin.fit`, `compare`, `map_truth` and `unseen_truth`.
    """
    network, unlabelled = PlantedNetwork.drawn(behavior[0].layout, seed), config.rats + config.new_rats
    planted = plant(network, behavior[:unlabelled], config.neurons, seed)
    old, new = planted[: config.rats], planted[config.rats :]
    settings = dataclasses.replace(config.twin, seed=seed)
    began = time.perf_counter()
    twins = fit_with_controls([one.session for one in old], settings, advance)
    seconds = (time.perf_counter() - began) * settings.steps / steps_of(settings)
    sessions = [one.session for one in new]
    points = compare(twins, sessions, config.minutes, config.adapt, config.test_minutes, seed)
    true_bits = true_score(new, twins[twin_name(settings)].windows, config.test_minutes, seed)
    twin, minutes = twins[twin_name(settings)], max(config.minutes)
    turned = [shuffled(one, seed + i) for i, one in enumerate(sessions)]
    consistency = [
        float(np.nanmean([readout_consistency(twin, one, config.adapt, minutes) for one in each]))
        for each in (sessions, turned)
    ]
    pair = (consistency[0], consistency[1])
    maps = map_truth(twin, network, behavior[unlabelled:], config, seed)
    unseen = unseen_truth(old, new, config, settings, advance)
    claims = claims_of(config, points, true_bits, pair) + map_claims(maps)
    wirings = wiring_truth(twin, network, behavior[config.rats], config, seed)
    claims += unseen_claims(unseen, twin_name(settings)) + wiring_claims(wirings)
    return Truth(points, true_bits, pair, maps, unseen, wirings, seconds, claims)


def truth_steps(settings: TwinSettings) -> int:
    """Steps of training that `run_truth` takes."""
    return steps_of(settings) + settings.steps


def true_score(
    planted: Sequence[PlantedSession], windows: Callable[..., Any], test_minutes: float, seed: int
) -> Summary:
    """Bits per spike of the true rates in the minutes that are scored, over animals."""
    found = {}
    for one in planted:
        rows = windows(one.session).rows
        scored = round(test_minutes * 60 / one.session.bin_seconds)
        counts = one.session.counts[rows]
        mean = mean_count(counts[:-scored].sum(0), len(rows) - scored)
        found[one.session.name] = bits_per_spike(counts[-scored:], one.rates[rows[-scored:]], mean)
    return over_animals(found, seed)


def claims_of(
    config: TruthConfig, points: Sequence[CurvePoint], true_bits: Summary, consistency: tuple[float, float]
) -> list[dict[str, Any]]:
    """Claims with their bars."""
    twin, short, long = twin_name(config.twin), config.core_minutes, config.glm_minutes
    bits = {(point.model, point.minutes): point.bits.median for point in points}
    return [
        {
            "figure": f"{twin} with {short:g} min less {GLM} with {long:g} min, bits per spike",
            "value": bits[twin, short] - bits[GLM, long],
            "bar": 0.0,
            "at": "least",
        },
        {
            "figure": f"fraction of the true bits per spike at {config.share_minutes:g} min",
            "value": bits[twin, config.share_minutes] / true_bits.median,
            "bar": SHARE_BAR,
            "at": "least",
        },
        {
            "figure": "consistency of readouts between halves, shuffled animals",
            "value": abs(consistency[1]),
            "bar": CONSISTENCY_BAR,
            "at": "most",
        },
    ]


def truth_to_json(found: Truth, config: TruthConfig) -> dict[str, Any]:
    """The output of `rodent twin truth --json`."""
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "claims": found.claims,
        "true_bits_per_spike": dataclasses.asdict(found.true_bits),
        "consistency": {"animals": found.consistency[0], "shuffled": found.consistency[1]},
        "fit_seconds": found.fit_seconds,
        "curves": curves_to_json(found.points),
        "maps": maps_to_json(found.maps)["labels"],
        "unseen": dataclasses.asdict(found.unseen),
        "wirings": found.wirings,
        "config": dataclasses.asdict(config),
        "versions": versions(),
    }
