"""Which clips are learnt from and which are kept out: by session where there are several, else by clip."""

import numpy as np

from rodent.errors import InputError
from rodent.motion.clip import ClipSet


def split_clips(clips: ClipSet, test_fraction: float, seed: int) -> dict[str, list[str]]:
    """Names of the clips for training and for testing.

    Args:
        clips: all clips.
        test_fraction: share of sessions kept out, or of clips where there is one session.
        seed: of the draw.

    Raises:
        InputError: nothing would be left to train on.
    """
    if not 0 <= test_fraction < 1:
        raise InputError(f"test_fraction is {test_fraction:g}; it must lie in [0, 1)")
    sessions = sorted({clip.session for clip in clips})
    groups = (
        [[c.name for c in clips if c.session == session] for session in sessions]
        if len(sessions) > 1
        else [[clip.name] for clip in clips]
    )
    order = np.random.default_rng(seed).permutation(len(groups))
    held = int(np.ceil(test_fraction * len(groups)))
    if held >= len(groups):
        raise InputError(
            f"test_fraction {test_fraction:g} of {len(groups)} clips or sessions leaves none to train on"
        )
    test = {name for i in order[:held] for name in groups[i]}
    return {
        "train": [clip.name for clip in clips if clip.name not in test],
        "test": [clip.name for clip in clips if clip.name in test],
    }
