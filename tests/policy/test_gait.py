"""The gait that is made online, against the window of imitation on a clip of the same motion; and a rat that
follows it at the speed that is commanded.
"""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rodent.clips import Clip, ClipSet
from rodent.errors import InputError
from rodent.physics.host import HostEngine
from rodent.policy.agent import no_noise
from rodent.policy.gait import STEP, ahead, commanded, gait_shapes, standing
from rodent.policy.gait_arrays import gait_of
from rodent.policy.policy import Normalizer, load_policy
from rodent.policy.reference import GAIT, ReferenceAgent
from rodent.policy.sizes import NetworkConfig, ReferenceConfig
from rodent.rollouts import RolloutRunner
from rodent.rotation import from_rotvec, multiply, rotate
from rodent.sensing.proprioception import proprioception
from rodent.synthesis.steady import steady_gaits
from rodent.tasks.goal_settings import JoystickConfig
from rodent.tasks.settings import ImitationConfig

SPEEDS, TURNS = (0.2, 0.4), (-0.3, 0.3)
HIGH = {"latent": 4, "encoder": (8,), "decoder": (8,), "value": (6,)}


@pytest.fixture(scope="module")
def tracker():
    return load_policy("rat-position")


@pytest.fixture(scope="module")
def config(body, tracker):
    sizes = {"joints": len(body.previewed_joints), "bodies": len(body.tracked_ids)}
    return ReferenceConfig(**HIGH, low=tracker.network_config, speeds=SPEEDS, turns=TURNS, **sizes)


@pytest.fixture(scope="module")
def gaits(body, config):
    return steady_gaits(body, config.speeds, config.turns, config.phases)


@pytest.fixture(scope="module")
def gait(config, tracker, gaits):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rodent.policy.gait_arrays.steady_gaits", lambda *given: gaits)
        return gait_of(config, tracker)


def _frames(gaits, config, phase, speed, turn):
    """Poses of the coming frames of one gait along its path, shape (frames, nq)."""
    poses = gaits.qpos[speed, turn]
    found = []
    for k in range(config.horizon + 1):
        at = (phase + k * STEP * gaits.frequency[speed, turn]) % 1 * config.phases
        row, part = int(at), at % 1
        pose = (1 - part) * poses[row] + part * poses[(row + 1) % config.phases]
        angle = k * STEP * config.turns[turn]
        yaw = from_rotvec(np.array([0.0, 0.0, angle]))
        radius = config.speeds[speed] / config.turns[turn]
        place = radius * np.array([np.sin(angle), 1 - np.cos(angle), 0.0])
        found.append(np.concatenate([place + rotate(yaw, pose[:3]), multiply(yaw, pose[3:7]), pose[7:]]))
    return np.array(found)


def test_the_window_is_that_of_imitation_on_the_same_motion(body, tracker, config, gait, gaits, rng):
    phase, place, angle = 0.31, np.array([0.012, -0.02, 0.004]), 0.15
    qpos = _frames(gaits, config, phase, 1, 1)
    clip = Clip(
        name="a", behavior="Walk", session="a", source="a", fps=50.0, qpos=qpos, qvel=np.zeros((6, 73))
    )
    clips = ClipSet((clip,), scale=body.scale, joint_names=body.joint_names)
    task = ImitationConfig().build(body, clips)
    state = task.initial_state(jnp.int32(0), jax.random.PRNGKey(0))
    # the body is beside the path, turned and bent
    tilt = multiply(from_rotvec(np.array([0.0, 0.0, angle])), from_rotvec(np.array([0.1, -0.05, 0.0])))
    pose = np.concatenate([qpos[0, :3], multiply(tilt, qpos[0, 3:7]), qpos[0, 7:]])
    pose[7:] += rng.uniform(-0.05, 0.05, 67)
    engine = HostEngine(body.model, 1, STEP, threads=1, bodies=body.tracked_ids)
    xpos = np.asarray(engine.forward(pose[None], np.zeros((1, 73))).xpos)[0]
    pose[:3] += place - [*xpos[body.root_row, :2], 0.0]
    physics = jax.tree.map(lambda x: x[0], engine.forward(pose[None], np.zeros((1, 73))))
    expected = np.asarray(task.window(state, physics))

    heading = rotate(pose[3:7], np.array([1.0, 0.0, 0.0]))
    facing = np.arctan2(heading[1], heading[0])
    off = rotate(from_rotvec(np.array([0.0, 0.0, -facing])), -place * [1, 1, 0])
    speed, turn, height = SPEEDS[1], TURNS[1], float(gait["neutral"][0])
    row = jnp.array([[phase, speed, turn, 0.0, off[0], off[1], -facing]], jnp.float32)
    mean, std = (getattr(tracker.normalizer, name)["proprioception"] for name in ("mean", "std"))
    senses = (proprioception(body, physics) - mean) / std
    coming = ahead(config, gait, row, jnp.array([[speed, turn, height]]), senses[None])
    window = np.asarray(coming.window[0] * gait["std"] + gait["mean"])
    np.testing.assert_allclose(window, expected, atol=4e-3)
    action = task.action_for(state, task.control(state, jnp.zeros(38)))
    np.testing.assert_allclose(action, 0, atol=1e-5)
    neutral = JoystickConfig().build(body, None)
    ours = neutral.control(None, coming.setpoint[0])
    np.testing.assert_allclose(ours, task.control(state, jnp.zeros(38)), atol=0.02)
    assert coming.state[0, 0] == pytest.approx(phase + STEP * gaits.frequency[1, 1], abs=1e-5)


