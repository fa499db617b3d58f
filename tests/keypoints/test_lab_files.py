"""Files as labs have them: other separators, orders, orientations, animals and gaps than the clean case."""

import csv

import h5py
import numpy as np
import pytest
import scipy.io

from rodent.errors import InputError
from rodent.keypoints import KeypointOptions, clean, read_keypoints
from tests.keypoints.files import FPS, NAMES, walk

GIVEN = KeypointOptions(units="mm", fps=FPS)
UNNAMED = KeypointOptions(units="mm", fps=FPS, unnamed=NAMES)


def metres(workshop):
    return workshop.points / 1000


def numbered(rows):
    """Rows of a DeepLabCut table with text numbers of three decimals."""
    return [[f"{c:.3f}" if isinstance(c, float) else str(c) for c in row] for row in rows]


@pytest.fixture
def table(workshop):
    """The rows of a table of DeepLabCut."""
    rows = []
    workshop.deeplabcut(lambda found: rows.extend(numbered(found)))
    return rows


def write(workshop, rows, separator=",", end="\n"):
    return workshop.raw((end.join(separator.join(row) for row in rows) + end).encode(), "lab.csv")


@pytest.mark.parametrize("separator", [";", "\t"])
@pytest.mark.parametrize("comma", [True, False])
def test_tables_of_spreadsheets(workshop, table, separator, comma):
    rows = (
        [[cell.replace(".", ",") for cell in row] for row in table] if comma and separator == ";" else table
    )
    found = read_keypoints(write(workshop, rows, separator, "\r\n"), GIVEN)
    np.testing.assert_allclose(found.points, metres(workshop), atol=1e-6)


@pytest.mark.parametrize("word", ["NA", "NaN", "nan", "#N/A", "null", " "])
def test_words_for_no_number(workshop, table, word):
    table[5][4] = word
    found = read_keypoints(write(workshop, table), GIVEN)
    assert found.missing[2, 1]
    assert found.missing.sum() == 1


def test_rows_of_empty_cells_at_the_end_are_no_frames(workshop, table):
    found = read_keypoints(write(workshop, [*table, *[[""] * len(table[0])] * 3]), GIVEN)
    assert found.n_frames == 60
    with pytest.raises(InputError, match="frame 4: it has no frame number"):
        read_keypoints(write(workshop, [*table[:7], [""] * len(table[0]), *table[7:]]), GIVEN)


def test_tables_of_jarvis(workshop):
    points = workshop.points.copy()
    points[3, 2] = np.nan
    header = [[name for name in NAMES for _ in range(4)], ["x", "y", "z", "confidence"] * len(NAMES)]
    cells = np.concatenate([points, workshop.confidence[..., None]], axis=2).reshape(len(points), -1)
    path = workshop.csv([*header, *cells.tolist()])
    found = read_keypoints(path, GIVEN)
    assert found.names == NAMES
    np.testing.assert_allclose(found.points, points / 1000)
    np.testing.assert_allclose(found.confidence, workshop.confidence)
    with pytest.raises(InputError, match="has x of keypoint 'Snout' twice, in columns 0 and 4"):
        read_keypoints(workshop.csv([["Snout"] * 8, ["x", "y", "z", "confidence"] * 2, *cells[:, :8]]), GIVEN)


def test_the_animal_is_chosen_by_name_in_a_table(workshop):
    two = np.concatenate([workshop.points, workshop.points + np.array([300, 0, 0])], axis=1)
    names = [name for name in NAMES for _ in "xyz"]
    rows = [
        ["scorer", *["DLC"] * 42],
        ["individuals", *["ann"] * 21, *["bob"] * 21],
        ["bodyparts", *names, *names],
        ["coords", *"xyz" * 14],
        *([frame, *points.ravel()] for frame, points in enumerate(two)),
    ]
    path = workshop.csv(rows)
    bob = read_keypoints(path, KeypointOptions(units="mm", fps=FPS, animal="bob"))
    np.testing.assert_allclose(bob.points, metres(workshop) + np.array([0.3, 0, 0]))
    with pytest.raises(InputError, match="2 animals: ann, bob; choose one, such as --animal ann"):
        read_keypoints(path, GIVEN)
    with pytest.raises(InputError, match=r"unknown animal 'rob' .*did you mean 'bob'"):
        read_keypoints(path, KeypointOptions(units="mm", fps=FPS, animal="rob"))


@pytest.mark.parametrize("animals", [2, 3])
def test_the_animal_is_chosen_by_number_in_arrays(workshop, animals):
    shift = 300.0 * np.arange(animals)
    many = workshop.points[:, None] + shift[:, None, None]
    confidence = workshop.confidence[:, None] * np.linspace(1, 0.5, animals)[:, None]
    options = KeypointOptions(units="mm", fps=FPS, names=NAMES, animal=str(animals))
    for path in (
        workshop.mat(pred=many.swapaxes(2, 3), p_max=confidence),
        workshop.npz(points=many, confidence=confidence),
        workshop.hdf5(tracks=many),
    ):
        found = read_keypoints(path, options)
        np.testing.assert_allclose(found.points, metres(workshop) + shift[-1] / 1000)
        if found.confidence is not None:
            np.testing.assert_allclose(found.confidence, workshop.confidence / 2)
    named = workshop.hdf5(tracks=many, track_names=np.array([f"rat{i}" for i in range(animals)], "S"))
    first = read_keypoints(named, KeypointOptions(units="mm", fps=FPS, names=NAMES, animal="rat0"))
    np.testing.assert_allclose(first.points, metres(workshop))


