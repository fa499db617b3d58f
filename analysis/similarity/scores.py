"""How alike the structures of layers and neurons are: joined over sessions, with ceiling, null and p.

result = compare_structures([monday, tuesday], settings)
result.noise_ceiling, result.layers[0].similarity
"""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from analysis.multiple_testing import holm
from analysis.similarity.compare import (
    FEWEST_RESAMPLED,
    bootstrapped,
    ceiling,
    ceiling_from_halves,
    interval,
    permuted,
    similarity,
)
from analysis.similarity.settings import FEWEST_CONDITIONS, SimilaritySettings
from analysis.similarity.structure import SessionStructure
from analysis.similarity.variability import correlated
from rodent.errors import InputError
from rodent.recording.controls import is_control

COVERAGE = {5: 0.91, 6: 0.93, 7: 0.96}
"""How many 95 % intervals over so few behaviors hold the true similarity, where that is high: of 1,200
simulated sessions (of 7 behaviors 300), by `benchmarks/intervals.py`; of 8 behaviors 95 % do."""


@dataclasses.dataclass(frozen=True)
class LayerScore:
    """How alike a layer and the neurons are, over sessions.

    Attributes:
        layer: its name.
        rdm: mean over sessions, shape (conditions, conditions).
        similarity: of the structures.
        low, high: 95 % interval; NaN with fewer than five behaviors.
        null: similarity where behaviors are exchanged, on average.
        p: how often it is then as high.
        p_holm: the same of all layers at once (Holm); of controls by themselves.
        cka, null_cka, procrustes, dimensionality: means over sessions, of `LayerStructure`.
    """

    layer: str
    rdm: np.ndarray
    similarity: float
    low: float
    high: float
    null: float
    p: float
    p_holm: float
    cka: float
    null_cka: float
    procrustes: float
    dimensionality: float


@dataclasses.dataclass(frozen=True)
class StructureResult:
    """Scores of all layers.

    Attributes:
        conditions: behaviors that all sessions have.
        rdm: of the neurons, mean over sessions, shape (conditions, conditions).
        dimensionality: of the neurons, mean over sessions; NaN where those of one vary no more than their
            noise.
        noise_ceiling: lower and upper.
        layers: their scores, in the order given.
        variability: correlation of the spread of intention and neurons, or None.
        sessions: what the sessions consist of.
        dropped: behaviors left out, and why.
        notes: what a reader should know.
    """

    conditions: tuple[str, ...]
    rdm: np.ndarray
    dimensionality: float
    noise_ceiling: tuple[float, float]
    layers: tuple[LayerScore, ...]
    variability: dict[str, Any] | None
    sessions: tuple[dict[str, Any], ...]
    dropped: dict[str, str]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        lower, upper = self.noise_ceiling
        return {
            "conditions": self.conditions,
            "neurons": {"rdm": self.rdm, "dimensionality": self.dimensionality},
            "layers": [vars(layer) for layer in self.layers],
            "noise_ceiling": {"lower": lower, "upper": upper},
            "variability": self.variability,
            "sessions": self.sessions,
            "dropped": self.dropped,
            "notes": self.notes,
        }


