"""What the project's configurations can be made of and which files it reads, by name.

See `rodent.registry` for how to add to it.

Light to import: parts are named here, and imported when they are asked for.
"""

from typing import TYPE_CHECKING, Any

from rodent.registry import Registry

if TYPE_CHECKING:
    from rodent.clips.raw import RawClips
    from rodent.keypoints.raw import RawKeypoints
    from rodent.reader import Reader
    from rodent.reading_config import ImportOptions, KeypointOptions

ARENAS = Registry(
    "arena",
    "virtual_rodent.arenas",
    {
        "floor": "rodent.scene_config:FloorConfig",
        "lever": "rodent.scene_config:LeverArenaConfig",
        "gaps": "rodent.scene_config:GapsConfig",
        "bowl": "rodent.scene_config:BowlConfig",
        "maze": "rodent.scene_config:MazeConfig",
        "mjcf": "rodent.scene_config:MjcfArenaConfig",
        "none": "rodent.scene_config:NoArenaConfig",
    },
)
"""Surroundings of the body."""
BODIES = Registry(
    "body",
    "virtual_rodent.bodies",
    {
        "rat": "rodent.body_config:BodyConfig",
        "mouse": "rodent.body_config:MouseConfig",
        "mjcf": "rodent.body_config:MjcfBodyConfig",
    },
)
"""What moves."""
TASKS = Registry(
    "task",
    "virtual_rodent.tasks",
    {
        "imitation": "rodent.tasks.settings:ImitationConfig",
        "joystick": "rodent.tasks.goal_settings:JoystickConfig",
        "lever": "rodent.tasks.pair_settings:LeverConfig",
        "two_tap": "rodent.tasks.pair_settings:TwoTapConfig",
        "go_to": "rodent.tasks.goal_settings:GoToConfig",
        "rear": "rodent.tasks.goal_settings:RearConfig",
        "forage": "rodent.tasks.goal_settings:ForageConfig",
        "bowl": "rodent.tasks.arena_settings:BowlTaskConfig",
        "gaps": "rodent.tasks.arena_settings:GapsTaskConfig",
        "maze": "rodent.tasks.arena_settings:MazeTaskConfig",
    },
)
"""What is asked of it."""
NETWORKS = Registry(
    "network",
    "virtual_rodent.networks",
    {
        "intention": "rodent.policy.sizes:NetworkConfig",
        "primitives": "rodent.policy.sizes:PrimitivesConfig",
        "reference": "rodent.policy.sizes:ReferenceConfig",
    },
)
"""What acts: `intention` is an encoder, a latent intention and a decoder; `primitives` acts through the
latent of another, `reference` commands a gait that another tracks. Others are subclasses of these, with
hidden layers or agents of their own."""
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
KEYPOINT_READERS: "Registry[Reader[KeypointOptions, RawKeypoints]]" = Registry(
    "reader of keypoints",
    "virtual_rodent.keypoint_readers",
    {
        "nwb": "rodent.keypoints.nwb:READER",
        "stac-mjx": "rodent.keypoints.hdf5:STAC",
        "dannce": "rodent.keypoints.matlab:READER",
        "mat-struct": "rodent.keypoints.matlab_struct:READER",
        "tracks": "rodent.keypoints.hdf5:TRACKS",
        "aldarondo": "rodent.keypoints.session:READER",
        "npz": "rodent.keypoints.npz:READER",
        "deeplabcut": "rodent.keypoints.tables:DEEPLABCUT",
        "jarvis": "rodent.keypoints.tables:JARVIS",
        "anipose": "rodent.keypoints.tables:ANIPOSE",
    },
)
"""Formats of tracked keypoints."""
EXECUTORS: "Registry[Any]" = Registry(
    "executor",
    "virtual_rodent.executors",
    {
        "local": "rodent.experiment.local:LocalExecutor",
        "ray": "rodent.experiment.on_ray:RayExecutor",
        "slurm": "rodent.experiment.on_slurm:SlurmExecutor",
    },
)
"""Where shards of experiments run; see `rodent.experiment.drive.Executor`."""
CLIP_READERS: "Registry[Reader[ImportOptions, RawClips]]" = Registry(
    "reader of clips",
    "virtual_rodent.clip_readers",
    {
        "clips": "rodent.clips.importers:CLIP_FILE",
        "dm-control": "rodent.clips.dm_control:READER",
        "stac-mjx": "rodent.clips.stac:READER",
        "npz": "rodent.clips.arrays:NPZ",
        "npy": "rodent.clips.arrays:NPY",
        "mimic-mjx": "rodent.clips.mimic:READER",
    },
)
"""Formats of reference motion."""
