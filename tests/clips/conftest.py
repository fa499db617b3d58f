"""Two clips that need no data."""

import pytest

from rodent.clips import Clip, ClipSet
from rodent.kinematics.poses import velocities
from rodent.scene import Scene
from tests.motions import glide


@pytest.fixture
def clip_set(body: Scene) -> ClipSet:
    clips = []
    for name, seed in (("Walk_2", 0), ("Rear_1", 1)):
        qpos = glide(body, frames=40 - seed, seed=seed)
        clips.append(Clip(name, qpos, 50.0, qvel=velocities(qpos, 50.0), behavior=name[:-2]))
    return ClipSet(tuple(clips), body.scale, body.joint_names)
