"""Where interventions can act: layers, gates of LSTM cells, parts of the observation, and the action.

    sites = Sites.of(agent, task)
    sites.matching("observation/*")          # ("observation/joint_angles", …)
    sites.sizes["decoder/layer_0"]           # number of units

Layers and gates have the addresses of recordings, see `rodent.policy.taps`; parts of the observation are
named `observation/PART`, as `rodent rollout --observation` records them, and have their units; `action` is
the action after its noise, and of a policy over primitives that of the low level.
"""

import dataclasses
import fnmatch
from collections.abc import Collection, Mapping
from typing import Any

from rodent.errors import unknown
from rodent.intervention.spec import Intervention
from rodent.policy.agent import Agent
from rodent.policy.connections import Source, connections
from rodent.policy.taps import taps
from rodent.tasks.observation import observation_of, part_names
from rodent.tasks.task import Task

ACTION = "action"
OBSERVATION = "observation/"


@dataclasses.dataclass(frozen=True)
class Sites:
    """Every site of an agent in a task.

    Attributes:
        sizes: number of units of each site.
        places: group of the observation and columns of each part, by site.
        sources: what the inputs of each layer with weights are, by site.
    """

    sizes: Mapping[str, int]
    places: Mapping[str, tuple[str, int, int]]
    sources: Mapping[str, tuple[Source, ...]] = dataclasses.field(default_factory=dict)

    @classmethod
    def of(cls, agent: Agent, task: Task[Any]) -> "Sites":
        """Of an agent and a task."""
        places: dict[str, dict[str, tuple[str, int, int]]] = {}
        for group, parts in observation_of(task).items():
            begin = 0
            for part in parts:
                places.setdefault(group, {})[part.name] = (group, begin, begin + part.size)
                begin += part.size
        found = {
            f"{OBSERVATION}{name}": place for name, place in part_names(places).items() if place[1] < place[2]
        }
        parts_sizes = {name: end - begin for name, (_, begin, end) in found.items()}
        sizes = {**taps(agent), **parts_sizes, ACTION: task.action_size}
        return cls(sizes, found, connections(agent, found))

    def matching(self, pattern: str) -> tuple[str, ...]:
        """The sites of a name or pattern.

        Raises:
            InputError: there is none.
        """
        return matching(pattern, self.sizes, "site", "this policy")

    def concerned(self, one: Intervention) -> tuple[str, ...]:
        """Sites whose units or weights an intervention acts on; none for one on the body or on modules.

        Raises:
            InputError: there is no such site.
        """
        if one.on_weights:
            return self.with_weights(one.site)
        return tuple(self.matching(one.site)) if one.on_activity else ()

    def with_weights(self, pattern: str) -> tuple[str, ...]:
        """The layers with weights of a name or pattern.

        Raises:
            InputError: there is none.
        """
        return matching(pattern, self.sources, "layer with weights", "this policy")


def matching(pattern: str, names: Collection[str], what: str, where: str) -> tuple[str, ...]:
    """The names that a name or pattern means.

    Raises:
        InputError: there is none.
    """
    if pattern in names:
        return (pattern,)
    found = tuple(name for name in names if fnmatch.fnmatchcase(name, pattern))
    if not found:
        raise unknown(what, pattern, names, where)
    return found
