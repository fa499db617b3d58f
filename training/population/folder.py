"""The folder of a population: its specification, clips, members, and the list of all policies.

    folder/population.json      the specification, its digest, and versions of the software
           clips.h5             the clips
           runs/0007/           the training of a member, with its learning curve
           policies/0007/       its policy
           shards/000007.npz    what it has attained
           failures/000007.txt  the last error of a member that failed
           policies.json        all policies, see rodent.policy.policy_set

A worker needs the folder and the number of a member, and nothing else.
"""

import dataclasses
import hashlib
import json
from pathlib import Path

from rodent.clips.clip import ClipSet
from rodent.clips.file import write_clips
from rodent.clips.reading import read_clips
from rodent.configs import Format, from_json, to_json
from rodent.errors import InputError
from rodent.experiment import Shards
from rodent.experiment.shards import making, require_room_for_shards
from rodent.files import atomic_path, read_json
from rodent.versions import versions
from training.population.draw import member_config
from training.population.spec import PopulationConfig

CARD = Format("population", "virtual-rodent/population", 1)
_FILE = "population.json"


@dataclasses.dataclass(frozen=True)
class Population:
    """A population in its folder.

    Attributes:
        folder: its folder.
        config: the specification.
        digest: of the specification and the content of the clips.
    """

    folder: Path
    config: PopulationConfig
    digest: str

    @property
    def shards(self) -> Shards:
        """A shard for each member."""
        return Shards(self.folder, self.config.members)

    @property
    def clips(self) -> Path:
        """The file of the clips."""
        return self.folder / "clips.h5"

    def run(self, number: int) -> Path:
        """The folder of the training of a member."""
        return self.folder / "runs" / member_name(number)

    def policy(self, number: int) -> Path:
        """The folder of the policy of a member."""
        return self.folder / "policies" / member_name(number)


def member_name(number: int) -> str:
    """The name of a member."""
    return f"{number:04d}"


def create_population(folder: Path | str, config: PopulationConfig) -> Population:
    """The population of a folder, which is made or, if it has the same specification, continued.

    Raises:
        InputError: the specification makes no sense, or the folder has another population or other files.
    """
    folder = Path(folder)
    if not (folder / _FILE).exists():
        require_room_for_shards(folder, "a population")
    clips = read_clips(config.clips)
    clips = clips.subset(config.clip) if config.clip else clips
    for number in range(config.members):
        member_config(config, number)
    plain = to_json(config) | {"clips": clips.digest(), "clip": None}
    digest = hashlib.sha256(json.dumps(plain, sort_keys=True, default=list).encode()).hexdigest()[:16]
    with making(folder, _FILE) as needed:
        if needed:
            _write(folder, config, digest, clips)
    if (found := open_population(folder)).digest != digest:
        raise InputError(
            f"{folder} has another population: its digest is {found.digest}, that of this specification "
            f"is {digest}; name a new folder"
        )
    return found


def _write(folder: Path, config: PopulationConfig, digest: str, clips: ClipSet) -> None:
    """All files of a new population; population.json comes last."""
    for name in ("runs", "policies", "shards", "failures"):
        (folder / name).mkdir(exist_ok=True)
    write_clips(clips, folder / "clips.h5")
    card = {**CARD.head(), "digest": digest, "config": to_json(config), "versions": versions()}
    with atomic_path(folder / _FILE) as temporary:
        temporary.write_text(json.dumps(card, indent=2) + "\n")


def open_population(folder: Path | str) -> Population:
    """The population of a folder.

    Raises:
        InputError: the folder has none, or its file is damaged or of another version.
    """
    folder = Path(folder)
    path = folder / _FILE
    if not path.exists():
        raise InputError(
            f"{folder} has no population; make it with: rodent population train SPEC --out {folder}"
        )
    card = CARD.upgraded(read_json(path), path)
    if not isinstance(digest := card.get("digest"), str):
        raise InputError(f"{path} is damaged: it lacks the digest")
    return Population(folder, from_json(PopulationConfig, card.get("config"), path, "config"), digest)
