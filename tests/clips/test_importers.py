"""Every foreign format, and what conversion does to its motion."""

import dataclasses
import gzip
import json

import h5py
import numpy as np
import pytest

from rodent.clips import ClipSet, ImportOptions, import_clips, read_clips, write_clips
from rodent.clips.mimic import MIMIC_DEMO, with_former_names
from rodent.errors import InputError
from rodent.kinematics.floor import lowest_paw
from rodent.kinematics.forward import torso_offset, torso_positions
from rodent.kinematics.poses import velocities
from rodent.rotation import rotate

GIVEN = ImportOptions(fps=50.0, scale=0.9)


@pytest.fixture
def pair(clip_set) -> np.ndarray:
    """Two clips of equal length, shape (2, 39, 74)."""
    return np.stack([clip.qpos[:39] for clip in clip_set])


def write_npz(path, qpos, body, **changes):
    arrays = {"qpos": qpos, "fps": 50.0, "scale": 0.9, "joint_names": np.array(body.joint_names)}
    np.savez(path, **{k: v for k, v in (arrays | changes).items() if v is not None})


def mimic(pair, ids=(0, 93)) -> dict:
    clips = []
    for i, qpos in zip(ids, pair, strict=True):
        entry = {"id": i, "name": f"clip_{i:04d}", "num_frames": len(qpos)}
        clips.append(entry | {"qpos": qpos.tolist(), "qvel": [[0.0] * 73] * len(qpos)})
    metadata = {"num_clips": len(clips), "clip_length": 39, "qpos_dim": 74, "qvel_dim": 73, "mocap_hz": 50}
    return {"metadata": metadata, "clips": clips}


def write_stac(path, pair, body, *, config: str, torso_root: bool = False, drop=()):
    qpos = pair.reshape(-1, 74).copy()
    offset = torso_offset(body)
    torso = qpos[:, :3] + rotate(qpos[:, 3:7], offset)
    if torso_root:
        qpos[:, :3] = torso
    datasets = {
        "qpos": qpos,
        "names_qpos": np.array(["root"] * 7 + [f"walker/{n}" for n in body.joint_names], dtype="S"),
        "xpos": np.stack([0 * torso, torso], axis=1),
        "names_xpos": np.array(["world", "torso"], dtype="S"),
        "kp_names": np.array(["Snout", "TailBase"], dtype="S"),
        "kp_data": np.arange(len(qpos) * 6.0).reshape(len(qpos), 6),
        "config": np.bytes_(config),
    }
    with h5py.File(path, "w") as file:
        for name, values in datasets.items():
            if name not in drop:
                file.create_dataset(name, data=values)


STAC = "model: {SCALE_FACTOR: 0.9, RENDER_FPS: 50}\nstac: {n_frames_per_clip: 39}\n"


def assert_same_motion(clips: ClipSet, pair: np.ndarray):
    assert len(clips) == len(pair)
    for clip, qpos in zip(clips, pair, strict=True):
        np.testing.assert_allclose(clip.qpos[:, 7:], qpos[:, 7:], atol=1e-6)
        np.testing.assert_allclose(clip.qpos[:, :2], qpos[:, :2], atol=1e-6)
        np.testing.assert_allclose(clip.qvel, velocities(clip.qpos, clip.fps))
        assert (clip.fps, clips.scale) == (50.0, 0.9)


def test_npz(pair, body, tmp_path):
    path = tmp_path / "rat.npz"
    labels = np.array(["RGroom_4", "Walk_half_circle(84)"])
    write_npz(path, pair.astype(np.float32), body, label=labels, source=np.array(["x", "y"]))
    clips = read_clips(path)
    assert_same_motion(clips, pair)
    assert clips.names == ("RGroom_4", "Walk_half_circle_84")
    assert [c.behavior for c in clips] == ["RGroom", "Walk"]
    assert [c.source for c in clips] == ["x", "y"]


def test_npz_of_one_clip_is_named_for_its_file(pair, body, tmp_path):
    write_npz(tmp_path / "my rat.npz", pair[0], body)
    clips = read_clips(tmp_path / "my rat.npz")
    assert (clips.names, clips[0].behavior, clips[0].source) == (("my_rat",), "", "my rat.npz")


