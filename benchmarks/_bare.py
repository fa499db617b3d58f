"""Bare physics that does the same work as an engine in a loop: MuJoCo alone, given the loop's commands."""

import jax
import numpy as np
from mujoco.batch import Batch

from rodent.physics.engine import Command
from rodent.physics.host import HostEngine, HostState


class Written:
    """Every command that an engine is given, in turn."""

    def __init__(self, engine: HostEngine):
        self.commands: list[Command] = []
        self._step = engine.step
        engine.step = self.step

    def step(self, state: HostState, command: Command) -> HostState:
        """Write down the controls, and who begins anew and where."""
        self.commands.append(jax.tree.map(np.asarray, command))
        return self._step(state, command)


class BarePhysics:
    """MuJoCo alone, n rats."""

    def __init__(self, engine: HostEngine):
        self.substeps = int(engine.substeps[0])
        self.batch = Batch(engine.model, engine.num_envs, 0)
        self.state = {name: self.batch.bind(name) for name in ("qpos", "qvel", "act")}
        self.warmstart = self.batch.bind("qacc_warmstart")

    def replay(self, commands: list[Command]) -> None:
        """Do the same work again."""
        for command in commands:
            ids = np.flatnonzero(command.restart)
            for name, field in self.state.items():
                field[ids] = getattr(command.initial, name)[ids]
            self.warmstart[ids] = 0.0
            self.batch.ctrl[:] = command.ctrl
            self.batch.step(nstep=self.substeps)
