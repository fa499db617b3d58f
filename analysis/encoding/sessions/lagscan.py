"""`rodent encode --lag-scan`: which lag predicts neurons best, over all sessions."""

import functools
from typing import Any

import numpy as np
from rich.table import Table

from analysis.encoding.inference import LEVEL, rank_p
from analysis.encoding.lagscan import LagScan
from analysis.encoding.sessions.results import Found
from analysis.encoding.sessions.tables import make_table, spaced
from analysis.multiple_testing import benjamini_hochberg, holm


class LagScans:
    """The scans of all models.

    Args:
        found: results of all sessions, with their scans.
    """

    def __init__(self, found: Found):
        self.models = list(zip(*(one.scans for one in found.sessions), strict=True))
        self.lags = np.array(self.models[0][0].lags)
        self.families = found.models.families

    def mean(self, model: int) -> np.ndarray:
        """Mean over neurons, then sessions: unshifted, then of each shift, shape (lags, 1 + shifts)."""
        return np.mean([scan.mean for scan in self.models[model]], axis=0)

    def p(self, model: int) -> float:
        """Rank of the unshifted mean at its best lag, among those of the shifts at their best lags."""
        greatest = self.mean(model).max(0)
        return float(rank_p(greatest[0], greatest[1:]))

    @functools.cached_property
    def p_holm(self) -> np.ndarray:
        """P corrected for all models; for controls separately, shape (models,)."""
        return holm(np.array([self.p(model) for model in range(len(self.models))]), self.families)

    def q(self, model: int) -> np.ndarray:
        """False discovery rates over the neurons of all sessions, shape (neurons,)."""
        return benjamini_hochberg(np.concatenate([scan.p_values for scan in self.models[model]]))

    def best(self, model: int) -> np.ndarray:
        """Best lags of the neurons with q ≤ 0.05, seconds, shape (neurons found,)."""
        lags = np.concatenate([scan.best_lag for scan in self.models[model]])
        return lags[self.q(model) <= LEVEL]

    def rows(self) -> list[dict[str, Any]]:
        """A row for every session, neuron, model and lag."""
        return [
            head | {"lag_seconds": lag, "bits_per_spike": bits, "best": bool(lag == head["best_lag_seconds"])}
            for head, scan, k in self._neurons()
            for lag, bits in zip(scan.lags, scan.bits_per_spike[:, k], strict=True)
        ]

    def _neurons(self) -> list[tuple[dict[str, Any], LagScan, int]]:
        found = []
        for model, scans in enumerate(self.models):
            q = iter(self.q(model))
            for i, scan in enumerate(scans):
                for k, name in enumerate(scan.names):
                    head = {"session": i, "neuron": name, "model": scan.layer}
                    head |= {"best_lag_seconds": scan.best_lag[k], "p": scan.p_values[k], "q": next(q)}
                    found.append((head, scan, k))
        return found

    def to_json(self) -> dict[str, Any]:
        """Of every model and neuron."""
        neurons = self._neurons()
        return {
            "lags": self.lags,
            "models": [
                {
                    "layer": scans[0].layer,
                    "mean_bits_per_spike": self.mean(i)[:, 0] - self.mean(i)[:, 1:].mean(1),
                    "best_lag_seconds": self.lags[self.mean(i)[:, 0].argmax()],
                    "p": self.p(i),
                    "p_holm": self.p_holm[i],
                    "neurons": [
                        head | {"bits_per_spike": scan.bits_per_spike[:, k]}
                        for head, scan, k in neurons
                        if scan.layer == scans[0].layer
                    ],
                }
                for i, scans in enumerate(self.models)
            ],
        }

    def table(self) -> Table:
        """A row per model."""
        table = make_table(
            f"lag scan, {self.lags[0]:g} to {self.lags[-1]:g} s; bits per spike, second order, minus null",
            "best lag: of the mean; above 0 features precede spikes. p: of the best lag, corrected for the "
            "choice among lags; Holm: also for all models. q: over neurons; median lag: of these neurons.",
        )
        for heading in ("best lag", "mean", "p", "Holm", f"q ≤ {LEVEL:g}", "median lag"):
            table.add_column(heading, justify="right", no_wrap=True)
        for i, scans in enumerate(self.models):
            mean, best = self.mean(i), self.best(i)
            at = int(mean[:, 0].argmax())
            table.add_row(
                spaced(scans[0].layer),
                f"{self.lags[at]:+.3g} s",
                f"{mean[at, 0] - mean[at, 1:].mean():+.4f}",
                f"{self.p(i):.2g}",
                f"{self.p_holm[i]:.2g}",
                f"{len(best)}/{len(self.q(i))}",
                f"{np.median(best):+.3g} s" if len(best) else "–",
            )
        return table
