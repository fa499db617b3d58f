"""A policy that is looked at and pushed while it moves."""

import numpy as np
import pytest

from rodent.body_config import BodyConfig
from rodent.errors import InputError
from rodent.loop import decided
from rodent.rollouts import RolloutRunner, record
from rodent.scene import make_scene
from rodent.synthesis.stance import stance_clips
from rodent.tasks.goal_settings import GoToConfig, JoystickConfig
from rodent.view import Session
from rodent.view.live import DIRECTIONS, live_source, world_direction
from rodent.view.motion import open_source
from rodent.view.session import Pushable
from tests.policies import untrained_on_task, untrained_policy


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
    assert [motion.at(frame).force is None for frame in (4, 5, 6)] == [True, False, True]
    np.testing.assert_allclose(motion.at(5).force, 0.03 * 50 * wanted, rtol=1e-6)


def test_a_pull_lasts_until_it_ends(motion):
    still = poses(motion)
    motion.rewind()
    motion.at(4)
    motion.pull(np.array([0.0, 0.0, 3.0]))
    motion.at(9)
    motion.pull(np.zeros(3))
    pulled = poses(motion)
    forces = [motion.at(frame).force for frame in range(20)]
    assert [frame for frame in range(20) if forces[frame] is not None] == list(range(5, 10))
    np.testing.assert_array_equal(forces[7], (0, 0, 3))
    np.testing.assert_array_equal(pulled[:6], still[:6])
    assert pulled[10, 2] > still[10, 2] + 1e-3
    motion.pull(np.ones(3))
    motion.rewind()
    np.testing.assert_array_equal(poses(motion), still)


def test_a_command_takes_the_place_of_the_tasks(body):
    task = JoystickConfig(seconds=1.0, every=0.4, settle=0.1)
    motion = next(iter(live_source(untrained_on_task(body, task), None).motions.values()))()
    assert list(motion.commands) == ["speed", "turn", "head height"]
    assert [(one.low, one.high) for one in motion.commands.values()] == [
        task.speed,
        task.turn,
        task.head_height,
    ]
    drawn = motion.at(10).command
    motion.command((0.25, -0.5, 0.06))
    for frame in (11, 30):  # the second after the task would have changed it
        np.testing.assert_allclose(motion.at(frame).command, (0.25, -0.5, 0.06), rtol=1e-6)
    motion.rewind()
    np.testing.assert_array_equal(motion.at(10).command, drawn)


def test_targets_of_the_task_are_shown_live_and_from_its_recording(body, tmp_path):
    policy = untrained_on_task(body, GoToConfig(seconds=0.2))
    live = next(iter(live_source(policy, None).motions.values()))()
    path = tmp_path / "go.h5"
    record(policy, None, path)
    with open_source(path) as source:
        recorded = next(iter(source.motions.values()))()
        for motion in (live, recorded):
            targets = motion.at(3).targets
            assert targets.shape == (1, 3) and targets[0, 2] > 0
            assert np.linalg.norm(targets[0, :2]) == pytest.approx(1.0, abs=0.02)  # from the rat


def test_touch_is_that_of_the_sensors(motion, body):
    assert motion.at(3).touch.shape == (4,) and (motion.at(3).touch >= 0).all()


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


def poses(motion, frames=range(20)):
    return np.stack([motion.at(frame).qpos for frame in frames])


SILENCE = ("silence decoder/layer_0 to zero",)


