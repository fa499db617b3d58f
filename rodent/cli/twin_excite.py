"""`rodent twin excite`: the most exciting movements of neurons, performed by a body."""

import dataclasses
from pathlib import Path
from typing import Annotated

import tyro

from analysis.session import SessionArguments
from analysis.twin.settings import ExciteSettings


@dataclasses.dataclass(frozen=True)
class TwinExcite(SessionArguments):
    """Find the most exciting movement of each neuron, and have a body perform it.

    Real movements of the session are changed by gradient ascent on the rate that the twin predicts. A policy
    performs them, and those of the highest predicted rates are changed further. The clips are the best real
    movement, the one of gradient ascent alone, the reference of the policy, and what its body did.

    Example: rodent twin excite rat9.h5 rat9.npz --twin twin --readouts rat9.safetensors --out excited.h5
    """

    _: dataclasses.KW_ONLY
    twin: Path
    """Folder of the twin that the readouts belong to."""
    readouts: Path
    """Readouts of `rodent twin adapt`."""
    also: Annotated[
        tyro.conf.UseAppendAction[tuple[tuple[Path, Path], ...]], tyro.conf.arg(metavar="TWIN READOUTS")
    ] = ()
    """Another twin, fitted with another --seed, and readouts of the same session; may be given several times.
    The lowest of their predictions counts, so that errors of one twin are not sought out."""
    policy: str = "rat-position"
    """Policy that performs the movements: a folder, or a built-in one. It must imitate clips."""
    neuron: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """Neuron to find a movement for; may be given several times. By default all."""
    out: Path
    """Clip file to write, for `rodent view`, `rodent render` and `rodent evaluate`."""
    page: Path | None = None
    """HTML page to write."""
    search: tyro.conf.OmitArgPrefixes[ExciteSettings] = dataclasses.field(default_factory=ExciteSettings)
    json: bool = False
    """Print one JSON object instead of a table."""

    def run(self) -> None:
        """Read, search, write and print."""
        from rodent.jax_setup import cache_compilations

        cache_compilations()
        from analysis.twin.excite_results import (
            excite_section,
            excite_to_json,
            excited_clips,
            print_excited,
        )
        from analysis.twin.excite_session import chosen_neurons, open_search
        from rodent.clips import write_clips
        from rodent.files import require_room_for_files
        from rodent.pages.output import print_json, say
        from rodent.pages.page import write_page
        from rodent.progress import progress

        require_room_for_files(self.out, self.page)
        twins = ((self.twin, self.readouts), *self.also)
        search, names = open_search(self, twins, self.policy, self.search)
        chosen = chosen_neurons(names, self.neuron)
        with progress("searching", len(chosen) * self.search.rounds, "rounds") as advance:
            found = [search.excite(neuron, advance) for neuron in chosen]
        clips = excited_clips(found, names, search)
        write_clips(clips, self.out, search.streams.scene)
        say(f"wrote {self.out}: {len(clips)} clips, for {len(chosen)} neurons")
        if self.page is not None:
            write_page(self.page, "Exciting movements", [excite_section(found, names, search)])
            say(f"wrote {self.page}; open it in a browser")
        if self.json:
            print_json({"out": str(self.out), **excite_to_json(found, names, search)})
        else:
            print_excited(found, names)
