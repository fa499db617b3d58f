"""What a regression of neurons on a model came to."""

import dataclasses
import math
from typing import Any

import numpy as np
from scipy.stats import false_discovery_control

from analysis.encoding.ceiling import NoiseCeiling
from analysis.encoding.inference import LEVEL, block_interval, mean_p, rank_p
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
        gains: log-likelihood of the model above the null model's, shape (neurons,).
        statistic: what is ranked for p, the same or its second order, and below it that of each shift, shape
            (1 + shifts, neurons).
        shifted_spikes: in the bins scored of each shift: where spikes are shifted some come twice and others
            not; shape (shifts, neurons).
        null_likelihood: of the null model, the mean rate of the training bins, shape (neurons,).
        mean_likelihood: of the mean rate of the very bins scored, shape (neurons,).
        saturated_likelihood: of the model that knows every count, shape (neurons,).
        bands: that have strengths of their own, the history last.
        strengths: penalty chosen per fold, band and neuron, shape (folds, bands, neurons); banded ridge has
            one for all bands, shape (folds, 1, neurons).
        dropped: neurons left out, and why.
        bins: number of bins scored.
        unconverged: fits of a neuron that stopped short of the optimum.
        bounded: fits of each neuron of which a held-out prediction was kept within its limits, shape
            (neurons,).
        rates: expected counts of every bin used, from the fit that did not see it, shape (rows, neurons).
        block_gains: as gains, of each held-out block, shape (blocks, neurons).
        squares: of a linear model, squared error and that of the training mean, shape (2, neurons).
        weights: of banded ridge, part of each band in the sum of all, shape (bands, neurons).
        ceiling: where motion repeats in the recording, how well neurons could be predicted.
    """

    layer: str
    n_units: int
    n_components: int
    names: tuple[str, ...]
    spikes: np.ndarray
    gains: np.ndarray
    statistic: np.ndarray
    shifted_spikes: np.ndarray
    null_likelihood: np.ndarray
    mean_likelihood: np.ndarray
    saturated_likelihood: np.ndarray
    bands: tuple[str, ...]
    strengths: np.ndarray
    dropped: dict[str, str]
    bins: int
    unconverged: int
    bounded: np.ndarray
    rates: np.ndarray
    block_gains: np.ndarray
    squares: np.ndarray | None = None
    weights: np.ndarray | None = None
    ceiling: NoiseCeiling | None = None

    @property
    def log_likelihood(self) -> np.ndarray:
        """Of the model, with the factorials of the counts, nats, shape (neurons,)."""
        return self.null_likelihood + self.gains

    @property
    def bits_per_spike(self) -> np.ndarray:
        """Score against the mean of the training bins, shape (neurons,)."""
        return per_spike(self.gains, self.spikes)

    @property
    def bits_per_spike_eval(self) -> np.ndarray:
        """Score against the mean of the bins scored, as nlb_tools has it, shape (neurons,)."""
        return per_spike(self.log_likelihood - self.mean_likelihood, self.spikes)

    @property
    def shifted_bits_per_spike(self) -> np.ndarray:
        """Score for each shift of the null, shape (shifts, neurons); 0 for one without spikes."""
        return np.nan_to_num(per_spike(self.statistic[1:], self.shifted_spikes))

    @property
    def null_bits_per_spike(self) -> np.ndarray:
        """Mean over the spikes of all shifts, shape (neurons,): a shift that has few counts for little."""
        return np.nan_to_num(per_spike(self.statistic[1:].sum(0), self.shifted_spikes.sum(0)))

    @property
    def corrected_bits_per_spike(self) -> np.ndarray:
        """Score less null, shape (neurons,)."""
        return self.bits_per_spike - self.null_bits_per_spike

    @property
    def p_values(self) -> np.ndarray:
        """Rank of the likelihood gained, in nats, among those of the shifts, shape (neurons,).

        Not per spike of each shift, for a shift of few spikes could score anything.
        """
        return rank_p(self.statistic[0], self.statistic[1:])

    @property
    def q_values(self) -> np.ndarray:
        """The same as false discovery rates over the neurons (Benjamini and Hochberg), shape (neurons,)."""
        return false_discovery_control(self.p_values)

    @property
    def scaled_statistic(self) -> np.ndarray:
        """What is ranked, per spike of the neuron, bits, shape (1 + shifts, neurons)."""
        return per_spike(self.statistic, self.spikes)

    @property
    def block_bits(self) -> np.ndarray:
        """What each held-out block adds to the score, shape (blocks, neurons); they sum to it."""
        return per_spike(self.block_gains, self.spikes)

    @property
    def share_significant(self) -> float:
        """Share of neurons whose false discovery rate is 0.05 or less."""
        return float((self.q_values <= LEVEL).mean())

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
            "q": self.q_values,
            "bits_per_spike_eval": self.bits_per_spike_eval,
            "pseudo_r2": self.pseudo_r2,
            "mcfadden_r2": self.mcfadden_r2,
            "log_likelihood": self.log_likelihood,
            "strengths": self._strengths(),
            "bounded_fits": self.bounded,
        }
        if self.r2 is not None:
            columns["r2"] = self.r2
        if self.weights is not None:
            columns["band_weights"] = self.weights.T
        if self.ceiling is not None:
            columns |= {key: getattr(self.ceiling, key) for key in ("cc_abs", "cc_max", "cc_norm")}
        return columns

    def _strengths(self) -> list[Any]:
        """Of every neuron: per fold, or where bands have their own per fold by band."""
        each = self.strengths.transpose(2, 0, 1)
        if self.strengths.shape[1] == 1:
            return [list(folds[:, 0]) for folds in each]
        return [{band: list(folds[:, i]) for i, band in enumerate(self.bands)} for folds in each]

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
            "interval_bits_per_spike": block_interval(self.block_bits.mean(1), seed),
            "p": mean_p([self.scaled_statistic]),
            "share_significant": self.share_significant,
            "repeats": None if self.ceiling is None else self.ceiling.repeats,
            "unconverged_fits": self.unconverged,
        }
