"""`rodent encode`: regress neurons on the units of a network."""

import dataclasses
import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from analysis.encoding.settings import EncodingSettings

if TYPE_CHECKING:
    from analysis.encoding.crossvalidation import EncodingResult


@dataclasses.dataclass(frozen=True)
class Encode:
    """Score how well the units of a layer predict the spikes of neurons.

    The score is in Poisson bits per spike on held-out blocks of the session; what slow drift
    alone would earn, found by shifting the spikes in time, is taken off.

    Example: rodent encode walk.h5 spikes.npz --layer decoder/layer_0 --layer latent/mean
    """

    recording: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RECORDING")]
    """A recording that `rodent rollout` made of the session's motion."""
    spikes: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="SPIKES")]
    """Spikes, npz or HDF5: `counts` (bins, neurons) with `bin_seconds` or `fps`; or `times` in
    seconds with `neurons`, an integer each; or a group `spikes` with a dataset of times per
    neuron."""
    layer: tyro.conf.UseAppendAction[tuple[str, ...]]
    """Layer to regress on; may be given several times."""
    rollout: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """Rollout to use; may be given several times, in the order in which the session had them.
    All of them, as recorded, if not given."""
    offset: float | None = None
    """Time of the first frame on the clock of the spikes, seconds. If not given, both start and
    end together."""
    bin_seconds: float | None = None
    """Length of a bin, seconds: a multiple of a frame and of the bins of counts, the shortest
    such if not given. Units are averaged and spikes summed over it; longer bins cost less."""
    settings: tyro.conf.OmitArgPrefixes[EncodingSettings] = dataclasses.field(
        default_factory=EncodingSettings
    )
    json: bool = False
    """Print one JSON object instead of tables."""

    def run(self) -> None:
        """Read, regress and print."""
        from analysis.encoding.crossvalidation import cross_validate, n_fits
        from analysis.encoding.poisson import load_nemos
        from analysis.neural.spikefile import read_spikes
        from analysis.timeline import Timeline
        from rodent.cli.output import print_json, say
        from rodent.errors import InputError, unknown
        from rodent.progress import progress
        from rodent.recording import open_recording
        from rodent.versions import versions

        if not self.layer:
            raise InputError("no --layer is given; name at least one layer of the recording")
        with open_recording(self.recording) as recording:
            for name in self.rollout:
                if name not in recording.rollouts:
                    raise unknown("rollout", name, recording.rollouts, str(self.recording))
                if self.rollout.count(name) > 1:
                    # held-out frames would be trained on
                    raise InputError(f"--rollout {name!r} is given twice; each may be used once")
            names = self.rollout or tuple(recording.rollouts)
            rollouts = [recording.rollouts[name] for name in names]
            for layer, rollout in itertools.product(self.layer, rollouts):
                if layer not in rollout.layers:
                    place = f"{self.recording}, rollout {rollout.name!r}"
                    raise unknown("layer", layer, rollout.layers, place)
            spikes = read_spikes(self.spikes)
            bin_seconds = spikes.fitting_bin(recording.fps) if self.bin_seconds is None else self.bin_seconds
            timeline = Timeline.of(rollouts, recording.fps, bin_seconds)
            session = spikes.on_bins(timeline.n_bins, bin_seconds, self.offset)
            notes = [*session.notes, *timeline.notes]
            for note in notes:
                say(note)
            nemos = load_nemos()
            layers = tuple(dict.fromkeys(self.layer))
            results = []
            with progress("regressing", total=len(layers) * n_fits(self.settings), unit="fits") as advance:
                for layer in layers:
                    advance(0, note=layer)
                    results.append(cross_validate(timeline, session, layer, self.settings, advance))
            fps = recording.fps
        dropped = results[0].dropped  # depends on the spikes alone
        for name, reason in dropped.items():
            say(f"neuron {name} is left out: {reason}")
        for result in results:
            if result.unconverged:
                say(f"{result.layer}: {result.unconverged} fits stopped short of the optimum")
        if not self.json:
            for result in results:
                _print_table(result)
            return
        print_json(
            {
                "recording": str(self.recording),
                "spikes": str(self.spikes),
                "rollouts": names,
                "fps": fps,
                "bin_seconds": bin_seconds,
                "offset_seconds": self.offset or 0.0,
                "layers": [result.to_json() for result in results],
                "dropped": [{"name": name, "reason": reason} for name, reason in dropped.items()],
                "notes": notes,
                "settings": dataclasses.asdict(self.settings),
                "versions": versions() | {"nemos": nemos.__version__},
            }
        )


def _print_table(result: "EncodingResult") -> None:
    import rich.box
    from rich.console import Console
    from rich.table import Table

    title = (
        f"{result.layer}: {result.n_units} units, {result.n_components} components; bits per spike, held out"
    )
    mean = f"{result.mean_corrected:+.4f} ± {result.sem_corrected:.4f}"
    table = Table(title=title, box=rich.box.SIMPLE, show_footer=True)
    table.add_column("neuron", f"mean of {len(result.names)} ± s.e.m.", overflow="fold")
    for heading, footer in (
        ("spikes", f"{result.spikes.sum()}"),
        ("score", f"{result.bits_per_spike.mean():+.4f}"),
        ("null", f"{result.null_bits_per_spike.mean():+.4f}"),
        ("corrected", mean),
    ):
        table.add_column(heading, footer, justify="right", no_wrap=True)
    # the best predicted first
    for i in (-result.corrected_bits_per_spike).argsort(kind="stable"):
        scores = (result.bits_per_spike, result.null_bits_per_spike, result.corrected_bits_per_spike)
        table.add_row(result.names[i], f"{result.spikes[i]}", *(f"{score[i]:+.4f}" for score in scores))
    Console(highlight=False).print(table)
