"""What `rodent encode` found, as JSON and as figures."""

import dataclasses
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.encoding.inference import LEVEL, mean_p, paired_test, session_interval, session_mean
from analysis.encoding.result import EncodingResult
from rodent.cli.encode.sessions import Models, SessionResult
from rodent.cli.output import write_json
from rodent.files import explain_os_errors
from rodent.versions import versions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from rodent.cli.encode import Encode

SCHEMA, VERSION = "virtual-rodent/encoding", 1


@dataclasses.dataclass(frozen=True)
class Found:
    """Results of all sessions, and what was asked for."""

    asked: "Encode"
    models: Models
    sessions: tuple[SessionResult, ...]

    @property
    def dropped(self) -> list[tuple[str, str]]:
        """Neurons left out, and why."""
        return [pair for one in self.sessions for pair in one.dropped.items()]

    @property
    def notes(self) -> list[str]:
        """What a reader of the results should know; with the file it is about, where there are several."""
        several = len(self.sessions) > 1
        return [
            f"{one.recording}: {note}" if several else note for one in self.sessions for note in one.notes
        ]

    def results(self, model: int) -> list[EncodingResult]:
        """Of one model, per session."""
        return [one.results[model] for one in self.sessions]

    def p(self, model: int) -> float:
        """Of the mean over neurons, or over sessions where there are several."""
        return mean_p([result.scaled_gains for result in self.results(model)])

    def significant(self, model: int) -> np.ndarray:
        """Neurons of all sessions whose p is 0.05 or less, bool, shape (neurons,)."""
        return np.concatenate([result.p_values for result in self.results(model)]) <= LEVEL

    def unique(self, layer: str) -> "list[np.ndarray] | None":
        """What a layer adds, corrected for drift, per session and neuron; bits per spike."""
        if layer not in self.models.unique:
            return None
        return [
            one.added[layer].corrected_bits_per_spike - one.base.corrected_bits_per_spike
            for one in self.sessions
            if one.base is not None
        ]


def to_json(found: Found) -> dict[str, Any]:
    """All that a report needs."""
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
        "rate": found.asked.rate,
        "sessions": [
            {
                "recording": one.recording,
                "spikes": one.spikes,
                "rollouts": one.rollouts,
                "bin_seconds": one.bin_seconds,
                "quality": one.quality,
            }
            for one in found.sessions
        ],
        "layers": [_layer(found, i) for i in range(len(found.models.sets))],
        "comparisons": _comparisons(found),
        "base": None if first.base is None else first.base.layer,
        "dropped": [{"name": name, "reason": reason} for name, reason in found.dropped],
        "notes": found.notes,
        "settings": dataclasses.asdict(settings) | {"quality": dataclasses.asdict(found.asked.quality)},
        "versions": versions("scipy", "himalaya"),
    }


def _layer(found: Found, model: int) -> dict[str, Any]:
    """One model over all sessions; with several, means are of session means."""
    results, seed = found.results(model), found.asked.settings.seed
    page = results[0].to_json(seed)
    unique = found.unique(page["layer"])
    neurons = []
    for i, (result, session) in enumerate(zip(results, found.sessions, strict=True)):
        rows = result.rows()
        for k, row in enumerate(rows):
            row["session"] = i
            if unique is not None and session.base is not None:
                added = session.added[result.layer]
                row["unique_bits_per_spike"] = added.bits_per_spike[k] - session.base.bits_per_spike[k]
                row["corrected_unique_bits_per_spike"] = unique[i][k]
        neurons += rows
    corrected = [result.corrected_bits_per_spike for result in results]
    page |= {
        "neurons": neurons,
        "mean_bits_per_spike": session_mean([result.bits_per_spike for result in results]),
        "mean_null_bits_per_spike": session_mean([result.null_bits_per_spike for result in results]),
        "mean_corrected_bits_per_spike": session_mean(corrected),
        "interval_corrected_bits_per_spike": session_interval(corrected, seed),
        "interval_over": _over(found),
        "p": found.p(model),
        "share_significant": found.significant(model).mean(),
        "unconverged_fits": sum(result.unconverged for result in results),
    }
    if len(results) > 1:
        means = np.array([values.mean() for values in corrected])
        page["sem_corrected_bits_per_spike"] = means.std(ddof=1) / len(means) ** 0.5
    if unique is not None:
        page["unique"] = {
            "base": found.models.base,
            "mean_corrected_bits_per_spike": session_mean(unique),
            "interval_corrected_bits_per_spike": session_interval(unique, seed),
            "test": dataclasses.asdict(paired_test(unique, seed)),
        }
    return page


def _comparisons(found: Found) -> list[dict[str, Any]]:
    """Every pair of models: log-likelihood ratios in bits per spike, raw and corrected, and their tests."""
    pairs = itertools.combinations(range(len(found.models.sets)), 2)
    seed = found.asked.settings.seed
    return [
        {
            "models": [found.sessions[0].results[i].layer for i in (a, b)],
            **{
                key: dataclasses.asdict(
                    paired_test(
                        [
                            getattr(one.results[a], name) - getattr(one.results[b], name)
                            for one in found.sessions
                        ],
                        seed,
                    )
                )
                for key, name in (
                    ("log_likelihood_ratio", "bits_per_spike"),
                    ("corrected", "corrected_bits_per_spike"),
                )
            },
        }
        for a, b in pairs
    ]


def write(folder: Path, page: dict[str, Any], found: Found) -> None:
    """Write encoding.json, and the figures beside it.

    Raises:
        InputError: the folder cannot be written.
    """
    from analysis.pages.drawing import intervals, layer_scores, write_figures

    seed = found.asked.settings.seed
    pooled = [found.results(i) for i in range(len(found.models.sets))]
    names = [results[0].layer for results in pooled]
    scores, nulls = (
        [np.concatenate([getattr(result, key) for result in results]) for results in pooled]
        for key in ("bits_per_spike", "null_bits_per_spike")
    )

    def bars(values: Sequence[Sequence[np.ndarray]], labels: Sequence[str], unit: str) -> "Figure":
        bounds = np.array([session_interval(one, seed) for one in values])
        return intervals(labels, np.array([session_mean(one) for one in values]), *bounds.T, unit)

    corrected = [[result.corrected_bits_per_spike for result in results] for results in pooled]
    figures = {
        "scores": layer_scores(names, scores, nulls, "bits per spike"),
        "corrected": bars(corrected, names, "bits per spike, less the null"),
    }
    if found.models.unique:
        gains = [found.unique(layer) or [] for layer in found.models.unique]
        unit = f"bits per spike added to {' + '.join(found.models.base)}, less the null"
        figures["unique"] = bars(gains, found.models.unique, unit)
    with explain_os_errors(folder):
        folder.mkdir(exist_ok=True)
    write_json(page, folder / "encoding.json")
    write_figures(figures, folder)


def _over(found: Found) -> str:
    return "sessions" if len(found.sessions) > 1 else "neurons"
