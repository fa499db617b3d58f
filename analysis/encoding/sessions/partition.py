"""`rodent encode --partition`: unique and shared parts of sets of bands (commonality analysis)."""

import dataclasses
import functools
from typing import Any

import numpy as np
from rich.table import Table

from analysis.encoding.inference import session_interval, session_mean
from analysis.encoding.partition import Subset, commonality, subsets
from analysis.encoding.scores import per_spike
from analysis.encoding.sessions.results import Found, over
from analysis.encoding.sessions.tables import bounds, make_table, spaced


@dataclasses.dataclass(frozen=True)
class Part:
    """The score of a subset of the sets, or its part of the score of all sets.

    Attributes:
        sets: names of the sets.
        sessions: bits per spike of each session's neurons, shape (neurons,) each.
        mean: over neurons, then over sessions.
        interval: 95 %, over blocks of one session, or over sessions within animals.
    """

    sets: tuple[str, ...]
    sessions: tuple[np.ndarray, ...]
    mean: float
    interval: tuple[float, float]


class Partition:
    """Held-out scores of all subsets of the sets, and their parts.

    Args:
        found: results of all sessions, with the gains of every subset.
    """

    def __init__(self, found: Found):
        self.found = found
        self.names = tuple("+".join(names) for names in found.models.partition)

    @functools.cached_property
    def scores(self) -> dict[Subset, Part]:
        """The score of every subset."""
        return self._parts([one.partition for one in self.found.sessions])

    @functools.cached_property
    def parts(self) -> dict[Subset, Part]:
        """Unique to each set, and shared by exactly the sets of each subset; they sum to the score of all."""
        n = len(self.names)
        return self._parts([commonality(one.partition, n) for one in self.found.sessions])

    def _parts(self, sessions: list[dict[Subset, np.ndarray]]) -> dict[Subset, Part]:
        spikes = [one.results[0].spikes for one in self.found.sessions]
        found = {}
        for subset in subsets(len(self.names)):
            blocks = [per_spike(one[subset], n) for one, n in zip(sessions, spikes, strict=True)]
            values = [bits.sum(0) for bits in blocks]
            found[subset] = Part(
                sets=tuple(self.names[i] for i in subset),
                sessions=tuple(values),
                mean=session_mean(values),
                interval=session_interval(values, blocks, self.found.animals, self.found.seed),
            )
        return found

    def to_json(self) -> dict[str, Any]:
        """Scores and parts, of the mean and of every neuron."""

        def page(part: Part) -> dict[str, Any]:
            return {
                "sets": part.sets,
                "mean_bits_per_spike": part.mean,
                "interval_bits_per_spike": part.interval,
                "bits_per_spike": [values.tolist() for values in part.sessions],
            }

        return {
            "sets": self.names,
            "interval_over": over(self.found),
            "neurons": [list(one.results[0].names) for one in self.found.sessions],
            "scores": [page(part) for part in self.scores.values()],
            "parts": [
                page(part) | {"kind": "unique" if len(part.sets) == 1 else "shared"}
                for part in self.parts.values()
            ],
        }

    def rows(self) -> list[dict[str, Any]]:
        """A row for every session, neuron and subset."""
        return [
            {
                "session": i,
                "neuron": name,
                "sets": " & ".join(part.sets),
                "kind": "unique" if len(part.sets) == 1 else "shared",
                "score_bits_per_spike": self.scores[subset].sessions[i][k],
                "part_bits_per_spike": part.sessions[i][k],
            }
            for subset, part in self.parts.items()
            for i, one in enumerate(self.found.sessions)
            for k, name in enumerate(one.results[0].names)
        ]

    def table(self) -> Table:
        """A row for every subset: its score and its part."""
        table = make_table(
            f"partition of held-out bits per spike, 95 % over {over(self.found)}",
            "score: of these sets together, including drift. part: unique to a single set, or shared by "
            "exactly these sets; all parts sum to the last score. --unique tests what a layer adds.",
            ("sets",),
        )
        for heading in ("score", "part", "95 % of the part"):
            table.add_column(heading, justify="right", no_wrap=True)
        for subset, part in self.parts.items():
            table.add_row(
                " & ".join(map(spaced, part.sets)),
                f"{self.scores[subset].mean:+.4f}",
                f"{part.mean:+.4f}",
                bounds(part.interval, 4),
            )
        return table
