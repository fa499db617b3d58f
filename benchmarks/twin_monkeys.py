"""A twin on real neurons: a core that was fitted to one monkey predicts neurons of another.

    RODENT_DATA=FOLDER python benchmarks/twin_monkeys.py        # three seeds, both directions
    python benchmarks/twin_monkeys.py FOLDER/neural/monkey-m1-s1 --seeds 1 --steps 300

The folder has m1_stevenson_2011.mat and s1_data.mat from `data` of github.com/KordingLab/spykesML (MIT):
motor cortex of one monkey and area 2 of another, while each reaches with one hand. Behavior is the position
of the hand about its mean, its velocity and its speed. It is no pose of the rat, and is given as arrays.

Every model is fitted to the first minutes of the new monkey and scored on the second half of its session. The
claim: after 4 minutes the core predicts more than half of its neurons better than a lagged GLM. A figure of
several seeds is its worst value.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import scipy.io

from analysis.encoding.scores import bits_per_spike
from analysis.twin.adaptation import adapt
from analysis.twin.comparison import GLM, fit_with_controls
from analysis.twin.glm import glm_rates
from analysis.twin.preference import share_better
from analysis.twin.session import Stream, TwinSession
from analysis.twin.settings import AdaptSettings, TwinSettings
from analysis.twin.twin import Twin
from rodent.jax_setup import cache_compilations

FOLDER = "neural/monkey-m1-s1"
"""In RODENT_DATA."""
BIN_SECONDS = 0.05
LEAST_RATE = 0.5
"""Hz; neurons below it are left out."""
BLOCK_SECONDS = 30.0
"""Length of a block of the interval."""
MINUTES, CLAIMED = (1.0, 4.0), 4.0
BAR = 0.5
_JUMP = 1.0
"""cm by which a step may differ from velocity times bin before a new piece begins."""


def main() -> bool:
    """Print every figure; whether the claim holds in both directions."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", nargs="?", type=Path, help="with the two MAT files")
    arguments.add_argument("--seeds", type=int, default=3, help="how many")
    arguments.add_argument("--steps", type=int, default=TwinSettings().steps, help="of the training")
    given = arguments.parse_args()
    if given.folder is None and "RODENT_DATA" not in os.environ:
        print("not measured: name the folder of the two MAT files, or set RODENT_DATA", file=sys.stderr)
        return True
    cache_compilations()
    both, worst = monkeys(given.folder or Path(os.environ["RODENT_DATA"]) / FOLDER), {}
    for seed in range(given.seeds):
        settings = TwinSettings(steps=given.steps, least_animals=1, seed=seed)
        for fitted, new in (both, both[::-1]):
            twins = fit_with_controls([fitted], settings)
            for row in compared(twins, new, MINUTES):
                print(
                    json.dumps({"fitted": fitted.animal, "new": new.animal, "seed": seed} | row), flush=True
                )
                if row["minutes"] == CLAIMED and row["model"] == next(iter(twins)):
                    worst[new.animal] = min(worst.get(new.animal, 1.0), row["better than GLM"])
    for animal, share in worst.items():
        figure = f"neurons of {animal} predicted better than by the GLM, {CLAIMED:g} minutes"
        print(json.dumps({"figure": figure, "value": round(share, 4), "unit": "", "bar": BAR, "at": "least"}))
    return all(share > BAR for share in worst.values())


def monkeys(folder: Path) -> tuple[TwinSession, TwinSession]:
    """Motor cortex and area 2, with the hand in cm and cm/s."""
    motor = scipy.io.loadmat(folder / "m1_stevenson_2011.mat")
    area2 = scipy.io.loadmat(folder / "s1_data.mat")
    return (
        session("M1", motor["spikes"].T, 100 * motor["handPos"][:2].T, 100 * motor["handVel"][:2].T),
        session("area 2", area2["spikes"], area2["pos"], area2["vel"]),
    )


def session(animal: str, spikes: np.ndarray, position: np.ndarray, velocity: np.ndarray) -> TwinSession:
    """Spikes and hand of one monkey.

    Args:
        animal: its name.
        spikes: shape (bins, neurons).
        position: of the hand, cm, shape (bins, 2).
        velocity: cm/s, as in the file: pieces of time are glued together, so positions jump.
    """
    columns = np.column_stack([position - position.mean(0), velocity, np.linalg.norm(velocity, axis=1)])
    steps = np.diff(position, axis=0) - velocity[1:] * BIN_SECONDS
    jumped = np.linalg.norm(steps, axis=1) > _JUMP
    used = spikes.mean(0) > LEAST_RATE * BIN_SECONDS
    names = ("hand_x", "hand_y", "hand_vx", "hand_vy", "hand_speed")
    return TwinSession(
        name=animal,
        animal=animal,
        streams=(Stream.named("hand", columns, names),),
        counts=spikes[:, used],
        neurons=tuple(f"neuron_{i}" for i in np.flatnonzero(used)),
        bin_seconds=BIN_SECONDS,
        piece=np.r_[0, np.cumsum(jumped)],
    )


def compared(twins: Mapping[str, Twin], new: TwinSession, minutes: Sequence[float]) -> Iterator[dict]:
    """Median bits per spike of every model, and the share of neurons that it predicts better than the others.

    Shares are of the comparison with each model above it in the table, with their intervals.
    """
    adaptation, first = AdaptSettings(), next(iter(twins.values()))
    rows, block = first.windows(new).rows, round(BLOCK_SECONDS / BIN_SECONDS)
    test = slice(len(rows) // 2, None)
    counts = new.counts[rows[test]]
    for given in minutes:
        glm, mean = glm_rates(
            new, rows, round(given * 60 / BIN_SECONDS), int(first.plan.lags[-1]), adaptation
        )
        predicted = {GLM: glm[test]}
        for name, twin in twins.items():
            predicted[name] = adapt(twin, new, adaptation, given).predict(twin, new)[test]
        for i, (name, rates) in enumerate(predicted.items()):
            bits = float(np.median(bits_per_spike(counts, rates, mean)))
            row = {"minutes": given, "model": name, "neurons": len(mean), "bits/spike": round(bits, 4)}
            for other, its in list(predicted.items())[:i]:
                found = share_better(counts, rates, its, block, seed=0)
                row[f"better than {other}"] = round(found.share, 3)
                row[f"better than {other}, 95 %"] = [round(found.low, 3), round(found.high, 3)]
            yield row


if __name__ == "__main__":
    sys.exit(not main())