@pytest.mark.parametrize("shape", ["one", "many"])
def test_npy(pair, tmp_path, shape):
    path = tmp_path / "poses.npy"
    np.save(path, pair[0] if shape == "one" else pair)
    with pytest.raises(InputError, match=r"poses.npy does not say its scale; give it: .*--scale"):
        read_clips(path)
    with pytest.raises(InputError, match=r"poses.npy does not say its fps; give it: .*--fps"):
        import_clips(path, ImportOptions(scale=0.9))
    clips = import_clips(path, GIVEN)
    assert_same_motion(clips, pair[:1] if shape == "one" else pair)
    assert clips.names == (("poses",) if shape == "one" else ("poses_0", "poses_1"))


def test_npz_with_nothing_but_qpos(pair, tmp_path):
    np.savez(tmp_path / "a.npz", qpos=pair)
    assert_same_motion(import_clips(tmp_path / "a.npz", GIVEN), pair)


@pytest.mark.parametrize("packed", [False, True])
def test_mimic_json(pair, tmp_path, packed):
    # whatever it is called: the content decides
    path = tmp_path / "motion.dat"
    data = json.dumps(mimic(pair)).encode()
    path.write_bytes(gzip.compress(data) if packed else b"\n" + data)
    clips = read_clips(path)
    assert_same_motion(clips, pair)
    assert clips.names == ("clip_0000", "clip_0093")
    # only the demo's own ten ids have behaviors that are known
    assert [c.behavior for c in clips] == ["", ""]


def test_the_ten_clips_of_the_mimic_demo_get_their_behaviors_and_names(pair, tmp_path):
    ids = tuple(MIMIC_DEMO)
    (tmp_path / "c.json").write_text(json.dumps(mimic(pair[[0] * 10], ids)))
    clips = read_clips(tmp_path / "c.json")
    behaviors = list(MIMIC_DEMO.values())
    assert [clip.behavior for clip in clips] == behaviors
    assert clips.names[3:5] == ("Walk_280", "FastWalk_373")
    assert list(clips.names) == [f"{b}_{i}" for b, i in zip(behaviors, ids, strict=True)]


def test_clips_of_the_demo_keep_the_names_that_an_older_run_knows(pair, tmp_path):
    (tmp_path / "c.json").write_text(json.dumps(mimic(pair[[0] * 10], tuple(MIMIC_DEMO))))
    clips = read_clips(tmp_path / "c.json")
    assert with_former_names(clips, clips.names).names == clips.names
    older = [f"clip_{i:04d}" for i in MIMIC_DEMO]
    renamed = with_former_names(clips, older)
    assert list(renamed.names) == older
    np.testing.assert_array_equal(renamed["clip_0280"].qpos, clips["Walk_280"].qpos)
    assert with_former_names(clips, ["clip_9999"]).names == clips.names


def test_stac(pair, body, tmp_path):
    path = tmp_path / "ik_only.h5"
    write_stac(path, pair + 0.005 * np.eye(74)[2], body, config=STAC)
    clips = read_clips(path)
    assert_same_motion(clips, pair)
    assert clips.names == ("ik_only_0", "ik_only_1")
    assert clips[1].keypoint_names == ("Snout", "TailBase")
    # keypoints are moved with the rat
    assert clips[1].floor_shift == pytest.approx(-0.005, abs=1e-3)
    expected = np.arange(39 * 6, 78 * 6).reshape(39, 2, 3) + np.array([0, 0, clips[1].floor_shift])
    np.testing.assert_allclose(clips[1].keypoints, expected)


def test_stac_clips_are_named_by_its_snips(pair, body, tmp_path):
    config = STAC.replace("RENDER_FPS: 50", "RENDER_FPS: 50, snips_order: [snips/RGroom_4.p, Walk_7.p]")
    write_stac(tmp_path / "a.h5", pair, body, config=config)
    clips = read_clips(tmp_path / "a.h5")
    assert clips.names == ("RGroom_4", "Walk_7")
    assert [c.behavior for c in clips] == ["RGroom", "Walk"]


@pytest.mark.parametrize(
    ("config", "frames_per_clip", "lengths"),
    [
        ("model: {SCALE_FACTOR: 0.9, RENDER_FPS: 50}", None, [78]),
        ("model: {SCALE_FACTOR: 0.9, RENDER_FPS: 50}\nstac: {n_frames_per_clip: 50}", None, [78]),
        (STAC, 26, [26, 26, 26]),
        ("model: {SCALE_FACTOR: 0.9, RENDER_FPS: 50}\nstac: {continuous: true}", 39, [39, 39]),
    ],
)
def test_stac_is_cut_where_it_comes_out_even(pair, body, tmp_path, config, frames_per_clip, lengths):
    # one motion of 78 frames, forth and back, so that it does not jump
    write_stac(tmp_path / "a.h5", np.stack([pair[0], pair[0][::-1]]), body, config=config)
    clips = import_clips(tmp_path / "a.h5", ImportOptions(frames_per_clip=frames_per_clip))
    assert [c.n_frames for c in clips] == lengths


