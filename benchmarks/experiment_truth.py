"""Whether the statistics of experiments find what was planted, and nothing where there is nothing.

    python benchmarks/experiment_truth.py --only nets --nets 3     # a trial

In the closed loop: networks are made from the built-in policy `rat-torque`. In the first kind one hidden unit
alone drives one actuator, and units of its layer are silenced one by one: it must have the largest effect.
In the second kind a pair of units drives an actuator, and each takes over where the other is silenced. Single
lesions must miss the pair, and Shapley values must name it. Units, actuators and the other units are drawn
at random for every network; actuators from the eight without which the rat misses its joint angles most.

Random against random: an arm that is one more draw of its control, in 400 simulated experiments.

ED50: Hill curves with effects that differ between policies, clips and draws, in 200 simulated experiments.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from analysis.effects.dose import dose_response
from analysis.effects.effect import Effects
from analysis.effects.outcomes import OUTCOMES, OutcomeTable
from analysis.effects.screen import Screen
from analysis.effects.settings import EffectSettings
from analysis.effects.shapley import coalition_arms, coalitions, shapley_of_arms
from analysis.effects.simulation import OutcomeModel, simulate_outcomes
from rodent.clips import read_clips
from rodent.experiment.spec import INTACT
from rodent.intervention import ACTION, Intervention, Preparation, Silence, Sites, Statistics, parsed, planned
from rodent.jax_setup import cache_compilations
from rodent.policy.policy import load_policy
from rodent.rollouts import RolloutRunner, Show

POLICY, CLIPS = "rat-torque", ("walk", "rear", "turn_left")
FRAMES, RATS = 50, 64
ACTUATORS = 8  # from which those of networks are drawn
OTHERS = 6  # units beside the pair, among which Shapley values have to find it
DRIVE = 3.5  # mean of a drive in its standard deviations: hidden units are linear only above 0
SCALE = 10.0  # of a drive in a hidden unit: there SiLU is linear to 0.7 %
FOUND_BAR, FALSE_BAR, HELD_BAR = 24 / 25, 0.07, 0.9
QUICK = EffectSettings(bootstraps=20)
OUTCOME = "joint_error"


def main() -> bool:
    """Print every figure; whether all bars were met."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--only", choices=("nets", "random", "ed50"), help="one of the three")
    arguments.add_argument("--nets", type=int, default=25, help="networks of each kind")
    arguments.add_argument("--runs", type=int, default=400, help="experiments of random against random")
    arguments.add_argument("--curves", type=int, default=200, help="dose-response curves")
    arguments.add_argument("--seed", type=int, help="fresh if not given")
    given = arguments.parse_args()
    seed = np.random.SeedSequence(given.seed)
    print(f"seed {seed.entropy}")
    parts: dict[str, Callable[[np.random.Generator], bool]] = {
        "random": lambda random: random_against_random(random, given.runs),
        "ed50": lambda random: ed50_held(random, given.curves),
        "nets": lambda random: nets(random, given.nets),
    }
    streams = dict(zip(parts, map(np.random.default_rng, seed.spawn(len(parts))), strict=True))
    good = [part(streams[name]) for name, part in parts.items() if given.only in (None, name)]
    return all(good)


def random_against_random(random: np.random.Generator, runs: int) -> bool:
    """How often a draw differs from others of its kind at 5 %."""
    p = []
    for _ in range(runs):
        policies, clips = int(random.choice([1, 3])), int(random.choice([2, 5]))
        model = OutcomeModel(policies=policies, clips=clips, seeds=1, frames=200, whole=True, tracked=0.95)
        table = simulate_outcomes({"random": {1.0: -20.0}}, model, int(random.integers(2**31)), {1.0: -20.0})
        p += [one.p for one in Effects(QUICK).fit(table, ["frames_tracked"]).effects_]
    false = float(np.mean(np.array(p) <= 0.05))
    return told("random against random: p at most 0.05", false, FALSE_BAR, "most")


