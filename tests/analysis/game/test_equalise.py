"""What only files differ in: frame rate, interpolation, smoothing, floor, body."""

import dataclasses

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from analysis.game.equalise import equalised, unevenness
from analysis.game.truth import random_motion
from analysis.motion import read_motions
from rodent.body_config import BodyConfig
from rodent.errors import InputError
from rodent.kinematics.floor import lowest_paw
from rodent.scene import make_scene


def at_50(motions, upsample):
    """The motion as measured at half the rate, with noise, and brought back to the rate."""
    random, changed = np.random.default_rng(0), []
    for one in motions.motions:
        qpos = one.qpos[::2].copy()
        qpos[:, 7:] += 0.01 * random.standard_normal(qpos[:, 7:].shape)
        changed.append(dataclasses.replace(one, qpos=upsample(qpos)))
    return motions.replaced(changed)


def cubic(qpos):
    return CubicSpline(np.arange(len(qpos)), qpos)(np.arange(2 * len(qpos) - 1) / 2)


def repeated(qpos):
    return np.repeat(qpos, 2, axis=0)


@pytest.mark.parametrize("upsample", [cubic, repeated])
def test_a_planted_frame_rate_is_refused(process, upsample):
    model, rat = process
    with pytest.raises(InputError, match=r"measured at less than 50 Hz, .* --fps 25 --lowpass 10"):
        equalised([at_50(model, upsample), rat], 15.0, None)


def test_half_the_rate_is_fair_to_repeated_frames(process):
    model, rat = process
    model, rat = equalised([at_50(model, repeated), rat], 10.0, 25.0)
    assert model.fps == rat.fps == model.motions[0].fps == 25.0
    assert "is brought from 50 to 25 Hz" in model.notes[0]
    assert len(model.motions[0].qpos) == len(rat.motions[0].qpos) == 75


def test_frames_too_few_to_be_judged_are_said_to_be(process):
    model, rat = process
    few = model.replaced(model.motions[:1])
    model, rat = equalised([few, rat], 15.0, None)
    n = len(few.motions[0].qpos)
    assert any(
        f"has {n} frames, too few to tell whether some are interpolated" in note for note in model.notes
    )
    assert not any("interpolated" in note for note in rat.notes)


def test_motion_as_measured_is_even(process):
    assert unevenness(process[0])[0] < 1.15


def test_real_motion_is_even(data):
    clips = read_motions(data / "mocap" / "rat_clips_9.npz", animal=True)
    assert unevenness(clips)[0] < 1.15


def test_other_rates_are_refused(body, process):
    slow = random_motion(body, 2, 1, 2.0, 0, fps=30.0)
    with pytest.raises(InputError, match=r"50 Hz and process 0 30 Hz.* --fps 30"):
        equalised([process[0], slow], 10.0, None)
    with pytest.raises(InputError, match=r"--fps is 40, above the 30 Hz of process 0"):
        equalised([process[0], slow], 10.0, 40.0)
    with pytest.raises(InputError, match=r"--lowpass is 15 Hz; expected at most 0.4 .* 30 Hz, 12 Hz"):
        equalised([process[0], slow], 15.0, 30.0)
    model, _ = equalised([process[0], slow], 10.0, 30.0)
    assert model.fps == 30.0 and len(model.motions[0].qpos) == 90


def test_smoothing_and_floor_are_the_same(body, process):
    model, rat = process
    jitter = np.random.default_rng(0)
    noisy = [
        dataclasses.replace(one, qpos=one.qpos + 0.01 * np.sin(2 * np.pi * 22 * np.arange(150) / 50)[:, None])
        for one in model.motions
    ]
    raised = [dataclasses.replace(one, qpos=one.qpos + 0.0) for one in noisy]
    for one in raised:
        one.qpos[:, 2] += jitter.uniform(0, 0.02)
        one.qpos[:, 3:7] *= np.where(np.arange(150) % 2, -1, 1)[:, None]
    plain, _ = equalised([model, rat], 15.0, None)
    found, _ = equalised([model.replaced(raised), rat], 15.0, None)
    for one, other in zip(found.motions, plain.motions, strict=True):
        # 22 Hz is gone, the turned sign of quaternions does no harm, and the paws are on the floor
        np.testing.assert_allclose(one.qpos[20:-20, 7:], other.qpos[20:-20, 7:], atol=1e-3)
        assert np.median(lowest_paw(one.qpos, body)) == pytest.approx(0, abs=1e-9)


def test_other_bodies_are_refused(process):
    larger = dataclasses.replace(process[0], scene=make_scene(BodyConfig(scale=1.0)))
    with pytest.raises(InputError, match=r"bodies that differ in scale; .* rodent clips retarget"):
        equalised([larger, process[1]], 15.0, None)


def test_joints_that_one_side_does_not_track_are_held_still_on_both(process):
    model, rat = process
    tail = [7 + i for i, name in enumerate(model.scene.joint_names) if name.startswith("vertebra_C")]
    motions = [dataclasses.replace(one, qpos=one.qpos.copy()) for one in rat.motions]
    for one in motions:
        one.qpos[:, tail] = 0.05
    model, rat = equalised([model, rat.replaced(motions)], 15.0, None)
    for side in (model, rat):
        np.testing.assert_allclose(side.motions[0].qpos[:, tail], 0.05, atol=1e-6)
        assert np.ptp(side.motions[0].qpos[:, 7:13], axis=0).min() > 0.1
        assert side.notes == rat.notes
    assert (
        "joints are held still on all sides, as one does not track them: vertebra_C1_extend" in rat.notes[0]
    )
