"""Two clips that need no data."""

import pytest

from rodent.body import Body
from rodent.clips import Clip, ClipSet
from rodent.kinematics.poses import velocities
from tests.motions import glide


@pytest.fixture
def clip_set(body: Body) -> ClipSet:
    clips = []
    for name, seed in (("Walk_2", 0), ("Rear_1", 1)):
        qpos = glide(body, frames=40 - seed, seed=seed)
        clips.append(Clip(name, qpos, 50.0, qvel=velocities(qpos, 50.0), behavior=name[:-2]))
    return ClipSet(tuple(clips), body.config.scale, body.joint_names)
