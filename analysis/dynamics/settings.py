"""Settings of latent dynamics. Light to import: the command line is derived from them."""

import dataclasses
import functools
import math
from typing import Literal

from rodent.errors import check_setting

TIME_FOLDS = 5
"""Parts of time, one of which is held out in a fold."""

ModelName = Literal["pca", "fa", "jpca", "lds", "lfads"]

_check = functools.partial(check_setting, "dynamics setting")


@dataclasses.dataclass(frozen=True)
class LfadsSettings:
    """Network and training of the sequential autoencoder (`--model lfads`)."""

    generator: int = 64
    """Units of the generator (a GRU)."""
    encoder: int = 64
    """Units of each direction of the encoders (GRUs)."""
    controller: int = 32
    """Units of the controller (a GRU)."""
    inputs: int = 1
    """Inferred inputs to the generator in each bin; 0 for a generator without inputs, and no controller."""
    steps: int = 1000
    """Steps of the optimiser (Adam)."""
    batch: int = 32
    """Windows of a step."""
    learning_rate: float = 5e-3
    """Learning rate at the beginning; it falls to zero as a cosine."""
    dropout: float = 0.3
    """Fraction of values that the encoders do not see in a step. Only these are then predicted, so that no
    value predicts itself (coordinated dropout; Keshtkaran and Pandarinath 2019)."""
    kl: float = 0.3
    """Strength of the divergences of initial states and inferred inputs from their priors; it grows from zero
    over the first third of the steps."""
    weight_decay: float = 1e-4
    """Strength of the squares of the recurrent weights of generator and controller, relative to the loss of
    one value."""

    def __post_init__(self) -> None:
        for name in ("generator", "encoder", "controller", "steps", "batch"):
            _check(name, getattr(self, name) >= 1, getattr(self, name), "at least 1")
        _check("inputs", self.inputs >= 0, self.inputs, "at least 0")
        _check("learning_rate", 0 < self.learning_rate < math.inf, self.learning_rate, "positive")
        _check("dropout", 0 < self.dropout < 1, self.dropout, "between 0 and 1")
        for name in ("kl", "weight_decay"):
            _check(name, 0 <= getattr(self, name) < math.inf, getattr(self, name), "zero or more")


@dataclasses.dataclass(frozen=True)
class DynamicsSettings:
    """How latent dynamics are fitted and scored."""

    model: ModelName = "lds"
    """Kind of the model. `pca`: principal components of smoothed activity. `fa`: factor analysis of it.
    `jpca`: planes of rotation of the principal components. `lds`: linear dynamical system, Poisson for spikes
    and Gaussian for units, by expectation maximisation. `lfads`: sequential variational autoencoder in the
    manner of LFADS."""
    dimensions: int | None = None
    """Number of latent variables. By default the smallest number whose co-smoothing by factor analysis is
    within 2 % of the best of 1, 2, 3, 4, 6, 8, 12, 16, within the training part."""
    window_seconds: float = 1.0
    """Length of the windows that time is cut into, seconds; time that is not in trials is one long piece."""
    overlap_seconds: float = 0.2
    """Overlap of neighbouring windows, seconds. Where two overlap, the rates of both are averaged, with
    weights that fall to zero at the edges."""
    smoothing_seconds: float = 0.05
    """Standard deviation of the Gaussian window for `pca`, `fa` and `jpca`, seconds; 0 for none."""
    held_out: float = 0.25
    """Fraction of the channels that the model does not see, and predicts (co-smoothing)."""
    folds: int = 1
    """Number of fits, each with another part of the channels and of time held out. Scores are their means;
    latents, fixed points and the saved model are those of the first fit."""
    forecast_seconds: float = 0.2
    """Time that is predicted from the rest of a window before it (forward prediction), seconds."""
    iterations: int = 25
    """Iterations of expectation maximisation, for `lds`."""
    shifts: int = 99
    """Time shifts for the null of rotations and of canonical correlations."""
    lfads: LfadsSettings = dataclasses.field(default_factory=LfadsSettings)
    seed: int = 0
    """Of held-out channels, initial weights, batches and time shifts."""

    def __post_init__(self) -> None:
        if self.dimensions is not None:
            _check("dimensions", self.dimensions >= 1, self.dimensions, "at least 1")
        for name in ("window_seconds", "forecast_seconds"):
            _check(name, 0 < getattr(self, name) < math.inf, getattr(self, name), "positive")
        for name in ("overlap_seconds", "smoothing_seconds"):
            _check(name, 0 <= getattr(self, name) < math.inf, getattr(self, name), "zero or more")
        for name, longest in (("overlap_seconds", 0.5), ("forecast_seconds", 0.5)):
            value = getattr(self, name)
            most = longest * self.window_seconds
            _check(name, value <= most, value, f"at most half of window_seconds ({most:g})")
        _check("held_out", 0 < self.held_out < 1, self.held_out, "between 0 and 1")
        _check("folds", 1 <= self.folds <= TIME_FOLDS, self.folds, f"from 1 to {TIME_FOLDS}")
        _check("iterations", self.iterations >= 1, self.iterations, "at least 1")
        _check("shifts", self.shifts >= 1, self.shifts, "at least 1")
