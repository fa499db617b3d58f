import numpy as np
import pytest

from rodent.body_config import BodyConfig
from rodent.errors import InputError
from rodent.kinematics.skeleton import Skeleton
from rodent.registration import read_markers
from rodent.scene import make_scene

GOOD = '{ body = "skull", offset = [0, 0, 0.01], weight = 1, freedom = 0.01 }'


@pytest.mark.parametrize("name", ["rat20", "rat23", "mouse22", "mouse34"])
def test_built_in_sets_are_symmetric_and_fit_the_body(name):
    markers = read_markers(name)
    assert len(markers.names) == int(name[-2:])
    Skeleton(make_scene(BodyConfig(scale=1.0)), markers.bodies)
    mirror = {n: i for i, n in enumerate(markers.names)}
    for i, left in enumerate(markers.names):
        if left.endswith("L") and (other := left[:-1] + "R") in mirror:
            j = mirror[other]
            np.testing.assert_array_equal(markers.offsets[i] * (1, -1, 1), markers.offsets[j])
            assert markers.bodies[i].replace("_L", "_R") == markers.bodies[j]


def test_what_is_written_is_read_again(tmp_path):
    markers = read_markers("rat23")
    markers.write(tmp_path / "mine.toml")
    again = read_markers(tmp_path / "mine.toml")
    assert again.names == markers.names
    assert again.bodies == markers.bodies
    np.testing.assert_allclose(again.offsets, markers.offsets, atol=1e-5)
    np.testing.assert_array_equal(again.freedoms, markers.freedoms)
    assert again.description == markers.description


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("keypoints = 3", "it has no table"),
        ("a = [", "is not TOML"),
        ("[keypoints]", "it has no table"),
        ("[keypoints]\nSnout = 3", "'Snout' is 3; a table of body, offset, weight, freedom is expected"),
        ('[keypoints]\nSnout = { body = "skull" }', "'Snout' lacks offset, weight, freedom"),
        (f"[keypoints]\nSnout = {GOOD[:-1]}, wieght = 1 }}", "unknown field 'wieght'"),
        (f"[keypoints]\nSnout = {GOOD.replace('[0, 0, 0.01]', '[0, 0]')}", "three numbers are expected"),
        (f"[keypoints]\nSnout = {GOOD.replace('0.01]', 'nan]')}", "three numbers are expected"),
        (f"[keypoints]\nSnout = {GOOD.replace('0.01]', '10]')}", "metres are expected"),
        (f"[keypoints]\nSnout = {GOOD.replace('weight = 1', 'weight = -1')}", "weight is -1"),
        (f"[keypoints]\nSnout = {GOOD.replace('freedom = 0.01', 'freedom = inf')}", "freedom is inf"),
        (f"[keypoints]\nSnout = {GOOD.replace('weight = 1', 'weight = true')}", "weight is True"),
        (f"[keypoints]\nSnout = {GOOD.replace(chr(34) + 'skull' + chr(34), '7')}", "body is 7"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, message):
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(InputError) as error:
        read_markers(path)
    assert str(path) in str(error.value)
    assert message in str(error.value)


def test_unknown_names(tmp_path):
    with pytest.raises(InputError, match="built in are: mouse22, mouse34, rat20, rat23"):
        read_markers("rat7")
    path = tmp_path / "bad.toml"
    path.write_text(f"[keypoints]\nSnout = {GOOD.replace('skull', 'skul')}")
    with pytest.raises(InputError, match="unknown body 'skul'"):
        Skeleton(make_scene(BodyConfig(scale=1.0)), read_markers(path).bodies)


def test_rat23_is_in_the_order_of_files_that_do_not_name_their_keypoints():
    names = read_markers("rat23").names
    assert names[:7] == ("Snout", "EarL", "EarR", "SpineF", "SpineM", "SpineL", "TailBase")
    # limb by limb
    limbs = [
        f"{joint}{side}"
        for joints in (("Shoulder", "Elbow", "Wrist", "Hand"), ("Hip", "Knee", "Ankle", "Foot"))
        for side in "LR"
        for joint in joints
    ]
    assert names[7:] == tuple(limbs)


def test_a_set_without_some_of_its_markers():
    markers = read_markers("rat20")
    less = markers.without(["HipL", "TailTip", "HeadF"])
    kept = [i for i, name in enumerate(markers.names) if name not in ("HipL", "HeadF")]
    assert less.names == tuple(markers.names[i] for i in kept)
    assert less.bodies == tuple(markers.bodies[i] for i in kept)
    np.testing.assert_array_equal(less.offsets, markers.offsets[kept])
    np.testing.assert_array_equal(less.freedoms, markers.freedoms[kept])
    assert len(less.weights) == 18
    assert markers.without([]).names == markers.names
