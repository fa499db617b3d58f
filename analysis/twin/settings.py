"""Settings of a twin. Light to import: the command line is derived from them."""

import dataclasses
import functools
import math
from typing import Literal

from rodent.errors import check_setting

CoreName = Literal["linear", "mlp", "gru", "convolution", "streams"]
Training = Literal["core", "readouts", "shuffled"]
LikelihoodName = Literal["poisson", "gaussian", "elu"]

_check = functools.partial(check_setting, "twin setting")


@dataclasses.dataclass(frozen=True)
class TwinSettings:
    """How a core is built and fitted."""

    core: CoreName = "mlp"
    """Kind of the core. `linear`: features are weighted sums of the streams. `mlp`: a network of each body
    part and the whole body. `gru`: the same with memory. `convolution`: a small convolutional network of
    images, which sessions have that are made in Python. `streams`: the streams themselves, such as the layers
    of a policy, as a core that has seen no neuron."""
    training: Training = "core"
    """What is fitted. `core`: core and readouts. `readouts`: only readouts, of a core with random weights.
    `shuffled`: both, to animals whose spikes are turned in time: what is left is no relation to neurons."""
    likelihood: LikelihoodName = "poisson"
    """Likelihood of the signals. `poisson`: spikes. `gaussian`: calcium, such as dF/F, which may be negative.
    `elu`: deconvolved calcium, which may not; predictions are ELU + 1 and so positive. A file of
    spikes has calcium as `signals` in place of `counts`."""
    channels: int = 24
    """Features of each body part; the core `streams` has its own number."""
    hidden: int = 48
    """Units of a hidden layer."""
    kernel: int = 11
    """Width and height of what a feature of the core `convolution` sees, pixels."""
    lag_seconds: float = 0.2
    """Largest lag of a readout, either way, seconds."""
    slow_state: bool = True
    """Whether readouts have the slow state: how much the animal moved in the last seconds, up to a minute. It
    reaches over the edges of pieces. Switch it off for trials that do not touch."""
    steps: int = 3000
    """Steps of the optimiser (Adam)."""
    chunk_seconds: float = 4.0
    """Length of an uninterrupted chunk that a step takes, seconds."""
    chunks: int = 3
    """Chunks per animal and step; every animal has as many."""
    learning_rate: float = 3e-3
    """Learning rate at the beginning; it falls to zero as a cosine."""
    sparsity: float = 1e-3
    """Strength of the absolute values of the readouts' feature weights."""
    location_noise: float = 0.4
    """Standard deviation of the noise of a readout's place at the beginning of training, in units of the body
    plan, or, in images, of a quarter of the kernel; it is learnt, and there is none outside training."""
    lag_noise: float = 1.0
    """The same of its lag, bins."""
    hold_out: str | None = None
    """Behavior that core and readouts are not fitted to, to score them on it: a kinematic state (Still, Walk,
    FastWalk, Turn, Rear, FaceGroom, LGroom, RGroom), or an epoch of the session, such as `labels/rearing`."""
    least_animals: int = 2
    """Fewest animals that a core is fitted to. With 1, what belongs to the animal alone is not separated
    from what animals share; take it only where there is no second animal."""
    seed: int = 0
    """Of initial weights, chunks and noise."""

    def __post_init__(self) -> None:
        for name in ("channels", "hidden", "kernel", "steps", "chunks", "least_animals"):
            _check(name, getattr(self, name) >= 1, getattr(self, name), "at least 1")
        for name in ("chunk_seconds", "learning_rate", "location_noise", "lag_noise"):
            _check(name, 0 < getattr(self, name) < math.inf, getattr(self, name), "positive")
        for name in ("lag_seconds", "sparsity"):
            _check(name, 0 <= getattr(self, name) < math.inf, getattr(self, name), "zero or more")
        _check("seed", self.seed >= 0, self.seed, "zero or more")
        _check(
            "chunk_seconds",
            self.chunk_seconds > 2 * self.lag_seconds,
            self.chunk_seconds,
            f"more than twice lag_seconds ({self.lag_seconds:g})",
        )


@dataclasses.dataclass(frozen=True)
class AdaptSettings:
    """How readouts are fitted to a new animal."""

    strengths: tuple[float, ...] = (30.0, 10.0, 3.0, 1.0, 0.3)
    """Strengths of the penalty to choose from. At 1 readouts are expected to vary as much as those of the
    training animals; the more spikes a neuron has, the less the penalty counts."""
    components: int = 96
    """Directions of readouts that are fitted: those in which readouts of the training animals vary most."""
    block_seconds: float = 6.0
    """Length of a block within the given minutes; every fourth chooses the strength."""

    def __post_init__(self) -> None:
        good = bool(self.strengths) and all(0 < one < math.inf for one in self.strengths)
        _check("strengths", good, self.strengths, "positive numbers")
        _check("components", self.components >= 1, self.components, "at least 1")
        _check("block_seconds", 0 < self.block_seconds < math.inf, self.block_seconds, "positive")


