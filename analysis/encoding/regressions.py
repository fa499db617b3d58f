"""What all regressions have in common: trained on some folds of a session, scored on the others.

    regression = PoissonRegression(features, folds, targets, settings, advance)
    held = regression.held_out(fold=0)
    held.gain                                               # nats above the training mean, (columns,)

`analysis.encoding.penalised` has Poisson regressions, `analysis.encoding.banded` banded ridge,
`analysis.encoding.encoder` those of one's own.
"""

import abc
import dataclasses
import math
from collections.abc import Callable

import numpy as np

from analysis.encoding.features import Features
from analysis.encoding.folds import Folds
from analysis.encoding.settings import EncodingSettings
from analysis.encoding.targets import Targets
from rodent.errors import InputError

MOST_RATIO = 10.0
"""Predicted rates lie between the least rate fitted in training over this, and the greatest times it."""


@dataclasses.dataclass(frozen=True)
class HeldOut:
    """What became of one fold held out.

    Attributes:
        gain: log-likelihood above that of the training mean, nats, shape (columns,).
        mean: training mean, spikes per bin, shape (columns,).
        strengths: of the penalty that were chosen, by band, shape (groups, columns).
        rates: expected counts of the neurons, without the shifts, shape (rows of the fold, neurons).
        bounded: bins in which a prediction was kept within its limits, shape (columns,).
        coef: of a Poisson regression, without the shifts, shape (coefficients, neurons).
        squares: of a linear regression, squared error and that of the training mean, shape (2, neurons).
        weights: of a banded one, part of each band in the sum of all, shape (bands, neurons).
    """

    gain: np.ndarray
    mean: np.ndarray
    strengths: np.ndarray
    rates: np.ndarray
    bounded: np.ndarray
    coef: np.ndarray | None = None
    squares: np.ndarray | None = None
    weights: np.ndarray | None = None


class Regression(abc.ABC):
    """A regression of all columns of counts on the features of a model.

    Attributes:
        unconverged: fits of a neuron that stopped short of the optimum.

    Args:
        features: of the model.
        folds: of the session.
        targets: the counts.
        settings: of the regression.
        advance: told what part of a fit of all neurons is done.
    """

    def __init__(
        self,
        features: Features,
        folds: Folds,
        targets: Targets,
        settings: EncodingSettings,
        advance: Callable[[float], None],
    ):
        self.features, self.folds, self.targets, self.settings = features, folds, targets, settings
        self.advance = advance
        self.unconverged = 0

    @classmethod
    @abc.abstractmethod
    def n_fits(cls, settings: EncodingSettings, n_groups: int = 1) -> int:
        """How many regressions of all neurons there are: the unit of progress."""

    @abc.abstractmethod
    def held_out(self, fold: int) -> HeldOut:
        """Train without a fold, and score on it.

        Raises:
            InputError: there are fewer training bins than features.
        """


def require_shared(targets: Targets, name: str) -> None:
    """Refuse the neurons' own past, for a regression that has one set of features for all neurons.

    Raises:
        InputError: the past is among the features.
    """
    if targets.n_own:
        raise InputError(
            f"{name} has one set of features for all neurons, and history is each neuron's own; "
            "take --model group-lasso, or leave out history"
        )


def enough_bins(n_bins: int, n_features: int) -> None:
    """Refuse a regression on more features than there are bins to learn from.

    Raises:
        InputError: it is one.
    """
    if n_bins <= n_features:
        raise InputError(
            f"{n_features} features are regressed on in {n_bins} training bins; take a longer recording, "
            "shorter bins, or fewer --components, --lags or bands"
        )


def rate_limits(trained: np.ndarray, n_bins: int) -> np.ndarray:
    """Least and greatest log rate that is predicted, from the range of those in training.

    A prediction goes no further than MOST_RATIO beyond: where features lie together as they never did in
    training, an exponential can come to any rate. And it is no less than half a spike in all of training,
    over MOST_RATIO.

    Args:
        trained: least and greatest log rate in training, shape (2, neurons).
        n_bins: bins of training.
    """
    low, high = trained + np.array([[-1.0], [1.0]]) * math.log(MOST_RATIO)
    floor = math.log(0.5 / n_bins / MOST_RATIO)
    return np.stack([np.maximum(low, floor), np.maximum(high, floor)])
