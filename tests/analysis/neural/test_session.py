"""Files of every layout, and what a session makes of them."""

import tracemalloc

import h5py
import numpy as np
import pytest

from analysis.neural.aldarondo import usable_columns
from analysis.neural.clock import Clock
from analysis.neural.counts import block_rows, read_counts
from analysis.neural.read import read_session
from analysis.neural.settings import SpikeOptions
from analysis.neural.spikes import SpikeCounts, SpikeTimes
from analysis.neural.timeseries import intervals, runs
from rodent.errors import InputError
from tests.analysis.neural.files import BEHAVIORS, LABELS, trains

pytest.importorskip("pynapple")

GOOD = np.random.default_rng(0).poisson(0.5, size=(100, 3))


def test_all_forms_of_arrays_mean_the_same(workshop, tmp_path):
    bins, neurons = np.nonzero(GOOD)
    repeats = GOOD[bins, neurons]
    times, neurons = np.repeat((bins + 0.5) * 0.02, repeats), np.repeat(neurons, repeats)
    mixed = np.random.default_rng(1).permutation(len(times))
    names = np.array(["0", "1", "2"])
    paths = [
        workshop.npz(counts=GOOD.astype(float), bin_seconds=0.02, names=names).rename(tmp_path / "1.npz"),
        workshop.npz(times=times[mixed], neurons=neurons[mixed].astype(np.uint16)).rename(tmp_path / "2.npz"),
        workshop.npz(**{f"spikes/{i}": times[neurons == i] for i in range(3)}).rename(tmp_path / "3.npz"),
        workshop.hdf5({"counts": GOOD.astype(np.uint8), "counts@fps": 50}).rename(tmp_path / "1.h5"),
        workshop.hdf5({"times": times, "neurons": neurons}).rename(tmp_path / "2.h5"),
        workshop.hdf5({f"spikes/{i}": times[neurons == i] for i in range(3)}).rename(tmp_path / "3.h5"),
    ]
    for path in paths:
        session = read_session(path)
        assert np.array_equal(session.on_bins(100, 0.02, Clock()).counts, GOOD), path
        assert session.names == ("0", "1", "2"), path
        assert session.kind == {".npz": "npz", ".h5": "HDF5"}[path.suffix]


def test_trains_are_sorted_as_numbers_and_may_be_empty(workshop):
    path = workshop.hdf5({"spikes/10": [0.1], "spikes/9": np.zeros(0), "spikes/mua": [0.2]})
    session = read_session(path)
    assert session.names == ("9", "10", "mua")
    assert session.on_bins(3, 0.1, Clock()).counts.sum(0).tolist() == [0, 1, 1]


def test_one_spike_is_a_session(workshop):
    session = read_session(workshop.npz(times=[3.0], neurons=[7]))
    assert session.names == ("7",) and session.span == (3.0, 3.0)
    assert session.whole(0.1).counts.tolist() == [[1]]


def test_arrays_may_bring_a_table_of_their_neurons(workshop, tmp_path):
    bins, neurons = np.nonzero(GOOD)
    regions, depths = np.array(["M1", "DLS", "Straße"]), np.array([0.5, 1.5, 2.5])
    table = {"units/region": regions, "units/depth": depths, "units/waveform": np.zeros((3, 40))}
    mixed = {name: column[[2, 0, 1]] for name, column in table.items()} | {"units/id": np.array([9, 5, 7])}
    times = {"times": (bins + 0.5) * 0.02, "neurons": np.array([5, 7, 9])[neurons]}
    encoded = {"units/region": [one.encode() for one in regions], "units/depth": depths}
    paths = [
        workshop.npz(counts=GOOD, bin_seconds=0.02, **table).rename(tmp_path / "1.npz"),
        workshop.npz(**times, **mixed).rename(tmp_path / "2.npz"),
        workshop.hdf5({"counts": GOOD.astype(np.uint8), "counts@fps": 50, **encoded}).rename(
            tmp_path / "1.h5"
        ),
    ]
    for path in paths:
        session = read_session(path)
        assert session.table["region"].tolist() == regions.tolist(), path
        assert session.table["depth"].tolist() == depths.tolist(), path
        assert set(session.table) - {"id"} == {"region", "depth"}
    assert read_session(paths[1]).table["id"].tolist() == [5, 7, 9]
    # a dataset of that name is no table
    path = workshop.hdf5({"counts": GOOD, "counts@fps": 50, "units": np.arange(7)})
    assert not read_session(path).table


