"""Files of keypoints that are wrong, each in one way: refused in one line that says what and where."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rodent.errors import InputError
from rodent.keypoints import KeypointOptions, read_keypoints
from tests.keypoints.files import FPS, NAMES, Workshop

POSE = "processing/behavior/PoseEstimation"


def series(name: str, dataset: str, values) -> Callable:
    """Replaces a dataset of a keypoint in an NWB file, or removes it if the values are None."""

    def spoil(file):
        del file[f"{POSE}/{name}/{dataset}"]
        if values is not None:
            file[f"{POSE}/{name}/{dataset}"] = values

    return spoil


def unit(word: str | None, *names: str) -> Callable:
    """Changes the unit of some keypoints in an NWB file, or removes it."""

    def spoil(file):
        for name in names or NAMES:
            attributes = file[f"{POSE}/{name}/data"].attrs
            if word is None:
                del attributes["unit"]
            else:
                attributes["unit"] = word

    return spoil


def cell(row: int, column: int, value) -> Callable:
    return lambda rows: rows[row].__setitem__(column, value)


def second_pose(file) -> None:
    file.copy(POSE, "processing/behavior/rat2")


def times(change: Callable) -> Callable:
    def spoil(file):
        stamps = file[f"{POSE}/Snout/timestamps"]
        stamps[...] = change(stamps[()])

    return spoil


def truncated(path: Path, keep: float = 0.5) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    return path


def without_columns(*endings: str) -> Callable:
    def spoil(rows):
        keep = [i for i, label in enumerate(rows[0]) if not label.endswith(endings)]
        rows[:] = [[row[i] for i in keep] for row in rows]

    return spoil


def axes(workshop: Workshop, order: str) -> np.ndarray:
    return np.einsum(f"fkc->{order}", workshop.points)


# what is wrong: how to make it, and what the message must say besides the file's name
CASES: dict[str, tuple[Callable[[Workshop], Path], list[str]]] = {
    "missing file": (lambda w: w.folder / "bad.csv", ["no such file"]),
    "folder": (lambda w: w.folder, ["is a folder"]),
    "empty file": (lambda w: w.raw(b""), ["is empty"]),
    "binary file": (lambda w: w.raw(bytes(range(256))), ["no file of keypoints", "NWB, MAT, HDF5, npz"]),
    "pickle": (lambda w: w.raw(b"\x80\x04\x95\x10\x00\x00"), ["no file of keypoints"]),
    # npz
    "npz cut short": (lambda w: truncated(w.npz()), ["truncated or damaged"]),
    "npz without keypoints": (lambda w: w.npz(points=None, qpos=1), ["no keypoints", "points, xyz", "qpos"]),
    "npz with keypoints twice": (lambda w: w.npz(xyz=w.points), ["points and xyz", "one array"]),
    "npz of pickled objects": (
        lambda w: w.npz(names=np.array(["a", 1], object)),
        ["pickled", "never read"],
    ),
    "npz of text": (lambda w: w.npz(points=np.array(["a", "b"])), ["points is not an array of numbers"]),
    "npz of two coordinates": (
        lambda w: w.npz(points=w.points[..., :2]),
        ["points has shape (60, 7, 2)", "two coordinates", "triangulate"],
    ),
    "npz of flat rows": (
        lambda w: w.npz(points=w.points.reshape(60, 21)),
        [
            "points has shape (60, 21)",
            "(frames, keypoints, 3) or (frames, animals, keypoints, 3) is expected",
        ],
    ),
    "npz without names": (lambda w: w.npz(names=None), ["does not name its 7 keypoints", "--names"]),
    "npz of too few names": (lambda w: w.npz(names=np.array(NAMES[:6])), ["6 names for 7 keypoints"]),
    "npz with a name twice": (
        lambda w: w.npz(names=np.array([*NAMES[:6], "EarL"])),
        ["keypoints 1 and 6 are both named 'EarL'"],
    ),
    "npz without a frame rate": (lambda w: w.npz(fps=None), ["does not say its frame rate", "--fps"]),
    "npz of two frame rates": (lambda w: w.npz(fps=np.array([50.0, 60.0])), ["fps has shape (2,)"]),
    "npz with a frame rate of nought": (lambda w: w.npz(fps=0.0), ["fps is 0", "positive"]),
    "npz without units": (lambda w: w.npz(units=None), ["does not say its units", "pass --units mm"]),
    "npz in pixels": (lambda w: w.npz(units="pixels"), ["'pixels', no length", "pass --units mm"]),
    "npz in metres, it says": (
        lambda w: w.npz(units="m"),
        ["in metres, as the file says", "m apart; 0.05 to 0.5 m is a rat", "pass --units mm"],
    ),
    "npz of a whale": (lambda w: w.npz(points=w.points * 1e6), ["in millimetres", "no unit fits"]),
    "npz of a dot": (lambda w: w.npz(points=0 * w.points), ["would be 0 m apart", "no unit fits"]),
    "npz without any point": (lambda w: w.npz(points=np.nan * w.points), ["no frame has two keypoints"]),
    "npz of one keypoint": (
        lambda w: w.npz(points=w.points[:, :1], names=np.array(["Snout"])),
        ["no frame has two keypoints"],
    ),
    "npz of one frame": (lambda w: w.npz(points=w.points[:1]), ["there are 1 frames", "at least 2"]),
    "infinite position": (lambda w: w.at(7, 2, np.inf), ["keypoint 'EarR' frame 7: x is inf m", "NaN"]),
    "huge position": (lambda w: w.at(9, 4, 1e30), ["keypoint 'TailBase' frame 9: x is 1e+27 m"]),
    "keypoint never there": (
        lambda w: w.at(slice(None), 3, np.nan),
        ["keypoint 'SpineM' is missing in all 60 frames"],
    ),
    "tracker that hangs": (
        lambda w: w.npz(points=np.where(np.arange(60)[:, None, None] % 7 == 3, np.nan, w.points[:1])),
        ["all 60 frames are the same: the tracker or camera froze"],
    ),
    "npz of other confidence": (
        lambda w: w.npz(confidence=np.ones((60, 6))),
        ["confidence has shape (60, 6)", "(60, 7) is expected"],
    ),
    # MAT
    "MAT cut short": (lambda w: truncated(w.mat()), ["damaged"]),
    "MAT of other things": (
        lambda w: w.raw(w.mat(com=np.ones(3)).read_bytes().replace(b"pred", b"data"), "bad.mat"),
        ["no variable 'pred'", "DANNCE", "it has: data, com"],
    ),
    "MAT of text": (lambda w: w.mat(pred="abc"), ["pred is not an array of numbers"]),
    "MAT of a struct": (lambda w: w.mat(pred={"a": 1.0}), ["pred is not an array of numbers"]),
    "MAT of other axes": (
        lambda w: w.mat(pred=axes(w, "kfc")),
        [
            "pred has shape (7, 60, 3)",
            "(frames, 3, keypoints) or (frames, animals, 3, keypoints) is expected",
        ],
    ),
    "MAT of two rats": (
        lambda w: w.mat(pred=np.stack([axes(w, "fck")] * 2, axis=1)),
        ["pred has shape (60, 2, 3, 7)", "2 animals: 1, 2", "--animal 1"],
    ),
    "MAT without names": (lambda w: w.mat(), ["does not name its 7 keypoints", "--names"]),
    "MAT of other confidence": (lambda w: w.mat(p_max=np.ones((60, 9))), ["p_max has shape (60, 9)"]),
    "MAT 7.3 cut short": (lambda w: truncated(w.mat73()), ["damaged"]),
    "MAT 7.3 of a struct": (
        lambda w: w.hdf5(**{"pred/Snout": w.points[:, 0]}),
        ["pred is a group"],
    ),
    # other HDF5
    "HDF5 cut short": (lambda w: truncated(w.hdf5(tracks=w.points)), ["truncated or damaged"]),
    "HDF5 hardly begun": (lambda w: w.raw(b"\x89HDF\r\n\x1a\n\0\0"), ["damaged"]),
    "HDF5 of other things": (lambda w: w.hdf5(spikes=np.ones(3)), ["without keypoints", "it has: spikes"]),
    "HDF5 of nothing": (lambda w: w.hdf5(), ["without keypoints", "it has: nothing"]),
    "tracks of one camera": (
        lambda w: w.hdf5(
            tracks=w.points[None, ..., :2].transpose(0, 3, 2, 1), node_names=np.array(NAMES, dtype="S")
        ),
        ["tracks has shape (1, 2, 7, 60)", "two coordinates", "triangulate"],
    ),
    "tracks of three rats": (
        lambda w: w.hdf5(tracks=np.stack([w.points] * 3, axis=1)),
        ["tracks has shape (60, 3, 7, 3)", "3 animals"],
    ),
    "tracks that may be two things": (
        lambda w: w.hdf5(tracks=w.points[:, :3]),
        ["tracks has shape (60, 3, 3), which may be", "(frames, keypoints, 3) or (frames, 3, keypoints)"],
    ),
    "tracks of other nodes": (
        lambda w: w.hdf5(tracks=w.points, node_names=np.array(NAMES[:5], dtype="S")),
        ["5 names for 7 keypoints", "--names"],
    ),
    "tracks without names": (lambda w: w.hdf5(tracks=w.points), ["does not name its 7 keypoints"]),
    "tracks as a group": (lambda w: w.hdf5(**{"tracks/a": w.points}), ["tracks is a group"]),
    "stac-mjx without names": (
        lambda w: w.hdf5(qpos=np.zeros((60, 74)), kp_data=w.points.reshape(60, -1)),
        ["kp_data, but no kp_names"],
    ),
    "stac-mjx of other names": (
        lambda w: w.hdf5(
            qpos=np.zeros((60, 74)), kp_data=w.points.reshape(60, -1), kp_names=np.array(NAMES[:5], "S")
        ),
        ["kp_data has shape (60, 21)", "(60, 15) is expected"],
    ),
    # NWB
    "NWB cut short": (lambda w: truncated(w.nwb()), ["damaged"]),
    "NWB without a pose": (
        lambda w: w.nwb(lambda f: f.__delitem__(POSE)),
        ["no pose (a PoseEstimation of ndx-pose)", "there is: behavior"],
    ),
    "NWB without processing": (lambda w: w.nwb(lambda f: f.__delitem__("processing")), ["there is: nothing"]),
    "NWB of one camera": (
        lambda w: w.nwb(dimensions=2),
        ["behavior/PoseEstimation have two coordinates", "triangulate"],
    ),
    "NWB of two rats": (
        lambda w: w.nwb(second_pose),
        ["several 3-D poses: behavior/PoseEstimation, behavior/rat2"],
    ),
    "NWB with a flat keypoint": (
        lambda w: w.nwb(series("EarR", "data", w.points[:, 2, :2])),
        ["keypoint 'EarR': data has shape (60, 2)", "(frames, 3)"],
    ),
    "NWB with a keypoint of text": (
        lambda w: w.nwb(series("EarR", "data", ["a"] * 60)),
        ["keypoint 'EarR': data is not an array of numbers"],
    ),
    "NWB with a keypoint of nothing": (
        lambda w: w.nwb(series("EarR", "data", None)),
        ["keypoint 'EarR' has no data"],
    ),
    "NWB of unlike lengths": (
        lambda w: w.nwb(
            lambda f: [
                series("EarR", name, values[:59])(f)
                for name, values in (
                    ("data", w.points[:, 2]),
                    ("confidence", w.confidence[:, 2]),
                    ("timestamps", np.arange(60) / FPS),
                )
            ]
        ),
        ["'Snout' and 'EarR' differ in their number of frames"],
    ),
    "NWB of unlike units": (
        lambda w: w.nwb(unit("meters", "HandL")),
        ["'Snout' and 'HandL' differ in their unit"],
    ),
    "NWB of unlike times": (
        lambda w: w.nwb(series("EarL", "timestamps", np.arange(60.0))),
        ["'Snout' and 'EarL' differ in their timestamps"],
    ),
    "NWB with one confidence less": (
        lambda w: w.nwb(series("EarL", "confidence", None)),
        ["'Snout' and 'EarL' differ in their confidence"],
    ),
    "NWB with a short confidence": (
        lambda w: w.nwb(series("EarL", "confidence", np.ones(9))),
        ["keypoint 'EarL': confidence has shape (9,)", "(60,) is expected"],
    ),
    "NWB in pixels": (lambda w: w.nwb(unit("pixels")), ["'pixels', no length", "look like millimetres"]),
    "NWB in metres, it says": (
        lambda w: w.nwb(unit("meters")),
        ["in metres, as the file says", "look like millimetres: pass --units mm"],
    ),
    "NWB without a unit": (lambda w: w.nwb(unit(None)), ["does not say its units", "pass --units mm"]),
    "NWB whose time goes back": (
        lambda w: w.nwb(times(lambda t: np.concatenate([t[:31], t[:29] - 1]))),
        ["frame 31: its timestamp is 11.5 s and that of frame 30 is 13.1 s", "pass --fps 50"],
    ),
    "NWB whose time stands still": (
        lambda w: w.nwb(times(lambda t: 0 * t)),
        ["frame 1: its timestamp is 0 s", "pass --fps"],
    ),
    "NWB with a frame dropped": (
        lambda w: w.nwb(times(lambda t: t + (np.arange(60) >= 41) / FPS)),
        ["frame 41: its timestamp", "steps of 0.02 s are usual", "pass --fps 50"],
    ),
    "NWB with a timestamp missing": (
        lambda w: w.nwb(times(lambda t: np.where(np.arange(60) == 5, np.nan, t))),
        ["frame 5: it has no timestamp", "--fps"],
    ),
    # tables
    "CSV of other things": (
        lambda w: w.raw(b"frame,speed\n1,2\n"),
        ["without 3-D keypoints", "Snout_x, Snout_y, Snout_z (anipose)", "begins with: frame,speed"],
    ),
    "CSV of blank lines": (lambda w: w.raw(b"\n\n"), ["without 3-D keypoints"]),
    "CSV that is no UTF-8": (lambda w: w.raw(b"Snout_x,Snout_y,\xff\xfe_z" * 9), ["bad.csv", "utf-8"]),
    "CSV without rows": (lambda w: w.raw(b"Snout_x,Snout_y,Snout_z\n"), ["no rows below its header"]),
    "CSV with a giant cell": (lambda w: w.raw(b"a_x," + b"1" * 200_000), ["no CSV table", "field"]),
    "anipose in two dimensions": (
        lambda w: w.anipose(without_columns("_z")),
        ["keypoint 'Snout' has x and y and no z", "triangulate"],
    ),
    "anipose without a column": (
        lambda w: w.anipose(without_columns("EarR_x", "EarR_y")),
        ["keypoint 'EarR' has no column of its x and y"],
    ),
    "anipose with a score less": (
        lambda w: w.anipose(without_columns("EarR_score")),
        ["keypoint 'EarR' has no column of its confidence"],
    ),
    "anipose with a column twice": (
        lambda w: w.anipose(cell(0, 6, "Snout_x")),
        ["has x of keypoint 'Snout' twice, in columns 0 and 6"],
    ),
    "anipose with a word": (
        lambda w: w.anipose(cell(10, 7, "lost")),
        ["frame 9: EarL_y is 'lost'", "a number or nothing"],
    ),
    "anipose with a cell too many": (
        lambda w: w.anipose(lambda rows: rows[10].append(1.0)),
        ["frame 9: its row has 50 cells, the header 49"],
    ),
    "anipose cut short": (lambda w: truncated(w.anipose(), 0.501), ["frame 29", "cells, the header 49"]),
    "anipose with a frame number between two": (
        lambda w: w.anipose(cell(21, -1, 19.5)),
        ["frame 20: it is numbered 19.5 and the one before 19", "renumber the frames"],
    ),
    "anipose with a frame number twice": (
        lambda w: w.anipose(cell(21, -1, 19)),
        ["frames 19 and 20 are both numbered 19", "two recordings"],
    ),
    "anipose with an infinite number": (
        lambda w: w.anipose(cell(10, 7, "inf")),
        ["keypoint 'EarL' frame 9: y is inf m"],
    ),
    "DeepLabCut in two dimensions": (
        lambda w: w.deeplabcut(lambda rows: rows[2].__setitem__(slice(3, None, 3), ["likelihood"] * 7)),
        ["keypoint 'Snout' has x and y and no z", "triangulate"],
    ),
    "DeepLabCut of two rats": (
        lambda w: w.deeplabcut(individuals=["rat1"] * 12 + ["rat2"] * 9),
        ["2 animals: rat1, rat2", "--animal rat1"],
    ),
    "DeepLabCut with another header": (
        lambda w: w.deeplabcut(lambda rows: rows.__delitem__(2)),
        ["header rows are scorer, bodyparts, then '0'", "scorer, individuals, bodyparts, coords"],
    ),
    "DeepLabCut without bodyparts": (
        lambda w: w.deeplabcut(lambda rows: rows.__delitem__(1)),
        ["no header row bodyparts", "it has: scorer, coords"],
    ),
    "DeepLabCut of pictures": (
        lambda w: w.deeplabcut(cell(3, 0, "img000.png")),
        ["frame 0: the number of the frame is 'img000.png'"],
    ),
    "DeepLabCut with most frames left out": (
        lambda w: w.deeplabcut(lambda rows: rows[-1].__setitem__(0, 200)),
        ["frame 59: it is numbered 200 and the one before 58", "save the parts apart"],
    ),
}
GIVEN = {"units": "mm", "fps": FPS}  # what tables, MAT and tracks cannot say


def read(case: str, path: Path):
    """Reads as a user would, who says what this format cannot."""
    silent = case.startswith(("MAT", "HDF5", "tracks", "CSV", "anipose", "DeepLabCut"))
    return read_keypoints(path, KeypointOptions(**(GIVEN if silent else {})))


@pytest.mark.parametrize("case", CASES)
def test_reading_names_the_file_and_the_fault(case, workshop):
    make, wanted = CASES[case]
    path = make(workshop)
    with pytest.raises(InputError) as error:
        read(case, path)
    message = str(error.value)
    for part in (str(path), *wanted):
        assert part in message
    assert "\n" not in message


def test_a_clip_file_holds_no_keypoints_to_register(clip_file):
    with pytest.raises(InputError, match="is a file of 'virtual-rodent/clips'"):
        read_keypoints(clip_file)


def test_a_pandas_table_is_not_unpickled(workshop):
    import h5py

    path = workshop.hdf5(**{"df_with_missing/table": np.ones(3)})
    with h5py.File(path, "r+") as file:
        file["df_with_missing"].attrs["pandas_type"] = "frame_table"
    with pytest.raises(InputError, match=r"pickled .* pandas.read_hdf\('bad.h5'\).to_csv\('bad.csv'\)"):
        read_keypoints(path)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"units": "inch"}, "unknown unit 'inch'. There are: mm, cm, m"),
        ({"fps": -5.0}, "fps is -5"),
        ({"names": NAMES[:6]}, "6 names were given for 7 keypoints; give one for each"),
        ({"names": [*NAMES[:6], "Snout"]}, "are both named 'Snout'"),
        ({"min_confidence": 0.5}, "leave out --min-confidence"),
        ({"axes": "x,y"}, "axes are 'x,y'; x, y and z are expected"),
    ],
)
def test_what_is_given_is_checked_too(workshop, given, wanted):
    with pytest.raises(InputError, match=wanted):
        read_keypoints(workshop.npz(), KeypointOptions(**given))
    if "names" in given:
        with pytest.raises(InputError, match=r"names were given|both named"):
            read_keypoints(workshop.nwb(), KeypointOptions(**given))


@pytest.mark.parametrize("format_", ["npz", "mat", "mat73", "nwb", "anipose", "deeplabcut"])
@pytest.mark.parametrize("seed", range(20))
def test_damage_anywhere_is_an_input_error_or_harmless(seed, format_, workshop):
    rng = np.random.default_rng(seed)
    path = getattr(workshop, format_)()
    data = bytearray(path.read_bytes())
    for at in rng.integers(0, len(data), size=20):
        data[at] = rng.integers(256)
    path.write_bytes(data)
    try:
        keypoints = read_keypoints(path, KeypointOptions(units="mm", fps=FPS, names=NAMES))
    except InputError:
        return
    assert not np.isinf(keypoints.points).any()
