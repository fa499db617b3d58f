"""A set of policies in one file: what differs between them, and what each has attained.

    policies = read_policy_set("walks")            # walks/policies.json
    policies["0007"].values                        # {'network.latent': 16, 'ppo.latent_kl': 0.0003}
    load_member(Path("walks"), policies["0007"])   # the policy

The file names the folder of each policy, relative to itself, and its digest.
"""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rodent.configs import Format, from_json, to_json
from rodent.errors import InputError, unknown
from rodent.files import atomic_path, existing_file, read_json
from rodent.policy.policy import Policy, load_policy

FILE = "policies.json"
"""Name of the file in a folder of policies."""
SET = Format("policy set", "virtual-rodent/policy-set", 1)


@dataclasses.dataclass(frozen=True)
class Member:
    """One policy of a set."""

    name: str
    """Its name in the set."""
    folder: str
    """The folder of the policy, relative to that of the set."""
    digest: str
    """Of the policy, see `Policy.digest`."""
    values: Mapping[str, Any]
    """Settings in which policies of the set differ, by name."""
    figures: Mapping[str, float | None]
    """What was measured after training, by name; None for what could not be measured."""
    reached: bool
    """Whether the policy reaches the criterion of the set."""


@dataclasses.dataclass(frozen=True)
class PolicySet:
    """Policies, what differs between them, and what each has attained."""

    name: str
    """Of the set."""
    criterion: str
    """In words, what a policy must attain."""
    member: tuple[Member, ...]
    """The policies."""

    def __getitem__(self, name: str) -> Member:
        """The member of a name.

        Raises:
            InputError: there is none.
        """
        found = {one.name: one for one in self.member}
        if name not in found:
            raise unknown("member", name, found, f"the policy set {self.name}")
        return found[name]

    def __len__(self) -> int:
        return len(self.member)

    @property
    def reached(self) -> tuple[Member, ...]:
        """The members that reach the criterion."""
        return tuple(one for one in self.member if one.reached)


def write_policy_set(policies: PolicySet, folder: Path) -> None:
    """Write the file of a set into its folder.

    Raises:
        InputError: the folder cannot be written.
    """
    with atomic_path(folder / FILE) as temporary:
        temporary.write_text(json.dumps(SET.head() | to_json(policies), indent=2) + "\n")


def read_policy_set(path: Path | str) -> PolicySet:
    """Read a set.

    Args:
        path: of the file, or of its folder.

    Raises:
        InputError: there is none, or it is damaged.
    """
    path = Path(path)
    path = existing_file(path / FILE if path.is_dir() else path)
    card = SET.upgraded(read_json(path), path)
    content = {name: value for name, value in card.items() if name not in SET.head()}
    return from_json(PolicySet, content, path, "policy set")


def load_member(folder: Path, member: Member) -> Policy:
    """The policy of a member.

    Args:
        folder: of the set.
        member: of the set.

    Raises:
        InputError: the policy is missing or damaged, or is not the one that was measured.
    """
    policy = load_policy(folder / member.folder)
    if (found := policy.digest()) != member.digest:
        raise InputError(
            f"{folder / member.folder} has the policy {found}; {folder / FILE} lists {member.digest} as "
            f"{member.name}: restore the folder, or train it again"
        )
    return policy
