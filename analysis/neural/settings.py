"""Which neurons are good enough; light, so that the command line can be derived from it."""

import dataclasses

from rodent.errors import InputError


@dataclasses.dataclass(frozen=True)
class QualitySettings:
    """Quality criteria that a neuron must meet."""

    min_rate: float = 0.1
    """Least mean rate, Hz."""
    min_presence: float = 0.5
    """Least presence: of 100 equal parts of the session, those in which the neuron fires. The Allen
    Institute asks for 0.9, in sessions of hours; in short sessions, slow neurons and place cells have
    less."""
    min_observed: float = 0.9
    """Least fraction of the session in which a neuron was recorded."""
    max_fano: float = 30.0
    """Largest variance of the counts of 1 s over their mean: 1 for a Poisson neuron of constant rate, about
    10 for one that a behavior switches on, far more for an artefact that comes in storms."""
    refractory_seconds: float = 0.0015
    """Time within which one neuron cannot fire twice."""
    max_contamination: float = 0.5
    """Largest lower bound of the fraction of foreign spikes, from refractory violations; 1 keeps all neurons,
    also Poisson spikes without a refractory time. Applies to spike times only."""
    max_correlation: float = 0.95
    """Of two neurons whose counts are correlated more than this, the one with fewer spikes counts as a copy
    and is left out."""

    def __post_init__(self) -> None:
        for name, low, high in (
            ("min_rate", 0, 1e4),
            ("min_presence", 0, 1),
            ("min_observed", 0, 1),
            ("max_fano", 0, float("inf")),
            ("refractory_seconds", 0, 0.1),
            ("max_contamination", 0, float("inf")),
            ("max_correlation", 0, 1),
        ):
            if not low <= (value := getattr(self, name)) <= high:
                raise InputError(f"quality setting {name} is {value}; it must lie in [{low:g}, {high:g}]")
