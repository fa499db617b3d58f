"""Poisson regression of many neurons at once, with NeMoS.

    encoder = PoissonEncoder(strength=0.1).fit(features, counts)
    encoder.predict(features)           # expected counts, (bins, neurons)
    encoder.score(features, counts)     # bits per spike, (neurons,)

The rate is the exponential of a weighted sum of features. NeMoS' `PopulationGLM` gives the
model and its L-BFGS the optimum; here the problem is put so that one compiled fit serves
all that have its shape, and so that neurons of all rates converge alike.
"""

import functools
import warnings
from collections.abc import Callable
from typing import Any, Self

import numpy as np

from rodent.errors import InputError, WorkError

TOLERANCE = 1e-6
_MAX_STEPS = 1000
_CELLS = 1 << 23  # bins x neurons fitted at a time, which bounds memory


def bits_per_spike(counts: np.ndarray, predicted: np.ndarray, baseline: np.ndarray) -> np.ndarray:
    """Poisson log-likelihood of the prediction above that of constant rates, in bits per spike.

    Args:
        counts: spikes, shape (bins, neurons).
        predicted: expected counts, positive, shape (bins, neurons).
        baseline: the constant expected counts, positive, shape (neurons,).

    Returns:
        bits per spike, shape (neurons,); NaN where there are no spikes.

    >>> bits_per_spike(np.array([[0], [2]]), np.array([[0.5], [1.5]]), np.array([1.0])).round(3)
    array([0.585])
    """
    spikes = counts.sum(0, dtype=np.float64)
    gain = likelihood_gain(counts, predicted, baseline)
    return np.divide(gain, spikes * np.log(2), out=np.full(len(spikes), np.nan), where=spikes > 0)


def likelihood_gain(counts: np.ndarray, predicted: np.ndarray, baseline: np.ndarray) -> np.ndarray:
    """The same, summed over bins, in nats, shape (neurons,)."""
    return (counts * np.log(predicted / baseline)).sum(0) - (predicted - baseline).sum(0)