@dataclasses.dataclass(frozen=True)
class ExciteSettings:
    """How the most exciting movements are searched for."""

    seconds: float = 1.0
    """Length of a movement, seconds."""
    real_movements: int = 6
    """Real movements that the search begins with: those of the highest predicted rates."""
    rounds: int = 8
    """Rounds of changing and performing movements."""
    batch: int = 24
    """Movements that are performed in each round."""
    elites: int = 4
    """Movements that are changed further in the next round."""
    steps: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0)
    """Lengths of a change, in standard deviations of real movements, summed as squares over coordinates."""
    noise: float = 0.1
    """Standard deviation of random changes of each coordinate, before gradient ascent, in half of the
    movements."""
    distance_weight: float = 5.0
    """Log rate that is taken off for the square of the distance from real movements beyond 1; at 1 are 5 % of
    real frames beyond it."""
    most: float = 1.5
    """Predicted rate, relative to that of the best real frame, beyond which more counts nothing: it would be
    extrapolation."""
    ascent_steps: int = 15
    """Steps of gradient ascent in each round."""
    seed: int = 0
    """Of random changes."""

    def __post_init__(self) -> None:
        for name in ("real_movements", "rounds", "batch", "elites", "ascent_steps"):
            _check(name, getattr(self, name) >= 1, getattr(self, name), "at least 1")
        _check("most", 1 <= self.most < math.inf, self.most, "at least 1")
        for name in ("noise", "distance_weight"):
            _check(name, 0 <= getattr(self, name) < math.inf, getattr(self, name), "zero or more")
        _check("seconds", 0 < self.seconds < math.inf, self.seconds, "positive")
        good = bool(self.steps) and all(0 < one < math.inf for one in self.steps)
        _check("steps", good, self.steps, "positive numbers")
        _check("elites", self.elites <= self.batch, self.elites, f"at most the batch ({self.batch})")


@dataclasses.dataclass(frozen=True)
class ImageSettings:
    """How the most exciting images are searched for."""

    contrast: float = 0.12
    """Root mean square of an image about its mean, relative to that of the frames of the training animals."""
    smoothness: float = 0.1
    """Penalty of roughness, which is the sum of squared differences of neighbouring pixels, over the sum of
    squares of all pixels. Its unit is that of a log rate, or a standard deviation of calcium."""
    restarts: int = 4
    """Random images that a search begins with."""
    steps: int = 80
    """Steps of gradient ascent."""
    step: float = 0.5
    """Length of the first step, relative to the norm of the image; it falls to a tenth."""
    seed: int = 0
    """Of the random images."""

    def __post_init__(self) -> None:
        for name in ("restarts", "steps"):
            _check(name, getattr(self, name) >= 1, getattr(self, name), "at least 1")
        for name in ("contrast", "step"):
            _check(name, 0 < getattr(self, name) < math.inf, getattr(self, name), "positive")
        _check("smoothness", 0 <= self.smoothness < math.inf, self.smoothness, "zero or more")
        _check("seed", self.seed >= 0, self.seed, "zero or more")


@dataclasses.dataclass(frozen=True)
class GridPlan:
    """The movements of an experiment on a twin."""

    seconds: float = 5.0
    """Length of a sequence, seconds."""
    pace: tuple[float, ...] = (0.75, 1.0, 1.5)
    """Paces, relative to the clip: at 1.5 a movement takes two thirds of the time."""
    amplitude: tuple[float, ...] = (0.0, 0.5, 1.5)
    """Amplitudes of one body part's joints about their means, relative to the clip; beside 1 for all."""
    part: tuple[str, ...] = ()
    """Body parts whose amplitude is changed, one at a time: trunk, head, forelimb_L, forelimb_R, hindlimb_L,
    hindlimb_R, tail. By default all."""

    def __post_init__(self) -> None:
        _check("seconds", 0 < self.seconds < math.inf, self.seconds, "positive")
        good = bool(self.pace) and all(0 < one < math.inf for one in self.pace)
        _check("pace", good, self.pace, "positive numbers")
        good = all(0 <= one < math.inf for one in self.amplitude)
        _check("amplitude", good, self.amplitude, "zero or more")
