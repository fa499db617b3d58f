"""`rodent twin wiring`: whether neurons that read alike are connected."""

import dataclasses
from pathlib import Path
from typing import Annotated

import tyro


@dataclasses.dataclass(frozen=True)
class TwinWiring:
    """Test whether similarity of readouts predicts connections between neurons.

    The number of synapses of each pair is regressed on the similarity of features, lags and body parts.
    Connected partners are also compared with partners that are close but not connected.

    Example: rodent twin wiring rat9.safetensors pairs.csv --twin twin --out wiring.html
    """

    readouts: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="READOUTS")]
    """Readouts of `rodent twin adapt`."""
    pairs: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="PAIRS")]
    """CSV table with a row for each pair of neurons that could be connected: `pre`, `post` (names),
    `synapses` (0 for pairs that are close but not connected), and if known `exposure` (the expected number
    is proportional to it), `distance` (a covariate) and `projection`."""
    twin: Path
    """Folder of the twin that the readouts belong to."""
    out: Path | None = None
    """HTML page to write."""
    json: bool = False
    """Print one JSON object instead of tables."""

    def run(self) -> None:
        """Read, regress and print."""
        from analysis.twin.descriptors import describe
        from analysis.twin.files import load_readouts, load_twin
        from analysis.twin.pair_table import read_pairs
        from analysis.twin.wiring import connection_slopes, paired_means, similarities
        from analysis.twin.wiring_results import print_wiring, wiring_section, wiring_to_json
        from rodent.files import require_room_for_files
        from rodent.pages.output import print_json, say
        from rodent.pages.page import write_page

        require_room_for_files(self.out)
        readouts = load_readouts(self.readouts)
        pairs = read_pairs(self.pairs, readouts.neurons)
        similar = similarities(describe(readouts.tensor(load_twin(self.twin))))
        slopes, means = connection_slopes(pairs, similar), paired_means(pairs, similar)
        if self.out is not None:
            write_page(self.out, "Similarity and connection", [wiring_section(slopes, means)])
            say(f"wrote {self.out}; open it in a browser")
        if self.json:
            print_json(wiring_to_json(slopes, means))
        else:
            print_wiring(slopes, means)
