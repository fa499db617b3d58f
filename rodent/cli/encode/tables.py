"""What `rodent encode` found, as tables for a terminal of 80 columns."""

import rich.box
from rich.console import Console
from rich.table import Table

from analysis.encoding.inference import LEVEL, session_interval, session_mean
from analysis.encoding.result import EncodingResult
from rodent.cli.encode.results import Found


def print_summary(found: Found) -> None:
    """A row per model: its score, that of drift alone, and whether the one is more than the other."""
    several = len(found.sessions) > 1
    over = f"{len(found.sessions)} sessions" if several else f"{len(found.results(0)[0].names)} neurons"
    shifts, seed = found.asked.settings.shifts, found.asked.settings.seed
    table = _table(f"bits per spike, held out; means and 95 % intervals over {over}", _caption(found))
    for heading in ("score", "null", "corrected", "95 %", "p", f"p ≤ {LEVEL:g}"):
        table.add_column(heading, justify="right", no_wrap=True)
    for i in range(len(found.models.sets)):
        results, significant = found.results(i), found.significant(i)
        corrected = [result.corrected_bits_per_spike for result in results]
        table.add_row(
            results[0].layer,
            f"{session_mean([result.bits_per_spike for result in results]):+.3f}",
            f"{session_mean([result.null_bits_per_spike for result in results]):+.3f}",
            f"{session_mean(corrected):+.3f}",
            _interval(session_interval(corrected, seed)),
            f"{found.p(i):.2g}",
            f"{significant.sum()}/{len(significant)}",
        )
    console = Console(highlight=False)
    console.print(table)
    if found.models.unique:
        console.print(_unique(found, seed))
    if 1 / (1 + shifts) > LEVEL:
        console.print(f"With {shifts} shifts no p can be {LEVEL:g}; take --shifts 19 or more.")


def _caption(found: Found) -> str:
    shifts = found.asked.settings.shifts
    told = (
        f"p: rank of the score among those of {shifts} time shifts, and how many neurons have {LEVEL:g} or "
        f"less, where {LEVEL:.0%} have by chance."
    )
    if len(found.sessions) == 1:
        told += " An interval over the neurons of one session is no test: they share the session."
    return told


def _unique(found: Found, seed: int) -> Table:
    base = " + ".join(found.models.base)
    table = _table(f"bits per spike that a layer adds to {base}, less the null", "")
    for heading in ("added", "95 %"):
        table.add_column(heading, justify="right", no_wrap=True)
    for layer in found.models.unique:
        gain = found.unique(layer) or []
        table.add_row(layer, f"{session_mean(gain):+.3f}", _interval(session_interval(gain, seed)))
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
        ("p", f"{LEVEL:g} or less: {result.share_significant:.0%}"),
    ):
        table.add_column(heading, footer, justify="right", no_wrap=True)
    scores = (result.bits_per_spike, result.null_bits_per_spike, result.corrected_bits_per_spike)
    for i in (-result.corrected_bits_per_spike).argsort(kind="stable"):
        row = (f"{score[i]:+.3f}" for score in scores)
        table.add_row(result.names[i], f"{result.spikes[i]}", *row, f"{result.p_values[i]:.2g}")
    Console(highlight=False).print(table)


def _table(title: str, caption: str) -> Table:
    table = Table(title=title, caption=caption or None, box=rich.box.SIMPLE, padding=(0, 1, 0, 0))
    table.add_column("model", overflow="fold", min_width=16)
    return table


def _interval(bounds: tuple[float, float]) -> str:
    low, high = bounds
    return f"{low:+.2f} … {high:+.2f}" if low == low else "–"
