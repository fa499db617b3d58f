import mujoco
import numpy as np

from analysis.encoding.scalars import read_scalars
from analysis.timeline import Timeline
from rodent.body_config import BodyConfig
from rodent.recording import Header, RecordingWriter, open_recording
from rodent.scene import make_scene
from rodent.scene_config import SceneConfig

NQ, NV, NU = 74, 73, 38


def test_scalars_are_those_of_the_pose(tmp_path):
    frames, body = 40, make_scene(BodyConfig())
    qpos, qvel = np.zeros((frames, NQ)), np.zeros((frames, NV))
    angle = 0.75 * np.pi
    qpos[:, 3], qpos[:, 6], qpos[:, 2] = np.cos(angle / 2), np.sin(angle / 2), 0.06
    qvel[:, 0], qvel[:, 1], qvel[:, 5] = 0.3, 0.4, 2.0
    names = {"joint_names": body.joint_names, "actuator_names": [f"a{i}" for i in range(NU)]}
    path = tmp_path / "recording.h5"
    with RecordingWriter(path, Header(fps=10.0, scene=SceneConfig(), **names)) as writer:
        block = {"qpos": qpos, "qvel": qvel}
        block |= {key: np.zeros((frames, NU)) for key in ("ctrl", "actuator_force")}
        block |= {"time": np.arange(frames) / 10, "alive": np.ones(frames, bool)}
        writer.rollout("walk").append(block)
    with open_recording(path) as recording:
        timeline = Timeline.of(list(recording.rollouts.values()), recording.fps, 0.2)
        found = read_scalars(timeline, recording)
    assert {name: scalar.unit for name, scalar in found.items()} == {
        "speed": "m/s",
        "heading": "rad",
        "turning": "rad/s",
        "torso_height": "m",
        "head_height": "m",
    }
    assert found["heading"].circular and all(scalar.values.shape == (20,) for scalar in found.values())
    for name, value in {"speed": 0.5, "heading": angle, "turning": 2.0}.items():
        np.testing.assert_allclose(found[name].values, value, rtol=1e-5)
    data = mujoco.MjData(body.model)
    data.qpos = qpos[0]
    mujoco.mj_kinematics(body.model, data)
    for name, part in (("torso_height", "torso"), ("head_height", "skull")):
        height = data.xpos[body.body_ids((part,))[0], 2]
        np.testing.assert_allclose(found[name].values, height, rtol=1e-5)
