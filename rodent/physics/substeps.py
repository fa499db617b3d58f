"""Physics steps per control step, which may differ between environments.

substeps = Substeps(control_timestep=0.02, timesteps=np.array([0.01, 0.005]))
raised = substeps.step(batch)           # 2 steps of the first simulation, 4 of the second
"""

from collections.abc import Callable

import numpy as np
from mujoco.batch import Batch, SimulationError

from rodent.errors import InputError


def count_substeps(control_timestep: float, physics_timestep: float) -> int:
    """Physics steps per control step; both in seconds.

    Raises:
        InputError: the control timestep is not a multiple of the physics timestep.
    """
    ratio = control_timestep / physics_timestep
    substeps = round(ratio)
    if substeps < 1 or abs(ratio - substeps) > 1e-6:
        raise InputError(
            f"the control timestep {control_timestep:g} s is not a multiple of the physics timestep "
            f"{physics_timestep:g} s; choose a body timestep that divides it, or resample the clips"
        )
    return substeps


class Substeps:
    """Steps of a batch, in groups of simulations with equally many.

    Attributes:
        counts: physics steps per control step, shape (num_envs,).

    Args:
        control_timestep: seconds.
        timesteps: of physics, seconds, shape (num_envs,).

    Raises:
        InputError: the control timestep is not a multiple of each.
    """

    def __init__(self, control_timestep: float, timesteps: np.ndarray):
        different, which = np.unique(timesteps, return_inverse=True)
        counts = np.array([count_substeps(control_timestep, float(one)) for one in different])
        self.counts = counts[which]
        # all simulations of a batch are named by None, at no cost
        self._groups = [
            (int(count), None if len(counts) == 1 else np.flatnonzero(which == i))
            for i, count in enumerate(counts)
        ]

    def step(
        self,
        batch: Batch,
        active: np.ndarray | None = None,
        each: Callable[[np.ndarray | slice], None] | None = None,
    ) -> np.ndarray:
        """Make one control step.

        Args:
            batch: the simulations.
            active: those that are stepped, shape (num_envs,), bool; None for all.
            each: called after every physics step with the indices of the simulations that made it.

        Returns:
            indices of simulations in which MuJoCo raised an error.
        """
        raised = []
        for count, group in self._groups:
            ids = group
            if active is not None and not active.all():
                ids = np.flatnonzero(active) if group is None else group[active[group]]
            times, nstep = (1, count) if each is None else (count, 1)
            for _ in range(times):
                try:
                    batch.step(ids, nstep=nstep)
                except SimulationError as error:
                    raised.append(error.ids)
                if each is not None:
                    each(slice(None) if ids is None else ids)
        return np.concatenate(raised) if raised else np.zeros(0, np.int32)
