"""Frames that are not right-handed with z up: named, with the one option that mends them."""

import dataclasses
import itertools
import re

import numpy as np
import pytest

from rodent.cli import main
from rodent.clips import read_clips
from rodent.errors import InputError
from rodent.keypoints import KeypointOptions, Keypoints, read_keypoints
from rodent.keypoints.axes import axes_matrix, axes_named
from rodent.kinematics.skeleton import Skeleton
from rodent.registration import Registration, read_markers
from rodent.registration.axes import AxesError, require_upright

SIGNED = [
    ",".join("-" * minus + letter for minus, letter in zip(signs, letters, strict=True))
    for letters in itertools.permutations("xyz")
    for signs in itertools.product((False, True), repeat=3)
]


@pytest.fixture(scope="module")
def keypoints(body) -> Keypoints:
    """Of a rat that walks."""
    markers = read_markers("rat23")
    qpos = read_clips("gaits")["arc_left"].qpos[::2]
    points = Skeleton(body, markers.bodies).positions(qpos, markers.offsets * body.scale)
    return Keypoints(points, markers.names, 25.0, source="rat.npz")


def check(keypoints: Keypoints) -> None:
    registration = Registration(read_markers("rat23"))
    require_upright(registration._solver(), keypoints.points / registration.scale_, keypoints.source)


@pytest.mark.parametrize("axes", SIGNED)
def test_every_frame_is_accepted_or_mended_by_the_option_that_the_error_names(keypoints, axes):
    matrix = axes_matrix(axes)
    other = keypoints.along(axes)
    if matrix[2, 2] == 1 and np.linalg.det(matrix) > 0:
        check(other)
        return
    with pytest.raises(AxesError) as error:
        check(other)
    option = re.search(r"pass --axes (\S+)$", str(error.value))[1]
    # argparse would take it for an option
    assert not option.startswith("-")
    mended = other.along(option)
    check(mended)
    whole = axes_matrix(option) @ matrix
    assert np.linalg.det(whole) > 0
    np.testing.assert_array_equal(whole[2], [0, 0, 1])


def test_the_message_says_which_way_the_back_points_or_that_it_is_mirrored(keypoints):
    with pytest.raises(AxesError) as error:
        check(keypoints.along("x,z,-y"))
    assert str(error.value) == (
        "rat.npz: the rat's back points along y, but z must point up; take x, -z, y for x, y, z: "
        "pass --axes x,-z,y"
    )
    with pytest.raises(AxesError, match=r"of a mirrored rat .* exchanged in all names.* --axes x,-y,z$"):
        check(keypoints.along("x,-y,z"))


def test_left_and_right_exchanged_in_all_names_look_mirrored(keypoints):
    swapped = {"L": "R", "R": "L"}
    names = [
        name[:-1] + swapped[name[-1]] if name[-1] in "LR" and name != "SpineL" else name
        for name in keypoints.names
    ]
    exchanged = dataclasses.replace(keypoints, names=tuple(names)).subset(keypoints.names)
    with pytest.raises(AxesError, match=r"mirrored rat .* or left and right are exchanged in all names"):
        check(exchanged)


def test_a_second_remedy_is_of_the_file_and_not_of_what_was_made_of_it(keypoints):
    in_file = keypoints.along("x,z,-y")
    wrongly = "x,z,y"
    with pytest.raises(AxesError) as error:
        check(in_file.along(wrongly))
    again = error.value.after(axes_matrix(wrongly))
    check(in_file.along(axes_named(again.axes)))
    assert str(again).endswith(f"pass --axes {axes_named(again.axes)}")


def test_names_in_another_order_are_no_rat(keypoints, rng):
    order = rng.permutation(len(keypoints.names))
    other = dataclasses.replace(keypoints, points=keypoints.points[:, order])
    with pytest.raises(InputError, match=r"rat.npz: the keypoints are \d+ mm off .* order: --names$"):
        check(other)


def test_real_keypoints_in_every_frame(data):
    folder = data / "mocap"
    for name, markers, fps in (
        ("test_rodent_mocap_1000_frames.nwb", "rat23", 50.0),
        ("dannce_rat7m_markers_30hz_mm.npz", "rat20", None),
    ):
        registration = Registration(read_markers(markers))
        keypoints = read_keypoints(folder / name, KeypointOptions(units="mm", fps=fps)).subset(
            registration.markers.names
        )
        points = keypoints.points[::20] / registration.scale_
        for axes in SIGNED:
            matrix = axes_matrix(axes)
            right = matrix[2, 2] == 1 and np.linalg.det(matrix) > 0
            try:
                require_upright(registration._solver(), points @ matrix.T, name)
            except AxesError as error:
                whole = error.axes @ matrix
                assert not right
                assert np.linalg.det(whole) > 0
                np.testing.assert_array_equal(whole[2], [0, 0, 1])
            else:
                assert right, axes


@pytest.mark.parametrize(
    "axes", ["", "x", "x,y", "x,y,z,x", "x,x,z", "x,y,w", "x y z", "X,Y,Z", "--x,y,z", "x,-,z", "1,2,3", ",,"]
)
def test_nonsense_is_no_axes(axes, keypoints):
    with pytest.raises(InputError) as error:
        keypoints.along(axes)
    assert str(error.value) == (
        f"axes are {axes!r}; x, y and z are expected, each once, with or without a minus, as in x,-z,y"
    )


def test_axes_and_their_names():
    assert [axes_named(axes_matrix(axes)) for axes in SIGNED] == SIGNED
    np.testing.assert_array_equal(axes_matrix(" x, -z ,y") @ [1, 2, 3], [1, -3, 2])


def test_missing_points_stay_missing_along_other_axes(keypoints):
    points = keypoints.points.copy()
    points[3, 2] = np.nan
    other = dataclasses.replace(keypoints, points=points).along("-y,x,z")
    assert np.argwhere(other.missing).tolist() == [[3, 2]]
    np.testing.assert_array_equal(other.points[0, 0], keypoints.points[0, 0, [1, 0, 2]] * [-1, 1, 1])


@pytest.mark.usefixtures("rough_fits")
def test_the_option_of_the_error_is_all_that_is_missing(keypoints, tmp_path, capsys):
    file, out = tmp_path / "rat.npz", tmp_path / "clips.h5"
    points = keypoints.along("x,-z,-y").points  # mirrored, y down
    np.savez(file, points=1000 * points, names=np.array(keypoints.names), fps=25.0, units="mm")
    command = ["register", str(file), "--out", str(out), "--scale", "0.9"]
    for given in ([], ["--axes=-y,x,z"]):
        assert main([*command, *given]) == 2
        option = re.search(r"pass (--axes \S+)$", capsys.readouterr().err.strip())[1]
        assert not out.exists()
    assert main([*command, *option.split()]) == 0
    clip = read_clips(out)[0]
    np.testing.assert_allclose(clip.keypoints[..., 2].mean(), keypoints.points[..., 2].mean(), atol=0.003)
