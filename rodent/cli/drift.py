"""`rodent drift`: how units change while a skill is learnt."""

import dataclasses
from pathlib import Path

import tyro

from analysis.similarity.drift_settings import DriftSettings


@dataclasses.dataclass(frozen=True)
class DriftCommand:
    """Compare the units of a run's checkpoints: how similarity falls with the distance in training.

    The recordings are those of `rodent rollout RUN --checkpoints all --out course`. For each layer: debiased
    CKA of all pairs of checkpoints, with the ceiling from halves of its units and a null from turned time,
    beside what the policy achieves at each checkpoint.

    Example: rodent drift course --layer decoder/layer_0 --layer latent/mean --out drift
    """

    course: tyro.conf.Positional[Path]
    """Folder of the recordings."""
    layer: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """A layer; repeat the option for several. By default the hidden layers of encoder and decoder, and the
    mean of the latent."""
    out: Path | None = None
    """Folder for drift.json and drift.html; created if missing."""
    settings: tyro.conf.OmitArgPrefixes[DriftSettings] = dataclasses.field(default_factory=DriftSettings)
    """How."""
    json: bool = False
    """Print one JSON object instead of tables."""

    def run(self) -> None:
        """Read, compare and print."""
        from analysis.similarity.course import (
            compare_checkpoints,
            default_layers,
            distance_rows,
            metric_table,
            read_course,
            write_course,
        )
        from rodent.files import require_room_for_folder
        from rodent.pages.output import print_json, print_table, say
        from rodent.progress import progress

        if self.out is not None:
            require_room_for_folder(self.out)
        checkpoints = read_course(self.course)
        layers = self.layer or default_layers(checkpoints)
        with progress("comparing", len(layers), "layers") as advance:
            found = compare_checkpoints(checkpoints, layers, self.settings, advance)
        if self.out is not None:
            write_course(self.out, found)
            say(f"wrote {self.out / 'drift.html'}; open it in a browser")
        if self.json:
            print_json(found.to_json())
            return
        columns, rows = metric_table(found)
        print_table(columns, [[row[0], *(f"{x:.3f}" for x in row[1:])] for row in rows])
        for name in layers:
            rows = [[*row[:2], *(f"{x:.3f}" for x in row[2:])] for row in distance_rows(found, name)]
            print_table([name, "pairs", "similarity", "ceiling", "null"], rows)
