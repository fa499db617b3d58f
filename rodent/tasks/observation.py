"""What an observation is made of: named parts with sizes and units, and their values under these names.

parts = observation_of(task)                                       # {"proprioception": (Part, …), …}
part_names(task.observation_parts(state, physics))["touch"]        # values and unit
"""

from collections.abc import Mapping
from typing import Any, TypeVar

import jax
import jax.numpy as jnp

from rodent.errors import InputError
from rodent.tasks.task import PROPRIOCEPTION, Part, Task

P = TypeVar("P")
Parts = Mapping[str, tuple[Part, ...]]
"""The parts of an observation by group, in order."""


def observation_of(task: Task[Any]) -> dict[str, tuple[Part, ...]]:
    """The parts of every group of a task's observation; nothing is computed for it but their sizes."""
    found: dict[str, tuple[Part, ...]] = {}

    def look(key: jax.Array) -> None:
        state = task.initial_state(jnp.int32(0), key)
        for group, parts in task.observation_parts(state, task.initial_physics(state)).items():
            found[group] = tuple(Part(name, one.values.shape[-1], one.unit) for name, one in parts.items())

    jax.eval_shape(look, jax.random.PRNGKey(0))
    return found


def part_names(parts: Mapping[str, Mapping[str, P]]) -> dict[str, P]:
    """Parts under the names that they have in a recording.

    Senses have their own names, such as `touch`; parts of another group have its name before theirs, such as
    `reference/joints`; a group that is one part has the name of the group.

    Raises:
        InputError: two parts come to have one name.
    """
    found: dict[str, P] = {}
    for group, members in parts.items():
        for name, one in members.items():
            full = name if group == PROPRIOCEPTION or name == group else f"{group}/{name}"
            if full in found:
                raise InputError(f"two parts of the observation are called {full!r}; rename the sense")
            found[full] = one
    return found


def require_same(trained: Parts, present: Parts, where: str) -> None:
    """Refuse an observation that is not the one a policy was trained with.

    Args:
        trained: parts that the policy was trained with; empty of policies that do not state them.
        present: parts of the task as it is now.
        where: the policy, for the error.

    Raises:
        InputError: a part is missing, has been added, or has another size; the message names the first.
    """
    for group, parts in trained.items():
        if tuple(part[:2] for part in parts) == tuple(part[:2] for part in present.get(group, ())):
            continue
        now = {part.name: part.size for part in present.get(group, ())}
        before = {part.name: part.size for part in parts}
        differ = [name for name in before | now if before.get(name) != now.get(name)]
        what = "parts stand in another order"
        if differ:
            sizes = (before.get(differ[0], 0), now.get(differ[0], 0))
            what = f"part {differ[0]!r} had size {sizes[0]} and has size {sizes[1]} here"
        raise InputError(
            f"{where} was trained with another observation: of {group}, {what}. Use the body and the "
            "versions of packages that it was trained with"
        )
