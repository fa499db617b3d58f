"""`rodent rsa`: compare the structure of neurons and layers across behaviors."""

import dataclasses
from pathlib import Path

from analysis.similarity.config import RsaConfig


@dataclasses.dataclass(frozen=True)
class Rsa(RsaConfig):
    """Compare neurons with the layers of a network by representational similarity over behaviors.

    For every layer: similarity of the dissimilarity matrices with its interval, noise ceiling, and null from
    permuted behaviors; CKA, Procrustes distance and dimensionality.

    Example: rodent rsa day.h5 spikes.npz --layer latent/mean --layer decoder/layer_0 --out structure
    """

    json: bool = False
    """Print one JSON object instead of a table."""
    out: Path | None = None
    """Folder for rsa.json and the figures, SVG, PNG and numbers as CSV; created if missing."""

    def run(self) -> None:
        """Read, compare and print."""
        from analysis.session import open_sessions
        from analysis.similarity.results import print_tables, to_json, write
        from analysis.similarity.sessions import compare_sessions, layers_of
        from rodent.files import require_room_for_folder
        from rodent.pages.output import print_json, say
        from rodent.progress import progress

        if self.out is not None:
            require_room_for_folder(self.out)
        with open_sessions(self) as opened:
            layers = layers_of(self, opened)
            with progress("comparing", total=len(layers) * len(opened), unit="layers") as advance:
                found = compare_sessions(self, opened, layers, advance)
        page = to_json(found)
        for neuron in found.dropped:
            say(f"neuron {neuron['name']} is excluded: {neuron['reason']}")
        for name, reason in found.everyone.dropped.items():
            say(f"{name} is excluded: {reason}")
        for note in found.notes:
            say(note)
        if self.out is not None:
            write(self.out, page, found)
            say(f"wrote {self.out / 'rsa.json'} and figures in the same folder")
        if self.json:
            print_json(page)
            return
        print_tables(found)
