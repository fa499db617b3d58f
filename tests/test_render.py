import dataclasses
import errno
import typing

import av
import numpy as np
import pytest
from PIL import Image

from rodent.cli.render import Render
from rodent.errors import InputError, WorkError
from rodent.recording import Header, RecordingWriter, RolloutMetadata
from rodent.recording.channels import OUTCOMES, Channel
from rodent.render import CAMERAS, Renderer, RenderOptions, render
from rodent.render.shots import Shot
from rodent.render.video import Caption

SIZE = (96, 64)
SMALL = RenderOptions(size=SIZE)


pytestmark = pytest.mark.usefixtures("drawing")


@pytest.fixture(scope="module")
def recording(body, clips, tmp_path_factory):
    """Two rollouts beside their reference; the second is lost and not finite from frame 12."""
    path = tmp_path_factory.mktemp("recording") / "sway.h5"
    names = {"joint_names": body.joint_names, "actuator_names": body.actuator_names}
    with RecordingWriter(path, Header(fps=50, scene=body.config, **names)) as writer:
        for i, clip in enumerate(clips):
            frames = clip.n_frames
            qpos = clip.qpos + 0.05 * np.eye(74)[1]
            alive = np.arange(frames) < (12 if i else frames)
            qpos[~alive] = np.nan
            block = {
                "time": np.arange(frames) / 50,
                "qpos": qpos,
                "reference": clip.qpos,
                "alive": alive,
                "qvel": np.zeros((frames, 73)),
            }
            block |= dict.fromkeys(("ctrl", "actuator_force"), np.zeros((frames, 38)))
            metadata = RolloutMetadata.of_clip(clip.name, behavior=clip.behavior)
            writer.rollout(f"run_{i}", metadata).append(block)
    return path


def frames_of(path):
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def test_film_of_a_recording(recording, tmp_path):
    out = tmp_path / "film.mp4"
    done = render(recording, out, SMALL)
    with av.open(str(out)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert stream.average_rate == 50
    frames = frames_of(out)
    assert done.frames == len(frames) == 40
    assert done.duration == pytest.approx(0.8)
    assert frames[0].shape == (64, 96, 3)
    assert frames[0].std() > 10
    assert list(tmp_path.iterdir()) == [out]
    # a browser begins before the end has come
    data = out.read_bytes()
    assert 0 < data.find(b"moov") < data.find(b"mdat")


def test_film_of_clips(clip_file, tmp_path):
    done = render(clip_file, tmp_path / "film.mp4", dataclasses.replace(SMALL, clips=("sway_1",)))
    assert done.frames == len(frames_of(tmp_path / "film.mp4")) == 20


def test_gif(clip_file, tmp_path):
    done = render(clip_file, tmp_path / "film.gif", SMALL)
    frames = frames_of(tmp_path / "film.gif")
    assert done.frames == len(frames) == 20  # 25 frames per second are enough for a GIF
    with Image.open(tmp_path / "film.gif") as image:
        assert (image.size, image.info["duration"]) == (SIZE, 40)
    assert np.std(frames[0]) > 10


def test_sheet(recording, tmp_path):
    done = render(recording, tmp_path / "sheet.png", SMALL)
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == (3 * 96, 2 * 64)
        rows = np.asarray(sheet).reshape(2, 64, 3, 96, 3)
    assert done.frames == 6
    assert rows.std(axis=(1, 3, 4)).min() > 10


def test_sheet_of_fewer_frames(clip_file, tmp_path):
    options = dataclasses.replace(SMALL, clips=("sway_0",), speed=10.0)
    assert render(clip_file, tmp_path / "sheet.png", options).frames == 2
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == (2 * 96, 64)


@pytest.mark.parametrize(
    ("n", "motion", "fps", "speed", "expected"),
    [
        (4, 50, 50, 1.0, [0, 1, 2, 3]),
        (4, 50, 25, 1.0, [0, 2]),
        (5, 50, 25, 1.0, [0, 2, 4]),
        (3, 50, 50, 0.5, [0, 0, 1, 1, 2, 2]),
        (6, 50, 50, 3.0, [0, 3]),
        (6, 30, 60, 1.0, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]),
        (5, 50, 30, 1.0, [0, 1, 3]),
        (1, 50, 1, 100.0, [0]),
    ],
)
def test_which_frame_is_shown_when(n, motion, fps, speed, expected):
    shot = Shot("a", n, motion, *3 * [lambda: np.zeros(0)])
    assert shot.frames_at(fps, speed).tolist() == expected


def test_ghost_is_seen_where_the_reference_is(recording, tmp_path):
    # the rat is 5 cm beside its reference
    with_ghost, without = (first_frame(recording, tmp_path, ghost=ghost) for ghost in (True, False))
    change = with_ghost - without
    changed = np.abs(change).max(axis=2) > 30
    assert 0.01 < changed.mean() < 0.4
    # bluer than what it covers
    assert change[changed][:, 2].mean() > change[changed][:, 0].mean() + 20


