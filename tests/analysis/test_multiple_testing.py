import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from analysis.multiple_testing import benjamini_hochberg, holm
from rodent.errors import InputError


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("adjust", "method"), [(benjamini_hochberg, "fdr_bh"), (holm, "holm")])
def test_as_in_statsmodels(adjust, method, seed):
    random = np.random.default_rng(seed)
    # ties, as p values of rotations have, and both ends
    p = np.concatenate([np.round(random.random(40) ** 2, 2), [0.0, 1.0]])
    np.testing.assert_allclose(adjust(p), multipletests(p, method=method)[1], rtol=1e-12)


@pytest.mark.parametrize("adjust", [benjamini_hochberg, holm])
def test_a_test_that_could_not_be_made_is_not_counted(adjust):
    p = np.array([[0.001, np.nan], [0.02, 0.5]])
    found = adjust(p)
    assert found.shape == p.shape and np.isnan(found[0, 1])
    np.testing.assert_array_equal(found[np.isfinite(p)], adjust(p[np.isfinite(p)]))
    assert np.isnan(adjust(np.full(3, np.nan))).all() and adjust(np.zeros(0)).shape == (0,)


@pytest.mark.parametrize("adjust", [benjamini_hochberg, holm])
@pytest.mark.parametrize("wrong", [-0.1, 1.5, np.inf])
def test_what_is_no_p_is_refused(adjust, wrong):
    with pytest.raises(InputError, match="between 0 and 1"):
        adjust(np.array([0.2, wrong]))


def test_holm_is_never_below_benjamini_hochberg():
    p = np.random.default_rng(0).random(100)
    assert (holm(p) >= benjamini_hochberg(p)).all()


def test_families_are_adjusted_by_themselves():
    p = np.array([0.01, 0.5, 0.02, np.nan, 0.04])
    found = holm(p, ["a", "b", "a", "a", "b"])
    np.testing.assert_allclose(found, [0.02, 0.5, 0.02, np.nan, 0.08])
    np.testing.assert_array_equal(holm(p, ["a"] * 5), holm(p))
    assert holm(np.zeros(0), []).shape == (0,)


def test_false_findings_are_as_rare_as_promised():
    random = np.random.default_rng(0)
    p = random.random((2000, 20))
    assert np.mean([(holm(row) <= 0.05).any() for row in p]) < 0.06
    # half of the tests have something to find
    p[:, :10] = 1e-6 * random.random((2000, 10))
    false = [
        (benjamini_hochberg(row)[10:] <= 0.05).sum() / (benjamini_hochberg(row) <= 0.05).sum() for row in p
    ]
    assert 0.02 < np.mean(false) < 0.03  # 5 % times the share without anything to find
