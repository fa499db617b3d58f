"""The mirror found from the body, against names, kinematics and physics."""

import dataclasses
import json

import mujoco
import numpy as np
import pytest

from rodent.body_config import BodyConfig
from rodent.cli import main
from rodent.clips import ClipSet, read_clips, write_clips
from rodent.clips.mirror import PLACE, Mirror, mirrored, mirrored_clips
from rodent.errors import InputError
from rodent.kinematics.floor import lowest_paw
from rodent.kinematics.poses import velocities
from rodent.kinematics.skeleton import Skeleton
from rodent.physics import Command, HostEngine
from rodent.registration import read_markers
from rodent.scene import Scene, make_scene
from rodent.scene_config import SceneConfig
from tests.motions import glide

TRACKED_BODIES = make_scene().roles.tracked

# metres from where the mirror shows a body, in any pose: dm_control's rat is not quite symmetric
ASYMMETRY = 30e-6


@pytest.fixture(scope="module")
def mirror(body: Scene) -> Mirror:
    return Mirror(body)


@pytest.fixture(scope="module")
def anywhere(body: Scene) -> np.ndarray:
    """Poses drawn from all that the hinges allow, shape (50, 74)."""
    rng = np.random.default_rng(0)
    turn = rng.normal(size=(50, 4))
    turn /= np.linalg.norm(turn, axis=1, keepdims=True)
    return np.concatenate([rng.normal(size=(50, 3)), turn, rng.uniform(*body.joint_range.T, (50, 67))], 1)


def _places(model: mujoco.MjModel, qpos: np.ndarray) -> np.ndarray:
    """World positions of all bodies, metres, shape (frames, nbody, 3)."""
    data, places = mujoco.MjData(model), []
    for pose in qpos:
        data.qpos[:] = pose
        mujoco.mj_kinematics(model, data)
        places.append(data.xpos.copy())
    return np.array(places)


def _made_symmetric(actuation: str) -> Scene:
    """The rat with every part put half way to where the mirror shows it, and the right side's masses and
    shapes as on the left.
    """
    body = Scene(SceneConfig(body=BodyConfig(actuation=actuation, strength=1.0)))
    model, mirror = body.model, Mirror(body)
    twins, flip = mirror.bodies, np.r_[1.0, -PLACE]
    hinges, sign = mirror.qpos.order[7:] - 7, mirror.qpos.sign[7:, None]
    for places, others in ((model.body_pos, twins), (model.body_ipos, twins), (model.jnt_pos[1:], hinges)):
        places[:] = (places + PLACE * places[others]) / 2
    axes = model.jnt_axis[1:]
    axes[:] -= PLACE * sign * axes[hinges]
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    for left, right in enumerate(twins):
        if left < right:
            model.body_iquat[right] = flip * model.body_iquat[left]
            model.body_inertia[right] = model.body_inertia[left]
            ours, theirs = (model.body_geomadr[i] + np.arange(model.body_geomnum[i]) for i in (left, right))
            model.geom_pos[theirs] = PLACE * model.geom_pos[ours]
            model.geom_quat[theirs] = flip * model.geom_quat[ours]
    return body


def _other_side(name: str) -> str:
    exchanged = {"L": "R", "R": "L"}
    return "_".join(exchanged.get(part, part) for part in name.split("_"))


def test_twins_are_those_of_the_names(body, mirror):
    model = body.model
    for i, twin in enumerate(mirror.bodies):
        assert model.body(twin).name == _other_side(model.body(i).name)
    hinges = mirror.qpos.order[7:] - 7
    assert [body.joint_names[i] for i in hinges] == [_other_side(name) for name in body.joint_names]
    actuators = mirror.ctrl.order
    assert [body.actuator_names[i] for i in actuators] == [_other_side(name) for name in body.actuator_names]


def test_what_bends_and_twists_the_spine_changes_its_sign(body, mirror):
    signs = dict(zip(body.joint_names, mirror.qpos.sign[7:], strict=True))
    changed = {name for name, sign in signs.items() if sign < 0}
    assert changed == {name for name in body.joint_names if name.endswith(("_bend", "_twist"))}
    assert set(signs.values()) == {1, -1}


