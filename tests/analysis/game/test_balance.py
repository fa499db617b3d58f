"""Weights that give both sides the same behaviors in the same shares."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.game.balance import balanced_weights


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abc")), min_size=1, max_size=40))
def test_shares_are_equal(rows):
    side, behavior = np.array([x for x, _ in rows]), np.array([x for _, x in rows])
    weights = balanced_weights(side, behavior)
    shared = set(behavior[side]) & set(behavior[~side])
    for name in set(behavior):
        own = [weights[(side == x) & (behavior == name)].sum() for x in (True, False)]
        np.testing.assert_allclose(*own, atol=1e-12)
        assert (own[0] > 0) == (name in shared)
    np.testing.assert_allclose(weights[side].sum(), 1.0 if shared else 0.0)
