"""`rodent rsa`: compare the structure of neurons and layers across behaviors."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tyro

from analysis.neural.settings import QualitySettings
from analysis.similarity.settings import SimilaritySettings
from rodent.cli.session import SessionArguments, open_sessions
from rodent.errors import InputError, naming

if TYPE_CHECKING:
    import numpy as np

    from analysis.similarity.scores import StructureResult
    from rodent.cli.session import OpenSession

SCHEMA, VERSION = "virtual-rodent/rsa", 1


@dataclasses.dataclass(frozen=True)
class Rsa(SessionArguments):
    """Compare which behaviors are alike to the neurons with which are alike to a network's layers.

    For every layer: the similarity of the two structures with its interval, the noise ceiling, and what
    is found where behaviors are exchanged; CKA, Procrustes distance and dimensionality beside it.

    Example: rodent rsa day.h5 spikes.npz --layer latent/mean --layer decoder/layer_0 --out structure
    """

    layer: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """Layer to compare; may be given several times. All that were recorded if not given."""
    settings: tyro.conf.OmitArgPrefixes[SimilaritySettings] = dataclasses.field(
        default_factory=SimilaritySettings
    )
    quality: tyro.conf.OmitArgPrefixes[QualitySettings] = dataclasses.field(default_factory=QualitySettings)
    json: bool = False
    """Print one JSON object instead of a table."""
    out: Path | None = None
    """Folder for rsa.json and the figures, SVG and PNG; made if it is not there."""

    def run(self) -> None:
        """Read, compare and print."""
        from analysis.similarity.scores import compare_structures
        from analysis.similarity.structure import describe
        from rodent.cli.output import print_json, say
        from rodent.files import require_room_for_folder
        from rodent.progress import progress
        from rodent.versions import versions

        if self.out is not None:
            require_room_for_folder(self.out)
        structures, notes, bins, dropped = [], [], [], []
        with open_sessions(self) as opened:
            layers = _layers(self.layer, opened)
            with progress("comparing", total=len(layers) * len(opened), unit="layers") as advance:
                for session in opened:
                    name = str(session.arguments.recording)
                    notes += [f"{name}: {note}" if self.session else note for note in session.notes]
                    bins.append(session.timeline.bin_seconds)
                    labels = _labels(session, self.settings)
                    good, quality = session.good_neurons(self.quality)
                    dropped += [{"session": name, "name": k, "reason": v} for k, v in quality.dropped.items()]
                    structures.append(
                        describe(name, session.timeline, good, labels, layers, self.settings, advance)
                    )
        result = compare_structures(structures, self.settings)
        page: dict[str, Any] = {
            "schema": SCHEMA,
            "version": VERSION,
            "recording": str(self.recording),
            "spikes": str(self.spikes),
            "further_sessions": [[str(file) for file in files] for files in self.session],
            "bin_seconds": bins[0],
        }
        page |= result.to_json()
        page |= {
            "dropped_neurons": dropped,
            "notes": [*notes, *result.notes],
            "settings": dataclasses.asdict(self.settings) | {"quality": dataclasses.asdict(self.quality)},
            "versions": versions("rsatoolbox", "scipy"),
        }
        for neuron in dropped:
            say(f"neuron {neuron['name']} is left out: {neuron['reason']}")
        for name, reason in result.dropped.items():
            say(f"{name} is left out: {reason}")
        for note in page["notes"]:
            say(note)
        if self.out is not None:
            _write(self.out, page, result)
            say(f"wrote {self.out / 'rsa.json'} and the figures beside it")
        if self.json:
            print_json(page)
        else:
            _print_table(result)


def _layers(wanted: Sequence[str], opened: "Sequence[OpenSession]") -> tuple[str, ...]:
    """The layers wanted, or all; every rollout has to have them."""
    layers = tuple(dict.fromkeys(wanted or opened[0].rollouts[0].layers))
    if not layers:
        raise InputError(f"{opened[0].recording.path} has no layers; record it with `rodent rollout`")
    for session in opened:
        session.require_layers(layers)
    return layers


def _labels(session: "OpenSession", settings: SimilaritySettings) -> "np.ndarray":
    """Behavior of each bin, from where the settings say."""
    import numpy as np

    from analysis.similarity.conditions import clip_labels, epoch_labels, kinematic_labels

    with naming(session.arguments.recording):
        if settings.conditions == "clip":
            return clip_labels(session.timeline)
        if settings.conditions == "kinematics":
            from rodent.body import Body

            body = Body(session.recording.body)
            return kinematic_labels(session.timeline, session.recording.fps, body)
    edges = np.arange(session.timeline.n_bins + 1) * session.timeline.bin_seconds
    times = session.arguments.clock.on_spikes(edges)
    with naming(session.arguments.spikes):
        return epoch_labels(session.timeline, session.session.epochs, times)


def _write(folder: Path, page: dict[str, Any], result: "StructureResult") -> None:
    from analysis.pages.drawing import write_figures
    from analysis.similarity.figures import matrices, similarities
    from rodent.cli.output import write_json
    from rodent.files import explain_os_errors

    with explain_os_errors(folder):
        folder.mkdir(exist_ok=True)
    write_json(page, folder / "rsa.json")
    rdms = {"neurons": result.rdm} | {layer.layer: layer.rdm for layer in result.layers}
    write_figures(
        {
            "dissimilarities": matrices(result.conditions, rdms),
            "similarity": similarities(result.layers, result.noise_ceiling),
        },
        folder,
    )


def _print_table(result: "StructureResult") -> None:
    import rich.box
    from rich.console import Console
    from rich.table import Table

    lower, upper = result.noise_ceiling
    alike = Table(
        title=f"{len(result.conditions)} behaviors: {', '.join(result.conditions)}; "
        f"noise ceiling {lower:.2f} to {upper:.2f}",
        box=rich.box.SIMPLE,
    )
    geometry = Table(title=f"neurons fill {result.dimensionality:.1f} dimensions", box=rich.box.SIMPLE)
    for table, headings in (
        (alike, ("similarity", "95 %", "null", "p")),
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
