"""npz of keypoints: `points` (or `xyz`, or `keypoints`) (frames, K, 3), and optionally `names` (K,), `fps`,
`units`, `confidence` (frames, K) and `frame_numbers` (frames,).

With several animals: (frames, animals, K, 3), and optionally `animals`, their names.
"""

from pathlib import Path

from rodent.arrays import number, numbers
from rodent.errors import InputError
from rodent.keypoints.raw import Layout, RawKeypoints, confidence_of, in_order, names_of, word_of
from rodent.npz import read_npz
from rodent.reader import Reader
from rodent.reading_config import KeypointOptions

POINTS = ("points", "xyz", "keypoints")
REST = ("names", "fps", "units", "confidence", "frame_numbers", "animals")


def read(path: Path, options: KeypointOptions) -> RawKeypoints:
    """Read an npz.

    Raises:
        InputError: damaged, without keypoints, or of other shapes.
    """
    arrays, found = read_npz(path, (*POINTS, *REST))
    holding = [name for name in POINTS if name in arrays]
    if len(holding) != 1:
        raise InputError(
            f"{path} has {' and '.join(holding) or 'no keypoints'}; one array of {', '.join(POINTS)} is "
            f"expected; it has: {', '.join(found) or 'none'}"
        )
    (name,) = holding
    names = names_of(arrays["names"]) if "names" in arrays else None
    animals = names_of(arrays["animals"]) if "animals" in arrays else ()
    layout = Layout(("fkc", "fakc"), None if names else len(options.expected), options.animal, animals)
    points = in_order(arrays[name], layout, f"{path}: {name}")
    confidence = arrays.get("confidence")
    frames = arrays.get("frame_numbers")
    return RawKeypoints(
        points,
        names,
        word_of(arrays["units"]) if "units" in arrays else None,
        number(arrays["fps"], f"{path}: fps") if "fps" in arrays else None,
        confidence=None
        if confidence is None
        else confidence_of(confidence, points, layout, f"{path}: confidence"),
        frame_numbers=None if frames is None else numbers(frames, f"{path}: frame_numbers"),
    )


READER = Reader("npz", lambda file: file.is_npz, read)
