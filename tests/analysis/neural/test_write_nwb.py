import hashlib
import shutil

import h5py
import numpy as np
import pytest
from pynwb import NWBHDF5IO, TimeSeries

from analysis.neural.read import read_session
from analysis.neural.write_nwb import write_units_columns
from rodent.errors import InputError

TOLD = {"score": "bits per spike", "best": "layer with the highest score", "found": "whether q <= 0.05"}


def contents(path):
    """Digest of every dataset, and every attribute, of an HDF5 file, by its place."""
    found = {}

    def visit(name, item):
        for key, value in item.attrs.items():
            found[f"{name}@{key}"] = (
                np.asarray(value).tolist() if np.asarray(value).dtype != object else str(value)
            )
        if isinstance(item, h5py.Dataset):
            raw = np.asarray(item[()])
            data = repr(raw.tolist()).encode() if raw.dtype == object else raw.tobytes()
            found[name] = (raw.dtype.str, raw.shape, hashlib.sha256(data).hexdigest())

    with h5py.File(path, "r") as file:
        visit("/", file)
        file.visititems(visit)
    return found


def add_trials(nwb):
    nwb.add_trial_column("kind", "which")
    for start in range(0, 50, 10):
        nwb.add_trial(start_time=float(start), stop_time=start + 5.0, kind="left" if start % 20 else "right")
    nwb.add_acquisition(TimeSeries(name="raw", data=np.arange(1000.0), unit="V", rate=100.0))
    region = nwb.create_electrode_group(
        name="probe", description="a", location="M1", device=nwb.create_device(name="device")
    )
    for _ in range(3):
        nwb.add_electrode(location="M1", group=region)


def read_units(path):
    with NWBHDF5IO(path, "r") as io:
        table = io.read().units.to_dataframe()
        return table.map(
            lambda cell: cell[:] if hasattr(cell, "shape") and getattr(cell, "ndim", 0) else cell
        )


@pytest.fixture
def monday(workshop):
    return workshop.nwb(add_trials)


def test_columns_are_read_back_and_all_else_is_as_it_was(monday, tmp_path):
    before, digest = contents(monday), hashlib.sha256(monday.read_bytes()).hexdigest()
    target = tmp_path / "scored.nwb"
    columns = {"score": [0.25, -0.5], "best": ["decoder/layer_0", "latent/mean"], "found": [True, False]}
    write_units_columns(monday, target, ["12", "10"], columns, TOLD)
    # the original is untouched
    assert hashlib.sha256(monday.read_bytes()).hexdigest() == digest
    after = contents(target)
    changed = {name for name in before if after.get(name) != before[name]}
    assert changed == {"units@colnames"}
    assert {name.partition("@")[0] for name in after.keys() - before.keys()} == {
        f"units/{name}" for name in columns
    }
    # pynwb sees a table with three columns more; units without a score have NaN
    old, new = read_units(monday), read_units(target)
    assert list(new) == [*old, *columns] and list(new.index) == [10, 11, 12]
    np.testing.assert_array_equal(new["score"], [-0.5, np.nan, 0.25])
    np.testing.assert_array_equal(new["found"].astype(float), [0, np.nan, 1])
    assert new["best"].tolist() == ["latent/mean", "", "decoder/layer_0"]
    for name in old:
        assert all(np.array_equal(a, b) for a, b in zip(old[name], new[name], strict=True))
    with NWBHDF5IO(target, "r") as io:
        assert {name: io.read().units[name].description for name in columns} == TOLD
    # and so does this program
    session, scored = read_session(monday), read_session(target)
    np.testing.assert_array_equal(scored.spikes.times, session.spikes.times)
    np.testing.assert_array_equal(scored.table["score"], [-0.5, np.nan, 0.25])


def test_a_value_for_every_unit_keeps_its_type(monday, tmp_path):
    target = tmp_path / "scored.nwb"
    columns = {"score": np.array([3, 1, 2]), "found": np.array([True, False, True])}
    write_units_columns(monday, target, ["10", "11", "12"], columns, TOLD)
    units = read_units(target)
    assert units["score"].dtype.kind == "i" and units["score"].tolist() == [3, 1, 2]
    assert units["found"].dtype == bool and units["found"].tolist() == [True, False, True]