def test_geoms_instead_of_skin(recording, tmp_path):
    skin, geoms = (first_frame(recording, tmp_path, geoms=geoms) for geoms in (False, True))
    assert np.abs(skin - geoms).max() > 40


def first_frame(source, folder, **options):
    render(source, folder / "film.mp4", RenderOptions(size=(192, 128), clips=("run_0",), speed=10, **options))
    return frames_of(folder / "film.mp4")[0].astype(int)


def test_slow_motion_shows_each_frame_twice(clip_file, tmp_path):
    options = dataclasses.replace(SMALL, clips=("sway_1",), speed=0.5)
    assert render(clip_file, tmp_path / "film.mp4", options).frames == 40
    frames = np.array(frames_of(tmp_path / "film.mp4"), int)
    changes = np.abs(np.diff(frames, axis=0)).mean(axis=(1, 2, 3))
    assert len(frames) == 40
    assert changes[1::2].mean() > 2 * changes[::2].mean()


def test_a_failure_to_write_ends_the_film(clip_file, tmp_path, monkeypatch):
    def write(self, image, text):
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(Caption, "write", write)
    with pytest.raises(WorkError, match="disk full"):
        render(clip_file, tmp_path / "film.mp4", SMALL)
    assert not list(tmp_path.iterdir())


def test_caption_names_rollout_and_time(recording, tmp_path, monkeypatch):
    texts = []
    monkeypatch.setattr(Caption, "write", lambda self, image, text: texts.append(text) or image)
    render(recording, tmp_path / "film.mp4", SMALL)
    assert texts[0] == "run_0   0.00 s"
    assert texts[19:22] == ["run_0   0.38 s", "run_1   0.00 s", "run_1   0.02 s"]
    assert texts[-1] == "run_1   0.38 s   failed"


def test_caption_is_written_below(rng):
    image = rng.integers(0, 255, (120, 160, 3), dtype=np.uint8)
    before = image.copy()
    changed = (Caption((160, 120)).write(image, "Walk") != before).any(axis=2)
    assert changed[90:].any()
    assert not changed[:90].any()
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"clips": ("run_9",)}, r"unknown clip 'run_9' in .*sway\.h5; did you mean"),
        ({"size": (95, 64)}, "95x64; MP4 needs an even width and height"),
        ({"size": (8, 64)}, r"8x64; width and height must be in \[16, 4096\]"),
        ({"size": (96, 10_000)}, "96x10000"),
    ],
)
def test_wrong_options(recording, tmp_path, options, message):
    with pytest.raises(InputError, match=message):
        render(recording, tmp_path / "film.mp4", dataclasses.replace(SMALL, **options))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"camera": "sid"}, "unknown camera 'sid'; did you mean 'side'"),
        ({"fps": 0.0}, "fps is 0; it must be in"),
        ({"speed": -1.0}, "speed is -1; it must be in"),
        ({"speed": float("nan")}, "speed is nan"),
    ],
)
def test_impossible_options(options, message):
    with pytest.raises(InputError, match=message):
        RenderOptions(**options)


def test_wrong_files(recording, clip_file, tmp_path):
    with pytest.raises(InputError, match=r"film\.avi: its name must end in \.mp4, \.gif, \.png"):
        render(recording, tmp_path / "film.avi", SMALL)
    with pytest.raises(InputError, match="no such file"):
        render(tmp_path / "none.h5", tmp_path / "film.mp4", SMALL)
    with pytest.raises(InputError, match="is a folder"):
        render(tmp_path, tmp_path / "film.mp4", SMALL)
    with pytest.raises(InputError, match=r"folder .* does not exist"):
        render(recording, tmp_path / "nowhere" / "film.mp4", SMALL)
    with pytest.raises(InputError, match="has clips, which have no reference"):
        render(clip_file, tmp_path / "film.mp4", dataclasses.replace(SMALL, ghost=True))
    damaged = tmp_path / "damaged.h5"
    damaged.write_bytes(recording.read_bytes()[:-3000])
    with pytest.raises(InputError, match=r"damaged\.h5"):
        render(damaged, tmp_path / "film.mp4", SMALL)
    assert [p.name for p in tmp_path.iterdir()] == ["damaged.h5"]


