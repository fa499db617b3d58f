"""What exciting movements are chosen by: the predicted rate, less a penalty for the distance from the data.

    objective = Objective.of(models, features, settings)        # features of real frames, of each model
    objective.scores(features)          # (..., neurons), log Hz
    objective.distance(features)        # 1 for the 5 % of real frames furthest out

Far from the data a twin may predict any rate. So the lowest prediction of several twins counts, if there are
several; a rate far beyond those of real frames counts no more; and a distance from real frames is taken off:
that of Mahalanobis, of the features that neurons read, the largest of all twins.
"""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from analysis.twin.rates import RateModel
from analysis.twin.settings import ExciteSettings
from rodent.rotation import Array

_FURTHEST = 0.95  # quantile of real frames that has a distance of 1
_LEAST = 1e-6  # of the largest variance
_NEARER = 0.1  # log rate for a distance of 1, so that of movements of one rate the nearest is chosen


@dataclasses.dataclass(frozen=True)
class Objective:
    """Predicted log rates with a penalty.

    Attributes:
        models: twins with the readouts of the same neurons.
        middle: mean of the features of real frames, of each model, shape (components,).
        whitening: such that whitened features have a length of 1 at the quantile, shape (components, n).
        most: highest log rates that count, shape (neurons,).
        weight: log rate that is taken off for the square of the distance beyond 1.
    """

    models: tuple[RateModel, ...]
    middle: tuple[np.ndarray, ...]
    whitening: tuple[np.ndarray, ...]
    most: np.ndarray
    weight: float

    @classmethod
    def of(
        cls, models: Sequence[RateModel], features: Sequence[np.ndarray], settings: ExciteSettings
    ) -> "Objective":
        """With the distance from real frames, and the highest rates in them.

        Args:
            models: twins with the readouts of the same neurons.
            features: of real frames, of each model, shape (frames, components).
            settings: weight of the distance, and how far beyond real rates counts.
        """
        middle, whitening = zip(*map(_whitening, features), strict=True)
        plain = cls(tuple(models), middle, whitening, np.array(np.inf), settings.distance_weight)
        most = plain.log_rates(features).max(0) + math.log(settings.most)
        return dataclasses.replace(plain, most=most.astype(np.float32))

    def log_rates(self, features: Sequence[Array]) -> Array:
        """The lowest log rates of all models, log Hz, shape (..., neurons).

        Args:
            features: of each model, shape (..., components); see `RateModel.features`.
        """
        found = [model.read(one) for model, one in zip(self.models, features, strict=True)]
        xp = found[0].__array_namespace__()
        return xp.min(xp.stack(found), axis=0)

    def distance(self, features: Sequence[Array]) -> Array:
        """The largest distance from real frames of all models, shape (...); see `log_rates`."""
        each = zip(features, self.middle, self.whitening, strict=True)
        found = [_length((one - middle) @ whitening) for one, middle, whitening in each]
        xp = found[0].__array_namespace__()
        return xp.max(xp.stack(found), axis=0)

    def scores(self, features: Sequence[Array]) -> Array:
        """Log rates less the penalty, log Hz, shape (..., neurons); see `log_rates`."""
        distance = self.distance(features)[..., None]
        penalty = self.weight * (distance - 1).clip(0) ** 2 + _NEARER * distance
        return self.log_rates(features).clip(None, self.most) - penalty


def _whitening(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Middle and whitening of the features of real frames."""
    middle = features.mean(0)
    sizes, directions = np.linalg.eigh(np.cov(features.T))
    kept = sizes > _LEAST * sizes[-1]
    whitening = directions[:, kept] / np.sqrt(sizes[kept])
    furthest = np.quantile(_length((features - middle) @ whitening), _FURTHEST)
    return middle, (whitening / furthest).astype(np.float32)


def _length(whitened: Array) -> Array:
    return ((whitened**2).sum(-1) + 1e-12) ** 0.5
