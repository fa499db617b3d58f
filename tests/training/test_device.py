"""The training iteration as one program, on a small body: it learns, is compiled once, and is the same
on two devices as on one.
"""

import contextlib
import dataclasses
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import jax
import numpy as np
import pytest

from rodent.cli import main
from rodent.clips.clip import Clip, ClipSet
from rodent.policy.sizes import NetworkConfig
from rodent.rollouts import clip_episodes
from rodent.scene import Scene
from tests.bodies import hopper
from training.backend import DeviceBackend
from training.config import ModelBasedConfig, PPOConfig, TrainConfig
from training.ppo import POLICY_METRICS
from training.trainer import Trainer

TWO_DEVICES = "--xla_force_host_platform_device_count=2"
CONFIG = TrainConfig(
    ppo=PPOConfig(num_envs=8, minibatches=2, epochs=1, unroll=4),
    network=NetworkConfig(latent=4, encoder=(8,), decoder=(8,), value=(8,)),
    # of 32 steps an iteration: the second fits the dynamics model and imagines; the third does without PPO
    model_based=ModelBasedConfig(
        begin=64, warmup=16, updates=2, rollouts=8, horizon=2, dynamics_layers=(8, 8), dynamics_batch=16
    ),
)


def small_clips(body: Scene, frames: int = 12) -> ClipSet:
    """The small body swinging its legs, twice."""
    phase = 0.3 * np.arange(frames)[:, None]
    qpos = np.tile(body.model.qpos0, (frames, 1))
    swings = [np.sin(phase + shift + [0.0, np.pi, 1.0]) for shift in (0.0, 1.0)]
    clips = [
        Clip(f"swing_{i}", np.concatenate([qpos[:, :7], 0.4 * swing], 1), 50.0)
        for i, swing in enumerate(swings)
    ]
    return ClipSet(tuple(clips), body.scale, body.joint_names)


def small_trainer(devices: int, config: TrainConfig = CONFIG) -> Trainer:
    """A trainer of the small body, whose policy has three actions."""
    body = hopper()
    clips = small_clips(body)

    def backend(algorithm, task):
        return DeviceBackend(algorithm, task, "jax", tuple(jax.devices()[:devices]))

    return Trainer(config, config.task.build(body, clips), clip_episodes(clips), backend=backend)


def leaves(trainer: Trainer) -> list[np.ndarray]:
    return [np.array(leaf) for leaf in jax.tree.leaves(trainer.state())]


@pytest.fixture(scope="module")
def trainer():
    return small_trainer(1)


def params_of(trainer: Trainer) -> list[np.ndarray]:
    return [np.array(leaf) for leaf in jax.tree.leaves(trainer.train_state.learner.params)]


def result(trainer: Trainer, metrics: dict[str, float]) -> dict[str, np.ndarray]:
    """What an iteration led to: metrics, where the rats are, and all parameters in a row."""
    where = jax.tree.leaves((trainer.physics, trainer.train_state.loop))
    arrays = {name: np.array(value) for name, value in metrics.items()}
    arrays |= {f"where {i}": np.array(leaf) for i, leaf in enumerate(where)}
    return arrays | {"params": np.concatenate([leaf.ravel() for leaf in params_of(trainer)])}


class Compilations(logging.Handler):
    """What JAX says that it compiles."""

    def __init__(self):
        super().__init__()
        self.names: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if message.startswith("Compiling "):
            self.names.append(message.split()[1])


@contextlib.contextmanager
def compilations() -> Iterator[list[str]]:
    """Names of the functions that are compiled meanwhile."""
    handler, logger = Compilations(), logging.getLogger("jax")
    logger.addHandler(handler)
    logger.propagate = False
    try:
        with jax.log_compiles():
            yield handler.names
    finally:
        logger.removeHandler(handler)
        logger.propagate = True


@dataclasses.dataclass
class Beginning:
    """Three iterations: parameters before them, what came of the first, metrics of each, and what
    was compiled in each.
    """

    before: list[np.ndarray]
    first: dict[str, np.ndarray]
    metrics: list[dict[str, float]]
    compiled: list[list[str]]


