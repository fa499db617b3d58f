"""The figures of `rodent encode`, in the folder of encoding.json."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np

from analysis.encoding.figures import Pair, lag_curves, paired_scores
from analysis.encoding.inference import LEVEL, session_mean
from analysis.encoding.sessions.lagscan import LagScans
from analysis.encoding.sessions.models import MODEL
from analysis.encoding.sessions.results import Found
from analysis.encoding.sessions.tables import spaced
from rodent.files import explain_os_errors
from rodent.pages.drawing import intervals, layer_scores, write_figures
from rodent.pages.output import write_json

_ALL_PAIRS = 4  # models of which a figure shows the differences of all pairs


def _pairs(found: Found) -> list[Pair]:
    """The differences that are plotted: every layer minus its controls; and of the other models all pairs of
    up to four, else each minus the first.
    """
    chosen, families = found.beside_controls, found.models.families
    models = [i for i, family in enumerate(families) if family == MODEL or not chosen]
    few = len(models) <= _ALL_PAIRS
    chosen += list(itertools.combinations(models, 2)) if few else [(i, models[0]) for i in models[1:]]
    drawn = []
    for a, b in chosen:
        pairs = zip(found.results(a), found.results(b), strict=True)
        values = [x.corrected_bits_per_spike - y.corrected_bits_per_spike for x, y in pairs]
        one, names = found.difference(a, b), (found.name(a), found.name(b))
        drawn.append(Pair(*names, np.concatenate(values), one.mean, one.low, one.high, one.over))
    return drawn


def write(folder: Path, page: dict[str, Any], found: Found, scans: LagScans | None = None) -> None:
    """Write encoding.json and the figures.

    Raises:
        InputError: the folder cannot be written.
    """
    pooled = [found.results(i) for i in range(len(found.models.sets))]
    names = [found.name(i) for i in range(len(pooled))]
    labels = [spaced(name) for name in names]

    def every(key: str) -> list[np.ndarray]:
        return [np.concatenate([getattr(result, key) for result in results]) for results in pooled]

    corrected, significant = (
        every("corrected_bits_per_spike"),
        [q <= LEVEL for q in map(found.q, range(len(names)))],
    )
    bounds = np.array([found.interval(i) for i in range(len(names))])
    means = np.array([session_mean([one.corrected_bits_per_spike for one in results]) for results in pooled])
    figures = {
        "scores": layer_scores(
            labels, every("bits_per_spike"), every("null_bits_per_spike"), "bits per spike"
        ),
        "corrected": intervals(labels, means, *bounds.T, "bits per spike, minus the null"),
        "neurons": paired_scores(
            names, corrected, significant, found.p_holm, "bits per spike, minus the null", _pairs(found)
        ),
    }
    if found.models.unique:
        gains = [one for layer in found.models.unique if (one := found.unique(layer)) is not None]
        figures["unique"] = paired_scores(
            found.models.unique,
            [np.concatenate([one.bits_per_spike for one in gain.sessions]) for gain in gains],
            [gain.q <= LEVEL for gain in gains],
            [gain.p_holm for gain in gains],
            f"bits per spike added to {' + '.join(found.models.base)}",
        )
    if scans is not None:
        figures["lag-scan"] = lag_curves(
            [model[0].layer for model in scans.models],
            scans.lags,
            [scans.mean(i) for i in range(len(scans.models))],
            [scans.best(i) for i in range(len(scans.models))],
        )
    with explain_os_errors(folder):
        folder.mkdir(exist_ok=True)
    write_json(page, folder / "encoding.json")
    write_figures(figures, folder)
