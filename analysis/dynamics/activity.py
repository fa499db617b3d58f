"""Activity of a population: spike counts of neurons or activations of units, in bins of equal length.

    activity = Activity("day 1", "spikes", counts, names, bin_seconds=0.02, piece=np.zeros(len(counts), int))
    require_alike(activity, perturbed)

Time may be in pieces, such as rollouts. Nothing reaches over the edge of a piece.
"""

import dataclasses
from typing import Literal

import numpy as np

from rodent.errors import InputError

Kind = Literal["spikes", "units"]

_SAME_BIN = 1e-6  # relative


@dataclasses.dataclass(frozen=True)
class Activity:
    """Activity of one population.

    Attributes:
        name: of the recording or session.
        kind: `spikes` are predicted as Poisson counts, `units` with Gaussian errors.
        values: counts or activations, shape (bins, channels).
        channels: names of neurons or units.
        bin_seconds: length of a bin.
        piece: which uninterrupted piece of time each bin belongs to, -1 for bins that are not used, shape
            (bins,).
        notes: for readers of the results.

    Raises:
        InputError: shapes differ, a value is not finite, counts are negative, or a channel never changes.
    """

    name: str
    kind: Kind
    values: np.ndarray
    channels: tuple[str, ...]
    bin_seconds: float
    piece: np.ndarray
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        shape, expected = self.values.shape, (len(self.piece), len(self.channels))
        if shape != expected:
            raise InputError(
                f"{self.name}: values have the shape {shape}; expected (bins, channels) = {expected}"
            )
        used = self.values[self.piece >= 0]
        if not len(used):
            raise InputError(f"{self.name}: no bin can be used; expected time in which activity is recorded")
        if not np.isfinite(used).all():
            where = int(np.flatnonzero(~np.isfinite(used).all(0))[0])
            raise InputError(f"{self.name}: channel {self.channels[where]!r} has values that are not finite")
        if self.kind == "spikes" and (used < 0).any():
            raise InputError(f"{self.name}: there are negative spike counts; expected 0, 1, 2, …")
        if self.kind == "spikes" and not used.any():
            raise InputError(
                f"{self.name}: there are no spikes in the bins used; check the file and --select"
            )

    @property
    def n_bins(self) -> int:
        """All bins, those that are not used included."""
        return len(self.piece)

    @property
    def seconds(self) -> float:
        """Length of the bins used."""
        return float((self.piece >= 0).sum() * self.bin_seconds)

    def subset(self, keep: np.ndarray) -> "Activity":
        """Some of the channels; `keep` is bool, shape (channels,)."""
        names = tuple(name for name, kept in zip(self.channels, keep, strict=True) if kept)
        return dataclasses.replace(self, values=self.values[:, keep], channels=names)


def require_alike(first: Activity, second: Activity) -> None:
    """Require that two populations can be predicted by one model.

    Raises:
        InputError: kinds, bins or channels differ.
    """
    if first.kind != second.kind:
        raise InputError(f"{first.name} has {first.kind}, {second.name} has {second.kind}; expected the same")
    if abs(first.bin_seconds - second.bin_seconds) > _SAME_BIN * first.bin_seconds:
        raise InputError(
            f"{second.name} has bins of {second.bin_seconds:g} s, {first.name} of {first.bin_seconds:g} s; "
            "record both at the same rate, or give --bin-seconds, a multiple of both"
        )
    if first.channels != second.channels:
        lacking = sorted(set(first.channels) - set(second.channels))
        what = f"lacks {', '.join(lacking[:5])}" if lacking else f"has {len(second.channels)} channels"
        raise InputError(f"{second.name} {what}; expected the {len(first.channels)} of {first.name}")
