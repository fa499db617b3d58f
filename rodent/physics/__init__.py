"""What moves the rats: engines that step many of them at once."""

from rodent.physics.engine import Engine, PhysicsState
from rodent.physics.host import HostEngine

__all__ = ["Engine", "HostEngine", "PhysicsState"]
