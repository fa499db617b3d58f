"""Whether the comparison finds what was put into neurons: the layer that drives them, or nothing but drift.

Planted layers: the built-in policy moves for ten minutes, and each of its layers in turn drives
sets of twenty made-up neurons. All layers are scored on each set; how often is the planted one
named best?

Drift alone: neurons and units that know nothing of one another drift slowly, in 300 runs. How
often does the score exceed nought, and how often is its rank among the time shifts such that p is
0.05 or less? With 19 shifts it must then exceed all of them. The shifts are regressed in full: every
shift chooses its penalties, as the score does.
"""

import argparse
import dataclasses
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter1d

from analysis.encoding.crossvalidation import cross_validate
from analysis.encoding.inference import LEVEL
from analysis.encoding.settings import EncodingSettings
from analysis.neural.spikes import BinnedSpikes
from analysis.simulation import NeuronModel, SimulatedNeurons, simulate
from analysis.timeline import Timeline
from rodent.clips import ClipSet, read_clips
from rodent.jax_setup import cache_compilations
from rodent.policy.policy import load_policy
from rodent.recording import Header, RecordingWriter, open_recording
from rodent.rollouts import RecordConfig, record
from rodent.scene_config import SceneConfig

NQ, NV, NU = 74, 73, 38  # of the rat

BIN = 0.1  # seconds
MINUTES = 10
LAYERS = ("encoder/layer_0", "encoder/layer_1", "latent/mean", "decoder/layer_0", "decoder/layer_1")
NEURONS = 20  # of a set
NOISES = (0.0, 0.5)  # shares of the log rate's variance
PLANTED_BAR = 0.95

SESSIONS, RUNS_EACH = 60, 5
UNITS = 8
DRIFTS = (10.0, 30.0, 100.0)  # seconds
FALSE_BAR = 0.07


