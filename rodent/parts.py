"""What the project's configurations can be made of, by name; see `rodent.registry` for how to add to it.

Light to import: parts are named here, and imported when they are asked for.
"""

from rodent.registry import Registry

ARENAS = Registry(
    "arena",
    "virtual_rodent.arenas",
    {
        "floor": "rodent.scene_config:FloorConfig",
        "gaps": "rodent.scene_config:GapsConfig",
        "mjcf": "rodent.scene_config:MjcfArenaConfig",
        "none": "rodent.scene_config:NoArenaConfig",
    },
)
"""Surroundings of the body."""
BODIES = Registry(
    "body",
    "virtual_rodent.bodies",
    {"rat": "rodent.body_config:BodyConfig", "mjcf": "rodent.body_config:MjcfBodyConfig"},
)
"""What moves."""
TASKS = Registry("task", "virtual_rodent.tasks", {"imitation": "rodent.tasks.settings:ImitationConfig"})
"""What is asked of it."""
NETWORKS = Registry("network", "virtual_rodent.networks", {"intention": "rodent.policy.sizes:NetworkConfig"})
"""What acts: `intention` is an encoder, a latent intention and a decoder."""
