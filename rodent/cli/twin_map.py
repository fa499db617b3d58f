"""`rodent twin map`: tell type, region and depth of neurons from their readouts."""

import dataclasses
from pathlib import Path

from analysis.twin.config import MapConfig


@dataclasses.dataclass(frozen=True)
class TwinMap(MapConfig):
    """Tell cell type, region or depth of neurons from their readouts.

    A classifier is fitted to all animals but one, and tells the neurons of that one. Three labelled animals
    are needed, which the core was not fitted to. Beside it are classifiers of the rate alone and of the
    weights of a lagged GLM, and labels permuted within animals.

    Example: rodent twin map rat7.h5 rat7.npz --session rat8.h5 rat8.npz --session rat9.h5 rat9.npz \
        --twin twin --label region
    """

    _: dataclasses.KW_ONLY
    twin: Path
    """Folder of a twin, made by `rodent twin fit`."""
    out: Path | None = None
    """HTML page to write."""
    json: bool = False
    """Print one JSON object instead of a table."""

    def run(self) -> None:
        """Read, adapt, classify and print."""
        from rodent.jax_setup import cache_compilations

        cache_compilations()
        from analysis.twin.anatomy import in_thirds, map_anatomy, samples_of
        from analysis.twin.files import load_twin
        from analysis.twin.map_results import maps_section, maps_to_json, print_maps
        from analysis.twin.reading import read_sessions, streams_of
        from rodent.files import require_room_for_files
        from rodent.pages.output import print_json, say
        from rodent.pages.page import write_page
        from rodent.progress import progress

        require_room_for_files(self.out)
        twin, labels = load_twin(self.twin), self.label + self.thirds
        sessions = read_sessions(self, self.animal, streams_of(twin), labels)
        sessions = in_thirds(sessions, self.thirds)
        with progress("adapting", len(sessions), "sessions") as advance:
            samples = samples_of(twin, sessions, self.settings, self.minutes, advance)
        maps = map_anatomy(samples, labels, self.permutations, self.seed)
        if self.out is not None:
            write_page(self.out, "What readouts tell of neurons", [maps_section(maps)])
            say(f"wrote {self.out}; open it in a browser")
        if self.json:
            print_json(maps_to_json(maps))
        else:
            print_maps(maps)
