"""Bootstrap of experiments: policies and clips are resampled, and draws of units within policies.

resamples = Resamples(n_policies=8, n_clips=9, settings)
means = resamples.cell_means(changes)           # (samples, policies, clips), of (policies, clips, draws)
interval(resamples.mean(means), resamples.n)    # of their mean over policies and clips

Rollouts of one policy or of one clip are alike. An interval over rollouts, or over draws of units alone, is
too narrow (pseudoreplication; Hurlbert, Ecological Monographs 54, 187, 1984). So policies and clips are
resampled, each on its own, as they are crossed (the pigeonhole bootstrap; Owen, Annals of Applied Statistics
1, 386, 2007), and draws within policies. Policies are resampled if there are enough of them; with fewer the
interval holds for these policies.
"""

import functools

import numpy as np

from analysis.effects.settings import EffectSettings

FEW_CLIPS = 5
"""With fewer clips, intervals are said to be uncertain."""


class Resamples:
    """Bootstrap weights of policies, clips and draws.

    Args:
        n_policies, n_clips: how many there are.
        settings: number of samples and seed.

    Attributes:
        levels: what is resampled above the draws, from the highest.
        n: number of units at the highest of these levels; 0 if there is none.
    """

    def __init__(self, n_policies: int, n_clips: int, settings: EffectSettings):
        self._settings, self._shape = settings, (n_policies, n_clips)
        self._of_draws: dict[tuple[int, int], np.ndarray] = {}
        counts = {}
        if n_policies >= settings.least_policies:
            counts["policies"] = n_policies
        if n_clips > 1:
            counts["clips"] = n_clips
        self.levels, self.n = tuple(counts), next(iter(counts.values()), 0)

    @property
    def notes(self) -> tuple[str, ...]:
        """What intervals do not cover."""
        n_policies, n_clips = self._shape
        notes = []
        if not self.n:
            notes.append(
                "one clip, and too few policies to resample: there are no intervals, because draws of units "
                "alone are pseudoreplicates"
            )
        elif "policies" not in self.levels:
            which = "one policy" if n_policies == 1 else f"{n_policies} policies"
            notes.append(
                f"intervals are over {' and '.join(self.levels)} of {which}: they do not generalise to other "
                f"policies; {self._settings.least_policies} or more are resampled"
            )
        if 1 < n_clips < FEW_CLIPS:
            notes.append(f"{n_clips} clips are few: intervals over fewer than {FEW_CLIPS} are uncertain")
        return tuple(notes)

    @functools.cached_property
    def cells(self) -> np.ndarray:
        """Weight of each policy and clip, shape (samples, policies, clips)."""
        parts = [
            self._weights(stream, (), n) if level in self.levels else np.ones((self._settings.bootstraps, n))
            for stream, (level, n) in enumerate(zip(("policies", "clips"), self._shape, strict=True))
        ]
        return parts[0][:, :, None] * parts[1][:, None, :]

    def cell_means(self, values: np.ndarray, stream: int = 0) -> np.ndarray:
        """Means over resampled draws.

        Args:
            values: shape (policies, clips, draws), NaN where there is none.
            stream: of random numbers; draws of arms and of controls are independent.

        Returns:
            shape (samples, policies, clips).
        """
        n_draws = values.shape[2]
        if n_draws == 1:
            return np.broadcast_to(values[None, :, :, 0], self.cells.shape)
        weights = self._draws(stream, n_draws)
        known = np.isfinite(values)
        total = np.moveaxis(weights @ np.swapaxes(np.where(known, values, 0.0), 1, 2), 0, 1)
        if known.all():
            return total / n_draws
        count = np.moveaxis(weights @ np.swapaxes(known.astype(float), 1, 2), 0, 1)
        return np.where(count > 0, total / np.maximum(count, 1.0), np.nan)

    def mean(self, cells: np.ndarray) -> np.ndarray:
        """Means over resampled policies and clips, shape (samples,), of values (samples, policies, clips)."""
        return weighted_mean(cells, self.cells)

    def _draws(self, stream: int, n_draws: int) -> np.ndarray:
        """Weights of draws, shape (policies, samples, draws)."""
        if (stream, n_draws) not in self._of_draws:
            weights = self._weights(2 + stream, self._shape[:1], n_draws)
            self._of_draws[stream, n_draws] = np.ascontiguousarray(np.moveaxis(weights, 1, 0))
        return self._of_draws[stream, n_draws]

    def _weights(self, stream: int, shape: tuple[int, ...], n: int) -> np.ndarray:
        random = np.random.default_rng([self._settings.seed, stream])
        return random.multinomial(n, np.full(n, 1 / n), (self._settings.bootstraps, *shape)).astype(float)


def weighted_mean(cells: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean over policies and clips, NaN where all weight is on cells without a value.

    Args:
        cells, weights: shapes (…, policies, clips); cells are NaN where there is no value.
    """
    known = np.isfinite(cells)
    weight = np.where(known, weights, 0.0).sum((-2, -1))
    total = np.where(known, cells * weights, 0.0).sum((-2, -1))
    return np.where(weight > 0, total / np.where(weight > 0, weight, 1.0), np.nan)


def interval(samples: np.ndarray, n: int) -> np.ndarray:
    """95 % intervals by expanded percentiles (Hesterberg, The American Statistician 69, 371, 2015).

    Percentiles of bootstrap samples are too narrow for few units. They are moved outward by as much as makes
    the interval of a normal mean that of Student.

    Args:
        samples: of the bootstrap, shape (samples, …); infinite ones stand for values beyond all others, NaN
            are left out.
        n: units that were resampled at the highest level.

    Returns:
        lower and upper bounds, shape (2, …); NaN for fewer than two units, or without a sample.
    """
    from scipy.stats import norm, t

    known = ~np.isnan(samples)
    if n < 2:
        return np.full((2, *samples.shape[1:]), np.nan)
    outside = norm.cdf(np.sqrt(n / (n - 1)) * t.ppf(0.025, n - 1))
    # a bound lies at a sample, as infinite ones have no value between
    count = known.sum(0)
    order = np.sort(samples, axis=0)  # NaN come last
    lower = np.floor(outside * np.maximum(count - 1, 0)).astype(int)
    upper = np.maximum(count - 1, 0) - lower
    bounds = (np.take_along_axis(order, rank[None], axis=0)[0] for rank in (lower, upper))
    return np.where(count > 0, np.stack(list(bounds)), np.nan)
