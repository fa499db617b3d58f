"""`rodent register`: from a file of keypoints to clips, a marker set and a page."""

import json
import re
import shlex

import numpy as np
import pytest

from rodent.cli import main
from rodent.clips import read_clips
from rodent.clips.behavior import behaviors, most_common
from rodent.kinematics.skeleton import Skeleton
from rodent.registration import read_markers

pytestmark = pytest.mark.usefixtures("rough_fits")


@pytest.fixture(scope="module")
def file(body, tmp_path_factory):
    """A rat that rears for a second, is not seen for half of one, and walks; 50 frames per second, in mm."""
    markers, gaits = read_markers("rat23"), read_clips("gaits")
    qpos = np.concatenate([gaits["rear"].qpos[75:125], gaits["rear"].qpos[:25], gaits["walk"].qpos[:50]])
    points = Skeleton(body, markers.bodies).positions(qpos, markers.offsets * body.scale)
    points[50:75] = np.nan
    path = tmp_path_factory.mktemp("keypoints") / "rat.npz"
    np.savez(path, points=1000 * points, names=np.array(markers.names), fps=50.0, units="mm")
    return path


def test_clips_markers_and_page(file, body, tmp_path, capsys, drawing):
    out, markers, page = (tmp_path / name for name in ("clips.h5", "mine.toml", "page.html"))
    words = ["register", str(file), "--out", str(out), "--scale", "0.9", "--session", "monday"]
    words += ["--save-markers", str(markers), "--report", str(page), "--json"]
    assert main(words) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["mean_error_mm"] < 1.5
    assert found["scale"] == 0.9
    assert [k["name"] for k in found["keypoints"]] == list(read_markers("rat23").names)
    clips = read_clips(out)
    assert [clip.n_frames for clip in clips] == [50, 50]
    assert clips.names == ("Rear_0", "Walk_1")
    assert {(clip.session, clip.fps, clip.source) for clip in clips} == {("monday", 50.0, "rat.npz")}
    assert clips[0].keypoints.shape == (50, 23, 3)
    assert len(read_markers(markers).names) == 23
    text = page.read_text()
    assert text.count("<svg") == 5
    assert len(re.findall("data:video/mp4;base64,", text)) == 1


def test_a_keypoint_that_the_marker_set_does_not_have_is_refused_with_the_option_that_leaves_it_out(
    file, tmp_path, capsys
):
    with np.load(file) as content:
        arrays = dict(content)
    more = tmp_path / "more.npz"
    arrays["points"] = np.concatenate([arrays["points"], arrays["points"][:, :2] + 10], axis=1)
    np.savez(more, **arrays | {"names": np.append(arrays["names"], ["TailTip", "my collar"])})
    out = tmp_path / "clips.h5"
    command = ["register", str(more), "--out", str(out), "--scale", "0.9"]
    for given in ([], ["--ignore", "TailTip"]):
        assert main([*command, *given]) == 2
        (line,) = capsys.readouterr().err.strip().splitlines()
        assert str(more) in line and "which the marker set does not have" in line
        assert not out.exists()
    option = re.search(r"\((--ignore .*?)\)", line)[1]
    assert option == "--ignore TailTip 'my collar'"
    assert main([*command, *shlex.split(option)]) == 0
    assert read_clips(out)[0].keypoint_names == read_markers("rat23").names


def test_resampled_and_cut(file, tmp_path, capsys):
    out = tmp_path / "clips.h5"
    assert main(["register", str(file), "--out", str(out), "--resample", "100", "--seconds", "0.5"]) == 0
    assert "Snout" in capsys.readouterr().out
    clips = read_clips(out)
    assert len(clips) == 4
    assert {(clip.n_frames, clip.fps) for clip in clips} == {(49, 100.0)}


@pytest.mark.parametrize(
    ("clip", "label"), [("stand", "Still"), ("walk", "Walk"), ("trot", "FastWalk"), ("rear", "Rear")]
)
def test_behaviors_of_gaits(body, clip, label):
    qpos = read_clips("gaits")[clip].qpos
    middle = slice(60, 140)
    assert most_common(behaviors(qpos, 50.0, body)[middle]) == label


def test_a_turn_on_the_spot(body):
    qpos = read_clips("gaits")["turn_right"].qpos
    assert "Turn" in behaviors(qpos, 50.0, body)
