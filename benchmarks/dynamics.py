"""Whether latent dynamics are found where they are known, distinguished where only they differ, and how fast.

    python benchmarks/dynamics.py                       # all parts, a fresh seed
    python benchmarks/dynamics.py --only linear --seed 1

lorenz: five minutes of the Lorenz system, 50 Poisson neurons of 15 Hz, in bins of 20 ms; the sequential
autoencoder with its defaults. linear: two planes that rotate and decay, 80 such neurons; the linear dynamical
system. Both are scored in time that was not fitted: R² of the true latents, regressed on those found, the
least of them; and the bits per spike of held-out neurons (co-smoothing), relative to those of their true
rates.

apart: pairs of systems that have the same stationary distribution and are read by the same or by other
neurons. Their geometry (mean activity in 64 places of the state space) is compared by CKA and Procrustes,
their dynamics by DSA: the least angle between systems of other dynamics, relative to the largest between
systems of the same.

time: 300 neurons, ten minutes. The autoencoder's steps are timed on a few of them; the figure is that of all.
"""

import argparse
import dataclasses
import sys
import time

import numpy as np
from _figures import report

from analysis.dynamics.activity import Activity
from analysis.dynamics.dsa import dsa_distance
from analysis.dynamics.fit import fit_fold
from analysis.dynamics.scores import co_smoothing, window_bins
from analysis.dynamics.settings import DynamicsSettings
from analysis.dynamics.simulation import (
    Truth,
    draw_spikes,
    rotation_matrix,
    simulate_linear,
    simulate_lorenz,
    true_bits,
)
from analysis.dynamics.windows import Windows
from analysis.similarity.cka import debiased_cka, procrustes_distance
from rodent.jax_setup import cache_compilations

LATENTS_BAR, RATES_BAR, MINUTES_BAR, LARGE_MINUTES_BAR = 0.9, 0.9, 15.0, 20.0
CKA_BAR, PROCRUSTES_BAR, APART_BAR = 0.9, 0.3, 2.0
LORENZ_MINUTES, LINEAR_MINUTES = 5.0, 4.0
TIMED_STEPS, COMPILING_STEPS = 30, 5


