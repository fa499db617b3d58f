"""What `rodent rsa` found: as JSON, figures, and on the terminal."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import rich.box
from rich.console import Console
from rich.table import Table

from analysis.similarity.figures import matrices, similarities
from analysis.similarity.scores import StructureResult
from analysis.similarity.sessions import ALL_NEURONS, Found
from rodent.files import explain_os_errors
from rodent.pages.drawing import write_figures
from rodent.pages.output import write_json
from rodent.versions import versions

SCHEMA, VERSION = "virtual-rodent/rsa", 1


def to_json(found: Found) -> dict[str, Any]:
    """All that a report needs."""
    config = found.config
    page: dict[str, Any] = {
        "schema": SCHEMA,
        "version": VERSION,
        "recording": str(config.recording),
        "spikes": str(config.spikes),
        "further_sessions": [[str(file) for file in files] for files in config.session],
        "offset_seconds": config.offset or 0.0,
        "starts_seconds": config.starts or None,
        "rate": config.rate,
        "select": config.select,
        "bin_seconds": found.bin_seconds,
    }
    page |= found.everyone.to_json()
    page |= {
        "group_by": config.group,
        "groups": [{"group": name} | one.to_json() for name, one in found.groups.items()],
        "dropped_neurons": found.dropped,
        "notes": found.notes,
        "settings": dataclasses.asdict(config.settings) | {"quality": dataclasses.asdict(config.quality)},
        "versions": versions("rsatoolbox", "scipy"),
    }
    return page


def write(folder: Path, page: dict[str, Any], found: Found) -> None:
    """Write rsa.json, and the figures of all neurons and of each group.

    Raises:
        InputError: the folder cannot be written.
    """
    figures = {}
    for i, (group, result) in enumerate({ALL_NEURONS: found.everyone, **found.groups}.items()):
        # names of regions may have any character
        suffix = f"-{i}-{re.sub(r'[^A-Za-z0-9.+-]+', '_', group)}" if group else ""
        rdms = {group or "neurons": result.rdm} | {layer.layer: layer.rdm for layer in result.layers}
        figures[f"dissimilarities{suffix}"] = matrices(result.conditions, rdms)
        figures[f"similarity{suffix}"] = similarities(result.layers, result.noise_ceiling)
    with explain_os_errors(folder):
        folder.mkdir(exist_ok=True)
    write_json(page, folder / "rsa.json")
    write_figures(figures, folder)


def print_tables(found: Found) -> None:
    """A row per layer: of all neurons, then of each group."""
    _print_table(found.everyone)
    for name, one in found.groups.items():
        _print_table(one, f"{found.config.group} {name}")


def _print_table(result: StructureResult, group: str = "") -> None:
    lower, upper = result.noise_ceiling
    whose, of = (f"{group}, ", f"of {group} ") if group else ("", "")
    alike = Table(
        title=f"{whose}{len(result.conditions)} behaviors: {', '.join(result.conditions)}; "
        f"noise ceiling {lower:.2f} to {upper:.2f}",
        box=rich.box.SIMPLE,
    )
    known = result.dimensionality == result.dimensionality
    filled = f"fill {result.dimensionality:.1f} dimensions" if known else "vary no more than their noise"
    geometry = Table(title=f"neurons {of}{filled}", box=rich.box.SIMPLE)
    for table, headings in (
        (alike, ("similarity", "95 %", "null", "p", "Holm")),
        (geometry, ("CKA", "null", "Procrustes", "dimensions")),
    ):
        table.add_column("layer", overflow="fold", min_width=16)
        for heading in headings:
            table.add_column(heading, justify="right", no_wrap=True)
    for layer in result.layers:
        alike.add_row(
            layer.layer,
            f"{layer.similarity:+.3f}",
            f"{layer.low:+.2f} … {layer.high:+.2f}" if layer.low == layer.low else "–",
            f"{layer.null:+.3f}",
            f"{layer.p:.4f}",
            f"{layer.p_holm:.4f}",
        )
        geometry.add_row(
            layer.layer,
            f"{layer.cka:+.3f}",
            f"{layer.null_cka:+.3f}",
            f"{layer.procrustes:.2f}",
            f"{layer.dimensionality:.1f}",
        )
    console = Console(highlight=False)
    console.print(alike, geometry)
    if result.variability is not None:
        r, p = result.variability["r"], result.variability["p"]
        console.print(f"latent variability with that of neurons, over behaviors: r {r:+.2f}, p {p:.4f}")
