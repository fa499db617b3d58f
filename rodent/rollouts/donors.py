"""Policies whose modules are swapped in, and their activity beside that of the receiver."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from rodent.errors import InputError
from rodent.intervention import Alignments, Intervention, Swap
from rodent.policy.policy import Policy, load_policy
from rodent.rollouts.intact import Intact
from rodent.tasks.observation import observation_of, require_same
from rodent.tasks.task import Task


def load_donors(given: Iterable[Intervention]) -> dict[str, Policy]:
    """The policies of swaps, by the names that these give them.

    Raises:
        InputError: one is missing.
    """
    swaps = [one for one in given if isinstance(one, Swap)]
    return {name: load_policy(name) for name in dict.fromkeys(swap.policy for swap in swaps)}


def alignments_of(own: Intact, theirs: Intact) -> Alignments:
    """Maps between two policies that played the same episodes, in frames in which both still track them."""
    sites = own.activity.keys() & theirs.activity.keys()
    return Alignments({site: _matched(own.activity[site], theirs.activity[site]) for site in sites})


def _matched(own: Sequence[np.ndarray], theirs: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The frames that both have of each episode, joined."""
    lengths = [min(len(one), len(other)) for one, other in zip(own, theirs, strict=True)]
    cut = [[one[:n] for one, n in zip(many, lengths, strict=True)] for many in (own, theirs)]
    return np.concatenate(cut[0]), np.concatenate(cut[1])


def action_factor(donor: Policy, policy: Policy) -> float:
    """What makes actions of a donor mean the same to another policy: the ratio of their scales."""
    return getattr(donor.task, "action_scale", 1.0) / getattr(policy.task, "action_scale", 1.0)


def require_fitting(donor: Policy, policy: Policy, task: Task[Any], name: str) -> None:
    """Refuse a policy whose modules mean something else.

    Args:
        donor: the policy whose modules are swapped in.
        policy: that receives them.
        task: of the latter.
        name: of the donor, for messages.

    Raises:
        InputError: it has another body, setpoint or observation.
    """
    if donor.body != policy.body:
        raise InputError(
            f"{name} has the body {donor.body}, and this policy {policy.body}; modules can be swapped "
            "between policies of the same body and actuation"
        )
    setpoints = [getattr(one.task, "setpoint", None) for one in (policy, donor)]
    if setpoints[0] != setpoints[1]:
        raise InputError(
            f"actions of {name} are relative to the setpoint {setpoints[1]!r}, and those of this policy to "
            f"{setpoints[0]!r}; modules can be swapped between equal setpoints"
        )
    require_same(donor.observation, observation_of(task), name)
