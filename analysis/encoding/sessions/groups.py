"""Results per group of neurons: those with the same value in a column of the units table."""

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from rich.table import Table

from analysis.encoding.inference import LEVEL, mean_p, session_interval, session_mean
from analysis.encoding.result import EncodingResult
from analysis.encoding.sessions.models import family
from analysis.encoding.sessions.results import Found, over
from analysis.encoding.sessions.tables import bounds, make_table, spaced
from analysis.encoding.unique import UniqueGain
from analysis.multiple_testing import holm


@dataclasses.dataclass(frozen=True)
class GroupScore:
    """The mean score of one group of neurons, over the sessions that have it.

    Attributes:
        group: value of the column.
        model: the model or layer.
        n: number of neurons.
        sessions: number of sessions with such neurons.
        mean: bits per spike, mean over neurons, then over sessions.
        interval: 95 %, over blocks of one session, or over sessions within animals.
        p: rank of the mean among the time shifts.
        found: number of neurons with a false discovery rate over all neurons of 0.05 or less.
        p_holm: p, corrected for all groups and models; for controls separately.
    """

    group: str
    model: str
    n: int
    sessions: int
    mean: float
    interval: tuple[float, float]
    p: float
    found: int
    p_holm: float = float("nan")


class Groups:
    """Scores and unique gains of each group.

    Args:
        found: results of all sessions, whose neurons have labels.
    """

    def __init__(self, found: Found):
        self.found = found
        self.names = sorted({label for one in found.sessions for label in one.labels})

    @functools.cached_property
    def scores(self) -> list[GroupScore]:
        """Of every group and model, corrected for drift."""
        models = range(len(self.found.models.sets))
        return self._corrected(
            (group, results[0].layer, results, lambda one: one.corrected_bits_per_spike, self.found.q(i))
            for i in models
            for results in [self.found.results(i)]
            for group in self.names
        )

    @functools.cached_property
    def unique(self) -> list[GroupScore]:
        """Unique gain of every layer in every group."""
        summaries = {layer: self.found.unique(layer) for layer in self.found.models.unique}
        return self._corrected(
            (group, layer, summary.sessions, lambda one: one.bits_per_spike, summary.q)
            for layer, summary in summaries.items()
            if summary is not None
            for group in self.names
        )

    def _corrected(self, asked: Any) -> list[GroupScore]:
        scores = [self._score(*one) for one in asked]
        families = [family(*score.model.split("+")) for score in scores]
        p = holm(np.array([score.p for score in scores]), families)
        return [
            dataclasses.replace(score, p_holm=float(value)) for score, value in zip(scores, p, strict=True)
        ]

    def _score(
        self,
        group: str,
        model: str,
        results: Sequence[EncodingResult] | Sequence[UniqueGain],
        bits: Callable[[Any], np.ndarray],
        q: np.ndarray,
    ) -> GroupScore:
        masks = [np.array(one.labels) == group for one in self.found.sessions]
        having = [
            (one, mask, session)
            for one, mask, session in zip(results, masks, self.found.sessions, strict=True)
            if mask.any()
        ]
        values = [bits(one)[mask] for one, mask, _ in having]
        blocks = [one.block_bits[:, mask] for one, mask, _ in having]
        animals = [session.animal for *_, session in having]
        return GroupScore(
            group=group,
            model=model,
            n=sum(map(len, values)),
            sessions=len(having),
            mean=session_mean(values),
            interval=session_interval(values, blocks, animals, self.found.seed),
            p=mean_p([one.scaled_statistic[:, mask] for one, mask, _ in having]),
            found=int((q[np.concatenate(masks)] <= LEVEL).sum()),
        )

    def to_json(self) -> list[dict[str, Any]]:
        """Every group with its models."""
        unique = {(one.group, one.model): one for one in self.unique}
        page = []
        for group in self.names:
            scores = [one for one in self.scores if one.group == group]
            layers = []
            for one in scores:
                layer: dict[str, Any] = {
                    "layer": one.model,
                    "mean_corrected_bits_per_spike": one.mean,
                    "interval_corrected_bits_per_spike": one.interval,
                    "p": one.p,
                    "p_holm": one.p_holm,
                    "share_significant": one.found / one.n,
                }
                if (gain := unique.get((group, one.model))) is not None:
                    layer["unique"] = {
                        "mean_bits_per_spike": gain.mean,
                        "interval_bits_per_spike": gain.interval,
                        "p": gain.p,
                        "p_holm": gain.p_holm,
                        "share_significant": gain.found / gain.n,
                    }
                layers.append(layer)
            first = scores[0]
            page.append({"group": group, "neurons": first.n, "sessions": first.sessions, "layers": layers})
        return page

    def tables(self, column: str) -> list[Table]:
        """For a terminal: scores and unique gains by group."""
        several = len(self.found.sessions) > 1
        found = [
            self._table(
                self.scores,
                f"by {column}: corrected bits per spike, 95 % over {over(self.found)}",
                "Holm: p corrected for all groups and models. q: over all neurons, as above.",
                several,
            )
        ]
        if self.unique:
            base = " + ".join(self.found.models.base)
            found.append(
                self._table(self.unique, f"by {column}: bits per spike added to {base}", "", several)
            )
        return found

    @staticmethod
    def _table(scores: Sequence[GroupScore], title: str, caption: str, several: bool) -> Table:
        table = make_table(title, caption, ("group", "model"))
        for heading in (*(["sessions"] * several), "mean", "95 %", "p", "Holm", f"q ≤ {LEVEL:g}"):
            table.add_column(heading, justify="right", no_wrap=True)
        for one in scores:
            table.add_row(
                one.group,
                spaced(one.model),
                *([str(one.sessions)] * several),
                f"{one.mean:+.3f}",
                bounds(one.interval),
                f"{one.p:.2g}",
                f"{one.p_holm:.2g}",
                f"{one.found}/{one.n}",
            )
        return table
