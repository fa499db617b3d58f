"""The phase of a foot from the present and the past: against the analytic signal, and in the closed loop."""

import jax.numpy as jnp
import numpy as np
import pytest

from rodent.clips import read_clips
from rodent.intervention import gait_phase as module
from rodent.intervention.behaviour import behaviour
from rodent.intervention.gait_phase import GaitPhase, gait_phase
from rodent.intervention.signals import signal, signal_state, tracked_feet
from rodent.kinematics.forward import body_frames
from rodent.physics.engine import PhysicsState
from rodent.scene import make_scene
from tests.intervention.preparations import FRAMES, N, states

STEP = 0.02


def played(read, state, frames, is_first):
    found = []
    for physics, first in zip(frames, is_first, strict=True):
        values, state = read(physics, state, jnp.asarray([first]))
        found.append(float(values[0]))
    return np.array(found)


def frames_of(scene, clip):
    xpos = body_frames(scene, clip.qpos, scene.roles.tracked).position
    none = np.zeros((1, 0), np.float32)
    for qpos, qvel, where in zip(clip.qpos, clip.qvel, xpos, strict=True):
        arrays = (np.asarray(x, np.float32)[None] for x in (qpos, qvel))
        yield PhysicsState(*arrays, act=none, xpos=where[None], sensordata=none, actuator_force=none)


@pytest.mark.parametrize("name", ["walk", "trot"])
def test_it_is_that_of_the_analytic_signal(name):
    clips = read_clips("gaits").subset([name])
    scene = make_scene(clips.body)
    clip, foot = clips[0], "foot_L"
    assert foot in tracked_feet(scene)
    analytic = behaviour(scene, clip.qpos, clip.qvel, 1 / clip.fps)[f"phase/{foot}"]
    read, state = signal(scene, f"phase/{foot}", 1 / clip.fps), signal_state(f"phase/{foot}", 1)
    frames = list(frames_of(scene, clip))
    found = played(read, state, frames, np.zeros(len(frames), bool))
    assert np.isnan(found[:15]).all()  # 0.3 s
    # the analytic signal is not known near its ends
    off = np.abs(np.mod(found - analytic + 0.5, 1) - 0.5)[20:-15]
    assert np.isfinite(off).mean() > 0.9 and np.nanmedian(off) < 0.03 and np.nanquantile(off, 0.95) < 0.12


def test_it_needs_no_future_and_begins_again_with_an_episode(rng):
    ahead = np.float32(0.02 * np.sin(np.arange(80) * STEP * 2 * np.pi * 3) + rng.normal(0, 1e-3, 80))

    def of(positions, first):
        state, found = GaitPhase.begin(1), []
        for x, start in zip(positions, first, strict=True):
            given = (jnp.asarray([value]) for value in (x, 0.2))
            phase, state = gait_phase(*given, state, jnp.asarray([start]), STEP)
            found.append(float(phase[0]))
        return np.array(found)

    again = np.arange(80) == 40
    whole = of(ahead, again)
    np.testing.assert_array_equal(of(ahead[:60], again[:60]), whole[:60])
    np.testing.assert_array_equal(of(ahead[40:], again[40:]), whole[40:])
    assert np.isnan(whole[40:55]).all() and np.isfinite(whole[15:40]).all()


def test_a_body_that_stands_has_no_phase():
    speed, begun = jnp.array([0.0, 0.04, 0.06]), GaitPhase.begin(3)
    phase, _ = gait_phase(jnp.ones(3), speed, begun, jnp.ones(3, bool), STEP)
    assert np.isnan(phase).all()  # the last one walks, but nothing is known yet
    later = begun._replace(steps=jnp.full(3, 15))
    phase, _ = gait_phase(jnp.ones(3), speed, later, jnp.zeros(3, bool), STEP)
    assert np.isnan(phase).tolist() == [True, True, False]


def test_windows_of_phase_leave_neighbours_bit_equal(play, plain, monkeypatch):
    monkeypatch.setattr(module, "WALKING", -1.0)
    monkeypatch.setattr(module, "_UNKNOWN", 0.0)
    windows = [f"gain action by 0 while phase/foot_L = {centre} +- 0.25" for centre in (0.25, 0.75)]
    rows = play({3: windows[:1], 9: windows[1:], 12: windows, 15: ["gain action by 0"], 48: windows})
    others = np.setdiff1d(np.arange(N), (3, 9, 12, 15, 48))
    np.testing.assert_array_equal(states(rows)[:, others], states(plain)[:, others])
    np.testing.assert_array_equal(states(rows)[:, 12], states(rows)[:, 48])
    np.testing.assert_array_equal(states(rows)[:, 12], states(rows)[:, 15])  # two halves are the whole cycle
    active = np.asarray(rows[-1].report.active)
    assert active[12, :2].sum() == FRAMES == active[15, 0]
