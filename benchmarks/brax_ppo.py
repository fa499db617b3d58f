"""Our PPO against brax's own, on one task: how far clips are tracked, by environment steps.

    python benchmarks/brax_ppo.py --out runs/brax_ppo      # learning curves and their picture, too

Both learn to imitate the same clips with the same number of environments, the same sizes of unrolls,
minibatches and hidden layers, and the same discount, clip and target KL, from the same seeds. Both step MJX
(`rodent.environments.brax.BraxEnv` and `training.backend.DeviceBackend`), and are evaluated alike: every
clip from its first frame, by mean actions, on the host engine. What is left to differ is the method: the
bottleneck of the network, the optimiser, the noise, where episodes begin, averaged parameters.

The body is the small one of the tests, so that MJX is quick on a CPU. Its clips are motion that MuJoCo
made from periodic controls, so that each can be tracked. `--small` is a trial of a minute or two,
whose exit code is 0.
"""

import argparse
import contextlib
import csv
import dataclasses
import io
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import jax
import jax.numpy as jnp
import numpy as np
from mujoco.batch import Batch

from rodent.clips.clip import Clip, ClipSet
from rodent.environments.brax import BraxEnv, flat_observation
from rodent.environments.given import Unchanged
from rodent.jax_setup import cache_compilations
from rodent.policy.agent import AgentOutput, Noise
from rodent.policy.sizes import NetworkConfig
from rodent.rollouts import RolloutRunner, clip_episodes
from rodent.scene import Scene
from rodent.tasks.task import Observation, Task
from tests.bodies import hopper
from training.backend import DeviceBackend
from training.config import ModelBasedConfig, PPOConfig, TrainConfig
from training.curves import TABLE, plot_learning
from training.evaluate import scores, trace_episodes
from training.trainer import Trainer
from training.update import Algorithm

with contextlib.redirect_stdout(io.StringIO()):  # importing mujoco.mjx prints where Warp is not installed
    from brax.training.agents.ppo import train as brax_ppo
    from brax.training.agents.ppo.networks import make_ppo_networks

FPS, PHYSICS_STEPS = 50.0, 2
FIGURES = ("success_rate", "tracking/lifespan_frames")
BAR = 0.9  # frames tracked, averaged over training, ours over brax's: as good, as far as seeds can tell


@dataclasses.dataclass(frozen=True)
class Size:
    """How much is measured."""

    seeds: int = 1
    """Runs of each method."""
    steps: int = 200_000
    """Environment steps of a run, at least."""
    evaluations: int = 8
    """Evaluations of a run, at even distances."""
    num_envs: int = 128
    """Environments at once."""
    clips: int = 8
    """Clips to imitate."""
    frames: int = 250
    """Frames of each, at 50 a second."""


SMALL = Size(steps=2_000, evaluations=2, num_envs=8, clips=2, frames=20)


class Point(NamedTuple):
    """One evaluation: after so many steps and seconds, the fraction of clips tracked and the frames."""

    steps: int
    seconds: float
    success: float
    lifespan: float


class BraxAgent(NamedTuple):
    """A policy of brax as an agent that plays its mean action; its parameters are brax's.

    Attributes:
        action_size: how many numbers an action has.
        make_policy: what `train` gives to make a function of parameters.
    """

    action_size: int
    make_policy: Any

    def initial_memory(self, n: int) -> tuple[()]:
        """None."""
        return ()

    def noise_sizes(self) -> tuple[int, int]:
        """It draws nothing."""
        return 0, self.action_size

    def act(
        self, params: Any, memory: tuple[()], observation: Observation, noise: Noise, std_scale: float = 1
    ) -> AgentOutput:
        """Its mean action."""
        policy = self.make_policy(params, deterministic=True)
        action, _ = policy(flat_observation(observation), jax.random.PRNGKey(0))
        return AgentOutput(action, action, 0 * action, noise.latent, noise.latent, noise.latent, ())


