"""Registration explains real keypoints."""

import numpy as np

from rodent.keypoints import KeypointOptions, clean, read_keypoints
from rodent.registration import Registration, read_markers


def test_real_keypoints_are_explained(data):
    keypoints = read_keypoints(
        data / "mocap" / "test_rodent_mocap_1000_frames.nwb", KeypointOptions(units="mm", fps=50.0)
    )
    registration = Registration(read_markers("rat23")).fit(keypoints)
    error = 1000 * registration.transform(keypoints).error
    assert np.nanmean(error) < 4.0
    assert np.nanpercentile(error, 95) < 10.0


def test_real_markers_with_gaps_are_explained(data):
    raw = read_keypoints(
        data / "mocap" / "dannce_rat7m_markers_30hz_mm.npz", KeypointOptions(units="mm", fps=30.0)
    )
    keypoints, _ = clean(raw)
    registration = Registration(read_markers("rat20")).fit(keypoints)
    assert np.nanmean(1000 * registration.transform(keypoints).error) < 8.0
