"""Regress the neurons of all sessions on all models."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from rich.table import Table

from analysis.encoding.config import EncodeConfig
from analysis.encoding.sessions.groups import Groups
from analysis.encoding.sessions.lagscan import LagScans
from analysis.encoding.sessions.models import Models
from analysis.encoding.sessions.partition import Partition
from analysis.encoding.sessions.regress import regress
from analysis.encoding.sessions.results import Found
from analysis.session import OpenSession
from rodent.errors import InputError


def encode_sessions(
    config: EncodeConfig,
    opened: Sequence[OpenSession],
    models: Models,
    scalars: bool = False,
    advance: Callable[..., None] = lambda n, note="": None,
) -> Found:
    """Regress the good neurons of all sessions on every model.

    Args:
        config: settings, quality criteria, group column, and animal of each session.
        opened: the sessions.
        models: to regress on; from `models_of`.
        scalars: whether to read scalars of behavior, such as speed, for tuning curves.
        advance: progress callback; takes the number of finished fits, of `models.n_fits` for each session,
            and a note.

    Raises:
        InputError: the number of animals differs from that of sessions, the group column is unknown, no
            neuron is good, a band is not finite or constant, or the usable time is too short.
    """
    animals = _animals(config.animal, len(opened))
    results = [
        regress(one, config, models, animal, scalars, advance)
        for one, animal in zip(opened, animals, strict=True)
    ]
    return Found(config, models, tuple(results))


def _animals(names: tuple[str, ...], n: int) -> tuple[str, ...]:
    """Animal of each session; by default a different one for each."""
    if names and len(names) != n:
        raise InputError(f"--animal has {len(names)} names for {n} sessions; expected one for each session")
    return names or tuple(f"animal of session {i}" for i in range(n))


@dataclasses.dataclass(frozen=True)
class Extras:
    """Results that exist only if options of the configuration request them.

    Attributes:
        column: column of the units table that groups the neurons.
        groups: scores of each group.
        partition: unique and shared parts of sets of bands.
        scans: scores at other lags.
    """

    column: str | None
    groups: Groups | None
    partition: Partition | None
    scans: LagScans | None

    @classmethod
    def of(cls, found: Found) -> "Extras":
        """Compute those that the configuration requests."""
        column = found.asked.group
        return cls(
            column=column,
            groups=None if column is None else Groups(found),
            partition=Partition(found) if found.models.partition else None,
            scans=LagScans(found) if found.models.scan else None,
        )

    def to_json(self) -> dict[str, Any]:
        """Members of encoding.json; None or empty without the option."""
        return {
            "partition": self.partition and self.partition.to_json(),
            "lag_scan": self.scans and self.scans.to_json(),
            "group_by": self.column,
            "groups": self.groups.to_json() if self.groups else [],
        }

    def tables(self) -> list[Table]:
        """For a terminal."""
        tables = [one.table() for one in (self.partition, self.scans) if one is not None]
        if self.groups is not None and self.column is not None:
            tables += self.groups.tables(self.column)
        return tables
