"""A twin and its readouts as one function: from streams of behavior to the log rates of all neurons.

    rates = RateModel.of(twin, readouts)
    rates.log_rates(columns)            # (sequences, rows, neurons), log Hz, of (sequences, bins, columns)
    rates.rows(bins)                    # which bins of a sequence these rows are

It is differentiable in the columns. As when readouts predict, features are limited to their range in the
minutes that the readouts were fitted to. The slow state is held at its mean there, so that sequences differ
by their movement alone.
"""

import dataclasses
import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from analysis.twin.adaptation import AdaptedReadouts
from analysis.twin.core import MEMORY_SECONDS, core_of
from analysis.twin.perspective import standardised
from analysis.twin.twin import Twin
from rodent.errors import InputError
from rodent.rotation import Array


@dataclasses.dataclass(frozen=True)
class RateModel:
    """A frozen twin with the readouts of one animal.

    Attributes:
        core: module of the core.
        params: of the core.
        center, scale: of the columns, shape (columns,).
        basis: directions of readouts, shape (lags, parts × channels, components).
        middle: mean of the features in the minutes that readouts were fitted to, shape (components,).
        range: least and greatest of the features less this mean, shape (2, components).
        weights: of the features, shape (components, neurons).
        constant: log rate at the middle, log Hz, shape (neurons,).
        lags: bins, shape (lags,).
        skipped: bins at the beginning that fill the core's memory.
    """

    core: Any
    params: Any
    center: np.ndarray
    scale: np.ndarray
    basis: np.ndarray
    middle: np.ndarray
    range: np.ndarray
    weights: np.ndarray
    constant: np.ndarray
    lags: tuple[int, ...]
    skipped: int

    @classmethod
    def of(cls, twin: Twin, readouts: AdaptedReadouts) -> "RateModel":
        """Of readouts that are fitted to the core of this twin.

        Raises:
            InputError: the readouts belong to another core, or are of calcium or of images.
        """
        readouts.require_twin(twin)
        twin.require_spikes("a function of movement to rates")
        if readouts.place is not None:
            raise InputError(
                f"the readouts of session {readouts.session} are of images; take `ImageResponses` of "
                "`analysis.twin.excite_image` for them"
            )
        basis = twin.basis_[..., : readouts.components]
        used = basis.shape[-1]
        memory = round(MEMORY_SECONDS / twin.bin_seconds_) if twin.settings.core == "gru" else 0
        return cls(
            core=core_of(twin.settings, twin.parts),
            params=twin.core_,
            center=twin.perspective_.center,
            scale=twin.perspective_.scale,
            basis=basis,
            middle=readouts.center[:used],
            range=readouts.range[:, :used],
            weights=readouts.coefficients[:used].astype(np.float32),
            constant=(readouts.coefficients[-1] - np.log(twin.bin_seconds_)).astype(np.float32),
            lags=tuple(twin.plan.lags.tolist()),
            skipped=memory,
        )

    @property
    def shortest(self) -> int:
        """Bins of the shortest sequence with a row."""
        return self.skipped + 2 * self.lags[-1] + 1

    def rows(self, bins: int) -> np.ndarray:
        """Bins of a sequence that have a rate, shape (rows,).

        Args:
            bins: of the sequence.

        Raises:
            InputError: it is too short.
        """
        if bins < self.shortest:
            raise InputError(f"a sequence has {bins} bins; the twin needs {self.shortest} at least")
        return np.arange(self.skipped + self.lags[-1], bins - self.lags[-1])

    def log_rates(self, columns: jax.Array) -> jax.Array:
        """Log rates, log Hz, shape (sequences, rows, neurons).

        Args:
            columns: of the streams, in their units, shape (sequences, bins, columns).
        """
        return self._compiled(self.params, jnp.asarray(columns))

    def features(self, params: Any, columns: jax.Array) -> jax.Array:
        """Features less their mean, without limits, shape (sequences, rows, components).

        Args:
            params: of the core, an argument so that they are no constants of a compiled function.
            columns: as of `log_rates`.
        """
        values = self.core.apply(params, standardised(columns, self.center, self.scale))
        flat = values.reshape(*values.shape[:2], -1)
        rows = self.rows(flat.shape[1])
        first, length = int(rows[0]), len(rows)
        found = jnp.zeros((len(flat), length, len(self.middle))) - self.middle
        for lag, weights in zip(self.lags, self.basis, strict=True):
            found = found + flat[:, first - lag : first - lag + length] @ weights
        return found

    def read(self, features: Array) -> Array:
        """Log rates of features, log Hz, shape (..., neurons); NumPy or JAX."""
        return features.clip(*self.range) @ self.weights + self.constant

    @functools.cached_property
    def _compiled(self) -> Any:
        return jax.jit(lambda params, columns: self.read(self.features(params, columns)))
