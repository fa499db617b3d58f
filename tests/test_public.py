"""What `import rodent` offers."""

import dataclasses
import urllib.request

import numpy as np
import pytest

import rodent
from rodent.errors import InputError
from rodent.kinematics.poses import velocities
from rodent.render import Film
from rodent.rollouts.episodes import clip_set_for
from rodent.synthesis.stance import stance_clips
from tests.policies import untrained_policy


def test_every_name_is_there_and_stays_what_it_is():
    before = {name: getattr(rodent, name) for name in rodent.__all__}
    assert all(callable(one) for name, one in before.items() if name != "parts")
    # a room of the same name would take its place once it is imported
    assert before == {name: getattr(rodent, name) for name in rodent.__all__}
    assert {*rodent.__all__} <= {*dir(rodent)}


def test_a_list_of_clips_is_taken_to_be_of_the_policys_body(body):
    policy, clips = untrained_policy(body), stance_clips(body, frames=6)
    listed = [dataclasses.replace(clip, qvel=None) for clip in clips[:2]]
    found = clip_set_for(policy, listed)
    assert found is not None and found.body == clips.body and found.names == clips.names[:2]
    assert clip_set_for(policy, clips) is clips and clip_set_for(policy, None) is None
    np.testing.assert_array_equal(found[0].qvel, velocities(clips[0].qpos, clips[0].fps))
    with pytest.raises(InputError, match="there are no clips"):
        rodent.rollout(policy, [])
    short = dataclasses.replace(listed[0], qpos=listed[0].qpos[:, :70])
    with pytest.raises(
        InputError, match=r"list of clips: clip .* shape \(6, 70\); \(frames, 74\) is expected"
    ):
        rodent.evaluate(policy, [short])


def test_results_are_frames_arrays_and_lines(body):
    policy, clips = untrained_policy(body), stance_clips(body, frames=6)[:2]
    found, scores = rodent.rollout(policy, list(clips)), rodent.evaluate(policy, list(clips))
    one = found[clips[0].name]
    assert found.to_frame()["rollout"].tolist() == list(clips.names) and "2 rollouts, 12 frames" in repr(
        found
    )
    assert one.to_frame("qpos").shape == (6, 75) and one.to_frame().shape[1] < 400
    arrays = one.to_xarray()
    assert (
        arrays["qpos"].sel({"qpos/column": "root_z"}).shape == (6,) and arrays["ctrl"].attrs["units"] == "1"
    )
    assert arrays["units/latent/mean"].shape[0] == 6 and "<td>qpos</td>" in one._repr_html_()
    assert len(one.plot("qvel").lines) == 73 and len(found.plot().lines) == 2
    with pytest.raises(InputError, match="'qpos' has columns"):
        found.plot("qpos")
    assert scores.to_frame()["name"].tolist() == list(clips.names)
    assert scores.to_xarray()["end_effector"].sizes == {"clip": 2, "frame": 6, "end_effector/part": 5}
    assert "Evaluation(2 episodes" in repr(scores) and len(scores.plot().lines) == 1
    assert scores["mean"] == dict(scores)["mean"]


def test_films_stand_in_a_notebook(tmp_path):
    film = Film(b"content", ".mp4", (480, 360), 2.0)
    assert 'src="data:video/mp4;base64,Y29udGVudA=="' in film._repr_html_()
    film.write(tmp_path / "a.mp4")
    assert (tmp_path / "a.mp4").read_bytes() == b"content" and repr(film).startswith(
        "Film(MP4, 480x360, 2.0 s"
    )
    with pytest.raises(InputError, match=r"does not end in \.mp4"):
        film.write(tmp_path / "a.gif")
    with pytest.raises(InputError, match=r"expected \.mp4 or \.gif"):
        rodent.film("gaits", suffix=".avi")


def test_the_viewer_stands_in_a_notebook_until_it_is_closed():
    pytest.importorskip("viser", reason="the extra viewer is not installed")
    with rodent.open_viewer("gaits") as viewer:
        assert f'<iframe src="{viewer.address}"' in viewer._repr_html_()
        assert urllib.request.urlopen(viewer.address).status == 200
    assert viewer.closed and "Viewer(closed)" in viewer._repr_html_()
    with rodent.open_viewer(["gaits", "gaits"]) as viewer:
        assert not viewer.closed
    with pytest.raises(InputError, match="the list of recordings is empty"):
        rodent.open_viewer([])
    with pytest.raises(InputError, match="clips go with a policy"):
        rodent.open_viewer("gaits", [])


def test_rollouts_in_memory(body):
    policy, clips = untrained_policy(body), stance_clips(body, frames=12)
    found = rodent.rollout(policy, clips, rodent.RecordConfig(seed=1))
    assert list(found) == [clip.name for clip in clips]
    one = found[clips[0].name]
    assert one["qpos"].shape == (12, 74) and one.n_frames == 12 and one.fps == 50
    np.testing.assert_array_equal(one.units("latent/mean"), one["units/latent/mean"])
    assert "latent/mean" in one.layers and one.outcomes["lifespan"] <= 12
    assert len(repr(one)) < 120 and "12 frames at 50 Hz" in repr(one)
    with pytest.raises(InputError, match="unknown layer 'latent/mode'"):
        one.units("latent/mode")
    with pytest.raises(InputError, match="unknown channel 'qpot'"):
        one["qpot"]
