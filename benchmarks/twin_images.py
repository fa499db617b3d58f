"""Twins of neurons that see movies, on planted truth: Gabor functions at random places of the image.

    python benchmarks/twin_images.py                            # three seeds
    python benchmarks/twin_images.py --seeds 1 --figure gabors.png
    python benchmarks/twin_images.py --controls                 # beside random and shuffled cores

A convolutional core is fitted to some animals, and readouts to a new one. The most exciting image of each of
its neurons is compared with the neuron's Gabor function; that of a complex cell with the most similar phase.
A figure of several seeds is its worst value.
"""

import argparse
import dataclasses
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from _figures import report

from analysis.encoding.scores import bits_per_spike
from analysis.twin.adaptation import adapt
from analysis.twin.comparison import GLM, compare, fit_with_controls, twin_name
from analysis.twin.excite_image import ImageResponses, exciting_images
from analysis.twin.settings import AdaptSettings, ImageSettings, TwinSettings
from analysis.twin.truth_images import ImagePlan, PlantedImages, plant_images
from analysis.twin.twin import Twin
from rodent.jax_setup import cache_compilations

ALIKE = 0.8
"""Correlation from which on an image counts as that of the neuron."""
MINUTES, TEST_MINUTES = 6.0, 5.0
"""Of the new animal: to fit readouts to, and to score."""
SHOWN = (0, 1, 2, 3, -4, -3, -2, -1)
"""Neurons of the picture: complex cells come first."""


def main() -> bool:
    """Print every figure; whether all bars were met."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seeds", type=int, default=3, help="how many")
    arguments.add_argument("--first-seed", type=int, default=1, help="the others follow it")
    arguments.add_argument("--animals", type=int, default=3, help="that the core is fitted to")
    arguments.add_argument("--steps", type=int, default=1500, help="of the training")
    arguments.add_argument("--controls", action="store_true", help="also fit a random and a shuffled core")
    arguments.add_argument("--figure", type=Path, help="PNG of planted and found images of the first seed")
    given = arguments.parse_args()
    cache_compilations()
    settings = TwinSettings(
        core="convolution",
        hidden=32,
        channels=16,
        lag_seconds=0.1,
        chunk_seconds=2.0,
        chunks=2,
        steps=given.steps,
    )
    rows = []
    for seed in range(given.first_seed, given.first_seed + given.seeds):
        *fitted, new = plant_images(ImagePlan(), given.animals + 1, seed)
        sessions, seeded = [one.session for one in fitted], dataclasses.replace(settings, seed=seed)
        if given.controls:
            twins = fit_with_controls(sessions, seeded)
        else:
            twins = {twin_name(seeded): Twin(seeded).fit(sessions)}
        twin = twins[twin_name(seeded)]
        readouts = adapt(twin, new.session, AdaptSettings(), MINUTES)
        images = exciting_images(ImageResponses.of(twin, readouts), ImageSettings(seed=seed)).images[..., 0]
        gabors, alike = new.nearest(images)
        rows.append(scored(twins, new) | {"alike": float(np.mean(alike >= ALIKE))})
        kinds = {"simple": ~new.is_complex, "complex": new.is_complex}
        each = ", ".join(f"{kind} {np.median(alike[of]):.3f}" for kind, of in kinds.items())
        print(f"seed {seed}: {rows[-1]}; median correlations: {each}", flush=True)
        if given.figure is not None and seed == given.first_seed:
            draw(gabors, images, alike, new, given.figure)
    worst = {figure: min(row[figure] for row in rows) for figure in ("alike", "share", "gain")}
    alike = f"neurons whose image has a correlation of {ALIKE:g}, fraction"
    good = report(alike, worst["alike"], "", 0.9, "least")
    good &= report("share of the bits per spike of the true rates", worst["share"], "", 0.75, "least")
    return good & report("bits per spike less those of the GLM", worst["gain"], "bits/spike", 0.0, "least")


def scored(twins: Mapping[str, Twin], new: PlantedImages) -> dict[str, float]:
    """Median bits per spike of every model and of the true rates, and what is claimed of them."""
    session, (name, twin) = new.session, next(iter(twins.items()))
    points = compare(twins, [session], (MINUTES,), AdaptSettings(), TEST_MINUTES)
    bits = {point.model: point.bits.median for point in points}
    rows = twin.windows(session).rows
    test, mean = rows[-round(TEST_MINUTES * 60 / session.bin_seconds) :], session.counts[rows].mean(0)
    true = float(np.median(bits_per_spike(session.counts[test], new.rates[test], mean)))
    return bits | {"true rates": true, "share": bits[name] / true, "gain": bits[name] - bits[GLM]}


def draw(gabors: np.ndarray, images: np.ndarray, alike: np.ndarray, new: PlantedImages, path: Path) -> None:
    """Planted and found images of some neurons, one above the other; each has its own scale of grey.

    Args:
        gabors, images: shape (neurons, height, width).
        alike: their correlations, shape (neurons,).
        new: whose neurons they are.
        path: PNG to write.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1.2 * len(SHOWN), 2.9), layout="constrained")
    axes = figure.subplots(2, len(SHOWN))
    for column, neuron in enumerate(SHOWN):
        for row, shown in enumerate((gabors, images)):
            most = np.abs(shown[neuron]).max()
            axes[row, column].imshow(shown[neuron], cmap="gray", vmin=-most, vmax=most)
            axes[row, column].set(xticks=[], yticks=[])
        axes[0, column].set_title("complex" if new.is_complex[neuron] else "simple", fontsize=9)
        axes[1, column].set_xlabel(f"r = {alike[neuron]:.2f}", fontsize=9)
    axes[0, 0].set_ylabel("planted", fontsize=9)
    axes[1, 0].set_ylabel("most exciting", fontsize=9)
    figure.savefig(path, dpi=80)


if __name__ == "__main__":
    sys.exit(not main())
