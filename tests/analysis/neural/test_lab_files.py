"""Spikes as labs have them: pynapple, Phy, MATLAB's cells and doubles, samples, clocks that start again."""

import h5py
import numpy as np
import pytest
import scipy.io

from analysis.neural.read import read_session
from analysis.neural.settings import SpikeOptions
from analysis.neural.spikes import SpikeCounts, SpikeTimes
from rodent.cli import main
from rodent.errors import InputError
from tests.analysis.neural.files import SECONDS, trains

RATE = 30000


def spikes_of(path, options=None):
    """The spike times of each neuron by its name."""
    found = read_session(path, options).spikes
    assert isinstance(found, SpikeTimes)
    return {name: np.sort(found.times[found.neurons == i]) for i, name in enumerate(found.names)}


@pytest.mark.parametrize("neurons", [1, 4])
def test_a_group_of_pynapple(workshop, neurons):
    nap = pytest.importorskip("pynapple")
    each = {10 * i + 3: nap.Ts(train) for i, train in enumerate(trains(neurons))}
    support = nap.IntervalSet([0, 40], [30, SECONDS])
    group = nap.TsGroup(each, time_support=support, metadata={"depth": np.arange(neurons) * 100.0})
    group.save(str(workshop.folder / "group.npz"))
    session = read_session(workshop.folder / "group.npz")
    assert session.names == tuple(str(key) for key in each)
    for key in each:
        np.testing.assert_allclose(spikes_of(session.path)[str(key)], group[key].t)
    binned = session.on_bins(600, 0.1, _clock())
    assert not binned.covered[305:395].any() and binned.covered[:295].all()
    assert binned.counts.sum() == sum(len(group[key]) for key in each)


def _clock():
    from analysis.neural.clock import Clock

    return Clock(0.0)


def test_counts_of_pynapple_keep_their_start(workshop):
    nap = pytest.importorskip("pynapple")
    support = nap.IntervalSet(10, 50)
    group = nap.TsGroup({7: nap.Ts(trains(1)[0]), 9: nap.Ts(trains(2)[1])}, time_support=support)
    counts = group.count(0.05)
    counts.save(str(workshop.folder / "counts.npz"))
    session = read_session(workshop.folder / "counts.npz")
    assert isinstance(session.spikes, SpikeCounts)
    assert session.names == ("7", "9")
    assert session.span == pytest.approx((10.0, 50.0))
    binned = session.on_bins(600, 0.1, _clock())
    assert binned.covered.sum() == 400 and binned.covered[100:500].all()
    np.testing.assert_array_equal(binned.counts[100:500].sum(0), counts.values.sum(0))
    first = group.count(0.1).values[0]
    np.testing.assert_array_equal(binned.counts[100], first)


def test_other_objects_of_pynapple_are_refused(workshop):
    nap = pytest.importorskip("pynapple")
    nap.IntervalSet(0, 1).save(str(workshop.folder / "a.npz"))
    with pytest.raises(InputError, match=r"holds no spikes|of pynapple"):
        read_session(workshop.folder / "a.npz")
    nap.Ts(trains(1)[0]).save(str(workshop.folder / "b.npz"))
    assert read_session(workshop.folder / "b.npz").names == ("0",)
    with pytest.raises(InputError, match="states its unit of time; leave out --time-unit"):
        read_session(workshop.folder / "b.npz", SpikeOptions(time_unit="ms"))


def write_phy(folder, sorted_by="spike_clusters.npy", rate: str | None = f"{RATE}."):
    """Three clusters, of which 12 is noise; also returns the times."""
    folder.mkdir()
    each = dict(zip((3, 12, 40), trains(3), strict=True))
    samples = np.concatenate([np.round(RATE * times) for times in each.values()])
    clusters = np.repeat(list(each), [len(times) for times in each.values()])
    order = np.argsort(samples)
    np.save(folder / "spike_times.npy", samples[order].astype(np.uint64)[:, None])
    np.save(folder / sorted_by, clusters[order].astype(np.int32))
    if rate is not None:
        (folder / "params.py").write_text(
            f"dat_path = 'raw.dat'\nimport os; os.abort()\nsample_rate = {rate}\n"
        )
    (folder / "cluster_group.tsv").write_text("cluster_id\tgroup\n3\tgood\n12\tnoise\n40\tmua\n")
    (folder / "cluster_info.tsv").write_text("cluster_id\tdepth\n40\t120.5\n3\t80\n")
    return each


