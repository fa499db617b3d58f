import numpy as np
import pytest

from analysis.effects.outcomes import OUTCOMES, OutcomeTable
from analysis.effects.pairs import Pairs
from rodent.errors import InputError


def table(rows):
    """Of rows (policy, clip, start, seed, arm, control, dose, draw, frames_tracked)."""
    names = ("policy", "clip", "start", "seed", "arm", "control", "dose", "draw", "frames_tracked")
    columns = {name: np.array(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}
    rest = {name: np.full(len(rows), np.nan) for name in OUTCOMES if name not in columns}
    whole = {name: np.full(len(rows), 250) for name in ("frames", "changed_values")}
    return OutcomeTable(columns | rest | whole)


INTACT = [
    ("b", "walk", 0, 0, "intact", "", 0.0, 0, 100),
    ("b", "walk", 0, 1, "intact", "", 0.0, 0, 110),
    ("a", "walk", 0, 0, "intact", "", 0.0, 0, 200),
    ("b", "rear", 5, 0, "intact", "", 0.0, 0, 50),
    ("b", "rear", 5, 0, "intact", "", 0.0, 0, 50),  # of another shard
]


def test_every_rollout_is_compared_with_its_own_intact_one():
    rows = [
        ("b", "walk", 0, 0, "hip", "", 1.0, 0, 90),
        ("b", "walk", 0, 1, "hip", "", 1.0, 0, 80),
        ("a", "walk", 0, 0, "hip", "", 1.0, 0, 150),
        ("b", "rear", 5, 0, "hip", "matched", 1.0, 7, 49),
        ("b", "rear", 5, 0, "hip", "matched", 1.0, 3, 47),
        ("b", "walk", 0, 1, "hip", "", 0.5, 0, 109),
    ]
    pairs = Pairs(table(INTACT + rows))
    assert (pairs.policies, pairs.clips) == (("b", "a"), ("walk", "rear"))
    assert pairs.doses("hip") == (0.5, 1.0)
    changes = pairs.changes("frames_tracked", "hip", 1.0)
    np.testing.assert_allclose(changes[:, :, 0], [[-20, np.nan], [-50, np.nan]])
    control = pairs.changes("frames_tracked", "hip", 1.0, control="matched")
    np.testing.assert_allclose(control[0, 1], [-3, -1])  # in the order of draws
    assert np.isnan(control[1]).all()
    assert pairs.has_control("hip", 1.0, "matched") and not pairs.has_control("hip", 0.5, "matched")
    np.testing.assert_allclose(pairs.intact("frames_tracked"), [[105, 50], [200, np.nan]])
    assert np.isnan(pairs.changes("speed", "hip", 1.0)).all()


def test_a_rollout_without_its_intact_one_is_refused():
    with pytest.raises(
        InputError, match="row 5 has no intact rollout of the same policy b, clip walk, start 9"
    ):
        Pairs(table([*INTACT, ("b", "walk", 9, 0, "hip", "", 1.0, 0, 90)]))


def test_an_unknown_arm_is_refused():
    pairs = Pairs(table([*INTACT, ("b", "walk", 0, 0, "hip", "", 1.0, 0, 90)]))
    with pytest.raises(InputError, match="did you mean 'hip'"):
        pairs.doses("hop")
