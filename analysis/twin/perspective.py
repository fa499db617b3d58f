"""What of behavior is a matter of the animal, and of its slow state, before the core sees it.

    perspective = Perspective.of(sessions)
    perspective.columns(session)        # standardised over all animals, float32, (bins, columns)
    perspective.slow(session)           # slow state, (bins, 3)

Columns have one scale for all animals, so that a movement means the same in each. In training every animal
also has a factor for each stream and a lag of its own, which are learnt. All pixels of an image have one mean
and scale: a pattern is then the same wherever it is. The slow state is how much the animal, or the image, has
moved in the last seconds, up to a minute: what gates neurons beyond the movement of the moment.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from analysis.encoding.components import Moments
from analysis.twin.images import image_shape
from analysis.twin.session import TwinSession
from rodent.errors import InputError

SLOW_SECONDS = (2.0, 10.0, 60.0)
"""Time constants of the slow state, seconds."""
_FURTHEST = 6.0  # standard deviations at which columns are clipped
_LEAST = 1e-6  # of the mean: a column that varies less is constant
_LEAST_MOVEMENT = 1e-3  # standard deviations per bin, for the logarithm


@dataclasses.dataclass(frozen=True)
class Perspective:
    """Means and scales of all training animals.

    Attributes:
        center, scale: of columns, shape (columns,).
        slow_center, slow_scale: of the slow state, shape (3,).
    """

    center: np.ndarray
    scale: np.ndarray
    slow_center: np.ndarray
    slow_scale: np.ndarray

    @classmethod
    def of(cls, sessions: Sequence[TwinSession]) -> "Perspective":
        """Of training sessions.

        Raises:
            InputError: no column varies.
        """
        moments = Moments.pooled([Moments.of(one.columns[one.piece >= 0]) for one in sessions])
        mean, scale = moments.mean, np.sqrt(np.diag(moments.products) / moments.n)
        if image_shape(sessions[0].layout) is not None:
            power = np.mean(np.square(scale) + np.square(mean - mean.mean()))
            mean, scale = np.full_like(mean, mean.mean()), np.full_like(scale, np.sqrt(power))
        if not scale.any():
            raise InputError(f"all {len(scale)} columns of the streams are constant; take other streams")
        live = scale > _LEAST * np.maximum(np.abs(mean), _LEAST)
        first = cls(mean, np.where(live, scale, np.inf), np.zeros(3), np.ones(3))
        slow = np.concatenate([first.slow(one)[one.piece >= 0] for one in sessions])
        spread = slow.std(0)
        return dataclasses.replace(
            first, slow_center=slow.mean(0), slow_scale=np.where(spread > 0, spread, np.inf)
        )

    def columns(self, session: TwinSession) -> np.ndarray:
        """Standardised columns, float32, shape (bins, columns); 0 for those that are constant."""
        return standardised(session.columns, self.center, self.scale).astype(np.float32)

    def slow(self, session: TwinSession) -> np.ndarray:
        """Logarithm of the movement in the last seconds, standardised, float32, shape (bins, 3)."""
        from scipy.signal import lfilter

        columns = self.columns(session)
        step = np.sqrt(np.square(np.diff(columns, axis=0, prepend=columns[:1])).mean(1))
        known = (session.piece >= 0) & (np.diff(session.piece, prepend=-1) == 0)
        step = np.where(known, step, step[known].mean() if known.any() else 0.0)
        found = []
        for seconds in SLOW_SECONDS:
            keep = np.exp(-session.bin_seconds / seconds)
            past, _ = lfilter([1 - keep], [1, -keep], step, zi=[keep * step.mean()])
            found.append(np.log(np.maximum(past, _LEAST_MOVEMENT)))
        return ((np.stack(found, axis=1) - self.slow_center) / self.slow_scale).astype(np.float32)


def standardised(columns: Any, center: np.ndarray, scale: np.ndarray) -> Any:
    """Columns less their means over their scales, clipped; NumPy or JAX arrays, shape (..., columns)."""
    return ((columns - center) / scale).clip(-_FURTHEST, _FURTHEST)
