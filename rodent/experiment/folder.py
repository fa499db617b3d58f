"""The folder of an experiment: its specification, copies of what that names, shards, and the table.

    folder/experiment.json      the specification, its digest, and versions of the software
           clips.h5             the clips
           policies/0/          each policy
           donors/0/            each policy whose modules are swapped in
           tables/HASH.csv      each table of units that acts name, by the hash of its content
           alignments/0.npz     maps between policy and donors, where modules are aligned
           statistics/0.npz     activity and tuning of its units in intact rollouts, where they are needed
           shards/000000.npz    outcomes of one shard
           failures/000003.txt  the last error of a shard that failed
           outcomes.parquet     the table of all outcomes

A worker needs the folder and the number of a shard, and nothing else.
"""

import dataclasses
import functools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from rodent.clips.file import write_clips
from rodent.clips.reading import read_clips
from rodent.configs import Format, from_json, to_json
from rodent.errors import InputError
from rodent.experiment.donors import read_alignments, read_donors, write_alignments, write_donors
from rodent.experiment.inputs import Inputs, digest_of
from rodent.experiment.shards import Shards, making, require_room_for_shards
from rodent.experiment.spec import ExperimentConfig
from rodent.experiment.subject import Subject, subjects_of
from rodent.experiment.unit_tables import read_tables, write_tables
from rodent.files import atomic_path, read_json
from rodent.intervention import Statistics
from rodent.intervention.statistics import UnitStatistics
from rodent.intervention.tuning import Tuning
from rodent.npz import read_npz
from rodent.policy.policy import load_policy, save_policy
from rodent.rollouts.interventions import Measured
from rodent.versions import versions

CARD = Format("experiment", "virtual-rodent/experiment", 1)
_FILE = "experiment.json"
_DECISIVE = ("mujoco", "jax", "jaxlib", "numpy")
"""Packages whose versions decide the bits of results."""


@dataclasses.dataclass(frozen=True)
class Experiment:
    """An experiment in its folder.

    Attributes:
        folder: its folder.
        config: the specification, with the names of policies and clips as they were given.
        digest: of the specification and the content of what it names.
        counts: number of shards of each policy.
        rollouts: number of rollouts of all policies.
        tables: copies of tables of units, by their names in the acts.
    """

    folder: Path
    config: ExperimentConfig
    digest: str
    counts: tuple[int, ...]
    rollouts: int
    tables: Mapping[str, Path]

    @property
    def shards(self) -> Shards:
        """The shards of all policies, those of the first policy first."""
        return Shards(self.folder, sum(self.counts))

    def place(self, number: int) -> tuple[int, int]:
        """Index of the policy of a shard, and the number of the shard among those of the policy."""
        for policy, count in enumerate(self.counts):
            if number < count:
                return policy, number
            number -= count
        raise IndexError(f"there are {sum(self.counts)} shards")

    def subject(self, index: int) -> Subject:
        """One of the policies, from the folder; the last ones are kept."""
        return _subject(self.folder, self.digest, index)


def create_experiment(folder: Path | str, config: ExperimentConfig, inputs: Inputs) -> Experiment:
    """The experiment of a folder, which is made or, if it has the same specification, continued.

    Raises:
        InputError: the specification makes no sense, the folder has another experiment or other files, or
            the experiment was begun with other versions of the software.
        WorkError: the disk is full.
    """
    folder, digest = Path(folder), digest_of(config, inputs)
    if (folder / _FILE).exists():
        return _continued(folder, digest)
    require_room_for_shards(folder, "an experiment")
    subjects = subjects_of(config, inputs)
    with making(folder, _FILE) as needed:
        if needed:
            _write(folder, config, digest, subjects, inputs)
    return _continued(folder, digest)


