"""Left and right keypoints that the tracker swaps for a while.

    side_pairs(("Snout", "HandL", "HandR"))     # (("HandL", "HandR"),)

When a tracker swaps two keypoints, each jumps to the position of the other. Later both jump back. So
between two frames the two crossing steps (left to right, right to left) are much shorter than the two
straight steps, relative to the moving rat (`in_place`). The frames between two such exchanges are a swap.
"""

import numpy as np

SIDES = (("Left", "Right"), ("left", "right"), ("LEFT", "RIGHT"), ("L", "R"), ("l", "r"))

# both crossing steps must be shorter than this fraction of both straight steps: a jump to another
# position shortens at most one of them, and paws that pass each other stay a paw's width apart
MARKEDLY = 0.5
# metres that both must jump; closer keypoints need no decision
MIN_JUMP = 0.01
# seconds: trackers recover within some frames. If two exchanges are farther apart, it is unclear whether
# the frames between them are swapped or all others
MAX_SWAP = 0.5
# frames with a missing keypoint that an exchange may span
MAX_ABSENCE = 3


def side_pairs(names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Pairs of names that differ only in left and right at their beginning or end, left first.

    >>> side_pairs(("EarL", "EarR", "left_paw", "right_paw", "SpineL", "Tail"))
    (('EarL', 'EarR'), ('left_paw', 'right_paw'))
    """
    pairs: dict[str, str] = {}
    for name in names:
        for left, right in SIDES:
            for mirrored in _mirrored(name, left, right):
                if mirrored in names and mirrored not in pairs.values():
                    pairs.setdefault(name, mirrored)
    return tuple(pairs.items())


def in_place(points: np.ndarray) -> np.ndarray:
    """The keypoints relative to the moving rat: the median step of all is subtracted from each.

    Args:
        points: metres, NaN where missing, shape (frames, K, 3).
    """
    steps = np.diff(points, axis=0)
    seen = ~np.isnan(steps[..., 0]).all(axis=1)
    way = np.zeros((len(points), 1, 3))
    way[1:][seen] = np.nanmedian(steps[seen], axis=1, keepdims=True)
    return points - np.cumsum(way, axis=0)


def swapped_frames(left: np.ndarray, right: np.ndarray, fps: float) -> np.ndarray:
    """Frames in which two keypoints are swapped.

    Args:
        left, right: positions in metres of a rat kept in place, NaN where missing, shape (frames, 3).
        fps: frames per second.

    Returns:
        bool, shape (frames,).
    """
    swapped = np.zeros(len(left), bool)
    start = None
    for before, after in zip(*_exchanges(left, right), strict=True):
        if start is not None and before - start < MAX_SWAP * fps:
            swapped[start : before + 1] = True
            start = None
        else:
            start = after
    return swapped


def _exchanges(left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The frames before and after each exchange, shape (exchanges,) each."""
    seen = np.flatnonzero(~np.isnan(left[:, 0]) & ~np.isnan(right[:, 0]))
    left, right = left[seen], right[seen]
    straight = np.minimum(_length(left[1:] - left[:-1]), _length(right[1:] - right[:-1]))
    crossing = np.maximum(_length(right[1:] - left[:-1]), _length(left[1:] - right[:-1]))
    exchanged = (crossing < MARKEDLY * straight) & (straight > MIN_JUMP) & (np.diff(seen) <= 1 + MAX_ABSENCE)
    return seen[:-1][exchanged], seen[1:][exchanged]


def _length(vectors: np.ndarray) -> np.ndarray:
    return np.linalg.norm(vectors, axis=-1)


def _mirrored(name: str, left: str, right: str) -> list[str]:
    begun = [right + name.removeprefix(left)] if name.startswith(left) else []
    return begun + ([name.removesuffix(left) + right] if name.endswith(left) else [])
