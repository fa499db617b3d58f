"""Backends that step the environments of a training: the cores of the host, or accelerators.

    backend = HostBackend(algorithm, body, timestep, threads=0)
    state = backend.begin(learner, model_based, loop, physics)
    state, metrics = backend.update(state, hyper, task)

Both use the same algorithm, see `training.update`.
"""

import dataclasses
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np

from rodent.loop import LoopState, host_engine, own_fields
from rodent.physics.device import DeviceEngine, Mjx, warp_devices
from rodent.physics.engine import Engine, PhysicsState
from rodent.physics.host import Divergence, HostState
from rodent.physics.mjx_compat import Implementation
from rodent.tasks.task import Task
from training.hyperparameters import Hyperparameters
from training.learner import Learner
from training.model_based import ModelBasedState
from training.update import Algorithm, Metrics, TrainState, device_update, host_update


class Backend(Protocol):
    """Steps environments and learns from them."""

    def begin(
        self, learner: Learner, model_based: ModelBasedState, loop: LoopState, physics: PhysicsState
    ) -> TrainState:
        """A state whose environments have the given physics states."""
        ...

    def update(
        self, state: TrainState, hyper: Hyperparameters, task: Task[Any]
    ) -> tuple[TrainState, Metrics]:
        """See `training.update.Update`; the given state is donated and must not be used again."""
        ...

    def stored(self, state: TrainState) -> TrainState:
        """A copy of the state as arrays that can be written to a file."""
        ...

    def restored(self, state: TrainState) -> TrainState:
        """The inverse of `stored`."""
        ...

    def take_divergences(self) -> list[Divergence]:
        """Environments whose physics diverged since the last call, if the backend records them."""
        ...


class HostBackend:
    """MuJoCo on the threads of the host; learning is a separate compiled function.

    Attributes:
        engine: steps the environments.

    Args:
        algorithm: the learning algorithm.
        task: of one environment.
        threads: number of threads that step the physics; 0 for one per core.
    """

    def __init__(self, algorithm: Algorithm, task: Task[Any], threads: int = 0):
        self.engine = host_engine(task, algorithm.config.ppo.num_envs, threads, algorithm.loop.vary)
        self._update = host_update(algorithm, self.engine)

    def begin(
        self, learner: Learner, model_based: ModelBasedState, loop: LoopState, physics: PhysicsState
    ) -> TrainState:
        """See `Backend.begin`."""
        return TrainState(learner, model_based, loop, _begun(self.engine, loop, physics))

    def update(
        self, state: TrainState, hyper: Hyperparameters, task: Task[Any]
    ) -> tuple[TrainState, Metrics]:
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
    """MJX: rollouts and learning are one compiled program.

    Environments are sharded over the devices; the network, the learner and the task are replicated.

    Attributes:
        engine: steps the environments.

    Args:
        algorithm: the learning algorithm.
        task: of one environment.
        implementation: of MJX, see `Mjx`.
        devices: of JAX; None for all that MuJoCo Warp can use.

    Raises:
        InputError: there is no GPU or no Warp, or the number of environments is not a multiple of that of the
            devices.
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
            fields=own_fields(algorithm.loop.vary, n),
        )
        self._placed_task: Any = None
        sharded = shardings(self.engine)
        replicated = self.engine.everywhere
        self._update = jax.jit(
            device_update(algorithm, self.engine),
            in_shardings=(sharded, replicated, replicated),
            out_shardings=(sharded, replicated),
            donate_argnums=0,
        )

    def begin(
        self, learner: Learner, model_based: ModelBasedState, loop: LoopState, physics: PhysicsState
    ) -> TrainState:
        """See `Backend.begin`."""
        return self._placed(TrainState(learner, model_based, loop, _begun(self.engine, loop, physics)))

    def update(
        self, state: TrainState, hyper: Hyperparameters, task: Task[Any]
    ) -> tuple[TrainState, Metrics]:
        """See `Backend.update`."""
        if self._placed_task is None or self._placed_task[0] is not task:
            self._placed_task = (task, jax.device_put(task, self.engine.everywhere))
        state, metrics = self._update(state, hyper, self._placed_task[1])
        return state, jax.device_get(metrics)

    def stored(self, state: TrainState) -> TrainState:
        """See `Backend.stored`."""
        return jax.tree.map(np.array, state)

    def restored(self, state: TrainState) -> TrainState:
        """See `Backend.restored`."""
        return self._placed(state)

    def take_divergences(self) -> list[Divergence]:
        """An empty list: on the device they are only counted, in the metric `diverged`."""
        return []

    def _placed(self, state: TrainState) -> TrainState:
        """The state with the shardings of the compiled program; others would compile it again."""
        state = jax.tree.map(lambda x: jnp.asarray(x, x.dtype), state)  # without weak types
        return jax.device_put(state, shardings(self.engine))


def _begun(engine: Engine[Any], loop: LoopState, physics: PhysicsState) -> Any:
    """The engine's state of bodies that begin in their worlds."""
    return engine.begin(physics, None if loop.world is None else loop.world.scales)


def shardings(engine: DeviceEngine) -> TrainState:
    """Shardings of a `TrainState` on the devices: environments are sharded, all else is replicated."""
    sharded: Any = engine.by_env  # a prefix for all arrays of a part
    replicated: Any = engine.everywhere
    by_env = dict.fromkeys(LoopState.__dataclass_fields__, sharded)
    loop = LoopState(**by_env | {"sampler": replicated, "key": replicated})
    return TrainState(replicated, replicated, loop, sharded)
