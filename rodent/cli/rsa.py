"""`rodent rsa`: compare the structure of neurons and layers across behaviors."""

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
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
    from analysis.similarity.structure import SessionStructure
    from rodent.cli.session import OpenSession

SCHEMA, VERSION = "virtual-rodent/rsa", 1
EVERYONE = ""
"""The group of all good neurons; no entry of a column is so named."""


@dataclasses.dataclass(frozen=True)
class Rsa(SessionArguments):
    """Compare neurons with the layers of a network by representational similarity over behaviors.

    For every layer: similarity of the dissimilarity matrices with its interval, noise ceiling, and null from
    permuted behaviors; CKA, Procrustes distance and dimensionality.

    Example: rodent rsa day.h5 spikes.npz --layer latent/mean --layer decoder/layer_0 --out structure
    """

    layer: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """Layer to compare; may be given several times. All that were recorded if not given, but for control
    layers."""
    settings: tyro.conf.OmitArgPrefixes[SimilaritySettings] = dataclasses.field(
        default_factory=SimilaritySettings
    )
    quality: tyro.conf.OmitArgPrefixes[QualitySettings] = dataclasses.field(default_factory=QualitySettings)
    group: str | None = None
    """Column of the units table, such as `region`: also compare the neurons of each of its entries by
    themselves."""
    json: bool = False
    """Print one JSON object instead of a table."""
    out: Path | None = None
    """Folder for rsa.json and the figures, SVG and PNG; created if missing."""

    def run(self) -> None:
        """Read, compare and print."""
        from analysis.similarity.scores import compare_structures
        from rodent.files import require_room_for_folder
        from rodent.pages.output import print_json, say
        from rodent.progress import progress
        from rodent.versions import versions

        if self.out is not None:
            require_room_for_folder(self.out)
        described, notes, bins, dropped = [], [], [], []
        with open_sessions(self) as opened:
            layers = _layers(self.layer, opened)
            with progress("comparing", total=len(layers) * len(opened), unit="layers") as advance:
                for session in opened:
                    found, left_out, more = self._describe(session, layers, advance)
                    described.append(found)
                    dropped += left_out
                    notes += [f"{session.recording.path}: {note}" if self.session else note for note in more]
                    bins.append(session.timeline.bin_seconds)
        result = compare_structures([found[EVERYONE] for found in described], self.settings)
        groups, why = _groups(described, self.settings)
        notes = [*notes, *result.notes, *why]
        page: dict[str, Any] = {
            "schema": SCHEMA,
            "version": VERSION,
            "recording": str(self.recording),
            "spikes": str(self.spikes),
            "further_sessions": [[str(file) for file in files] for files in self.session],
            "offset_seconds": self.offset or 0.0,
            "starts_seconds": self.starts or None,
            "rate": self.rate,
            "select": self.select,
            "bin_seconds": bins[0],
        }
        page |= result.to_json()
        page |= {
            "group_by": self.group,
            "groups": [{"group": name} | one.to_json() for name, one in groups.items()],
            "dropped_neurons": dropped,
            "notes": notes,
            "settings": dataclasses.asdict(self.settings) | {"quality": dataclasses.asdict(self.quality)},
            "versions": versions("rsatoolbox", "scipy"),
        }
        for neuron in dropped:
            say(f"neuron {neuron['name']} is left out: {neuron['reason']}")
        for name, reason in result.dropped.items():
            say(f"{name} is left out: {reason}")
        for note in notes:
            say(note)
        if self.out is not None:
            _write(self.out, page, {"": result, **groups})
            say(f"wrote {self.out / 'rsa.json'} and the figures beside it")
        if self.json:
            print_json(page)
            return
        _print_table(result)
        for name, one in groups.items():
            _print_table(one, f"{self.group} {name}")

    def _describe(
        self, session: "OpenSession", layers: tuple[str, ...], advance: "Callable[[int], None]"
    ) -> "tuple[dict[str, SessionStructure | str], list[dict[str, str]], tuple[str, ...]]":
        """The structures of a session by group, the neurons that are left out, and notes."""
        import numpy as np

        from analysis.similarity.structure import LabeledSession, describe_groups

        labels, told = _labels(session, self.settings)
        good, quality = session.good_neurons(self.quality)
        groups = {EVERYONE: np.ones(len(good.names), bool)}
        if self.group is not None:
            entries = session.groups(self.group, good.names)
            groups |= {name: entries == name for name in np.unique(entries).tolist()}
        name = str(session.arguments.recording)
        labeled = LabeledSession(name, session.timeline, good, labels)
        found = describe_groups(labeled, layers, self.settings, groups, advance)
        if isinstance(everyone := found[EVERYONE], str):
            raise InputError(f"{name}: {everyone}")
        dropped = [{"session": name, "name": k, "reason": v} for k, v in quality.dropped.items()]
        return found, dropped, (*session.notes, *quality.notes, *told)


