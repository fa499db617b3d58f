"""Representational dissimilarity matrices: how far apart the activity of behaviors is.

    roots = np.sqrt(design.summed(spikes.counts))
    rdm = dissimilarities(roots, design, noise="shrunk")       # (conditions, conditions)

The distance is crossnobis (Walther et al., NeuroImage 137, 2016): the squared Mahalanobis
distance in which the two factors come from different partitions, so that noise, being
independent in them, adds nothing on average. Where two behaviors do not differ it is zero
on average, and may be negative. It is given per channel, as by rsatoolbox.

The noise is the covariance within behaviors, shrunk towards a multiple of the identity as
much as its uncertainty asks (Ledoit & Wolf, J Multivar Anal 88, 2004). It is that of windows
around the mean of their behavior in their own partition, which is independent of these means.
Around the mean over partitions it would be smallest where partitions happen to agree, and
distances would come out too large. Windows near in time resemble one another, so there is less
to know than their number says: the shrinkage is a little too small, which makes distances
noisier but leaves them unbiased.
"""

import numpy as np

from analysis.similarity.design import Design
from analysis.similarity.settings import Noise
from rodent.errors import InputError


def dissimilarities(samples: np.ndarray, design: Design, noise: Noise) -> np.ndarray:
    """Crossnobis distances between all pairs of behaviors.

    Args:
        samples: activity in each window, shape (windows, channels).
        design: behaviors and partitions of the windows.
        noise: what the distances are relative to.

    Returns:
        symmetric, zero on the diagonal, shape (conditions, conditions).

    Raises:
        InputError: nothing varies, or nothing does within behaviors.
    """
    live = varying(samples)
    n_channels = live.shape[1]
    if noise != "diagonal":
        # distances and shrinkage are the same in any rotation: one that is no wider than it is long
        live = _within_span(live)
    patterns = design.means(live)
    precision = _precision(design.residuals(live), n_channels, patterns.shape[0] * patterns.shape[1], noise)
    return crossnobis(patterns, precision) * (live.shape[1] / n_channels)


def varying(samples: np.ndarray) -> np.ndarray:
    """The channels that vary at all, each around its mean, shape (windows, varying).

    Raises:
        InputError: none does.
    """
    center = samples.mean(0)
    centered = samples - center
    live = np.sqrt((centered**2).mean(0)) > 1e-6 * np.abs(center)
    if not live.any():
        raise InputError(f"all {samples.shape[1]} channels are constant: they have no structure")
    return centered[:, live]


def crossnobis(patterns: np.ndarray, precision: np.ndarray) -> np.ndarray:
    """Crossnobis distances with a given precision of the noise, by rsatoolbox.

    Args:
        patterns: mean activity, shape (partitions, conditions, channels).
        precision: inverse covariance, shape (channels, channels).

    Returns:
        mean over pairs of partitions, per channel, shape (conditions, conditions).
    """
    from rsatoolbox.data import Dataset
    from rsatoolbox.rdm.calc import calc_rdm_crossnobis

    n_partitions, n_conditions, n_channels = patterns.shape
    # each partition counts as much as any other, however many windows it has
    data = Dataset(
        patterns.reshape(-1, n_channels),
        obs_descriptors={
            "condition": np.tile(np.arange(n_conditions), n_partitions),
            "partition": np.repeat(np.arange(n_partitions), n_conditions),
        },
    )
    # one precision for all: a list of them is taken for that of each partition's mean; and the toolbox
    # multiplies memory that is not yet filled, which may hold anything
    with np.errstate(invalid="ignore"):
        rdm = calc_rdm_crossnobis(data, "condition", noise=precision, cv_descriptor="partition")
    return rdm.get_matrices()[0]


def shrunk_covariance(residuals: np.ndarray, n_channels: int, lost: int = 1) -> np.ndarray:
    """Covariance shrunk towards a multiple of the identity, as Ledoit and Wolf (2004).

    Args:
        residuals: of mean zero, shape (windows, channels); or their coordinates in a rotation
            of a space of `n_channels` that holds them all.
        n_channels: of that space.
        lost: degrees of freedom taken by the means.

    Returns:
        shape (channels, channels).
    """
    n = len(residuals)
    covariance = residuals.T @ residuals / n
    size = np.trace(covariance) / n_channels
    norm = (covariance**2).sum()
    off_target = norm - n_channels * size**2
    uncertainty = (((residuals**2).sum(1) ** 2).mean() - norm) / n
    # a single channel is its own target
    shrinkage = min(max(uncertainty, 0.0) / off_target, 1.0) if off_target > 1e-12 * norm else 0.0
    shrunk = (1 - shrinkage) * covariance + shrinkage * size * np.eye(len(covariance))
    return shrunk * (n / (n - lost))


def _precision(residuals: np.ndarray, n_channels: int, n_means: int, noise: Noise) -> np.ndarray:
    if noise == "none":
        return np.eye(residuals.shape[1])
    if noise == "diagonal":
        variance = (residuals**2).sum(0) / (len(residuals) - n_means)
        if not variance.all():
            raise InputError(
                f"{(variance == 0).sum()} of {len(variance)} channels do not vary within behaviors; take "
                "--noise shrunk or none"
            )
        return np.diag(1 / variance)
    if not residuals.any():
        raise InputError(f"none of {n_channels} channels varies within behaviors; take --noise none")
    return np.linalg.inv(shrunk_covariance(residuals, n_channels, lost=n_means))


def _within_span(samples: np.ndarray) -> np.ndarray:
    """Coordinates of samples in the space that they span, where that is narrower than the channels."""
    n, width = samples.shape
    return samples if width <= n else np.linalg.qr(samples.T)[1].T