def ed50_held(random: np.random.Generator, curves: int) -> bool:
    """How often ED50 is in its interval."""
    doses = np.array([0.05, 0.1, 0.2, 0.4, 0.8])
    held, widths = [], []
    for _ in range(curves):
        ed50, hill = np.exp(random.uniform(np.log(0.08), np.log(0.5))), random.uniform(1.0, 3.0)
        changes = -random.uniform(60, 150) * doses**hill / (doses**hill + ed50**hill)
        policies = int(random.choice([1, 6]))
        spread = 0.0 if policies == 1 else 0.2
        model = OutcomeModel(
            policies=policies, clips=6, control_draws=0, noise=8.0, between_policies=spread, between_clips=0.2
        )
        planted = {"arm": dict(zip(doses.tolist(), changes.tolist(), strict=True))}
        table = simulate_outcomes(planted, model, int(random.integers(2**31)))
        settings = EffectSettings(bootstraps=300, seed=int(random.integers(2**31)))
        found = dose_response(Effects(settings).fit(table, ["frames_tracked"]), "frames_tracked", "arm")
        held.append(found.ed50_low <= ed50 <= found.ed50_high)
        widths.append(found.ed50_high / found.ed50_low)
    print(f"the upper bound of ED50 is {np.median(widths):.2f} times the lower one, in the median")
    return told("ED50 of a planted Hill curve in its interval", float(np.mean(held)), HELD_BAR, "least")


def nets(random: np.random.Generator, count: int) -> bool:
    """How often planted units are found in the closed loop."""
    loop = ClosedLoop()
    first, missed, named = [], [], []
    for _ in range(count):
        driver = planted_driver(loop, random)
        ranking = screened(loop, driver, random)
        first.append(ranking[0] == driver.units[0])
        pair = planted_pair(loop, random)
        alone, together = lesioned(loop, pair, random)
        missed.append(not {*pair.units} & {*alone[:2]})
        named.append({*pair.units} == {*together[:2]})
        place = ranking.index(driver.units[0]) + 1
        print(f"actuator {driver.actuator}: the driver ranks {place} of {len(ranking)}")
        print(
            f"actuator {pair.actuator}: pair {pair.units}, largest alone {alone[:2]}, "
            f"by Shapley values {together[:2]}",
            flush=True,
        )
    figures = {
        "a unit that alone drives an actuator ranks first": first,
        "single lesions miss a redundant pair": missed,
        "Shapley values name a redundant pair": named,
    }
    good = [told(figure, float(np.mean(hits)), FOUND_BAR, "least") for figure, hits in figures.items()]
    return all(good)


class ClosedLoop:
    """The policy, its rollouts, and activity of its units in intact ones."""

    def __init__(self) -> None:
        cache_compilations()
        self.policy = load_policy(POLICY)
        clips = read_clips("gaits").subset(CLIPS)
        self.runner = RolloutRunner.of(self.policy, clips, RATS, show=Show(units=True))
        self.sites = Sites.of(self.policy.agent, self.runner.task)
        self.units = self.activity(self.policy.params)
        count = self.units["decoder/action_mean"].shape[1]
        arms = {("screen", i): Silence(f"{ACTION}[{i}]", to="mean") for i in range(count)}
        self.actuators = ranked(self.table(self.policy.params, arms))[:ACTUATORS]

    def activity(self, params: Any) -> dict[str, np.ndarray]:
        """Activity in intact rollouts of all clips, arrays (frames, units)."""
        groups = np.arange(RATS) % len(CLIPS)
        rows = self.runner.play(params, self.policy.normalizer, groups, frames=FRAMES)
        found = [{name: values[: len(CLIPS)] for name, values in row.units.items()} for row in rows]
        activity = {name: np.concatenate([row[name] for row in found]) for name in found[0]}
        return activity | {ACTION: activity["decoder/action_mean"]}

    def table(self, params: Any, arms: Mapping[tuple[str, int], Intervention]) -> OutcomeTable:
        """Outcomes of arms and draws, each in all clips; every batch has an intact rat."""
        statistics = Statistics.of(self.activity(params))
        prepared = Preparation(self.sites, params, self.runner.task.timestep, statistics)
        rows: list[dict[str, Any]] = []
        names = list(arms)
        for begin in range(0, len(names), RATS - 1):
            batch: list[tuple[str, int]] = [(INTACT, 0), *names[begin : begin + RATS - 1]]
            given = [[arms[name]] if name in arms else [] for name in batch]
            plan = planned([*given, *[[]] * (RATS - len(batch))], prepared, self.runner.task)
            for group, clip in enumerate(CLIPS):
                played = self.runner.play(
                    params, self.policy.normalizer, np.full(RATS, group), frames=FRAMES, plan=plan
                )
                error = np.mean([row.metrics["joint_angle"] for row in played], axis=0)
                rows += [
                    {"clip": clip, "arm": arm, "draw": draw, OUTCOME: float(value)}
                    for (arm, draw), value in zip(batch, error, strict=False)
                ]
        return as_table(rows)


