"""The dynamics model: a differentiable network that predicts the next state of the body.

    dynamics = Dynamics(scene, config.model_based, timestep)
    state = dynamics.init(key)
    state, metrics = dynamics.fit(state, samples, key, 2e-3)  # to steps of physics
    after = dynamics.step(state, physics, ctrl)               # the predicted next state

The network predicts the change of velocities in a step, and the difference of the displacement from that of
the mean velocity; poses, activations, body positions and forces are computed from these. All inputs and
outputs are relative to the root, so that the model is invariant to position and heading (Fussell et al.,
SuperTrack, ACM Transactions on Graphics 40, 2021, who use bodies instead of joints).
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
from rodent.physics.substeps import count_substeps
from rodent.policy.networks import HiddenLayer
from rodent.scene import Scene
from training.brax_parts import running_statistics
from training.config import ModelBasedConfig
from training.experience import DynamicsSample
from training.learner import SEEN_EVERY
from training.optimizer import MODEL_OPTIMIZER

_ROOT = 6  # number of root velocities, which come first
_STANDING, _NEAR = 0.008, 0.006  # metres: height of the body of a standing paw, and width of the transition
_LEAST = 1e-3  # standard deviations below this count as constant


@flax.struct.dataclass
class DynamicsState:
    """The learned state of the dynamics model.

    Attributes:
        params: of the network.
        optimizer: moments of the optimiser.
        features: running mean and standard deviation of the inputs.
        changes: running mean and standard deviation of the targets.
    """

    params: Any
    optimizer: Any
    features: running_statistics.RunningStatisticsState
    changes: running_statistics.RunningStatisticsState


class Motion(NamedTuple):
    """Motion of the body in a step, relative to the trunk; arrays (n, nv).

    Attributes:
        before, after: velocities at the start and the end of the step, each in the trunk's frame then.
        mean: displacement in the step, divided by its duration.
    """

    before: jax.Array
    after: jax.Array
    mean: jax.Array


class DynamicsNetwork(nn.Module):
    """Maps features of a state and its controls to standardised changes, and to sensors."""

    units: tuple[int, ...]
    outputs: int

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        for i, n in enumerate(self.units):
            x = HiddenLayer(n, name=f"layer_{i}")(x)
        return nn.Dense(self.outputs, kernel_init=nn.initializers.normal(1e-3), name="change")(x)


class Dynamics:
    """The model's pure functions for one body; equal for equal bodies, settings and timesteps.

    Args:
        scene: names and indices.
        config: size and optimiser of the network.
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
        self._activated = 0.0  # fraction of the difference to the control that an activation covers in a step
        if model.na:
            self._activated = 1 - (1 - model.opt.timestep / scene.activation_time) ** substeps
        self._filtered = bool(model.na)
        self._gain = jnp.asarray(model.actuator_gainprm[:, 0], jnp.float32)
        self._bias = jnp.asarray(model.actuator_biasprm[:, :2], jnp.float32)
        self._transmission = jnp.asarray(scene.transmission.T, jnp.float32)
        self._nominal_force = jnp.asarray(scene.nominal_force, jnp.float32)
        # tanh saturates, as in the policy's observation: the exact size of an impact does not matter
        self._sensor_unit = jnp.asarray(scene.sensor_scale, jnp.float32)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dynamics) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def init(self, key: jax.Array) -> DynamicsState:
        """An untrained model."""
        params = self._network.init(key, jnp.zeros((1, self._inputs)))["params"]
        features = running_statistics.init_state(jnp.zeros(self._inputs))
        changes = running_statistics.init_state(jnp.zeros(2 * self._nv))
        return DynamicsState(params, MODEL_OPTIMIZER.init(params), features, changes)

    def fit(
        self, model: DynamicsState, samples: DynamicsSample, key: jax.Array, learning_rate: jax.Array | float
    ) -> tuple[DynamicsState, dict[str, jax.Array]]:
        """Fit the model to steps, leaves (m, ...); returns the model and metrics for the log."""
        motion = self._motion(samples.physics, samples.next_physics)
        changes = jnp.concatenate([motion.after - motion.before, _slack(motion)], -1)
        features = self._features(samples.physics, samples.ctrl)
        sensed = jnp.tanh(samples.next_physics.sensordata / self._sensor_unit)
        # diverged physics is masked
        valid = jnp.isfinite(changes).all(-1) & jnp.isfinite(features).all(-1) & jnp.isfinite(sensed).all(-1)
        valid = (valid & (jnp.abs(changes) < 1e3).all(-1)).astype(jnp.float32)
        features, changes, sensed = (
            jnp.where(valid[:, None] > 0, x, 0.0) for x in (features, changes, sensed)
        )
        every = slice(None, None, SEEN_EVERY)
        model = dataclasses.replace(
            model,
            features=running_statistics.update(model.features, features[every], weights=valid[every]),
            changes=running_statistics.update(model.changes, changes[every], weights=valid[every]),
        )
        inputs = self._normalized(model, features)
        target = jnp.concatenate([changes / _std(model), sensed], -1)

        def one(carry: tuple[Any, Any], rows: jax.Array) -> tuple[tuple[Any, Any], jax.Array]:
            params, optimizer = carry
            batch = (inputs[rows], target[rows], valid[rows])
            gradient, unexplained = jax.grad(self._loss, has_aux=True)(params, *batch)
            step, optimizer = MODEL_OPTIMIZER.update(gradient, optimizer, params)
            params = jax.tree.map(lambda p, s: p + learning_rate * s, params, step)
            return (params, optimizer), unexplained

        rows = _minibatches(key, len(valid), self.config.dynamics_batch, self.config.dynamics_epochs)
        (params, optimizer), unexplained = jax.lax.scan(one, (model.params, model.optimizer), rows)
        # minibatches of the first pass are new data
        metrics = {
            "dynamics_unexplained_variance": jnp.mean(
                unexplained[: max(1, len(rows) // self.config.dynamics_epochs)]
            )
        }
        return dataclasses.replace(model, params=params, optimizer=optimizer), metrics

    def _loss(
        self, params: Any, inputs: jax.Array, target: jax.Array, valid: jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        predicted = self._network.apply({"params": params}, inputs)
        error = (
            jnp.concatenate([predicted[:, : 2 * self._nv], jnp.tanh(predicted[:, 2 * self._nv :])], -1)
            - target
        )
        # contacts cause outliers, so large errors count linearly
        loss = jnp.sqrt(1 + jnp.square(error)) - 1
        # the six root velocities have the same weight as all velocities together
        root = jnp.concatenate([loss[:, :_ROOT], loss[:, self._nv : self._nv + _ROOT]], -1)
        by_env = jnp.mean(loss, -1) + jnp.mean(root, -1)
        weight = valid / jnp.maximum(jnp.sum(valid), 1.0)
        unexplained = jnp.mean(jnp.square(error[:, : self._nv]), -1)
        return jnp.sum(weight * by_env), jnp.sum(weight * unexplained)

    def step(self, model: DynamicsState, state: PhysicsState, ctrl: jax.Array) -> PhysicsState:
        """The next states after one control step with controls of shape (n, nu)."""
        inputs = self._normalized(model, self._features(state, ctrl))
        predicted = self._network.apply({"params": model.params}, inputs)
        change = predicted[:, : 2 * self._nv] * _std(model)
        before = _root_relative(state)
        after = before + change[:, : self._nv]
        mean = 0.5 * (before + after) + change[:, self._nv :]
        displacement = self._timestep * mean
        orientation = state.qpos[:, 3:7]
        rotated = rotation.multiply(orientation, _quaternion(displacement[:, 3:_ROOT]))
        rotated /= jnp.linalg.norm(rotated, axis=-1, keepdims=True)
        position = state.qpos[:, :3] + rotation.rotate(orientation, displacement[:, :3])
        qpos = jnp.concatenate([position, rotated, state.qpos[:, 7:] + displacement[:, _ROOT:]], -1)
        qvel = jnp.concatenate([rotation.rotate(rotated, after[:, :3]), after[:, 3:]], -1)
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
        """Inputs of the network before normalisation, invariant to position and heading."""
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
        """Input of the actuators' gain: activations, or controls if there are no activations."""
        return act if self._filtered else ctrl

    def _force(self, qpos: jax.Array, act: jax.Array) -> jax.Array:
        """Forces of the actuators, newton metres, shape (n, nu); see `Scene.setpoint_ctrl`."""
        return self._gain * act + self._bias[:, 0] + self._bias[:, 1] * (qpos[:, 7:] @ self._transmission)

    def _motion(self, state: PhysicsState, after: PhysicsState) -> Motion:
        """Motion in a step of physics, with a small-angle approximation of the root's rotation."""
        orientation = state.qpos[:, 3:7]
        rotated = rotation.multiply(rotation.conjugate(orientation), after.qpos[:, 3:7])
        rotated *= jnp.where(rotated[:, :1] < 0, -1.0, 1.0)
        displacement = [
            rotation.into_frame(orientation, after.qpos[:, :3] - state.qpos[:, :3]),
            2 * rotated[:, 1:],
            after.qpos[:, 7:] - state.qpos[:, 7:],
        ]
        mean = jnp.concatenate(displacement, -1) / self._timestep
        return Motion(_root_relative(state), _root_relative(after), mean)


def _root_relative(state: PhysicsState) -> jax.Array:
    """Velocities, with the root's linear velocity in the trunk's frame, shape (n, nv)."""
    return jnp.concatenate(
        [rotation.into_frame(state.qpos[:, 3:7], state.qvel[:, :3]), state.qvel[:, 3:]], -1
    )


def _slack(motion: Motion) -> jax.Array:
    return motion.mean - 0.5 * (motion.before + motion.after)


def _std(model: DynamicsState) -> jax.Array:
    std: Any = model.changes.std
    return jnp.maximum(std, 1e-4)


def _quaternion(vector: jax.Array) -> jax.Array:
    """Quaternions of rotation vectors, radians, shape (n, 3) to (n, 4)."""
    angle = jnp.sqrt(jnp.sum(jnp.square(vector), -1, keepdims=True) + 1e-12)
    return jnp.concatenate([jnp.cos(angle / 2), jnp.sin(angle / 2) / angle * vector], -1)


def _minibatches(key: jax.Array, rows: int, size: int, epochs: int) -> jax.Array:
    """Rows in a new random order for each pass, shape (minibatches, size), without the remainder."""
    size = min(size, rows)
    orders = jax.vmap(lambda k: jax.random.permutation(k, rows))(jax.random.split(key, epochs))
    return orders[:, : rows // size * size].reshape(-1, size)
