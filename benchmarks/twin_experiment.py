"""Experiments on a twin: rates of neurons in sequences of 5 s that are predicted in a minute.

    python benchmarks/twin_experiment.py --sequences 640 --neurons 300

Speed does not depend on how well a twin is fitted, so core and readouts have random weights: the default
core, its streams and lags, bins of 40 ms, and as many components as `rodent twin adapt` takes.
"""

import argparse
import json
import sys
import time

import numpy as np

from analysis.twin.core import Parts, core_of
from analysis.twin.experiment import Condition, Grid, run_grid
from analysis.twin.kinematic import PoseStreams
from analysis.twin.rates import RateModel
from analysis.twin.session import Stream
from analysis.twin.settings import AdaptSettings, TwinSettings
from rodent.body_config import BodyConfig
from rodent.jax_setup import cache_compilations
from rodent.scene import Scene, make_scene
from rodent.synthesis.stance import stance_clips

SECONDS, FPS, BIN_SECONDS = 5.0, 50.0, 0.04
BAR = 1e5
"""Pairs of sequence and neuron in a minute."""


def main() -> bool:
    """Print the figure; whether its bar was met."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--sequences", type=int, default=640)
    arguments.add_argument("--neurons", type=int, default=300)
    given = arguments.parse_args()
    cache_compilations()
    scene = make_scene(BodyConfig())
    layout, names = layout_of(scene), tuple(f"neuron_{i}" for i in range(given.neurons))
    streams = PoseStreams.of(layout, BIN_SECONDS, FPS, scene)
    grid, rates = grid_of(scene, given.sequences), random_rates(layout, given.neurons)
    began = time.perf_counter()
    found = run_grid(rates, streams, names, grid)
    value = 60 * found.mean_hz.size / (time.perf_counter() - began)
    line = {
        "figure": "sequences of 5 s × neurons, compiling included",
        "value": round(value),
        "unit": "1/min",
    }
    print(json.dumps(line | {"bar": BAR, "at": "least"}), flush=True)
    return value >= BAR


def layout_of(scene: Scene) -> tuple[tuple[str, str, str], ...]:
    """Joints and velocities of the rat, with their body parts."""
    root = [f"root_{name}" for name in ("vx", "vy", "vz", "wx", "wy", "wz")]
    streams = (
        Stream.named("joints", np.zeros((1, 67)), scene.joint_names),
        Stream.named("velocities", np.zeros((1, 73)), (*root, *scene.joint_names)),
    )
    return tuple(
        (one.name, column, part)
        for one in streams
        for column, part in zip(one.columns, one.parts, strict=True)
    )


def grid_of(scene: Scene, sequences: int) -> Grid:
    """Swaying rats."""
    clips = stance_clips(scene, frames=round(SECONDS * FPS), n=sequences)
    conditions = tuple(Condition(clip.name, 0.0, 1.0, "", 1.0) for clip in clips)
    poses = np.stack([clip.qpos for clip in clips])
    return Grid(conditions, poses, np.ones((1, len(scene.joint_names))), FPS)


def random_rates(layout: tuple[tuple[str, str, str], ...], neurons: int) -> RateModel:
    """A core and readouts with random weights."""
    import jax

    settings, random = TwinSettings(), np.random.default_rng(0)
    parts = Parts.of(layout)
    core, reach = core_of(settings, parts), round(settings.lag_seconds / BIN_SECONDS)
    components = AdaptSettings().components
    params = core.init(jax.random.PRNGKey(0), np.zeros((1, 2 * reach + 1, len(layout)), np.float32))
    width = len(parts.names) * settings.channels
    return RateModel(
        core=core,
        params=params,
        center=np.zeros(len(layout)),
        scale=np.ones(len(layout)),
        basis=random.normal(0, 0.05, (2 * reach + 1, width, components)).astype(np.float32),
        middle=np.zeros(components, np.float32),
        range=np.tile(np.array([[-3.0], [3.0]], np.float32), components),
        weights=random.normal(0, 0.1, (components, neurons)).astype(np.float32),
        constant=np.zeros(neurons, np.float32),
        lags=tuple(range(-reach, reach + 1)),
        skipped=0,
    )


if __name__ == "__main__":
    sys.exit(not main())
