"""A body whose actuators have no activation trains as any other."""

import dataclasses

import jax
import numpy as np
import pytest

from rodent.rollouts import clip_episodes
from rodent.scene import make_scene
from rodent.scene_config import NoArenaConfig, SceneConfig
from tests.bodies import HOPPER, SMALL
from tests.training.test_device import CONFIG, small_clips
from training.trainer import Trainer


@pytest.fixture
def scene(tmp_path):
    file = tmp_path / "direct.xml"
    file.write_text(SMALL.read_text().replace('dyntype="filter" dynprm="0.04"', ""))
    return make_scene(SceneConfig(NoArenaConfig(), dataclasses.replace(HOPPER, path=str(file))))


def test_it_learns_and_imagines(scene):
    assert scene.model.na == 0 and scene.activation_time == 0
    clips = small_clips(scene)
    trainer = Trainer(CONFIG, CONFIG.task.build(scene, clips), clip_episodes(clips))
    metrics = [trainer.iterate() for _ in range(3)]
    assert "imagined_return" in metrics[-1]
    assert all(np.isfinite(value) for row in metrics for value in row.values())
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(trainer.state().train.learner.params))
