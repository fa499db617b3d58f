"""Rejection sampling: random motion is sampled until one is feasible for the rat's legs.

qpos = first_feasible(lambda: sample_poses(body, rng), body, "walks")
"""

from collections.abc import Callable

import numpy as np

from rodent.errors import WorkError
from rodent.scene import Scene
from rodent.synthesis.quality import WORST, quality

_TRIES = 50


def first_feasible(draw: Callable[[], np.ndarray | None], scene: Scene, kind: str) -> np.ndarray:
    """The first sample that the legs can follow without sliding, shape (frames, 74).

    Args:
        draw: samples poses, or returns None where a sample is rejected for other reasons.
        scene: the rat.
        kind: what is sampled, in the plural, for the error.

    Raises:
        WorkError: none of 50 samples is feasible.
    """
    for _ in range(_TRIES):
        qpos = draw()
        if qpos is None:
            continue
        worst = quality(qpos, scene)
        if max(worst.slide, worst.penetration) < WORST:
            return qpos
    scale = scene.scale
    raise WorkError(f"none of {_TRIES} random {kind} is feasible for the legs of a rat of scale {scale:g}")