def main() -> bool:
    """Print every figure; whether all bars were met."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--only", choices=("lorenz", "linear", "apart", "time"), help="one of the parts")
    arguments.add_argument("--seed", type=int, help="fresh if not given")
    given = arguments.parse_args()
    cache_compilations()
    seed = int(np.random.SeedSequence(given.seed).generate_state(1)[0] % 2**31)
    print(f"seed {seed}" if given.seed is None else f"seed {given.seed}")
    parts = {"lorenz": lorenz, "linear": linear, "apart": apart, "time": large}
    good = [part(seed) for name, part in parts.items() if given.only in (None, name)]
    return all(good)


def lorenz(seed: int) -> bool:
    """The Lorenz system, by the sequential autoencoder."""
    truth = draw_spikes(simulate_lorenz(round(LORENZ_MINUTES * 3000), seed), 50, seed)
    latents, rates, minutes = recovered(truth, DynamicsSettings(model="lfads", seed=seed % 1000))
    good = report("Lorenz, autoencoder: R² of the latents", latents, "", LATENTS_BAR, "least")
    good &= report("the same: fraction of the true bits per spike", rates, "", RATES_BAR, "least")
    return report("the same: processor time", minutes, "min", MINUTES_BAR, "most") and good


def linear(seed: int) -> bool:
    """Rotations that decay, by the linear dynamical system."""
    matrix = rotation_matrix(np.random.default_rng(seed).uniform(0.06, 0.25, 2), 0.985)
    truth = draw_spikes(simulate_linear(matrix, round(LINEAR_MINUTES * 3000), seed), 80, seed)
    latents, rates, _ = recovered(truth, DynamicsSettings(model="lds"))
    good = report("linear system: R² of the latents", latents, "", LATENTS_BAR, "least")
    return report("the same: fraction of the true bits per spike", rates, "", RATES_BAR, "least") and good


def recovered(truth: Truth, settings: DynamicsSettings) -> tuple[float, float, float]:
    """Least R² of a latent, fraction of the true bits per spike, and processor time of the fit, minutes."""
    activity, began = truth.activity, time.process_time()
    model, scored = fit_fold(activity, settings, truth.latents.shape[1], fold=0)
    minutes = (time.process_time() - began) / 60
    windows = Windows.cut(scored, *window_bins(settings.window_seconds, settings.overlap_seconds, activity))
    found = windows.joined(model.latents(windows.of(activity.values)))
    bins = np.flatnonzero(np.isfinite(found[:, 0]))
    design, latents = np.column_stack([found[bins], np.ones(len(bins))]), truth.latents[bins]
    missing = latents - design @ np.linalg.lstsq(design, latents, rcond=None)[0]
    r2 = 1 - (missing**2).sum(0) / ((latents - latents.mean(0)) ** 2).sum(0)
    most = true_bits(truth, np.flatnonzero(~model.held_in_), bins)
    return float(r2.min()), co_smoothing(model, activity, scored).bits_per_spike / most, minutes


def apart(seed: int) -> bool:
    """Systems of the same geometry and other dynamics."""
    random = np.random.default_rng(seed)
    systems = {"turning": 0.3, "turning back and slower": -0.1, "decaying": 0.0}
    paths = {
        name: [simulate_linear(rotation_matrix(np.array([angle]), 0.95), 12000, seed + i) for i in range(2)]
        for name, angle in systems.items()
    }
    neurons = random.normal(size=(2, 40))
    same, other, cka, procrustes = [], [], [], []
    for first, (one, again) in paths.items():
        same.append(angle_between(one, again, seed))
        for second, (another, _) in paths.items():
            if first < second:
                other.append(angle_between(one, another, seed))
                shapes = [np.log1p(np.exp(geometry(path) @ neurons)) for path in (one, another)]
                cka.append(debiased_cka(*shapes))
                procrustes.append(procrustes_distance(*shapes))
    print(f"DSA: same dynamics {np.round(same, 3)}, other dynamics {np.round(other, 3)}, radians")
    good = report("other dynamics, same geometry: least CKA", min(cka), "", CKA_BAR, "least")
    good &= report("the same: largest Procrustes distance", max(procrustes), "rad", PROCRUSTES_BAR, "most")
    ratio = min(other) / max(same)
    return report("the same: DSA over that of the same dynamics", ratio, "", APART_BAR, "least") and good


def angle_between(first: np.ndarray, second: np.ndarray, seed: int) -> float:
    """DSA of two paths, cut into windows."""
    windows = [path[: len(path) // 50 * 50].reshape(-1, 50, 2) for path in (first, second)]
    return dsa_distance(windows[0], windows[1], rank=4, seed=seed)


def geometry(path: np.ndarray) -> np.ndarray:
    """Mean states in 64 places: eight directions times eight distances, each in an eighth of the normal."""
    angle = np.floor((np.arctan2(path[:, 1], path[:, 0]) + np.pi) / (2 * np.pi) * 8).clip(0, 7)
    distance = np.floor((1 - np.exp(-(path**2).sum(1) / 2)) * 8).clip(0, 7)
    place = (8 * angle + distance).astype(int)
    visits = np.bincount(place, minlength=64)[:, None]
    sums = np.stack([np.bincount(place, column, 64) for column in path.T], axis=1)
    return sums / np.maximum(visits, 1)


def large(seed: int) -> bool:
    """The time of the autoencoder for 300 neurons and ten minutes, from a few of its steps."""
    random, usual = np.random.default_rng(seed), DynamicsSettings(model="lfads", dimensions=8)
    counts = random.poisson(0.1, (30000, 300))
    names = tuple(map(str, range(300)))
    activity = Activity("large", "spikes", counts, names, 0.02, np.zeros(len(counts), int))
    network = dataclasses.replace(usual.lfads, steps=TIMED_STEPS + COMPILING_STEPS)
    marks = [time.process_time()]

    def advance(steps: float) -> None:
        marks.append(time.process_time())

    fit_fold(activity, dataclasses.replace(usual, lfads=network), 8, 0, advance)
    # steps run behind: what is left of the first ones counts in full for the others
    step = (time.process_time() - marks[COMPILING_STEPS]) / TIMED_STEPS
    minutes = (marks[COMPILING_STEPS] - marks[0] + usual.lfads.steps * step) / 60
    what = f"300 neurons, 10 minutes: processor time of {usual.lfads.steps} steps"
    return report(what, minutes, "min", LARGE_MINUTES_BAR, "most")


if __name__ == "__main__":
    sys.exit(not main())
