"""Shards cover every rollout once, and are alike."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rodent.experiment.tiling import INTACT, Tiling

SIZES = st.lists(st.integers(1, 300), min_size=1, max_size=5)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 40), SIZES, st.integers(64, 600))
def test_every_rollout_is_played_once_beside_its_intact_rat(conditions, sizes, most):
    ends = np.cumsum([0, *sizes])
    groups = [range(a, b) for a, b in itertools.pairwise(ends)]
    tiling = Tiling.of(conditions, groups, most)
    of_group = np.repeat(np.arange(len(sizes)), sizes)
    played, make_up = [], set()
    for number in range(tiling.shards):
        slots = tiling.slots(number)
        assert len(slots.real) == tiling.num_envs
        treated = slots.treatment != INTACT
        make_up.add(tuple(np.where(treated, of_group[slots.treatment], -1)))
        real = slots.real & treated
        played += zip(slots.condition[real], slots.treatment[real], strict=True)
        intact = slots.condition[slots.real & ~treated]
        assert {*slots.condition[real]} <= {*intact} and len({*intact}) == len(intact)
    assert sorted(played) == [(i, j) for i in range(conditions) for j in range(sum(sizes))]
    assert len(make_up) == 1 and tiling.num_envs % 64 == 0


def test_shards_hold_at_most_so_many_rats_and_little_padding():
    tiling = Tiling.of(9, [range(858)], 512)
    assert tiling.num_envs <= 512
    assert tiling.shards * tiling.num_envs <= 1.1 * 9 * 858


def test_treatments_that_are_not_alike_stay_together_where_they_must():
    tiling = Tiling.of(2, [[i] for i in range(700)], 512)
    assert (tiling.blocks, tiling.num_envs) == (1, 704)


def test_shards_of_the_same_conditions_follow_each_other():
    tiling = Tiling.of(6, [range(300)], 128)
    first = [set(tiling.slots(number).condition) for number in range(tiling.blocks)]
    assert tiling.blocks > 1 and all(one == first[0] for one in first)


@pytest.mark.parametrize("conditions", [1, 7])
def test_one_small_group_is_one_shard(conditions):
    assert Tiling.of(conditions, [range(3)], 512).shards == 1
