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
"""What acts: `intention` is an encoder, a latent intention and a decoder. Others are subclasses of its
configuration, with hidden layers of their own."""
REWARD_TERMS = Registry(
    "reward term",
    "virtual_rodent.reward_terms",
    {
        name: f"rodent.tasks.reward:{name}"
        for name in (
            "root_position",
            "root_orientation",
            "joint_angles",
            "joint_velocities",
            "end_effectors",
            "body_positions",
            "control",
            "control_change",
            "energy",
        )
    },
)
"""What the reward of a task is made of; see `rodent.tasks.reward`."""
USUAL_SENSES = (
    "joint_angles",
    "joint_velocities",
    "activations",
    "root_height",
    "gravity",
    "linear_velocity",
    "angular_velocity",
    "inertial",
    "touch",
    "end_effectors",
)
"""What a body senses if a task does not say otherwise. Saved policies rely on it: it never changes."""
SENSES = Registry(
    "sense", "virtual_rodent.senses", {name: f"rodent.sensing.proprioception:{name}" for name in USUAL_SENSES}
)
"""Parts of proprioception; see `rodent.sensing.proprioception`."""