def test_interventions_act_from_the_next_step_and_leave_no_trace(motion):
    intact, said = poses(motion), []
    motion.rewind()
    motion.at(4)
    motion.intervene(SILENCE, said.append)
    silenced = poses(motion)
    # when frame 4 is seen, the step to frame 5 is done
    np.testing.assert_array_equal(silenced[:6], intact[:6])
    assert (silenced[6:] != intact[6:]).any(axis=1).all()
    quiet = (motion.activity("decoder/layer_0") == 0).all(axis=1)
    np.testing.assert_array_equal(quiet, np.arange(20) >= 5)
    assert [motion.changed(frame) for frame in (4, 5, 19)] == [0, 12, 15 * 12]
    assert motion.interventions == SILENCE and said == ["compiling, once for interventions of this form"]

    motion.intervene(())
    motion.rewind()
    np.testing.assert_array_equal(poses(motion), intact)
    assert motion.interventions == () and motion.changed(19) == 0

    # what is taken off before the next step never was
    motion.rewind()
    motion.at(4)
    motion.intervene(SILENCE)
    motion.intervene(())
    np.testing.assert_array_equal(poses(motion), intact)


def test_another_intervention_of_the_same_form_is_not_compiled(motion):
    said = []
    motion.intervene(SILENCE)
    motion.at(2)
    programs = decided._cache_size()
    for text in (
        "stimulate latent/sample[0:3] by 2",
        "gain action by 0.5 from 0.1 s",
        "clamp action[3] to 1",
    ):
        motion.intervene([text], said.append)
        motion.at(motion.played)
    assert decided._cache_size() == programs and said == []
    motion.intervene(())


def test_times_count_from_the_first_frame(motion):
    motion.at(5)
    motion.intervene(["gain action by 0.5 from 10 frames until 12 frames"])
    changed = [motion.changed(frame) for frame in range(20) if motion.at(frame)]
    assert changed[9] == 0 and changed[10] > 0 and changed[11] == changed[19] == 2 * changed[10]
    motion.rewind()
    assert [motion.changed(frame) for frame in range(20) if motion.at(frame)] == changed
    motion.intervene(())


def test_clips_are_played_once_where_means_are_needed(motion):
    said = []
    for text in ("silence latent/mean to mean", "stimulate decoder/layer_1 by 1 sd"):
        motion.intervene([text], said.append)
    assert sum("playing all clips" in text for text in said) == 1
    motion.intervene(())


def test_a_changed_body_begins_a_rollout(motion):
    intact = poses(motion)
    motion.intervene(["weaken actuator/* by 100%"])
    assert motion.played == 1 and motion.changed(0) == 38
    assert (poses(motion)[2:] != intact[2:]).any(axis=1).all()
    motion.intervene(())
    assert motion.played == 1
    np.testing.assert_array_equal(poses(motion), intact)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a kind and a site"),
        ("silence decoder/layer_7 to zero", "unknown site 'decoder/layer_7'"),
        ("silence decoder/layer_0[90] to zero", "decoder/layer_0 has no unit 90; it has units 0 to 11"),
    ],
)
def test_a_refused_intervention_changes_nothing(motion, text, message):
    motion.intervene(SILENCE)
    with pytest.raises(InputError, match=message):
        motion.intervene([text])
    assert motion.interventions == SILENCE
    motion.at(3)
    assert motion.changed(3) > 0
    motion.intervene(())


def test_interventions_stay_on_in_other_clips(source):
    session = Session(source)
    session.seek(0.06)
    assert session.moment.alive
    session.seek(0.02)
    session.intervene(SILENCE)
    assert session.frame == session.motion.played == 4
    session.choose("sway_1")
    assert session.motion.interventions == SILENCE and session.motion.changed(0) == 12
    session.intervene(())
    assert session.motion.interventions == ()


def test_interventions_from_the_beginning(policy, clips):
    first = next(iter(live_source(policy, clips, SILENCE).motions.values()))()
    assert first.interventions == SILENCE and first.changed(0) == 12
    with pytest.raises(InputError, match="unknown kind of intervention 'silense'"):
        live_source(policy, clips, ["silense action to zero"])


def test_clips_of_another_body_are_refused(policy):
    with pytest.raises(InputError, match=r"scale 1\b.*scale 0.9"):
        live_source(policy, stance_clips(make_scene(BodyConfig(scale=1.0)), frames=5))