def test_the_animal_is_a_pose_of_nwb(workshop):
    def second(file):
        file.copy("processing/behavior/PoseEstimation", "processing/behavior/bob")
        for name in NAMES:
            file[f"processing/behavior/bob/{name}/data"][...] += 3e5

    path = workshop.nwb(second)
    with pytest.raises(InputError, match="choose one: --animal PoseEstimation"):
        read_keypoints(path)
    bob = read_keypoints(path, KeypointOptions(animal="bob"))
    np.testing.assert_allclose(bob.points, metres(workshop) + 0.3)


def test_an_animal_that_is_alone_needs_no_option_and_has_no_other_name(workshop):
    path = workshop.mat(pred=workshop.points.transpose(0, 2, 1)[:, None])
    assert read_keypoints(path, UNNAMED).n_frames == 60
    with pytest.raises(InputError, match="unknown animal '2'"):
        read_keypoints(path, KeypointOptions(units="mm", fps=FPS, unnamed=NAMES, animal="2"))


@pytest.mark.parametrize("turned", [True, False])
def test_nwb_of_matlab_has_turned_axes(workshop, turned):
    def turn(file):
        for name in NAMES:
            series = file[f"processing/behavior/PoseEstimation/{name}"]
            attributes, data = dict(series["data"].attrs), series["data"][()]
            del series["data"]
            series["data"] = data.T if turned else data
            series["data"].attrs.update(attributes)
            confidence = series["confidence"][()]
            del series["confidence"]
            series["confidence"] = confidence[None]

    found = read_keypoints(workshop.nwb(turn))
    np.testing.assert_allclose(found.points, metres(workshop))
    np.testing.assert_allclose(found.confidence, workshop.confidence)


@pytest.mark.parametrize("turned", [True, False])
@pytest.mark.parametrize("version", [5, 7.3])
def test_structs_of_matlab_have_a_field_per_keypoint(workshop, turned, version):
    points = workshop.points
    fields = {n: points[:, i].T if turned else points[:, i] for i, n in enumerate(NAMES)}
    extra = {"sampleID": np.arange(60.0)[None], "com": np.ones((1, 3))}
    if version == 5:
        path = workshop.mat(pred=1)
        scipy.io.savemat(path, {"predictions": fields | extra, "cameras": {"one": np.eye(3)}})
    else:
        path = workshop.mat73(pred=1)
        with h5py.File(path, "r+") as file:
            del file["pred"]
            for name, values in (fields | extra).items():
                file[f"predictions/{name}"] = values.T
                file[f"predictions/{name}"].attrs["MATLAB_class"] = np.bytes_("double")
    found = read_keypoints(path, GIVEN)
    assert sorted(found.names) == sorted(NAMES)  # HDF5 has them by the alphabet
    np.testing.assert_allclose(found.subset(NAMES).points, metres(workshop))


def test_structs_that_do_not_fit_are_refused(workshop):
    path = workshop.mat(pred=1)
    fields = {n: workshop.points[: 60 - i, i] for i, n in enumerate(NAMES[:3])}
    scipy.io.savemat(path, {"mocap": fields})
    with pytest.raises(InputError, match=r"mocap.Snout has 60 frames and mocap.EarL has 59"):
        read_keypoints(path, GIVEN)


@pytest.mark.parametrize(("first", "step"), [(0, 1), (1, 10), (17, 33.333)])
def test_frames_are_put_in_the_order_of_their_numbers(workshop, first, step, rng):
    order = np.r_[30:60, 0:30]
    numbers = np.round(first + step * order)
    mat = workshop.mat(pred=workshop.points.transpose(0, 2, 1)[order], sampleID=numbers)
    npz = workshop.npz(
        points=workshop.points[order], frame_numbers=numbers, confidence=workshop.confidence[order]
    )
    for path, options in ((mat, UNNAMED), (npz, None)):
        found = read_keypoints(path, options)
        np.testing.assert_allclose(found.points, metres(workshop))
        assert "1 times it went back" in " ".join(found.notes)
    np.testing.assert_allclose(found.confidence, workshop.confidence)


