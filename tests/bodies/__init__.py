"""Small bodies that tests train, record and step in the rat's place."""

from pathlib import Path

from rodent.body_config import MjcfBodyConfig
from rodent.scene import Scene, make_scene
from rodent.scene_config import NoArenaConfig, SceneConfig

SMALL = Path(__file__).with_name("hopper.xml")
"""The hopper's MJCF."""

HOPPER = MjcfBodyConfig(
    str(SMALL),
    root="torso",
    # as many as a rat's, some of them more than once
    tracked=("torso", *("leg_R", "tail", "leg_L") * 4, "leg_R", "tail"),
    end_effectors=("tail",) * 5,
    feet=("leg_L", "leg_R"),
    nominal_force=0.1,
)
"""A trunk with two legs and a tail, on the floor of its own file."""


def hopper() -> Scene:
    """The hopper's scene; the same one at every call."""
    return make_scene(SceneConfig(NoArenaConfig(), HOPPER))
