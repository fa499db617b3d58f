"""Files that are wrong in one way each: exit code 2, and a line that names the file and what is wrong."""

import io
import re
import zipfile

import numpy as np
import pytest
import scipy.io

from rodent.cli import main
from tests.analysis.neural.files import LABELS, trains

GOOD = np.ones((50, 2), int)


def replaced(name, values, **attributes):
    """Spoils an HDF5 file: a dataset replaced, or left out where None."""

    def spoil(file):
        del file[name]
        if values is not None:
            file[name] = values
            file[name].attrs.update(attributes)

    return spoil


def huge(file):
    del file["pose"], file["behavior"]
    del file["ephys/spike_counts"]
    dataset = file.create_dataset("ephys/spike_counts", (10**9, 40), np.uint8, chunks=(1000, 40))
    dataset.attrs["active_units"] = np.ones(40, bool)


def relabelled(values):
    return replaced("behavior/motion_mapper", values, names=["Walk", "TrackingError", "Rear", "LGroom"])


def cells(*each):
    array = np.empty(len(each), object)
    array[:] = each
    return array


def two_epochs():
    unit = cells({"time": trains(1)[0]})
    return cells(cells(cells(unit), cells(unit)))


def empty_units(nwb):
    for _ in range(2):
        nwb.add_unit(spike_times=[])


def no_times(nwb):
    nwb.add_unit_column("depth", "micrometres")
    nwb.add_unit(depth=1.0)


def one_index_too_far(file):
    file["units/spike_times_index"][-1] = 60_000


def not_finite(file):
    file["units/spike_times"][3] = np.nan


def cut(path, share=0.5):
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    return path


def mat(workshop, **variables):
    path = workshop.folder / "spikes.mat"
    scipy.io.savemat(path, variables)
    return path


