"""Policies whose modules are swapped in, and their activity beside that of the receiver."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rodent.errors import InputError
from rodent.intervention import Donor, Sites, Swap
from rodent.policy.policy import Policy, load_policy
from rodent.rollouts.episodes import Episode
from rodent.rollouts.intact import intact_rollouts
from rodent.tasks.observation import observation_of, require_same
from rodent.tasks.task import Task


def donors_of(
    swaps: Sequence[Swap], policy: Policy, task: Task[Any], episodes: Sequence[Episode], sites: Sites
) -> dict[str, Donor]:
    """The policies of swaps by name.

    Args:
        swaps: the interventions.
        policy: that receives modules.
        task: of one environment.
        episodes: played by both policies without interventions, where a swap aligns them.
        sites: of the policy.

    Raises:
        InputError: a policy is missing, or has another body, setpoint or observation.
    """
    own: Mapping[str, Sequence[np.ndarray]] = {}
    found = {}
    for name in dict.fromkeys(swap.policy for swap in swaps):
        donor = load_policy(name)
        _require_fitting(donor, policy, task, name)
        activity = {}
        if any(swap.align != "none" for swap in swaps if swap.policy == name):
            own = own or intact_rollouts(policy, task, episodes).activity
            theirs = intact_rollouts(donor, task, episodes).activity
            activity = {site: _matched(own[site], theirs[site]) for site in own.keys() & theirs.keys()}
        found[name] = Donor(donor, policy.normalizer, sites.places, activity)
    return found


def _matched(own: Sequence[np.ndarray], theirs: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The frames that both have of each episode, joined."""
    lengths = [min(len(one), len(other)) for one, other in zip(own, theirs, strict=True)]
    cut = [[one[:n] for one, n in zip(many, lengths, strict=True)] for many in (own, theirs)]
    return np.concatenate(cut[0]), np.concatenate(cut[1])


def _require_fitting(donor: Policy, policy: Policy, task: Task[Any], name: str) -> None:
    """Refuse a policy whose modules mean something else."""
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