class Planted(NamedTuple):
    """A network with planted units.

    Attributes:
        params: of the policy.
        layer: of the units.
        units: that drive the actuator.
        actuator: its number.
    """

    params: Any
    layer: str
    units: tuple[int, ...]
    actuator: int


def planted_driver(loop: ClosedLoop, random: np.random.Generator) -> Planted:
    """One unit of the second hidden layer drives an actuator, and nothing else."""
    params, decoder = copied(loop)
    actuator = int(random.choice(loop.actuators))
    layer = decoder["layer_1"]["pre"]
    unit = int(random.integers(layer["bias"].shape[0]))
    drive, size = drive_of(loop, "decoder/layer_0", actuator)
    layer["kernel"][:, unit], layer["bias"][unit] = SCALE * drive[:-1], SCALE * (drive[-1] + DRIVE)
    silent(loop, decoder, unit)
    drives(decoder, actuator, (unit,), size)
    return Planted(params, "decoder/layer_1", (unit,), actuator)


def planted_pair(loop: ClosedLoop, random: np.random.Generator) -> Planted:
    """Two equal units of the first hidden layer; the second drives only where the first is silent.

    In the second hidden layer one unit follows the first of the pair, and another one the second minus the
    first, which is 0 until the first is silenced.
    """
    params, decoder = copied(loop)
    actuator = int(random.choice(loop.actuators))
    first, second = decoder["layer_0"]["pre"], decoder["layer_1"]["pre"]
    pair = tuple(random.choice(first["bias"].shape[0], 2, replace=False).tolist())
    outputs = tuple(random.choice(second["bias"].shape[0], 2, replace=False).tolist())
    drive, size = drive_of(loop, "decoder/layer_0.pre", actuator)
    kernel, bias = first["kernel"] @ drive[:-1], first["bias"] @ drive[:-1] + drive[-1]
    # what the units did before goes on as a constant
    second["bias"] += loop.units["decoder/layer_0"].mean(0)[list(pair)] @ second["kernel"][list(pair)]
    second["kernel"][list(pair)] = 0.0
    for unit in pair:
        first["kernel"][:, unit], first["bias"][unit] = SCALE * kernel, SCALE * (bias + DRIVE)
    for unit in outputs:
        silent(loop, decoder, unit)
        second["kernel"][:, unit], second["bias"][unit] = 0.0, 0.0
    second["kernel"][pair[0], outputs[0]] = 1.0
    second["kernel"][list(pair), outputs[1]] = -1.0, 1.0
    drives(decoder, actuator, outputs, size)
    return Planted(params, "decoder/layer_0", pair, actuator)


def copied(loop: ClosedLoop) -> tuple[Any, Any]:
    """A copy of the parameters that can be written to, and its decoder."""
    params = jax.tree.map(lambda x: np.array(x), loop.policy.params)
    return params, params["policy"]["decoder"]


def drive_of(loop: ClosedLoop, layer: str, actuator: int) -> tuple[np.ndarray, tuple[float, float]]:
    """The action as a linear function of a layer, of mean 0 and variance 1: weights and constant.

    Returns:
        the function, shape (units + 1,); mean and standard deviation of the action.
    """
    x, y = loop.units[layer].astype(float), loop.units["decoder/action_mean"][:, actuator].astype(float)
    mean, size = y.mean(), y.std()
    centred = x - x.mean(0)
    penalty = 1e-3 * np.trace(centred.T @ centred) / x.shape[1]
    weights = np.linalg.solve(
        centred.T @ centred + penalty * np.eye(x.shape[1]), centred.T @ (y - mean) / size
    )
    return np.r_[weights, -x.mean(0) @ weights], (mean, size)


