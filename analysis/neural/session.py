"""One recorded session: spikes, what is known of each neuron, epochs, and behavior.

    session = read_session(Path("monday.nwb"))          # of analysis.neural.read
    session.table["location"]                           # one entry per neuron
    session.labels("location")                          # the same as texts, to group neurons by
    session.epochs["trials"]                            # a pynapple IntervalSet, seconds
    session.behavior["position"]                        # a pynapple TsdFrame, metres
    binned = session.on_bins(n_bins=9000, bin_seconds=0.02, clock=Clock(offset=12.5))

All times are on one clock, that of the spikes.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from analysis.neural.clock import Clock
from analysis.neural.spikes import BinnedSpikes, SpikeCounts, SpikeTimes
from analysis.neural.table import as_text
from rodent.errors import unknown

if TYPE_CHECKING:
    from pynapple import IntervalSet

    from analysis.neural.interval_table import IntervalTable
    from analysis.neural.timeseries import Series


class Behavior(Mapping[str, "Series"]):
    """Series of behavior by name, each read from its file when it is asked for, and not kept."""

    def __init__(self, readers: "Mapping[str, Callable[[], Series]] | None" = None):
        self._readers = dict(readers or {})

    def __getitem__(self, name: str) -> "Series":
        return self._readers[name]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._readers)

    def __len__(self) -> int:
        return len(self._readers)


@dataclasses.dataclass(frozen=True)
class NeuralSession:
    """A session, as its file holds it.

    Attributes:
        path: the file of spikes.
        kind: which format it has.
        spikes: times or counts.
        table: what the file says of the neurons; arrays of shape (neurons,) by name.
        epochs: stretches of the session by name, such as `trials`, `trials/left` or a behavior.
        tables: tables of intervals by name, as the file has them, where it has any.
        behavior: series by name in metres, radians and seconds, NaN where nothing was measured.
        notes: what a reader of results should know of the file.
    """

    path: Path
    kind: str
    spikes: SpikeCounts | SpikeTimes
    table: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict)
    epochs: "Mapping[str, IntervalSet]" = dataclasses.field(default_factory=dict)
    tables: "Mapping[str, IntervalTable]" = dataclasses.field(default_factory=dict)
    behavior: "Mapping[str, Series]" = dataclasses.field(default_factory=Behavior)
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Of the neurons."""
        return self.spikes.names

    @property
    def span(self) -> tuple[float, float]:
        """When the recording of spikes begins and ends, seconds."""
        return self.spikes.span

    def column(self, name: str) -> np.ndarray:
        """A column of the units table, or `name`, the neurons' names; shape (neurons,).

        Raises:
            InputError: there is no such column; the message lists those that are.
        """
        columns = {"name": np.array(self.names), **self.table}
        if name not in columns:
            raise unknown("column", name, columns, f"the units table of {self.path}")
        return columns[name]

    def labels(self, column: str, names: Sequence[str] | None = None) -> np.ndarray:
        """Entries of a column as texts, to group neurons by; `none` where there is no entry.

        Args:
            column: of the units table, or `name`.
            names: of the neurons that are asked for, in this order; all if not given.

        Returns:
            shape (neurons,).

        Raises:
            InputError: there is no such column.
        """
        texts = as_text(self.column(column))
        if names is None:
            return texts
        at = {name: i for i, name in enumerate(self.names)}
        return texts[[at[name] for name in names]]

    def subset(self, keep: np.ndarray) -> "NeuralSession":
        """The same, with some of the neurons only.

        Args:
            keep: which, bool, shape (neurons,).
        """
        table = {name: values[keep] for name, values in self.table.items()}
        return dataclasses.replace(self, spikes=self.spikes.subset(keep), table=table)

    def fitting_bin(self, fps: float) -> float:
        """The shortest bin that fits both frames and spikes, seconds.

        Raises:
            InputError: there is none that is short.
        """
        return self.spikes.fitting_bin(fps)

    def on_bins(self, n_bins: int, bin_seconds: float, clock: Clock) -> BinnedSpikes:
        """The spikes in the bins of a recording.

        Args:
            n_bins: bins of the recording.
            bin_seconds: their length, seconds.
            clock: how the recording's clock and that of the spikes go together.

        Raises:
            InputError: the bins do not fit, or the two do not overlap or differ in length.
        """
        return self.spikes.on_bins(n_bins, bin_seconds, clock)

    def whole(self, bin_seconds: float) -> BinnedSpikes:
        """The whole session in bins of about this length, seconds."""
        if isinstance(self.spikes, SpikeCounts):
            bin_seconds = self.spikes.bin_seconds * max(1, round(bin_seconds / self.spikes.bin_seconds))
        start, stop = self.span
        n_bins = int((stop - start) / bin_seconds + 1e-6)
        # where the last spike is the end, it has a bin
        n_bins += isinstance(self.spikes, SpikeTimes) and self.spikes.observed is None
        return self.on_bins(max(1, n_bins), bin_seconds, Clock(offset=start))

    def within(self, epoch: str) -> "NeuralSession":
        """The same, with spikes only of an epoch; what is outside counts as not recorded.

        Raises:
            InputError: there is no such epoch.
        """
        if epoch not in self.epochs:
            raise unknown("epoch", epoch, self.epochs, str(self.path))
        spikes = self.spikes.within(np.asarray(self.epochs[epoch].values))
        return dataclasses.replace(self, spikes=spikes)

    def behavior_on_bins(self, name: str, n_bins: int, bin_seconds: float, clock: Clock) -> np.ndarray:
        """A series of behavior averaged over the bins of a recording.

        Args:
            name: of the series.
            n_bins: bins of the recording.
            bin_seconds: their length, seconds.
            clock: how the recording's clock and that of the spikes go together.

        Returns:
            shape (bins, columns); NaN in bins without a sample.

        Raises:
            InputError: there is no such series.
        """
        if name not in self.behavior:
            raise unknown("behavior series", name, self.behavior, str(self.path))
        series = self.behavior[name]
        bins = np.floor(clock.on_recording(np.asarray(series.t)) / bin_seconds + 1e-6)
        values = np.asarray(series.values, float).reshape(len(bins), -1)
        good = (bins >= 0) & (bins < n_bins) & np.isfinite(values).all(1)
        bins = bins[good].astype(np.int64)
        total = np.stack([np.bincount(bins, column, n_bins) for column in values[good].T], axis=1)
        samples = np.bincount(bins, minlength=n_bins)[:, None]
        return np.divide(total, samples, out=np.full(total.shape, np.nan), where=samples > 0)
