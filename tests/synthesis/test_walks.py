"""Walks drawn at random: with turns, stops and glances upwards, each otherwise."""

import numpy as np
import pytest

from rodent.errors import WorkError
from rodent.kinematics.paws import Paws
from rodent.synthesis import quality, sampling, walk_clips, walks
from rodent.synthesis.path import FPS, PIVOT, Path
from rodent.synthesis.quality import TOUCHING
from rodent.synthesis.walk import MARGIN


@pytest.fixture(scope="module")
def drawn(body):
    return walk_clips(body, 2, seed=0)


def test_a_walk_depends_on_its_seed_and_number_alone(body, drawn):
    (alone,) = walk_clips(body, 1, seed=0)
    np.testing.assert_array_equal(alone.qpos, drawn[0].qpos)
    assert np.abs(drawn[1].qpos - drawn[0].qpos).max() > 0.1
    assert drawn.names == ("walk_0", "walk_1")


def test_standing_paws_neither_slide_nor_are_in_the_floor(body, drawn):
    for clip in drawn:
        worst = quality(clip.qpos, body)
        assert worst.slide < 1e-3 and worst.penetration < 1e-3 and worst.excess == 0
        standing = Paws(body).state(clip.qpos).lowest < TOUCHING
        assert standing[:, 2:].any(axis=1).mean() > 0.9
        assert np.sum(standing[:-1] & ~standing[1:]) > 4  # it steps


def test_it_goes_the_slower_the_further_it_is_up():
    up = np.linspace(0.0, 0.6, 200)
    for seed in range(20):
        way = walks._way(np.random.default_rng(seed), up)
        # it may turn where it does not go: the torso swings round the hips
        ahead = np.stack([np.cos(way.heading), np.sin(way.heading)], axis=1)
        hips = Path(way.place - PIVOT * ahead, way.heading)
        assert hips.speed[up > 0.34][1:].max() < 1e-6
        assert hips.speed.max() < 1.0
        assert np.abs(np.gradient(way.heading) * FPS).max() < 4.0  # rad/s


def test_what_rises_comes_down_or_is_cut_off_by_the_ends():
    ups = np.array([walks._rise(np.random.default_rng(seed), 200) for seed in range(200)])
    assert ups.shape == (200, 200 + 2 * MARGIN)
    assert 0.4 < np.mean(ups.max(axis=1) > 0) < 0.8
    assert ups.min() == 0 and ups.max() <= 0.6


def test_what_no_leg_can_do_is_said(body, monkeypatch):
    monkeypatch.setattr(sampling, "_TRIES", 2)
    monkeypatch.setattr(walks, "_HEIGHT", (-0.06, -0.06))
    with pytest.raises(WorkError, match=r"none of 2 random walks is feasible .* of scale 0\.9"):
        walks.sample_walk(body, np.random.default_rng(0))
