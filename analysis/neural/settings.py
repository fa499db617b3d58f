"""How spikes are read, and which neurons are good enough.

Light to import: the command line is derived from it.
"""

import dataclasses
from pathlib import Path
from typing import Literal

from rodent.errors import InputError


@dataclasses.dataclass(frozen=True)
class SpikeOptions:
    """How a file of spikes is read."""

    time_unit: Literal["s", "ms", "samples"] | None = None
    """Unit of spike times in npz, HDF5 and MAT files. By default seconds; times that look like milliseconds
    or samples are then refused."""
    sample_rate: float | None = None
    """Samples per second, if spike times count samples."""
    metres_per_pixel: float | None = None
    """Scale of a tracker's positions, which its file does not state. With it, the tracked path is compared
    with the path of the virtual rat, which reveals a wrong offset or rate."""
    format: str = ""
    """Name of the reader, if several recognise the file. By default the content decides."""

    def __post_init__(self) -> None:
        if self.sample_rate is not None and not 0 < self.sample_rate < float("inf"):
            raise InputError(f"--sample-rate is {self.sample_rate:g}; a positive number is expected, Hz")
        if self.time_unit == "samples" and self.sample_rate is None:
            raise InputError("spike times in samples need their rate: --sample-rate HZ, such as 30000")
        if self.time_unit in ("s", "ms") and self.sample_rate is not None:
            raise InputError(f"--sample-rate goes with --time-unit samples, not {self.time_unit}")


@dataclasses.dataclass(frozen=True)
class LabelOptions:
    """Behavior labels from a file of their own."""

    file: Path | None = None
    """Behavior labels of the session, as a table of epochs named `labels`: events of BORIS, syllables of
    keypoint-moseq, regions of MotionMapper, or a format that an installed package adds."""
    fps: float | None = None
    """Frames per second of labels that have one per frame."""
    offset: float = 0.0
    """Time at which the labels begin on the clock of the spikes, seconds."""
    recording: str = ""
    """Recording whose labels are used, if the file has several."""
    format: str = ""
    """Name of the reader, if several recognise the file. By default the content decides."""

    def __post_init__(self) -> None:
        if self.fps is not None and not 0 < self.fps < float("inf"):
            raise InputError(f"--labels.fps is {self.fps:g}; a positive number is expected")
        if not abs(self.offset) < float("inf"):
            raise InputError(f"--labels.offset is {self.offset:g}; a number of seconds is expected")


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