def test_a_rollout_without_one_finite_pose(body, tmp_path):
    source = tmp_path / "lost.h5"
    names = {"joint_names": body.joint_names, "actuator_names": body.actuator_names}
    with RecordingWriter(source, Header(fps=50, scene=body.config, **names)) as writer:
        widths = {"qpos": 74, "qvel": 73, "ctrl": 38, "actuator_force": 38, "reference": 74}
        block = {name: np.full((3, width), np.nan) for name, width in widths.items()}
        writer.rollout("gone").append(block | {"time": np.arange(3) / 50, "alive": np.zeros(3)})
    with pytest.raises(InputError, match="gone has no finite pose"):
        render(source, tmp_path / "film.mp4", SMALL)
    assert list(tmp_path.iterdir()) == [source]


def write(path, body, content="states", joints=67):
    """A rat that imitates nothing, or so it says."""
    names = {"joint_names": body.joint_names[:joints], "actuator_names": body.actuator_names}
    scene = body.config
    with RecordingWriter(path, Header(fps=50, scene=scene, content=content, **names)) as writer:
        rollout = writer.rollout("walk")
        if content == "outcomes":
            rollout.outcomes |= dict.fromkeys(OUTCOMES, 1)
            return
        qpos = np.tile(body.model.qpos0[: 7 + joints], (3, 1))
        rows = {"qpos": qpos, "qvel": np.zeros((3, 6 + joints)), "time": np.arange(3) / 50}
        rows |= dict.fromkeys(("ctrl", "actuator_force"), np.zeros((3, len(body.actuator_names))))
        rollout.append(rows | {"alive": np.ones(3)})


def test_without_a_reference_there_is_no_ghost(body, tmp_path):
    source = tmp_path / "free.h5"
    write(source, body)
    assert render(source, tmp_path / "film.mp4", SMALL).frames == 3
    ghost = dataclasses.replace(SMALL, ghost=True)
    told = r"rollout 'walk' of .*free\.h5 has no reference to show as a ghost; omit --ghost"
    with pytest.raises(InputError, match=told):
        render(source, tmp_path / "ghost.mp4", ghost)
    assert not (tmp_path / "ghost.mp4").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"content": "outcomes"},
            "has no qpos: it was recorded with --record outcomes; record it with --record states",
        ),
        ({"joints": 3}, "walk has poses of 10 numbers; expected 74"),
    ],
)
def test_recordings_that_cannot_be_drawn(body, tmp_path, options, message):
    source = tmp_path / "small.h5"
    write(source, body, **options)
    with pytest.raises(InputError, match=message):
        render(source, tmp_path / "film.mp4", SMALL)
    assert list(tmp_path.iterdir()) == [source]


def test_an_interrupted_film_leaves_nothing(recording, tmp_path, monkeypatch):
    def frame(self, *pose):
        raise KeyboardInterrupt

    monkeypatch.setattr(Renderer, "frame", frame)
    with pytest.raises(KeyboardInterrupt):
        render(recording, tmp_path / "film.mp4", SMALL)
    assert not list(tmp_path.iterdir())


def test_command_line(recording, tmp_path, capsys):
    out = tmp_path / "film.mp4"
    Render(recording, out, clip=("run_1",), size="96x64", camera="top", ghost=True, json=True).run()
    captured = capsys.readouterr().out
    assert captured.startswith("{")
    assert '"frames": 20' in captured
    assert len(frames_of(out)) == 20
    for size in ("96", "96x", "96x64x3", "ax64", "96x-64"):
        with pytest.raises(InputError, match="expected width x height, such as 640x480"):
            Render(recording, out, size=size).run()
    cameras = typing.get_args(typing.get_type_hints(Render)["camera"])
    assert set(cameras) == set(CAMERAS)


def test_the_target_of_a_task_is_drawn(body, clips, tmp_path):
    clip, red = clips[0], {}
    names = {"joint_names": body.joint_names, "actuator_names": body.actuator_names}
    own = {"target": Channel("m", "a place on the floor", ("x", "y"))}
    zeros = {
        name: np.zeros((clip.n_frames, n)) for name, n in (("qvel", 73), ("ctrl", 38), ("actuator_force", 38))
    }
    rest = {"time": np.arange(clip.n_frames) / 50, "alive": np.ones(clip.n_frames, bool), **zeros}
    for channels in ({}, own):
        path = tmp_path / f"{len(channels)}.h5"
        with RecordingWriter(path, Header(fps=50, scene=body.config, **names, channels=channels)) as writer:
            place = {name: np.tile([0.12, -0.08], (clip.n_frames, 1)) for name in channels}
            writer.rollout("run", RolloutMetadata("run")).append({"qpos": clip.qpos, **rest, **place})
        render(path, tmp_path / "sheet.png", RenderOptions(size=(160, 120)))
        pixels = np.asarray(Image.open(tmp_path / "sheet.png").convert("RGB"), int)
        red[len(channels)] = int((pixels[..., 0] > 2 * pixels[..., 1:].max(-1) + 20).sum())
    assert red[0] == 0
    assert red[1] > 20
