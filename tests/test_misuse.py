"""Wrong input and wrong usage: exit code 2, one line that says what is wrong, and no file made or changed."""

import shlex
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest

import rodent.view.page
from rodent.cli import main
from rodent.clips import write_clips
from rodent.kinematics.skeleton import Skeleton
from rodent.policy.policy import save_policy
from rodent.registration import read_markers
from rodent.rollouts import record
from rodent.scene import Scene
from rodent.synthesis.stance import stance_clips
from tests.policies import untrained_policy

POLICY = "runs/walk"
# every place where a command reads a file
READERS = [
    "clips info {}",
    "clips import {} --out new.h5",
    "clips join clips.h5 {} --out new.h5",
    "clips mirror {} --out new.h5",
    "clips synth --path {} --out new.h5",
    "clips vary {} --out new.h5",
    "register {} --units mm --fps 50 --out new.h5",
    "register keypoints.npz --markers {} --out new.h5",
    "train --clips {} --out new --steps 1",
    f"evaluate {POLICY} --clips {{}}",
    "evaluate {} --clips clips.h5",
    f"rollout {POLICY} --clips {{}} --out new.h5",
    "rollout {} --clips clips.h5 --out new.h5",
    "export {} --out new",
    "render {} --out new.mp4",
    "view {}",
    f"view {POLICY} --clips {{}}",
    "encode {} spikes.npz --layer decoder/layer_0",
    "encode walk.h5 {} --layer decoder/layer_0",
    "encode walk.h5 spikes.npz --layer decoder/layer_0 --session {} spikes.npz",
    "dynamics fit {}",
    "dynamics compare {} spikes.npz",
    "rsa {} spikes.npz",
    "rsa walk.h5 {}",
    "events {} spikes.npz --event touch/hand_L",
    "events walk.h5 {} --event touch/hand_L",
    "spikes {}",
    "report {} --out new.html",
    f"report {POLICY} --clips {{}} --out new.html",
    f"report {POLICY} --clips clips.h5 --recording {{}} --out new.html",
    f"report {POLICY} --clips clips.h5 --encoding {{}} --out new.html",
    f"report {POLICY} --clips clips.h5 --rsa {{}} --out new.html",
]
BAD_FILES = (
    "missing.h5",
    "missing",
    "folder",
    "empty.h5",
    "text.h5",
    "cut.h5",
    "other.h5",
    "bytes.npz",
    "pickled.npz",
)
# every place where a command writes a file
WRITERS = [
    "clips import clips.h5 --out {}.h5",
    "clips join clips.h5 gaits --out {}.h5",
    "clips mirror clips.h5 --out {}.h5",
    "clips synth --path path.csv --out {}.h5",
    "clips vary clips.h5 --out {}.h5",
    "register few.npz --out {}.h5",
    "register few.npz --out text.h5 --save-markers {}.toml",
    "register few.npz --out text.h5 --report {}.html",
    "train --clips clips.h5 --out {} --steps 1",
    f"evaluate {POLICY} --clips clips.h5 --report {{}}.html",
    f"rollout {POLICY} --clips clips.h5 --out {{}}.h5",
    "render walk.h5 --out {}.mp4",
    "demo --out {}",
    f"report {POLICY} --clips clips.h5 --out {{}}.html",
]
BAD_PLACES = ("text.h5/new", "/proc/new")
# keypoints that no rat of the marker set can have, each an npz that is wrong in one way
BAD_KEYPOINTS = (
    "absent",  # one of the marker set's
    "extra",  # one more than there are names
    "unseen",  # one never there
    "rare",  # never three at a time
    "two_frames",
    "hanging",  # the same in all frames
    "dot",  # all in one place
    "z_down",
    "y_up",
    "mirrored",
    "shuffled",  # under one another's names
    "twice",  # a name
    "infinite",
    "half_second",  # seen in pieces shorter than a clip
)
# kinds of files mistaken for one another
SWAPPED = [
    "clips info spikes.npz",
    "clips import runs/walk/policy.json --out new.h5",
    f"evaluate clips.h5 --clips {POLICY}",
    f"evaluate {POLICY} --clips spikes.npz",
    "rollout walk.h5 --clips clips.h5 --out new.h5",
    "train --clips walk.h5 --out new --steps 1",
    f"train --clips clips.h5 --out {POLICY} --steps 1",
    "render spikes.npz --out new.mp4",
    "render clips.h5 --out new.mp4 --ghost",
    "view rat-positon",
    "view spikes.npz",
    "view clips.h5 --clips clips.h5",
    "encode spikes.npz walk.h5 --layer decoder/layer_0",
    "encode clips.h5 spikes.npz --layer decoder/layer_0",
    "clips synth --path clips.h5 --out new.h5",
    "register clips.h5 --units m --out new.h5",
    "register walk.h5 --units m --out new.h5",
    "register spikes.npz --units m --out new.h5",
    "register path.csv --units m --out new.h5",
    "register keypoints.npz --markers keypoints.npz --out new.h5",
]
USAGE = [
    "dynamics",
    "dynamics fit spikes.npz --model kalman",
    "dynamics fit spikes.npz --window-seconds 100 --dimensions 1",
    "dynamics fit walk.h5 --layer nowhere",
    "dynamics fit walk.h5 --rollout nobody",
    "dynamics compare walk.h5 spikes.npz --layer nowhere",
    "rsa walk.h5 spikes.npz",  # all its clips show the same
    "rsa walk.h5 spikes.npz --layer nowhere",
    "rsa walk.h5 spikes.npz --partitions 1",
    "rsa walk.h5 spikes.npz --conditions session",
    "rsa walk.h5 spikes.npz --window-seconds 0",
    "events walk.h5 spikes.npz",
    "events walk.h5 spikes.npz --event jump",
    "events walk.h5 spikes.npz --event touch/hand_L --layer nowhere",
    "events walk.h5 spikes.npz --event touch/hand_L --rotations 0",
    "encode walk.h5 spikes.npz --features elbows",
    "encode walk.h5 spikes.npz --features joints --unique",
    "encode walk.h5 spikes.npz --layer decoder/layer_0 --rate 0",
    "encode walk.h5 spikes.npz --layer decoder/layer_0 --metres-per-pixel -1",
    "encode walk.h5 spikes.npz --layer decoder/layer_0 --band-lags joints",
    "encode walk.h5 spikes.npz --layer decoder/layer_0 --model lasso",
    "spikes spikes.npz --path-out new.csv",
    "spikes spikes.npz --metres-per-pixel 0",
    "spikes spikes.npz --min-presence 2",
    "report --out new.html",
    f"report {POLICY} --out new.html",
    f"report {POLICY} --clips gaits --encoding spikes.npz --out new.html",
    "",
    "trian",
    "train",
    "train --clips clips.h5 --out new",
    "train --clips clips.h5 --steps 1",
    "train --out new --resume --clips clips.h5 --steps 1",
    "train --out missing --resume --steps 1",
    "train --clips clips.h5 --out new --steps one",
    "train --clips clips.h5 --out new --stpes 1",
    "train --clips clips.h5 --out new --steps 1 --ppo.num-envs 0",
    "train --clips clips.h5 --out new --steps 1 --ppo.num-envs -4",
    "train --clips clips.h5 --out new --steps 1 --ppo.num-envs 7",
    "train --clips clips.h5 --out new --steps 1 --ppo.discount 1.5",
    "train --clips clips.h5 --out new --steps 1 --ppo.discount nan",
    "train --clips clips.h5 --out new --steps 1 --ppo.final-std-steps 9 3",
    "train --clips clips.h5 --out new --steps 1 --sampler.first 2",
    "train --clips clips.h5 --out new --steps 1 --body.scale 0",
    "train --clips clips.h5 --out new --steps 1 --body.scale nan",
    "train --clips clips.h5 --out new --steps 1 --body.scale 1.2",
    "train --clips clips.h5 --out new --steps 1 --body.timestep 0.013",
    "train --clips clips.h5 --out new --steps 1 --body.actuation muscles",
    "train --clips clips.h5 --out new --steps 1 --network.latent 0",
    "train --clips clips.h5 --out new --steps 1 --network.encoder 0",
    "train --clips clips.h5 --out new --steps 1 --task.horizon 0",
    "train --clips clips.h5 --out new --steps 1 --test-fraction 1",
    "train --clips clips.h5 --out new --steps 1 --test-clips nobody",
    "train --clips clips.h5 --out new --steps 1 --test-clips sway_0 sway_1",
    "train --clips clips.h5 --out new --steps 1 --test-clips sway_0 --test-fraction 0.5",
    "train --clips clips.h5 --out new --steps 1 --evaluate-every 0",
    "train --clips clips.h5 --out new --steps -1",
    "train --clips clips.h5 --out new --minutes nan",
    "train --clips clips.h5 --out new --minutes 0",
    "train --clips clips.h5 --out new --steps 1 --seed -1",
    "clips",
    "clips fetch mouse",
    "clips import clips.h5",
    "clips import clips.h5 --out new.h5 --fps 0",
    "clips import clips.h5 --out new.h5 --fps nan",
    "clips import clips.h5 --out new.h5 --scale -1",
    "clips import clips.h5 --out new.h5 --resample 0",
    "clips import clips.h5 --out new.h5 --frames-per-clip 0",
    "clips import clips.h5 --out new.h5 --max-floor-shift nan",
    "clips join clips.h5 --out new.h5",
    "clips join clips.h5 clips.h5 --out new.h5",
    "clips mirror clips.h5",
    "clips vary clips.h5 --out new.h5 --copies 0",
    "clips vary clips.h5 --out new.h5 --pace -1",
    "clips vary clips.h5 --out new.h5 --posture nan",
    "clips synth --out new.h5 --scale 0",
    "clips synth --out new.h5 --scale nan",
    "clips synth --path path.csv --out new.h5 --smoothing -1",
    "clips synth --path path.csv --out new.h5 --seconds-per-clip 0",
    "register",
    "register keypoints.npz",
    "register keypoints.npz --out new.h5 --markers rat21",
    "register keypoints.npz --out new.h5 --markers rat20",
    "register keypoints.npz --out new.h5 --units m",
    "register keypoints.npz --out new.h5 --units inch",
    "register keypoints.npz --out new.h5 --fps 0",
    "register keypoints.npz --out new.h5 --fps nan",
    "register keypoints.npz --out new.h5 --scale 0",
    "register keypoints.npz --out new.h5 --scale nan",
    "register keypoints.npz --out new.h5 --scale 9",
    "register keypoints.npz --out new.h5 --seconds 0",
    "register keypoints.npz --out new.h5 --seconds nan",
    "register keypoints.npz --out new.h5 --seconds 100",
    "register keypoints.npz --out new.h5 --resample 0",
    "register keypoints.npz --out new.h5 --resample nan",
    "register keypoints.npz --out new.h5 --names Snout EarL",
    "register keypoints.npz --out new.h5 --min-confidence nan",
    "register keypoints.npz --out new.h5 --axes x,y",
    "register keypoints.npz --out new.h5 --axes x,x,z",
    "register keypoints.npz --out new.h5 --axes up",
    "register keypoints.npz --out new.h5 --axes ''",
    "register keypoints.npz --out new.h5 --axes -y,x,z",
    "register keypoints.npz --out new.h5 --axes",
    "register keypoints.npz --out new.h5 --axes y,x,z",
    "register keypoints.npz --out new.h5 --axes x,-y,-z",
    "register keypoints.npz --out new.h5 --axes z,x,y --report new.html --save-markers new.toml",
    "register keypoints.npz --out new.h5 --markers tail.toml",
    "register session.h5 --out new.h5",
    f"evaluate {POLICY}",
    f"evaluate {POLICY} --split test",
    f"evaluate {POLICY} --clips clips.h5 --split train",
    f"evaluate {POLICY} --clips clips.h5 --split half",
    f"rollout {POLICY} --clips clips.h5 --out new.h5 --clip nobody",
    f"rollout {POLICY} --clips clips.h5 --out new.h5 --on-failure maybe",
    f"rollout {POLICY} --clips clips.h5 --out new.h5 --seed x",
    "render walk.h5 --out new.xyz",
    "render walk.h5 --out new",
    "render walk.h5 --out new.mp4 --size 0x0",
    "render walk.h5 --out new.mp4 --size large",
    "render walk.h5 --out new.mp4 --size 99999x9",
    "render walk.h5 --out new.mp4 --fps 0",
    "render walk.h5 --out new.mp4 --fps nan",
    "render walk.h5 --out new.mp4 --speed -1",
    "render walk.h5 --out new.mp4 --camera below",
    "render walk.h5 --out new.mp4 --clip nobody",
    "view walk.h5 --port 70000",
    "view walk.h5 --port -1",
    "view walk.h5 --port http",
    "view walk.h5 --clip nobody",
    f"view {POLICY}",
    "encode walk.h5 spikes.npz",
    "encode walk.h5 spikes.npz --layer nowhere",
    "encode walk.h5 spikes.npz --layer decoder/layer_0 --rollout nobody",
    "encode walk.h5 spikes.npz --layer decoder/layer_0 --bin-seconds 0.013",
    "encode walk.h5 spikes.npz --layer decoder/layer_0 --bin-seconds 0",
    "encode walk.h5 spikes.npz --layer decoder/layer_0 --bin-seconds nan",
    "encode walk.h5 spikes.npz --layer decoder/layer_0 --offset nan",
    "encode walk.h5 spikes.npz --layer decoder/layer_0 --offset 1000",
    "encode walk.h5 spikes.npz --layer decoder/layer_0 --folds 1",
    "encode walk.h5 spikes.npz --layer decoder/layer_0 --lags inf",
    "encode walk.h5 spikes.npz --layer decoder/layer_0 --strengths 0",
    "encode walk.h5 spikes.npz --layer decoder/layer_0 --shifts 0",
    "encode walk.h5 spikes.npz --layer decoder/layer_0",
    "demo --out new --minutes 0",
    "demo --out new --minutes nan",
    "demo --out folder/full",
]
LINES = [
    *(line.format(bad) for line in READERS for bad in BAD_FILES),
    *(line.format(bad) for line in WRITERS for bad in BAD_PLACES),
    # training and the demo make the folder that theirs is in
    *(line.format("nowhere/new") for line in WRITERS if not line.startswith(("train", "demo"))),
    *(f"register bad/{bad}.npz --out new.h5" for bad in BAD_KEYPOINTS),
    *SWAPPED,
    *USAGE,
]


