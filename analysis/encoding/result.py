"""What a regression of neurons on a model came to."""

import dataclasses
import math
from typing import Any

import numpy as np

from analysis.encoding.ceiling import NoiseCeiling
from analysis.encoding.inference import LEVEL, bootstrap_interval, mean_p, rank_p
from analysis.encoding.scores import mcfadden_r2, per_spike, pseudo_r2


@dataclasses.dataclass(frozen=True)
class EncodingResult:
    """Scores of one model; log-likelihoods are of all bins held out, in nats.

    Attributes:
        layer: the layer's name, or those of the bands with `+` between them.
        n_units: its features, before they were reduced.
        n_components: features per lag, the most that any fold had.
        names: of the neurons scored.
        spikes: of each in the bins scored, shape (neurons,).
        shifted_spikes: the same for each shift, which has some spikes twice and others not, shape
            (shifts, neurons).
        gains: log-likelihood of the model above the null model's, and the same for each shift, shape
            (1 + shifts, neurons).
        null_likelihood: of the null model, the mean rate of the training bins, shape (neurons,).
        mean_likelihood: of the mean rate of the very bins scored, shape (neurons,).
        saturated_likelihood: of the model that knows every count, shape (neurons,).
        strengths: penalty chosen per fold and neuron, shape (folds, neurons).
        dropped: neurons left out, and why.
        bins: number of bins scored.
        unconverged: fits of a neuron that stopped short of the optimum.
        squares: of a linear model, squared error and that of the training mean, shape (2, neurons).
        weights: of banded ridge, part of each band in the sum of all, shape (bands, neurons).
        ceiling: where motion repeats in the recording, how well neurons could be predicted.
    """

    layer: str
    n_units: int
    n_components: int
    names: tuple[str, ...]
    spikes: np.ndarray
    shifted_spikes: np.ndarray
    gains: np.ndarray
    null_likelihood: np.ndarray
    mean_likelihood: np.ndarray
    saturated_likelihood: np.ndarray
    strengths: np.ndarray
    dropped: dict[str, str]
    bins: int
    unconverged: int
    squares: np.ndarray | None = None
    weights: np.ndarray | None = None
    ceiling: NoiseCeiling | None = None

    @property
    def log_likelihood(self) -> np.ndarray:
        """Of the model, with the factorials of the counts, nats, shape (neurons,)."""
        return self.null_likelihood + self.gains[0]

    @property
    def bits_per_spike(self) -> np.ndarray:
        """Score against the mean of the training bins, shape (neurons,)."""
        return per_spike(self.gains[0], self.spikes)

    @property
    def bits_per_spike_eval(self) -> np.ndarray:
        """Score against the mean of the bins scored, as nlb_tools has it, shape (neurons,)."""
        return per_spike(self.log_likelihood - self.mean_likelihood, self.spikes)

    @property
    def shifted_bits_per_spike(self) -> np.ndarray:
        """Score for each shift of the null, shape (shifts, neurons); 0 for one without spikes."""
        return np.nan_to_num(per_spike(self.gains[1:], self.shifted_spikes))

    @property
    def null_bits_per_spike(self) -> np.ndarray:
        """Mean over the spikes of all shifts, shape (neurons,): a shift that has few counts for little."""
        return np.nan_to_num(per_spike(self.gains[1:].sum(0), self.shifted_spikes.sum(0)))

    @property
    def corrected_bits_per_spike(self) -> np.ndarray:
        """Score less null, shape (neurons,)."""
        return self.bits_per_spike - self.null_bits_per_spike

    @property
    def p_values(self) -> np.ndarray:
        """Rank of the likelihood gained, in nats, among those of the shifts, shape (neurons,).

        Not per spike of each shift, for a shift of few spikes could score anything.
        """
        return rank_p(self.gains[0], self.gains[1:])

    @property
    def scaled_gains(self) -> np.ndarray:
        """Gains of the score and of each shift per spike of the neuron, shape (1 + shifts, neurons)."""
        return per_spike(self.gains, self.spikes)

    @property
    def share_significant(self) -> float:
        """Of the neurons, those whose p is 0.05 or less: 5 % if there is nothing."""
        return float((self.p_values <= LEVEL).mean())

    @property
    def pseudo_r2(self) -> np.ndarray:
        """Part of the null model's deviance that is explained, shape (neurons,)."""
        return pseudo_r2(self.log_likelihood, self.null_likelihood, self.saturated_likelihood)

    @property
    def mcfadden_r2(self) -> np.ndarray:
        """McFadden's pseudo-R², shape (neurons,)."""
        return mcfadden_r2(self.log_likelihood, self.null_likelihood)

    @property
    def r2(self) -> np.ndarray | None:
        """Of the roots of the counts, for linear models; shape (neurons,)."""
        return None if self.squares is None else 1 - self.squares[0] / self.squares[1]

    @property
    def mean_corrected(self) -> float:
        """Mean over the neurons."""
        return float(self.corrected_bits_per_spike.mean())

    @property
    def sem_corrected(self) -> float:
        """Standard error of that mean, over the neurons; NaN for a single one."""
        n = len(self.names)
        return float(self.corrected_bits_per_spike.std(ddof=1)) / math.sqrt(n) if n > 1 else math.nan

    def columns(self) -> dict[str, Any]:
        """What is known of every neuron, arrays or tuples of length neurons, by name."""
        columns: dict[str, Any] = {
            "name": self.names,
            "spikes": self.spikes,
            "bits_per_spike": self.bits_per_spike,
            "null_bits_per_spike": self.null_bits_per_spike,
            "null_sd_bits_per_spike": self.shifted_bits_per_spike.std(0),
            "corrected_bits_per_spike": self.corrected_bits_per_spike,
            "p": self.p_values,
            "bits_per_spike_eval": self.bits_per_spike_eval,
            "pseudo_r2": self.pseudo_r2,
            "mcfadden_r2": self.mcfadden_r2,
            "log_likelihood": self.log_likelihood,
            "strengths": self.strengths.T,
        }
        if self.r2 is not None:
            columns["r2"] = self.r2
        if self.weights is not None:
            columns["band_weights"] = self.weights.T
        if self.ceiling is not None:
            columns |= {key: getattr(self.ceiling, key) for key in ("cc_abs", "cc_max", "cc_norm")}
        return columns

    def rows(self) -> list[dict[str, Any]]:
        """The same, a row for each neuron."""
        columns = self.columns()
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    def to_json(self, seed: int = 0) -> dict[str, Any]:
        """As plain values, neurons in the order of the file; seed of the bootstrap."""
        return {
            "layer": self.layer,
            "units": self.n_units,
            "components": self.n_components,
            "bins": self.bins,
            "neurons": self.rows(),
            "mean_bits_per_spike": self.bits_per_spike.mean(),
            "mean_null_bits_per_spike": self.null_bits_per_spike.mean(),
            "mean_corrected_bits_per_spike": self.mean_corrected,
            "sem_corrected_bits_per_spike": self.sem_corrected,
            "interval_corrected_bits_per_spike": bootstrap_interval(self.corrected_bits_per_spike, seed),
            "p": mean_p([self.scaled_gains]),
            "share_significant": self.share_significant,
            "repeats": None if self.ceiling is None else self.ceiling.repeats,
            "unconverged_fits": self.unconverged,
        }