def _groups(
    described: "Sequence[dict[str, SessionStructure | str]]", settings: SimilaritySettings
) -> "tuple[dict[str, StructureResult], list[str]]":
    """The result of each group over the sessions that have it, and what a reader should know of it."""
    from analysis.similarity.scores import compare_structures

    results, notes = {}, []
    for group in sorted({name for found in described for name in found} - {EVERYONE}):
        having = [found[group] for found in described if group in found]
        structures = [one for one in having if not isinstance(one, str)]
        if structures:
            results[group] = compare_structures(structures, settings)
            notes.append(
                f"group {group}: {' + '.join(str(one.n_neurons) for one in structures)} neurons"
                + f", in {len(structures)} of {len(described)} sessions" * (len(described) > 1)
            )
        else:
            notes.append(f"group {group} is left out: {'; '.join(map(str, having))}")
    return results, notes


def _layers(chosen: Sequence[str], opened: "Sequence[OpenSession]") -> tuple[str, ...]:
    """The chosen layers, or all that are no controls; every rollout has to have them."""
    from rodent.recording.controls import is_control

    recorded = [name for name in opened[0].rollouts[0].layers if not is_control(name)]
    layers = tuple(dict.fromkeys(chosen or recorded))
    if not layers:
        raise InputError(f"{opened[0].recording.path} has no layers; record it with --record units")
    for session in opened:
        session.require_layers(layers)
    return layers


def _labels(session: "OpenSession", settings: SimilaritySettings) -> "tuple[np.ndarray, tuple[str, ...]]":
    """Behavior of each bin, from where the settings say, and what to know of that."""
    from analysis.neural.epochs import kinds_of_epochs
    from analysis.similarity.conditions import clip_labels, epoch_labels, kinematic_labels

    with naming(session.arguments.recording):
        if settings.conditions == "clip":
            return clip_labels(session.timeline), ()
        if settings.conditions == "kinematics":
            from rodent.recording.body import recorded_body

            body = recorded_body(session.recording)
            return kinematic_labels(session.timeline, session.recording.fps, body), ()
    epochs, notes = kinds_of_epochs(session.session, settings.epoch_table, settings.epoch_column)
    with naming(session.arguments.spikes):
        return epoch_labels(session.timeline, epochs, session.clock), notes


def _write(folder: Path, page: dict[str, Any], results: "Mapping[str, StructureResult]") -> None:
    """The page, and the figures of all neurons and of each group."""
    from analysis.similarity.figures import matrices, similarities
    from rodent.files import explain_os_errors
    from rodent.pages.drawing import write_figures
    from rodent.pages.output import write_json

    figures = {}
    for i, (group, result) in enumerate(results.items()):
        # a region may be called anything
        suffix = f"-{i}-{re.sub(r'[^A-Za-z0-9.+-]+', '_', group)}" if group else ""
        rdms = {group or "neurons": result.rdm} | {layer.layer: layer.rdm for layer in result.layers}
        figures[f"dissimilarities{suffix}"] = matrices(result.conditions, rdms)
        figures[f"similarity{suffix}"] = similarities(result.layers, result.noise_ceiling)
    with explain_os_errors(folder):
        folder.mkdir(exist_ok=True)
    write_json(page, folder / "rsa.json")
    write_figures(figures, folder)


def _print_table(result: "StructureResult", group: str = "") -> None:
    import rich.box
    from rich.console import Console
    from rich.table import Table

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
