"""Made-up neurons of which the truth is known: some are driven by units, the others only drift.

    neurons = simulate_neurons(timeline, "decoder/layer_0", each=10, seed=0)
    neurons.write(Path("spikes.npz"))               # what `read_spikes` reads
    neurons.driven                                  # bool, shape (neurons,)

A regression on those units should predict the first kind, and earn nothing on the second
beyond what slow drift earns by itself.
"""

import dataclasses
from pathlib import Path

import numpy as np

from analysis.timeline import Timeline
from rodent.errors import InputError
from rodent.files import atomic_path

DRIFT_SECONDS = 10.0
"""Standard deviation of the window that drift is smoothed with."""

_MEDIAN_RATE = 8.0  # Hz
_DEPTH = 0.6  # standard deviation of the log rate
_UNITS_EACH = 5  # units that drive a neuron


@dataclasses.dataclass(frozen=True)
class SimulatedNeurons:
    """Spikes of neurons of both kinds.

    Attributes:
        counts: spikes per bin, shape (bins, neurons).
        names: `driven_0`, …, `drifting_0`, …
        driven: which are driven by units, bool, shape (neurons,).
        bin_seconds: length of a bin, seconds.
    """

    counts: np.ndarray
    names: tuple[str, ...]
    driven: np.ndarray
    bin_seconds: float

    def write(self, path: Path) -> None:
        """Write an npz file of spikes."""
        with atomic_path(path) as temporary:
            np.savez_compressed(
                temporary, counts=self.counts, names=np.array(self.names), bin_seconds=self.bin_seconds
            )


def simulate_neurons(timeline: Timeline, layer: str, each: int, seed: int) -> SimulatedNeurons:
    """Poisson neurons during a recording.

    The log rate of a driven neuron is a random weighted sum of a few units, that of a
    drifting one is smoothed noise that knows nothing of the network; both vary as much.

    Args:
        timeline: bins of the recording.
        layer: whose units drive.
        each: neurons of each kind.
        seed: of weights, drift and spikes.

    Raises:
        InputError: the layer is unknown or constant.
    """
    from scipy.ndimage import gaussian_filter1d

    random = np.random.default_rng(seed)
    units = timeline.units(layer).astype(np.float64)
    live = np.flatnonzero(units[timeline.alive].std(0) > 0)
    if not len(live):
        raise InputError(f"all {units.shape[1]} units of layer {layer!r} are constant; take another layer")
    chosen = random.choice(live, (each, min(_UNITS_EACH, len(live))))
    weights = np.zeros((units.shape[1], each))
    # a unit's weight is per standard deviation
    np.add.at(weights, (chosen.T, np.arange(each)), random.standard_normal(chosen.T.shape))
    weights[live] /= units[timeline.alive][:, live].std(0)[:, None]
    noise = random.standard_normal((timeline.n_bins, each))
    drift = gaussian_filter1d(noise, DRIFT_SECONDS / timeline.bin_seconds, axis=0)
    drive = np.concatenate([units @ weights, drift], axis=1)
    drive = (drive - drive[timeline.alive].mean(0)) / drive[timeline.alive].std(0)
    # bounded, or a unit's one outburst would be a storm of spikes
    rate = _MEDIAN_RATE * np.exp(_DEPTH * np.clip(drive, -3, 3))
    return SimulatedNeurons(
        counts=random.poisson(rate * timeline.bin_seconds).astype(np.int16),
        names=tuple(f"{kind}_{i}" for kind in ("driven", "drifting") for i in range(each)),
        driven=np.arange(2 * each) < each,
        bin_seconds=timeline.bin_seconds,
    )
