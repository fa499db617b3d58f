"""What a readout predicts of a signal, spikes or calcium, and how wrong that is.

    linear = read(readouts, features, slow, plan)       # what readouts sum, (bins, neurons)
    mean_of(linear, "gaussian")                         # expected signal, over its scale
    nats_of(linear, signals, "gaussian")                # negative log-likelihood of every bin
    require_signals(session, rows, "gaussian", "in the bins used")

| likelihood | signal | scale | mean of a linear prediction *x* | noise |
|---|---|---|---|---|
| `poisson` | spikes | 1 | exp(*x*) | Poisson |
| `gaussian` | calcium, may be negative | standard deviation | *x* | Gaussian |
| `elu` | deconvolved calcium, not negative | standard deviation | ELU(*x*) + 1 | Poisson |

ELU + 1 is positive, and grows linearly where exp(*x*) explodes. With the Poisson likelihood, taken of real
numbers, it is how Lurz et al. (ICLR 2021) fit deconvolved calcium. All three are convex in *x*.
"""

import numpy as np

from analysis.twin.session import TwinSession
from analysis.twin.settings import LikelihoodName
from rodent.errors import InputError
from rodent.rotation import Array

_LEAST_MEAN = 1e-3  # of a positive signal, over its scale, for its logarithm
_CONSTANT = 1e-9  # standard deviation relative to the largest value, below which rounding may be all there is


def mean_of(linear: Array, likelihood: LikelihoodName) -> Array:
    """Expected signal over its scale, shape as `linear`; NumPy or JAX.

    >>> mean_of(np.array([-1.0, 0.0, 2.0]), "elu").round(3)
    array([0.368, 1.   , 3.   ])
    """
    xp = linear.__array_namespace__()
    if likelihood == "gaussian":
        return linear
    if likelihood == "poisson":
        return xp.exp(linear)
    return xp.exp(xp.minimum(linear, 0.0)) + xp.maximum(linear, 0.0)


def linear_of(mean: np.ndarray, likelihood: LikelihoodName) -> np.ndarray:
    """The linear prediction with this mean over scale, shape as `mean`: the inverse of `mean_of`."""
    if likelihood == "gaussian":
        return mean
    if likelihood == "poisson":
        return np.log(mean)
    mean = np.maximum(mean, _LEAST_MEAN)
    return np.where(mean < 1, np.log(mean), mean - 1)


def nats_of(linear: Array, signals: Array, likelihood: LikelihoodName) -> Array:
    """Negative log-likelihood of every bin without its constant, nats, shape as `linear`; NumPy or JAX.

    Args:
        linear: predictions.
        signals: over their scale.
        likelihood: of the signals.
    """
    xp = linear.__array_namespace__()
    if likelihood == "gaussian":
        return 0.5 * xp.square(signals - linear)
    if likelihood == "poisson":
        return xp.exp(linear) - signals * linear
    log_mean = xp.minimum(linear, 0.0) + xp.log1p(xp.maximum(linear, 0.0))
    return mean_of(linear, likelihood) - signals * log_mean


def scale_of(signals: np.ndarray, likelihood: LikelihoodName) -> np.ndarray:
    """Standard deviation of calcium, 1 for spikes, shape (neurons,).

    Args:
        signals: of the bins that are fitted, shape (bins, neurons).
        likelihood: of the signals.
    """
    return np.ones(signals.shape[1]) if likelihood == "poisson" else signals.std(0, dtype=np.float64)


def require_signals(session: TwinSession, rows: np.ndarray, likelihood: LikelihoodName, when: str) -> None:
    """Refuse neurons whose signals the likelihood cannot describe, or that have nothing to predict.

    Args:
        session: of the neurons.
        rows: bins that are fitted or scored, shape (rows,).
        likelihood: of the twin.
        when: which bins these are, for the message.

    Raises:
        InputError: a neuron has no spikes, a signal is constant, spikes are no counts, or a signal is
            negative that must not be.
    """
    signals = session.counts[rows]
    if likelihood == "poisson":
        bad = ((signals < 0) | (signals != np.floor(signals))).any(0)
        _refuse(
            session,
            bad,
            f"have values that are no counts of spikes {when}",
            "for calcium take --likelihood gaussian, or elu if it is deconvolved",
        )
        mend = "leave them out (--select), or give more minutes"
        _refuse(session, signals.sum(0) == 0, f"have no spikes {when}", mend)
        return
    if likelihood == "elu":
        mend = "--likelihood elu is of deconvolved calcium; take gaussian"
        _refuse(session, (signals < 0).any(0), f"have negative values {when}", mend)
    still = signals.std(0, dtype=np.float64) <= _CONSTANT * np.abs(signals).max(0)
    _refuse(session, still, f"have a constant signal {when}", "leave them out, or give more minutes")


def _refuse(session: TwinSession, bad: np.ndarray, what: str, mend: str) -> None:
    if bad.any():
        raise InputError(
            f"session {session.name}: {int(bad.sum())} of {len(bad)} neurons {what}, such as "
            f"{session.neurons[int(np.argmax(bad))]}; {mend}"
        )