@pytest.mark.parametrize(
    ("table", "wanted"),
    [
        (
            {"units/region": np.array(["M1"])},
            "units/region has 1 entries for 3 neurons; one each is expected",
        ),
        ({"units/id": np.arange(3), "units/x": np.arange(4)}, "units/x has 4 entries for 3 neurons"),
        ({"units/id": np.array([0, 1, 1, 2])}, "units/id names a neuron twice"),
        ({"units/id": np.array([0, 1, 3])}, "units/id has no neuron '2'; it has: 0, 1, 3"),
        (
            {"units/region": np.array([None] * 3)},
            "units/region holds pickled Python objects, .*; save plain arrays",
        ),
    ],
)
def test_tables_that_do_not_fit_are_refused(workshop, table, wanted):
    with pytest.raises(InputError, match=wanted):
        read_session(workshop.npz(counts=GOOD, bin_seconds=0.02, **table))


# sessions of Aldarondo et al.


def test_a_session_has_only_its_active_units(workshop):
    path = workshop.session()
    session = read_session(path)
    with h5py.File(path) as file:
        counts = file["ephys/spike_counts"][:]
    assert session.table["column"].tolist() == [3, 10, 17, 24, 31, 38]
    assert session.names == ("103", "110", "117", "124", "131", "138")
    assert isinstance(session.spikes, SpikeCounts) and session.spikes.counts.dtype == np.uint8
    assert np.array_equal(session.spikes.counts, counts[:, 3::7])
    assert session.fitting_bin(fps=50.0) == pytest.approx(0.02)


def test_frames_tracked_wrongly_are_not_covered(workshop):
    session = read_session(workshop.session())
    wrong = (LABELS == 2) | (LABELS == 3)
    assert np.array_equal(~session.on_bins(3000, 0.02, Clock()).covered, wrong)
    assert any("15 of 60 s were tracked wrongly" in note for note in session.notes)


def test_behaviors_of_a_session_are_epochs(workshop):
    session = read_session(workshop.session())
    assert set(session.epochs) == set(BEHAVIORS)
    np.testing.assert_allclose(session.epochs["Walk"].values, [[0, 20], [45, 60]])
    walk = session.within("Walk").on_bins(3000, 0.02, Clock())
    assert np.array_equal(walk.covered, LABELS == 1)


def test_poses_of_a_session_are_read_when_asked_for(workshop):
    session = read_session(workshop.session())
    assert list(session.behavior) == ["qpos", "keypoints"]
    keypoints = session.behavior["keypoints"]
    assert keypoints.values.shape == (3000, 23, 3) and np.abs(keypoints.values).max() < 0.09
    np.testing.assert_allclose(keypoints.t, np.arange(3000) / 50)
    assert session.behavior["qpos"].values.shape == (3000, 74)
    assert session.behavior_on_bins("qpos", 600, 0.1, Clock()).shape == (600, 74)


def test_a_session_without_labels_says_so(workshop):
    def spoil(file):
        del file["behavior"]

    session = read_session(workshop.session(spoil))
    assert session.on_bins(3000, 0.02, Clock()).covered.all() and not session.epochs
    assert any("cannot be told" in note for note in session.notes)


@pytest.mark.parametrize(
    ("attributes", "columns", "names"),
    [
        ({"active_units": [0, 1, 0, 1]}, [1, 3], ("1", "3")),
        ({"active_units": np.array([False, True, False, True])}, [1, 3], ("1", "3")),
        ({"active_units": [3, 1]}, [1, 3], ("1", "3")),
        ({"active_units": [3.0, 1.0], "unique_labels": [7, 9]}, [1, 3], ("7", "9")),
        ({"active_units": [12, 14], "unique_labels": [11, 12, 13, 14]}, [1, 3], ("12", "14")),
        ({"active_units": [0, 1, 0, 1], "unique_labels": ["a", "b", "c", "d"]}, [1, 3], ("b", "d")),
        ({"active_units": [1, 0, 0, 1], "unique_labels": [5, 6, 6, 5]}, [0, 3], ("0", "3")),
    ],
)
def test_active_units_of_every_form(attributes, columns, names):
    found, named = usable_columns(attributes, 4, "file")
    assert found.tolist() == columns and named == names


