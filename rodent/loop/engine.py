"""The engine of a task on the host.

engine = host_engine(task, 512)
"""

from typing import Any

from rodent.intervention import Plan, model_fields
from rodent.loop.world import own_fields
from rodent.physics.host import HostEngine
from rodent.randomisation_config import RandomisationConfig
from rodent.scene.ground import ground_sensors
from rodent.tasks.task import Task


def host_engine(
    task: Task[Any],
    num_envs: int,
    threads: int = 0,
    vary: RandomisationConfig | None = None,
    plan: Plan | None = None,
    *,
    ground: bool = False,
) -> HostEngine:
    """An engine that steps environments of a task.

    Args:
        task: of one environment.
        num_envs: number of environments.
        threads: that step the physics; 0 for one per core.
        vary: how the world differs between environments; None for one world.
        plan: interventions, of which the engine takes those on the body; None for none.
        ground: sense the forces of the ground on the paws.
    """
    scene = task.scene
    body = {} if plan is None else model_fields(scene.model, plan.body)
    return HostEngine(
        scene.model,
        num_envs,
        task.timestep,
        threads,
        bodies=scene.tracked_ids,
        root=scene.root_id,
        fields=own_fields(vary, num_envs) | body,
        ground=ground_sensors(scene) if ground else None,
    )
