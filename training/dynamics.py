"""The dynamics model: a differentiable network that predicts what a control step does to the body.

    dynamics = Dynamics(scene, config.model_based, timestep)
    state = dynamics.init(key)
    state, figures = dynamics.fit(state, samples, key, 2e-3)  # to steps that physics has made
    after = dynamics.step(state, physics, ctrl)              # what physics would have made of this one

The network predicts how velocities change in a step, and by how much the displacement differs from that of
the mean velocity; poses, activations, body positions and forces follow from these by computation. All is
relative to the root, so that nothing needs to be learnt twice for another place or heading (Fussell et al.,
SuperTrack, ACM Transactions on Graphics 40, 2021, who do so with bodies instead of joints).
"""

import dataclasses
from typing import Any, NamedTuple

import flax.linen as nn
import flax.struct
import jax
import jax.numpy as jnp

from rodent import rotation
from rodent.physics.engine import PhysicsState
from rodent.physics.forward_kinematics import forward_kinematics
from rodent.physics.host import count_substeps
from rodent.policy.networks import HiddenLayer
from rodent.scene import Scene
from training.brax_parts import running_statistics
from training.config import ModelBasedConfig
from training.experience import DynamicsSample
from training.learner import SEEN_EVERY
from training.optimizer import MODEL_OPTIMIZER

_ROOT = 6  # velocities of the root lead the others
_STANDING, _NEAR = 0.008, 0.006  # metres: height of a paw's body that stands, and what is near it
_LEAST = 1e-3  # what counts as constant


@flax.struct.dataclass
class DynamicsState:
    """What has been learnt of the body.

    Attributes:
        params: of the network.
        optimizer: its moments.
        features: running mean and deviation of what the network is fed.
        changes: the same of what it is to tell.
    """

    params: Any
    optimizer: Any
    features: running_statistics.RunningStatisticsState
    changes: running_statistics.RunningStatisticsState


class Motion(NamedTuple):
    """How the body moves, seen from the trunk; arrays (n, nv).

    Attributes:
        before, after: velocities at the step's beginning and end, each as the trunk of that moment sees them.
        mean: the way made in the step over its duration.
    """

    before: jax.Array
    after: jax.Array
    mean: jax.Array


class DynamicsNetwork(nn.Module):
    """Features of a state and its controls to what changes, in standard deviations, and to sensors."""

    units: tuple[int, ...]
    outputs: int

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        for i, n in enumerate(self.units):
            x = HiddenLayer(n, name=f"layer_{i}")(x)
        return nn.Dense(self.outputs, kernel_init=nn.initializers.normal(1e-3), name="change")(x)