@pytest.mark.parametrize(
    ("attributes", "wanted"),
    [
        ({}, "no attribute active_units"),
        ({"active_units": [False] * 4}, "none of 4 columns holds a neuron"),
        ({"active_units": [True] * 3}, "3 entries for 4 columns"),
        ({"active_units": [2, 9]}, "holds 9, but there are 4 columns"),
        ({"active_units": [0.5]}, "a mask or numbers of columns are expected"),
        ({"active_units": ["a"]}, "a mask or numbers of columns are expected"),
        ({"active_units": [1, 2], "unique_labels": [2, 0, 1, 3]}, "lead to different columns; give a mask"),
    ],
)
def test_active_units_that_tell_nothing(attributes, wanted):
    with pytest.raises(InputError, match=wanted):
        usable_columns(attributes, 4, "file")


def test_counts_are_read_in_bounded_memory(tmp_path):
    bins, width = 40_000, 2_000  # 80 MB, of which 4 % are kept
    columns = np.arange(0, width, 25)
    with h5py.File(tmp_path / "large.h5", "w") as file:
        dataset = file.create_dataset("counts", (bins, width), np.uint8, chunks=(1000, width), compression=1)
        for start in range(0, bins, 10_000):
            dataset[start : start + 10_000] = 1
        dataset[-1, 25] = 200
    with h5py.File(tmp_path / "large.h5") as file:
        dataset = file["counts"]
        assert block_rows(dataset) % 1000 == 0  # no chunk is read twice
        tracemalloc.start()
        try:
            counts = read_counts(dataset, "large", columns)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert counts.shape == (bins, 80) and counts.sum() == bins * 80 + 199
    # what is kept and a block or two, far from the 80 MB of all
    assert peak < counts.nbytes + 2.5 * 2**24


def test_counts_take_the_type_they_need():
    counts = np.ones((10, 2))
    assert read_counts(counts, "x").dtype == np.uint8
    counts[-1, 0] = 70_000
    assert read_counts(counts, "x").dtype == np.uint32 and read_counts(counts, "x")[-1, 0] == 70_000


# NWB


def test_units_of_nwb(workshop):
    pytest.importorskip("pynwb")
    session = read_session(workshop.nwb())
    assert session.kind == "NWB" and session.names == ("10", "11", "12")
    assert session.table["depth"].tolist() == [0, 100, 200]
    assert session.table["location"].tolist() == ["DLS", "M1", "M1"]
    assert isinstance(session.spikes, SpikeTimes) and session.spikes.observed is None
    for i, train in enumerate(trains(3)):
        np.testing.assert_allclose(session.spikes.times[session.spikes.neurons == i], train)


def test_time_outside_of_observation_is_not_covered(workshop):
    pytest.importorskip("pynwb")
    spans = [[[0.0, 20.0], [30.0, 60.0]], [[0.0, 20.0], [30.0, 60.0]], [[0.0, 20.0]]]
    session = read_session(workshop.nwb(observed=spans))
    binned = session.on_bins(60, 1.0, Clock(0.0))
    assert np.flatnonzero(~binned.covered).tolist() == list(range(20, 30))
    kept = binned.subset(np.array([False, True, True]))
    assert np.flatnonzero(kept.covered).tolist() == list(range(20))


def test_epochs_of_nwb(workshop):
    pytest.importorskip("pynwb")

    def add(nwb):
        nwb.add_trial_column("kind", "what was asked")
        for start, kind in ((0.0, "left"), (10.0, "right"), (20.0, "left"), (25.0, "right")):
            nwb.add_trial(start_time=start, stop_time=start + 6, kind=kind)
        nwb.add_invalid_time_interval(start_time=40.0, stop_time=45.0)

    session = read_session(workshop.nwb(add))
    np.testing.assert_allclose(session.epochs["trials"].values, [[0, 6], [10, 16], [20, 31]])
    np.testing.assert_allclose(session.epochs["trials/left"].values, [[0, 6], [20, 26]])
    assert any("1 of 4 intervals of trials overlap" in note for note in session.notes)
    binned = session.on_bins(60, 1.0, Clock(0.0))
    assert np.flatnonzero(~binned.covered[2:58]).tolist() == list(range(38, 43))
    assert any("5 s of invalid_times" in note for note in session.notes)


