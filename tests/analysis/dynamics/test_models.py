"""Models on a planted rotation: latents, rates and forecasts against the truth, and files."""

import dataclasses

import numpy as np
import pytest

from analysis.dynamics.activity import Activity
from analysis.dynamics.files import load_model, save_model
from analysis.dynamics.fit import FittedDynamics, fit_dynamics
from analysis.dynamics.kalman import System, gaussian_evidence, smooth
from analysis.dynamics.simulation import Truth, true_bits
from analysis.dynamics.subspace import factor_analysis
from rodent.errors import InputError
from tests.analysis.dynamics.conftest import DECAY_SECONDS, HERTZ, SMALL


@pytest.fixture(scope="module")
def fitted(truth: Truth) -> dict[str, FittedDynamics]:
    """Every model on the same spikes."""
    names = ("pca", "fa", "jpca", "lds", "lfads")
    return {name: fit_dynamics(truth.activity, dataclasses.replace(SMALL, model=name)) for name in names}


def explained(found: FittedDynamics, truth: Truth) -> float:
    """R² of the true latents, regressed on those found."""
    joined = found.windows.joined(found.latents)
    bins = np.isfinite(joined[:, 0])
    design = np.column_stack([joined[bins], np.ones(bins.sum())])
    _, missing, *_ = np.linalg.lstsq(design, truth.latents[bins], rcond=None)
    return 1 - missing.sum() / ((truth.latents[bins] - truth.latents[bins].mean(0)) ** 2).sum()


@pytest.mark.parametrize(
    ("model", "latents", "rates", "forward"),
    [
        ("pca", 0.65, 0.6, 0.2),
        ("fa", 0.65, 0.6, 0.2),
        ("jpca", 0.65, 0.6, 0.15),
        ("lds", 0.8, 0.8, 0.2),
        ("lfads", 0.65, 0.6, 0.0),  # of so few steps
    ],
)
def test_truth_is_found(fitted, truth, model, latents, rates, forward):
    found = fitted[model]
    every = np.flatnonzero(np.isfinite(found.windows.joined(found.latents)[:, 0]))
    most = true_bits(truth, np.flatnonzero(~found.model.held_in_), every)
    assert explained(found, truth) > latents
    assert rates * most < found.bits_per_spike < 1.15 * most
    assert found.forward.bits_per_spike > forward * most


def test_the_linear_system_has_the_planted_mode(fitted):
    modes = fitted["lds"].modes
    assert modes.hertz == pytest.approx([HERTZ], rel=0.05)
    assert modes.seconds == pytest.approx([DECAY_SECONDS], rel=0.6) and modes.stable


def test_rotation_is_stronger_than_of_shifted_latents(fitted):
    found = fitted["lds"].rotations
    assert found.r2 > 0.5 and found.null < 0.05 and found.p == 0.05
    assert found.hertz == pytest.approx([HERTZ], rel=0.05)


@pytest.mark.parametrize("model", ["pca", "lds", "lfads"])
def test_a_file_holds_the_model(fitted, truth, model, tmp_path):
    found = fitted[model]
    save_model(found, tmp_path / "model.safetensors")
    again, channels = load_model(tmp_path / "model.safetensors")
    windows = found.windows.of(truth.activity.values)[:3]
    assert channels == truth.activity.channels
    assert again.rates(windows) == pytest.approx(found.model.rates(windows), rel=1e-5)
    assert again.forecast(windows, 3) == pytest.approx(found.model.forecast(windows, 3), rel=1e-5)


def test_files_that_are_no_model_are_refused(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"no tensors")
    with pytest.raises(InputError, match="truncated or damaged"):
        load_model(path)


def test_units_are_predicted_without_spikes(truth):
    random = np.random.default_rng(0)
    weights = random.normal(size=(2, 8))
    values = truth.latents @ weights + 0.1 * random.normal(size=(len(truth.latents), 8))
    names = tuple(f"u{i}" for i in range(8))
    activity = Activity("layer", "units", values, names, 0.02, truth.activity.piece)
    found = fit_dynamics(activity, dataclasses.replace(SMALL, model="lds", folds=2))
    assert found.r2 > 0.95 and np.isnan(found.bits_per_spike) and len(found.folds) == 2
    assert found.forward.r2 > found.folds[0].persistence


def test_the_number_of_dimensions_is_found(truth):
    found = fit_dynamics(truth.activity, dataclasses.replace(SMALL, model="pca", dimensions=None))
    # rates are exponentials of the two: a third, linear one may help
    assert found.dimensions in (2, 3) and list(found.curve) == [1, 2, 3, 4, 6, 8, 12]


def test_more_latents_than_channels_are_refused(truth):
    with pytest.raises(InputError, match="20 latent variables cannot be inferred from 15 channels"):
        fit_dynamics(truth.activity, dataclasses.replace(SMALL, model="pca", dimensions=20))


def test_singular_covariances_are_refused(truth):
    one = truth.activity.values[:, :1]
    activity = dataclasses.replace(truth.activity, values=np.repeat(one, 20, axis=1))
    with pytest.raises(InputError, match="covariance of the channels held in is singular: they vary in 1"):
        fit_dynamics(activity, dataclasses.replace(SMALL, model="pca"))


def test_factor_analysis_finds_loadings_and_noise():
    loadings = np.array([[1.0, 0.0], [0.8, 0.5], [0.0, 1.0], [0.6, -0.7], [-0.5, 0.9], [0.9, 0.3]])
    noise = np.array([0.3, 0.5, 0.2, 0.4, 0.6, 0.1])
    found, left = factor_analysis(loadings @ loadings.T + np.diag(noise), 2)
    assert found @ found.T == pytest.approx(loadings @ loadings.T, abs=0.02)
    assert left == pytest.approx(noise, abs=0.02)


def test_smoother_is_the_posterior_of_the_joint_normal(matrix):
    """All states and observations as one normal distribution, conditioned by linear algebra."""
    import jax
    import jax.numpy as jnp

    random, bins = np.random.default_rng(0), 4
    loadings, variance, values = (
        random.normal(size=(3, 2)),
        np.array([0.5, 1.0, 2.0]),
        random.normal(size=(4, 3)),
    )
    noise, eye = np.eye(2) - matrix @ matrix.T, np.eye(2)
    powers = [np.linalg.matrix_power(matrix, i) for i in range(bins)]
    blocks = [[powers[i - j] if i >= j else powers[j - i].T for j in range(bins)] for i in range(bins)]
    prior = np.block(blocks)  # of unit stationary covariance
    design = np.kron(np.eye(bins), loadings)
    gain = (
        prior @ design.T @ np.linalg.inv(design @ prior @ design.T + np.kron(np.eye(bins), np.diag(variance)))
    )
    with jax.enable_x64(True):
        system = System(*map(jnp.asarray, (matrix, noise, np.zeros(2), eye)))
        arrays = (loadings, np.zeros(3), variance, values[None])
        found = smooth(system, gaussian_evidence(*map(jnp.asarray, arrays)))
    covariance = prior - gain @ design @ prior
    assert np.asarray(found.mean[0]).ravel() == pytest.approx(gain @ values.ravel())
    assert np.asarray(found.covariance[0, 2]) == pytest.approx(covariance[4:6, 4:6])
    assert np.asarray(found.cross[0, 1]) == pytest.approx(covariance[4:6, 2:4])
