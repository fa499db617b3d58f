"""`rodent gait`: strides of animals and models."""

import dataclasses
from pathlib import Path
from typing import Annotated

import tyro

from analysis.gait.settings import GaitSettings
from rodent.errors import InputError


@dataclasses.dataclass(frozen=True)
class GaitCommand:
    """Measure strides: length, duration, stance and swing, duty factor, lift, and phases of the paws.

    Of several files, such as `rodent gait clips.h5 walk.h5`, each is compared with the first one, so name
    that of the animal first. A paw stands while its pad is low and slow, by the same rule for animals and
    models. Frames after a model's failure are left out.

    Example: rodent gait gaits --out gait.html
    """

    files: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="FILE ...")]
    """Recordings made by `rodent rollout`, or clips in any format that `rodent clips import` reads."""
    settings: tyro.conf.OmitArgPrefixes[GaitSettings] = dataclasses.field(default_factory=GaitSettings)
    out: Path | None = None
    """HTML page to write."""
    strides: Path | None = None
    """CSV file to write, with a row per stride."""
    json: bool = False
    """Print one JSON object instead of a table."""

    def run(self) -> None:
        """Find the strides, compare, write and print."""
        from analysis.gait.compare import Gait, compared
        from analysis.gait.page import gait_sections
        from analysis.gait.results import print_gaits, to_json, write_strides
        from analysis.motion import read_motions
        from rodent.files import require_room_for_files
        from rodent.pages.output import print_json, say
        from rodent.pages.page import write_page

        if not self.files:
            raise InputError("FILE is missing; expected one or more: rodent gait clips.h5 walk.h5")
        require_room_for_files(self.out, self.strides)
        gaits = []
        for path, name in zip(self.files, _names(self.files), strict=True):
            motions = read_motions(path, animal=False)
            for note in motions.notes:
                say(f"{path}: {note}")
            gaits.append(Gait.of(name, motions, self.settings))
        rows = compared(gaits, self.settings)
        if self.out is not None:
            write_page(self.out, "Gait", gait_sections(gaits, rows))
            say(f"wrote {self.out}; open it in a browser")
        if self.strides is not None:
            write_strides(gaits, self.strides)
            say(f"wrote {self.strides}: {sum(len(one.strides['paw']) for one in gaits)} strides")
        if self.json:
            print_json(to_json(gaits, rows))
        else:
            print_gaits(gaits, rows)


def _names(files: tuple[Path, ...]) -> list[str]:
    """The files' names without suffix; with their number from the second of a name on.

    >>> _names((Path("a/walk.h5"), Path("b/walk.h5"), Path("c.h5")))
    ['walk', 'walk (2)', 'c']
    """
    stems = [path.stem for path in files]
    before = [stems[:i].count(stem) for i, stem in enumerate(stems)]
    return [f"{stem} ({n + 1})" if n else stem for stem, n in zip(stems, before, strict=True)]
