"""The most exciting image of each neuron of a twin that sees images.

    responses = ImageResponses.of(twin, readouts)
    found = exciting_images(responses, ImageSettings())
    found.images                        # (neurons, height, width, channels), units of the stream
    found.response                      # predicted while the image stands still, (neurons,)

An image is changed by gradient ascent on what the readout sums, such as a log rate, less a penalty of
roughness. Its norm is fixed: without that, a brighter image would excite more (Walker et al., Nat. Neurosci.
22, 2060, 2019). The search begins at several random images, all neurons at once, and the best one is kept.

Responses are rates in Hz, or calcium in its unit.
"""

import dataclasses
import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from analysis.twin.adaptation import AdaptedReadouts
from analysis.twin.core import MEMORY_SECONDS, core_of
from analysis.twin.images import Shape, image_shape
from analysis.twin.likelihood import mean_of
from analysis.twin.settings import ImageSettings, LikelihoodName
from analysis.twin.twin import Twin
from rodent.errors import InputError

_AT_ONCE = 64  # searches that are computed at once


@dataclasses.dataclass(frozen=True)
class ImageResponses:
    """Responses of neurons while they see one image.

    Attributes:
        core: module of the core.
        params: of the core.
        shape: of the image.
        center, scale: of a pixel.
        weights: of parts and channels, summed over lags, shape (neurons, parts, channels).
        constant: linear prediction where all features are zero, shape (neurons,).
        limits: least and greatest linear prediction, shape (2, neurons).
        likelihood: of the signals.
        unit: response for a mean of 1, shape (neurons,) or (1,).
        bins: for which the image stands still, so that a core with memory has settled.
    """

    core: Any
    params: Any
    shape: Shape
    center: np.ndarray
    scale: np.ndarray
    weights: np.ndarray
    constant: np.ndarray
    limits: np.ndarray
    likelihood: LikelihoodName
    unit: np.ndarray
    bins: int

    @classmethod
    def of(cls, twin: Twin, readouts: AdaptedReadouts) -> "ImageResponses":
        """Of readouts that are fitted to the core of this twin; the slow state is held at its mean.

        Raises:
            InputError: the readouts belong to another core, or the twin sees no images.
        """
        shape = image_shape(twin.layout_)
        if shape is None:
            streams = ", ".join(dict.fromkeys(stream for stream, *_ in twin.layout_))
            raise InputError(
                f"the twin sees {streams}, and an exciting image is of a twin that sees one stream of images"
            )
        used, bin_seconds = min(readouts.components, twin.basis_.shape[-1]), twin.bin_seconds_
        middle = (readouts.center[..., :used] * readouts.coefficients[:used].T).sum(-1)
        memory = round(MEMORY_SECONDS / bin_seconds) if twin.settings.core == "gru" else 0
        return cls(
            core=core_of(twin.settings, twin.parts),
            params=twin.core_,
            shape=shape,
            center=twin.perspective_.center,
            scale=twin.perspective_.scale,
            weights=readouts.tensor(twin).sum(1).astype(np.float32),
            constant=readouts.coefficients[-1] - middle,
            limits=readouts.limits,
            likelihood=readouts.likelihood,
            unit=readouts.scale / (bin_seconds if readouts.likelihood == "poisson" else 1.0),
            bins=memory + 1,
        )

    def drive(self, params: Any, image: jax.Array, weights: jax.Array) -> jax.Array:
        """The linear prediction of one neuron less its constant.

        Args:
            params: of the core, an argument so that they are no constants of a compiled function.
            image: standardised pixels, shape (pixels,).
            weights: of the neuron, shape (parts, channels).
        """
        still = jnp.broadcast_to(image, (1, self.bins, len(image)))
        return jnp.vdot(self.core.apply(params, still)[0, -1], weights)

    def of_drives(self, drives: np.ndarray) -> np.ndarray:
        """Responses to drives of each neuron, within the limits of the readouts, shape (neurons,)."""
        return self.unit * mean_of(np.clip(self.constant + drives, *self.limits), self.likelihood)


@dataclasses.dataclass(frozen=True)
class ExcitingImages:
    """What the search found.

    Attributes:
        images: shape (neurons, height, width, channels), units of the stream.
        response: predicted, within the limits of the readouts, shape (neurons,).
        to_grey: the same of an image that is the mean everywhere, shape (neurons,).
    """

    images: np.ndarray
    response: np.ndarray
    to_grey: np.ndarray


def exciting_images(responses: ImageResponses, settings: ImageSettings) -> ExcitingImages:
    """Search for the most exciting image of every neuron."""
    height, width, channels = responses.shape
    pixels, neurons = height * width * channels, len(responses.weights)
    random = np.random.default_rng(settings.seed)
    starts = random.standard_normal((neurons, settings.restarts, pixels)).astype(np.float32)
    ascend = jax.jit(jax.vmap(functools.partial(_ascended, responses, settings), in_axes=(None, 0, 0)))
    which = np.repeat(np.arange(neurons), settings.restarts)
    images, heights, drives = [], [], []
    for begin in range(0, len(which), _AT_ONCE):
        # the last searches are filled up, so that nothing is compiled again
        chosen = np.minimum(np.arange(begin, begin + _AT_ONCE), len(which) - 1)
        found = ascend(responses.params, starts.reshape(-1, pixels)[chosen], responses.weights[which[chosen]])
        for kept, values in zip((images, heights, drives), found, strict=True):
            kept.append(np.asarray(values)[: len(which) - begin])
    best = np.concatenate(heights).reshape(neurons, -1).argmax(1) + settings.restarts * np.arange(neurons)
    grey = jax.jit(jax.vmap(responses.drive, in_axes=(None, None, 0)))(
        responses.params, jnp.zeros(pixels), responses.weights
    )
    scale = np.where(np.isfinite(responses.scale), responses.scale, 0.0)
    seen = np.concatenate(images)[best] * scale + responses.center
    return ExcitingImages(
        images=seen.reshape(neurons, *responses.shape),
        response=responses.of_drives(np.concatenate(drives)[best]),
        to_grey=responses.of_drives(np.asarray(grey)),
    )


def _ascended(
    responses: ImageResponses, settings: ImageSettings, params: Any, start: jax.Array, weights: jax.Array
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """The image, standardised, that one search finds; its objective; its drive."""
    norm = settings.contrast * np.sqrt(start.size)

    def objective(direction: jax.Array) -> tuple[jax.Array, jax.Array]:
        drive = responses.drive(params, norm * direction, weights)
        return drive - settings.smoothness * roughness(direction.reshape(responses.shape)), drive

    def step(direction: jax.Array, length: jax.Array) -> tuple[jax.Array, None]:
        slope = jax.grad(objective, has_aux=True)(direction)[0]
        return _unit(direction + length * _unit(slope)), None

    lengths = settings.step * jnp.linspace(1.0, 0.1, settings.steps)
    direction, _ = jax.lax.scan(step, _unit(start), lengths)
    return norm * direction, *objective(direction)


def roughness(image: jax.Array) -> jax.Array:
    """Sum of squares of differences between neighbouring pixels, of an image (height, width, channels)."""
    down, right = (jnp.square(jnp.diff(image, axis=axis)).sum() for axis in (0, 1))
    return down + right


def _unit(values: jax.Array) -> jax.Array:
    return values / jnp.maximum(jnp.linalg.norm(values), 1e-12)