def compare_structures(sessions: Sequence[SessionStructure], settings: SimilaritySettings) -> StructureResult:
    """Score every layer against the neurons, over all sessions, on the behaviors that all of them have.

    Raises:
        InputError: the sessions have fewer than three behaviors in common.
    """
    rng = np.random.default_rng(settings.seed)
    conditions = tuple(sorted(set.intersection(*(set(s.conditions) for s in sessions))))
    dropped = _dropped(sessions, conditions)
    if len(conditions) < FEWEST_CONDITIONS:
        raise InputError(
            f"the {len(sessions)} sessions have {len(conditions)} behaviors in common; at least "
            f"{FEWEST_CONDITIONS} are needed ({'; '.join(f'{k}: {v}' for k, v in dropped.items())})"
        )
    orders = [np.searchsorted(s.conditions, conditions) for s in sessions]
    at = [np.ix_(order, order) for order in orders]
    names = tuple(sessions[0].layers)
    neurons = np.stack([s.rdm[here] for s, here in zip(sessions, at, strict=True)])
    layers = np.stack(
        [[s.layers[name].rdm[here] for name in names] for s, here in zip(sessions, at, strict=True)]
    )
    measure = settings.similarity
    found = similarity(layers, neurons, measure)
    null, p = permuted(layers, neurons, measure, settings.permutations, rng)
    p_holm = holm(p, [is_control(name) for name in names])
    error = bootstrapped(layers, neurons, measure, settings.bootstraps, rng)
    low, high = interval(found, error, len(sessions), len(conditions))
    if len(sessions) > 1:
        lower, upper = ceiling(neurons, measure)
    else:
        lower, upper = ceiling_from_halves(sessions[0].halves[..., *at[0]], measure)
    scores = tuple(
        LayerScore(
            layer=name,
            rdm=layers[:, i].mean(0),
            similarity=float(found[i]),
            low=float(low[i]),
            high=float(high[i]),
            null=float(null[i]),
            p=float(p[i]),
            p_holm=float(p_holm[i]),
            **{
                field: float(np.mean([getattr(s.layers[name], field) for s in sessions]))
                for field in ("cka", "null_cka", "procrustes", "dimensionality")
            },
        )
        for i, name in enumerate(names)
    )
    return StructureResult(
        conditions=conditions,
        rdm=neurons.mean(0),
        dimensionality=float(np.mean([s.dimensionality for s in sessions])),
        noise_ceiling=(lower, upper),
        layers=scores,
        variability=_variability(sessions, orders, settings, rng),
        sessions=tuple(
            {
                "name": s.name,
                "neurons": s.n_neurons,
                "seconds": dict(zip(s.conditions, s.seconds, strict=True)),
            }
            for s in sessions
        ),
        dropped=dropped,
        notes=_notes(sessions, conditions),
    )


def _dropped(sessions: Sequence[SessionStructure], conditions: tuple[str, ...]) -> dict[str, str]:
    """Why each behavior that is not compared is left out; with several sessions, in which."""
    if len(sessions) == 1:
        return sessions[0].dropped
    seen = sorted({name for s in sessions for name in (*s.conditions, *s.dropped)} - set(conditions))
    return {
        name: ", ".join(
            f"{s.name}: {s.dropped.get(name, 'not seen')}" for s in sessions if name not in s.conditions
        )
        for name in seen
    }


def _variability(
    sessions: Sequence[SessionStructure],
    orders: Sequence[np.ndarray],
    settings: SimilaritySettings,
    rng: np.random.Generator,
) -> dict[str, Any] | None:
    """Correlation over behaviors of the spread of the intention with that of neurons, over sessions."""
    if any(s.latent is None for s in sessions):
        return None
    ordered = list(zip(sessions, orders, strict=True))
    latent = np.mean([s.latent[order] for s, order in ordered if s.latent is not None], axis=0)
    neural = np.mean([s.fano[order] for s, order in ordered], axis=0)
    r, p = correlated(latent, neural, settings.permutations, rng)
    return {"r": r, "p": p, "latent": latent, "neural": neural}


def _notes(sessions: Sequence[SessionStructure], conditions: tuple[str, ...]) -> tuple[str, ...]:
    n = len(conditions)
    notes = []
    if len(sessions) == 1:
        notes.append(
            "one session: the noise ceiling comes from halves of its neurons, and takes noise that they "
            "share for structure; intervals are over behaviors alone"
        )
    if n < FEWEST_RESAMPLED:
        notes.append(
            f"{n} behaviors are too few to draw samples from: there are no intervals, and p is at least "
            f"{1 / math.factorial(n):.2g}"
        )
    elif n in COVERAGE:
        notes.append(
            f"intervals over {n} behaviors are rough: {COVERAGE[n]:.0%} hold the truth, where 95 % should, "
            "in simulated sessions whose structures are much alike (benchmarks/intervals.py)"
        )
    if any(np.isnan(layer.null_cka) for s in sessions for layer in s.layers.values()):
        notes.append("a session is too short to be shifted in time: the null of CKA is missing")
    if any(s.latent is None for s in sessions):
        notes.append(
            "neither latent/logvar nor latent/sample was recorded: latent variability is not compared"
        )
    return tuple(notes)
