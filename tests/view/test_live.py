"""A policy that is looked at and pushed while it moves."""

import numpy as np
import pytest

from rodent.body_config import BodyConfig
from rodent.errors import InputError
from rodent.rollouts import RolloutRunner
from rodent.scene import make_scene
from rodent.synthesis.stance import stance_clips
from rodent.view import Session
from rodent.view.live import DIRECTIONS, live_source, world_direction
from rodent.view.session import Pushable
from tests.policies import untrained_policy


@pytest.fixture(scope="module")
def policy(body):
    return untrained_policy(body)


@pytest.fixture(scope="module")
def source(policy, clips):
    return live_source(policy, clips)


@pytest.fixture
def motion(source):
    return source.motions["sway_1"]()


def test_it_moves_as_in_a_rollout(motion, body, policy, clips):
    runner = RolloutRunner.of(policy, clips, 1)
    rows = list(runner.play(policy.params, policy.normalizer, np.array([1])))
    assert motion.n_frames == len(rows) == 20
    for frame in (5, 19, 2):  # what was seen is seen again
        moment = motion.at(frame)
        np.testing.assert_allclose(moment.qpos, rows[frame].physics.qpos[0], atol=1e-4)
        np.testing.assert_array_equal(moment.reference, rows[frame].channels["reference"][0])
        assert moment.alive


def test_it_happens_only_as_far_as_one_looks(motion):
    assert isinstance(motion, Pushable)
    assert motion.played == 1
    motion.at(7)
    motion.at(3)
    assert motion.played == 8
    motion.rewind()
    assert motion.played == 1


def test_units_of_the_future_are_not_known(motion):
    motion.at(7)
    activity = motion.activity("decoder/layer_0")
    assert activity.shape == (20, 12)
    np.testing.assert_array_equal(np.isfinite(activity).all(axis=1), np.arange(20) < 8)
    assert "latent/mean" in motion.layers


def test_a_push_moves_the_rat_its_way_and_is_over_after_a_step(motion):
    def path(direction=None):
        motion.rewind()
        motion.at(4)
        if direction:
            motion.push(direction, 0.03)
        return np.stack([motion.at(frame).qpos[:3] for frame in range(9)])

    still = path()
    np.testing.assert_array_equal(path(), still)
    for direction in DIRECTIONS:
        moved = path(direction) - still
        # when frame 4 is seen, the step to frame 5 is done
        np.testing.assert_array_equal(moved[:6], 0.0)
        wanted = world_direction(motion.at(4).qpos, direction)
        # 0.03 N s on 0.26 kg is 0.1 m/s; the feet hold some of it
        assert moved[6] @ wanted > 2e-4, direction
        assert np.linalg.norm(moved[6]) < 0.01
    assert not motion._wrench.any()


def test_directions_turn_with_the_rat_and_stay_level():
    qpos = np.zeros(74)
    qpos[3:7] = np.sqrt(0.5), 0.0, 0.0, np.sqrt(0.5)  # it looks along y
    np.testing.assert_allclose(world_direction(qpos, "from behind"), (0, 1, 0), atol=1e-9)
    np.testing.assert_allclose(world_direction(qpos, "from the right"), (-1, 0, 0), atol=1e-9)
    qpos[3:7] = np.sqrt(0.5), 0.0, -np.sqrt(0.5), 0.0  # and straight up
    for direction in DIRECTIONS:
        assert np.linalg.norm(world_direction(qpos, direction)) == pytest.approx(1.0)
    assert world_direction(qpos, "from behind")[2] == 0


def test_watching_a_policy(source):
    session = Session(source)
    for _ in range(10):
        session.advance(0.02)
        assert session.moment.alive
    session.seek(0.04)
    assert (session.frame, session.motion.played) == (2, 11)
    session.push("upwards", 0.05)
    assert session.frame == 11
    session.choose("sway_1")
    assert session.motion.played == 1


def test_clips_of_another_body_are_refused(policy):
    with pytest.raises(InputError, match=r"scale 1\b.*scale 0.9"):
        live_source(policy, stance_clips(make_scene(BodyConfig(scale=1.0)), frames=5))
