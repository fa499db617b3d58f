"""Results of `rodent encode` over all sessions, and as JSON."""

import dataclasses
import functools
import itertools
from typing import Any

import numpy as np

from analysis.encoding.config import EncodeConfig
from analysis.encoding.inference import (
    LEVEL,
    Difference,
    difference,
    mean_p,
    session_interval,
    session_mean,
)
from analysis.encoding.result import EncodingResult
from analysis.encoding.sessions.models import Models, family
from analysis.encoding.sessions.regress import SessionResult
from analysis.encoding.unique import UniqueGain
from analysis.multiple_testing import benjamini_hochberg, holm
from rodent.recording.controls import control_layers, is_control
from rodent.versions import versions

SCHEMA, VERSION = "virtual-rodent/encoding", 2


@dataclasses.dataclass(frozen=True)
class Found:
    """Results of all sessions, with the arguments of the command."""

    asked: EncodeConfig
    models: Models
    sessions: tuple[SessionResult, ...]

    @property
    def dropped(self) -> list[tuple[str, str]]:
        """Excluded neurons, with the reasons."""
        return [pair for one in self.sessions for pair in one.dropped.items()]

    @property
    def notes(self) -> list[str]:
        """Notes for readers of the results; with the file, if there are several sessions."""
        several = len(self.sessions) > 1
        return [
            f"{one.recording}: {note}" if several else note for one in self.sessions for note in one.notes
        ]

    def results(self, model: int) -> list[EncodingResult]:
        """Results of one model, per session."""
        return [one.results[model] for one in self.sessions]

    @property
    def animals(self) -> list[str]:
        """Animal of each session."""
        return [one.animal for one in self.sessions]

    @property
    def seed(self) -> int:
        """Seed of the bootstrap."""
        return self.asked.settings.seed

    def p(self, model: int) -> float:
        """P of the mean over neurons, or over sessions if there are several."""
        return mean_p([result.scaled_statistic for result in self.results(model)])

    @functools.cached_property
    def p_holm(self) -> list[float]:
        """P corrected for all models; for controls separately."""
        p = np.array([self.p(i) for i in range(len(self.models.sets))])
        return list(holm(p, self.models.families))

    def significant(self, model: int) -> np.ndarray:
        """Neurons of all sessions whose false discovery rate is 0.05 or less, bool, shape (neurons,)."""
        return self.q(model) <= LEVEL

    def q(self, model: int) -> np.ndarray:
        """False discovery rates over the neurons of all sessions, shape (neurons,)."""
        return benjamini_hochberg(np.concatenate([one.p_values for one in self.results(model)]))

    @functools.cached_property
    def best(self) -> np.ndarray:
        """Model with the highest corrected score of each neuron, among models with q ≤ 0.05.

        Returns:
            index of the model, -1 if none is significant; neurons of all sessions, shape (neurons,).
        """
        models = range(len(self.models.sets))
        score = np.array(
            [
                np.concatenate([one.corrected_bits_per_spike for one in self.results(model)])
                for model in models
            ]
        )
        score[~np.array([self.significant(model) for model in models])] = -np.inf
        return np.where(np.isfinite(score).any(0), score.argmax(0), -1)

    def name(self, model: int) -> str:
        """Name of a model; empty for -1, no model."""
        return "" if model < 0 else self.sessions[0].results[model].layer

    def interval(self, model: int) -> tuple[float, float]:
        """95 % interval of the mean corrected score: over blocks of one session, or over sessions."""
        results = self.results(model)
        corrected = [one.corrected_bits_per_spike for one in results]
        return session_interval(corrected, [one.block_bits for one in results], self.animals, self.seed)

    def difference(self, first: int, second: int, key: str = "corrected_bits_per_spike") -> Difference:
        """Scores of one model minus those of another, neuron by neuron.

        Args:
            first, second: the models.
            key: of the score.
        """
        pairs = list(zip(self.results(first), self.results(second), strict=True))
        values = [getattr(x, key) - getattr(y, key) for x, y in pairs]
        return difference(values, [x.block_bits - y.block_bits for x, y in pairs], self.animals, self.seed)

    @property
    def beside_controls(self) -> list[tuple[int, int]]:
        """Pairs of models: each layer of --layer with each of its scored controls."""
        at = {names: i for i, names in enumerate(self.models.sets)}
        layers = [layer for layer in dict.fromkeys(self.asked.layer) if not is_control(layer)]
        pairs = [(at[layer,], at.get((control,))) for layer in layers for control in control_layers([layer])]
        return [(layer, control) for layer, control in pairs if control is not None]

    def unique(self, layer: str) -> "UniqueSummary | None":
        """Unique gain of a layer over all sessions; None if not computed."""
        return self._unique.get(layer)

    @functools.cached_property
    def _unique(self) -> "dict[str, UniqueSummary]":
        layers = self.models.unique
        gains = {layer: [one.unique[layer] for one in self.sessions] for layer in layers}
        p = {layer: mean_p([one.scaled_statistic for one in gains[layer]]) for layer in layers}
        adjusted = holm(np.array(list(p.values())), [family(layer) for layer in layers])
        corrected = dict(zip(layers, adjusted, strict=True))
        return {
            layer: UniqueSummary(
                sessions=tuple(gains[layer]),
                mean=session_mean([one.bits_per_spike for one in gains[layer]]),
                interval=session_interval(
                    [one.bits_per_spike for one in gains[layer]],
                    [one.block_bits for one in gains[layer]],
                    self.animals,
                    self.seed,
                ),
                p=p[layer],
                p_holm=float(corrected[layer]),
                q=benjamini_hochberg(np.concatenate([one.p_values for one in gains[layer]])),
            )
            for layer in layers
        }


