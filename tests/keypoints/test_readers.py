"""Every format, and what is done about units, frame rates, names and confidence."""

import numpy as np
import pytest

from rodent.errors import InputError
from rodent.keypoints import KeypointOptions, Keypoints, read_keypoints
from rodent.registration import read_markers
from tests.keypoints.files import FPS, NAMES

GIVEN = {"units": "mm", "fps": FPS}


def assert_read(keypoints: Keypoints, workshop, *, confident: bool = False):
    np.testing.assert_allclose(keypoints.points, workshop.points / 1000, atol=1e-12)
    assert (keypoints.names, keypoints.fps) == (NAMES, FPS)
    if confident:
        np.testing.assert_allclose(keypoints.confidence, workshop.confidence)
    else:
        assert keypoints.confidence is None


@pytest.mark.parametrize("array", ["points", "xyz", "keypoints"])
def test_npz(workshop, array):
    path = workshop.npz(**{"points": None, array: workshop.points.astype(np.float64)})
    keypoints = read_keypoints(path)
    assert_read(keypoints, workshop)
    assert keypoints.source == "bad.npz"
    path = workshop.npz(confidence=workshop.confidence)
    assert_read(read_keypoints(str(path)), workshop, confident=True)


@pytest.mark.parametrize("version", ["5", "7.3"])
@pytest.mark.parametrize("axes", ["dannce", "sdannce"])
def test_matlab(workshop, version, axes):
    write = workshop.mat if version == "5" else workshop.mat73
    pred = workshop.points.transpose(0, 2, 1)
    path = write(
        pred=pred if axes == "dannce" else pred[:, None],
        p_max=workshop.confidence if axes == "dannce" else workshop.confidence[:, None],
        sampleID=np.arange(len(pred)),
    )
    assert_read(read_keypoints(path, KeypointOptions(names=NAMES, **GIVEN)), workshop, confident=True)


@pytest.mark.parametrize(
    ("axes", "named"),
    [
        ((0, 1, 2), True),
        ((0, 1, 2), False),
        ((0, 2, 1), True),
        ((0, 2, 1), False),
        ((0, 3, 1, 2), False),
        ((0, 3, 2, 1), True),
        ((3, 2, 1, 0), True),
    ],
    ids=str,
)
def test_tracks(workshop, axes, named):
    """Axes of (frames, keypoints, coordinates, animals), as different tools order them."""
    tracks = workshop.points[..., None] if len(axes) == 4 else workshop.points
    names = {"node_names": np.array(NAMES, dtype="S")} if named else {}
    path = workshop.hdf5(tracks=tracks.transpose(axes), **names)
    given = {} if named else {"names": NAMES}
    assert_read(read_keypoints(path, KeypointOptions(**given, **GIVEN)), workshop)


def test_stac(workshop):
    path = workshop.hdf5(
        qpos=np.zeros((60, 74)),
        kp_data=workshop.points.reshape(60, -1) / 1000,
        kp_names=np.array(NAMES, dtype="S"),
        config=np.bytes_("model: {RENDER_FPS: 50}"),
    )
    assert_read(read_keypoints(path), workshop)


def test_nwb(workshop):
    # it says all there is to say: unit and conversion, times, names, confidence
    assert_read(read_keypoints(workshop.nwb()), workshop, confident=True)


def test_nwb_with_a_rate_instead_of_timestamps(workshop):
    def rate(file):
        for name in NAMES:
            series = file[f"processing/behavior/PoseEstimation/{name}"]
            del series["timestamps"]
            series["starting_time"] = 12.5
            series["starting_time"].attrs.update(rate=np.float32(50.0), unit="seconds")

    assert_read(read_keypoints(workshop.nwb(rate)), workshop, confident=True)


def test_nwb_of_old_with_its_nodes_in_the_pose(workshop):
    def old(file):
        pose = file["processing/behavior/PoseEstimation"]
        del pose["skeleton"]
        pose["nodes"] = list(NAMES[::-1])

    keypoints = read_keypoints(workshop.nwb(old))
    assert keypoints.names == NAMES[::-1]
    np.testing.assert_allclose(keypoints.points[:, ::-1], workshop.points / 1000, atol=1e-12)


def test_nwb_of_several_cameras_has_one_solid_pose(workshop):
    def cameras(file):
        pose = file["processing/behavior/PoseEstimation"]
        view = pose.create_group("camera1")
        view.attrs["neurodata_type"] = "PoseEstimation"
        flat = file.create_group("processing/behavior/camera2/Snout")
        flat.attrs["neurodata_type"] = "PoseEstimationSeries"
        flat["data"] = workshop.points[:, 0, :2]

    assert_read(read_keypoints(workshop.nwb(cameras)), workshop, confident=True)


