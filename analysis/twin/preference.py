"""Share of neurons that one model predicts better than another, on the same bins that neither was fitted to.

    found = share_better(counts, of_twin, of_glm, block=600, seed=0)
    found.share, found.low, found.high

A neuron is predicted better where the log-likelihood of its spikes is higher, or the squared error of its
calcium lower.
"""

import dataclasses

import numpy as np

from analysis.encoding.inference import DRAWS
from analysis.twin.settings import LikelihoodName
from rodent.errors import InputError

_LEAST_BLOCKS = 2


@dataclasses.dataclass(frozen=True)
class Share:
    """A share of neurons.

    Attributes:
        share: of neurons.
        low, high: of it, 95 %, by drawing blocks of time, and neurons, with replacement.
        blocks: how many blocks there are.
    """

    share: float
    low: float
    high: float
    blocks: int


def share_better(
    counts: np.ndarray,
    predicted: np.ndarray,
    other: np.ndarray,
    block: int,
    seed: int,
    likelihood: LikelihoodName = "poisson",
) -> Share:
    """The share of neurons that `predicted` describes better than `other`.

    Every draw takes the same blocks for all neurons, because neurons that are recorded at once share what
    happens in a block. Draws vary more than the data do, and so lie closer to one half: the interval is
    rather too wide.

    Args:
        counts: spikes or calcium that were not fitted to, shape (bins, neurons).
        predicted: expected counts or signals of one model, shape (bins, neurons).
        other: those of the other model.
        block: length of a block, bins; what is left at the end belongs to the last block.
        seed: of the draws.
        likelihood: of the signals; any but `poisson` compares squared errors.

    Raises:
        InputError: there are fewer than two blocks.
    """
    n_blocks = len(counts) // block
    if n_blocks < _LEAST_BLOCKS:
        raise InputError(
            f"{len(counts)} bins are {n_blocks} blocks of {block}; at least {_LEAST_BLOCKS} are needed: "
            "score more minutes, or take shorter blocks"
        )
    if likelihood == "poisson":
        gain = counts * np.log(predicted / other) - (predicted - other)
    else:
        gain = np.square(counts - other) - np.square(counts - predicted)
    gains = np.add.reduceat(gain, block * np.arange(n_blocks), axis=0)
    random = np.random.default_rng(seed)
    times = random.multinomial(n_blocks, np.full(n_blocks, 1 / n_blocks), size=DRAWS)
    better = times @ gains > 0
    neurons = random.integers(gains.shape[1], size=better.shape)
    low, high = np.percentile(np.take_along_axis(better, neurons, axis=1).mean(1), (2.5, 97.5))
    return Share(float((gains.sum(0) > 0).mean()), float(low), float(high), n_blocks)