@pytest.mark.parametrize("what", ["qpos", "qvel", "ctrl"])
def test_twice_is_nothing(mirror, what, rng):
    exchange = getattr(mirror, what)
    values = rng.normal(size=(5, len(exchange.order)))
    np.testing.assert_array_equal(exchange(exchange(values)), values)
    assert not np.array_equal(exchange(values), values)


def test_bodies_stand_where_the_mirror_shows_them(body, mirror, anywhere):
    image = _places(body.model, mirror.qpos(anywhere))
    wanted = _places(body.model, anywhere)[:, mirror.bodies] * PLACE
    tracked = body.body_ids(TRACKED_BODIES)
    away = np.linalg.norm(image - wanted, axis=-1)
    assert away[:, tracked].max() < ASYMMETRY
    assert away.max() < ASYMMETRY


def test_of_a_symmetric_body_the_image_is_exact(mirror, anywhere):
    model = _made_symmetric("position").model
    image = _places(model, mirror.qpos(anywhere))
    np.testing.assert_allclose(image, _places(model, anywhere)[:, mirror.bodies] * PLACE, atol=1e-9)


def test_hinges_stay_within_their_ranges(body, mirror):
    for ends in body.joint_range.T:
        image = mirror.qpos(np.r_[np.zeros(7), ends])[7:]
        np.testing.assert_allclose(np.clip(image, *body.joint_range.T), image, atol=1e-12)


def test_velocities_of_the_image_are_the_image_of_velocities(body, mirror):
    qpos = glide(body)
    np.testing.assert_allclose(
        velocities(mirror.qpos(qpos), 50.0), mirror.qvel(velocities(qpos, 50.0)), atol=1e-9
    )


def test_setpoints_of_the_image_are_the_image_of_setpoints(body, mirror, anywhere):
    setpoints = body.setpoint_ctrl(anywhere)
    np.testing.assert_allclose(body.setpoint_ctrl(mirror.qpos(anywhere)), mirror.ctrl(setpoints), atol=1e-9)


def _apart(body: Scene, clip: str) -> tuple[float, float]:
    """A rat and its image, told the same for 20 control steps: how far they are apart at last, and how far
    they have come; metres.
    """
    mirror, qpos = Mirror(body), read_clips("gaits")[clip].qpos[:21].copy()
    qpos[:, 2] -= lowest_paw(qpos[:1], body)
    waves = 0.03 * np.sin(np.arange(20)[:, None] / 3 + np.arange(38))
    ctrl = np.clip(body.setpoint_ctrl(qpos[1:]), -1, 1) if body.config.body.actuation == "position" else waves
    engine = HostEngine(body.model, 2, 0.02)
    poses, activation = np.stack([qpos[0], mirror.qpos(qpos[0])]), np.stack([ctrl[0], mirror.ctrl(ctrl[0])])
    begun = dataclasses.replace(engine.forward(poses, np.zeros((2, 73))), qpos=poses, act=activation)
    state = engine.begin(begun)
    for control in ctrl:
        both = np.stack([control, mirror.ctrl(control)])
        state = engine.step(state, Command(both, np.zeros(2, bool), begun))
    away = np.linalg.norm(state.physics.xpos[1] - state.physics.xpos[0, mirror.bodies] * PLACE, axis=-1)
    return away[body.tracked_ids].max(), float(np.linalg.norm(state.physics.qpos[0, :3] - qpos[0, :3]))


@pytest.mark.parametrize(
    ("actuation", "clip"), [("position", "walk"), ("position", "trot"), ("torque", "stand")]
)
def test_mirrored_controls_make_mirrored_motion(actuation, clip):
    """Of a symmetric body; contacts make much of little, and rounding is not mirrored."""
    apart, way = _apart(_made_symmetric(actuation), clip)
    assert apart < 0.0002 < 0.02 < way


def test_of_the_real_body_they_do_for_as_long_as_the_paws_stand(body):
    apart, _ = _apart(body, "stand")
    assert apart < 0.0005


def test_a_lopsided_body_has_no_mirror_image(body):
    lopsided = Scene(body.config)
    (hand,) = lopsided.body_ids(["hand_L"])
    lopsided.model.body_pos[hand] += 0.001
    with pytest.raises(InputError, match="not its own mirror image: the positions of bodies differ"):
        Mirror(lopsided)