def main() -> int:
    """Print every figure; the exit code is 1 if the bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--small", action="store_true", help="a trial")
    parser.add_argument("--seeds", type=int, default=Size.seeds, help="runs of each method")
    parser.add_argument("--out", type=Path, help="folder of learning curves and their picture, to write")
    arguments = parser.parse_args()
    size = dataclasses.replace(SMALL if arguments.small else Size(), seeds=arguments.seeds)
    cache_compilations()
    body = hopper()
    clips = periodic_clips(body, size.clips, size.frames)
    methods = {"brax PPO": learn_brax, "rodent PPO": learn_rodent}
    curves: dict[str, list[list[Point]]] = {name: [] for name in methods}
    for seed in range(size.seeds):
        config = configured(size, seed)
        for name, learn in methods.items():
            curves[name].append(list(learn(config, config.task.build(body, clips), clips, size)))
            print(f"{name}, seed {seed}: {curves[name][-1]}", file=sys.stderr, flush=True)
    if arguments.out is not None:
        write_curves(arguments.out, curves)
    # a trial is too short to compare
    return int(not (report(curves) or arguments.small))


def configured(size: Size, seed: int) -> TrainConfig:
    """The default of training, without imagined rollouts, for fewer environments."""
    ppo = PPOConfig(num_envs=size.num_envs)
    network = NetworkConfig(latent=16, encoder=(64, 64), decoder=(64, 64), value=(64, 64))
    return TrainConfig(ppo=ppo, network=network, model_based=ModelBasedConfig(updates=0), seed=seed)


def periodic_clips(scene: Scene, n: int, frames: int, drawn: int = 400, seed: int = 0) -> ClipSet:
    """What the body does under periodic controls: of many drawn, those that go furthest without a fall."""
    random, model = np.random.default_rng(seed), scene.model
    still = 25  # frames until the motion is periodic
    time_s = np.arange(frames + still)[:, None, None] / FPS
    rate = random.uniform(1.0, 5.0, (drawn, 1))  # Hz
    middle, swing = random.uniform(-0.3, 0.3, (drawn, model.nu)), random.uniform(0.2, 0.8, (drawn, model.nu))
    phase = random.uniform(0, 2 * np.pi, (drawn, model.nu))
    ctrl = np.clip(middle + swing * np.sin(2 * np.pi * rate * time_s + phase), -1, 1)
    batch = Batch(model, drawn, 0)
    state = batch.bind("qpos")
    qpos = np.empty((len(ctrl), *state.shape))
    for frame, command in enumerate(ctrl):
        batch.ctrl[:] = command
        batch.step(nstep=PHYSICS_STEPS)
        qpos[frame] = state
    qpos = qpos[still:]
    upright = (1 - 2 * np.square(qpos[..., 4:6]).sum(-1)).min(0)  # cosine of the tilt, at its least
    travelled = np.linalg.norm(qpos[-1, :, :2] - qpos[0, :, :2], axis=-1)
    best = np.argsort(np.where(upright > 0.8, travelled, 0.0))[::-1][:n]
    found = (Clip(f"periodic_{i}", qpos[:, row], FPS) for i, row in enumerate(best))
    return ClipSet(tuple(found), scene.scale, scene.joint_names)


def learn_rodent(config: TrainConfig, task: Task[Any], clips: ClipSet, size: Size) -> Iterator[Point]:
    """Train with our PPO."""

    def backend(algorithm: Algorithm, task: Task[Any]) -> DeviceBackend:
        return DeviceBackend(algorithm, task, "jax", tuple(jax.devices()[:1]))

    trainer = Trainer(config, task, clip_episodes(clips), backend=backend)
    seconds = 0.0
    for steps in evaluated_at(config, size):
        begun = time.perf_counter()
        while trainer.steps < steps:
            trainer.iterate()
        seconds += time.perf_counter() - begun
        found = trainer.evaluate()
        yield Point(steps, seconds, *(found[name] for name in FIGURES))


def learn_brax(config: TrainConfig, task: Task[Any], clips: ClipSet, size: Size) -> Iterator[Point]:
    """Train with brax's PPO, told the same."""
    ppo, network, at = config.ppo, config.network, evaluated_at(config, size)
    points: list[Point] = []
    begun = time.perf_counter()

    def evaluate(steps: int, make_policy: Any, params: Any) -> None:
        nonlocal begun
        if not steps:
            return
        seconds = time.perf_counter() - begun + (points[-1].seconds if points else 0.0)
        agent: Any = BraxAgent(task.action_size, make_policy)
        unchanged: Any = Unchanged()
        runner = RolloutRunner(task, agent, len(clips))
        found = scores(trace_episodes(runner, params, unchanged, clip_episodes(clips)))
        points.append(Point(steps, seconds, found["success_rate"], found["mean"]["lifespan_frames"]))
        begun = time.perf_counter()

    def networks(*sizes: Any, **options: Any) -> Any:
        return make_ppo_networks(
            *sizes,
            **options,
            policy_hidden_layer_sizes=(*network.encoder, *network.decoder),
            value_hidden_layer_sizes=network.value,
        )

    smallest, largest = ppo.learning_rate_range
    with mock.patch.object(jax, "device_put_replicated", on_one_device, create=True):
        brax_ppo.train(
            BraxEnv(task, ppo.num_envs),
            num_timesteps=at[-1],
            wrap_env=False,
            num_envs=ppo.num_envs,
            episode_length=size.frames,
            learning_rate=ppo.learning_rate,
            entropy_cost=ppo.entropy,
            discounting=ppo.discount,
            unroll_length=ppo.unroll,
            batch_size=ppo.num_envs // ppo.minibatches,
            num_minibatches=ppo.minibatches,
            num_updates_per_batch=ppo.epochs,
            normalize_observations=True,
            clipping_epsilon=ppo.clip,
            gae_lambda=ppo.gae_lambda,
            max_grad_norm=ppo.max_grad_norm,
            desired_kl=ppo.target_kl,
            learning_rate_schedule="ADAPTIVE_KL",
            learning_rate_schedule_min_lr=smallest,
            learning_rate_schedule_max_lr=largest,
            network_factory=networks,
            seed=config.seed,
            num_evals=size.evaluations + 1,
            run_evals=False,
            policy_params_fn=evaluate,
        )
    yield from points


