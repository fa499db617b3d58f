"""The same behaviors in the same shares on both sides, by weights."""

import numpy as np

from rodent.errors import InputError


def balanced_weights(is_model: np.ndarray, behavior: np.ndarray) -> np.ndarray:
    """Weights of windows with which both sides have equal shares of every behavior.

    The share of a behavior is the smaller one of its shares on the two sides, so that no window weighs much.
    Behaviors of one side only have weight 0. The weights of each side sum to 1; zeros if no behavior is
    shared.

    Args:
        is_model: side of each window, bool, shape (windows,).
        behavior: of each window, text, shape (windows,).

    >>> side = np.array([True, True, True, False, False])
    >>> balanced_weights(side, np.array(["Walk", "Walk", "Rear", "Walk", "Still"])).tolist()
    [0.5, 0.5, 0.0, 1.0, 0.0]
    """
    names, index = np.unique(behavior, return_inverse=True)
    counts = np.stack([np.bincount(index[is_model == side], minlength=len(names)) for side in (True, False)])
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    common = shares.min(0)
    common = common / max(common.sum(), 1e-300)
    each = common / np.maximum(counts, 1)
    return np.where(is_model, each[0][index], each[1][index])


def require_overlap(model: np.ndarray, rat: np.ndarray) -> None:
    """Require that two sides share a behavior.

    Args:
        model, rat: behaviors of the windows, text.

    Raises:
        InputError: they share none.
    """
    if not set(model) & set(rat):
        raise InputError(
            f"the model shows {', '.join(sorted(set(model)))} and the rat {', '.join(sorted(set(rat)))}: no "
            "behavior is shared, so that behavior alone would give the model away; compare the same behaviors"
        )
