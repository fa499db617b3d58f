import numpy as np
import pytest

from analysis.encoding.bands import BANDS
from analysis.twin.kinematic import PoseStreams, kinematic_columns
from rodent.errors import InputError
from rodent.kinematics.poses import velocities
from rodent.scene import Scene
from tests.motions import glide


def layout_of(body: Scene) -> tuple[tuple[str, str, str], ...]:
    """Joints and velocities of the rat."""
    root = ("root_vx", "root_vy", "root_vz", "root_wx", "root_wy", "root_wz")
    columns = [("joints", name, "part") for name in body.joint_names]
    return (*columns, *(("velocities", name, "part") for name in (*root, *body.joint_names)))


def test_streams_of_poses_are_the_bands_of_a_recording(body):
    qpos = glide(body, frames=30)
    channels = {"qpos": qpos, "qvel": velocities(qpos, 50.0), "alive": np.ones(30, bool)}
    found = kinematic_columns(qpos[None], 50.0)
    for name, values in found.items():
        assert values[0] == pytest.approx(BANDS[name](channels, lambda: body), rel=2e-3, abs=2e-3)


def test_bins_hold_means_of_frames(body):
    streams = PoseStreams.of(layout_of(body), bin_seconds=0.04, fps=50.0, scene=body)
    qpos = np.stack([glide(body, frames=7, seed=seed) for seed in range(2)])
    found = streams(qpos)
    assert found.shape == (2, 3, 67 + 73) and streams.bin_seconds == pytest.approx(0.04)
    assert found[1, 2, :67] == pytest.approx(qpos[1, 4:6, 7:].mean(0))


def test_streams_that_poses_do_not_give_are_refused(body):
    layout = layout_of(body)
    with pytest.raises(InputError, match="sees forces, which does not follow from poses"):
        PoseStreams.of((*layout, ("forces", "x", "y")), 0.04, 50.0, body)
    with pytest.raises(InputError, match="the clips have 67"):
        PoseStreams.of(layout[1:], 0.04, 50.0, body)
    with pytest.raises(InputError, match=r"a bin must be a whole number of frames: .* such as 20"):
        PoseStreams.of(layout, 0.05, 50.0, body)
