"""Bodies whose groups of segments have sizes of their own, and what is stored of them."""

import dataclasses

import numpy as np
import pytest

from rodent.body_config import BodyConfig, MouseConfig, Proportions
from rodent.clips import ClipSet, read_clips, write_clips
from rodent.clips.validate import require_body
from rodent.errors import InputError
from rodent.render.skin import add_skin
from rodent.scene import make_scene
from rodent.scene.rat import rat_spec, segment_size
from rodent.tasks.settings import ImitationLimits


def test_groups_have_their_own_sizes():
    config = BodyConfig(scale=0.5, proportions=Proportions(trunk=1.1, head=1.2, limbs=0.8, tail=0.9))
    rat, other = (make_scene(one).model for one in (BodyConfig(scale=1.0), config))
    for name, size in (("vertebra_1", 0.55), ("jaw", 0.6), ("lower_leg_L", 0.4), ("vertebra_C5", 0.45)):
        assert segment_size(name, config) == pytest.approx(size)
        # where the body begins is a place on the one above; its own length shows in the next one
        np.testing.assert_allclose(other.body(name).pos, size * rat.body(name).pos)
        assert other.body(name).mass == pytest.approx(size**3 * rat.body(name).mass)
    np.testing.assert_allclose(other.body("skull").pos, 0.55 * rat.body("skull").pos)
    np.testing.assert_allclose(other.body("vertebra_C1").pos, 0.55 * rat.body("vertebra_C1").pos)


def test_the_skin_follows_the_segments():
    plain, large_head = (
        BodyConfig(scale=1.0),
        BodyConfig(scale=1.0, proportions=Proportions(head=1.5)),
    )
    spans = []
    for config in (plain, large_head):
        spec = rat_spec(config)
        add_skin(spec, config)
        model = spec.compile()
        vertices = model.skin_vert.reshape(-1, 3)
        spans.append((np.ptp(vertices[:, 0]), vertices[:, 0].min()))
    # snout farther ahead, tip of the tail where it was
    assert spans[1][0] > spans[0][0] + 0.01
    assert spans[1][1] == pytest.approx(spans[0][1], abs=1e-6)


def test_clips_keep_the_proportions_of_their_body(clips, tmp_path):
    mouse = make_scene(MouseConfig(scale=clips.scale))
    of_mouse = dataclasses.replace(clips, proportions=mouse.proportions)
    write_clips(of_mouse, tmp_path / "mouse.h5")
    again = read_clips(tmp_path / "mouse.h5")
    assert again.proportions == mouse.proportions
    assert again.body == BodyConfig(scale=clips.scale, proportions=mouse.proportions)
    require_body(again, mouse)
    with pytest.raises(InputError, match="registered on a body of Proportions"):
        require_body(again, make_scene(BodyConfig(scale=clips.scale)))


def test_clips_of_before_are_of_a_rat(clips: ClipSet, clip_file):
    assert read_clips(clip_file).proportions == Proportions()
    assert clips.body == BodyConfig(scale=clips.scale)


@pytest.mark.parametrize("value", [0.1, 5.0])
def test_proportions_beyond_any_animal(value):
    with pytest.raises(InputError, match=r"body proportion head is .*; it must lie in \[0.3, 3\]"):
        Proportions(head=value)


def test_limits_are_in_body_lengths_where_the_body_is_no_rat():
    limits = ImitationLimits()
    assert limits.of_body(0.5, Proportions()) == limits
    of_mouse = limits.of_body(0.45, MouseConfig().proportions)
    assert of_mouse.root_position == pytest.approx(0.025)
    assert of_mouse.body_position == pytest.approx(0.025)
    assert of_mouse.root_orientation == limits.root_orientation
