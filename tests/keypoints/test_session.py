"""Session files of Aldarondo et al.: keypoints without names, and labels that tell which frames are wrong."""

import h5py
import numpy as np
import pytest

from rodent.errors import InputError
from rodent.keypoints import KeypointOptions, read_keypoints
from rodent.registration import read_markers

FRAMES, NAMES = 40, read_markers("rat23").names
BEHAVIORS = ["Walk", "TrackingError", "RearUp (check)", "LGroom"]
LABELS = np.repeat([1, 4, 2, 3, 1], [10, 10, 5, 5, 10])  # the third ten are wrong


@pytest.fixture
def points(rng) -> np.ndarray:
    """Millimetres, shape (40, 23, 3): a rat of points that drifts."""
    rat = rng.uniform(-80, 80, size=(1, 23, 3))
    return rat + np.arange(FRAMES)[:, None, None]


@pytest.fixture
def session(tmp_path, points):
    """Writes one, after `spoil(file)`."""

    def write(spoil=lambda file: None):
        path = tmp_path / "2021_06_21_1.h5"
        with h5py.File(path, "w") as file:
            file["ephys/spike_counts"] = np.zeros((FRAMES, 5), np.uint8)
            file["ephys/spike_counts"].attrs["active_units"] = np.ones(5, bool)
            file["pose/keypoints"] = points.transpose(0, 2, 1)
            file["pose/qpos"] = np.zeros((FRAMES, 74))
            file["behavior/motion_mapper"] = LABELS
            file["behavior/motion_mapper"].attrs["description"] = "behavior of each frame"
            file["behavior/motion_mapper"].attrs["names"] = BEHAVIORS
            spoil(file)
        return path

    return write


def relabel(values, **attributes):
    def spoil(file):
        del file["behavior/motion_mapper"]
        if values is not None:
            file["behavior/motion_mapper"] = values
            file["behavior/motion_mapper"].attrs.update(attributes)

    return spoil


def test_points_rate_unit_and_names(session, points):
    keypoints = read_keypoints(session(), KeypointOptions(unnamed=NAMES))
    assert (keypoints.fps, keypoints.n_frames) == (50.0, FRAMES)
    assert keypoints.names == NAMES
    np.testing.assert_allclose(keypoints.points[:20], points[:20] / 1000)


def test_frames_tracked_wrongly_are_missing(session):
    missing = read_keypoints(session(), KeypointOptions(unnamed=NAMES)).missing
    np.testing.assert_array_equal(missing, np.tile((LABELS == 2) | (LABELS == 3), (23, 1)).T)


@pytest.mark.parametrize("labels", [LABELS[:, None], LABELS.astype(float)])
def test_labels_as_a_column_and_as_floats(session, labels):
    path = session(relabel(labels, names=np.array(BEHAVIORS, dtype="S")))
    assert np.count_nonzero(read_keypoints(path, KeypointOptions(unnamed=NAMES)).missing[:, 0]) == 10


def test_without_labels_all_frames_count(session):
    assert not read_keypoints(session(relabel(None)), KeypointOptions(unnamed=NAMES)).missing.any()


@pytest.mark.parametrize(
    ("spoil", "wanted"),
    [
        (relabel(LABELS), ["motion_mapper has labels up to 4 and no attribute", "as npz"]),
        (relabel(LABELS, names=BEHAVIORS[:3]), ["labels up to 4 and no attribute with a name for each"]),
        (relabel(LABELS - 1, names=BEHAVIORS), ["counted from 1: the labels are off by one"]),
        (
            relabel(LABELS[:-1], names=BEHAVIORS),
            ["motion_mapper has shape (39,); (40,) whole numbers are expected"],
        ),
        (relabel(LABELS.reshape(8, 5), names=BEHAVIORS), ["motion_mapper has shape (8, 5)"]),
        (relabel(["Walk"] * FRAMES, names=BEHAVIORS), ["motion_mapper is not an array of numbers"]),
    ],
)
def test_labels_that_tell_nothing(session, spoil, wanted):
    path = session(spoil)
    with pytest.raises(InputError) as error:
        read_keypoints(path, KeypointOptions(unnamed=NAMES))
    for part in (str(path), *wanted):
        assert part in str(error.value)


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [
        ((FRAMES, 23, 2), "two coordinates, as one camera sees them; triangulate them first"),
        (
            (FRAMES, 3, 22),
            r"23 names are assumed for 22 keypoints; give its own names.*--unnamed or --names.*--ignore",
        ),
        ((FRAMES, 69), r"shape \(40, 69\)"),
        ((0, 3, 23), r"pose/keypoints has shape \(0, 3, 23\): it is empty"),
    ],
)
def test_keypoints_of_another_shape(session, shape, wanted):
    def spoil(file):
        del file["pose/keypoints"]
        file["pose/keypoints"] = np.zeros(shape)

    with pytest.raises(InputError, match=wanted):
        read_keypoints(session(spoil), KeypointOptions(unnamed=NAMES))


def test_all_frames_tracked_wrongly(session):
    path = session(relabel(np.full(FRAMES, 2), names=BEHAVIORS))
    with pytest.raises(InputError, match="no frame has two keypoints"):
        read_keypoints(path, KeypointOptions(unnamed=NAMES))