@dataclasses.dataclass(frozen=True)
class UniqueSummary:
    """Unique gain of one layer over all sessions.

    Attributes:
        sessions: the gains of each session.
        mean: bits per spike, mean over neurons, then over sessions.
        interval: 95 %, over blocks of one session, or over sessions within animals.
        p: rank of the mean among the shifts.
        p_holm: p corrected for all layers; for controls separately.
        q: false discovery rates over all neurons, shape (neurons,).
    """

    sessions: tuple[UniqueGain, ...]
    mean: float
    interval: tuple[float, float]
    p: float
    p_holm: float
    q: np.ndarray


def to_json(found: Found) -> dict[str, Any]:
    """The content of encoding.json."""
    first, settings = found.sessions[0], found.asked.settings
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "recording": first.recording,
        "spikes": first.spikes,
        "rollouts": first.rollouts,
        "fps": first.fps,
        "bin_seconds": first.bin_seconds,
        "offset_seconds": found.asked.offset or 0.0,
        "starts_seconds": found.asked.starts or None,
        "rate": found.asked.rate,
        "select": found.asked.select,
        "sessions": [
            {
                "recording": one.recording,
                "spikes": one.spikes,
                "animal": one.animal,
                "rollouts": one.rollouts,
                "bin_seconds": one.bin_seconds,
                "quality": one.quality,
            }
            for one in found.sessions
        ],
        "layers": [_layer(found, i) for i in range(len(found.models.sets))],
        "best_model": {
            "neurons_by_model": {
                found.name(i): int((found.best == i).sum()) for i in range(len(found.models.sets))
            },
            "none": int((found.best < 0).sum()),
        },
        "comparisons": _comparisons(found),
        "base": "+".join(found.models.base) if found.models.unique else None,
        "dropped": [{"name": name, "reason": reason} for name, reason in found.dropped],
        "notes": found.notes,
        "settings": dataclasses.asdict(settings) | {"quality": dataclasses.asdict(found.asked.quality)},
        "versions": versions("scipy", "himalaya"),
    }


def _layer(found: Found, model: int) -> dict[str, Any]:
    """One model over all sessions; with several, means are of session means."""
    results, seed = found.results(model), found.seed
    page = results[0].to_json(seed)
    unique = found.unique(page["layer"])
    neurons, q = [], found.q(model)
    for i, result in enumerate(results):
        rows, labels = result.rows(), found.sessions[i].labels
        for k, row in enumerate(rows):
            row |= {"session": i, "q": q[len(neurons) + k]}
            row |= {"group": labels[k]} if labels else {}
            row["best_model"] = found.name(found.best[len(neurons) + k]) or None
            if unique is not None:
                one = unique.sessions[i]
                row["unique_bits_per_spike"] = one.bits_per_spike[k]
                row["unique_p"] = one.p_values[k]
                row["unique_q"] = unique.q[len(neurons) + k]
        neurons += rows
    corrected = [result.corrected_bits_per_spike for result in results]
    page |= {
        "neurons": neurons,
        "mean_bits_per_spike": session_mean([result.bits_per_spike for result in results]),
        "mean_null_bits_per_spike": session_mean([result.null_bits_per_spike for result in results]),
        "mean_corrected_bits_per_spike": session_mean(corrected),
        "interval_corrected_bits_per_spike": found.interval(model),
        "interval_over": over(found),
        "p": found.p(model),
        "p_holm": found.p_holm[model],
        "share_significant": found.significant(model).mean(),
        "unconverged_fits": sum(result.unconverged for result in results),
    }
    if len(results) > 1:
        means = np.array([values.mean() for values in corrected])
        page["sem_corrected_bits_per_spike"] = means.std(ddof=1) / len(means) ** 0.5
    if unique is not None:
        page["unique"] = {
            "base": found.models.base,
            "mean_bits_per_spike": unique.mean,
            "interval_bits_per_spike": unique.interval,
            "p": unique.p,
            "p_holm": unique.p_holm,
            "share_significant": (unique.q <= LEVEL).mean(),
            "residual_share": float(np.mean([one.residual for one in unique.sessions])),
        }
    return page


def over(found: Found) -> str:
    """What the intervals are over: blocks, sessions, or sessions within animals."""
    if len(found.sessions) == 1:
        return "blocks"
    return "sessions within animals" if len(set(found.animals)) < len(found.animals) else "sessions"


def _comparisons(found: Found) -> list[dict[str, Any]]:
    """Every pair of models: differences of scores in bits per spike, raw and corrected."""
    found_pairs = []
    for a, b in itertools.combinations(range(len(found.models.sets)), 2):
        page: dict[str, Any] = {"models": [found.name(a), found.name(b)]}
        page["log_likelihood_ratio"] = dataclasses.asdict(found.difference(a, b, "bits_per_spike"))
        page["corrected"] = dataclasses.asdict(found.difference(a, b))
        found_pairs.append(page)
    return found_pairs
