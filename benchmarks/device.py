"""What the engine on an accelerator gives: env steps/s of physics alone and of the whole of PPO,
by number of rats, and with imagined rollouts; memory per rat; compile time; how far it is from
the host engine.

MuJoCo Warp is measured where there is an NVIDIA GPU, MJX's JAX implementation on any other
accelerator. An env step is one control step of one rat. `--rats` and `--implementation`
measure something else. Without an accelerator nothing is measured, and a line says so.
"""

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from _motion import benchmark_clips

from rodent.clips.clip import ClipSet
from rodent.physics import Command, HostEngine, PhysicsState
from rodent.physics.device import DeviceEngine, DeviceState, Mjx
from rodent.physics.mjx_compat import Implementation
from rodent.rollouts import clip_episodes
from rodent.scene import Scene, make_scene
from rodent.tasks.reference import Reference, build_reference, control_timestep
from rodent.tasks.task import Task
from training.backend import DeviceBackend
from training.config import ModelBasedConfig, PPOConfig, TrainConfig
from training.defaults import DEFAULTS
from training.trainer import Trainer
from training.update import Algorithm

RATS = (1024, 2048, 4096, 8192, 16384, 32768)
STEPS_BAR = 200_000  # env steps/s of the whole of PPO on an H100
MEMORY_BAR = 2.0  # MB: 32,768 rats fit into 80 GB
COMPILE_BAR = 300.0  # seconds
ERROR_BAR = 0.01  # mm after 20 control steps
UNROLL, ROUNDS = 32, 5


class Measured(NamedTuple):
    """Seconds to compile, and env steps/s afterwards."""

    compiling: float
    rate: float


def timed(call: Callable[[], Any], env_steps: int) -> Measured:
    """Time a call that compiles at first, and then the rounds after it."""
    begun = time.perf_counter()
    jax.block_until_ready(call())
    first = time.perf_counter() - begun
    begun = time.perf_counter()
    for _ in range(ROUNDS):
        jax.block_until_ready(call())
    each = (time.perf_counter() - begun) / ROUNDS
    return Measured(first - each, env_steps / each)


def physics_alone(engine: DeviceEngine, reference: Reference) -> Measured:
    """Rats put on the reference again and again, told to hold their poses, more or less."""
    n = engine.num_envs
    frame = jnp.arange(n) % reference.num_frames
    noise = 0.3 * jax.random.normal(jax.random.PRNGKey(0), (UNROLL, n, engine.model.nu))

    @jax.jit
    def unroll(state: DeviceState, ctrl: jax.Array) -> DeviceState:
        return jax.lax.scan(lambda s, u: (engine.step(s, going_on(u, s.physics)), None), state, ctrl)[0]

    state = jax.jit(lambda: engine.begin(reference.start(frame)))()
    ctrl = jnp.clip(reference.setpoint[frame] + noise, -1, 1)
    return timed(lambda: unroll(state, ctrl), n * UNROLL)


def going_on(ctrl: jax.Array, physics: PhysicsState) -> Command:
    """Controls for rats of which none begins anew."""
    return Command(ctrl, jnp.zeros(len(ctrl), bool), physics)


def whole_iteration(
    config: TrainConfig, scene: Scene, clips: ClipSet, implementation: Implementation, device: jax.Device
) -> Measured:
    """Iterations of the trainer."""

    def backend(algorithm: Algorithm, task: Task[Any]) -> DeviceBackend:
        return DeviceBackend(algorithm, task, implementation, (device,))

    trainer = Trainer(config, config.task.build(scene, clips), clip_episodes(clips), backend=backend)
    return timed(trainer.iterate, config.ppo.num_envs * config.ppo.unroll)


