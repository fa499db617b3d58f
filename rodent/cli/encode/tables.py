"""What `rodent encode` found, as tables for a terminal of 80 columns."""

import numpy as np
import rich.box
from rich.console import Console
from rich.table import Table

from analysis.encoding.inference import LEVEL, session_mean
from analysis.encoding.result import EncodingResult
from rodent.cli.encode.results import Found, over


def print_summary(found: Found) -> None:
    """A row per model: its score, that of drift alone, and whether the one is more than the other."""
    n = len(found.sessions)
    of = f"{n} sessions" if n > 1 else f"{len(found.results(0)[0].names)} neurons"
    table = _table(f"bits per spike, held out; means over {of}, 95 % over {over(found)}", _caption(found))
    for heading in ("score", "null", "corrected", "95 %", "p", "Holm", f"q ≤ {LEVEL:g}"):
        table.add_column(heading, justify="right", no_wrap=True)
    for i in range(len(found.models.sets)):
        results, significant = found.results(i), found.significant(i)
        corrected = [result.corrected_bits_per_spike for result in results]
        table.add_row(
            results[0].layer,
            f"{session_mean([result.bits_per_spike for result in results]):+.3f}",
            f"{session_mean([result.null_bits_per_spike for result in results]):+.3f}",
            f"{session_mean(corrected):+.3f}",
            _interval(found.interval(i)),
            f"{found.p(i):.2g}",
            f"{found.p_holm[i]:.2g}",
            f"{significant.sum()}/{len(significant)}",
        )
    console = Console(highlight=False)
    console.print(table)
    if found.models.unique:
        console.print(_unique(found))
    shifts = found.asked.settings.shifts
    if 1 / (1 + shifts) > LEVEL:
        console.print(f"With {shifts} shifts no p can be {LEVEL:g}; take --shifts 19 or more.")


def _caption(found: Found) -> str:
    shifts = found.asked.settings.shifts
    return (
        f"p: rank of the score among those of {shifts} time shifts; Holm: the same for all models at once. "
        f"q: false discovery rate over neurons. A corrected score above 0 is no finding without its p."
    )


def _unique(found: Found) -> Table:
    base = " + ".join(found.models.base)
    table = _table(
        f"bits per spike that a layer adds to {base}",
        "residual: part of the layer's variance that the base does not explain. p: rank among time shifts of "
        "spikes and base together against that residual.",
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
                _interval(gain.interval, 3),
                f"{gain.p:.2g}",
                f"{gain.p_holm:.2g}",
                f"{(gain.q <= LEVEL).sum()}/{len(gain.q)}",
            )
    return table


def print_neurons(found: Found) -> None:
    """For every model and session a row per neuron, the best predicted first."""
    for session in found.sessions:
        for result in session.results:
            _print_neurons(result)


def _print_neurons(result: EncodingResult) -> None:
    title = (
        f"{result.layer}: {result.n_units} units, {result.n_components} components; bits per spike, held out"
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


def _table(title: str, caption: str) -> Table:
    table = Table(title=title, caption=caption or None, box=rich.box.SIMPLE, padding=(0, 1, 0, 0))
    table.add_column("model", overflow="fold", min_width=16)
    return table


def _interval(bounds: tuple[float, float], digits: int = 2) -> str:
    low, high = bounds
    return f"{low:+.{digits}f} … {high:+.{digits}f}" if low == low else "–"