def main() -> bool:
    """Print every figure; whether all bars were met."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--only", choices=("planted", "drift"), help="one of the two experiments")
    arguments.add_argument("--recording", type=Path, help="in place of ten minutes of the built-in policy")
    arguments.add_argument("--sets", type=int, default=20, help="of neurons per planted layer")
    given = arguments.parse_args()
    cache_compilations()
    good = True
    with tempfile.TemporaryDirectory() as folder:
        if given.only != "drift":
            good &= planted(given.recording or ten_minutes(Path(folder) / "rat.h5"), given.sets)
        if given.only != "planted":
            good &= drift(Path(folder))
    return good


def planted(path: Path, n_sets: int) -> bool:
    """How often the planted layer is named best, by share of noise."""
    settings = EncodingSettings(strengths=(0.01,), shifts=1)
    least = 1.0
    with open_recording(path) as recording:
        timeline = Timeline.of(list(recording.rollouts.values()), recording.fps, BIN)
        drives = {layer: timeline.units(layer) for layer in LAYERS}
        sources = [(layer,) for layer in LAYERS for _ in range(n_sets * NEURONS)]
        for noise in NOISES:
            model = NeuronModel(noise=noise, dead_seconds=0.002, recovery_seconds=0.005)
            neurons = binned(simulate(drives, sources, BIN, 0, model, timeline.alive))
            # all sets are regressed side by side, and each is then judged by itself
            results = [cross_validate(timeline, neurons, layer, settings) for layer in LAYERS]
            scores = np.stack([result.corrected_bits_per_spike for result in results])
            sets = scores.reshape(len(LAYERS), len(LAYERS), n_sets, NEURONS)
            named = sets.mean(-1).argmax(0) == np.arange(len(LAYERS))[:, None]
            alone = sets.argmax(0) == np.arange(len(LAYERS))[:, None, None]
            print(f"noise {noise:.0%} of the log rate's variance; bits per spike by layer regressed on:")
            for i, layer in enumerate(LAYERS):
                table = "  ".join(f"{score:+.3f}" for score in sets[:, i].mean((1, 2)))
                print(
                    f"  {layer:16} {table}  named best in {named[i].mean():4.0%} of {n_sets} sets of "
                    f"{NEURONS}, {alone[i].mean():4.0%} of single neurons"
                )
            least = min(least, float(named.mean()))
    tell("planted layer named best", least, PLANTED_BAR)
    return least >= PLANTED_BAR


def ten_minutes(path: Path) -> Path:
    """A recording of the built-in policy on the built-in clips, with noise, over and over."""
    clips = again(read_clips("gaits"), 60 * MINUTES)
    record(load_policy("rat-position"), clips, path, RecordConfig(sample=True, on_failure="restart"))
    return path


def drift(folder: Path) -> bool:
    """How often drift alone exceeds nought, by how slow it is."""
    settings = EncodingSettings(shifts=19)
    worst = 0.0
    for seconds in DRIFTS:
        raw, corrected, false = [], [], []
        with drifting_units(folder / f"drift_{seconds:g}.h5", seconds) as timeline:
            nothing = {"nothing": np.zeros((timeline.n_bins, 1))}
            for session in range(SESSIONS):
                model = NeuronModel(drift_seconds=seconds)
                neurons = simulate(nothing, [()] * RUNS_EACH, BIN, session, model)
                result = cross_validate(
                    timeline, binned(neurons), str(session), dataclasses.replace(settings, seed=session)
                )
                raw.append(result.bits_per_spike)
                corrected.append(result.corrected_bits_per_spike)
                false.append(result.p_values <= LEVEL)
        scores, rest, exceeds = np.concatenate(raw), np.concatenate(corrected), np.concatenate(false)
        print(
            f"drift of {seconds:g} s, {len(scores)} runs: score {scores.mean():+.4f} bits per spike, above "
            f"nought in {(scores > 0).mean():.0%}; less the null {rest.mean():+.4f} ± "
            f"{rest.std() / len(rest) ** 0.5:.4f}, p at most {LEVEL:g} in {exceeds.mean():.1%}"
        )
        worst = max(worst, float(exceeds.mean()))
    tell("drift alone has a p of 0.05 or less", worst, FALSE_BAR)
    return worst <= FALSE_BAR


def again(clips: ClipSet, seconds: float) -> ClipSet:
    """The clips over and over, for so long."""
    many, left = [], seconds
    while left > 0:
        clip = clips[len(many) % len(clips)]
        many.append(dataclasses.replace(clip, name=f"{clip.name}.{len(many)}"))
        left -= clip.duration
    return dataclasses.replace(clips, clips=tuple(many))


@contextmanager
def drifting_units(path: Path, seconds: float) -> Iterator[Timeline]:
    """The bins of a recording in which the layers `0`, `1`, … are half drift, half faster change."""
    frames = round(60 * MINUTES / BIN)
    random = np.random.default_rng(1)

    def smooth(width: float) -> np.ndarray:
        noise = gaussian_filter1d(random.standard_normal((frames, UNITS)), width / BIN, axis=0)
        return noise / noise.std(0)

    # of the body, which stands still, the least that a recording can hold
    still = {"qpos": 8, "qvel": 7, "ctrl": 1, "actuator_force": 1}
    block: dict[str, np.ndarray] = {name: np.zeros((frames, width)) for name, width in still.items()}
    block |= {"time": np.arange(frames) * BIN, "alive": np.ones(frames, bool)}
    block |= {f"units/{i}": smooth(seconds) + smooth(0.2) for i in range(SESSIONS)}
    header = Header(fps=1 / BIN, scene=SceneConfig(), joint_names=("joint",), actuator_names=("motor",))
    with RecordingWriter(path, header) as writer:
        writer.rollout("drift").append(block)
    with open_recording(path) as recording:
        yield Timeline.of(list(recording.rollouts.values()), recording.fps, BIN)


def binned(neurons: SimulatedNeurons) -> BinnedSpikes:
    """The spikes, all bins covered."""
    return BinnedSpikes(neurons.counts, neurons.names, neurons.bin_seconds, np.ones(neurons.n_bins, bool))


def tell(figure: str, value: float, bar: float) -> None:
    """A line of JSON."""
    print(json.dumps({"figure": figure, "value": round(value, 3), "unit": "share", "bar": bar}))


if __name__ == "__main__":
    sys.exit(not main())
