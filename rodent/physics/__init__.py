"""Physics engines, which step many environments in parallel."""

from rodent.physics.engine import Command, Engine, PhysicsState
from rodent.physics.host import HostEngine, HostState

__all__ = ["Command", "Engine", "HostEngine", "HostState", "PhysicsState"]