def test_nwb_written_by_pynwb(workshop, tmp_path):
    import datetime

    pynwb = pytest.importorskip("pynwb")
    ndx_pose = pytest.importorskip("ndx_pose")
    now = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    nwb = pynwb.NWBFile("walk", "walk", now)
    skeleton = ndx_pose.Skeleton(name="rat", nodes=list(NAMES))
    series = [
        ndx_pose.PoseEstimationSeries(
            name=name,
            data=workshop.points[:, i] / 1000,
            unit="meters",
            reference_frame="the floor",
            rate=FPS,
            confidence=workshop.confidence[:, i],
        )
        for i, name in enumerate(NAMES)
    ]
    pose = ndx_pose.PoseEstimation(name="PoseEstimation", pose_estimation_series=series, skeleton=skeleton)
    module = nwb.create_processing_module("behavior", "pose")
    module.add(ndx_pose.Skeletons(skeletons=[skeleton]))
    module.add(pose)
    path = tmp_path / "walk.nwb"
    with pynwb.NWBHDF5IO(path, "w") as io:
        io.write(nwb)
    assert_read(read_keypoints(path), workshop, confident=True)


def test_anipose(workshop):
    assert_read(read_keypoints(workshop.anipose(), KeypointOptions(**GIVEN)), workshop, confident=True)


def test_deeplabcut(workshop):
    assert_read(read_keypoints(workshop.deeplabcut(), KeypointOptions(**GIVEN)), workshop)
    one = workshop.deeplabcut(individuals=["rat1"] * 21)
    assert_read(read_keypoints(one, KeypointOptions(**GIVEN)), workshop)


@pytest.mark.parametrize("format_", ["anipose", "deeplabcut"])
def test_empty_cells_are_missing(workshop, format_):
    first = 1 if format_ == "anipose" else 3

    def blank(rows):
        column = [*rows[0]].index("EarL_x") if format_ == "anipose" else 4
        rows[first + 7][column : column + 3] = ["", "nan", ""]

    keypoints = read_keypoints(getattr(workshop, format_)(blank), KeypointOptions(**GIVEN))
    assert np.argwhere(keypoints.missing).tolist() == [[7, 1]]


def test_the_content_decides_not_the_name(workshop):
    for path in (workshop.npz(), workshop.nwb()):
        other = path.rename(path.with_name("motion.txt"))
        assert_read(read_keypoints(other), workshop, confident=path.suffix == ".nwb")


def test_what_is_given_goes_before_what_the_file_says(workshop):
    names = tuple(f"k{i}" for i in range(7))
    path = workshop.npz(points=workshop.points / 10, fps=30.0)
    keypoints = read_keypoints(path, KeypointOptions(units="cm", fps=50.0, names=names))
    assert (keypoints.fps, keypoints.names) == (50.0, names)
    np.testing.assert_allclose(keypoints.points, workshop.points / 1000, atol=1e-12)


def test_low_confidence_is_missing(workshop):
    keypoints = read_keypoints(workshop.nwb(), KeypointOptions(min_confidence=0.8))
    np.testing.assert_array_equal(keypoints.missing, workshop.confidence < 0.8)
    with pytest.raises(InputError, match=r"bad.npz: a confidence of at least 0.5 is asked for"):
        read_keypoints(workshop.npz(), KeypointOptions(min_confidence=0.5))


@pytest.mark.parametrize(("unit", "word"), [("mm", "millimetres"), ("cm", "centimetres"), ("m", "metres")])
def test_units_are_recognised_by_the_size_of_a_rat(workshop, unit, word):
    metres = {"mm": 1000.0, "cm": 100.0, "m": 1.0}[unit]
    path = workshop.npz(points=workshop.points * metres / 1000, units=None)
    with pytest.raises(
        InputError, match=rf"does not say its units; .* look like {word}: pass --units {unit}$"
    ):
        read_keypoints(path)
    keypoints = read_keypoints(path, KeypointOptions(units=unit))
    np.testing.assert_allclose(keypoints.points, workshop.points / 1000, atol=1e-12)
    for wrong in {"mm", "cm", "m"} - {unit}:
        with pytest.raises(InputError, match=rf"as --units says.* look like {word}: pass --units {unit}$"):
            read_keypoints(path, KeypointOptions(units=wrong))


def test_the_size_of_a_rat_stands_a_few_wild_points(workshop):
    points = workshop.points.copy()
    points[:20, 2] = 1e7
    assert read_keypoints(workshop.npz(points=points)).points[0, 2, 0] == 1e4


def test_times_of_cameras_may_jitter(workshop):
    rng = np.random.default_rng(0)

    def jitter(file):
        times = file["processing/behavior/PoseEstimation/Snout/timestamps"]
        times[...] = np.round(times[()] + rng.uniform(-0.001, 0.001, 60), 3)

    assert read_keypoints(workshop.nwb(jitter)).fps == pytest.approx(50.0, rel=2e-3)


