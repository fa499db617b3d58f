"""Pieces of new motion: spliced where poses are similar, mirrored, varied, and as rough as tracking."""

import dataclasses

import numpy as np
import pytest

from rodent.cli import main
from rodent.clips import ClipSet, read_clips
from rodent.clips.mirror import Mirror
from rodent.clips.validate import check_clip_set
from rodent.errors import InputError
from rodent.kinematics.floor import lowest_paw
from rodent.kinematics.poses import velocities
from rodent.motion_config import PieceConfig
from rodent.rotation import as_rotvec, conjugate, multiply
from rodent.synthesis.pieces import Pieces, piece_clips
from rodent.synthesis.roughness import roughened
from rodent.synthesis.splice import spliced

PLAIN = PieceConfig(spliced=0, mirrored=0, varied=0, looking=0, rough=0)


@pytest.fixture(scope="module")
def gaits() -> ClipSet:
    return read_clips("gaits")


def _fastest(qpos: np.ndarray, fps: float) -> np.ndarray:
    return np.abs(velocities(qpos, fps)).max(axis=0)


def test_a_splice_goes_on_without_a_jump(body, gaits):
    walk, fast, rng = gaits["walk"], gaits["fast_walk"], np.random.default_rng(1)
    # elsewhere and turned around: the splice must bring it to where the first clip is
    turned = dataclasses.replace(fast, qpos=fast.qpos.copy())
    turned.qpos[:, :2] = 3.0 - fast.qpos[:, :2]
    turned.qpos[:, 3:7] = multiply(np.array([0.0, 0.0, 0.0, 1.0]), fast.qpos[:, 3:7])
    found = spliced(walk.qpos, turned.qpos, body, walk.fps, rng)
    assert found is not None
    step = np.linalg.norm(np.diff(found[:, :2], axis=0), axis=1) * walk.fps
    assert step.min() > 0.15
    assert step.max() < 0.5
    assert step[:20].mean() == pytest.approx(0.20, abs=0.02)
    assert step[-20:].mean() == pytest.approx(0.35, abs=0.03)
    turn = as_rotvec(multiply(conjugate(found[:-1, 3:7]), found[1:, 3:7])) * walk.fps
    assert np.abs(turn).max() < 3.0
    joints = np.maximum(_fastest(walk.qpos, 50), _fastest(fast.qpos, 50))[6:]
    assert (_fastest(found, 50)[6:] < joints + 6.0).all()
    assert lowest_paw(found, body).min() > -0.002


def test_poses_that_nothing_leads_between_are_not_spliced(body, gaits):
    walk = gaits["walk"].qpos
    upside_down = walk.copy()
    upside_down[:, 3:7] = multiply(np.array([0.0, 1.0, 0.0, 0.0]), walk[:, 3:7])
    assert spliced(walk, upside_down, body, 50, np.random.default_rng(0)) is None
    assert spliced(walk[:60], walk, body, 50, np.random.default_rng(0)) is None


def test_tracking_errors_are_bounded_and_keep_joint_limits(body, gaits):
    walk = gaits["walk"].qpos
    for seed in range(5):
        rough = roughened(walk, body, 50, np.random.default_rng(seed))
        low, high = body.joint_range.T
        assert ((rough[:, 7:] >= low) & (rough[:, 7:] <= high)).all()
        np.testing.assert_allclose(np.linalg.norm(rough[:, 3:7], axis=1), 1, atol=1e-6)
        off = rough[:, :3] - walk[:, :3]
        assert 1e-4 < np.abs(off).max() < 0.03
    assert roughened(walk[:6], body, 50, np.random.default_rng(0)).shape == (6, walk.shape[1])


def test_a_plain_piece_is_a_part_of_a_clip_and_its_mirror_image_mirrors_it(body, gaits):
    clips = gaits.subset(["walk"])
    pieces = Pieces(dataclasses.replace(PLAIN, seconds=2.0), clips, body, 0)
    whole = [row.tobytes() for row in clips["walk"].qpos]
    for number in range(3):
        begin = whole.index(pieces[number][0].tobytes())
        np.testing.assert_array_equal(pieces[number], clips["walk"].qpos[begin : begin + 100])
    mirrored = Pieces(dataclasses.replace(PLAIN, seconds=2.0, mirrored=1), clips, body, 0)
    np.testing.assert_allclose(mirrored[1], Mirror(body).qpos(pieces[1]))


def test_a_piece_depends_on_seed_and_number_alone(body, gaits):
    one, other = (Pieces(PieceConfig(), gaits, body, 3) for _ in range(2))
    late = one[7]
    np.testing.assert_array_equal(other[2], one[2])
    np.testing.assert_array_equal(other[7], late)
    assert not np.array_equal(Pieces(PieceConfig(), gaits, body, 4)[7][:25], late[:25])


def test_pieces_are_sound_clips(body, gaits):
    clips = piece_clips(Pieces(PieceConfig(looking=1), gaits, body, 0), 12)
    check_clip_set(clips, "pieces", body)
    assert {len(clip.qpos) for clip in clips} <= set(range(25, 201))
    with pytest.raises(InputError, match="count is 0"):
        piece_clips(Pieces(PLAIN, gaits, body, 0), 0)


def test_only_the_neck_looks_around(body, gaits):
    still = Pieces(PLAIN, gaits.subset(["stand"]), body, 0)
    looking = Pieces(dataclasses.replace(PLAIN, looking=1), gaits.subset(["stand"]), body, 0)
    moved = np.ptp(looking[0] - still[0], axis=0)[7:] > 1e-6
    names = {name for name, moves in zip(body.joint_names, moved, strict=True) if moves}
    assert names
    assert all("cervical" in name or "axis" in name or "atlant" in name for name in names)


@pytest.mark.parametrize(("name", "value"), [("spliced", 1.5), ("seconds", 0.1), ("posture", 90.0)])
def test_settings_out_of_range_are_named(name, value):
    with pytest.raises(InputError, match=f"{name} of a piece is"):
        dataclasses.replace(PLAIN, **{name: value})


def test_clips_that_are_too_short_are_refused(body, gaits):
    short = dataclasses.replace(gaits["walk"], qpos=gaits["walk"].qpos[:20], qvel=None)
    with pytest.raises(InputError, match="at least 25 frames"):
        Pieces(PLAIN, dataclasses.replace(gaits, clips=(short,)), body, 0)


def test_the_command_writes_them(tmp_path, capsys):
    out = tmp_path / "pieces.h5"
    assert main(["clips", "pieces", "gaits", "--count", "3", "--out", str(out), "--spliced", "0"]) == 0
    assert read_clips(out).names == ("piece_0", "piece_1", "piece_2")
    assert main(["clips", "pieces", "gaits", "--out", str(out), "--rough", "2"]) == 2
    assert "rough of a piece is 2; it must be in [0, 1]" in capsys.readouterr().err