class Dynamics:
    """The model's pure functions, bound to one body; equal for equal bodies, settings and timesteps.

    Args:
        scene: names and indices.
        config: size of the network and how it learns.
        timestep: seconds per control step.
    """

    def __init__(self, scene: Scene, config: ModelBasedConfig, timestep: float):
        model = scene.model
        self.config, self._timestep = config, timestep
        self._key = (scene, config, timestep)
        self._nv, self._sensors = model.nv, model.nsensordata
        self._inputs = 4 + model.nv + model.nq - 7 + model.na + 2 * model.nu + 2 * len(scene.tracked_ids)
        self._network = DynamicsNetwork(config.dynamics_layers, 2 * model.nv + model.nsensordata)
        self._body_positions = forward_kinematics(model, scene.tracked_ids)
        substeps = count_substeps(timestep, model.opt.timestep)
        self._activated = 0.0  # fraction of the way to the control that an activation makes in a step
        if model.na:
            self._activated = 1 - (1 - model.opt.timestep / scene.activation_time) ** substeps
        self._filtered = bool(model.na)
        self._gain = jnp.asarray(model.actuator_gainprm[:, 0], jnp.float32)
        self._bias = jnp.asarray(model.actuator_biasprm[:, :2], jnp.float32)
        self._transmission = jnp.asarray(scene.transmission.T, jnp.float32)
        self._nominal_force = jnp.asarray(scene.nominal_force, jnp.float32)
        # the policy senses through tanh too: what an impact exceeds these by does not matter
        self._sensor_unit = jnp.asarray(scene.sensor_scale, jnp.float32)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dynamics) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def init(self, key: jax.Array) -> DynamicsState:
        """A model that has learnt nothing."""
        params = self._network.init(key, jnp.zeros((1, self._inputs)))["params"]
        features = running_statistics.init_state(jnp.zeros(self._inputs))
        changes = running_statistics.init_state(jnp.zeros(2 * self._nv))
        return DynamicsState(params, MODEL_OPTIMIZER.init(params), features, changes)

    def fit(
        self, model: DynamicsState, samples: DynamicsSample, key: jax.Array, learning_rate: jax.Array | float
    ) -> tuple[DynamicsState, dict[str, jax.Array]]:
        """Learn from steps, leaves (m, ...); returns the model and figures for the log."""
        motion = self._motion(samples.physics, samples.next_physics)
        changes = jnp.concatenate([motion.after - motion.before, _slack(motion)], -1)
        features = self._features(samples.physics, samples.ctrl)
        felt = jnp.tanh(samples.next_physics.sensordata / self._sensor_unit)
        # physics that broke teaches nothing
        sound = jnp.isfinite(changes).all(-1) & jnp.isfinite(features).all(-1) & jnp.isfinite(felt).all(-1)
        sound = (sound & (jnp.abs(changes) < 1e3).all(-1)).astype(jnp.float32)
        features, changes, felt = (jnp.where(sound[:, None] > 0, x, 0.0) for x in (features, changes, felt))
        every = slice(None, None, SEEN_EVERY)
        model = dataclasses.replace(
            model,
            features=running_statistics.update(model.features, features[every], weights=sound[every]),
            changes=running_statistics.update(model.changes, changes[every], weights=sound[every]),
        )
        fed = self._normalized(model, features)
        target = jnp.concatenate([changes / _spread(model), felt], -1)

        def one(carry: tuple[Any, Any], rows: jax.Array) -> tuple[tuple[Any, Any], jax.Array]:
            params, optimizer = carry
            batch = (fed[rows], target[rows], sound[rows])
            gradient, unexplained = jax.grad(self._loss, has_aux=True)(params, *batch)
            step, optimizer = MODEL_OPTIMIZER.update(gradient, optimizer, params)
            params = jax.tree.map(lambda p, s: p + learning_rate * s, params, step)
            return (params, optimizer), unexplained

        rows = _minibatches(key, len(sound), self.config.dynamics_batch, self.config.dynamics_epochs)
        (params, optimizer), unexplained = jax.lax.scan(one, (model.params, model.optimizer), rows)
        # the first pass's first steps have not been seen yet
        figures = {
            "dynamics_unexplained_variance": jnp.mean(
                unexplained[: max(1, len(rows) // self.config.dynamics_epochs)]
            )
        }
        return dataclasses.replace(model, params=params, optimizer=optimizer), figures

    def _loss(
        self, params: Any, fed: jax.Array, target: jax.Array, sound: jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        predicted = self._network.apply({"params": params}, fed)
        error = (
            jnp.concatenate([predicted[:, : 2 * self._nv], jnp.tanh(predicted[:, 2 * self._nv :])], -1)
            - target
        )
        # contacts strike: far off counts linearly
        loss = jnp.sqrt(1 + jnp.square(error)) - 1
        # six velocities that carry all the others count as much as the 67
        root = jnp.concatenate([loss[:, :_ROOT], loss[:, self._nv : self._nv + _ROOT]], -1)
        by_env = jnp.mean(loss, -1) + jnp.mean(root, -1)
        weight = sound / jnp.maximum(jnp.sum(sound), 1.0)
        unexplained = jnp.mean(jnp.square(error[:, : self._nv]), -1)
        return jnp.sum(weight * by_env), jnp.sum(weight * unexplained)

    def step(self, model: DynamicsState, state: PhysicsState, ctrl: jax.Array) -> PhysicsState:
        """The states that controls, shape (n, nu), lead to in one control step."""
        fed = self._normalized(model, self._features(state, ctrl))
        predicted = self._network.apply({"params": model.params}, fed)
        change = predicted[:, : 2 * self._nv] * _spread(model)
        before = _root_relative(state)
        after = before + change[:, : self._nv]
        mean = 0.5 * (before + after) + change[:, self._nv :]
        way = self._timestep * mean
        turn = state.qpos[:, 3:7]
        turned = rotation.multiply(turn, _turn(way[:, 3:_ROOT]))
        turned /= jnp.linalg.norm(turned, axis=-1, keepdims=True)
        place = state.qpos[:, :3] + rotation.rotate(turn, way[:, :3])
        qpos = jnp.concatenate([place, turned, state.qpos[:, 7:] + way[:, _ROOT:]], -1)
        qvel = jnp.concatenate([rotation.rotate(turned, after[:, :3]), after[:, 3:]], -1)
        act = state.act + self._activated * (ctrl - state.act) if self._filtered else state.act
        return PhysicsState(
            qpos=qpos,
            qvel=qvel,
            act=act,
            xpos=self._body_positions(qpos),
            sensordata=predicted[:, 2 * self._nv :] * self._sensor_unit,
            actuator_force=self._force(qpos, self._drive(act, ctrl)),
        )

    def _features(self, state: PhysicsState, ctrl: jax.Array) -> jax.Array:
        """What the network is fed, not normalised: nothing of place or heading."""
        height = state.xpos[..., 2]
        return jnp.concatenate(
            [
                rotation.into_frame(state.qpos[:, 3:7], jnp.array([0.0, 0.0, -1.0])),
                state.qpos[:, 2:3],
                _root_relative(state),
                state.qpos[:, 7:],
                state.act,
                ctrl,
                self._force(state.qpos, self._drive(state.act, ctrl)) / self._nominal_force,
                height,
                jnp.tanh((height - _STANDING) / _NEAR),
            ],
            -1,
        )

    def _normalized(self, model: DynamicsState, features: jax.Array) -> jax.Array:
        mean: Any = model.features.mean
        std: Any = model.features.std
        return jnp.clip((features - mean) / jnp.maximum(std, _LEAST), -10.0, 10.0)

    def _drive(self, act: jax.Array, ctrl: jax.Array) -> jax.Array:
        """What the actuators multiply by their gain: activations, or controls where there are none."""
        return act if self._filtered else ctrl

    def _force(self, qpos: jax.Array, act: jax.Array) -> jax.Array:
        """Of the actuators, newton metres, shape (n, nu); see `Scene.setpoint_ctrl`."""
        return self._gain * act + self._bias[:, 0] + self._bias[:, 1] * (qpos[:, 7:] @ self._transmission)

    def _motion(self, state: PhysicsState, after: PhysicsState) -> Motion:
        """What physics made of a step, the root's turn taken as small."""
        turn = state.qpos[:, 3:7]
        turned = rotation.multiply(rotation.conjugate(turn), after.qpos[:, 3:7])
        turned *= jnp.where(turned[:, :1] < 0, -1.0, 1.0)
        way = [
            rotation.into_frame(turn, after.qpos[:, :3] - state.qpos[:, :3]),
            2 * turned[:, 1:],
            after.qpos[:, 7:] - state.qpos[:, 7:],
        ]
        mean = jnp.concatenate(way, -1) / self._timestep
        return Motion(_root_relative(state), _root_relative(after), mean)


def _root_relative(state: PhysicsState) -> jax.Array:
    """Velocities, the root's linear one in the trunk's frame as its angular one is, shape (n, nv)."""
    return jnp.concatenate(
        [rotation.into_frame(state.qpos[:, 3:7], state.qvel[:, :3]), state.qvel[:, 3:]], -1
    )


def _slack(motion: Motion) -> jax.Array:
    return motion.mean - 0.5 * (motion.before + motion.after)


def _spread(model: DynamicsState) -> jax.Array:
    std: Any = model.changes.std
    return jnp.maximum(std, 1e-4)


def _turn(way: jax.Array) -> jax.Array:
    """The rotation about an axis by its length, radians, shape (n, 3) to (n, 4)."""
    angle = jnp.sqrt(jnp.sum(jnp.square(way), -1, keepdims=True) + 1e-12)
    return jnp.concatenate([jnp.cos(angle / 2), jnp.sin(angle / 2) / angle * way], -1)


def _minibatches(key: jax.Array, rows: int, size: int, epochs: int) -> jax.Array:
    """Rows in a new order for each pass, shape (minibatches, size); what is left over is left out."""
    size = min(size, rows)
    orders = jax.vmap(lambda k: jax.random.permutation(k, rows))(jax.random.split(key, epochs))
    return orders[:, : rows // size * size].reshape(-1, size)
