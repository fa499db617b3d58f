"""Features and spikes of some bins, and the sums over bins that a Poisson regression needs.

    data = Data(shared, counts, own)
    likelihood, slope = data.likelihood(coef)       # (neurons,), (coefficients, neurons)

A neuron's log rate is coef @ (shared features, 1, own features): the features that all neurons
share, a constant, and those that are the neuron's own, such as its past spikes. Bins are taken a
chunk at a time on all cores, in the precision of the features, and sums are kept in double
precision; a sum does not depend on the number of cores.
"""

import functools
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

_CELLS = 1 << 19  # bins x neurons in a chunk: what a core's cache holds
_PAIRS = 1 << 22  # bins x pairs of features in a chunk
_MOST_LOG_RATE = 60.0  # of a step that is tried: far beyond any rate, and its exponential is finite
_LEAST_ROWS, _ROWS_PER_FEATURE = 4096, 32


class Data:
    """Features and counts of K neurons in some bins; D coefficients each.

    Args:
        shared: features that all neurons share, shape (bins, p).
        counts: spikes, shape (bins, K).
        own: features that are each neuron's own, shape (h, bins, K); None for none.

    Attributes:
        spikes: of each neuron, shape (K,).
        dtype: of the features, and of what is computed with them.
        n_coef: D = p + 1 + h; the coefficient of the constant is at index p.
        weighted: features summed over spikes, shape (D, K).
    """

    def __init__(self, shared: np.ndarray, counts: np.ndarray, own: np.ndarray | None = None):
        dtype = np.dtype(np.result_type(shared.dtype, np.float32))
        self.n_bins, self.n_neurons = counts.shape
        self.dtype, self._counts = dtype, counts
        self.constant = shared.shape[1]
        self._shared = np.concatenate([shared, np.ones((self.n_bins, 1))], axis=1, dtype=dtype)
        self._own = np.zeros((0, *counts.shape), dtype) if own is None else own
        self.n_coef = self._shared.shape[1] + len(self._own)
        self.spikes = counts.sum(0, dtype=np.float64)

        def chunk(rows: slice) -> np.ndarray:
            return self._dot(rows, slice(None), counts[rows].astype(dtype))

        self.weighted = self._sum(chunk, self._chunks(self.n_bins, self.n_neurons))

    def flat(self, mean: np.ndarray) -> np.ndarray:
        """Coefficients of constant rates, expected counts of shape (K,)."""
        coef = np.zeros((self.n_coef, self.n_neurons))
        coef[self.constant] = np.log(mean)
        return coef

    def likelihood(
        self, coef: np.ndarray, which: np.ndarray | slice = slice(None)
    ) -> tuple[np.ndarray, np.ndarray]:
        """Log-likelihood and its slope; the former but for the factorials of the counts.

        Args:
            coef: shape (D, K'), of the neurons meant.
            which: these neurons, out of K.

        Returns:
            nats, shape (K',), and shape (D, K').
        """

        def chunk(rows: slice) -> np.ndarray:
            return self._dot(rows, which, self._rates(rows, which, coef))

        expected = self._sum(chunk, self._chunks(self.n_bins, coef.shape[1]))
        weighted = self.weighted[:, which]
        return np.einsum("dk,dk->k", coef, weighted) - expected[self.constant], weighted - expected

    def log_rate_range(self, coef: np.ndarray) -> np.ndarray:
        """Least and greatest log rate of each neuron, shape (2, K)."""
        parts = [
            self._log_rates(rows, slice(None), coef) for rows in self._chunks(self.n_bins, self.n_neurons)
        ]
        return np.stack([np.min([x.min(0) for x in parts], 0), np.max([x.max(0) for x in parts], 0)])

    def gain(self, coef: np.ndarray, limits: np.ndarray, mean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Log-likelihood above that of constant rates, of log rates kept within limits.

        Args:
            coef: shape (D, K).
            limits: least and greatest log rate, shape (2, K).
            mean: the constant expected counts, shape (K,).

        Returns:
            nats, shape (K,); bins in which a limit was met, shape (K,).
        """
        low, high = limits.astype(self.dtype)
        base = np.log(mean).astype(self.dtype)

        def chunk(rows: slice) -> np.ndarray:
            log_rate = self._log_rates(rows, slice(None), coef)
            met = (log_rate < low) | (log_rate > high)
            log_rate = np.clip(log_rate, low, high)
            explained = (self._counts[rows] * (log_rate - base)).sum(0, dtype=np.float64)
            return np.stack([explained, np.exp(log_rate).sum(0, dtype=np.float64), met.sum(0)])

        explained, expected, met = self._sum(chunk, self._chunks(self.n_bins, self.n_neurons))
        return explained - expected + self.n_bins * mean, met.astype(np.int64)

    def rates(self, coef: np.ndarray, limits: np.ndarray) -> np.ndarray:
        """Expected counts of log rates kept within limits, shape (bins, K); arguments as for `gain`."""
        log_rate = [
            self._log_rates(rows, slice(None), coef) for rows in self._chunks(self.n_bins, self.n_neurons)
        ]
        return np.exp(np.clip(np.concatenate(log_rate), *limits.astype(self.dtype)))

    def curvature(self, coef: np.ndarray, which: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Minus the second derivatives of the log-likelihood, shape (K', D, D).

        They are estimated from every so many-th bin where there are far more bins than features:
        a Newton step needs no more (Roosta-Khorasani and Mahoney, Mathematical Programming 174,
        293, 2019).
        """
        rows_wanted = max(_LEAST_ROWS, _ROWS_PER_FEATURE * self.n_coef)
        stride = max(1, self.n_bins // rows_wanted)
        if 0 < 2 * coef.shape[1] < self.n_coef:
            return self._curvature_by_neuron(coef, which, stride) * stride
        return self._curvature_by_pair(coef, which, stride) * stride

    def _curvature_by_neuron(self, coef: np.ndarray, which: np.ndarray | slice, stride: int) -> np.ndarray:
        """A product of the weighted features with themselves for each neuron: for few neurons."""
        columns = np.arange(self.n_neurons)[which]

        def one(at: int) -> np.ndarray:
            found = np.zeros((self.n_coef, self.n_coef))
            for rows in self._chunks(self.n_bins, self.n_coef, stride):
                own = self._own[:, rows, columns[at]].T
                weight = np.sqrt(self._rates(rows, columns[at : at + 1], coef[:, at : at + 1]))
                features = np.concatenate([self._shared[rows], own], axis=1) * weight
                found += features.T @ features
            return found

        with _libraries().limit(limits=1, user_api="blas"), ThreadPoolExecutor(os.cpu_count()) as pool:
            return np.stack(list(pool.map(one, range(len(columns)))))

    def _curvature_by_pair(self, coef: np.ndarray, which: np.ndarray | slice, stride: int) -> np.ndarray:
        """All pairs of features, weighted for all neurons at once: for few features."""
        n_shared, n_coef = self._shared.shape[1], self.n_coef
        low, high = np.tril_indices(n_shared)
        n_own = len(self._own)

        def chunk(rows: slice) -> np.ndarray:
            rates = self._rates(rows, which, coef)
            shared, own = self._shared[rows], self._own[:, rows, which]
            parts = [(shared[:, low] * shared[:, high]).T @ rates]
            for i in range(n_own):
                weighted = own[i] * rates
                parts += [shared.T @ weighted, np.einsum("jnk,nk->jk", own[: i + 1], weighted)]
            return np.concatenate(parts)

        width = max(coef.shape[1], _CELLS * len(low) // _PAIRS)
        sums = self._sum(chunk, self._chunks(self.n_bins, width, stride))
        found = np.empty((coef.shape[1], n_coef, n_coef))
        found[:, low, high] = found[:, high, low] = sums[: len(low)].T
        at = len(low)
        for i in range(n_shared, n_coef):
            count = i + 1  # its products with all features up to itself
            found[:, i, :count] = found[:, :count, i] = sums[at : at + count].T
            at += count
        return found

    def _rates(self, rows: slice, which: np.ndarray | slice, coef: np.ndarray) -> np.ndarray:
        log_rate = self._log_rates(rows, which, coef)
        return np.exp(np.minimum(log_rate, _MOST_LOG_RATE, out=log_rate), out=log_rate)

    def _log_rates(self, rows: slice, which: np.ndarray | slice, coef: np.ndarray) -> np.ndarray:
        coef = coef.astype(self._shared.dtype)
        n_shared = self._shared.shape[1]
        log_rate = self._shared[rows] @ coef[:n_shared]
        for own, weight in zip(self._own, coef[n_shared:], strict=True):
            log_rate += own[rows, which] * weight
        return log_rate

    def _dot(self, rows: slice, which: np.ndarray | slice, values: np.ndarray) -> np.ndarray:
        """Features summed over bins with weights (bins, K'), shape (D, K')."""
        own = [np.einsum("nk,nk->k", own[rows, which], values) for own in self._own]
        return np.concatenate([self._shared[rows].T @ values, *(row[None] for row in own)])

    @staticmethod
    def _chunks(n_bins: int, width: int, stride: int = 1) -> list[slice]:
        length = max(128, _CELLS // max(1, width)) * stride
        return [slice(i, min(i + length, n_bins), stride) for i in range(0, n_bins, length)]

    @staticmethod
    def _sum(part: Callable[[slice], np.ndarray], chunks: list[slice]) -> np.ndarray:
        def total(parts: Iterator[Any]) -> np.ndarray:
            found = next(parts).astype(np.float64)
            for values in parts:
                found += values
            return found

        if len(chunks) == 1:
            return total(map(part, chunks))
        with _libraries().limit(limits=1, user_api="blas"), ThreadPoolExecutor(os.cpu_count()) as pool:
            return total(pool.map(part, chunks))


@functools.cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()  # looking for them takes milliseconds