def test_the_image_of_an_image_is_the_clip(clip_set, body, rng):
    names = ("EarL", "EarR", "SpineL", "left_paw", "right_paw")
    points = rng.normal(size=(40, 5, 3))
    points[3, 1] = np.nan
    clip = dataclasses.replace(clip_set[0], keypoints=points, keypoint_names=names)
    image = mirrored(clip, Mirror(body))
    assert image.name == "Walk_2_mirrored"
    assert (image.behavior, image.session, image.keypoint_names) == (clip.behavior, clip.session, names)
    np.testing.assert_array_equal(image.keypoints, points[:, [1, 0, 2, 4, 3]] * PLACE)
    again = mirrored(image, Mirror(body))
    assert again.name == clip.name
    for field in ("qpos", "qvel", "keypoints"):
        np.testing.assert_array_equal(getattr(again, field), getattr(clip, field))


def test_what_is_known_of_keypoints_goes_with_them(body, mirror, rng):
    markers = read_markers("rat23")
    # of sets that are not symmetric, too
    offsets = markers.offsets + rng.normal(0, 0.002, markers.offsets.shape)
    clip = read_clips("gaits")["walk"]
    clip = dataclasses.replace(
        clip,
        keypoints=Skeleton(body, markers.bodies).positions(clip.qpos, offsets * body.scale),
        keypoint_names=markers.names,
        keypoint_bodies=markers.bodies,
        keypoint_offsets=offsets,
        residuals=rng.random((clip.n_frames, len(offsets))),
    )
    image = mirrored(clip, mirror)
    places = Skeleton(body, image.keypoint_bodies).positions(image.qpos, image.keypoint_offsets * body.scale)
    np.testing.assert_allclose(places, image.keypoints, atol=5e-5)  # dm_control's rat is that symmetric
    left, right = (markers.names.index(name) for name in ("KneeL", "KneeR"))
    np.testing.assert_array_equal(image.residuals[:, left], clip.residuals[:, right])
    assert mirrored(image, mirror).keypoint_bodies == clip.keypoint_bodies


def test_keypoints_without_names_have_no_sides(clip_set, body):
    clip = dataclasses.replace(clip_set[0], keypoints=np.zeros((40, 2, 3)))
    with pytest.raises(InputError, match=r"'Walk_2' has keypoints without names"):
        mirrored(clip, Mirror(body))


def test_clips_of_another_body_are_refused(clip_set):
    with pytest.raises(InputError, match=r"scale 0.9.*scale 1"):
        mirrored_clips(clip_set, make_scene(BodyConfig(scale=1.0)))


def test_the_command_writes_images_that_join_their_originals(clip_set, body, tmp_path, capsys):
    original, image, both = (tmp_path / f"{name}.h5" for name in ("clips", "image", "both"))
    write_clips(clip_set, original)
    assert main(["clips", "mirror", str(original), "--out", str(image), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"out": str(image), "clips": 2, "frames": 79}
    assert main(["clips", "join", str(original), str(image), "--out", str(both)]) == 0
    found = read_clips(both)
    assert found.names == ("Walk_2", "Rear_1", "Walk_2_mirrored", "Rear_1_mirrored")
    np.testing.assert_array_equal(found["Rear_1_mirrored"].qpos, Mirror(body).qpos(clip_set["Rear_1"].qpos))
    # the rat glides to its left at first, its image to its right
    assert found["Walk_2"].qpos[9, 1] == -found["Walk_2_mirrored"].qpos[9, 1] > 0


def test_images_of_real_clips_stand_on_the_same_floor(data, body):
    clips: ClipSet = read_clips(data / "mocap" / "rat_clips_9.npz")
    images = mirrored_clips(clips, body)
    for clip, image in zip(clips, images, strict=True):
        np.testing.assert_allclose(lowest_paw(image.qpos, body), lowest_paw(clip.qpos, body), atol=1e-4)
        wanted = _places(body.model, clip.qpos[::25])[:, Mirror(body).bodies] * PLACE
        away = np.linalg.norm(_places(body.model, image.qpos[::25]) - wanted, axis=-1)
        assert away.max() < ASYMMETRY
