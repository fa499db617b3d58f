"""One interface of all models of latent dynamics.

    model = make_model(settings, "spikes", dimensions=3, bin_seconds=0.02)      # of analysis.dynamics.models
    model.fit(windows, held_in)                 # windows of activity (windows, bins, channels)
    model.latents(windows)                      # (windows, bins, dimensions), from channels held in
    model.rates(windows)                        # expected values of all channels, (windows, bins, channels)
    model.forecast(windows, steps=10)           # of the bins that follow, (windows, steps, channels)

A model infers latents from the channels that are held in, and predicts all of them.
"""

import abc
from collections.abc import Callable, Mapping
from typing import Self

import numpy as np

from analysis.dynamics.activity import Kind
from analysis.dynamics.readout import Readout
from analysis.dynamics.settings import DynamicsSettings
from rodent.errors import InputError

Advance = Callable[[float], None]


def _silent(steps: float) -> None:
    """No progress is shown."""


class LatentModel(abc.ABC):
    """A model of a population's latent dynamics.

    Args:
        settings: of model and training.
        kind: `spikes` or `units`.
        dimensions: number of latent variables.
        bin_seconds: length of a bin.

    Attributes:
        held_in_: channels that latents are inferred from, bool, shape (channels,).
        readout_: from latents to all channels.
        step_: matrix (dimensions, dimensions) and offset (dimensions,) by which latents go on from bin to
            bin, where the model is linear; None otherwise.
    """

    def __init__(self, settings: DynamicsSettings, kind: Kind, dimensions: int, bin_seconds: float):
        self.settings, self.kind = settings, kind
        self.dimensions, self.bin_seconds = dimensions, bin_seconds
        self.held_in_ = np.zeros(0, bool)
        self.readout_: Readout
        self.step_: tuple[np.ndarray, np.ndarray] | None = None

    @classmethod
    def steps_of(cls, settings: DynamicsSettings) -> int:
        """Calls of `advance` in a fit."""
        return 1

    def fit(self, windows: np.ndarray, held_in: np.ndarray, advance: Advance = _silent) -> Self:
        """Fit.

        Args:
            windows: activity, shape (windows, bins, channels).
            held_in: channels to infer latents from, bool, shape (channels,).
            advance: called with the number of steps done.

        Raises:
            InputError: there are not more channels than latent variables.
        """
        if (n := int(held_in.sum())) < self.dimensions:
            raise InputError(
                f"{self.dimensions} latent variables cannot be inferred from {n} channels; take at most {n} "
                "(--dimensions)"
            )
        self.held_in_ = held_in
        self.learn(windows, advance)
        return self

    @abc.abstractmethod
    def learn(self, windows: np.ndarray, advance: Advance) -> None:
        """Fit latents, their dynamics, and the readout to windows."""

    @abc.abstractmethod
    def latents(self, windows: np.ndarray) -> np.ndarray:
        """Latent variables (windows, bins, dimensions), from the channels held in."""

    @abc.abstractmethod
    def forecast_latents(self, windows: np.ndarray, steps: int) -> np.ndarray:
        """Latent variables of the bins that follow, shape (windows, steps, dimensions)."""

    @abc.abstractmethod
    def tensors(self) -> dict[str, np.ndarray]:
        """Fitted arrays by name, apart from the readout and the channels held in."""

    @abc.abstractmethod
    def restore(self, tensors: Mapping[str, np.ndarray]) -> None:
        """Take over fitted arrays of `tensors`."""

    def rates(self, windows: np.ndarray) -> np.ndarray:
        """Expected counts or activations of all channels, shape (windows, bins, channels)."""
        return self.readout_.predict(self.latents(windows))

    def forecast(self, windows: np.ndarray, steps: int) -> np.ndarray:
        """Those of the bins that follow, shape (windows, steps, channels)."""
        return self.readout_.predict(self.forecast_latents(windows, steps))

    def fit_readout(self, latents: np.ndarray, windows: np.ndarray) -> None:
        """Fit the readout to the latents of windows."""
        latents = latents.reshape(-1, self.dimensions)
        self.readout_ = Readout.fit(latents, windows.reshape(len(latents), -1), self.kind)