def distance_from_host(engine: DeviceEngine, reference: Reference, steps: int = 20) -> float:
    """Median distance in mm between bodies of the two engines, on one model, after some steps.

    Rats begin 1 mm above the floor: where a paw is exactly on it, rounding decides whether it touches.
    """
    n = engine.num_envs
    frame = jnp.arange(n) % reference.num_frames
    begun = reference.start(frame)
    begun = dataclasses.replace(begun, qpos=begun.qpos.at[:, 2].add(1e-3))
    ctrl = np.asarray(reference.setpoint[frame])
    timestep = engine.substeps * engine.model.opt.timestep
    host = HostEngine(engine.model, n, timestep, bodies=engine.bodies)
    chosen, state, step = host.begin(begun), engine.begin(begun), jax.jit(engine.step)
    command = going_on(jnp.asarray(ctrl), begun)
    for _ in range(steps):
        chosen, state = host.step(chosen, command), step(state, command)
    apart = np.linalg.norm(np.asarray(state.physics.xpos) - chosen.physics.xpos, axis=-1)
    return 1e3 * float(np.nanmedian(apart))


def say(figure: str, value: float, unit: str, bar: float | None = None) -> None:
    """One line of JSON, with a bar where there is one."""
    line = {"figure": figure, "value": round(value, 3), "unit": unit} | ({} if bar is None else {"bar": bar})
    print(json.dumps(line), flush=True)


def measure(device: jax.Device, implementation: Implementation, counts: Iterable[int]) -> bool:
    """Print all figures; whether the best rate of the whole of PPO meets its bar."""
    scene = make_scene()
    clips = benchmark_clips(scene)
    timestep = control_timestep(clips)
    reference = build_reference(clips, scene)
    best = 0.0
    for n in sorted(counts):
        engine = DeviceEngine(
            scene.model, n, timestep, Mjx(implementation, (device,)), bodies=scene.tracked_ids
        )
        physics = physics_alone(engine, reference)
        say(f"physics alone, {n} rats", physics.rate, "env steps/s", STEPS_BAR)
        config = TrainConfig(
            ppo=PPOConfig(num_envs=n, unroll=UNROLL), model_based=ModelBasedConfig(updates=0)
        )
        ppo = whole_iteration(config, scene, clips, implementation, device)
        say(f"whole PPO, {n} rats", ppo.rate, "env steps/s", STEPS_BAR)
        say(f"compile time of whole PPO, {n} rats", ppo.compiling, "s", COMPILE_BAR)
        # of JAX's arrays alone; counts grow, so the peak is that of this many
        peak = (device.memory_stats() or {}).get("peak_bytes_in_use", 0)
        say(f"memory of whole PPO, {n} rats", peak / n / 1e6, "MB per rat", MEMORY_BAR)
        best = max(best, ppo.rate)
    usual = DEFAULTS["gpu"]
    model_based = dataclasses.replace(usual.model_based, begin=0, warmup=0)
    imagining = dataclasses.replace(usual, model_based=model_based)
    led = whole_iteration(imagining, scene, clips, implementation, device)
    say(f"imagined rollouts, {usual.ppo.num_envs} rats, a GPU's defaults", led.rate, "env steps/s")
    say("compile time of that", led.compiling, "s", COMPILE_BAR)
    engine = DeviceEngine(
        scene.model, 256, timestep, Mjx(implementation, (device,)), bodies=scene.tracked_ids
    )
    apart = distance_from_host(engine, reference)
    say("device from host after 20 control steps", apart, "mm, median over bodies", ERROR_BAR)
    say("whole PPO, the best", best, "env steps/s", STEPS_BAR)
    return best >= STEPS_BAR


def main() -> int:
    """Print one line of JSON per figure; the exit code is 1 if an H100 misses the goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rats", type=int, nargs="+", default=RATS, help="how many at once")
    parser.add_argument("--implementation", choices=("warp", "jax"), help="of MJX")
    arguments = parser.parse_args()
    device = jax.devices()[0]
    if device.platform == "cpu":
        print("no accelerator here: JAX sees only the CPU, and the device engine was not measured")
        return 0
    implementation = arguments.implementation or ("warp" if device in _cuda_devices() else "jax")
    print(f"{device.device_kind}, {implementation}", flush=True)
    met = measure(device, implementation, arguments.rats)
    return int("H100" in device.device_kind and not met)


def _cuda_devices() -> list[jax.Device]:
    try:
        return jax.devices("cuda")
    except RuntimeError:
        return []


if __name__ == "__main__":
    sys.exit(main())
