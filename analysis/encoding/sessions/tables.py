"""Results of `rodent encode` as tables for a terminal of 80 columns."""

from collections.abc import Sequence

import numpy as np
import rich.box
from rich.console import Console
from rich.table import Table

from analysis.encoding.inference import LEVEL, session_mean
from analysis.encoding.result import EncodingResult
from analysis.encoding.sessions.results import Found, over


def print_summary(found: Found) -> None:
    """A row per model: its score, its null, the corrected score, and p."""
    n = len(found.sessions)
    of = f"{n} sessions" if n > 1 else f"{len(found.results(0)[0].names)} neurons"
    table = make_table(f"held-out bits per spike; means over {of}, 95 % over {over(found)}", _caption(found))
    several = len(found.models.sets) > 1
    headings = ("score", "null", "corrected", "95 %", "p", "Holm", f"q ≤ {LEVEL:g}", *(["best"] * several))
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    for i in range(len(found.models.sets)):
        results, significant = found.results(i), found.significant(i)
        corrected = [result.corrected_bits_per_spike for result in results]
        table.add_row(
            spaced(found.name(i)),
            f"{session_mean([result.bits_per_spike for result in results]):+.3f}",
            f"{session_mean([result.null_bits_per_spike for result in results]):+.3f}",
            f"{session_mean(corrected):+.3f}",
            bounds(found.interval(i)),
            f"{found.p(i):.2g}",
            f"{found.p_holm[i]:.2g}",
            f"{significant.sum()}/{len(significant)}",
            *([str((found.best == i).sum())] * several),
        )
    tables = [table]
    if found.beside_controls:
        tables.append(_beside_controls(found))
    if found.models.unique:
        tables.append(_unique(found))
    print_tables(tables)
    shifts = found.asked.settings.shifts
    if 1 / (1 + shifts) > LEVEL:
        note = f"With {shifts} shifts, p is never {LEVEL:g} or less; use --shifts 19 or more."
        Console(highlight=False).print(note)


def _caption(found: Found) -> str:
    shifts = found.asked.settings.shifts
    controls = ", for controls separately" * (len(set(found.models.families)) > 1)
    best = " best: neurons that the model predicts best, of its neurons with q ≤ 0.05."
    return (
        f"p: rank of the score among {shifts} time shifts; Holm: p corrected for all models{controls}. q: "
        "false discovery rate over neurons. A corrected score above 0 is no result without its p."
        + best
        * (len(found.models.sets) > 1)
    )


def _beside_controls(found: Found) -> Table:
    """A row for every layer and control: the difference of their scores."""
    several = len(found.sessions) > 1
    table = make_table(
        f"layers minus their controls: corrected bits per spike, 95 % over {over(found)}",
        "difference: mean of paired differences over neurons. p: Wilcoxon test over sessions." * several,
        ("layer", "minus control"),
    )
    for heading in ("difference", "95 %", *(["p"] * several)):
        table.add_column(heading, justify="right", no_wrap=True)
    for layer, control in found.beside_controls:
        one = found.difference(layer, control)
        table.add_row(
            found.name(layer),
            found.name(control),
            f"{one.mean:+.3f}",
            bounds((one.low, one.high), 3),
            *([f"{one.wilcoxon_p:.2g}"] * several),
        )
    return table


def _unique(found: Found) -> Table:
    base = " + ".join(found.models.base)
    table = make_table(
        f"bits per spike that a layer adds to {base}",
        "residual: fraction of the layer's variance that the base does not explain. p: rank among time "
        "shifts of spikes and base relative to the residual.",
    )
    for heading in ("residual", "added", "95 %", "p", "Holm", f"q ≤ {LEVEL:g}"):
        table.add_column(heading, justify="right", no_wrap=True)
    for layer in found.models.unique:
        gain = found.unique(layer)
        if gain is not None:
            table.add_row(
                layer,
                f"{np.mean([one.residual for one in gain.sessions]):.0%}",
                f"{gain.mean:+.4f}",
                bounds(gain.interval, 3),
                f"{gain.p:.2g}",
                f"{gain.p_holm:.2g}",
                f"{(gain.q <= LEVEL).sum()}/{len(gain.q)}",
            )
    return table


def print_tables(tables: Sequence[Table]) -> None:
    """Print tables with an empty line after each."""
    console = Console(highlight=False)
    for table in tables:
        console.print(table, "")


def print_neurons(found: Found) -> None:
    """For every model and session a row per neuron, by descending score."""
    for session in found.sessions:
        for result in session.results:
            _print_neurons(result)


def _print_neurons(result: EncodingResult) -> None:
    title = (
        f"{result.layer}: {result.n_units} units, {result.n_components} components; held-out bits per spike"
    )
    mean = f"{result.mean_corrected:+.3f} ± {result.sem_corrected:.3f}"
    table = Table(title=title, box=rich.box.SIMPLE, show_footer=True)
    table.add_column("neuron", f"mean of {len(result.names)} ± s.e.m.", overflow="fold")
    for heading, footer in (
        ("spikes", f"{result.spikes.sum()}"),
        ("score", f"{result.bits_per_spike.mean():+.3f}"),
        ("null", f"{result.null_bits_per_spike.mean():+.3f}"),
        ("corrected", mean),
        ("p", ""),
        ("q", f"{LEVEL:g} or less: {result.share_significant:.0%}"),
    ):
        table.add_column(heading, footer, justify="right", no_wrap=True)
    scores = (result.bits_per_spike, result.null_bits_per_spike, result.corrected_bits_per_spike)
    for i in (-result.corrected_bits_per_spike).argsort(kind="stable"):
        row = (f"{score[i]:+.3f}" for score in scores)
        table.add_row(
            result.names[i],
            f"{result.spikes[i]}",
            *row,
            f"{result.p_values[i]:.2g}",
            f"{result.q_values[i]:.2g}",
        )
    Console(highlight=False).print(table)


def make_table(title: str, caption: str, names: Sequence[str] = ("model",)) -> Table:
    """An empty table, whose first columns are texts."""
    table = Table(title=title, caption=caption or None, box=rich.box.SIMPLE, padding=0, show_edge=False)
    for name in names:
        table.add_column(name, overflow="fold", min_width=15 if name == "model" else None)
    return table


def spaced(model: str) -> str:
    """The name of a model, with spaces so that a line can break between its bands."""
    return model.replace("+", " + ")


def bounds(interval: tuple[float, float], digits: int = 2) -> str:
    """An interval as text."""
    low, high = interval
    return f"{low:+.{digits}f} … {high:+.{digits}f}" if low == low else "–"
