"""What a layer adds to what is known of behavior: its unique gain, and whether that is more than chance.

    base = Base(bins, bands, settings)              # kinematics at several lags, and each neuron's past
    found = unique_gains(base, layers)["decoder/layer_0"]
    found.bits_per_spike, found.p_values            # (neurons,)
    found.p                                         # of the mean over neurons

Of the layer only counts what the base does not explain: its residual, on features of the base, fitted
without the bins that are scored. The gain is the held-out likelihood of [base + residual] less that of
[base], in which every band has a penalty of its own. Without a residual the gain is 0 and p is 1.

For the null the residual is turned in time against spikes, base and past, which stay together (a
permutation under a reduced model: Winkler et al., NeuroImage 92, 381, 2014). So what neurons share beyond
the base, such as drift, is the same in every turn. The turns are computed to second order about the base
(`analysis.encoding.partial`), and the layer in its own place likewise: p is its rank.
"""

import dataclasses
import functools
from collections.abc import Callable, Sequence

import numpy as np

from analysis.encoding.bands import HISTORY, Band
from analysis.encoding.bins import Bins
from analysis.encoding.encoder import regression_class
from analysis.encoding.features import Features
from analysis.encoding.inference import mean_p, rank_p
from analysis.encoding.newton import solve_path
from analysis.encoding.partial import partial_gains
from analysis.encoding.penalised import ROUGHLY, PoissonRegression
from analysis.encoding.regressions import HeldOut, rate_limits
from analysis.encoding.rotation import Residuals, Scheme, best_elsewhere
from analysis.encoding.scores import per_spike
from analysis.encoding.settings import EncodingSettings
from rodent.errors import InputError

NOTHING = 1e-6
"""Part of a unit's variance below which what the base leaves of it is rounding."""
BASE_LAGS = (-0.1, 0.0, 0.1)
"""Of kinematics, seconds, if the settings name none."""

_RANK = 1e-10  # of the largest eigenvalue, below which a direction of the base is no direction


@dataclasses.dataclass(frozen=True)
class UniqueGain:
    """What a layer adds.

    Attributes:
        layer: its name.
        base: names of the bands that it adds to.
        names: of the neurons.
        spikes: of each in the bins scored, shape (neurons,).
        gains: likelihood of [base + residual] above that of [base], nats, shape (neurons,).
        statistic: the same to second order, and below it that of each turn, shape (1 + turns, neurons).
        block_gains: as gains, of each held-out block, shape (blocks, neurons).
        residual: part of the layer's variance that the base does not explain.
    """

    layer: str
    base: tuple[str, ...]
    names: tuple[str, ...]
    spikes: np.ndarray
    gains: np.ndarray
    statistic: np.ndarray
    block_gains: np.ndarray
    residual: float

    @property
    def bits_per_spike(self) -> np.ndarray:
        """Gain, shape (neurons,)."""
        return per_spike(self.gains, self.spikes)

    @property
    def null_bits_per_spike(self) -> np.ndarray:
        """Mean over the turns, shape (neurons,)."""
        return per_spike(self.statistic[1:].mean(0), self.spikes)

    @property
    def block_bits(self) -> np.ndarray:
        """What each held-out block adds to the gain, shape (blocks, neurons)."""
        return per_spike(self.block_gains, self.spikes)

    @property
    def p_values(self) -> np.ndarray:
        """Rank of each neuron's statistic among those of the turns, shape (neurons,)."""
        return rank_p(self.statistic[0], self.statistic[1:])

    @property
    def scaled_statistic(self) -> np.ndarray:
        """Statistics per spike of the neuron, bits, shape (1 + turns, neurons)."""
        return per_spike(self.statistic, self.spikes)

    @property
    def p(self) -> float:
        """Rank of the mean over neurons."""
        return mean_p([self.scaled_statistic])


class Base:
    """Kinematics and each neuron's past, fitted to all folds, that layers may add to.

    Attributes:
        bins: of the session.
        settings: of the regressions.
        names: of the bands.
        regression: of the neurons on the bands.
        held: what became of each fold.
        rates: expected counts of all bins, of one fit to all of them, shape (rows, neurons).
    """

    def __init__(
        self,
        bins: Bins,
        bands: Sequence[Band],
        settings: EncodingSettings,
        advance: Callable[[float], None] = lambda n: None,
    ):
        if not issubclass(regression_class(settings.model), PoissonRegression):
            raise InputError("what a layer adds is found by Poisson regression; take --model ridge")
        lags = base_lags(settings, bins.timeline.bin_seconds)
        self.bins, self.settings = bins, settings
        self.names = tuple(band.name for band in bands)
        features = bins.features(bands, settings, lambda name: lags)
        targets = bins.targets(HISTORY in self.names)
        self.regression = PoissonRegression(features, bins.folds, targets, settings, advance)
        n_folds = range(bins.folds.n_folds)
        self.held: list[HeldOut] = [self.regression.held_out(fold) for fold in n_folds]
        self.rates = self.regression.rates()

    @functools.cached_property
    def bits_per_spike(self) -> np.ndarray:
        """Score of the base by itself, shape (neurons,)."""
        return per_spike(np.sum([one.gain for one in self.held], axis=0), self.bins.used.sum(0))

    def unexplained(self, values: np.ndarray, fold: int | None = None) -> np.ndarray:
        """What is left of columns where the base explains them linearly.

        Args:
            values: shape (rows, columns).
            fold: that the coefficients do not know; None for those of all folds.

        Returns:
            float64, shape (rows, columns).
        """
        held_out = () if fold is None else (fold,)
        x, inverse = self._projectors[held_out]
        train = self.bins.folds.training(held_out)
        rest = values.astype(np.float64)
        rest -= rest[train].mean(0)
        for _ in range(2):  # the second round takes off the rounding of the first
            rest = rest - x @ (inverse @ (x[train].T @ rest[train]))
        return rest

    @functools.cached_property
    def _projectors(self) -> dict[tuple[int, ...], tuple[np.ndarray, np.ndarray]]:
        """By what is held out: features of the base with a constant, and the inverse of their products."""
        found = {}
        for held_out in ((), *((fold,) for fold in range(self.bins.folds.n_folds))):
            features, _ = self.regression.features.fitted(held_out)
            x = np.concatenate([features, np.ones((len(features), 1))], axis=1, dtype=np.float64)
            some = x[self.bins.folds.training(held_out)]
            values, vectors = np.linalg.eigh(some.T @ some)
            kept = values > _RANK * values[-1]
            found[held_out] = x, (vectors[:, kept] / values[kept]) @ vectors[:, kept].T
        return found


