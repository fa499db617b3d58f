"""Models that are subspaces of smoothed activity: principal components, factor analysis, planes of rotation.

Latents go on from bin to bin by a linear map that is fitted to them: any map, or for planes of rotation a
rotation.
"""

from collections.abc import Mapping

import numpy as np
from scipy.linalg import expm
from scipy.ndimage import gaussian_filter1d

from analysis.dynamics.model import Advance, LatentModel
from analysis.dynamics.rotations import skew_fit
from rodent.errors import InputError

_FACTOR_STEPS = 200
_SETTLED = 1e-6  # relative change of noise variances at which factor analysis ends
_RIDGE = 1e-4  # relative to the variance of the latents


class PrincipalComponents(LatentModel):
    """Principal components of smoothed activity."""

    def learn(self, windows: np.ndarray, advance: Advance) -> None:
        """Fit components, then dynamics and readout."""
        held_in = windows[..., self.held_in_]
        mean = held_in.mean((0, 1))
        # a Poisson count has the variance of its mean; a unit is as large as it varies
        spread = np.sqrt(mean) if self.kind == "spikes" else held_in.std((0, 1))
        self.mean_, self.scale_ = mean, np.where(spread > 0, spread, 1.0)
        flat = self.standardised(windows).reshape(-1, len(mean))
        self.projection_ = self.components(flat)
        self.projection_ = self.projection_ @ self.rotated(self.latents(windows))
        latents = self.latents(windows)
        self.step_ = self.dynamics(latents)
        # smoothed with what follows, the middle of a window is known better than at the edge of what is known
        middle = windows.shape[1] // 2
        self.edge_ = _regressed(self.latents(windows[:, : middle + 1])[:, -1], latents[:, middle])
        self.fit_readout(latents, windows)
        advance(1)

    def standardised(self, windows: np.ndarray) -> np.ndarray:
        """Smoothed and standardised activity of the channels held in, shape (windows, bins, held in)."""
        values = (windows[..., self.held_in_] - self.mean_) / self.scale_
        width = self.settings.smoothing_seconds / self.bin_seconds
        if width == 0:
            return values
        weight = gaussian_filter1d(np.ones(values.shape[1]), width, mode="constant")
        return gaussian_filter1d(values, width, axis=1, mode="constant") / weight[:, None]

    def components(self, values: np.ndarray) -> np.ndarray:
        """From standardised activity to latents, shape (held in, dimensions)."""
        variances, vectors = np.linalg.eigh(values.T @ values / len(values))
        _require_rank(variances, self.dimensions)
        return vectors[:, ::-1][:, : self.dimensions]

    def rotated(self, latents: np.ndarray) -> np.ndarray:
        """A rotation of the latents, shape (dimensions, dimensions)."""
        return np.eye(latents.shape[2])

    def dynamics(self, latents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The linear map from each bin to the next: matrix, offset."""
        return _regressed(
            latents[:, :-1].reshape(-1, self.dimensions), latents[:, 1:].reshape(-1, self.dimensions)
        )

    def latents(self, windows: np.ndarray) -> np.ndarray:
        """Latent variables (windows, bins, dimensions), from the channels held in."""
        return self.standardised(windows) @ self.projection_

    def forecast_latents(self, windows: np.ndarray, steps: int) -> np.ndarray:
        """Latent variables of the bins that follow, shape (windows, steps, dimensions)."""
        assert self.step_ is not None
        matrix, offset = self.edge_
        return go_on(self.latents(windows)[:, -1] @ matrix.T + offset, *self.step_, steps)

    def tensors(self) -> dict[str, np.ndarray]:
        """Fitted arrays by name."""
        assert self.step_ is not None
        return {
            "mean": self.mean_,
            "scale": self.scale_,
            "projection": self.projection_,
            "matrix": self.step_[0],
            "offset": self.step_[1],
            "edge_matrix": self.edge_[0],
            "edge_offset": self.edge_[1],
        }

    def restore(self, tensors: Mapping[str, np.ndarray]) -> None:
        """Take over fitted arrays."""
        self.mean_, self.scale_ = tensors["mean"], tensors["scale"]
        self.projection_ = tensors["projection"]
        self.step_ = tensors["matrix"], tensors["offset"]
        self.edge_ = tensors["edge_matrix"], tensors["edge_offset"]


class FactorAnalysis(PrincipalComponents):
    """Factor analysis of smoothed activity: each channel also has noise of its own."""

    def components(self, values: np.ndarray) -> np.ndarray:
        """Posterior means of the factors are activity times this, shape (held in, dimensions)."""
        covariance = values.T @ values / len(values)
        _require_rank(np.linalg.eigvalsh(covariance), self.dimensions)
        loadings, noise = factor_analysis(covariance, self.dimensions)
        scaled = loadings / noise[:, None]
        return scaled @ np.linalg.inv(np.eye(self.dimensions) + loadings.T @ scaled)


class RotationPlanes(PrincipalComponents):
    """Principal components, turned into planes of rotation (jPCA), strongest first."""

    def rotated(self, latents: np.ndarray) -> np.ndarray:
        """Axes of the planes: pairs of columns, shape (dimensions, dimensions)."""
        values, vectors = np.linalg.eig(_skew_of(latents))
        columns = []
        for i in np.argsort(-values.imag, kind="stable")[: self.dimensions // 2]:
            columns += [np.sqrt(2) * vectors[:, i].real, np.sqrt(2) * vectors[:, i].imag]
        if self.dimensions % 2:
            # the axis that no plane turns
            columns.append(vectors[:, np.argmin(np.abs(values))].real)
        return np.linalg.qr(np.stack(columns, axis=1))[0]

    def dynamics(self, latents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The rotation from each bin to the next, about the mean: matrix, offset."""
        matrix, mean = expm(_skew_of(latents)), latents.mean((0, 1))
        return matrix, mean - matrix @ mean


SUBSPACES = {"pca": PrincipalComponents, "fa": FactorAnalysis, "jpca": RotationPlanes}


def go_on(start: np.ndarray, matrix: np.ndarray, offset: np.ndarray, steps: int) -> np.ndarray:
    """Where latents (windows, dimensions) are in the bins that follow, shape (windows, steps, dimensions)."""
    found = []
    for _ in range(steps):
        start = start @ matrix.T + offset
        found.append(start)
    return np.stack(found, axis=1)


def factor_analysis(covariance: np.ndarray, dimensions: int) -> tuple[np.ndarray, np.ndarray]:
    """Loadings (channels, dimensions) and noise variances (channels,) of a covariance.

    By the fixed point of Joreskog (Psychometrika 32, 443, 1967): components of the covariance whitened by the
    noise, then noise as what they leave.
    """
    diagonal = np.diag(covariance)
    noise = 0.5 * diagonal
    loadings = np.zeros((len(diagonal), dimensions))
    for _ in range(_FACTOR_STEPS):
        root = np.sqrt(noise)
        variances, vectors = np.linalg.eigh(covariance / np.outer(root, root))
        kept = np.sqrt(np.maximum(variances[::-1][:dimensions] - 1, 0.0))
        loadings = root[:, None] * vectors[:, ::-1][:, :dimensions] * kept
        fresh = np.maximum(diagonal - (loadings**2).sum(1), 1e-3 * diagonal)
        done = np.abs(fresh - noise).max() < _SETTLED * noise.max()
        noise = fresh
        if done:
            break
    return loadings, noise


def _regressed(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Matrix and offset of the linear regression of y on x, with a small ridge."""
    centred = x - x.mean(0)
    gram = centred.T @ centred
    gram += _RIDGE * np.trace(gram) / len(gram) * np.eye(len(gram))
    matrix = np.linalg.solve(gram, centred.T @ (y - y.mean(0))).T
    return matrix, y.mean(0) - matrix @ x.mean(0)


def _skew_of(latents: np.ndarray) -> np.ndarray:
    centred = latents - latents.mean((0, 1))
    dimensions = centred.shape[2]
    middle = (centred[:, 1:] + centred[:, :-1]).reshape(-1, dimensions) / 2
    return skew_fit(middle, np.diff(centred, axis=1).reshape(-1, dimensions))


def _require_rank(variances: np.ndarray, dimensions: int) -> None:
    rank = int((variances > 1e-9 * max(variances.max(), 1e-300)).sum())
    if rank < dimensions:
        raise InputError(
            f"the covariance of the channels held in is singular: they vary in {rank} directions, fewer than "
            f"{dimensions} latent variables; take fewer (--dimensions)"
        )