def test_tables_of_intervals_keep_their_columns(workshop):
    pytest.importorskip("pynwb")

    def add(nwb):
        nwb.add_epoch_column("kind", "what it did")
        for start, kind in ((0.0, "run"), (10.0, "rest"), (20.0, "run")):
            nwb.add_epoch(start_time=start, stop_time=start + 6, kind=kind, tags=[kind, "video"])
        nwb.add_trial_column("side", "of the reward")
        nwb.add_trial_column("correct", "or not")
        nwb.add_trial(start_time=1.0, stop_time=2.0, side="left", correct=True)
        nwb.add_trial(start_time=3.0, stop_time=4.0, side="right", correct=False)

    session = read_session(workshop.nwb(add))
    assert {name: set(table.columns) for name, table in session.tables.items()} == {
        "epochs": {"kind", "tags"},
        "trials": {"side", "correct"},
    }
    assert session.tables["epochs"].columns["tags"].tolist() == ["run, video", "rest, video", "run, video"]
    assert session.tables["trials"].edges.tolist() == [[1, 2], [3, 4]]
    assert session.tables["epochs"].naming == ("kind",) and session.tables["trials"].naming == ("side",)
    np.testing.assert_allclose(session.epochs["epochs/run"].values, [[0, 6], [20, 26]])