@pytest.mark.parametrize("sorted_by", ["spike_clusters.npy", "spike_templates.npy"])
def test_a_folder_of_phy(workshop, sorted_by):
    each = write_phy(workshop.folder / "phy", sorted_by)
    found = spikes_of(workshop.folder / "phy")
    assert list(found) == ["3", "40"]
    np.testing.assert_allclose(found["40"], each[40], atol=1 / RATE)
    session = read_session(workshop.folder / "phy")
    assert session.table["group"].tolist() == ["good", "mua"]
    assert session.table["depth"].tolist() == [80, 120.5]
    assert "1 of 3 clusters are labelled noise" in session.notes[0]


def test_a_folder_of_phy_without_a_rate_asks_for_it(workshop):
    write_phy(workshop.folder / "phy", rate=None)
    with pytest.raises(InputError, match=r"has no params.py .*--sample-rate"):
        read_session(workshop.folder / "phy")
    found = spikes_of(workshop.folder / "phy", SpikeOptions(sample_rate=RATE / 2))
    assert max(found["3"]) > SECONDS
    (workshop.folder / "phy" / "params.py").write_text("sample_rate = many\n")
    with pytest.raises(InputError, match="no line such as sample_rate"):
        read_session(workshop.folder / "phy")


@pytest.mark.parametrize("turn", [np.ravel, np.atleast_2d, lambda x: np.atleast_2d(x).T])
def test_matlab_has_doubles_and_matrices_of_one_row_or_column(workshop, turn):
    each = trains(3)
    times, ids = np.concatenate(each), np.repeat([5.0, 7.0, 9.0], [len(one) for one in each])
    path = workshop.folder / "a.mat"
    scipy.io.savemat(path, {"times": turn(times), "neurons": turn(ids)})
    for place in (path, workshop.npz(times=turn(times), neurons=turn(ids))):
        found = spikes_of(place)
        assert list(found) == ["5", "7", "9"]
        np.testing.assert_allclose(found["7"], each[1])


@pytest.mark.parametrize("shape", [(1, 4), (4, 1), (2, 2)])
def test_cell_arrays_of_times(workshop, shape):
    each = trains(3)
    cells = np.empty(4, object)
    cells[:] = [*(one[:, None] for one in each), np.zeros((0, 0))]
    path = workshop.folder / "a.mat"
    scipy.io.savemat(path, {"spikes": cells.reshape(shape)})
    found = spikes_of(path)
    assert list(found) == ["1", "2", "3", "4"]
    np.testing.assert_allclose(found["3"], each[2])


@pytest.mark.parametrize(
    ("factor", "options"),
    [
        (1e3, SpikeOptions(time_unit="ms")),
        (RATE, SpikeOptions(time_unit="samples", sample_rate=RATE)),
        (RATE, SpikeOptions(sample_rate=RATE)),
    ],
)
def test_times_in_milliseconds_or_samples(workshop, factor, options):
    (times,) = trains(1)
    path = workshop.npz(times=np.round(factor * times), neurons=np.zeros(len(times), int))
    with pytest.raises(InputError, match="all whole numbers: are they milliseconds"):
        read_session(path)
    np.testing.assert_allclose(spikes_of(path, options)["0"], times, atol=1e-3)
    whole = spikes_of(path, SpikeOptions(time_unit="s"))["0"]
    np.testing.assert_allclose(whole, np.round(factor * times))


def test_options_of_time_must_fit_together():
    for wrong in ({"time_unit": "samples"}, {"time_unit": "ms", "sample_rate": 1.0}, {"sample_rate": -1.0}):
        with pytest.raises(InputError, match="--sample-rate"):
            SpikeOptions(**wrong)


def test_counts_are_turned_where_names_tell(workshop):
    counts = np.random.default_rng(0).poisson(1, (300, 4))
    for turned in (counts, counts.T):
        session = read_session(workshop.npz(counts=turned, fps=10.0, names=list("abcd")))
        np.testing.assert_array_equal(session.spikes.counts, counts)
    path = workshop.folder / "a.mat"
    scipy.io.savemat(path, {"counts": counts.T.astype(float), "bin_seconds": 0.1, "names": list("abcd")})
    np.testing.assert_array_equal(read_session(path).spikes.counts, counts)
    with pytest.raises(InputError, match="fewer bins than neurons"):
        read_session(workshop.npz(counts=counts.T, fps=10.0))


