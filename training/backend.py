"""Where a training's environments are stepped: on the host's cores, or on accelerators.

    backend = HostBackend(algorithm, body, timestep, threads=0)
    state = backend.begin(learner, model_based, loop, physics)
    state, figures = backend.update(state, hyper, task)

What is learnt is the same, see `training.update`.
"""

import dataclasses
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np

from rodent.loop import LoopState
from rodent.physics.device import DeviceEngine, Mjx, warp_devices
from rodent.physics.engine import Engine, PhysicsState
from rodent.physics.host import Divergence, HostEngine, HostState
from rodent.physics.mjx_compat import Implementation
from rodent.tasks.task import Task
from training.hyperparameters import Hyperparameters
from training.learner import Learner
from training.model_based import ModelBasedState
from training.update import Algorithm, Figures, TrainState, device_update, host_update


class Backend(Protocol):
    """Steps environments and learns from them."""

    def begin(
        self, learner: Learner, model_based: ModelBasedState, loop: LoopState, physics: PhysicsState
    ) -> TrainState:
        """A state whose environments are where `physics` says."""
        ...

    def update(
        self, state: TrainState, hyper: Hyperparameters, task: Task[Any]
    ) -> tuple[TrainState, Figures]:
        """See `training.update.Update`; the state that is given is used up."""
        ...

    def stored(self, state: TrainState) -> TrainState:
        """The state as arrays that can be written to a file, and that no update changes."""
        ...

    def restored(self, state: TrainState) -> TrainState:
        """The reverse of `stored`."""
        ...

    def take_divergences(self) -> list[Divergence]:
        """Environments whose physics diverged since the last call, where that is known."""
        ...


class HostBackend:
    """MuJoCo on the host's threads; learning is compiled apart.

    Attributes:
        engine: steps the environments.

    Args:
        algorithm: what is learnt, and how.
        task: of one environment.
        threads: that step the physics; 0 for one per core.
    """

    def __init__(self, algorithm: Algorithm, task: Task[Any], threads: int = 0):
        scene, n = task.scene, algorithm.config.ppo.num_envs
        self.engine = HostEngine(
            scene.model, n, task.timestep, threads, bodies=scene.tracked_ids, root=scene.root_id
        )
        self._update = host_update(algorithm, self.engine)

    def begin(
        self, learner: Learner, model_based: ModelBasedState, loop: LoopState, physics: PhysicsState
    ) -> TrainState:
        """See `Backend.begin`."""
        return TrainState(learner, model_based, loop, _begun(self.engine, loop, physics))

    def update(
        self, state: TrainState, hyper: Hyperparameters, task: Task[Any]
    ) -> tuple[TrainState, Figures]:
        """See `Backend.update`."""
        return self._update(state, hyper, task)

    def stored(self, state: TrainState) -> TrainState:
        """See `Backend.stored`."""
        engine = dataclasses.replace(self.engine.copy(state.engine), serial=0)
        return jax.tree.map(np.asarray, dataclasses.replace(state, engine=engine))

    def restored(self, state: TrainState) -> TrainState:
        """See `Backend.restored`; double precision stays on the host."""
        rows = np.asarray(state.engine.rows)
        arrays = jax.tree.map(jnp.asarray, dataclasses.replace(state, engine=state.engine.physics))
        scales = {name: np.asarray(factors) for name, factors in state.engine.scales.items()}
        return dataclasses.replace(arrays, engine=HostState(arrays.engine, rows, 0, scales))

    def take_divergences(self) -> list[Divergence]:
        """See `Backend.take_divergences`."""
        return self.engine.take_divergences()


class DeviceBackend:
    """MJX: collecting and learning are one compiled program.

    Environments are spread over the devices; the network, the learner and the task are held whole by each.

    Attributes:
        engine: steps the environments.

    Args:
        algorithm: what is learnt, and how.
        task: of one environment.
        implementation: of MJX, see `Mjx`.
        devices: of JAX; None for all that MuJoCo Warp can use.

    Raises:
        InputError: no GPU or no Warp, or environments that cannot be spread evenly over the devices.
    """

    def __init__(
        self,
        algorithm: Algorithm,
        task: Task[Any],
        implementation: Implementation = "warp",
        devices: tuple[jax.Device, ...] | None = None,
    ):
        scene, n = task.scene, algorithm.config.ppo.num_envs
        devices = warp_devices(n) if devices is None else devices
        self.engine = DeviceEngine(
            scene.model,
            n,
            task.timestep,
            Mjx(implementation, devices),
            bodies=scene.tracked_ids,
            root=scene.root_id,
        )
        self._spread_task: Any = None
        places = shardings(self.engine)
        whole = self.engine.everywhere
        self._update = jax.jit(
            device_update(algorithm, self.engine),
            in_shardings=(places, whole, whole),
            out_shardings=(places, whole),
            donate_argnums=0,
        )

    def begin(
        self, learner: Learner, model_based: ModelBasedState, loop: LoopState, physics: PhysicsState
    ) -> TrainState:
        """See `Backend.begin`."""
        return self._spread(TrainState(learner, model_based, loop, _begun(self.engine, loop, physics)))

    def update(
        self, state: TrainState, hyper: Hyperparameters, task: Task[Any]
    ) -> tuple[TrainState, Figures]:
        """See `Backend.update`."""
        if self._spread_task is None or self._spread_task[0] is not task:
            self._spread_task = (task, jax.device_put(task, self.engine.everywhere))
        state, figures = self._update(state, hyper, self._spread_task[1])
        return state, jax.device_get(figures)

    def stored(self, state: TrainState) -> TrainState:
        """See `Backend.stored`."""
        return jax.tree.map(np.array, state)

    def restored(self, state: TrainState) -> TrainState:
        """See `Backend.restored`."""
        return self._spread(state)

    def take_divergences(self) -> list[Divergence]:
        """None: on the device they are only counted, in the figure `diverged`."""
        return []

    def _spread(self, state: TrainState) -> TrainState:
        """Put everything where the compiled program expects it: elsewhere it would be compiled again."""
        state = jax.tree.map(lambda x: jnp.asarray(x, x.dtype), state)  # without weak types
        return jax.device_put(state, shardings(self.engine))


def _begun(engine: Engine[Any], loop: LoopState, physics: PhysicsState) -> Any:
    """The engine's state of bodies that begin in their worlds."""
    return engine.begin(physics, None if loop.world is None else loop.world.scales)


def shardings(engine: DeviceEngine) -> TrainState:
    """How a `TrainState` lies on the devices: environments spread, all else whole on each."""
    envs: Any = engine.by_env  # stands for all arrays of a part
    whole: Any = engine.everywhere
    by_env = dict.fromkeys(LoopState.__dataclass_fields__, envs)
    return TrainState(whole, whole, LoopState(**by_env | {"sampler": whole, "key": whole}), envs)
