"""Regressions of one's own, in scikit-learn's manner, and how they are cross-validated.

    @REGRESSIONS.register("mine")                     # then: rodent encode … --model mine
    class Mine(Encoder):
        def __init__(self, strength=0.1): ...
        def fit(self, features, counts): ...          # sets self.mean_, returns self
        def predict(self, features): ...              # expected counts, (bins, neurons)

A regression of the registry is a class with `fit` and `predict`, such as an `Encoder`. It is fitted without
each fold in turn, and scored on that fold like any other. The built-in ones are of the class `Regression`,
which shares work between folds.
"""

import abc
import functools
import inspect
import itertools
import math
from collections.abc import Callable
from typing import Any, ClassVar, Self

import numpy as np

from analysis.encoding.features import Features
from analysis.encoding.folds import Folds
from analysis.encoding.regressions import HeldOut, Regression, enough_bins, rate_limits, require_shared
from analysis.encoding.scores import bits_per_spike, likelihood_gain, mean_count
from analysis.encoding.settings import EncodingSettings
from analysis.encoding.targets import Targets
from analysis.parts import REGRESSIONS
from rodent.errors import InputError, WorkError


class Encoder(abc.ABC):
    """A model of many neurons' spikes; base of regressions of one's own.

    What `__init__` can be given, each by its name and only if the class takes it:

    - `strength`: of the penalty, shape (neurons,): for each neuron the one of --strengths that serves best
      within the training folds;
    - `groups`: index of each feature's band, shape (features,).

    Attributes:
        mean_: mean training count, positive, shape (neurons,); set by `fit`.
    """

    mean_: np.ndarray

    @abc.abstractmethod
    def fit(self, features: np.ndarray, counts: np.ndarray) -> Self:
        """Fit all neurons.

        Args:
            features: standardised, float32, shape (bins, features).
            counts: spikes, whole numbers, shape (bins, neurons).
        """

    @abc.abstractmethod
    def predict(self, features: np.ndarray) -> np.ndarray:
        """Expected counts, not negative, shape (bins, neurons)."""

    def score(self, features: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Bits per spike against the training mean, shape (neurons,)."""
        return bits_per_spike(counts, self.predict(features), self.mean_)


def regression_class(name: str) -> type[Regression]:
    """The class that cross-validates a regression of the registry.

    Raises:
        InputError: no regression has this name, its package is broken, or it lacks `fit` or `predict`.
    """
    kind: Any = REGRESSIONS.get(name, "--model")
    if isinstance(kind, type) and issubclass(kind, Regression):
        return kind
    if missing := [method for method in ("fit", "predict") if not callable(getattr(kind, method, None))]:
        raise InputError(
            f"regression {name!r} ({REGRESSIONS.origins()[name]}) has no method {missing[0]}; a class with "
            "fit and predict is expected, such as an Encoder"
        )
    return type(f"CrossValidated{name}", (EncoderRegression,), {"encoder": kind, "name": name})


class EncoderRegression(Regression):
    """An encoder, fitted without each fold in turn; its strength is chosen within the training folds.

    Attributes:
        encoder: the class; fitted anew for every fold.
        name: in the registry.
    """

    encoder: ClassVar[Any]
    name: ClassVar[str]

    def __init__(
        self,
        features: Features,
        folds: Folds,
        targets: Targets,
        settings: EncodingSettings,
        advance: Callable[[float], None],
    ):
        super().__init__(features, folds, targets, settings, advance)
        require_shared(targets, self.name)
        self._counts = targets.counts(slice(0, targets.n_columns))

    @classmethod
    def n_fits(cls, settings: EncodingSettings, n_groups: int = 1) -> int:
        """How many regressions of all neurons there are: the unit of progress."""
        searched = math.comb(settings.folds, 2) * len(settings.strengths) if cls._searches(settings) else 0
        return settings.folds + searched

    @classmethod
    def _takes(cls, name: str) -> bool:
        return name in inspect.signature(cls.encoder).parameters

    @classmethod
    def _searches(cls, settings: EncodingSettings) -> bool:
        return cls._takes("strength") and len(settings.strengths) > 1

    @functools.cached_property
    def strengths(self) -> np.ndarray:
        """What serves each column best within the training folds of each fold, shape (folds, columns).

        Of the fits without folds i and j, the score on j chooses for i and the other way round.
        """
        candidates, shape = np.array(self.settings.strengths), (self.folds.n_folds, self.targets.n_columns)
        if not self._takes("strength"):
            return np.full(shape, np.nan)
        if not self._searches(self.settings):
            return np.full(shape, candidates[0])
        total = np.zeros((len(candidates), *shape))
        for pair in itertools.combinations(range(self.folds.n_folds), 2):
            for s, strength in enumerate(candidates):
                fitted = self._fitted(pair, np.full(shape[1], strength))
                for held, other in zip(pair, pair[::-1], strict=True):
                    rates, _ = fitted.rates(held)
                    total[s, other] += likelihood_gain(
                        self._counts[self.folds.rows(held)], rates, fitted.mean
                    )
                self.advance(1)
        return candidates[total.argmax(0)]

    def held_out(self, fold: int) -> HeldOut:
        """Train without a fold, and score on it.

        Raises:
            InputError: there are fewer training bins than features.
            WorkError: predictions are not finite, negative, or of another shape.
        """
        strengths = self.strengths[fold]
        fitted = self._fitted((fold,), strengths)
        rates, bounded = fitted.rates(fold)
        gain = likelihood_gain(self._counts[self.folds.rows(fold)], rates, fitted.mean)
        self.advance(1)
        own = rates[:, : self.targets.n_neurons].astype(np.float32)
        return HeldOut(gain, fitted.mean, strengths[None], own, bounded)

    def _fitted(self, held_out: tuple[int, ...], strengths: np.ndarray) -> "_Fitted":
        train = self.folds.training(held_out)
        features, groups = self.features.fitted(held_out)
        enough_bins(len(train), features.shape[1])
        given = {"strength": strengths, "groups": groups}
        encoder = self.encoder(**{name: value for name, value in given.items() if self._takes(name)})
        encoder.fit(features[train], self._counts[train])
        return _Fitted(encoder, self.name, features, train, self._counts, self.folds)


class _Fitted:
    """An encoder fitted to some rows.

    Attributes:
        mean: training mean, spikes per bin, shape (columns,).
    """

    def __init__(
        self,
        encoder: Any,
        name: str,
        features: np.ndarray,
        train: np.ndarray,
        counts: np.ndarray,
        folds: Folds,
    ):
        self._encoder, self._name, self._features, self._folds = encoder, name, features, folds
        self._range = features[train].min(0), features[train].max(0)
        self.mean = mean_count(counts[train].sum(0, dtype=np.float64), len(train))
        trained = np.log(np.maximum(self._predicted(features[train]), np.finfo(np.float64).tiny))
        self._low, self._high = np.exp(rate_limits(np.stack([trained.min(0), trained.max(0)]), len(train)))

    def rates(self, fold: int) -> tuple[np.ndarray, np.ndarray]:
        """Expected counts of a fold, shape (rows, columns), and how many were bounded, shape (columns,)."""
        # as of every regression: features go no further than in training, and rates hardly
        found = self._predicted(np.clip(self._features[self._folds.rows(fold)], *self._range))
        return np.clip(found, self._low, self._high), ((found < self._low) | (found > self._high)).sum(0)

    def _predicted(self, features: np.ndarray) -> np.ndarray:
        found = np.asarray(self._encoder.predict(features), np.float64)
        expected = (len(features), len(self.mean))
        if found.shape != expected or not np.isfinite(found).all() or (found < 0).any():
            raise WorkError(
                f"regression {self._name!r} ({REGRESSIONS.origins()[self._name]}) predicts an array of shape "
                f"{found.shape}, from {np.min(found, initial=0):g} to {np.max(found, initial=0):g}; expected "
                f"counts of shape {expected} are needed, finite and not negative"
            )
        return found
