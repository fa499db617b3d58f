"""The game of activity: spikes drawn from units of a layer, against recorded spikes of the same session.

    match = activity_match(config, session)         # of `analysis.session.open_session`

Spikes are drawn by these rules:

1. As many units as there are neurons are chosen at random among those that vary; if there are fewer, as many
   neurons are chosen.
2. A unit's activation in each bin, standardised and limited to three standard deviations, times `depth` is
   the logarithm of its rate, up to a constant.
3. The constant gives it the mean rate of one of the neurons: units have no rates of their own, so that mean
   rates cannot give the model away.
4. Counts are Poisson.

Both sides have the same windows of time, and so the same behavior. What is tested is how activity is
organised, not which neuron is which: no statistic depends on the order of the neurons.
"""

import numpy as np
from threadpoolctl import threadpool_limits

from analysis.game.config import GameConfig
from analysis.game.features import FeatureTable, in_windows
from analysis.game.match import Advance, Match
from analysis.game.play import alone, importance, play
from analysis.game.windows import Windows
from analysis.neural.settings import QualitySettings
from analysis.session import OpenSession
from rodent.errors import InputError

_LARGEST = 3.0  # standard deviations of an activation
_FEWEST_NEURONS = 4
_BLOCK = 3  # windows of a group, which stand one after another
_COARSE_SECONDS = 0.1  # of the counts that are correlated
_LAGS = (1, 2, 4, 8, 16)  # bins


def activity_match(
    config: GameConfig, session: OpenSession, advance: Advance = lambda *_, **__: None
) -> Match:
    """Play the games of activity: model against rat, and both against themselves.

    Args:
        config: with the layer.
        session: recording and spikes.
        advance: called after each game.

    Raises:
        InputError: the layer is unknown, or there are too few neurons, units or windows.
    """
    settings = config.settings
    assert config.layer is not None
    session.require_layers([config.layer])
    binned, _ = session.good_neurons(QualitySettings())
    units = session.timeline.units(config.layer)
    usable = session.timeline.alive & binned.covered
    units = units[:, units[usable].std(0) > 1e-6]
    random = np.random.default_rng([settings.seed, 5])
    n = min(binned.counts.shape[1], units.shape[1])
    if n < _FEWEST_NEURONS:
        raise InputError(
            f"{binned.counts.shape[1]} neurons and {units.shape[1]} units that vary remain; expected at "
            f"least {_FEWEST_NEURONS} of both"
        )
    neurons = random.permutation(binned.counts.shape[1])[:n]
    counts = binned.counts[:, neurons]
    order = random.permutation(units.shape[1])

    def drawn(chosen: np.ndarray, like: np.ndarray) -> np.ndarray:
        return draw_spikes(units[:, chosen], like, usable, config.activity.depth, random)

    def cut(spikes: np.ndarray) -> Windows:
        return activity_windows(session, spikes, usable, config.activity.activity_seconds)

    half, few = n // 2, min(n, units.shape[1] // 2)
    matches = {
        "model against rat": (drawn(order[:n], counts), counts),
        "model against itself, other units": (
            drawn(order[:few], counts[:, :few]),
            drawn(order[few : 2 * few], counts[:, :few]),
        ),
        "rat against itself, other neurons": (counts[:, :half], counts[:, half : 2 * half]),
    }
    seconds, games = config.activity.activity_seconds, {}
    with threadpool_limits(1):
        for name, (first, second) in matches.items():
            games[name] = play(cut(first), cut(second), 1 / session.timeline.bin_seconds, settings)
            advance()
        headline = games.pop("model against rat")
        found = importance(headline, settings), alone(headline, settings)
    controls = {name: game.headline for name, game in games.items()}
    return Match("activity", {seconds: headline}, "blocks of time", *found, controls, {}, _notes(session, n))


def draw_spikes(
    units: np.ndarray, like: np.ndarray, usable: np.ndarray, depth: float, random: np.random.Generator
) -> np.ndarray:
    """Poisson counts of units, with the mean counts of neurons.

    Args:
        units: activations, shape (bins, n).
        like: counts of as many neurons, shape (bins, n).
        usable: bins that count, bool, shape (bins,).
        depth: standard deviation of the logarithm of the rate.
        random: draws.

    Returns:
        shape (bins, n).
    """
    z = (units - units[usable].mean(0)) / np.maximum(units[usable].std(0), 1e-12)
    rate = np.exp(depth * np.clip(z, -_LARGEST, _LARGEST))
    rate *= like[usable].mean(0) / rate[usable].mean(0)
    return random.poisson(rate)