def base_lags(settings: EncodingSettings, bin_seconds: float) -> tuple[float, ...]:
    """Lags of the base, seconds: those of the settings, or the usual ones to whole bins."""
    if settings.base_lags is not None:
        return settings.base_lags
    return tuple(sorted({round(lag / bin_seconds) * bin_seconds for lag in BASE_LAGS}))


def unique_gains(
    base: Base, layers: Sequence[Band], advance: Callable[[float], None] = lambda n: None
) -> dict[str, UniqueGain]:
    """Score what each layer adds to a base.

    Args:
        base: fitted.
        layers: whose units are tested, one layer at a time.
        advance: called with the share that is done.

    Raises:
        InputError: a layer does not change, or there are fewer bins than features.
    """
    bins, settings, folds = base.bins, base.settings, base.bins.folds
    spikes = bins.used.sum(0)
    features = {layer.name: bins.features((layer,), settings) for layer in layers}
    whole = {name: _residual(base, one.fitted(())[0], None) for name, one in features.items()}
    shares = {name: share for name, (_, share) in whole.items()}
    found = partial_gains(
        Residuals.of(bins.used, base.rates),
        base.regression.features.fitted(())[0],
        {name: rest for name, (rest, share) in whole.items() if share},
        Scheme(folds, settings.strengths, bins.orders),
        lambda share: advance(0.7 * share),
    )
    gains = {}
    for name, one in features.items():
        blocks = np.zeros((folds.n_blocks, len(bins.names)))
        statistic = np.zeros((1 + len(bins.orders), len(bins.names)))
        if shares[name]:
            statistic = found[name]
            blocks = _block_gains(base, one)
        advance(0.3 / len(layers))
        gains[name] = UniqueGain(
            layer=name,
            base=base.names,
            names=bins.names,
            spikes=spikes,
            gains=blocks.sum(0),
            statistic=statistic,
            block_gains=blocks,
            residual=shares[name],
        )
    return gains


def _residual(base: Base, values: np.ndarray, fold: int | None) -> tuple[np.ndarray, float]:
    """What the base leaves of a layer, standardised, without units it leaves nothing of; and its share."""
    train = base.bins.folds.training(() if fold is None else (fold,))
    rest = base.unexplained(values, fold)
    whole, left = values[train].var(0, dtype=np.float64), rest[train].var(0)
    kept = left > NOTHING * whole
    rest = (rest[:, kept] / np.sqrt(left[kept])).astype(np.float32)
    return rest, float(left[kept].sum() / whole.sum())


def _block_gains(base: Base, layer: Features) -> np.ndarray:
    """Likelihood that a layer's residual adds to every held-out block, nats, shape (blocks, neurons).

    The strength for a fold is what serves the other folds best; the strongest is to leave the layer out.
    """
    folds = base.bins.folds
    each = []
    for fold in range(folds.n_folds):
        rest, _ = _residual(base, layer.fitted((fold,))[0], fold)
        each.append(_added(base, fold, rest))
    found = np.stack(each)  # (folds, strengths, blocks of the fold, neurons)
    best = best_elsewhere(found.sum(2))
    chosen = np.take_along_axis(found, best[:, None, None], 1)[:, 0]
    return chosen.transpose(1, 0, 2).reshape(folds.n_blocks, -1)


def _added(base: Base, fold: int, rest: np.ndarray) -> np.ndarray:
    """Likelihood that a residual adds on a fold, nats, shape (1 + strengths, blocks of the fold, neurons)."""
    regression, held, bins = base.regression, base.held[fold], base.bins
    assert held.coef is not None
    fit = regression.with_band(fold, rest)
    n_features, width = held.coef.shape[0] - regression.targets.n_own - 1, rest.shape[1]
    start = np.insert(held.coef, [n_features] * width, 0.0, axis=0)
    strengths = np.sort(base.settings.strengths)[::-1]
    found = np.zeros((1 + len(strengths), len(fit.tests[0]), len(bins.names)))
    for columns in regression.columns(len(bins.names), fit):
        train, (test,) = fit.data(columns, np.float32)
        counts, before = regression.targets.counts(columns)[fit.tests[0]], held.rates[:, columns]
        wanted = [
            fit.per_coefficient(
                np.concatenate([held.strengths[:, columns], np.full((1, before.shape[1]), one)])
            )
            for one in strengths
        ]
        path = solve_path(train, fit.penalty, wanted, start[:, columns], ROUGHLY)
        for i, (coef, _) in enumerate(path, start=1):
            limits = rate_limits(train.log_rate_range(coef), train.n_bins)
            rates = test.rates(coef, limits).astype(np.float64)
            found[i][:, columns] = counts * np.log(rates / before) - (rates - before)
    return found.reshape(len(found), -1, bins.folds.length, len(bins.names)).sum(2)
