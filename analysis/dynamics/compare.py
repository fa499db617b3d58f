"""Compare the latents of neurons with those of layers, in the same bins.

found = compare_layers(opened, layers, config)
found.rows[0].comparison.correlation
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from analysis.dynamics.activity import Activity
from analysis.dynamics.comparison import LatentComparison, compare_latents
from analysis.dynamics.config import CompareConfig
from analysis.dynamics.dsa import dsa_distance
from analysis.dynamics.figures import comparison_figure
from analysis.dynamics.fit import dimension_curve, smallest_of
from analysis.dynamics.models import make_model
from analysis.dynamics.reading import neurons_of, units_of, without_constant
from analysis.dynamics.scores import window_bins
from analysis.dynamics.settings import DynamicsSettings
from analysis.dynamics.windows import Windows
from analysis.multiple_testing import holm
from analysis.ring import random_turn
from analysis.session import OpenSession
from rodent.errors import InputError
from rodent.pages.output import print_table
from rodent.pages.page import Drawing, Section, Table
from rodent.recording.controls import is_control
from rodent.versions import versions

SCHEMA, VERSION = "virtual-rodent/dynamics-comparison", 1
_LEAST_TURN = 0.1  # of the time, by which latents are shifted
_COLUMNS = ["layer", "CCA", "null", "p", "Holm", "CKA", "null", "Procrustes", "DSA"]
_TEXT = (
    "CCA: mean canonical correlation, with latents that are shifted in time as null. CKA: debiased, with the "
    "same null. Procrustes: angle between the shapes of whitened latents, radians. DSA: angle between "
    "dynamics (Ostrow et al. 2023), radians; it needs no common time. Compare it with that of two halves of "
    "the neurons' time, which differ by chance alone."
)


@dataclasses.dataclass(frozen=True)
class LayerComparison:
    """A layer against the neurons.

    Attributes:
        layer: its name.
        comparison: of its latents, principal components.
        p_holm: p corrected over all layers; of controls by themselves.
    """

    layer: str
    comparison: LatentComparison
    p_holm: float


@dataclasses.dataclass(frozen=True)
class Compared:
    """What was found.

    Attributes:
        neurons: the population.
        settings: of the latents.
        dimensions: number of latent variables, of neurons and layers.
        layers: a comparison each.
        dsa_halves: angle between the dynamics of the neurons in both halves of the time.
        notes: for readers of the results.
    """

    neurons: Activity
    settings: DynamicsSettings
    dimensions: int
    layers: tuple[LayerComparison, ...]
    dsa_halves: float
    notes: tuple[str, ...]


def compare_layers(
    opened: OpenSession,
    layers: Sequence[str],
    config: CompareConfig,
    advance: Callable[[float], None] = lambda n: None,
) -> Compared:
    """Fit a model to the neurons and principal components to each layer, and compare their latents.

    Args:
        opened: the session.
        layers: to compare.
        config: settings and quality criteria.
        advance: called with the number of layers done.

    Raises:
        InputError: there are too few windows, or a covariance is singular.
    """
    settings = config.settings
    (neurons,) = without_constant(neurons_of(opened, config.quality))
    length, overlap = window_bins(settings.window_seconds, settings.overlap_seconds, neurons)
    dimensions = settings.dimensions or smallest_of(dimension_curve(neurons, settings))
    fitted = Windows.cut(neurons.piece, length, overlap)
    compared = Windows.cut(neurons.piece, length)
    compared.require_enough(neurons.name, settings.window_seconds)
    latents = _latents(neurons, settings, dimensions, fitted, compared)
    n = latents.shape[0] * latents.shape[1]
    random = np.random.default_rng(settings.seed)
    turns = [random_turn(random, n, int(_LEAST_TURN * n)) for _ in range(settings.shifts)]
    components = dataclasses.replace(settings, model="pca", smoothing_seconds=0.0)
    found = []
    for layer in layers:
        (units,) = without_constant(units_of(opened, layer))
        own = min(dimensions, len(units.channels))
        others = _latents(units, components, own, fitted, compared)
        found.append(compare_latents(latents, others, turns, settings.seed))
        advance(1)
    p_holm = holm(np.array([one.p for one in found]), [is_control(layer) for layer in layers])
    half = len(latents) // 2
    rank = min(8, dimensions * 10)
    return Compared(
        neurons,
        settings,
        dimensions,
        tuple(map(LayerComparison, layers, found, map(float, p_holm))),
        dsa_distance(latents[:half], latents[half:], rank=rank, seed=settings.seed),
        (*opened.notes, *neurons.notes),
    )


def _latents(
    activity: Activity, settings: DynamicsSettings, dimensions: int, fitted: Windows, compared: Windows
) -> np.ndarray:
    everything = np.ones(len(activity.channels), bool)
    model = make_model(settings, activity.kind, dimensions, activity.bin_seconds)
    model.fit(fitted.of(activity.values), everything)
    return model.latents(compared.of(activity.values))


def chosen_layers(opened: OpenSession, layers: Sequence[str]) -> tuple[str, ...]:
    """The layers named, or all that are recorded but controls.

    Raises:
        InputError: a rollout lacks one of them, or there are none.
    """
    recorded = [name for name in opened.rollouts[0].layers if not is_control(name)]
    chosen = tuple(dict.fromkeys(layers or recorded))
    if not chosen:
        raise InputError(f"{opened.recording.path} has no layers; record it with --record units")
    opened.require_layers(chosen)
    return chosen


def compared_to_json(found: Compared) -> dict[str, Any]:
    """The output of `rodent dynamics compare --json`."""
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "spikes": found.neurons.name,
        "neurons": len(found.neurons.channels),
        "model": found.settings.model,
        "dimensions": found.dimensions,
        "dsa_halves": found.dsa_halves,
        "layers": [
            {"layer": one.layer, "p_holm": one.p_holm, **dataclasses.asdict(one.comparison)}
            for one in found.layers
        ],
        "notes": found.notes,
        "settings": dataclasses.asdict(found.settings),
        "versions": versions("scipy"),
    }


def print_compared(found: Compared) -> None:
    """A row per layer on the terminal."""
    print_table(_COLUMNS, _rows(found))
    print(f"DSA of two halves of the neurons' time: {found.dsa_halves:.3f}")


def compared_section(found: Compared) -> Section:
    """The section of a page."""
    names = [one.layer for one in found.layers]
    values, nulls = (
        np.array([getattr(one.comparison, field) for one in found.layers])
        for field in ("correlation", "null")
    )
    figure = comparison_figure(names, values, nulls, "mean canonical correlation")
    halves = f"DSA of two halves of the neurons' time: {found.dsa_halves:.3f}."
    of = f"of {len(found.neurons.channels)} neurons ({found.settings.model})"
    head = f"{found.dimensions} latent variables {of}, and as many principal components of each layer."
    text = f"{head}\n\n{_TEXT}"
    return Section("Neurons and layers", text, (Drawing(figure), Table(_COLUMNS, _rows(found), halves)))


def _rows(found: Compared) -> list[list[str]]:
    rows = []
    for layer in found.layers:
        one = layer.comparison
        numbers = (
            one.correlation,
            one.null,
            one.p,
            layer.p_holm,
            one.cka,
            one.null_cka,
            one.procrustes,
            one.dsa,
        )
        rows.append([layer.layer, *(f"{number:.3f}" for number in numbers)])
    return rows
