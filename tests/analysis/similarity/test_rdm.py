import numpy as np
import pytest
from rsatoolbox.data.noise import cov_from_residuals

from analysis.similarity.design import Design
from analysis.similarity.rdm import crossnobis, dissimilarities, shrunk_covariance
from analysis.similarity.settings import SimilaritySettings
from rodent.errors import InputError
from tests.analysis.similarity.sessions import timeline_of


def direct(patterns: np.ndarray, precision: np.ndarray) -> np.ndarray:
    """Crossnobis by its definition: products of differences in all pairs of different partitions."""
    m, n, channels = patterns.shape
    rdm = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            difference = patterns[:, i] - patterns[:, j]
            products = [
                difference[a] @ precision @ difference[b] for a in range(m) for b in range(m) if a != b
            ]
            rdm[i, j] = np.mean(products) / channels
    return rdm


def test_crossnobis_is_its_direct_formula(rng):
    patterns = rng.normal(size=(4, 6, 9))
    root = rng.normal(size=(9, 9))
    for precision in (np.eye(9), root @ root.T):
        assert np.allclose(crossnobis(patterns, precision), direct(patterns, precision), rtol=0, atol=1e-8)


@pytest.mark.parametrize("noise", ["shrunk", "diagonal", "none"])
def test_dissimilarities_are_the_direct_formula(design, rng, noise):
    samples = rng.normal(size=(design.n_windows, 12)) @ rng.normal(size=(12, 12)) + 3
    left = design.residuals(samples)
    freedom = len(left) - 24
    precision = {
        "shrunk": np.linalg.inv(cov_from_residuals(left, freedom, "shrinkage_eye")),
        "diagonal": np.diag(freedom / (left**2).sum(0)),
        "none": np.eye(12),
    }[noise]
    found = dissimilarities(samples, design, noise)
    assert np.allclose(found, direct(design.means(samples), precision), rtol=0, atol=1e-8)


def test_shrinkage_is_that_of_rsatoolbox(rng):
    left = rng.normal(size=(60, 40)) @ rng.normal(size=(40, 40))
    left -= left.mean(0)
    assert np.allclose(shrunk_covariance(left, 40, lost=5), cov_from_residuals(left, 55, "shrinkage_eye"))
    one = left[:, :1]
    assert np.allclose(shrunk_covariance(one, 1), one.var(ddof=1))


@pytest.mark.parametrize("noise", ["shrunk", "none"])
def test_more_units_than_windows_have_the_same_distances(bouts, rng, noise):
    labels = bouts("ABC", bins=4)
    design = Design.of(labels, timeline_of(len(labels)), np.ones(len(labels), bool), SimilaritySettings())
    samples = rng.normal(size=(design.n_windows, 150)) + 2 * design.condition[:, None]
    centered = samples - samples.mean(0)
    left = design.residuals(centered)
    covariance = cov_from_residuals(left, len(left) - 12, "shrinkage_eye")
    precision = np.linalg.inv(covariance) if noise == "shrunk" else np.eye(150)
    wanted = direct(design.means(centered), precision)
    assert np.allclose(dissimilarities(samples, design, noise), wanted, rtol=1e-8, atol=1e-8)


def test_behaviors_that_do_not_differ_are_at_distance_zero_on_average(design):
    random = np.random.default_rng(1)
    rdms = []
    for _ in range(100):
        # bouts differ, behaviors do not
        bout = random.normal(size=(design.bout.max() + 1, 20))[design.bout]
        rdms.append(dissimilarities(bout + random.normal(size=bout.shape), design, "shrunk"))
    means = np.array([rdm[np.triu_indices(6, 1)].mean() for rdm in rdms])
    assert abs(means.mean()) < 3 * means.std() / np.sqrt(len(means))
    assert (means < 0).any()


def test_constant_units_count_for_nothing(design, rng):
    samples = rng.normal(size=(design.n_windows, 5))
    dead = np.column_stack([samples, np.full((design.n_windows, 3), 0.7)])
    assert np.allclose(dissimilarities(dead, design, "shrunk"), dissimilarities(samples, design, "shrunk"))


def test_what_has_no_structure_is_refused(design):
    with pytest.raises(InputError, match="all 4 channels are constant"):
        dissimilarities(np.ones((design.n_windows, 4)), design, "shrunk")
    steps = np.column_stack([design.condition, design.condition % 2]).astype(float)
    with pytest.raises(InputError, match="none of 2 channels varies within behaviors; take --noise none"):
        dissimilarities(steps, design, "shrunk")
    with pytest.raises(InputError, match="2 of 2 channels do not vary within behaviors"):
        dissimilarities(steps, design, "diagonal")
    assert dissimilarities(steps, design, "none").max() > 1