@pytest.mark.parametrize("column", ["electrodes", "electrode_group"])
def test_electrode_groups_of_units_have_names(workshop, column):
    pytest.importorskip("pynwb")

    def add(nwb):
        probe = nwb.create_device(name="probe")
        groups = [
            nwb.create_electrode_group(name=f"shank{i}", description="", location="", device=probe)
            for i in range(2)
        ]
        for i in range(4):
            nwb.add_electrode(group=groups[i // 2], location=("CA1", "CA3", "M1", "M1")[i])
        for i, rows in enumerate(([0], [0, 1], [1, 2], [3])):
            where = {"electrodes": rows} if column == "electrodes" else {"electrode_group": groups[i // 2]}
            nwb.add_unit(spike_times=[1.0 + i, 2.0], **where)

    table = read_session(workshop.nwb(add, units=0)).table
    if column == "electrode_group":
        assert table["electrode_group"].tolist() == ["shank0", "shank0", "shank1", "shank1"]
    else:
        assert table["electrode_group"].tolist() == ["shank0", "shank0", "shank0+shank1", "shank1"]
        assert table["electrode_location"].tolist() == ["CA1", "CA1+CA3", "CA3+M1", "M1"]


def test_behavior_of_nwb_is_in_metres_and_radians(workshop):
    pynwb = pytest.importorskip("pynwb")

    def add(nwb):
        module = nwb.create_processing_module("behavior", "what it did")
        places = np.stack([np.arange(600), 2 * np.arange(600)], axis=1).astype(np.int16)
        position = pynwb.behavior.Position(name="Position")
        position.create_spatial_series(
            name="track", data=places, unit="cm", conversion=0.5, rate=10.0, starting_time=1.0
        )
        module.add(position)
        heading = pynwb.behavior.CompassDirection(name="CompassDirection")
        heading.create_spatial_series(
            name="heading", data=np.full(600, 180.0), unit="degrees", timestamps=np.arange(600) / 10
        )
        module.add(heading)
        nwb.add_acquisition(
            pynwb.behavior.SpatialSeries(name="raw", data=places, unit="pixels", rate=10.0, starting_time=0.0)
        )

    session = read_session(workshop.nwb(add))
    position = session.behavior["position"]
    np.testing.assert_allclose(position.values[:2], [[0, 0], [0.005, 0.01]])
    np.testing.assert_allclose(position.t[:2], [1, 1.1])
    np.testing.assert_allclose(session.behavior["heading"].values, np.pi)
    assert set(session.behavior) == {"position", "heading"}
    assert any("raw (pixels)" in note for note in session.notes)


def test_poses_of_nwb(workshop):
    pynwb = pytest.importorskip("pynwb")
    ndx_pose = pytest.importorskip("ndx_pose")

    def add(nwb):
        camera = nwb.create_device(name="camera")
        skeleton = ndx_pose.Skeleton(name="rat", nodes=["Snout", "TailBase"])
        each = [
            ndx_pose.PoseEstimationSeries(
                name=node,
                data=np.full((50, 3), 10.0 * i),
                unit="mm",
                reference_frame="room",
                rate=50.0,
                starting_time=0.0,
                confidence=np.ones(50),
            )
            for i, node in enumerate(skeleton.nodes)
        ]
        pose = ndx_pose.PoseEstimation(
            name="pose",
            pose_estimation_series=each,
            skeleton=skeleton,
            device=camera,
            description="",
            scorer="",
            source_software="",
        )
        module = nwb.create_processing_module("behavior", "what it did")
        module.add([ndx_pose.Skeletons(skeletons=[skeleton]), pose])

    assert pynwb
    session = read_session(workshop.nwb(add))
    assert set(session.behavior) == {"pose/Snout", "pose/TailBase"}
    np.testing.assert_allclose(session.behavior["pose/TailBase"].values, 0.01)


# tetrodes


def test_tetrodes_and_their_tracker(workshop):
    session = read_session(workshop.tetrodes(), SpikeOptions(metres_per_pixel=0.002))
    assert session.names == ("1.1", "1.2", "1.3", "2.1", "2.2")
    assert session.table["tetrode"].tolist() == [1, 1, 1, 2, 2]
    position = session.behavior["position"]
    assert position.t[0] == 100 and len(position) == 3600
    centre = np.array([0.64, 0.48])
    np.testing.assert_allclose(np.linalg.norm(position.values - centre, axis=1), 0.2, atol=0.002)
    # a picture counts downwards: what turns clockwise in it does so in the world
    assert position.values[150, 1] < centre[1]


def test_without_a_scale_there_is_no_position(workshop):
    session = read_session(workshop.tetrodes())
    assert not session.behavior
    assert any("--metres-per-pixel" in note for note in session.notes)


def test_without_a_tracker_there_are_spikes(workshop):
    path = workshop.tetrodes()
    (workshop.folder / "trajectory.videoPositionTracking").unlink()
    session = read_session(path)
    assert len(session.names) == 5 and any("no file" in note for note in session.notes)


def test_dropouts_of_a_tracker_are_told(workshop):
    keep = np.r_[0:1000, 1300:3600]
    angle = 2 * np.pi * keep / 600
    x = np.round(320 + 100 * np.cos(angle))
    y = np.round(240 + 100 * np.sin(angle))
    x[50:60] = y[50:60] = 0
    path = workshop.tetrodes(time=(100 + keep / 60) * 30000, xloc=x, yloc=y)
    session = read_session(path, SpikeOptions(metres_per_pixel=0.002))
    assert any("1 times positions are missing, 5 s in all" in note for note in session.notes), session.notes
    assert any("not seen in 10 of 3300 positions" in note for note in session.notes)
    assert np.isnan(session.behavior["position"].values[50:60]).all()
    on_bins = session.behavior_on_bins("position", 60, 1.0, Clock(100.0))
    assert np.flatnonzero(np.isnan(on_bins[:, 0])).tolist() == [17, 18, 19, 20]


def test_two_lights_are_averaged(workshop):
    n = 100
    time = (100 + np.arange(n) / 60) * 30000
    two = {"xloc": np.full(n, 100), "yloc": np.full(n, 80), "xloc2": np.full(n, 120), "yloc2": np.full(n, 80)}
    two["xloc2"][:10] = two["yloc2"][:10] = 0
    position = read_session(
        workshop.tetrodes(time=time, **two), SpikeOptions(metres_per_pixel=0.01)
    ).behavior["position"]
    np.testing.assert_allclose(position.values[[0, -1]], [[1.0, 4.0], [1.1, 4.0]])


def test_intervals_are_joined_and_sorted():
    edges = np.array([[5, 6], [0, 2], [1, 3], [4, 4], [np.nan, 9], [8, 7], [6, 7]])
    assert intervals(edges).tolist() == [[0, 3], [5, 7]]
    assert intervals(np.zeros((0, 2))).shape == (0, 2)
    assert runs(np.zeros(5, bool)).shape == (0, 2)
