"""What moves the rats: engines that step many of them at once."""

from rodent.physics.engine import Command, Engine, PhysicsState
from rodent.physics.host import HostEngine, HostState

__all__ = ["Command", "Engine", "HostEngine", "HostState", "PhysicsState"]
