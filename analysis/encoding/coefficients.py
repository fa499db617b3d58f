"""Coefficients of a regression, each with the name of its feature.

    found = result.coefficients[0]                  # of the first fold held out
    found.names[0], found.values[0]                 # FeatureName("joints", "hip_L", 0.1), (neurons,)

A coefficient is the change of the log rate per unit of its feature. Features are standardised on the
training bins: a unit is a standard deviation there, and for principal components, splines and the own past
one scale of their band, see `analysis.encoding.components`.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from analysis.encoding.bands import HISTORY
from analysis.encoding.features import FeatureName, Features
from analysis.encoding.regressions import HeldOut

CONSTANT = FeatureName("constant", "constant", 0.0)


@dataclasses.dataclass(frozen=True)
class Coefficients:
    """Of one fold held out.

    Attributes:
        names: of the features; the constant has a name too.
        values: log rate per standardised unit, shape (coefficients, neurons).
    """

    names: tuple[FeatureName, ...]
    values: np.ndarray


def coefficients(features: Features, n_own: int, held: Sequence[HeldOut]) -> tuple[Coefficients, ...] | None:
    """Of every fold; None where the regression has none, as banded ridge has not.

    Args:
        features: of the model.
        n_own: features of the neurons' own past.
        held: what became of each fold.
    """
    past = [FeatureName(HISTORY, f"basis {k}", 0.0) for k in range(n_own)]
    return (
        tuple(
            Coefficients((*features.names((fold,)), CONSTANT, *past), one.coef)
            for fold, one in enumerate(held)
            if one.coef is not None
        )
        or None
    )
