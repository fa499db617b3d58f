"""Results of experiments on a twin: as JSON, as a table on the terminal, and as a section of a page."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.twin.experiment import WHOLE, GridRates
from rodent.pages.output import print_table
from rodent.pages.page import Drawing, Section, Table
from rodent.versions import versions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SCHEMA, VERSION = "virtual-rodent/twin-experiment", 1
_COLUMNS = ["changed", "to", "sequences", "octaves, median size", "neuron that changes most", "octaves"]
_MOST_NAMED = 40  # neurons whose names a figure has room for
_TEXT = (
    "Rates that the twin predicts in sequences of movement. Octaves: log2 of the mean rate in a sequence, "
    "over that in the same sequence unchanged; the median over sequences. These are predictions of core and "
    "readouts, and no measurement; the further a movement is from the data, the less they are known to hold."
)


@dataclasses.dataclass(frozen=True)
class Factor:
    """One change of movement, over all sequences.

    Attributes:
        what: `pace`, or a body part.
        level: what it was set to.
        octaves: median over sequences of the change of each neuron's mean rate, shape (neurons,).
        sequences: how many there are.
    """

    what: str
    level: float
    octaves: np.ndarray
    sequences: int


def factors_of(found: GridRates) -> list[Factor]:
    """All changes, in the order of the grid."""
    grouped: dict[tuple[str, float], list[np.ndarray]] = {}
    changes = found.changes()
    plain = {(one.clip, one.start): [] for one in found.conditions}
    for i, one in enumerate(found.conditions):
        if one.part != WHOLE:
            grouped.setdefault((one.part, one.amplitude), []).append(changes[i])
        else:
            plain[one.clip, one.start].append((one.pace, found.mean_hz[i]))
    for each in plain.values():
        known = dict(each)
        for pace, rates in each:
            if pace != 1.0 and 1.0 in known:
                grouped.setdefault(("pace", pace), []).append(np.log2(rates / known[1.0]))
    return [Factor(*key, np.median(each, axis=0), len(each)) for key, each in grouped.items()]


def experiment_to_json(found: GridRates, factors: Sequence[Factor], seconds: float) -> dict[str, Any]:
    """The output of `rodent twin experiment --json`."""
    pairs = found.mean_hz.size
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "conditions": len(found.conditions),
        "neurons": list(found.neurons),
        "pairs": pairs,
        "pairs_per_minute": 60 * pairs / seconds,
        "factors": [dataclasses.asdict(one) for one in factors],
        "versions": versions(),
    }


def print_experiment(found: GridRates, factors: Sequence[Factor]) -> None:
    """A row for every change."""
    print_table(_COLUMNS, _rows(found.neurons, factors))


def experiment_section(found: GridRates, factors: Sequence[Factor], settings: Mapping[str, Any]) -> Section:
    """Changes of all neurons, as a figure and a table."""
    said = ", ".join(f"{name} {value}" for name, value in settings.items())
    parts: list[Any] = [Table(_COLUMNS, _rows(found.neurons, factors))]
    if factors:
        parts.insert(0, Drawing(factors_figure(found.neurons, factors), ""))
    return Section("Rates by movement", f"{_TEXT} {len(found.conditions)} sequences: {said}.", tuple(parts))


def factors_figure(neurons: Sequence[str], factors: Sequence[Factor]) -> "Figure":
    """Octaves of every change and neuron as an image."""
    from rodent.pages.drawing import empty

    values = np.stack([one.octaves for one in factors])
    order = np.argsort(values[np.abs(values).max(1).argmax()])
    most = float(np.abs(values).max()) or 1.0
    figure, axes = empty(0.9 + 0.22 * len(factors))
    image = axes.imshow(
        values[:, order], aspect="auto", cmap="RdBu_r", vmin=-most, vmax=most, rasterized=True
    )
    axes.set_yticks(range(len(factors)), [f"{one.what} × {one.level:g}" for one in factors])
    if len(neurons) <= _MOST_NAMED:
        axes.set_xticks(range(len(neurons)), [neurons[i] for i in order], rotation=90)
    axes.set_xlabel("neurons, sorted by the largest change")
    figure.colorbar(image, ax=axes, label="octaves")
    return figure


def _rows(neurons: Sequence[str], factors: Sequence[Factor]) -> list[list[Any]]:
    rows = []
    for one in factors:
        most = int(np.abs(one.octaves).argmax())
        size = float(np.median(np.abs(one.octaves)))
        first = [one.what, f"{one.level:g}", str(one.sequences), f"{size:.2f}"]
        rows.append([*first, neurons[most], f"{one.octaves[most]:+.2f}"])
    return rows
