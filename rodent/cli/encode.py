"""`rodent encode`: regress neurons on the units of a network, or on features of its behavior."""

import dataclasses
from pathlib import Path
from typing import Literal

from analysis.encoding.config import EncodeConfig
from rodent.errors import InputError


@dataclasses.dataclass(frozen=True)
class Encode(EncodeConfig):
    """Score how well the units of a layer, or other features, predict the spikes of neurons.

    The score is in Poisson bits per spike on held-out blocks of the session. The score on time-shifted
    spikes, which slow drift alone reaches, is subtracted.

    Example: rodent encode walk.h5 spikes.npz --layer decoder/layer_0 --layer latent/mean
    """

    neurons: bool = False
    """Also print a table of all neurons."""
    json: bool = False
    """Print one JSON object instead of tables."""
    out: Path | None = None
    """Folder for encoding.json and the figures, SVG, PNG and numbers as CSV; created if missing."""
    tables: Literal["csv", "parquet"] | None = None
    """Also write tables to --out, in this format: `neurons`, every score; `rates`, spikes and held-out
    predicted rates of every bin; `coefficients` of every fold, per standardised unit of the feature; and
    `tuning`, rates against speed, heading, turning and heights. parquet requires the extra `parquet`."""
    nwb_out: Path | None = None
    """Copy of the session's NWB file to write, with every neuron's scores, p and q as columns of its units
    table. The original is not changed."""

    def run(self) -> None:
        """Read, regress and print."""
        from analysis.encoding.encoding import encode_files
        from analysis.encoding.sessions.drawings import write
        from analysis.encoding.sessions.encode import Extras
        from analysis.encoding.sessions.files import require_nwb, write_nwb, write_tables
        from analysis.encoding.sessions.models import Models
        from analysis.encoding.sessions.results import to_json
        from analysis.encoding.sessions.tables import print_neurons, print_summary, print_tables
        from analysis.session import OpenSession
        from rodent.files import require_room_for_folder
        from rodent.pages.output import print_json, say
        from rodent.pages.tables import require_table_format

        if self.out is not None:
            require_room_for_folder(self.out)
        if self.tables is not None:
            if self.out is None:
                raise InputError(f"--tables {self.tables} requires --out, the folder for the tables")
            require_table_format(self.out / f"neurons.{self.tables}")

        def check(opened: tuple[OpenSession, ...], models: Models) -> None:
            if self.nwb_out is not None:
                require_nwb(opened, self.nwb_out, models)

        found = encode_files(self, scalars=self.tables is not None, check=check).found
        for name, reason in found.dropped:
            say(f"neuron {name} is excluded: {reason}")
        for note in found.notes:
            say(note)
        extras = Extras.of(found)
        page = to_json(found) | extras.to_json()
        if self.out is not None:
            write(self.out, page, found, extras.scans)
            say(f"wrote {self.out / 'encoding.json'} and figures in the same folder")
            if self.tables is not None:
                paths = write_tables(self.out, self.tables, found, extras.partition, extras.scans)
                say(f"wrote {', '.join(path.name for path in paths)}")
        if self.nwb_out is not None:
            write_nwb(self.nwb_out, found)
            say(f"wrote {self.nwb_out}")
        if self.json:
            print_json(page)
            return
        print_summary(found)
        print_tables(extras.tables())
        if self.neurons:
            print_neurons(found)