def test_frames_that_the_numbers_leave_out_are_missing(workshop):
    keep = np.r_[0:20, 30:60]
    for path in (
        workshop.mat(pred=workshop.points.transpose(0, 2, 1)[keep], sampleID=(1 + 10.0 * keep)[:, None]),
        workshop.anipose(lambda rows: rows.__delitem__(slice(21, 31))),
        workshop.deeplabcut(lambda rows: rows.__delitem__(slice(23, 33))),
    ):
        found = read_keypoints(path, UNNAMED)
        assert found.n_frames == 60
        assert found.missing[20:30].all() and not found.missing[keep].any()
        np.testing.assert_allclose(found.points[keep], metres(workshop)[keep])
        assert "10 frames have no row" in " ".join(found.notes)


def test_numbers_in_milliseconds_suggest_a_frame_rate(workshop):
    path = workshop.mat(pred=workshop.points.transpose(0, 2, 1), sampleID=1 + 10.0 * np.arange(60))
    with pytest.raises(InputError, match=r"steps of 10: if these are milliseconds, --fps 100\)"):
        read_keypoints(path, KeypointOptions(units="mm", unnamed=NAMES))


def test_a_point_at_the_origin_is_missing(workshop):
    found = read_keypoints(workshop.at([3, 4, 9], 2, 0.0))
    assert np.flatnonzero(found.missing[:, 2]).tolist() == [3, 4, 9]
    assert "3 points at exactly (0, 0, 0) are missing" in found.notes[0]
    one = workshop.points.copy()
    one[5, 1, 0] = 0.0  # a position may have a coordinate of 0
    assert not read_keypoints(workshop.npz(points=one)).missing.any()
    with pytest.raises(InputError, match=r"'EarR' is at \(0, 0, 0\) in all 60 frames.*--ignore EarR"):
        read_keypoints(workshop.at(slice(None), 2, 0.0))


def test_a_misfit_in_number_names_both_numbers_and_the_options(workshop):
    path = workshop.mat()
    with pytest.raises(
        InputError, match=r"5 names are assumed for 7 keypoints.*--unnamed or --names.*--ignore"
    ):
        read_keypoints(path, KeypointOptions(units="mm", fps=FPS, unnamed=NAMES[:5]))


def test_keypoints_that_only_the_marker_set_has_can_be_left_out(workshop):
    known = (*NAMES, "TailTip")
    found = read_keypoints(workshop.npz(), KeypointOptions(unnamed=known, ignore=("TailTip", "HandR")))
    assert found.names == NAMES[:-1]
    with pytest.raises(InputError, match="unknown keypoint 'TailTop'"):
        read_keypoints(workshop.npz(), KeypointOptions(unnamed=known, ignore=("TailTop",)))


@pytest.mark.parametrize(("at", "fps"), [(150, 50.0), (77, 100.0)])
def test_two_recordings_in_one_file_are_cut_with_a_note(tmp_path, at, fps):
    points = walk(300, fps)
    points[at:, :, 1] += 0.4
    np.savez(tmp_path / "two.npz", points=points, names=np.array(NAMES), fps=fps, units="m")
    cleaned, cleaning = clean(read_keypoints(tmp_path / "two.npz"))
    assert cleaned.notes == (
        f"two.npz frame {at}: all keypoints jump; another recording begins, and clips end there",
    )
    gap = np.flatnonzero(cleaned.missing.all(axis=1))
    assert gap[0] < at <= gap[-1] and len(gap) > 0.2 * fps and np.all(np.diff(gap) == 1)
    assert cleaning.to_json()["total"]["spliced"] == len(gap) * len(NAMES)
    assert np.isfinite(cleaned.points[: gap[0]]).all() and np.isfinite(cleaned.points[gap[-1] + 1 :]).all()


def test_one_recording_is_not_cut(rat):
    cleaned, cleaning = clean(rat)
    assert not cleaned.notes
    assert cleaning.to_json()["total"]["spliced"] == 0


def test_a_pickle_is_refused_with_the_reason(workshop):
    import pickle

    path = workshop.raw(pickle.dumps({"pred": workshop.points}), "tracks.p")
    with pytest.raises(InputError, match="it is pickled, which can run code and is never read"):
        read_keypoints(path)


def test_real_files_in_other_forms_are_the_same(data, tmp_path):
    """The public recording, as a struct, and as a table of a spreadsheet with decimal commas."""
    from rodent.registration import read_markers

    names = read_markers("rat23").names
    path = data / "mocap" / "test_rodent_mocap_1000_frames.mat"
    raw = scipy.io.loadmat(path)["pred"][:50]
    scipy.io.savemat(tmp_path / "s.mat", {"predictions": {n: raw[:, :, i] for i, n in enumerate(names)}})
    with open(tmp_path / "s.csv", "w", newline="") as stream:
        writer = csv.writer(stream, delimiter=";")
        writer.writerow([f"{name}_{axis}" for name in names for axis in "xyz"])
        for frame in raw.transpose(0, 2, 1).reshape(50, -1):
            writer.writerow([f"{x:.6f}".replace(".", ",") for x in frame])
    for other in ("s.mat", "s.csv"):
        found = read_keypoints(tmp_path / other, GIVEN)
        assert found.names == names
        np.testing.assert_allclose(found.points, raw.transpose(0, 2, 1) / 1000, atol=1e-8)