def test_stac_with_its_root_at_the_torso_is_converted(pair, body, tmp_path):
    # both conventions occur in stac-mjx; the stored position of the torso tells
    write_stac(tmp_path / "walker.h5", pair, body, config=STAC)
    write_stac(tmp_path / "torso.h5", pair, body, config=STAC, torso_root=True)
    walker, torso = read_clips(tmp_path / "walker.h5"), read_clips(tmp_path / "torso.h5")
    for one, two in zip(walker, torso, strict=True):
        np.testing.assert_allclose(one.qpos, two.qpos, atol=1e-9)
    # without it, the height of the paws shows that something is wrong, and the option mends it
    write_stac(tmp_path / "a.h5", pair, body, config=STAC, torso_root=True, drop=["xpos"])
    with pytest.raises(InputError, match=r"clip 'a_0': its paws are \d+ mm above the floor.*--root torso"):
        read_clips(tmp_path / "a.h5")
    mended = import_clips(tmp_path / "a.h5", ImportOptions(root="torso"))
    np.testing.assert_allclose(mended[0].qpos, walker[0].qpos, atol=1e-9)


def test_hinges_in_another_order_are_put_right(pair, body, tmp_path):
    order = np.random.default_rng(0).permutation(67)
    shuffled = np.concatenate([pair[..., :7], pair[..., 7:][..., order]], axis=-1)
    write_npz(tmp_path / "a.npz", shuffled, body, joint_names=np.array(body.joint_names)[order])
    clips = read_clips(tmp_path / "a.npz")
    assert clips.joint_names == body.joint_names
    assert_same_motion(clips, pair)


def test_rounded_and_flipped_quaternions_become_unit_and_continuous(pair, body, tmp_path):
    rough = pair.copy()
    rough[..., 3:7] = np.round(rough[..., 3:7], 4) * np.where(np.arange(39) % 2, -1, 1)[:, None]
    write_npz(tmp_path / "a.npz", rough, body)
    for clip, qpos in zip(read_clips(tmp_path / "a.npz"), pair, strict=True):
        np.testing.assert_allclose(np.linalg.norm(clip.qpos[:, 3:7], axis=1), 1, atol=1e-14)
        np.testing.assert_allclose(clip.qpos[:, 3:7], qpos[:, 3:7], atol=2e-4)
        assert np.abs(clip.qvel[:, 3:6]).max() < 2


def test_paws_are_put_on_the_floor_and_the_shift_is_kept(pair, body, tmp_path):
    raised = pair + np.array([[[0.006]], [[-0.004]]]) * np.eye(74)[2]
    write_npz(tmp_path / "a.npz", raised, body)
    aligned = read_clips(tmp_path / "a.npz")
    for clip, qpos in zip(aligned, raised, strict=True):
        assert np.median(lowest_paw(clip.qpos, body)) == pytest.approx(0, abs=1e-12)
        np.testing.assert_allclose(clip.qpos[:, 2], qpos[:, 2] + clip.floor_shift)
    # the shift survives the file
    write_clips(aligned, tmp_path / "a.h5")
    assert [c.floor_shift for c in read_clips(tmp_path / "a.h5")] == [c.floor_shift for c in aligned]
    left = import_clips(tmp_path / "a.npz", ImportOptions(align_floor=False))
    np.testing.assert_array_equal(left[0].qpos[:, 2], raised[0, :, 2])
    assert left[0].floor_shift == 0


def test_a_floor_far_away_is_taken_only_when_said(pair, body, tmp_path):
    write_npz(tmp_path / "a.npz", pair + 0.3 * np.eye(74)[2], body)
    with pytest.raises(InputError, match=r"300 mm above the floor.*--max-floor-shift 0\.31"):
        read_clips(tmp_path / "a.npz")
    clips = import_clips(tmp_path / "a.npz", ImportOptions(max_floor_shift=0.31))
    np.testing.assert_allclose(clips[0].floor_shift, -0.3, atol=0.01)


def test_options_override_what_the_file_says(pair, body, tmp_path):
    write_npz(tmp_path / "a.npz", pair, body, label=np.array(["a", "b"]))
    options = ImportOptions(fps=25.0, resample=50.0, subject="art", session="s1", licence="MIT")
    clip = import_clips(tmp_path / "a.npz", options)["b"]
    assert (clip.fps, clip.n_frames) == (50.0, 77)
    assert (clip.subject, clip.session, clip.licence) == ("art", "s1", "MIT")
    np.testing.assert_allclose(clip.qvel, velocities(clip.qpos, 50.0))