@pytest.fixture(scope="module")
def files(body: Scene, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with good files, and those of BAD_FILES that exist."""
    folder = tmp_path_factory.mktemp("files")
    clips, policy = stance_clips(body, frames=40), untrained_policy(body)
    write_clips(clips, folder / "clips.h5")
    (folder / "runs").mkdir()
    save_policy(policy, folder / POLICY)
    record(policy, clips, folder / "walk.h5")
    np.savez(folder / "spikes.npz", counts=np.ones((80, 2), int), bin_seconds=0.02)
    markers = read_markers("rat23")
    points = Skeleton(body, markers.bodies).positions(clips[0].qpos, markers.offsets * clips.scale)
    named = {"names": np.array(markers.names), "units": "mm"}
    np.savez(folder / "keypoints.npz", points=1000 * points, fps=50.0, **named)
    # soon fitted, and as long as a clip must be
    np.savez(folder / "few.npz", points=1000 * points[:12], fps=20.0, **named)
    _write_bad_keypoints(folder / "bad", 1000 * points, markers.names)
    (folder / "tail.toml").write_text(
        "[keypoints]\nSnout = { body = 'tail_of_a_fox', offset = [0, 0, 0], weight = 1, freedom = 0.01 }\n"
    )
    with h5py.File(folder / "session.h5", "w") as file:
        file["pose/keypoints"] = 1000 * points.transpose(0, 2, 1)
        file["behavior/motion_mapper"] = np.ones(len(points))  # what 1 means is not said
    (folder / "path.csv").write_text("time,x,y\n0,0,0\n1,0.1,0\n2,0.2,0\n")
    (folder / "folder" / "full").mkdir(parents=True)
    (folder / "folder" / "full" / "a.txt").write_text("mine\n")
    (folder / "empty.h5").touch()
    (folder / "text.h5").write_text("not what its name says\n")
    (folder / "cut.h5").write_bytes((folder / "clips.h5").read_bytes()[:5000])
    with h5py.File(folder / "other.h5", "w") as file:
        file["a"] = np.zeros(3)
    (folder / "bytes.npz").write_bytes(bytes(range(256)) * 8)
    np.savez(folder / "pickled.npz", qpos=np.array([{}, None]), counts=np.array([{}, None]))
    return folder


def _write_bad_keypoints(folder: Path, points: np.ndarray, names: tuple[str, ...]) -> None:
    """Files of BAD_KEYPOINTS from good points in millimetres, shape (frames, K, 3)."""
    frame, keypoint = np.arange(len(points))[:, None], np.arange(len(names))
    shuffled = np.random.default_rng(0).permutation(len(names))

    def missing(where: np.ndarray) -> np.ndarray:
        return np.where(where[..., None], np.nan, points)

    bad = {
        "absent": (points[:, 1:], names[1:]),
        "extra": (np.concatenate([points, points[:, :1] + 1], axis=1), names),
        "unseen": (missing((keypoint == 4) & (frame >= 0)), names),
        "rare": (missing(keypoint // 2 != frame % ((len(names) + 1) // 2)), names),
        "two_frames": (points[:2], names),
        "hanging": (np.repeat(points[:1], len(points), axis=0), names),
        "dot": (np.zeros_like(points), names),
        "z_down": (points * [1, -1, -1], names),
        "y_up": (points[..., [0, 2, 1]] * [1, 1, -1], names),
        "mirrored": (points * [1, -1, 1], names),
        "shuffled": (points[:, shuffled], names),
        "twice": (points, ("EarL", *names[1:])),
        "infinite": (np.where((frame == 3)[..., None], np.inf, points), names),
        "half_second": (missing((keypoint >= 0) & (frame % 20 < 7)), names),
    }
    assert tuple(bad) == BAD_KEYPOINTS
    folder.mkdir()
    for name, (wrong, called) in bad.items():
        np.savez(folder / f"{name}.npz", points=wrong, names=np.array(called), units="mm", fps=50.0)


def _state(folder: Path) -> dict[Path, bytes | None]:
    """All that lies in a folder, file by file."""
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def test_there_are_enough_of_them():
    assert len(LINES) == len(set(LINES)) >= 150


@pytest.mark.parametrize("line", LINES)
def test_misuse(line, files, rough_fits, tmp_path, monkeypatch, capfd):
    shutil.copytree(files, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path.parent / f"{tmp_path.name}-cache"))
    monkeypatch.setattr(rodent.view.page, "watch", lambda server, session: pytest.fail("it is shown"))
    before = _state(tmp_path)
    try:
        code = main(shlex.split(line))
    except SystemExit as stop:  # by the parser, which prints a box
        code, parsed = stop.code, False
    else:
        parsed = True
    out, err = capfd.readouterr()
    assert code == 2
    assert out == ""
    assert "Traceback" not in err
    said = [row for row in err.splitlines() if row.startswith("rodent: ")]
    assert len(said) == parsed, err
    assert parsed or "─" in err
    assert _state(tmp_path) == before
