"""Split of clips into training, test and validation clips: by name, or by a fraction of the sessions.

A clip, its mirror image and their variants are always in the same part, because they are nearly the same.
"""

from collections.abc import Sequence

import numpy as np

from rodent.clips.clip import ClipSet
from rodent.clips.names import original_name
from rodent.errors import InputError


def split_clips(
    clips: ClipSet,
    test_fraction: float,
    seed: int,
    test_clips: Sequence[str] = (),
    validation_clips: Sequence[str] = (),
) -> dict[str, list[str]]:
    """Names of the clips for training, for testing and, if there are any, for validation.

    Args:
        clips: all clips.
        test_fraction: fraction of sessions held out, or of clips if there is one session.
        seed: of the random choice.
        test_clips: names of clips to hold out, instead of a fraction.
        validation_clips: names of clips to hold out that decide which policy is kept.

    Raises:
        InputError: there is no clip of a name, a clip is for both testing and validation, or no clips would
            remain for training.
    """
    if not 0 <= test_fraction < 1:
        raise InputError(f"test_fraction is {test_fraction:g}; it must be in [0, 1)")
    if test_clips:
        test = {original_name(clips[name].name) for name in test_clips}
        held_out = f"test_clips {', '.join(test_clips)}"
    else:
        test = _sampled(clips, test_fraction, seed)
        held_out = f"test_fraction {test_fraction:g}"
    validation = {original_name(clips[name].name) for name in validation_clips}
    if both := sorted(test & validation):
        raise InputError(f"{both[0]!r} is held out for testing and for validation; choose one")
    split: dict[str, list[str]] = {"train": [], "test": [], **({"validation": []} if validation else {})}
    for name in clips.names:
        original = original_name(name)
        part = "test" if original in test else "validation" if original in validation else "train"
        split[part].append(name)
    if not split["train"]:
        more = f" and validation_clips {', '.join(validation_clips)}" if validation else ""
        raise InputError(f"{held_out}{more} of {len(clips)} clips leaves no clips for training")
    return split


def _sampled(clips: ClipSet, fraction: float, seed: int) -> set[str]:
    """Original names of randomly held-out clips: of whole sessions, if there are several."""
    by_session = len({clip.session for clip in clips}) > 1
    groups: dict[str, list[str]] = {}
    for clip in clips:
        original = original_name(clip.name)
        groups.setdefault(clip.session if by_session else original, []).append(original)
    names = sorted(groups) if by_session else list(groups)
    order = np.random.default_rng(seed).permutation(len(names))
    held = int(np.ceil(fraction * len(names)))
    return {original for i in order[:held] for original in groups[names[i]]}