def open_experiment(folder: Path | str) -> Experiment:
    """The experiment of a folder.

    Raises:
        InputError: the folder has no experiment, its file is damaged or of another version, or copies of
            tables are missing or were changed.
    """
    path = Path(folder) / _FILE
    if not path.exists():
        raise InputError(
            f"{folder} has no experiment; make it with: rodent experiment run SPEC --out {folder}"
        )
    card = CARD.upgraded(read_json(path), path)
    try:
        digest, counts = str(card["digest"]), tuple(int(one["shards"]) for one in card["policies"])
        rollouts = sum(int(one["rollouts"]) for one in card["policies"])
        tables = {str(name): str(file) for name, file in card.get("tables", {}).items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{path} is damaged: it lacks digest or policies") from error
    config = from_json(ExperimentConfig, card.get("config"), path, "config")
    return Experiment(Path(folder), config, digest, counts, rollouts, read_tables(Path(folder), tables))


def _continued(folder: Path, digest: str) -> Experiment:
    found = open_experiment(folder)
    if found.digest != digest:
        raise InputError(
            f"{folder} has another experiment: its digest is {found.digest}, that of this specification with "
            f"all that it names is {digest}; name a new folder"
        )
    before, now = read_json(folder / _FILE).get("versions", {}), versions()
    for name in _DECISIVE:
        if before.get(name) != now[name]:
            raise InputError(
                f"{folder} was begun with {name} {before.get(name)}, and {now[name]} is installed; install "
                "the former version to go on, or name a new folder"
            )
    return found


def _write(
    folder: Path, config: ExperimentConfig, digest: str, subjects: Sequence[Subject], inputs: Inputs
) -> None:
    """All files of a new experiment; experiment.json comes last."""
    for name in ("policies", "donors", "alignments", "statistics", "shards", "failures"):
        (folder / name).mkdir(exist_ok=True)
    write_clips(inputs.clips, folder / "clips.h5")
    write_donors(folder, config.arm, inputs.donors)
    for i, subject in enumerate(subjects):
        save_policy(subject.policy, folder / "policies" / str(i))
        if subject.prepared.statistics is not None:
            _write_statistics(subject, folder / "statistics" / f"{i}.npz")
        if subject.prepared.donors:
            found = {name: one.alignments for name, one in subject.prepared.donors.items()}
            write_alignments(folder / "alignments" / f"{i}.npz", found)
    policies = [
        {
            "name": one.label,
            "digest": one.policy.digest(),
            "shards": one.tiling.shards,
            "rollouts": one.rollouts,
        }
        for one in subjects
    ]
    card = {
        **CARD.head(),
        "digest": digest,
        "config": to_json(config),
        "policies": policies,
        "tables": write_tables(folder, inputs.tables),
        "clips": inputs.clips.digest(),
        "versions": versions(),
    }
    with atomic_path(folder / _FILE) as temporary:
        temporary.write_text(json.dumps(card, indent=2) + "\n")


def _write_statistics(subject: Subject, path: Path) -> None:
    """Statistics of all sites, and the tunings that units were selected by."""
    statistics = subject.prepared.statistics
    assert statistics is not None
    arrays = {
        f"{site}:{name}": value
        for site in subject.prepared.sites.sizes
        for name, value in statistics[site]._asdict().items()
    }
    for (site, variable), found in statistics.tunings.items():
        arrays |= {f"{site}:{variable}:{name}": value for name, value in found._asdict().items()}
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def _read_statistics(path: Path) -> Statistics | None:
    if not path.exists():
        return None
    arrays, names = read_npz(path, lambda name: True)
    places = [tuple(name.split(":")[:-1]) for name in names]
    sites = {
        site[0]: UnitStatistics(*(arrays[f"{site[0]}:{n}"] for n in UnitStatistics._fields))
        for site in dict.fromkeys(places)
        if len(site) == 1
    }
    tunings = {
        (place[0], place[1]): Tuning(*(arrays[":".join((*place, n))] for n in Tuning._fields))
        for place in dict.fromkeys(places)
        if len(place) == 2
    }
    return Statistics(sites, tunings=tunings)


@functools.lru_cache(maxsize=2)
def _subject(folder: Path, digest: str, index: int) -> Subject:
    experiment = open_experiment(folder)
    config, label = experiment.config, experiment.config.policies[index]
    policy = load_policy(folder / "policies" / str(index))
    clips = read_clips(folder / "clips.h5")
    measured = Measured(
        _read_statistics(folder / "statistics" / f"{index}.npz"),
        read_alignments(folder / "alignments" / f"{index}.npz"),
    )
    inputs = Inputs({label: policy}, clips, read_donors(folder, config.arm), experiment.tables)
    return Subject.of(config, label, inputs, measured)