def lying(workshop):
    """An npz with an array that declares far more than it has."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"shape": (4 * 10**12,), "fortran_order": False, "descr": "<f8"}
    )
    path = workshop.folder / "spikes.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("times.npy", header.getvalue() + bytes(32))
    return path


def broken_inside(workshop):
    path = workshop.npz(counts=GOOD, fps=10.0)
    whole = path.read_bytes()
    at = whole.index(b"NUMPY") + 200
    path.write_bytes(whole[:at] + bytes(100) + whole[at + 100 :])
    return path


def written(workshop, name, content):
    path = workshop.folder / name
    path.write_bytes(content)
    return path


def npz(wanted, **arrays):
    return (lambda w: w.npz(**arrays)), wanted


def h5(wanted, **content):
    return (lambda w: w.hdf5({name.replace("__", "/"): v for name, v in content.items()})), wanted


def session(wanted, spoil):
    return (lambda w: w.session(spoil, frames=3000)), wanted


def tetrodes(wanted, **changes):
    return (lambda w: w.tetrodes(**changes)), wanted


def nwb(wanted, **changes):
    return (lambda w: w.nwb(**changes)), wanted


MALFORMED = {
    # plain arrays
    "nothing of use": npz("holds no spikes: expected .*; there are: rates", rates=GOOD),
    "rate only": npz("has fps but neither counts, times nor a group spikes", fps=10.0),
    "no rate": npz("does not say of how long a bin: add bin_seconds or fps", counts=GOOD),
    "zero rate": npz("fps is .*; one positive number is expected", counts=GOOD, fps=0.0),
    "two rates": npz("fps is .*; one positive number is expected", counts=GOOD, fps=[1.0, 2.0]),
    "NaN bin": npz("bin_seconds is .*; one positive number is expected", counts=GOOD, bin_seconds=np.nan),
    "rates at odds": npz("bin_seconds 0.02 contradicts fps 10", counts=GOOD, fps=10.0, bin_seconds=0.02),
    "one dimension": npz(
        r"counts has shape \(50,\); \(bins, neurons\) is expected", counts=GOOD[:, 0], fps=10.0
    ),
    "no neurons": npz(r"counts has shape \(50, 0\)", counts=GOOD[:, :0], fps=10.0),
    "negative": npz(r"counts\[0, 0\] is -1; .* negative", counts=np.where(np.eye(50, 2), -1, GOOD), fps=10.0),
    "not whole": npz(r"counts\[0, 0\] is 0.5; counts must be whole numbers", counts=GOOD * 0.5, fps=10.0),
    "NaN": npz(
        r"counts\[0, 1\] is nan; .* finite", counts=np.where(np.eye(50, 2)[:, ::-1], np.nan, 1), fps=10.0
    ),
    "infinite": npz(r"counts\[0, 0\] is inf; .* finite", counts=np.where(np.eye(50, 2), np.inf, 1), fps=10.0),
    "text": npz("counts has type <U1; numbers are expected", counts=np.full((50, 2), "1"), fps=10.0),
    "complex": npz("counts has type complex128; numbers are expected", counts=GOOD * 1j, fps=10.0),
    "all zero": npz("there are no spikes, all counts are zero", counts=0 * GOOD, fps=10.0),
    "pickled": npz("counts holds pickled Python objects", counts=np.array([[1, None]], object), fps=10.0),
    "few names": npz("names has 1 names for 2 columns of counts", counts=GOOD, fps=10.0, names=["a"]),
    "one name twice": npz("names has 1 names for 2 columns", counts=GOOD, fps=10.0, names=["a", "a"]),
    "both": npz("holds both counts and times; keep one of them", counts=GOOD, fps=10.0, times=[1.0]),
    "no neuron ids": npz("has times but no neurons", times=[1.0]),
    "ids missing": npz("there are 2 times and 1 neurons", times=[1.0, 2.0], neurons=[0]),
    "ids not whole": npz("neurons has type float64; integer ids are expected", times=[1.0], neurons=[0.5]),
    "times NaN": npz(r"times\[1\] is nan; times must be finite", times=[1.0, np.nan], neurons=[0, 1]),
    "times 2-D": npz(
        r"times has shape \(2, 2\); \(spikes,\) is expected", times=np.eye(2), neurons=np.eye(2, dtype=int)
    ),
    "more neurons than bins": npz(
        r"counts has shape \(2, 50\): fewer bins than neurons\?.*transpose", counts=GOOD.T, fps=10.0
    ),
    "times in milliseconds": npz(
        r"times span 9e\+05, days if they are seconds.*--time-unit ms", times=[0.5, 9e5], neurons=[0, 0]
    ),
    "times in samples": npz(
        "times are all whole numbers: .*--time-unit samples --sample-rate HZ",
        times=30000 * np.arange(40),
        neurons=np.zeros(40),
    ),
    "clock starts again": npz(
        r"the clock of neuron '7' starts again: after 59.25 s \(spike 59\) comes 0.5 s",
        times=np.append(0.25 + np.arange(60.0), 0.5 + np.arange(60)),
        neurons=np.full(120, 7),
    ),
    "times as text": npz("times has type <U3; numbers are expected", times=["1.0"], neurons=[0]),
    "no times": npz("there are no spikes, times is empty", times=np.zeros(0), neurons=np.zeros(0, int)),
    "damaged inside": (broken_inside, "is truncated or damaged: .*'counts.npy'"),
    "a lying header": (lying, r"times declares shape \(4000000000.* is it damaged"),
    "train is a group": h5("spikes/3 is a group; a dataset of times", spikes__3__times=[0.1]),
    "trains and counts": h5("holds both counts and a group spikes", spikes__3=[0.1], counts=GOOD),
    "empty trains": h5("no spikes, all 1 datasets in spikes are empty", spikes__3=np.zeros(0)),
    "infinite train": h5(r"spikes/3\[1\] is inf; times must be finite", spikes__3=[0.1, np.inf]),
    "other HDF5": h5("holds no spikes: .*; there are: units", units__id=[1]),
    "cut HDF5": (lambda w: cut(w.hdf5({"counts": GOOD})), "truncated or damaged"),
    # other files
    "text file": (lambda w: written(w, "a.csv", b"1,0,2\n"), "neither an npz nor an HDF5, NWB or MAT file"),
    "empty file": (lambda w: written(w, "a.nwb", b""), "a.nwb is empty"),
    "bare array": (
        lambda w: written(w, "a.npy", b"\x93NUMPY\x01\x00" + bytes(20)),
        "bare npy array: save it with numpy.savez",
    ),
    "cut npz": (lambda w: cut(w.npz(counts=GOOD, fps=10.0)), "truncated or damaged"),
    "missing": (lambda w: w.folder / "none.npz", "no such file"),
    "folder": (lambda w: w.folder, "is a folder"),
    # sessions of Aldarondo et al.
    "no counts": session(
        "has no dataset ephys/spike_counts; it has: behavior", replaced("ephys/spike_counts", None)
    ),
    "counts of one column": session(
        r"ephys/spike_counts has shape \(3000,\)", replaced("ephys/spike_counts", np.ones(3000))
    ),
    "unmasked": session(
        "no attribute active_units", replaced("ephys/spike_counts", np.ones((3000, 4), np.uint8))
    ),
    "none active": session(
        "none of 4 columns holds a neuron",
        replaced("ephys/spike_counts", np.ones((3000, 4), np.uint8), active_units=np.zeros(4, bool)),
    ),
    "silent units": session(
        "no spikes, the counts of all 2 active units are zero",
        replaced("ephys/spike_counts", np.zeros((3000, 4), np.uint8), active_units=[1, 0, 1, 0]),
    ),
    "negative bytes": session(
        r"spike_counts\[7, 1\] is -1; counts cannot be negative",
        replaced(
            "ephys/spike_counts", np.where(np.arange(3000)[:, None] == 7, -1, 1) * [1, 1], active_units=[0, 1]
        ),
    ),
    "rates, no counts": session(
        "counts must be whole numbers",
        replaced("ephys/spike_counts", np.full((3000, 2), 0.3), active_units=[0, 1]),
    ),
    "huge": session(r"shape \(1000000000, 40\), more than a session can have", huge),
    "labels off by one": session(
        "is 0 in frame 0, but behaviors are counted from 1: the labels are off by one; add 1",
        relabelled(LABELS - 1),
    ),
    "labels too few": session(r"motion_mapper has shape \(2999,\)", relabelled(LABELS[:-1])),
    "labels as text": session("motion_mapper is not an array of numbers", relabelled(["Walk"] * 3000)),
    "labels without names": session(
        "labels up to 4 and no attribute with a name for each", replaced("behavior/motion_mapper", LABELS)
    ),
    "label NaN": session("whole numbers are expected", relabelled(np.where(LABELS == 1, np.nan, LABELS))),
    "other frames": session(
        r"pose/qpos has shape \(100, 74\), ephys/spike_counts 3000 bins",
        replaced("pose/qpos", np.zeros((100, 74))),
    ),
    "cut session": (lambda w: cut(w.session()), "truncated or damaged"),
    # MAT files of tetrodes
    "no spikes in MAT": (lambda w: mat(w, units=[1]), "has no variable 'spikes'; it has: units"),
    "spikes a matrix": (lambda w: mat(w, spikes=[[1.0]]), "a cell array, tetrodes × units, is expected"),
    "cells without time": tetrodes("has no field time; it has: t", cells=cells({"t": [1.0]})),
    "cells of numbers": tetrodes("a struct with the field time is expected", cells=cells("text")),
    "empty cells": tetrodes("no cell of spikes holds a struct", cells=cells(np.zeros(0), np.zeros(0))),
    "units of no spike": tetrodes("units are empty", cells=cells({"time": np.zeros(0)})),
    "MAT times NaN": tetrodes(r"time\[1\] is nan", cells=cells({"time": [1.0, np.nan]})),
    "two epochs": tetrodes(r"holds several epochs, spikes\{1\}\{1\}, spikes\{1\}\{2\}", cells=two_epochs()),
    "range upside down": tetrodes(
        "timerange is .*; a beginning and a later end",
        cells=cells({"time": [1.0], "timerange": [9.0, 2.0]}),
    ),
    "cut MAT": (lambda w: cut(w.tetrodes()), "is damaged|truncated"),
    "MAT 7.3": (
        lambda w: w.hdf5({"spikes": [1.0], "spikes@MATLAB_class": np.bytes_("cell")}),
        "MAT file of version 7.3; save it again in MATLAB with -v7",
    ),
    "other clock": tetrodes("they are not of one clock", time=30000 * (5000 + np.arange(3600) / 60)),
    "clock backwards": tetrodes(
        "the clock runs backwards at record", time=30000 * (200 - np.arange(3600) / 60)
    ),
    "never seen": tetrodes("the animal was seen in none", xloc=0, yloc=0),
    "cut track": tetrodes("ends within a record of 12 bytes", cut=5),
    "no clockrate": tetrodes("its clockrate is many; ticks per second", header={"clockrate": "many"}),
    "other fields": tetrodes("time, xloc and yloc are expected", header={"Fields": "<x uint16><y uint16>"}),
    # NWB
    "no units": nwb("has no units: an NWB file of sorted spikes", units=0),
    "no spike times": nwb("units have no spike_times; they have: depth", units=0, add=no_times),
    "empty units": nwb("no spikes, the spike_times of all 2 units are empty", units=0, add=empty_units),
    "index too far": nwb("its index does not fit 3 units", spoil=one_index_too_far),
    "NWB times NaN": nwb(r"units/spike_times\[3\] is nan", spoil=not_finite),
    "NWB without start": nwb("is no valid NWB file: ", spoil=replaced("session_start_time", None)),
    "NWB without index": nwb("is no valid NWB file: ", spoil=replaced("units/spike_times_index", None)),
    "cut NWB": (lambda w: cut(w.nwb()), "truncated or damaged"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_files_exit_with_2_and_a_line_that_says_why(case, workshop, capsys):
    if "NWB" in case or case in ("no units", "no spike times", "empty units", "index too far"):
        pytest.importorskip("pynwb")
    make, wanted = MALFORMED[case]
    path = make(workshop)
    assert main(["spikes", str(path), "--json"]) == 2
    out, err = capsys.readouterr()
    assert not out
    last = err.strip().splitlines()[-1]
    assert last.startswith("rodent: ") and str(workshop.folder) in last, err
    assert re.search(wanted, last), last


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (["--offset", "nan"], "an offset of nan s"),
        (["--offset", "900"], "do not overlap; check the offset"),
        (["--bin-seconds", "0.15"], "no whole number|not a whole number|no multiple"),
        (["--rate", "3"], "a rate of 3 makes no sense"),
    ],
)
def test_clocks_that_do_not_fit_exit_with_2(options, wanted, workshop, write_recording, capsys):
    path = workshop.npz(counts=GOOD, fps=10.0)
    recording = write_recording({"a": {"x": np.zeros((50, 2))}})
    assert main(["encode", str(recording), str(path), "--layer", "x", "--json", *options]) == 2
    assert re.search(wanted, capsys.readouterr().err)


def test_paths_that_cannot_be_written_exit_with_2(workshop, tmp_path, capsys):
    out = tmp_path / "path.csv"
    for make, options, wanted in (
        (lambda: workshop.npz(counts=GOOD, fps=10.0), [], "has no position to write"),
        (workshop.tetrodes, [], "has no position to write: .*--metres-per-pixel"),
        (workshop.tetrodes, ["--metres-per-pixel", "0"], "0 metres per pixel make no sense"),
        (
            workshop.tetrodes,
            ["--metres-per-pixel", "0.002", "--between", "0", "50"],
            "seen 0 times between 0 and 50 s; positions are from 100 to",
        ),
        (
            lambda: workshop.npz(counts=GOOD, fps=10.0),
            ["--metres-per-pixel", "0.002"],
            "no positions in pixels; leave out --metres-per-pixel",
        ),
    ):
        path = make()
        assert main(["spikes", str(path), "--path-out", str(out), *options]) == 2
        assert re.search(wanted, capsys.readouterr().err.strip().splitlines()[-1])
        assert not out.exists()
    assert main(["spikes", str(workshop.tetrodes()), "--between", "0", "1"]) == 2
    assert not list(tmp_path.glob(".*part*"))