class PoissonEncoder:
    """Ridge-penalised Poisson regression with an exponential link, for many neurons.

    Per neuron it minimises the mean over bins of (rate - count log rate) / mean count, plus
    strength / 2 times the squared coefficients (not the intercept).

    Attributes:
        strength: of the penalty, relative to the neuron's mean count; one for all neurons
            or shape (neurons,).
        coef_: shape (features, neurons).
        intercept_: log of the expected count where all features are zero, shape (neurons,).
        mean_: mean training count, shape (neurons,); half a spike in all where there is none.
        range_: least and greatest training value of the features, shape (2, features).
        converged_: whether the optimum was reached, bool, shape (neurons,).
    """

    def __init__(self, strength: float | np.ndarray = 0.1):
        self.strength = strength

    def fit(self, features: np.ndarray, counts: np.ndarray) -> Self:
        """Fit all neurons.

        Args:
            features: shape (bins, features).
            counts: spikes, shape (bins, neurons).

        Raises:
            InputError: NeMoS is not installed.
            WorkError: a fit came out infinite.
        """
        n_bins, n_neurons = counts.shape
        self.range_ = np.stack([features.min(0), features.max(0)])
        total = counts.sum(0, dtype=np.float64)
        self.mean_ = np.maximum(total, 0.5) / n_bins
        # of mean 0 and variance 1, features make a round bowl; the penalty stays on those given
        center, spread = features.mean(0), features.std(0)
        spread = np.where(spread > 0, spread, 1.0)
        whitened = (features - center) / spread
        penalty = np.broadcast_to(self.strength, n_neurons) / spread[:, None] ** 2
        width = min(n_neurons, max(1, _CELLS // n_bins))
        results = []
        for start in range(0, n_neurons, width):
            # the last group overlaps the one before: another width would be compiled anew
            group = slice(min(start, n_neurons - width), min(start, n_neurons - width) + width)
            # relative to its mean count each neuron has a bowl of about the same size; one
            # that never fires is taken as constant
            relative = np.where(total[group] > 0, counts[:, group] / self.mean_[group], 1.0)
            results.append((group, _solve(whitened, relative, penalty[:, group])))
        self.coef_ = np.empty((features.shape[1], n_neurons))
        self.intercept_ = np.empty(n_neurons)
        self.converged_ = np.empty(n_neurons, bool)
        for group, (coef, intercept, converged) in results:
            self.coef_[:, group] = coef / spread[:, None]
            self.intercept_[group] = intercept + np.log(self.mean_[group]) - center @ self.coef_[:, group]
            self.converged_[group] = converged
        if not (np.isfinite(self.coef_).all() and np.isfinite(self.intercept_).all()):
            raise WorkError("a Poisson regression came out infinite; take stronger penalties (--strengths)")
        return self

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Expected counts, shape (bins, neurons).

        Features are taken no further than training went: beyond, an exponential says nothing
        but can cost any number of bits.
        """
        return np.exp(np.clip(features, *self.range_) @ self.coef_ + self.intercept_)

    def score(self, features: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Bits per spike against the training mean, shape (neurons,)."""
        return bits_per_spike(counts, self.predict(features), self.mean_)


def _solve(
    features: np.ndarray, relative: np.ndarray, penalty: np.ndarray
) -> tuple[np.ndarray, np.ndarray, bool]:
    """Coefficients (features, neurons), intercepts (neurons,), and whether they are the optimum."""
    if not features.shape[1]:
        return np.zeros((0, relative.shape[1])), np.zeros(relative.shape[1]), True
    import jax

    # only here: single precision stops far from the optimum, and other code counts on it
    with jax.enable_x64(True):
        coef, intercept, converged = _compiled()(
            np.asarray(features, np.float64), np.asarray(relative, np.float64), penalty
        )
        return np.asarray(coef), np.asarray(intercept), bool(converged)


@functools.cache
def _compiled() -> Callable[..., Any]:
    """NeMoS' fit as one jitted function of features, counts and the penalty of each coefficient.

    `PopulationGLM.fit` builds the penalty into the program, so that each call compiles. Where
    features have variance 1, the curvature along a coefficient is about 1 + penalty: the
    solver moves coefficients in units in which it is 1 for all, which saves most steps.
    """
    import jax
    import jax.numpy as jnp

    nemos = load_nemos()
    from nemos.glm.params import GLMParams

    class GivenPenalty(nemos.regularizer.Ridge):
        """Ridge, with a strength for each coefficient that is an argument of the fit."""

        def penalized_loss(self, loss: Callable, params: Any, strength: Any) -> Callable:
            """The loss of parameters in the solver's units, features, counts and penalty."""

            def penalized(moved: Any, features: Any, counts: Any, penalty: Any = 0.0) -> Any:
                coef = moved.coef / jnp.sqrt(1 + penalty)
                ridge = 0.5 * jnp.sum(penalty * coef**2)
                return loss(GLMParams(coef, moved.intercept), features, counts) + ridge

            return penalized

    model = nemos.glm.PopulationGLM(
        regularizer=GivenPenalty(),
        regularizer_strength=1.0,
        solver_name="LBFGS",
        solver_kwargs={"tol": TOLERANCE, "rtol": TOLERANCE, "maxiter": _MAX_STEPS, "throw": False},
    )
    # any data will do, for nothing is kept of them
    start = (np.zeros((1, 1)), np.zeros(1))
    model.initialize_solver_and_state(np.zeros((2, 1)), np.ones((2, 1)), start)

    @jax.jit
    def fit(features: jax.Array, counts: jax.Array, penalty: jax.Array) -> tuple[jax.Array, ...]:
        flat = GLMParams(jnp.zeros_like(penalty), jnp.zeros(penalty.shape[1], penalty.dtype))
        moved, state, _ = model.solver_run(flat, features, counts, penalty)
        return moved.coef / jnp.sqrt(1 + penalty), moved.intercept, state.terminate

    return fit


def load_nemos() -> Any:
    """The package nemos.

    Raises:
        InputError: it is not installed.
    """
    try:
        with warnings.catch_warnings():
            # it still looks for JAXopt, which brax brings and which says that it is retired
            warnings.filterwarnings("ignore", "JAXopt is no longer maintained", DeprecationWarning)
            import nemos

            nemos.solvers.get_solver("LBFGS")
    except ImportError as error:
        raise InputError(
            f"comparison with neurons needs NeMoS ({error}): pip install 'virtual-rodent[neuro]'"
        ) from error
    return nemos
