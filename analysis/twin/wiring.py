"""Whether neurons that read alike are connected: similarity of readouts against synapses.

    pairs = read_pairs(Path("pairs.csv"), readouts.neurons)
    similar = similarities(describe(readouts.tensor(twin)))
    slopes = connection_slopes(pairs, similar)          # log synapses per unit of similarity
    means = paired_means(pairs, similar)                # connected less close but unconnected partners

The number of synapses of a pair is regressed on all similarities at once, so that each slope is for pairs
that are equal in the others. It is a Poisson regression with an intercept for each presynaptic neuron and
projection, which is conditioned out: only how a neuron's synapses are divided among its partners counts
(McFadden 1974, in Frontiers in Econometrics; Hausman, Hall and Griliches, Econometrica 52, 909, 1984). The
intercepts may then have any distribution and depend on the similarities, where a model with random intercepts
needs both to be otherwise. Standard errors are widened by the dispersion of the residuals, because a
connection has several synapses (quasi-Poisson).
"""

import dataclasses
from collections.abc import Mapping

import numpy as np

from analysis.multiple_testing import benjamini_hochberg
from analysis.twin.descriptors import Descriptors
from rodent.errors import InputError, WorkError

FEATURES, LAG, PLACE = "features", "lag", "place"
_STEPS, _CONVERGED, _FURTHEST = 100, 1e-9, 5.0
_WIDEST = 30.0  # range of log expected counts beyond which a slope has no bound
_LEAST_CELLS = 3  # presynaptic neurons of a paired test
_Z = 1.959963984540054  # standard errors to either side of a 95 % interval


@dataclasses.dataclass(frozen=True)
class Pairs:
    """Pairs of neurons that could be connected, and their synapses.

    Attributes:
        pre, post: indices of the neurons, shape (pairs,).
        synapses: number, 0 for pairs that are close but not connected, shape (pairs,).
        exposure: what the expected number is proportional to, such as the length along which axon and
            dendrite are close, positive, shape (pairs,).
        covariates: more that the number may depend on, such as distance, shape (pairs,) each.
        projection: which regions a pair connects, texts, shape (pairs,).
    """

    pre: np.ndarray
    post: np.ndarray
    synapses: np.ndarray
    exposure: np.ndarray
    covariates: Mapping[str, np.ndarray]
    projection: np.ndarray


@dataclasses.dataclass(frozen=True)
class Slope:
    """How the number of synapses goes with one similarity, the others being equal.

    Attributes:
        similarity: its name.
        projection: of the pairs.
        slope: of the log of the expected number, per unit of similarity.
        low, high: bounds of 95 %.
        p: two-sided.
        q: false discovery rate over all slopes of similarities.
        cells, pairs, synapses: presynaptic neurons with a synapse, their pairs, and their synapses.
    """

    similarity: str
    projection: str
    slope: float
    low: float
    high: float
    p: float
    q: float
    cells: int
    pairs: int
    synapses: int


@dataclasses.dataclass(frozen=True)
class PairedMean:
    """Similarity to connected partners, less that to close but unconnected ones.

    Attributes:
        similarity, projection: of the pairs.
        difference: mean over presynaptic neurons.
        low, high: bounds of 95 %.
        t, p: of a paired t test.
        q: false discovery rate over all such tests.
        cells: presynaptic neurons that have both kinds of partners.
    """

    similarity: str
    projection: str
    difference: float
    low: float
    high: float
    t: float
    p: float
    q: float
    cells: int


def similarities(found: Descriptors) -> dict[str, np.ndarray]:
    """Cosines of features, of lags and of body parts for all pairs, shape (neurons, neurons) each."""
    each = {FEATURES: found.features, LAG: found.lags, PLACE: found.parts}
    return {name: vectors @ vectors.T for name, vectors in each.items()}


def connection_slopes(pairs: Pairs, similar: Mapping[str, np.ndarray]) -> list[Slope]:
    """Slopes of all similarities in every projection.

    Args:
        pairs: with at least one connection in each projection.
        similar: by name, shape (neurons, neurons) each.

    Raises:
        InputError: a projection has no connection or too few pairs, or all of them are equally similar.
        WorkError: as of `conditional_poisson`.
    """
    found = []
    for projection in np.unique(pairs.projection):
        mine = pairs.projection == projection
        of_similar = {name: one[pairs.pre[mine], pairs.post[mine]] for name, one in similar.items()}
        values = of_similar | {name: one[mine] for name, one in pairs.covariates.items()}
        counts, pre = pairs.synapses[mine], pairs.pre[mine]
        if not counts.any():
            raise InputError(f"projection {projection}: no pair has a synapse; leave its pairs out")
        constant = [name for name, one in values.items() if np.ptp(one) < 1e-12]
        if constant:
            raise InputError(
                f"projection {projection}: {constant[0]} is the same for all pairs; leave it out"
            )
        connected = np.isin(pre, pre[counts > 0])
        size = (len(np.unique(pre[connected])), int(connected.sum()), int(counts.sum()))
        if size[1] <= size[0] + len(values):
            raise InputError(
                f"projection {projection}: {size[1]} pairs of {size[0]} presynaptic neurons are too few for "
                f"{len(values)} slopes; leave its pairs out"
            )
        slopes, errors = conditional_poisson(
            counts, np.column_stack(list(values.values())), pre, np.log(pairs.exposure[mine])
        )
        for i, name in enumerate(of_similar):
            found.append(_slope(name, str(projection), slopes[i], errors[i], size))
    q = benjamini_hochberg(np.array([one.p for one in found]))
    return [dataclasses.replace(one, q=float(each)) for one, each in zip(found, q, strict=True)]


