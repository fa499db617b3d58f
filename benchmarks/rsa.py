"""How long all layers take to be compared with 300 neurons over half an hour, and in how much memory.

One session at 50 Hz: bouts of eight behaviors of 1 to 6 s, which move a few latent signals; layers as
those of a policy and its value network, all a bit wider, and neurons that fire as the signals tell. The
recording is in memory; with a file, reading it adds what the disk takes for a gigabyte.
"""

import json
import resource
import sys
import time

import numpy as np

from analysis.neural.spikes import BinnedSpikes
from analysis.similarity.scores import compare_structures
from analysis.similarity.settings import SimilaritySettings
from analysis.similarity.structure import LabeledSession, describe
from analysis.timeline import Timeline
from rodent.recording import Rollout, RolloutMetadata

BAR = 30.0  # seconds
FPS, FRAMES, NEURONS, SIGNALS = 50.0, 90_000, 300, 24
BEHAVIORS = ("FaceGroom", "FastWalk", "LGroom", "RGroom", "Rear", "Still", "Turn", "Walk")
LAYERS = {
    **{f"encoder/layer_{i}": n for i, n in enumerate((512, 256))},
    **{f"latent/{name}": 60 for name in ("mean", "logvar", "sample")},
    **{f"decoder/layer_{i}": n for i, n in enumerate((512, 512, 256))},
    "decoder/action_mean": 38,
    **{f"value/layer_{i}": n for i, n in enumerate((512, 256, 256))},
}


class MadeUp(Rollout):
    """A rollout in memory."""

    def __init__(self, units: dict[str, np.ndarray]):
        self.name, self.metadata, self.n_frames = "session", RolloutMetadata.of_clip("session"), FRAMES
        self._units = units
        self.layers = tuple(units)

    def units(self, layer: str, frames: slice = slice(None)) -> np.ndarray:
        return self._units[layer][frames]

    def __getitem__(self, name: str) -> np.ndarray:
        return np.ones(FRAMES, bool)


def made_up() -> tuple[Timeline, BinnedSpikes, np.ndarray]:
    """A session: its bins, spikes and labels."""
    random = np.random.default_rng(0)
    lengths = random.integers(50, 300, size=FRAMES // 50)
    shown = np.repeat(random.integers(len(BEHAVIORS), size=len(lengths)), lengths)[:FRAMES]
    signals = random.standard_normal((len(BEHAVIORS), SIGNALS))[shown]
    signals += 0.5 * random.standard_normal((FRAMES, SIGNALS))
    signals = signals.astype(np.float32)
    units = {}
    for name, width in LAYERS.items():
        weights = random.standard_normal((SIGNALS, width)).astype(np.float32) / SIGNALS**0.5
        units[name] = np.tanh(signals @ weights)
    rate = np.exp(0.15 * signals @ random.standard_normal((SIGNALS, NEURONS)).astype(np.float32) - 2)
    timeline = Timeline.of([MadeUp(units)], FPS, 1 / FPS)
    names = tuple(f"neuron {i}" for i in range(NEURONS))
    spikes = BinnedSpikes(random.poisson(rate), names, 1 / FPS, np.ones(FRAMES, bool))
    return timeline, spikes, np.array(BEHAVIORS)[shown]


def main() -> bool:
    """Print the figures; whether the bar was met."""
    timeline, spikes, labels = made_up()
    settings = SimilaritySettings()
    began = time.perf_counter()
    structure = describe(LabeledSession("session", timeline, spikes, labels), tuple(LAYERS), settings)
    described = time.perf_counter()
    result = compare_structures([structure], settings)
    ended = time.perf_counter()
    print(
        f"{len(LAYERS)} layers, {sum(LAYERS.values())} units: {described - began:.1f} s described, "
        f"{ended - described:.1f} s compared"
    )
    print(
        f"noise ceiling {result.noise_ceiling[0]:.2f} to {result.noise_ceiling[1]:.2f}; similarity "
        f"{min(s.similarity for s in result.layers):.2f} to {max(s.similarity for s in result.layers):.2f}"
    )
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"peak memory {memory:.1f} GiB, made-up recording and all")
    figure = {"figure": "all layers compared with neurons", "value": round(ended - began, 1), "unit": "s"}
    print(json.dumps(figure | {"bar": BAR}))
    return ended - began < BAR


if __name__ == "__main__":
    sys.exit(not main())