def activity_windows(session: OpenSession, counts: np.ndarray, usable: np.ndarray, seconds: float) -> Windows:
    """Windows of the activity of one side; only those without failures or gaps.

    Args:
        session: of the spikes.
        counts: shape (bins, neurons).
        usable: bins that count, bool.
        seconds: length of a window.
    """
    timeline = session.timeline
    bins = max(2 * _LAGS[-1], round(seconds / timeline.bin_seconds))
    table, groups, sources = [], [], []
    motions = timeline.motions
    for i, rollout in enumerate(timeline.rollouts):
        own = np.flatnonzero(timeline.rollout == i)
        windows, good = in_windows(counts[own], bins), in_windows(usable[own], bins).all(1)
        for place in np.flatnonzero(good):
            table.append(activity_features(windows[place], timeline.bin_seconds))
            groups.append(f"{motions[i] or rollout.name} {place // _BLOCK}")
            sources.append(rollout.name)
    if not table:
        raise InputError(
            f"no rollout has {seconds:g} s without a failure or a gap in the spikes; give a shorter "
            "--activity-seconds"
        )
    features = np.stack([one.values for one in table])
    same = np.full(len(table), "any")
    return Windows(features, table[0].groups, None, np.array(groups), same, np.array(sources))


def activity_features(counts: np.ndarray, bin_seconds: float) -> FeatureTable:
    """Statistics of the activity in a window that do not depend on the order of the neurons.

    Args:
        counts: shape (bins, neurons).
        bin_seconds: length of a bin.

    Returns:
        values of shape (features,).
    """
    coarse = _coarse(counts, max(1, round(_COARSE_SECONDS / bin_seconds)))
    rates = counts.mean(0) / bin_seconds
    covariance = np.atleast_2d(np.cov(coarse.T))
    spread = np.sqrt(np.maximum(np.diag(covariance), 1e-9))
    correlation = (covariance / np.outer(spread, spread))[np.triu_indices(len(spread), 1)]
    eigenvalues = np.maximum(np.linalg.eigvalsh(covariance)[::-1], 0)
    total = max(eigenvalues.sum(), 1e-12)
    population = coarse.mean(1)
    values = {
        "rates": [np.log(rates + 0.1).mean(), np.log(rates + 0.1).std(), (rates == 0).mean()],
        "Fano factors": [_fano(counts), _fano(coarse)],
        "autocorrelations": [*(_autocorrelation(counts, lag) for lag in _LAGS)],
        "correlations": [
            correlation.mean(), correlation.std(), np.abs(correlation).mean(),
            np.percentile(correlation, 5), np.percentile(correlation, 95),
        ],
        "dimension": [total**2 / max(np.square(eigenvalues).sum(), 1e-12), eigenvalues[0] / total],
        "dynamics of the population": [
            population.std() / max(population.mean(), 1e-9),
            *(_autocorrelation(population[:, None], lag) for lag in (1, 2, 4, 8)),
        ],
    }  # fmt: skip
    groups = tuple(name for name, numbers in values.items() for _ in numbers)
    return FeatureTable(np.array([number for numbers in values.values() for number in numbers]), groups)


def _coarse(counts: np.ndarray, bins: int) -> np.ndarray:
    return in_windows(counts, bins).sum(1)


def _fano(counts: np.ndarray) -> float:
    mean = counts.mean(0)
    return float(np.log(np.mean(counts.var(0)[mean > 0] / mean[mean > 0]) + 1e-3)) if mean.any() else 0.0


def _autocorrelation(values: np.ndarray, lag: int) -> float:
    """Mean over columns that vary."""
    centred = values - values.mean(0)
    variance = np.square(centred).mean(0)
    live = variance > 0
    if not live.any() or lag >= len(values):
        return 0.0
    together = (centred[lag:] * centred[:-lag]).mean(0)
    return float((together[live] / variance[live]).mean())


def _notes(session: OpenSession, n: int) -> tuple[str, ...]:
    return (
        f"{n} units and neurons; drawn spikes have the mean rates of the neurons, and are Poisson",
        "no ceiling: the rat in another session is not compared; its neurons are divided in halves instead",
        *session.notes,
    )