def on_one_device(tree: Any, devices: Sequence[jax.Device]) -> Any:
    """What `jax.device_put_replicated` did on one device: brax 0.14 calls it, JAX 0.10 does without."""
    (device,) = devices
    return jax.device_put(jax.tree.map(lambda x: jnp.asarray(x)[None], tree), device)


def evaluated_at(config: TrainConfig, size: Size) -> list[int]:
    """Steps after which policies are evaluated: whole iterations of both methods."""
    iteration = config.ppo.num_envs * config.ppo.unroll
    each = iteration * -(-size.steps // (size.evaluations * iteration))
    return [each * (i + 1) for i in range(size.evaluations)]


def write_curves(folder: Path, curves: dict[str, list[list[Point]]]) -> None:
    """A table per run, FOLDER/METHOD/SEED/learning.csv, and the picture FOLDER/learning.png."""
    from matplotlib.figure import Figure

    groups: dict[str, Sequence[Path]] = {}
    for name, runs in curves.items():
        groups[name] = [folder / name.replace(" ", "_") / str(seed) for seed in range(len(runs))]
        for run, points in zip(groups[name], runs, strict=True):
            run.mkdir(parents=True, exist_ok=True)
            with (run / TABLE).open("w", newline="") as file:
                table = csv.writer(file)
                table.writerow(("steps", "seconds", *FIGURES))
                table.writerows(points)
    picture = Figure(figsize=(7.5, 3.5), layout="constrained")
    axes = plot_learning(groups, picture.subplots(), FIGURES[1])
    axes.set_ylabel("frames tracked")
    axes.spines[["top", "right"]].set_visible(False)
    picture.savefig(folder / "learning.png", dpi=130)


def report(curves: dict[str, list[list[Point]]]) -> bool:
    """Print the figures; whether the bar is met."""
    whole = {}
    for name, runs in curves.items():
        last = np.array([points[-1] for points in runs])
        whole[name] = np.mean([point.lifespan for points in runs for point in points])
        steps, seconds, success, lifespan = last.mean(0)
        say(f"clips tracked after {steps:,.0f} steps, {name}", success, "of clips")
        say(f"frames tracked after {steps:,.0f} steps, {name}", lifespan, "frames")
        say(f"frames tracked, mean over training, {name}", whole[name], "frames")
        say(f"time of training, compilation included, {name}", seconds, "s")
    ratio = float(whole["rodent PPO"] / whole["brax PPO"])
    say("frames tracked, mean over training, rodent / brax", ratio, "1", bar=BAR, at="least")
    return ratio >= BAR


def say(figure: str, value: float, unit: str, **bar: Any) -> None:
    """One line of JSON."""
    print(json.dumps({"figure": figure, "value": round(float(value), 3), "unit": unit} | bar), flush=True)


if __name__ == "__main__":
    sys.exit(main())
