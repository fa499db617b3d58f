"""The structure of one session: of its neurons, and of a network's layers meanwhile.

    session = LabeledSession("monday", timeline, spikes, labels)
    structure = describe(session, layers, settings)
    result = compare_structures([structure], settings)          # of analysis.similarity.scores

Neurons are taken as square roots of their counts per window, which gives Poisson counts of
any mean about the same variance; units as their means per window.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from analysis.neural.spikes import BinnedSpikes
from analysis.ring import random_turn
from analysis.similarity.cka import cka_and_null, procrustes_distance, turned_hsic
from analysis.similarity.design import Design
from analysis.similarity.dimensionality import neural_dimensions, participation_ratio
from analysis.similarity.rdm import dissimilarities, varying
from analysis.similarity.settings import SimilaritySettings
from analysis.similarity.variability import LATENT, latent_spread, matched_fano
from analysis.timeline import Timeline
from rodent.errors import InputError, naming


@dataclasses.dataclass(frozen=True)
class LayerStructure:
    """One layer in one session.

    Attributes:
        rdm: distances between behaviors, shape (conditions, conditions).
        cka: debiased linear CKA with the neurons, over all windows.
        null_cka: the same where one is shifted in time; NaN where the session is too short for that.
        procrustes: distance of the behaviors' means from those of the neurons, radians.
        dimensionality: participation ratio.
    """

    rdm: np.ndarray
    cka: float
    null_cka: float
    procrustes: float
    dimensionality: float


@dataclasses.dataclass(frozen=True)
class SessionStructure:
    """The neurons and layers of one session.

    Attributes:
        name: of the session.
        conditions: names of the behaviors.
        seconds: for which each was seen, shape (conditions,).
        n_neurons: how many neurons vary.
        rdm: of the neurons, shape (conditions, conditions).
        halves: RDMs of random halves of the neurons, shape (splits, 2, conditions, conditions).
        dimensionality: participation ratio of the neurons, without the noise of each; NaN where they vary
            no more than that.
        fano: mean-matched Fano factor per behavior, shape (conditions,).
        latent: spread of the policy's intention per behavior, shape (conditions,); None if not recorded.
        layers: by name.
        dropped: behaviors left out, and why.
    """

    name: str
    conditions: tuple[str, ...]
    seconds: np.ndarray
    n_neurons: int
    rdm: np.ndarray
    halves: np.ndarray
    dimensionality: float
    fano: np.ndarray
    latent: np.ndarray | None
    layers: dict[str, LayerStructure]
    dropped: dict[str, str]


@dataclasses.dataclass(frozen=True)
class LabeledSession:
    """Neurons and a recording, and which behavior was seen when.

    Attributes:
        name: for messages.
        timeline: bins of the recording.
        spikes: counts on these bins.
        labels: behavior of each bin, "" where none, shape (bins,).
    """

    name: str
    timeline: Timeline
    spikes: BinnedSpikes
    labels: np.ndarray


def describe(
    session: LabeledSession,
    layers: Sequence[str],
    settings: SimilaritySettings,
    advance: Callable[[int], None] = lambda n: None,
) -> SessionStructure:
    """Measure the structure of one session's neurons, and of layers during it.

    Args:
        session: with the behaviors.
        layers: names.
        settings: how.
        advance: called with 1 after each layer.

    Raises:
        InputError: fewer than three behaviors or two neurons are left, or a layer is unknown, not finite
            or constant.
    """
    everyone = {"": np.ones(len(session.spikes.names), bool)}
    found = describe_groups(session, layers, settings, everyone, advance)[""]
    if isinstance(found, str):
        raise InputError(f"{session.name}: {found}")
    return found


def describe_groups(
    session: LabeledSession,
    layers: Sequence[str],
    settings: SimilaritySettings,
    groups: Mapping[str, np.ndarray],
    advance: Callable[[int], None] = lambda n: None,
) -> dict[str, SessionStructure | str]:
    """The same of several groups of the neurons, each by itself; layers are read once.

    Args:
        session, layers, settings, advance: as for `describe`.
        groups: which neurons by group, bool, shape (neurons,) each.

    Returns:
        by group its structure, or why it has none.

    Raises:
        InputError: as `describe`, but for groups of too few neurons.
    """
    timeline = session.timeline
    with naming(session.name):
        design = Design.of(session.labels, timeline, session.spikes.covered, settings)
    counts = design.summed(session.spikes.counts)
    found: dict[str, SessionStructure | str] = {}
    populations: dict[str, _Population] = {}
    for group, members in groups.items():
        own = counts[:, members]
        own = own[:, own.std(0) > 0].astype(np.float64)
        if own.shape[1] < 2:
            found[group] = (
                f"{own.shape[1]} of {members.sum()} neurons vary during these behaviors; a structure needs "
                "at least 2"
            )
        else:
            populations[group] = _Population(own, design, settings)
    latent, block = None, _least_turn(design, settings)
    for layer in dict.fromkeys(layers) if populations else ():
        units = design.averaged(timeline.units(layer))
        with naming(f"{session.name}: layer {layer!r}"):
            rdm = dissimilarities(units, design, settings.noise)
        units = varying(units)
        means, dimensions = design.means(units).mean(0), participation_ratio(units, block)
        for one in populations.values():
            cka, null = cka_and_null(units, one.roots, one.turns, one.itself)
            distance = procrustes_distance(means, one.means)
            one.layers[layer] = LayerStructure(rdm, cka, null, distance, dimensions)
        advance(1)
    spread_from = next((layer for layer in LATENT if layer in timeline.rollouts[0].layers), None)
    if spread_from is not None:
        latent = latent_spread(spread_from, design.averaged(timeline.units(spread_from)), design)
    return found | {
        group: SessionStructure(
            name=session.name,
            conditions=design.conditions,
            seconds=np.bincount(design.condition) * design.window_seconds,
            n_neurons=one.counts.shape[1],
            rdm=dissimilarities(one.roots, design, settings.noise),
            halves=_halves(one.roots, design, settings, one.random),
            dimensionality=neural_dimensions(one.counts, block, np.random.default_rng((settings.seed, 1))),
            fano=matched_fano(one.counts, design),
            latent=latent,
            layers=one.layers,
            dropped=design.dropped,
        )
        for group, one in populations.items()
    }


class _Population:
    """Neurons, and what layers are compared with."""

    def __init__(self, counts: np.ndarray, design: Design, settings: SimilaritySettings):
        self.random = np.random.default_rng(settings.seed)
        self.counts, self.roots = counts, np.sqrt(counts)
        self.means, self.turns = design.means(self.roots).mean(0), _turns(design, settings, self.random)
        self.itself = turned_hsic(self.roots, self.turns)
        self.layers: dict[str, LayerStructure] = {}


def _halves(
    roots: np.ndarray, design: Design, settings: SimilaritySettings, rng: np.random.Generator
) -> np.ndarray:
    """RDMs of random halves of the neurons, shape (splits, 2, conditions, conditions)."""
    half = roots.shape[1] // 2
    orders = rng.permuted(np.tile(np.arange(roots.shape[1]), (settings.splits, 1)), axis=1)
    # of an odd number one is left out, so that both halves know as much
    parts = orders[:, : 2 * half].reshape(settings.splits, 2, half)
    return np.array(
        [[dissimilarities(roots[:, mine], design, settings.noise) for mine in split] for split in parts]
    )


def _turns(design: Design, settings: SimilaritySettings, random: np.random.Generator) -> list[int]:
    """Random turns in time, windows; none if the session is too short."""
    least = _least_turn(design, settings)
    if design.n_windows < 2 * least:
        return []
    return [random_turn(random, design.n_windows, least) for _ in range(settings.shifts)]


def _least_turn(design: Design, settings: SimilaritySettings) -> int:
    """Windows after which activity is taken to be independent."""
    return int(np.ceil(settings.shift_seconds / design.window_seconds))
