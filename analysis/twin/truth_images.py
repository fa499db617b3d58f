"""Simulated animals that see movies, with neurons of known filters: what the core `convolution` is tested on.

    animals = plant_images(ImagePlan(), animals=4, seed=0)
    animals[0].session.counts, animals[0].rates     # spikes; expected counts, (bins, neurons)
    animals[0].filters                              # (neurons, 2, height, width), of quadrature phases

A movie is noise whose amplitude falls with spatial frequency, and which changes slowly. Neurons are Gabor
functions at random places. A simple cell's log rate follows the product of its Gabor function and the image,
a complex cell's the root of the sum of squares of two that are a quarter of a cycle apart (after Adelson and
Bergen, J. Opt. Soc. Am. A 2, 284, 1985).
"""

import dataclasses

import numpy as np

from analysis.twin.session import Stream, TwinSession
from analysis.twin.truth_drive import lagged

_MOST = 3.0  # standard deviations of the drive
_PHASES = 72  # of a complex cell that are compared


@dataclasses.dataclass(frozen=True)
class ImagePlan:
    """How movies and neurons are drawn."""

    size: int = 24
    """Height and width of the images, pixels."""
    minutes: float = 12.0
    """Minutes of each animal."""
    bin_seconds: float = 0.05
    """Length of a bin, which has one image, seconds."""
    neurons: int = 40
    """Neurons of each animal."""
    complex_cells: float = 0.25
    """Fraction of the neurons that are complex cells."""
    memory_seconds: float = 0.1
    """Time constant of the movie, seconds."""
    slope: float = 0.5
    """Exponent with which the amplitude of the movie falls with spatial frequency."""
    border: int = 6
    """Least distance of a place from the edge of the image, pixels."""
    frequency: tuple[float, float] = (0.1, 0.2)
    """Spatial frequencies of the Gabor functions, cycles per pixel."""
    width: tuple[float, float] = (1.5, 2.2)
    """Standard deviations of their envelopes, pixels."""
    rate: float = 8.0
    """Median rate, Hz."""
    depth: float = 0.8
    """Standard deviation of the part of the log rate that the image drives."""
    lag_seconds: float = 0.05
    """Median lag of a neuron behind the image, seconds; its standard deviation is half of that."""


@dataclasses.dataclass(frozen=True)
class PlantedImages:
    """An animal with planted neurons.

    Attributes:
        session: movie and simulated spikes.
        rates: expected counts, shape (bins, neurons).
        filters: of norm 1, of two phases a quarter of a cycle apart, shape (neurons, 2, height, width).
        is_complex: whether a neuron is a complex cell, bool, shape (neurons,).
        place: of the middle of the filter, x and y, pixels, shape (neurons, 2).
    """

    session: TwinSession
    rates: np.ndarray
    filters: np.ndarray
    is_complex: np.ndarray
    place: np.ndarray

    def nearest(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What should excite each neuron most, and how alike an image is to it.

        Args:
            images: one for each neuron, shape (neurons, height, width).

        Returns:
            the Gabor function, of complex cells at the phase that is most alike, shape (neurons, height,
            width); its correlation with the image, shape (neurons,).
        """
        phases = np.linspace(0, 2 * np.pi, _PHASES, endpoint=False)
        turned = np.einsum("kp,nphw->nkhw", np.column_stack([np.cos(phases), np.sin(phases)]), self.filters)
        flat = turned.reshape(len(turned), _PHASES, -1)
        alike = np.array(
            [np.corrcoef(image.ravel(), one)[0, 1:] for image, one in zip(images, flat, strict=True)]
        )
        best = np.where(self.is_complex, alike.argmax(1), 0)
        each = np.arange(len(best))
        return turned[each, best], alike[each, best]


def plant_images(plan: ImagePlan, animals: int, seed: int) -> list[PlantedImages]:
    """Animals with movies and neurons of their own."""
    return [_planted(plan, i, np.random.default_rng([seed, 6, i])) for i in range(animals)]


def movie(random: np.random.Generator, bins: int, plan: ImagePlan) -> np.ndarray:
    """Frames of variance 1, float32, shape (bins, height, width); opposite edges continue each other."""
    from scipy.fft import irfft2, rfft2
    from scipy.signal import lfilter

    shape = (plan.size, plan.size)
    cycles = np.hypot(np.fft.fftfreq(plan.size)[:, None], np.fft.rfftfreq(plan.size))
    amplitude = (np.maximum(cycles, 1 / plan.size) ** -plan.slope).astype(np.float32)
    noise = random.standard_normal((bins, *shape), dtype=np.float32)
    keep = np.float32(np.exp(-plan.bin_seconds / plan.memory_seconds))
    taps = np.array([np.sqrt(1 - keep**2)], np.float32), np.array([1, -keep], np.float32)
    slow, _ = lfilter(*taps, noise, axis=0, zi=keep * noise[:1])
    frames = irfft2(amplitude * rfft2(slow), s=shape)
    return frames / frames.std()


def gabor_functions(
    random: np.random.Generator, neurons: int, plan: ImagePlan
) -> tuple[np.ndarray, np.ndarray]:
    """Filters of norm 1, shape (neurons, 2, height, width), and their places, pixels, shape (neurons, 2)."""
    place = random.uniform(plan.border, plan.size - 1 - plan.border, (neurons, 2))
    orientation, phase = random.uniform(0, np.pi, neurons), random.uniform(0, 2 * np.pi, neurons)
    frequency, width = random.uniform(*plan.frequency, neurons), random.uniform(*plan.width, neurons)
    pixels = np.arange(plan.size)
    x = pixels[None, None, :] - place[:, 0, None, None]
    y = pixels[None, :, None] - place[:, 1, None, None]
    along = np.cos(orientation)[:, None, None] * x + np.sin(orientation)[:, None, None] * y
    envelope = np.exp(-(x**2 + y**2) / (2 * width[:, None, None] ** 2))
    cycles = 2 * np.pi * frequency[:, None, None] * along + phase[:, None, None]
    filters = np.stack([envelope * np.cos(cycles), envelope * np.sin(cycles)], axis=1)
    return filters / np.linalg.norm(filters, axis=(2, 3), keepdims=True), place


def _planted(plan: ImagePlan, number: int, random: np.random.Generator) -> PlantedImages:
    n, bins = plan.neurons, round(plan.minutes * 60 / plan.bin_seconds)
    frames = movie(random, bins, plan)
    filters, place = gabor_functions(random, n, plan)
    is_complex = np.arange(n) < round(plan.complex_cells * n)
    products = np.einsum("thw,nphw->tnp", frames, filters.astype(np.float32), optimize=True)
    drive = np.where(is_complex, np.hypot(products[..., 0], products[..., 1]), products[..., 0])
    lag = plan.lag_seconds * (1 + 0.5 * random.standard_normal(n))
    piece = np.zeros(bins, int)
    drive = lagged(drive, lag / plan.bin_seconds, piece)
    scaled = plan.depth * np.clip((drive - drive.mean(0)) / drive.std(0), -_MOST, _MOST)
    rates = plan.rate * np.exp(0.3 * random.standard_normal(n) + scaled) * plan.bin_seconds
    session = TwinSession(
        name=f"movie of animal {number}",
        animal=f"animal {number}",
        streams=(Stream.images("movie", frames),),
        counts=random.poisson(rates).astype(np.uint8),
        neurons=tuple(f"neuron_{i}" for i in range(n)),
        bin_seconds=plan.bin_seconds,
        piece=piece,
        table={"type": np.where(is_complex, "complex", "simple")},
    )
    return PlantedImages(session, rates.astype(np.float32), filters, is_complex, place)
