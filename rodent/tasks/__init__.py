"""What the animal is asked to do: written for one environment, as pure functions of arrays."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rodent.sensing.proprioception import proprioception
    from rodent.tasks.stance import standing
    from rodent.tasks.task import Measure, Metric, Observation, Starts, Task

_HOMES = {
    "proprioception": "rodent.sensing.proprioception",
    "standing": "rodent.tasks.stance",
    **dict.fromkeys(("Measure", "Metric", "Observation", "Starts", "Task"), "rodent.tasks.task"),
}

__all__ = ["Measure", "Metric", "Observation", "Starts", "Task", "proprioception", "standing"]


def __getattr__(name: str) -> Any:
    # settings of tasks are imported for the command line, which must not wait for jax
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