def test_what_the_body_moves_brings_it_nearer_to_its_path_and_the_path_does_not_run_away(config, gait):
    senses = jnp.zeros((1, gait["readout_kernel"].shape[0]))

    def moved(velocity):
        bias = gait["readout_bias"].at[-10:].set(0.0)
        bias = bias.at[-7].set(-1.0).at[-6:-3].set(jnp.array(velocity))
        own, row = {**gait, "readout_bias": bias}, standing(1).at[0, 1].set(SPEEDS[1])
        step = jax.jit(lambda row: ahead(config, own, row, jnp.array([[0.4, 0.0, 0.06]]), senses).state)
        for _ in range(40):
            row = step(row)
        return np.asarray(row[0, 4:6])

    np.testing.assert_allclose(moved([0.4, 0.0, 0.0]), 0, atol=2e-3)
    np.testing.assert_allclose(np.linalg.norm(moved([0.0, 0.0, 0.0])), 0.03, atol=1e-5)
    np.testing.assert_allclose(moved([0.41, 0.0, 0.0]), [-0.008, 0], atol=2e-3)


def _walked(body, tracker, config, gait, command, seconds):
    """How far a rat gets on a command, ahead and to the left, m; and whether it fell."""
    task = JoystickConfig(seconds=4.0).build(body, None)
    agent = config.agent(38)
    senses = tracker.normalizer.mean["proprioception"].size
    observation = {"proprioception": jnp.zeros((1, senses)), "command": jnp.zeros((1, 3))}
    params = agent.init(jax.random.PRNGKey(0), observation)
    own = tracker.params["policy"]
    params["low"] = {**{part: own[part] for part in ("encoder", "latent", "decoder")}, GAIT: gait}
    low = np.array([SPEEDS[0], TURNS[0], float(gait["heights"][0])])
    high = np.array([SPEEDS[-1], TURNS[-1], float(gait["heights"][-1])])
    action = np.arctanh(2 * (np.array(command) - low) / (high - low) - 1)
    mean = params["policy"]["decoder"]["action_mean"]
    mean = {"kernel": 0 * mean["kernel"], "bias": jnp.asarray(action, jnp.float32)}
    params["policy"]["decoder"]["action_mean"] = mean
    parts = (getattr(tracker.normalizer, name)["proprioception"] for name in ("mean", "std"))
    normalizer = Normalizer(*({"proprioception": one, "command": np.ones(3, np.float32)} for one in parts))
    runner = RolloutRunner(task, agent, 1, threads=1)
    rows = list(runner.play(params, normalizer, np.zeros(1, int), frames=int(seconds / STEP) + 1))
    places = [row.physics.xpos[0, body.root_row, :2] for row in rows]
    return places[-1] - places[int(1 / STEP)], any(row.failed[0] for row in rows)


def test_a_rat_that_is_commanded_to_walk_at_a_speed_walks_at_it(body, tracker, config, gait):
    (x, y), fell = _walked(body, tracker, config, gait, (0.3, 0.0, 0.06), 3.0)
    assert not fell
    assert np.hypot(x, y) / 2.0 == pytest.approx(0.3, abs=0.03)
    assert abs(y) < 0.15 and x > 0


def test_both_levels_are_recorded_and_nothing_changes_by_it(config, gait):
    agent = config.agent(5)
    assert isinstance(agent, ReferenceAgent) and agent.action_size == 3
    key = jax.random.PRNGKey(1)
    observation = {"proprioception": jax.random.normal(key, (2, 9)), "goal": jnp.ones((2, 2))}
    params = agent.init(jax.random.PRNGKey(0), observation)
    shapes = {name: np.shape(one) for name, one in params["low"][GAIT].items()}
    assert shapes == gait_shapes(config, 9, 5)
    filled = jax.tree.map(lambda x: x + 0.1 * jax.random.normal(key, x.shape), params)
    memory = agent.initial_memory(2)
    plain = agent.act(filled, memory, observation, no_noise(agent, 2))
    recorded, units = agent.probe(filled, memory, observation, no_noise(agent, 2))
    jax.tree.map(np.testing.assert_array_equal, plain, recorded)
    assert {"decoder/action_mean", "low/encoder/layer_0", "low/latent/mean", "low/decoder/layer_1"} <= set(
        units
    )
    assert agent.units() == {name: units[name].shape[1] for name in sorted(units)}
    assert np.isfinite(np.asarray(plain.command)).all() and plain.command.shape == (2, 5)
    assert np.abs(np.asarray(plain.memory.gait)).max() > 0


def test_actions_are_bounded_commands(config, gait):
    found = np.asarray(commanded(config, gait, jnp.array([[0.0] * 3, [99.0] * 3, [-99.0] * 3])))
    np.testing.assert_allclose(found[0, :2], [0.3, 0.0], atol=1e-6)
    np.testing.assert_allclose(found[1], [0.4, 0.3, gait["heights"][-1]], atol=1e-6)
    np.testing.assert_allclose(found[2], [0.2, -0.3, gait["heights"][0]], atol=1e-6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"speeds": (0.1,)}, "at least two numbers, rising"),
        ({"turns": (0.1, 0.0)}, "at least two numbers, rising"),
        ({"speeds": (0.0, 2.0)}, r"speeds in \[0, 1.2\] m/s"),
        ({"lag": 6}, "1 <= lag <= horizon"),
    ],
)
def test_settings_that_make_no_sense_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        dataclasses.replace(ReferenceConfig(low=NetworkConfig()), **changes)
