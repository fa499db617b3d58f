"""Scenes: a body in an arena, with the names and roles of its parts.

scene = make_scene()                                  # the default rat on a floor
scene = make_scene(BodyConfig(scale=1.0))
scene = make_scene(SceneConfig(arena=GapsConfig(seed=3)))
scene.model                                           # mujoco.MjModel
scene.roles.end_effectors
"""

from rodent.scene.roles import BodySpec, Roles
from rodent.scene.scene import Scene, kinematic_model, make_scene, scene_body, scene_spec

__all__ = ["BodySpec", "Roles", "Scene", "kinematic_model", "make_scene", "scene_body", "scene_spec"]
