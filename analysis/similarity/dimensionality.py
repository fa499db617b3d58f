"""How many dimensions activity fills: the participation ratio.

    participation_ratio(units, block=100)               # of what has no noise of its own
    neural_dimensions(counts, block=100, random=rng)    # of neurons, without the noise of each

It is the square of the sum of the covariance's eigenvalues over the sum of their squares (Gao et al.,
bioRxiv 214262, 2017). Three biases of it are corrected:

- Few samples: the sum of squares gains what estimated eigenvalues scatter. As in the U-statistics of Chun,
  Canatar, Chung and Lee (ICLR 2026, arXiv 2509.26560), both parts are means over pairs of different
  samples; they need not be normal.
- Samples near in time, which resemble one another: pairs are of blocks of time that do not touch.
- The noise of each neuron, which would count as a dimension of its own: the two halves of a random division
  of its spikes have independent noise, if it is Poisson (Neufeld et al., J Mach Learn Res 25(57), 2024), so
  that it cancels in their covariance.

The dimensions remain those of the neurons recorded: more neurons show more, and n show n at most.
"""

import itertools

import numpy as np

THINNINGS = 10
"""Random divisions of the spikes that are averaged."""

_FEWEST_SAMPLES = 4
_FEWEST_BLOCKS, _MOST_BLOCKS = 8, 50
_STANDARD_ERRORS = 2.0  # by which what neurons vary must exceed none


def participation_ratio(samples: np.ndarray, block: int = 1) -> float:
    """Dimensions that samples fill.

    Args:
        samples: in order of time, shape (samples, channels).
        block: samples within which they resemble each other because they are near in time; fewer are taken
            where there would not be eight blocks, more where there would be over 50.

    Returns:
        from 1 to the number of channels; NaN where nothing varies, or there are too few samples to tell.
    """
    return _ratio(_parts(samples, samples, block), samples.shape[1])


def neural_dimensions(counts: np.ndarray, block: int, random: np.random.Generator) -> float:
    """Dimensions that the roots of neurons' expected counts fill.

    Args:
        counts: spikes, whole numbers, shape (windows, neurons).
        block: windows, as for `participation_ratio`.
        random: divides the spikes.

    Returns:
        as `participation_ratio`; NaN also where neurons vary no more than their noise.
    """
    counts = counts.astype(np.int64)
    halves = (random.binomial(counts, 0.5) for _ in range(THINNINGS))
    parts = np.mean([_parts(np.sqrt(half), np.sqrt(counts - half), block) for half in halves], axis=0)
    found, without = parts[:, 0], parts[:, 1:]
    error = np.sqrt((without.shape[1] - 1) * without.var(1))
    return _ratio(parts, counts.shape[1]) if (found > _STANDARD_ERRORS * error).all() else float("nan")


def _ratio(parts: np.ndarray, channels: int) -> float:
    """Ratio of parts of shape (2, 1 + blocks), less the bias of ratios (jackknife; Quenouille 1956)."""
    square_of_trace, trace_of_square = parts
    if not (trace_of_square > 1e-12 * square_of_trace[0]).all():
        return float("nan")
    found, without = np.split(square_of_trace / trace_of_square, [1])
    found = found[0] + (len(without) - 1) * (found[0] - without.mean())
    return float(np.clip(found, 1.0, channels))


def _parts(x: np.ndarray, y: np.ndarray, block: int) -> np.ndarray:
    """Square of the trace of the covariance of x with y, and the trace of its square.

    Both are means over pairs of samples i, j from blocks that do not touch: of (x_i·y_i)(x_j·y_j) and of
    (x_i·x_j)(y_i·y_j).

    Returns:
        of all blocks, and without each of them, shape (2, 1 + blocks).
    """
    n = len(x)
    if n < _FEWEST_SAMPLES:
        return np.full((2, 2), np.nan)
    x, y = x - x.mean(0), y - y.mean(0)
    if x.shape[1] > n and np.array_equal(x, y):
        # both parts are the same in any rotation: one that is no wider than it is long
        x = y = np.linalg.qr(x.T)[1].T
    blocks = min(n, max(_FEWEST_BLOCKS, min(n // block, _MOST_BLOCKS)))
    edges = np.linspace(0, n, blocks + 1).astype(int)
    pairs = _apart(np.diff(edges)[:, None])
    traces = _apart(np.add.reduceat((x * y).sum(1), edges[:-1])[:, None])
    # around the mean of all samples, those far apart are a little unlike
    unlike = [_apart(np.add.reduceat(z, edges[:-1])) / pairs for z in (x, y)]
    total, before, squares = x.T @ y, 0.0, []
    for start, stop in itertools.pairwise(edges):
        own = x[start:stop].T @ y[start:stop]
        squares.append([(own * each).sum() for each in (total, own, before)])
        before = own
    return np.stack([traces / pairs, _sums(*np.array(squares).T) / pairs - unlike[0] * unlike[1]])


def _apart(rows: np.ndarray) -> np.ndarray:
    """Sum of the products of rows that do not touch; of all, and without each of them."""
    before = np.concatenate([np.zeros_like(rows[:1]), rows[:-1]])
    return _sums(*((rows * each).sum(1) for each in (rows.sum(0), rows, before)))


def _sums(total: np.ndarray, own: np.ndarray, before: np.ndarray) -> np.ndarray:
    """The same from each row's products with the sum of all, with itself, and with the row before it."""
    apart = total - own - before - np.append(before[1:], 0.0)
    return np.append(apart.sum(), apart.sum() - 2 * apart)