@pytest.fixture(scope="module")
def beginning(trainer) -> Beginning:
    before, results, metrics, compiled = params_of(trainer), [], [], []
    for _ in range(3):
        with compilations() as names:
            metrics.append(trainer.iterate())
        compiled.append(names)
        results.append(result(trainer, metrics[-1]))
    return Beginning(before, results[0], metrics, compiled)


def test_iterations_learn_from_every_step(trainer, beginning):
    assert trainer.steps == 3 * 4 * 8
    for metrics in beginning.metrics:
        assert all(np.isfinite(value) for value in metrics.values())
        assert {"reward", "reward/root_position", "value_loss", "diverged"} <= metrics.keys()
        assert metrics["diverged"] == 0
    for before, after in zip(beginning.before, params_of(trainer), strict=True):
        assert np.isfinite(after).all() and (before != after).any()


def test_it_imagines_once_the_dynamics_model_is_fitted(trainer, beginning):
    assert int(trainer.train_state.model_based.fitted_steps) == 2 * 32
    assert [set(POLICY_METRICS) <= metrics.keys() for metrics in beginning.metrics] == [True, True, False]
    assert not set(POLICY_METRICS) & beginning.metrics[-1].keys()


def test_nothing_is_compiled_after_the_first_iteration(beginning):
    assert beginning.compiled[0].count("jit(updated)") == 1
    assert beginning.compiled[1:] == [[], []]


def test_a_state_put_back_is_gone_on_from_to_the_bit(trainer, beginning):
    state = jax.tree.map(np.array, trainer.state())
    trainer.iterate()
    went_on = leaves(trainer)
    trainer.set_state(state)
    with compilations() as compiled:
        trainer.iterate()
    assert "jit(updated)" not in compiled
    for a, b in zip(went_on, leaves(trainer), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_broken_rat_is_counted_and_begins_anew(trainer, beginning):
    velocity = np.array(trainer.physics.qvel)
    velocity[2] = 1e9  # beyond what physics bears
    state = trainer.state()
    engine = state.train.engine
    engine = dataclasses.replace(engine, physics=engine.physics.replace(qvel=velocity))
    trainer.set_state(state._replace(train=dataclasses.replace(state.train, engine=engine)))
    metrics = trainer.iterate()
    # it begins anew before it is stepped, or is stepped, found broken, and begins anew
    assert metrics["diverged"] <= 1
    assert all(
        np.isfinite(leaf).all() for leaf in jax.tree.leaves((trainer.physics, trainer.train_state.learner))
    )
    assert all(np.isfinite(value) for value in metrics.values())


def test_policies_are_evaluated_on_the_host(trainer, beginning):
    found = trainer.evaluate()
    assert 0 <= found["success_rate"] <= 1
    assert found["tracking/lifespan_frames"] > 0


def test_two_devices_give_what_one_gives(beginning, tmp_path):
    """In a process of its own; sums are taken in another order, so not to the bit."""
    code = (
        "import numpy as np, sys\n"
        "from tests.training.test_device import result, small_trainer\n"
        "trainer = small_trainer(2)\n"
        "np.savez(sys.argv[1], **result(trainer, trainer.iterate()))\n"
        "assert trainer.physics.qpos.sharding.shard_shape((8, 10)) == (4, 10)\n"
        "assert trainer.train_state.loop.start.sharding.shard_shape((8,)) == (4,)\n"
        "trainer.iterate()\n"
        "assert trainer.steps == 64\n"
    )
    found = tmp_path / "two.npz"
    command, root = [sys.executable, "-c", code, str(found)], Path(__file__).parents[2]
    flags = f"{os.environ['XLA_FLAGS']} {TWO_DEVICES}"
    environment = os.environ | {"XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    two, one = dict(np.load(found, allow_pickle=False)), beginning.first
    assert two.keys() == one.keys()
    for name, wanted in one.items():
        np.testing.assert_allclose(two[name], wanted, rtol=1e-3, atol=3e-5, err_msg=name)


def test_without_a_gpu_the_command_says_so_in_one_line(clip_file, tmp_path, capsys):
    if jax.default_backend() != "cpu":
        pytest.skip("there is an accelerator here")
    run = tmp_path / "run"
    words = ["train", "--clips", str(clip_file), "--out", str(run), "--steps", "1", "--device", "gpu"]
    assert main(words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "JAX finds no NVIDIA GPU" in captured.err and captured.err.count("\n") == 1
    assert not run.exists()
