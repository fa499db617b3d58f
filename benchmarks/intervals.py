"""How often the 95 % intervals of `rodent rsa` hold the true similarity, by number of behaviors.

Sessions are drawn afresh: behaviors whose mean activity is random in a few dimensions, neurons that fire as
it tells, and a layer that shares a part of it. Each session has other behaviors, as another experiment
would; the truth is the mean similarity over all sessions of as many behaviors. The figure is that of the
kind of session with the fewest hits, in which layer and neurons are much alike. What
`analysis.similarity.scores` tells of few behaviors comes from here.
"""

import argparse
import json
import sys

import numpy as np

from analysis.similarity.compare import bootstrapped, interval, similarity
from analysis.similarity.design import Design
from analysis.similarity.rdm import dissimilarities
from analysis.similarity.settings import SimilaritySettings
from analysis.timeline import Timeline

BEHAVIORS, SHARED = (5, 6, 7, 8, 12), (0.0, 0.6, 0.95)  # the last: correlation of layer and neurons
BOUTS, WINDOWS, SIGNALS, NEURONS, UNITS = 8, 10, 4, 40, 30
SETTINGS = SimilaritySettings(bootstraps=200)
BARS = {5: 0.85, 6: 0.88, 7: 0.9, 8: 0.9, 12: 0.92}


def session(n: int, shared: float, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The structures of a layer, shape (1, 1, n, n), and of neurons, shape (1, n, n)."""
    labels = np.concatenate([np.repeat([*random.permutation(n), -1], WINDOWS) for _ in range(BOUTS)])
    places = random.standard_normal((2, n + 1, SIGNALS))
    places[0] = shared * places[1] + np.sqrt(1 - shared**2) * places[0]
    signals = places[:, labels] + 0.5 * random.standard_normal((2, len(labels), SIGNALS))
    units = signals[0] @ random.standard_normal((SIGNALS, UNITS))
    rate = np.exp(0.7 + 0.3 * signals[1] @ random.standard_normal((SIGNALS, NEURONS)))
    names = np.where(labels < 0, "", np.char.zfill(labels.astype(str), 2))
    window = SETTINGS.window_seconds
    everywhere = np.ones(len(labels), bool)
    timeline = Timeline((), window, 1, np.zeros(len(labels), int), everywhere)
    design = Design.of(names, timeline, everywhere, SETTINGS)
    roots = np.sqrt(design.summed(random.poisson(rate)))
    layer = dissimilarities(design.averaged(units), design, SETTINGS.noise)
    return layer[None, None], dissimilarities(roots, design, SETTINGS.noise)[None]


def coverage(n: int, shared: float, sessions: int, random: np.random.Generator) -> float:
    """Part of the intervals that hold the mean similarity."""
    found, low, high = [], [], []
    for _ in range(sessions):
        drawn = session(n, shared, random)
        here = similarity(*drawn, SETTINGS.similarity)
        error = bootstrapped(*drawn, SETTINGS.similarity, SETTINGS.bootstraps, random)
        bounds = interval(here, error, 1, n)
        for values, value in zip((found, low, high), (here, *bounds), strict=True):
            values.append(value[0])
    truth = np.mean(found)
    return float(np.mean((np.array(low) <= truth) & (truth <= np.array(high))))


def main() -> bool:
    """Print the figures; whether all bars were met."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--sessions", type=int, default=200, help="of each kind")
    arguments.add_argument("--seed", type=int, help="another one each time if not given")
    given = arguments.parse_args()
    random = np.random.default_rng(given.seed)
    good = True
    for n in BEHAVIORS:
        each = [coverage(n, shared, given.sessions, random) for shared in SHARED]
        told = ", ".join(f"{value:.3f} at {shared:g}" for value, shared in zip(each, SHARED, strict=True))
        print(f"{n} behaviors: {told}", flush=True)
        value = round(min(each), 3)
        figure = {"figure": f"95 % intervals of rsa over {n} behaviors that hold the truth", "value": value}
        print(json.dumps(figure | {"unit": "of intervals", "bar": BARS[n], "at": "least"}), flush=True)
        good &= value >= BARS[n]
    return good


if __name__ == "__main__":
    sys.exit(not main())
