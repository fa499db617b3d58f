"""The bare skeleton places its bodies as the whole body does, and holds no more than that takes."""

import mujoco
import numpy as np

from rodent.physics.skeleton import bare_skeleton

JOINTS_OF_ALL_KINDS = """<mujoco><worldbody><body pos="0 0 1"><freejoint/><geom size=".1"/>
  <body pos=".1 .2 .3" quat="1 .2 0 .1"><joint name="a" axis="0 1 1" pos="0 .1 0" ref="20"/><joint name="b"
    axis="1 0 0"/><geom size=".1"/>
    <body pos="0 .1 0"><joint type="slide" axis="1 1 0" ref=".2"/><geom size=".1"/></body>
    <body pos="0 0 .2"><joint type="ball" pos=".1 0 0"/><geom size=".1"/></body>
  </body></body></worldbody></mujoco>"""


def test_a_bare_skeleton_stands_like_its_body(body, rng):
    for model in (body.model, mujoco.MjModel.from_xml_string(JOINTS_OF_ALL_KINDS)):
        for bodies in (np.arange(model.nbody), np.array([model.nbody - 1, 2, 2])):
            skeleton = bare_skeleton(model, bodies)
            whole, bare = mujoco.MjData(model), mujoco.MjData(skeleton.model)
            for _ in range(5):
                whole.qpos[:] = rng.normal(size=model.nq)
                bare.qpos[:] = whole.qpos[skeleton.qpos]
                mujoco.mj_kinematics(model, whole)
                mujoco.mj_kinematics(skeleton.model, bare)
                np.testing.assert_array_equal(bare.xpos[skeleton.bodies], whole.xpos[bodies])


def test_a_skeleton_has_no_more_than_what_its_bodies_hang_on(body):
    skeleton = bare_skeleton(body.model, body.tracked_ids)
    tail = sum(body.model.body(i).name.startswith("vertebra_C") for i in range(body.model.nbody))
    assert 15 < skeleton.model.nbody < body.model.nbody - tail


def test_fields_that_place_bodies_are_the_skeletons_too(rng):
    """Another length of every bone, another axis and anchor of every joint, another rest."""
    model = mujoco.MjModel.from_xml_string(JOINTS_OF_ALL_KINDS)
    bodies = np.array([model.nbody - 1, 2])
    skeleton = bare_skeleton(model, bodies)
    fields = {
        name: np.array(getattr(model, name))[None] + rng.normal(size=(1, *getattr(model, name).shape))
        for name in ("body_pos", "jnt_pos", "jnt_axis", "qpos0")
    }
    fields["jnt_axis"] /= np.linalg.norm(fields["jnt_axis"], axis=-1, keepdims=True)
    own = skeleton.fields(fields | {"body_mass": model.body_mass[None]})
    assert own.keys() == fields.keys()
    for one, its in ((model, fields), (skeleton.model, own)):
        for name, values in its.items():
            getattr(one, name)[:] = values[0]
    whole, bare = mujoco.MjData(model), mujoco.MjData(skeleton.model)
    whole.qpos[:] = rng.normal(size=model.nq)
    bare.qpos[:] = whole.qpos[skeleton.qpos]
    mujoco.mj_kinematics(model, whole)
    mujoco.mj_kinematics(skeleton.model, bare)
    np.testing.assert_allclose(bare.xpos[skeleton.bodies], whole.xpos[bodies], atol=1e-12)