def conditional_poisson(
    counts: np.ndarray, values: np.ndarray, groups: np.ndarray, offset: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Poisson regression given the total count of each group, by Newton's method.

    Args:
        counts: shape (rows,).
        values: regressors, shape (rows, regressors).
        groups: of each row; groups without counts say nothing, shape (rows,). Rows of the others are more
            than their number and that of the regressors.
        offset: log of the exposure, shape (rows,).

    Returns:
        coefficients, and their standard errors, widened by the dispersion, shape (regressors,) each.

    Raises:
        WorkError: it does not converge, or a coefficient has no bound.
    """
    connected = np.isin(groups, groups[counts > 0])
    order = np.argsort(groups[connected], kind="stable")
    y, x, exposure = (one[connected][order] for one in (counts.astype(float), values, np.exp(offset)))
    starts = np.flatnonzero(np.r_[True, np.diff(groups[connected][order]) != 0])
    sizes = np.diff(np.r_[starts, len(y)])

    def spread(sums: np.ndarray) -> np.ndarray:
        return np.repeat(sums, sizes, axis=0)

    total, scale = spread(np.add.reduceat(y, starts)), x.std(0)
    x = (x - x.mean(0)) / scale
    coefficients = np.zeros(x.shape[1])
    for _ in range(_STEPS):
        log_weight = x @ coefficients
        if np.ptp(log_weight) > _WIDEST:
            raise WorkError(
                "a slope of synapses has no bound; is there a similarity or distance at which all pairs are "
                "connected, or none?"
            )
        weight = exposure * np.exp(log_weight)
        expected = total * weight / spread(np.add.reduceat(weight, starts))
        within = x - spread(np.add.reduceat(expected[:, None] * x, starts)) / total[:, None]
        information = (expected[:, None] * within).T @ within
        step = np.linalg.solve(information, within.T @ y)
        coefficients = coefficients + np.clip(step, -_FURTHEST, _FURTHEST)
        if np.abs(step).max() < _CONVERGED * (1 + np.abs(coefficients).max()):
            break
    else:
        raise WorkError(f"the regression of synapses has not converged in {_STEPS} steps")
    dispersion = (np.square(y - expected) / expected).sum() / (len(y) - len(starts) - x.shape[1])
    return coefficients / scale, np.sqrt(dispersion * np.diag(np.linalg.inv(information))) / scale


def paired_means(pairs: Pairs, similar: Mapping[str, np.ndarray]) -> list[PairedMean]:
    """Similarity to connected and to unconnected partners, paired by presynaptic neuron.

    Args:
        pairs: those without synapses are the close but unconnected ones.
        similar: by name, shape (neurons, neurons) each.
    """
    found = []
    for projection in np.unique(pairs.projection):
        mine = pairs.projection == projection
        pre, connected = pairs.pre[mine], pairs.synapses[mine] > 0
        cells = [one for one in np.unique(pre) if len(np.unique(connected[pre == one])) == 2]
        for name, values in similar.items():
            each = values[pre, pairs.post[mine]]
            means = np.array(
                [[each[(pre == one) & (connected == kind)].mean() for kind in (True, False)] for one in cells]
            ).reshape(-1, 2)
            found.append(paired_mean(name, str(projection), *means.T))
    return with_q(found)


def paired_mean(similarity: str, projection: str, connected: np.ndarray, close: np.ndarray) -> PairedMean:
    """A paired t test; NaN for fewer than three presynaptic neurons. Its q is that of this test alone.

    Args:
        similarity, projection: names.
        connected, close: mean similarity of each presynaptic neuron to its partners, and to neurons that are
            close but not connected, shape (cells,) each.
    """
    from scipy.stats import ttest_rel

    if len(connected) < _LEAST_CELLS:
        return PairedMean(similarity, projection, *(float("nan"),) * 6, len(connected))
    found = ttest_rel(connected, close)
    bounds, p = found.confidence_interval(0.95), float(found.pvalue)
    difference = float((connected - close).mean())
    low, high = float(bounds.low), float(bounds.high)
    return PairedMean(
        similarity, projection, difference, low, high, float(found.statistic), p, p, len(connected)
    )


def with_q(tests: list[PairedMean]) -> list[PairedMean]:
    """The tests with their false discovery rates, as one family."""
    q = benjamini_hochberg(np.array([one.p for one in tests]))
    return [dataclasses.replace(one, q=float(each)) for one, each in zip(tests, q, strict=True)]


def _slope(name: str, projection: str, slope: float, error: float, size: tuple[int, int, int]) -> Slope:
    from scipy.stats import norm

    p = float(2 * norm.sf(abs(slope / error)))
    away = _Z * error
    bounds = (float(slope), float(slope - away), float(slope + away))
    return Slope(name, projection, *bounds, p, p, *size)
