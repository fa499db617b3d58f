"""Reference motion laid out for many rats at once: every frame of every clip as a physics state."""

import dataclasses
from typing import Any

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np

from rodent.clips.clip import ClipSet
from rodent.errors import InputError
from rodent.kinematics.floor import lowest_paw
from rodent.kinematics.poses import velocities
from rodent.physics.engine import PhysicsState
from rodent.physics.host import HostEngine
from rodent.scene import Scene

_BLOCK = 512  # frames put through kinematics at a time


@flax.struct.dataclass
class Reference:
    """All frames of a clip set, one after another; N frames, C clips.

    Attributes:
        state: the reference as physics states: qpos (N, nq), qvel (N, nv), xpos (N, bodies, 3), …
        setpoint: controls whose servo setpoint is the pose, shape (N, nu).
        lift: how far a rat put down at a frame is raised so that its lowest paw touches the floor,
            metres, shape (N,); registered motion floats or sinks by up to 2 cm, and a rat that
            begins with a fall or an eruption learns nothing of use.
        clip_of: the clip a frame belongs to, shape (N,).
        first, last: first and last frame of each clip, shape (C,).
    """

    state: PhysicsState
    setpoint: jax.Array
    lift: jax.Array
    clip_of: jax.Array
    first: jax.Array
    last: jax.Array

    @property
    def num_frames(self) -> int:
        """N, over all clips."""
        return self.setpoint.shape[0]

    def at(self, frame: jax.Array) -> PhysicsState:
        """The reference states at the given frames."""
        return jax.tree.map(lambda x: x[frame], self.state)

    def start(self, frame: jax.Array) -> PhysicsState:
        """The states of rats put down at the given frames, shape (...), muscles settled in the pose."""
        state = self.at(frame)
        up = self.lift[frame, None] * jnp.array([0.0, 0.0, 1.0])
        qpos = state.qpos.at[..., :3].add(up)
        xpos = state.xpos + up[..., None, :]
        return dataclasses.replace(state, qpos=qpos, xpos=xpos)

    def after(self, frame: jax.Array, steps: jax.Array | int) -> jax.Array:
        """Frames that lie `steps` ahead in the same clip, its last frame held."""
        return jnp.minimum(frame + steps, self.last[self.clip_of[frame]])


def control_timestep(clips: ClipSet) -> float:
    """Seconds between frames: one control step per frame.

    Raises:
        InputError: the clips differ in frame rate.
    """
    rates = sorted({clip.fps for clip in clips})
    if len(rates) != 1:
        raise InputError(
            f"the clips have different frame rates ({', '.join(f'{r:g}' for r in rates)} Hz); "
            f"bring them to one: --resample {rates[0]:g}"
        )
    return 1.0 / rates[0]


def build_reference(clips: ClipSet, scene: Scene) -> Reference:
    """Run the body's kinematics over all frames of a clip set.

    Args:
        clips: reference motion, registered on a body of the same scale.
        scene: of the rat that will imitate it.
    """
    qpos = np.concatenate([c.qpos for c in clips])
    qvel = np.concatenate([velocities(c.qpos, c.fps) if c.qvel is None else c.qvel for c in clips])
    frames = ReferenceFrames(scene, control_timestep(clips))(qpos, qvel)
    lengths = np.array([c.n_frames for c in clips])
    first = np.cumsum(lengths) - lengths
    return Reference(
        **frames,
        clip_of=jnp.asarray(np.repeat(np.arange(len(lengths)), lengths)),
        first=jnp.asarray(first),
        last=jnp.asarray(first + lengths - 1),
    )


class ReferenceFrames:
    """Computes what a reference holds of every frame: `state`, `setpoint` and `lift`, by name.

    Args:
        scene: of the rat that will imitate them.
        timestep: seconds between frames.
    """

    def __init__(self, scene: Scene, timestep: float):
        self._scene = scene
        self._engine = HostEngine(scene.model, _BLOCK, timestep, bodies=scene.tracked_ids)

    def __call__(self, qpos: np.ndarray, qvel: np.ndarray) -> dict[str, Any]:
        """The fields of `Reference` by frame, from poses (frames, nq) and velocities (frames, nv)."""
        scene, blocks = self._scene, []
        for start in range(0, len(qpos), _BLOCK):
            rows = np.minimum(np.arange(start, start + _BLOCK), len(qpos) - 1)
            state = self._engine.forward(qpos[rows], qvel[rows])
            blocks.append(jax.tree.map(lambda x, n=len(qpos) - start: x[:n], state))
        shape = (len(qpos), scene.model.nu)
        setpoint = (
            np.clip(scene.setpoint_ctrl(qpos), *scene.ctrl_range.T) if scene.servos else np.zeros(shape)
        )
        state = jax.tree.map(lambda *x: np.concatenate(x), *blocks)
        act = setpoint[:, : scene.model.na].astype(np.float32)
        return {
            "state": jax.tree.map(jnp.asarray, dataclasses.replace(state, act=act)),
            "setpoint": jnp.asarray(setpoint, jnp.float32),
            "lift": -jnp.asarray(lowest_paw(qpos, scene), jnp.float32),
        }