def test_a_column_that_is_there_is_refused_or_replaced(monday, tmp_path):
    target, again = tmp_path / "scored.nwb", tmp_path / "again.nwb"
    write_units_columns(monday, target, ["10"], {"score": [1.0]}, TOLD)
    with pytest.raises(InputError, match="have a column 'score' already"):
        write_units_columns(target, again, ["11"], {"score": [2.0]}, TOLD)
    assert not again.exists()
    write_units_columns(target, again, ["11"], {"score": [2.0]}, TOLD, replace=True)
    units = read_units(again)
    np.testing.assert_array_equal(units["score"], [np.nan, 2.0, np.nan])
    assert list(units).count("score") == 1
    # what belongs to the table itself is no result to be replaced
    for name in ("spike_times", "id"):
        with pytest.raises(InputError, match=f"{name}' of units is not one plain value"):
            write_units_columns(monday, again, ["11"], {name: [2.0]}, {name: "mine"}, replace=True)


def test_the_original_is_never_the_target(monday, tmp_path):
    (tmp_path / "link.nwb").symlink_to(monday)
    for target in (monday, tmp_path / "link.nwb"):
        with pytest.raises(InputError, match="never changed"):
            write_units_columns(monday, target, ["10"], {"score": [1.0]}, TOLD)


@pytest.mark.parametrize(
    ("names", "columns", "message"),
    [
        (["13"], {"score": [1.0]}, "unknown unit '13' in .*There are: 10, 11, 12"),
        (["10"], {"a/b": [1.0]}, "'a/b' cannot name a column"),
        (["10"], {"score_index": [1.0]}, "'score_index' cannot name a column"),
    ],
)
def test_wrong_input_is_refused(monday, tmp_path, names, columns, message):
    before = set(tmp_path.iterdir())
    with pytest.raises(InputError, match=message):
        write_units_columns(monday, tmp_path / "scored.nwb", names, columns, dict.fromkeys(columns, "it"))
    assert set(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("names", "columns", "told"),
    [
        (["10", "11"], {"score": [1.0]}, TOLD),
        (["10"], {"score": [1.0]}, {}),
        (["10", "10"], {"score": [1.0, 2.0]}, TOLD),
        (["10"], {"score": [None]}, TOLD),
    ],
)
def test_wrong_calls_are_refused(monday, tmp_path, names, columns, told):
    with pytest.raises(ValueError):
        write_units_columns(monday, tmp_path / "scored.nwb", names, columns, told)


def test_a_damaged_copy_is_not_left_behind(monday, tmp_path, monkeypatch):
    def cut(source, target):
        target.write_bytes(source.read_bytes()[:5000])

    monkeypatch.setattr(shutil, "copyfile", cut)
    before = set(tmp_path.iterdir())
    with pytest.raises(InputError, match="damaged"):
        write_units_columns(monday, tmp_path / "scored.nwb", ["10"], {"score": [1.0]}, TOLD)
    assert set(tmp_path.iterdir()) == before


def test_a_file_is_not_parted_from_those_it_links_to(workshop, tmp_path):
    with h5py.File(tmp_path / "raw.h5", "w") as file:
        file["volts"] = np.zeros(1000)
        file["volts"].attrs.update({"conversion": 1.0, "offset": 0.0, "resolution": -1.0, "unit": "V"})

    def link(file):
        del file["acquisition/raw/data"]
        file["acquisition/raw/data"] = h5py.ExternalLink("raw.h5", "/volts")

    path = workshop.nwb(add_trials, spoil=link)
    write_units_columns(path, tmp_path / "scored.nwb", ["10"], {"score": [1.0]}, TOLD)
    (tmp_path / "out").mkdir()
    with pytest.raises(InputError, match=r"links to raw\.h5 beside it"):
        write_units_columns(path, tmp_path / "out" / "scored.nwb", ["10"], {"score": [1.0]}, TOLD)


def test_what_is_no_nwb_file_is_refused(workshop, tmp_path):
    with pytest.raises(InputError, match="name end in"):
        write_units_columns(workshop.nwb(), tmp_path / "scored.h5", ["10"], {"score": [1.0]}, TOLD)
    with pytest.raises(InputError):
        write_units_columns(workshop.session(), tmp_path / "scored.nwb", ["10"], {"score": [1.0]}, TOLD)
