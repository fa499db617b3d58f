"""`rodent twin experiment`: rates of neurons in a grid of movements."""

import dataclasses
from pathlib import Path
from typing import Annotated

import tyro

from analysis.twin.settings import GridPlan


@dataclasses.dataclass(frozen=True)
class TwinExperiment:
    """Predict rates of neurons in a grid of movements: sequences of clips, paces, and amplitudes of parts.

    The twin must see only streams that follow from poses: joints, velocities or speed.

    Example: rodent twin experiment rat9.safetensors gaits --twin twin --seconds 3 --out rates.csv
    """

    readouts: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="READOUTS")]
    """Readouts of `rodent twin adapt`."""
    clips: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="CLIPS")]
    """Clips that sequences are cut from: a file, or built-in ones by name."""
    _: dataclasses.KW_ONLY
    twin: Path
    """Folder of the twin that the readouts belong to."""
    out: Path
    """Table to write, .csv or .parquet: a row for every sequence and neuron."""
    page: Path | None = None
    """HTML page to write."""
    resample: float | None = None
    """Frame rate that clips are brought to, Hz; by default they keep theirs."""
    plan: tyro.conf.OmitArgPrefixes[GridPlan] = dataclasses.field(default_factory=GridPlan)
    json: bool = False
    """Print one JSON object instead of a table."""

    def run(self) -> None:
        """Read, predict, write and print."""
        from rodent.jax_setup import cache_compilations

        cache_compilations()
        import time

        from analysis.twin.experiment import Grid, run_grid
        from analysis.twin.experiment_results import (
            experiment_section,
            experiment_to_json,
            factors_of,
            print_experiment,
        )
        from analysis.twin.files import load_readouts, load_twin
        from analysis.twin.kinematic import PoseStreams
        from analysis.twin.rates import RateModel
        from rodent.clips import read_clips
        from rodent.files import require_room_for_files
        from rodent.pages.output import print_json, say
        from rodent.pages.page import write_page
        from rodent.pages.tables import require_table_format, write_table
        from rodent.progress import progress
        from rodent.scene import make_scene

        require_room_for_files(self.out, self.page)
        require_table_format(self.out)
        twin, readouts = load_twin(self.twin), load_readouts(self.readouts)
        clips = read_clips(self.clips, resample=self.resample)
        grid, scene = Grid.of(clips, self.plan), make_scene(clips.body)
        streams = PoseStreams.of(twin.layout_, twin.bin_seconds_, grid.fps, scene)
        rates, began = RateModel.of(twin, readouts), time.perf_counter()
        with progress("predicting", len(grid.conditions), "sequences") as advance:
            found = run_grid(rates, streams, readouts.neurons, grid, advance)
        seconds, factors = time.perf_counter() - began, factors_of(found)
        write_table(self.out, found.table())
        say(f"wrote {self.out}: {len(grid.conditions)} sequences × {len(found.neurons)} neurons")
        if self.page is not None:
            section = experiment_section(found, factors, dataclasses.asdict(self.plan))
            write_page(self.page, "An experiment on a twin", [section])
            say(f"wrote {self.page}; open it in a browser")
        if self.json:
            print_json({"out": str(self.out), **experiment_to_json(found, factors, seconds)})
        else:
            print_experiment(found, factors)
