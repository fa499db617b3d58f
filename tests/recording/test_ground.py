"""Forces of the ground in a recording, in newtons and in body weights."""

import dataclasses

import numpy as np
import pytest

from rodent.errors import InputError
from rodent.recording import Header, RecordingWriter, open_recording
from rodent.recording.channels import GROUND_FORCE
from rodent.recording.ground import ground_channel, ground_forces
from rodent.scene.ground import animal_weight
from tests.recordings import block


@pytest.fixture(scope="module")
def recordings(body, tmp_path_factory):
    """Two recordings of a rat whose left hand carries half of it in the second frame; one without forces."""
    folder, forces = tmp_path_factory.mktemp("ground"), np.zeros((4, 5, 3))
    forces[1, 0, 2] = animal_weight(body) / 2
    header = Header.of(body, fps=50)
    with RecordingWriter(folder / "before.h5", header) as writer:
        writer.rollout("walk").append(block(0, 4))
    header = dataclasses.replace(header, channels={GROUND_FORCE: ground_channel(body)})
    with RecordingWriter(folder / "walk.h5", header) as writer:
        writer.rollout("walk").append(block(0, 4) | {GROUND_FORCE: forces.reshape(4, 15)})
    return folder


def test_newtons_and_body_weights(recordings, body):
    with open_recording(recordings / "walk.h5") as recording:
        walk = recording.rollouts["walk"]
        assert walk.channels[GROUND_FORCE].unit == "N"
        found, table = ground_forces(walk), walk.columns(GROUND_FORCE)
    assert found.body_weights["hand_L"][:, 2] == pytest.approx([0, 0.5, 0, 0], abs=1e-6)
    assert found.columns()["hand_L/z"][1] == pytest.approx(animal_weight(body) / 2)
    np.testing.assert_array_equal(table[f"{GROUND_FORCE}/hand_L/z"], found.columns()["hand_L/z"])
    axes = found.plot()
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("time, s", "upward force, N")
    # the rest of the body, which carried nothing, is not drawn
    assert [line.get_label() for line in axes.lines] == ["hand_L", "hand_R", "foot_L", "foot_R"]


def test_recordings_of_before_say_what_to_do(recordings):
    message = "is from before ground_force was recorded; record it again"
    with open_recording(recordings / "before.h5") as recording, pytest.raises(InputError, match=message):
        ground_forces(recording.rollouts["walk"])