@pytest.mark.parametrize("neuron", [0, 2])
def test_a_clock_that_starts_again_inside_a_unit_is_refused(workshop, neuron):
    each = trains(3)
    each[neuron] = np.concatenate([each[neuron], each[neuron][:50]])
    content = {f"spikes/{i}": train for i, train in enumerate(each)}
    with pytest.raises(InputError, match=f"the clock of neuron '{neuron}' starts again"):
        read_session(workshop.hdf5(content))


def test_spikes_without_order_or_nearly_in_order_are_read(workshop, rng):
    (times,) = trains(1)
    shuffled = rng.permutation(times)
    nearly = times.copy()
    nearly[[100, 101]] = nearly[[101, 100]]
    for each in (shuffled, nearly):
        path = workshop.npz(times=each, neurons=np.zeros(len(times), int))
        np.testing.assert_allclose(spikes_of(path)["0"], times)


def test_a_damaged_series_stops_no_analysis(workshop, capsys):
    pytest.importorskip("pynwb")
    path = workshop.nwb(add_positions, spoil=repeat_a_time)
    session = read_session(path)
    assert len(session.names) == 3
    assert main(["spikes", str(path), "--json"]) == 0
    assert "the series head cannot be read" in capsys.readouterr().err
    with pytest.raises(InputError, match="timestamp 5"):
        session.behavior["head"]
    assert session.behavior["tail"].shape == (100, 2)


def add_positions(nwb):
    from pynwb.behavior import Position, SpatialSeries

    position = Position()
    nwb.create_processing_module("behavior", "where").add(position)
    for name in ("head", "tail"):
        values, times = np.random.default_rng(0).normal(size=(100, 2)), np.arange(100) / 10
        position.add_spatial_series(
            SpatialSeries(name=name, data=values, timestamps=times, unit="m", reference_frame="room")
        )


def repeat_a_time(file):
    file["processing/behavior/Position/head/timestamps"][5] = 0.0


def test_a_series_of_matlab_has_turned_axes(workshop):
    pytest.importorskip("pynwb")

    def turn(file):
        series = file["processing/behavior/Position/tail"]
        attributes, data = dict(series["data"].attrs), series["data"][()]
        del series["data"]
        series["data"] = data.T
        series["data"].attrs.update(attributes)

    found = read_session(workshop.nwb(add_positions, spoil=turn)).behavior["tail"]
    np.testing.assert_allclose(found.values, np.random.default_rng(0).normal(size=(100, 2)))


def test_electrode_groups_have_their_names(workshop):
    pytest.importorskip("pynwb")

    def add(nwb):
        device = nwb.create_device("probe")
        groups = [nwb.create_electrode_group(n, "g", "M1", device) for n in ("shank A", "shank B")]
        for group in groups:
            nwb.add_electrode(group=group, location=f"at {group.name}")
        for i in range(2):
            nwb.add_unit(spike_times=trains(2)[i], electrodes=[i], electrode_group=groups[1 - i])

    table = read_session(workshop.nwb(add, units=0)).table
    assert table["electrode_location"].tolist() == ["at shank A", "at shank B"]
    assert table["electrode_group"].tolist() == ["shank B", "shank A"]


def test_metres_per_pixel_is_for_trackers_only(workshop):
    pytest.importorskip("pynwb")
    with pytest.raises(InputError, match="no positions in pixels"):
        read_session(workshop.nwb(add_positions), SpikeOptions(metres_per_pixel=0.002))


def test_options_reach_every_command(workshop, capsys):
    (times,) = trains(1)
    path = workshop.npz(times=np.round(1000 * times), neurons=np.zeros(len(times), int))
    assert main(["spikes", str(path), "--json"]) == 2
    assert "--time-unit ms" in capsys.readouterr().err
    assert main(["spikes", str(path), "--json", "--time-unit", "ms"]) == 0


def test_a_mat_of_version_7_3_is_refused_by_name(workshop):
    path = workshop.hdf5({"times": [1.0]})
    with h5py.File(path, "r+") as file:
        file["times"].attrs["MATLAB_class"] = np.bytes_("double")
    with pytest.raises(InputError, match="save it again in MATLAB with -v7"):
        read_session(path)
