"""Motion drawn at random, again and again until a rat's legs can do it.

qpos = first_possible(lambda: poses(body, rng), body, "walks")
"""

from collections.abc import Callable

import numpy as np

from rodent.body import Body
from rodent.errors import WorkError
from rodent.synthesis.quality import WORST, quality

_TRIES = 50


def first_possible(draw: Callable[[], np.ndarray | None], body: Body, kind: str) -> np.ndarray:
    """The first poses drawn that the legs can do, shape (frames, 74).

    Args:
        draw: draws poses, or None where they are no good for other reasons.
        body: the rat.
        kind: what is drawn, in the plural, for the error.

    Raises:
        WorkError: of 50 draws the legs could do none.
    """
    for _ in range(_TRIES):
        qpos = draw()
        if qpos is None:
            continue
        worst = quality(qpos, body)
        if max(worst.slide, worst.penetration) < WORST:
            return qpos
    scale = body.config.scale
    raise WorkError(f"of {_TRIES} {kind} drawn the legs of a rat of scale {scale:g} could do none")
