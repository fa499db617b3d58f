"""Paths: along lines, on the spot, and as an animal was tracked."""

import numpy as np
import pytest

from rodent.clips import Clip, ClipSet
from rodent.errors import InputError, WorkError
from rodent.kinematics.forward import torso_positions
from rodent.synthesis import path_clips, quality, read_track, require_quality
from rodent.synthesis.path import FPS, along, tracked, turning


def ring(time, radius=0.4, speed=0.25):
    """Round a circle at constant speed, metres, shape (samples, 2)."""
    angle = speed * time / radius
    return radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def test_along_a_line_the_speed_is_what_was_asked_for():
    points = ring(np.linspace(0, 8, 2000), speed=0.3)
    speed = np.linspace(0.05, 0.4, 100)
    path = along(points, speed)
    way = np.linalg.norm(np.diff(path.place, axis=0), axis=1) * FPS
    np.testing.assert_allclose(way, (speed[1:] + speed[:-1]) / 2, rtol=1e-3)
    # it faces where it goes: across the radius
    np.testing.assert_allclose(
        np.sum(path.place * np.stack([np.cos(path.heading), np.sin(path.heading)], 1), 1), 0, atol=1e-3
    )


def test_a_line_must_be_long_enough():
    with pytest.raises(InputError, match=r"the path is 0.500 m long; 0.7\d+ m are expected"):
        along(np.array([[0.0, 0.0], [0.5, 0.0]]), np.full(100, 0.4))


def test_on_the_spot_the_hips_stay():
    heading = np.linspace(0, np.pi, 100)
    path = turning(heading)
    ahead = np.stack([np.cos(heading), np.sin(heading)], axis=1)
    np.testing.assert_allclose(path.place - 0.05 * ahead, 0, atol=1e-12)


def test_a_tracked_path_keeps_its_way_and_its_speed(rng):
    """Uneven samples at about 30 Hz with a millimetre of jitter and a gap."""
    time = np.sort(rng.uniform(0, 10, 300))
    time = time[(time < 4) | (time > 4.2)]
    points = ring(time) + rng.normal(0, 0.001, (len(time), 2))
    path = tracked(time, points)
    middle = slice(50, -50)  # the window leans out at the ends
    np.testing.assert_allclose(np.linalg.norm(path.place, axis=1)[middle], 0.4, atol=0.003)
    assert path.speed[middle].mean() == pytest.approx(0.25, rel=0.02)


def test_it_turns_evenly_while_it_rests():
    time = np.arange(0, 6, 0.02)
    x = np.interp(time, [0, 2, 4, 6], [0, 0.5, 0.5, 0.5])
    y = np.interp(time, [0, 2, 4, 6], [0, 0, 0, 0.5])
    heading = tracked(time, np.stack([x, y], axis=1)).heading
    assert heading[50] == pytest.approx(0, abs=0.02)
    assert heading[150] == pytest.approx(np.pi / 4, abs=0.1)
    assert heading[250] == pytest.approx(np.pi / 2, abs=0.02)
    assert np.abs(np.diff(heading)).max() * FPS < 1.5


def test_an_animal_that_never_moves_can_be_followed(body):
    clips = path_clips(body, np.array([0.0, 0.5]), np.zeros((2, 2)))
    assert quality(clips[0].qpos, body).slide < 1e-4


@pytest.mark.parametrize(
    ("time", "points", "message"),
    [
        ([0.0, 1.0], [[0, 0], [100, 0]], r"at \d\.\d+ s the path is followed at \d+\.\d+ m/s; at most 1.2"),
        ([0.0, 0.02], [[0, 0], [0, 0]], r"the path lasts 0.02 s; at least 0.08 s are needed"),
    ],
)
def test_paths_that_cannot_be_followed(time, points, message):
    with pytest.raises(InputError, match=message):
        tracked(np.array(time), np.array(points, float))


def test_the_rat_follows_at_the_animals_own_speed(body):
    time = np.arange(0, 4, 1 / 30)
    clips = path_clips(body, time, ring(time), "ring", frames_per_clip=100)
    assert clips.names == ("ring_0", "ring_1")
    assert {clip.session for clip in clips} == {"ring"}
    qpos = np.concatenate([clip.qpos for clip in clips])
    assert len(qpos) == 199
    torso = torso_positions(qpos, body)
    speed = np.linalg.norm(np.diff(torso[:, :2], axis=0), axis=1) * FPS
    np.testing.assert_allclose(speed, 0.25, rtol=0.02)
    worst = quality(qpos, body)
    assert max(worst.slide, worst.penetration) < 1e-3
    assert require_quality(clips, body).slide <= worst.slide + 1e-9


def test_a_rat_of_another_size_takes_other_steps(rng):
    from rodent.body_config import BodyConfig
    from rodent.scene import make_scene

    large = make_scene(BodyConfig(scale=1.2))
    time = np.arange(0, 2, 0.02)
    clips = path_clips(large, time, ring(time))
    assert clips.scale == 1.2
    assert max(quality(clips[0].qpos, large).slide, quality(clips[0].qpos, large).penetration) < 1e-3


def test_what_slides_is_refused(body):
    qpos = np.repeat(path_clips(body, np.array([0.0, 0.2]), np.zeros((2, 2)))[0].qpos[:1], 5, axis=0)
    for axis, shift, what in ((0, 0.002, "slides by"), (2, -0.002, "is in the floor by")):
        bad = qpos.copy()
        bad[:, axis] += shift * np.arange(5) / 4
        clips = ClipSet((Clip("bad", bad, FPS),), body.scale, body.joint_names)
        with pytest.raises(WorkError, match=rf"clip 'bad': a paw {what} 2.0 mm at 0.1 s"):
            require_quality(clips, body)


def test_a_track_is_read_by_its_header(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text(
        "\ufeffframe, x,y,time\n0,0.1,0.2,1.0\n1,,0.3,1.5\n2,nan,0.3,1.7\n3,0.4,0.5,2.0\n", "utf-8"
    )
    time, points = read_track(file)
    np.testing.assert_array_equal(time, [1.0, 2.0])
    np.testing.assert_array_equal(points, [[0.1, 0.2], [0.4, 0.5]])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"has no column 'time'; its header must name time,x,y \(s, m\); it is: empty"),
        ("t,x,y\n0,0,0\n", r"has no column 'time'; its header must name time,x,y \(s, m\); it is: t,x,y"),
        ("time,x,y\n0,0,0\n1,a,0\n", r"row 3: 'a' is not a number"),
        ("time,x,y\n0,0,0\n1,0\n", r"has 1 positions; at least 2 are needed"),
        ("time,x,y\n0,0,0\n,1,0\n", r"row 3: the time is missing"),
        ("time,x,y\n0,0,0\n2,1,0\n1,1,0\n", r"row 4: the time 1 s is not after 2 s"),
        ("time,x,y\n", r"has 0 positions; at least 2 are needed"),
    ],
)
def test_tracks_that_cannot_be_read(tmp_path, text, message):
    file = tmp_path / "a.csv"
    file.write_text(text)
    with pytest.raises(InputError, match=message):
        read_track(file)
