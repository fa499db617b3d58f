"""The header of a recording: scene, names, content, provenance.

Header(fps=50, scene=scene.config, joint_names=scene.joint_names, actuator_names=scene.actuator_names)
Header.of(scene, fps=50, content="states")      # the same names, from a compiled scene
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, Self

from rodent.record_config import Content
from rodent.recording.channels import Channel
from rodent.scene import Scene
from rodent.scene_config import SceneConfig


@dataclasses.dataclass(frozen=True, kw_only=True)
class Header:
    """The header of a recording; see `rodent.recording.Recording`.

    Attributes:
        fps: control steps per second.
        scene: the simulated scene.
        joint_names: the joints, qpos[:, 7 + i] belonging to name i.
        actuator_names: in the order of ctrl.
        contact_names: the touch sensors, in the order of contact.
        provenance: policy, seed and versions; JSON.
        content: outcomes, states or units.
        channels: unit, description and columns of channels, by name; for a writer only custom channels, in
            addition to the standard ones in `rodent.recording.channels`.
        outcome_channels: unit and description of outcomes, by name; for a writer only custom ones.
        trial_columns: unit and description of a task's own columns of trials, by name; only for a writer.
    """

    fps: float
    scene: SceneConfig
    joint_names: tuple[str, ...]
    actuator_names: tuple[str, ...]
    contact_names: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    content: Content = "units"
    channels: Mapping[str, Channel] = dataclasses.field(default_factory=dict)
    outcome_channels: Mapping[str, Channel] = dataclasses.field(default_factory=dict)
    trial_columns: Mapping[str, Channel] = dataclasses.field(default_factory=dict)

    @classmethod
    def of(cls, scene: Scene, fps: float, **others: Any) -> Self:
        """The header for a compiled scene, with its names; others are attributes of the class."""
        return cls(
            fps=fps,
            scene=scene.config,
            joint_names=scene.joint_names,
            actuator_names=scene.actuator_names,
            contact_names=scene.roles.touch,
            **others,
        )
