"""What a specification names: policies, clips, policies of swaps, and tables of units.

inputs = Inputs.of(config)
digest_of(config, inputs)               # the same wherever the files lie
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from rodent.clips.clip import ClipSet
from rodent.clips.reading import read_clips
from rodent.configs import to_json
from rodent.errors import InputError
from rodent.experiment.donors import align_swaps, donor_names, without_names
from rodent.experiment.spec import ExperimentConfig
from rodent.experiment.unit_tables import file_digest, table_names, without_tables
from rodent.files import existing_file
from rodent.policy.card import PolicyConfig
from rodent.policy.policy import Policy, load_policy

_OF_MAPS = ("align_clips", "align_clip")


class Inputs(NamedTuple):
    """What an experiment is made from.

    Attributes:
        policies: by their names in the specification.
        clips: the clips that are played.
        donors: policies whose modules are swapped in, by their names in the acts.
        tables: files of tables of units, by their names in the acts.
        align_clips: on which maps between policies are fitted; None for the clips that are played.
    """

    policies: Mapping[str, Policy]
    clips: ClipSet
    donors: Mapping[str, Policy] = MappingProxyType({})
    tables: Mapping[str, Path] = MappingProxyType({})
    align_clips: ClipSet | None = None

    @classmethod
    def of(cls, config: ExperimentConfig) -> "Inputs":
        """What a specification names.

        Raises:
            InputError: something is missing or damaged, a policy does not follow clips, or there are clips
                for maps, but no maps.
        """
        policies = {name: load_policy(name) for name in config.policies}
        for name, policy in policies.items():
            if not policy.task.needs_clips:
                raise InputError(
                    f"policy {name} does not follow clips; experiments require a task with clips"
                )
        clips = _clips(config.clips, config.clip, config.resample)
        donors = {name: load_policy(name) for name in dict.fromkeys(donor_names(config.arm))}
        tables = {name: existing_file(Path(name)) for name in dict.fromkeys(table_names(config.arm))}
        align_clips = None
        if config.align_clips is not None or config.align_clip:
            if not align_swaps(config.arm):
                raise InputError(
                    "experiment align_clips or align_clip is given, but no swap has `align procrustes` or "
                    "`align regression`; leave it out"
                )
            align_clips = _clips(config.align_clips or config.clips, config.align_clip, config.resample)
        return cls(policies, clips, donors, tables, align_clips)


def digest_of(config: ExperimentConfig, inputs: Inputs) -> str:
    """A hash of the specification and of the content of all that it names, whatever their paths are."""
    plain = to_json(config)
    plain |= {"policies": [policy_digest(one) for one in inputs.policies.values()]}
    plain |= {"clips": inputs.clips.digest(), "clip": None, "resample": None}
    if names := donor_names(config.arm):
        plain |= {"donors": [policy_digest(inputs.donors[name]) for name in names]}
    if names := table_names(config.arm):
        plain |= {"tables": [file_digest(inputs.tables[name]) for name in names]}
    for arm in plain["arm"]:
        arm["acts"] = [without_tables(without_names(act)) for act in arm["acts"]]
    plain = {name: value for name, value in plain.items() if name not in _OF_MAPS}
    if inputs.align_clips is not None:
        plain |= {"align_clips": inputs.align_clips.digest()}
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]


def policy_digest(policy: Policy) -> list[Any]:
    """What distinguishes policies: parameters, scene, task and network."""
    return [policy.digest(), to_json(PolicyConfig(policy.scene, policy.task, policy.network_config))]


def _clips(source: str, names: tuple[str, ...], resample: float | None) -> ClipSet:
    found = read_clips(source, resample=resample)
    return found.subset(names) if names else found
