"""Where the body is put: the configuration of a scene. Light to import."""

import dataclasses
from typing import Annotated

from rodent.body_config import BodyConfig
from rodent.configs import Tagged
from rodent.parts import ARENAS, BODIES


@dataclasses.dataclass(frozen=True)
class FloorConfig:
    """A flat floor without end."""


@dataclasses.dataclass(frozen=True)
class SceneConfig:
    """A body in an arena: all that the physics of a rollout is made of."""

    arena: Annotated[FloorConfig, Tagged(ARENAS)] = dataclasses.field(default_factory=FloorConfig)
    """What surrounds the body."""
    body: Annotated[BodyConfig, Tagged(BODIES)] = dataclasses.field(default_factory=BodyConfig)
    """The body."""
