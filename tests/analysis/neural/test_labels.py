"""Behavior labels from files of BORIS, keypoint-moseq and MotionMapper, as epochs."""

from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io

from analysis.neural.epochs import kinds_of_epochs
from analysis.neural.labels import read_labels, with_labels
from analysis.neural.read import read_session
from analysis.neural.settings import LabelOptions
from rodent.cli import main
from rodent.errors import InputError
from tests.analysis.neural.files import trains

EVENTS = [("rear", 1.5, 3.0), ("groom", 3.0, 10.25), ("rear", 20.0, 21.0)]
FRAMES = np.repeat([0, 4, 0, 2, 4], [10, 20, 5, 15, 50])


@pytest.fixture
def session(workshop):
    each = trains(2)
    ids = np.repeat([0, 1], [len(one) for one in each])
    return read_session(workshop.npz(times=np.concatenate(each), neurons=ids))


def aggregated(separator):
    head = ["Observation id", "Subject", "Behavior", "Behavior type", "Start (s)", "Stop (s)", "Duration (s)"]
    rows = [["one", "rat", name, "STATE", start, stop, stop - start] for name, start, stop in EVENTS]
    rows.append(["one", "rat", "sneeze", "POINT", 4.0, 4.0, "NA"])
    return "\n".join(separator.join(map(str, row)) for row in [head, *rows])


def tabular(separator):
    head = ["Time", "Media file path", "FPS", "Subject", "Behavior", "Comment", "Status"]
    rows = [
        [t, "a.mp4", 30, "rat", n, "", what] for n, a, b in EVENTS for t, what in ((a, "START"), (b, "STOP"))
    ]
    rows.append([4.0, "a.mp4", 30, "rat", "sneeze", "", "POINT"])
    rows.sort(key=lambda row: (row[0], row[6] == "START"))
    lines = [["Observation id", "one"], ["Media file(s)"], [""], head, *rows]
    return "\n".join(separator.join(map(str, row)) for row in lines)


@pytest.mark.parametrize("separator", [",", "\t"])
@pytest.mark.parametrize("form", [aggregated, tabular])
def test_events_of_boris(tmp_path, session, form, separator):
    path = tmp_path / "boris.csv"
    path.write_text(form(separator))
    found = with_labels(session, LabelOptions(path, offset=10.0))
    rear = found.epochs["labels/rear"].values
    np.testing.assert_allclose(rear, [[11.5, 13.0], [30.0, 31.0]])
    assert "labels/sneeze" not in found.epochs
    assert any("1 events without duration are left out" in note for note in found.notes)
    kinds, _ = kinds_of_epochs(found)
    assert sorted(kinds) == ["groom", "rear"]


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ("5,a,30,rat,rear,,START\n6,a,30,rat,rear,,START", "begins at 6 s and has not ended before"),
        ("5,a,30,rat,rear,,STOP", "ends at 5 s and has not begun before"),
        ("5,a,30,rat,rear,,START", r"begin and do not end: rear \(5 s\)"),
        ("soon,a,30,rat,rear,,START", "Time is 'soon'; a number of seconds"),
    ],
)
def test_events_that_do_not_pair_are_refused(tmp_path, row, wanted):
    path = tmp_path / "boris.csv"
    path.write_text("Time,Media file path,FPS,Subject,Behavior,Comment,Status\n" + row)
    with pytest.raises(InputError, match=wanted):
        read_labels(LabelOptions(path))


def moseq_csv(folder: Path) -> Path:
    rows = [f"{n},{i}.5,0" for i, n in enumerate(FRAMES)]
    (folder / "a.csv").write_text("\n".join(["syllable,centroid x,centroid y", *rows]))
    return folder / "a.csv"


def moseq_h5(folder: Path) -> Path:
    with h5py.File(folder / "results.h5", "w") as file:
        file["monday/syllable"] = FRAMES
        file["monday/centroid"] = np.zeros((100, 2))
    return folder / "results.h5"


def motion_mapper(folder: Path) -> Path:
    scipy.io.savemat(folder / "regions.mat", {"watershedRegions": FRAMES.astype(float)[None]})
    return folder / "regions.mat"


@pytest.mark.parametrize(
    ("make", "word", "none"),
    [(moseq_csv, "syllable", ()), (moseq_h5, "syllable", ()), (motion_mapper, "region", (0,))],
)
@pytest.mark.parametrize("fps", [10.0, 25.0])
def test_labels_of_one_number_per_frame(tmp_path, make, word, none, fps):
    path = make(tmp_path)
    labels = read_labels(LabelOptions(path, fps=fps))
    assert set(labels.names) == {f"{word} {n}" for n in {0, 2, 4} - set(none)}
    four = labels.edges[[name == f"{word} 4" for name in labels.names]]
    np.testing.assert_allclose(four * fps, [[10, 30], [50, 100]])
    with pytest.raises(InputError, match=r"no frame rate; give it: --labels.fps"):
        read_labels(LabelOptions(path))


@pytest.mark.parametrize("kind", ["moseq", "mapper"])
def test_the_recording_is_chosen_among_several(tmp_path, kind):
    if kind == "moseq":
        path = tmp_path / "results.h5"
        with h5py.File(path, "w") as file:
            file["monday/syllable"], file["tuesday/syllable"] = FRAMES[:40], FRAMES[40:]
    else:
        path = tmp_path / "regions.mat"
        names = np.array(["monday", "tuesday"], object)
        scipy.io.savemat(path, {"wr": FRAMES[:, None], "zValLens": [40, 60], "zValNames": names})
    with pytest.raises(InputError, match=r"2 recordings: monday, tuesday; choose one: --labels.recording"):
        read_labels(LabelOptions(path, fps=10.0))
    labels = read_labels(LabelOptions(path, fps=10.0, recording="tuesday"))
    assert labels.edges.max() == 6.0
    with pytest.raises(InputError, match="unknown recording 'sunday'"):
        read_labels(LabelOptions(path, fps=10.0, recording="sunday"))


def test_labels_of_another_time_are_refused(tmp_path, session):
    path = tmp_path / "boris.csv"
    path.write_text(aggregated(","))
    with pytest.raises(InputError, match=r"do not overlap; check --labels.offset"):
        with_labels(session, LabelOptions(path, offset=1000.0))
    with pytest.raises(InputError, match=r"need --labels.file"):
        with_labels(session, LabelOptions(fps=10.0))
    assert with_labels(session, LabelOptions()) is session


def test_the_command_lists_the_labels(tmp_path, workshop, session, capsys):
    line = ["spikes", str(session.path), "--labels.file", str(motion_mapper(tmp_path)), "--labels.fps", "10"]
    assert main([*line, "--json"]) == 0
    assert '"labels/region 4"' in capsys.readouterr().out
    (tmp_path / "a.txt").write_text("nothing of use")
    assert main(["spikes", str(session.path), "--labels.file", str(tmp_path / "a.txt"), "--json"]) == 2
    assert "no file of behavior labels; formats are: events of BORIS" in capsys.readouterr().err