def silent(loop: ClosedLoop, decoder: Any, unit: int) -> None:
    """Let a unit of the second hidden layer drive nothing; its mean goes on as a constant."""
    action = decoder["action_mean"]
    action["bias"] += loop.units["decoder/layer_1"][:, unit].mean() * action["kernel"][unit]
    action["kernel"][unit] = 0.0


def drives(decoder: Any, actuator: int, units: Sequence[int], size: tuple[float, float]) -> None:
    """Let units of the second hidden layer alone drive an actuator."""
    mean, spread = size
    action = decoder["action_mean"]
    action["kernel"][:, actuator] = 0.0
    action["kernel"][list(units), actuator] = spread / SCALE
    action["bias"][actuator] = mean - spread * DRIVE


def screened(loop: ClosedLoop, net: Planted, random: np.random.Generator) -> list[int]:
    """Units, of which one is planted, by the effect of silencing them to their mean."""
    others = np.setdiff1d(np.arange(loop.sites.sizes[net.layer]), net.units)
    units = [*net.units, *random.choice(others, RATS - 2, replace=False).tolist()]
    arms = {("screen", unit): Silence(f"{net.layer}[{unit}]", to="mean") for unit in units}
    return ranked(loop.table(net.params, arms))


def ranked(table: OutcomeTable) -> list[int]:
    """Draws of the arm `screen`, those with the largest effects first."""
    effects = Effects(QUICK).fit(table, [OUTCOME])
    return Screen().fit(effects, OUTCOME, "screen", 1.0).ranking_.tolist()


def lesioned(loop: ClosedLoop, net: Planted, random: np.random.Generator) -> tuple[list[int], list[int]]:
    """Units, of which two are planted, by the effect of single lesions and by Shapley values."""
    others = np.setdiff1d(np.arange(loop.sites.sizes[net.layer]), net.units)
    units = [*net.units, *random.choice(others, OTHERS, replace=False).tolist()]
    random.shuffle(units)
    names = [str(unit) for unit in units]
    drawn = coalitions(len(units), pairs=8, seed=int(random.integers(2**31)))
    sets = coalition_arms(dict(zip(names, names, strict=True)), drawn)
    # the units of a set in one intervention, so that every set runs in the same program
    arms = {(name, 0): parsed(f"silence {net.layer}[{','.join(one)}] to zero") for name, one in sets.items()}
    effects = Effects(QUICK).fit(loop.table(net.params, arms), [OUTCOME])
    found, _ = shapley_of_arms(effects, OUTCOME, names)
    alone, together = (np.argsort(-np.abs(values)) for values in (found.alone_, found.values_))
    return [units[i] for i in alone], [units[i] for i in together]


def as_table(rows: Sequence[Mapping[str, Any]]) -> OutcomeTable:
    """Outcomes of one policy, one start and one noise."""
    columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    n = len(rows)
    intact = columns["arm"] == INTACT
    fixed = {
        "policy": "net",
        "control": "",
        "start": 0,
        "seed": 0,
        "frames": FRAMES,
        "frames_tracked": FRAMES,
    }
    columns |= {name: np.full(n, value) for name, value in fixed.items()}
    columns |= {"dose": np.where(intact, 0.0, 1.0), "changed_values": np.where(intact, 0, 1)}
    return OutcomeTable({name: np.full(n, np.nan) for name in OUTCOMES} | columns, "the benchmark")


def told(figure: str, value: float, bar: float, at: str) -> bool:
    """Print a line of JSON; whether the bar was met."""
    print(
        json.dumps({"figure": figure, "value": round(value, 4), "unit": "share", "bar": bar, "at": at}),
        flush=True,
    )
    return value <= bar if at == "most" else value >= bar


if __name__ == "__main__":
    sys.exit(not main())
