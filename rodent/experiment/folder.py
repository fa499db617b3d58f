"""The folder of an experiment: its specification, copies of policies and clips, shards, and the table.

    folder/experiment.json      the specification, its digest, and versions of the software
           clips.h5             the clips
           policies/0/          each policy
           donors/0/            each policy whose modules are swapped in
           alignments/0.npz     maps between policy and donors, where modules are aligned
           statistics/0.npz     activity of its units in intact rollouts, where it is needed
           shards/000000.npz    outcomes of one shard
           failures/000003.txt  the last error of a shard that failed
           outcomes.parquet     the table of all outcomes

A worker needs the folder and the number of a shard, and nothing else.
"""

import dataclasses
import fcntl
import functools
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from rodent.clips.clip import ClipSet
from rodent.clips.file import write_clips
from rodent.clips.reading import read_clips
from rodent.configs import Format, from_json, to_json
from rodent.errors import InputError
from rodent.experiment.donors import (
    donor_names,
    read_alignments,
    read_donors,
    without_names,
    write_alignments,
    write_donors,
)
from rodent.experiment.shards import Shards
from rodent.experiment.spec import ExperimentConfig
from rodent.experiment.subject import Subject, subjects_of
from rodent.files import atomic_path, read_json, require_room_for_folder
from rodent.intervention import Statistics
from rodent.intervention.statistics import UnitStatistics
from rodent.npz import read_npz
from rodent.policy.card import PolicyConfig
from rodent.policy.policy import Policy, load_policy, save_policy
from rodent.rollouts.interventions import Measured
from rodent.versions import versions

CARD = Format("experiment", "virtual-rodent/experiment", 1)
_FILE = "experiment.json"
_DECISIVE = ("mujoco", "jax", "jaxlib", "numpy")
"""Packages whose versions decide the bits of results."""


class Inputs(NamedTuple):
    """Policies and clips of an experiment.

    Attributes:
        policies: by their names in the specification.
        clips: the clips that are played.
        donors: policies whose modules are swapped in, by their names in the acts.
    """

    policies: Mapping[str, Policy]
    clips: ClipSet
    donors: Mapping[str, Policy] = MappingProxyType({})

    @classmethod
    def of(cls, config: ExperimentConfig) -> "Inputs":
        """The policies and clips of a specification.

        Raises:
            InputError: one is missing or damaged, or a policy does not follow clips.
        """
        policies = {name: load_policy(name) for name in config.policies}
        for name, policy in policies.items():
            if not policy.task.needs_clips:
                raise InputError(
                    f"policy {name} does not follow clips; experiments require a task with clips"
                )
        clips = read_clips(config.clips, resample=config.resample)
        donors = {name: load_policy(name) for name in dict.fromkeys(donor_names(config.arm))}
        return cls(policies, clips.subset(config.clip) if config.clip else clips, donors)


@dataclasses.dataclass(frozen=True)
class Experiment:
    """An experiment in its folder.

    Attributes:
        folder: its folder.
        config: the specification, with the names of policies and clips as they were given.
        digest: of the specification and the content of policies and clips.
        counts: number of shards of each policy.
        rollouts: number of rollouts of all policies.
    """

    folder: Path
    config: ExperimentConfig
    digest: str
    counts: tuple[int, ...]
    rollouts: int

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


def digest_of(config: ExperimentConfig, inputs: Inputs) -> str:
    """A hash of the specification and of the content of policies and clips, whatever their paths are."""
    plain = to_json(config)
    plain |= {"policies": [_policy_digest(one) for one in inputs.policies.values()]}
    plain |= {"clips": clips_digest(inputs.clips), "clip": None, "resample": None}
    if names := donor_names(config.arm):
        plain |= {"donors": [_policy_digest(inputs.donors[name]) for name in names]}
        plain |= {"arm": [{**arm, "acts": [*map(without_names, arm["acts"])]} for arm in plain["arm"]]}
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]


def clips_digest(clips: ClipSet) -> str:
    """A hash of the motion of clips, their names and their body."""
    sha = hashlib.sha256(json.dumps([clips.scale, to_json(clips.body), clips.names]).encode())
    for clip in clips:
        for array in (clip.qpos, clip.qvel, np.array(clip.fps)):
            sha.update(np.ascontiguousarray(array, dtype=np.float64).tobytes())
    return sha.hexdigest()[:16]


def create_experiment(folder: Path | str, config: ExperimentConfig, inputs: Inputs) -> Experiment:
    """The experiment of a folder, which is made or, if it has the same specification, continued.

    Raises:
        InputError: the specification makes no sense, the folder has another experiment or other files, or
            the experiment was begun with other versions of the software.
        WorkError: the disk is full.
    """
    folder, digest = Path(folder), digest_of(config, inputs)
    require_room_for_folder(folder)
    if (folder / _FILE).exists():
        return _continued(folder, digest)
    if folder.exists() and any(path.name != "claims" for path in folder.iterdir()):
        raise InputError(f"{folder} has other files than those of an experiment; name a new folder")
    subjects = subjects_of(config, *inputs)
    folder.mkdir(exist_ok=True)
    with (folder / "claims").open("ab") as claims:
        fcntl.flock(claims, fcntl.LOCK_EX)  # another driver may begin the same
        if not (folder / _FILE).exists():
            _write(folder, config, digest, subjects, inputs)
    return _continued(folder, digest)


def open_experiment(folder: Path | str) -> Experiment:
    """The experiment of a folder.

    Raises:
        InputError: the folder has no experiment, or its file is damaged or of another version.
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
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} is damaged: it lacks digest or policies") from error
    config = from_json(ExperimentConfig, card.get("config"), path, "config")
    return Experiment(Path(folder), config, digest, counts, rollouts)


def _continued(folder: Path, digest: str) -> Experiment:
    found = open_experiment(folder)
    if found.digest != digest:
        raise InputError(
            f"{folder} has another experiment: its digest is {found.digest}, that of this specification with "
            f"its policies and clips is {digest}; name a new folder"
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
        "clips": clips_digest(inputs.clips),
        "versions": versions(),
    }
    with atomic_path(folder / _FILE) as temporary:
        temporary.write_text(json.dumps(card, indent=2) + "\n")


def _write_statistics(subject: Subject, path: Path) -> None:
    assert subject.prepared.statistics is not None
    arrays = {
        f"{site}:{name}": value
        for site in subject.prepared.sites.sizes
        for name, value in subject.prepared.statistics[site]._asdict().items()
    }
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def _read_statistics(path: Path) -> Statistics | None:
    if not path.exists():
        return None
    arrays, names = read_npz(path, lambda name: True)
    sites = dict.fromkeys(name.rpartition(":")[0] for name in names)
    return Statistics(
        {site: UnitStatistics(*(arrays[f"{site}:{n}"] for n in UnitStatistics._fields)) for site in sites}
    )


def _policy_digest(policy: Policy) -> list[Any]:
    return [policy.digest(), to_json(PolicyConfig(policy.scene, policy.task, policy.network_config))]


@functools.lru_cache(maxsize=2)
def _subject(folder: Path, digest: str, index: int) -> Subject:
    config = open_experiment(folder).config
    policy = load_policy(folder / "policies" / str(index))
    clips = read_clips(folder / "clips.h5")
    measured = Measured(
        _read_statistics(folder / "statistics" / f"{index}.npz"),
        read_alignments(folder / "alignments" / f"{index}.npz"),
    )
    donors = read_donors(folder, config.arm)
    return Subject.of(config, config.policies[index], policy, clips, donors, measured)
