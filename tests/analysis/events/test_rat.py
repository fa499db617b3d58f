import mujoco
import numpy as np
import pytest

from analysis.events.paws import PAWS, paw_loads
from analysis.events.rat import head_height, rat_events, trunk_speed
from analysis.events.settings import RatEventSettings
from rodent.clips import read_clips
from rodent.recording import Rollout

FPS = 50.0


class Recorded(Rollout):
    """A rollout in memory."""

    def __init__(self, **arrays):
        self.arrays, self.n_frames = arrays, len(arrays["qpos"])

    def has(self, name):
        return name in self.arrays

    def read(self, name, frames=slice(None)):
        return self.arrays[name][frames]


def played(qpos, body):
    """Poses as a rollout without forces of actuators."""
    return Recorded(
        qpos=qpos, qvel=np.zeros((len(qpos), 73)), actuator_force=np.zeros((len(qpos), 38), np.float32)
    )


@pytest.fixture(scope="module")
def standing(body):
    """Two seconds of a rat, dropped from 5 mm and held upright by its servos, and what its paws carry."""
    clip = read_clips("gaits")["stand"]
    model, data = body.model, mujoco.MjData(body.model)
    data.qpos[:] = clip.qpos[0]
    data.qpos[2] += 0.005
    data.ctrl[:] = np.clip(body.setpoint_ctrl(clip.qpos[0]), -1, 1)
    pairs = (("hand_L", "finger_L"), ("hand_R", "finger_R"), ("foot_L", "toe_L"), ("foot_R", "toe_R"))
    parts = [set(body.body_ids(names).tolist()) for names in pairs]
    rows = {"qpos": [], "qvel": [], "actuator_force": [], "loads": []}
    for _ in range(100):
        mujoco.mj_forward(model, data)
        values = data.qpos.copy(), data.qvel.copy(), data.actuator_force.copy(), carried(model, data, parts)
        for name, value in zip(rows, values, strict=True):
            rows[name].append(value)
        mujoco.mj_step(model, data, round(1 / FPS / model.opt.timestep))
    return Recorded(**{name: np.array(values) for name, values in rows.items()})


def carried(model, data, parts):
    """What MuJoCo says, contact by contact."""
    loads, force = np.zeros(len(parts)), np.zeros(6)
    for i, contact in enumerate(data.contact):
        mujoco.mj_contactForce(model, data, i, force)
        for k, bodies in enumerate(parts):
            if bodies & set(model.geom_bodyid[contact.geom].tolist()):
                # the frame's first row is the normal, which points up from the floor
                loads[k] += force[:3] @ contact.frame.reshape(3, 3)[:, 2]
    return loads


def test_loads_are_those_of_the_simulation(standing, body):
    loads = paw_loads(standing, body)
    assert loads.shape == (100, 4) and loads.min() > -1e-9
    # in the air paws carry nothing, and then most of the weight, each of them some
    assert loads[0].max() == 0
    weight = 9.81 * body.model.body_mass.sum()
    assert 0.5 * weight < loads[50:].sum(1).mean() < 1.1 * weight
    assert (loads[50:].mean(0) > 0.05 * weight).all()
    # servos are stiff: as it lands, what they do within a step is not in the recorded force
    apart = np.abs(loads - standing.arrays["loads"]) / weight
    assert apart[20:].max() < 0.02 and apart.max() < 0.25
    assert ((loads > 0.05 * weight) == (standing.arrays["loads"] > 0.05 * weight)).mean() > 0.99


def test_long_rollouts_are_taken_in_blocks(standing, body, monkeypatch):
    whole = paw_loads(standing, body)
    monkeypatch.setattr("analysis.events.paws._BLOCK", 33)
    np.testing.assert_allclose(paw_loads(standing, body), whole, atol=1e-9)


def test_recorded_forces_are_taken_as_they_are(standing, body, rng):
    forces = rng.random((100, 5, 3))
    recorded = Recorded(**standing.arrays, ground_force=forces.reshape(100, -1))
    np.testing.assert_array_equal(paw_loads(recorded, body), forces[:, :4, 2])


def test_every_paw_touches_once_as_the_rat_lands(standing, body):
    events = rat_events(standing, FPS, body, RatEventSettings())
    for paw in PAWS:
        (frame,) = events[f"touch/{paw}"]
        assert 0 < frame < 10 and len(events[f"lift/{paw}"]) == 0
    assert all(not len(events[name]) for name in events if name.startswith(("walk", "rear")))


def test_walking_starts_and_stops(body):
    clip = read_clips("gaits")["start_stop"]
    events = rat_events(played(clip.qpos, body), clip.fps, body, RatEventSettings())
    (start,), (stop,) = events["walk/start"], events["walk/stop"]
    speed = trunk_speed(clip.qpos, clip.fps)
    # it stands, walks, and stands again
    assert start < stop and speed[start - 1] < 0.1 <= speed[start] and speed[stop] < 0.05 <= speed[stop - 1]
    assert speed[start:stop].max() > 0.3
    # every step of a paw is a touch, with about as many lifts
    touches = [len(events[f"touch/{paw}"]) for paw in PAWS]
    lifts = [len(events[f"lift/{paw}"]) for paw in PAWS]
    assert min(touches) >= 4 and np.abs(np.subtract(touches, lifts)).max() <= 1
    # no rat walks at that speed
    quick = rat_events(played(clip.qpos, body), clip.fps, body, RatEventSettings(walk_speed=2.0))
    assert not len(quick["walk/start"])


def test_a_rear_is_told_by_the_height_of_the_head(body):
    clip = read_clips("gaits")["rear"]
    events = rat_events(played(clip.qpos, body), clip.fps, body, RatEventSettings())
    (start,), (stop,) = events["rear/start"], events["rear/stop"]
    height = head_height(clip.qpos, body)
    assert height[start - 1] < 0.125 <= height[start] and height[start:stop].max() > 0.15
    assert height[stop] < 0.1 <= height[stop - 1]
    (named,) = events["behavior/Rear/start"]
    assert abs(int(named) - int(start)) < 0.5 * clip.fps


def test_a_bout_of_another_length_is_left_out(body):
    clip = read_clips("gaits")["rear"]
    settings = RatEventSettings(bout_seconds=10)
    events = rat_events(played(clip.qpos, body), clip.fps, body, settings)
    assert not any(len(frames) for name, frames in events.items() if name.startswith(("rear", "behavior")))
