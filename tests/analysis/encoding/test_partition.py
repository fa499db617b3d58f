import itertools

import numpy as np
import pytest

from analysis.encoding.partition import commonality, subsets


@pytest.mark.parametrize("n", [2, 3, 5])
def test_parts_are_those_that_scores_are_made_of(n):
    random = np.random.default_rng(n)
    planted = {subset: random.normal(size=4) for subset in subsets(n)}
    # a subset scores all parts that any of its sets has
    scores = {
        some: sum(part for owners, part in planted.items() if set(owners) & set(some)) for some in subsets(n)
    }
    found = commonality(scores, n)
    assert found.keys() == planted.keys()
    for subset, part in planted.items():
        np.testing.assert_allclose(found[subset], part, atol=1e-12)


def test_a_set_that_adds_nothing_has_no_part_of_its_own():
    scores = {some: np.array(float(0 in some)) for some in subsets(3)}
    found = commonality(scores, 3)
    assert found[0,] == 1 and all(part == 0 for subset, part in found.items() if subset != (0,))
    assert len(subsets(5)) == 31 and all(
        list(one) == sorted(one) for one in itertools.chain(subsets(5), found)
    )