def test_axes_are_those_of_the_file(workshop):
    keypoints = read_keypoints(workshop.npz(), KeypointOptions(axes="x,-z,y"))
    np.testing.assert_allclose(keypoints.points, workshop.points[..., [0, 2, 1]] * [1e-3, -1e-3, 1e-3])


def test_axes_are_checked_before_the_file_is_read(tmp_path):
    with pytest.raises(InputError, match="axes are 'up'"):
        read_keypoints(tmp_path / "nowhere.npz", KeypointOptions(axes="up"))


def test_names_for_a_file_that_has_none(workshop):
    assert read_keypoints(workshop.npz(names=None), KeypointOptions(unnamed=NAMES)).names == NAMES
    # names that are given or stand in the file go first
    assert read_keypoints(workshop.npz(), KeypointOptions(unnamed=NAMES[::-1])).names == NAMES
    path = workshop.npz(names=None)
    assert read_keypoints(path, KeypointOptions(names=NAMES[::-1], unnamed=NAMES)).names == NAMES[::-1]


def test_keypoints_that_are_left_out(workshop):
    left = [name for name in NAMES if name not in ("EarL", "HandR")]
    columns = [NAMES.index(name) for name in left]
    for path in (workshop.nwb(), workshop.npz(confidence=workshop.confidence)):
        found = read_keypoints(path, KeypointOptions(ignore=("HandR", "EarL")))
        assert found.names == tuple(left)
        np.testing.assert_allclose(found.points, workshop.points[:, columns] / 1000, atol=1e-12)
        np.testing.assert_allclose(found.confidence, workshop.confidence[:, columns])
    # whatever is wrong with them
    never, wild = workshop.at(slice(None), 2, np.nan), workshop.at(3, 2, 1e30)
    for path in (never, wild):
        with pytest.raises(InputError, match="keypoint 'EarR'"):
            read_keypoints(path)
        assert "EarR" not in read_keypoints(path, KeypointOptions(ignore=("EarR",))).names


def test_what_is_left_out_must_be_there(workshop):
    with pytest.raises(InputError, match=r"unknown keypoint 'Hand' in .*bad.npz, .*--ignore.* did you mean"):
        read_keypoints(workshop.npz(), KeypointOptions(ignore=("Hand",)))
    with pytest.raises(InputError, match="all 7 keypoints are to be left out; leave out fewer: --ignore"):
        read_keypoints(workshop.npz(), KeypointOptions(ignore=NAMES))


def test_uneven_times_are_named_and_a_given_rate_goes_before_them(workshop):
    def drop(file):
        file["processing/behavior/PoseEstimation/Snout/timestamps"][23:] += 1 / FPS

    path = workshop.nwb(drop)
    with pytest.raises(InputError, match=r"frame 23: its timestamp is 12\.98 s .* 12\.94 s.* pass --fps 50$"):
        read_keypoints(path)
    assert read_keypoints(path, KeypointOptions(fps=30.0)).fps == 30.0


def test_the_two_real_files_of_one_recording_agree(data):
    folder = data / "mocap"
    with pytest.raises(
        InputError, match=r"unit as 'pixels', no length.* look like millimetres: pass --units mm$"
    ):
        read_keypoints(folder / "test_rodent_mocap_1000_frames.nwb")
    nwb = read_keypoints(folder / "test_rodent_mocap_1000_frames.nwb", KeypointOptions(units="mm"))
    # its timestamps say 30 Hz of what was filmed at 50 Hz; nothing in the file tells
    assert (nwb.fps, nwb.n_frames, nwb.names[:3]) == (30.0, 1000, ("Snout", "EarL", "EarR"))
    mat = folder / "test_rodent_mocap_1000_frames.mat"
    with pytest.raises(InputError, match="does not name its 23 keypoints"):
        read_keypoints(mat, KeypointOptions(units="mm", fps=50.0))
    same = read_keypoints(mat, KeypointOptions(units="mm", fps=50.0, unnamed=read_markers("rat23").names))
    assert same.names == nwb.names
    np.testing.assert_allclose(same.points, nwb.points, atol=1e-9)
    assert not nwb.missing.any()
    # the snout lies before the tail's base, and both near the floor
    assert (
        0.1
        < np.median(np.linalg.norm(nwb.points[:, 0] - nwb.points[:, nwb.names.index("TailBase")], axis=1))
        < 0.3
    )


def test_the_real_markers(data):
    path = data / "mocap" / "dannce_rat7m_markers_30hz_mm.npz"
    with pytest.raises(InputError, match="pass --units mm"):
        read_keypoints(path)
    markers = read_keypoints(path, KeypointOptions(units="mm"))
    assert (markers.n_frames, len(markers.names), markers.fps) == (3000, 20, 30.0)
    assert 0.02 < markers.missing.mean() < 0.3
    assert markers.missing[:, markers.names.index("ElbowL")].mean() > 0.5