def test_a_clip_file_can_be_imported_too(clip_set, body, tmp_path):
    write_clips(clip_set, tmp_path / "a.h5")
    again = import_clips(tmp_path / "a.h5", ImportOptions(resample=100.0, licence="MIT"))
    assert [(c.name, c.n_frames, c.behavior, c.licence) for c in again] == [
        ("Walk_2", 79, "Walk", "MIT"),
        ("Rear_1", 77, "Rear", "MIT"),
    ]
    # hinges in another order are an error on reading, and import mends them
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        file.attrs["joint_names"] = list(reversed(body.joint_names))
        for group in file["clips"].values():
            group["qpos"][:, 7:] = group["qpos"][:, 7:][:, ::-1]
    with pytest.raises(InputError, match="`rodent clips import` puts them right"):
        read_clips(tmp_path / "a.h5")
    mended = import_clips(tmp_path / "a.h5")
    np.testing.assert_allclose(mended[0].qpos[:, 7:], clip_set[0].qpos[:, 7:])


def test_what_is_known_of_keypoints_is_kept(clip_set, body, tmp_path):
    clip, rng = clip_set[0], np.random.default_rng(0)
    known = {
        "keypoint_names": ("Snout", "KneeL"),
        "keypoint_bodies": ("skull", "upper_leg_L"),
        "keypoints": rng.normal(size=(clip.n_frames, 2, 3)),
        "residuals": rng.random((clip.n_frames, 2)),
        "keypoint_offsets": rng.normal(size=(2, 3)),
    }
    clips = dataclasses.replace(clip_set, clips=(dataclasses.replace(clip, **known),))
    write_clips(clips, tmp_path / "a.h5")
    for options, pieces in ((ImportOptions(), 1), (ImportOptions(frames_per_clip=10), 4)):
        again = import_clips(tmp_path / "a.h5", options)
        assert len(again) == pieces
        write_clips(again, tmp_path / "b.h5")
        read = read_clips(tmp_path / "b.h5")
        np.testing.assert_array_equal(np.concatenate([c.residuals for c in read]), known["residuals"])
        for piece in read:
            assert (piece.keypoint_names, piece.keypoint_bodies) == (
                ("Snout", "KneeL"),
                ("skull", "upper_leg_L"),
            )
            np.testing.assert_array_equal(piece.keypoint_offsets, known["keypoint_offsets"])
    (fast,) = import_clips(tmp_path / "a.h5", ImportOptions(resample=100.0))
    np.testing.assert_array_equal(fast.residuals[::2], known["residuals"])
    # what does not belong together is an error, and no crash
    for name, values in (
        ("residuals", np.zeros((7, 2))),
        ("keypoints", np.zeros(9)),
        ("qvel", np.zeros((3, 73))),
    ):
        with h5py.File(tmp_path / "a.h5", "r+") as file:
            del file["clips/Walk_2"][name]
            file["clips/Walk_2"][name] = values
        with pytest.raises(InputError, match=rf"a.h5: clip 'Walk_2': {name} .* expected"):
            import_clips(tmp_path / "a.h5", ImportOptions(frames_per_clip=10))
        write_clips(clips, tmp_path / "a.h5")


def test_a_long_recording_is_cut_into_clips(pair, tmp_path):
    np.save(tmp_path / "a.npy", pair[0])
    options = ImportOptions(fps=50.0, scale=0.9, frames_per_clip=13, align_floor=False)
    clips = import_clips(tmp_path / "a.npy", options)
    assert clips.names == ("a_0", "a_1", "a_2")
    np.testing.assert_allclose(np.concatenate([clip.qpos for clip in clips]), pair[0])
    with pytest.raises(InputError, match="clip 'a': 39 frames do not divide into clips of 20"):
        import_clips(tmp_path / "a.npy", ImportOptions(fps=50.0, scale=0.9, frames_per_clip=20))


def test_the_torso_keeps_its_place(pair, body, tmp_path):
    # what training sees of a torso-rooted file is where the torso was
    torso = np.stack([torso_positions(q, body) for q in pair])
    moved = pair.copy()
    moved[..., :3] = torso
    np.save(tmp_path / "a.npy", moved)
    clips = import_clips(
        tmp_path / "a.npy", ImportOptions(fps=50.0, scale=0.9, root="torso", align_floor=False)
    )
    np.testing.assert_allclose(torso_positions(clips[0].qpos, body), torso[0], atol=1e-12)
