"""How many dimensions activity fills: the participation ratio.

participation_ratio(samples)         # 1 where one direction varies, n where n vary alike

It is the square of the sum of the covariance's eigenvalues over the sum of their squares (Gao
et al., bioRxiv 214262, 2017). From few samples that is too low: the sum of squares gains what
the eigenvalues scatter. Both parts have unbiased estimators for normal samples (Srivastava,
J Japan Stat Soc 35, 2005), whose ratio is taken here. Two things no estimator mends: the
noise that each neuron has of its own counts as dimensions, and windows near in time count as
fewer samples than they are.
"""

import numpy as np


def participation_ratio(samples: np.ndarray) -> float:
    """Dimensions that samples fill, with the bias of few samples taken off.

    Args:
        samples: shape (samples, channels), three samples or more.

    Returns:
        from 1 to the number of channels; NaN where nothing varies, or there are too few samples to tell.
    """
    centered = samples - samples.mean(0)
    n = len(centered) - 1
    # the two products have the same eigenvalues but for zeros
    gram = centered @ centered.T if len(centered) < centered.shape[1] else centered.T @ centered
    trace, squares = np.trace(gram) / n, (gram**2).sum() / n**2
    square_of_trace = (n + 1) * trace**2 - 2 * squares
    trace_of_square = n * squares - trace**2
    # what both have in common, n / ((n - 1) (n + 2)), is left out
    if trace_of_square <= 1e-12 * trace**2:
        return float("nan")
    return float(np.clip(square_of_trace / trace_of_square, 1.0, samples.shape[1]))
