"""Keypoints: tracked points of a rat, read from any common file, checked and cleaned.

    options = KeypointOptions(units="mm", fps=50.0)   # overrides what the file states
    keypoints = read_keypoints("rat.nwb", options)
    keypoints, cleaning = clean(keypoints)  # spikes, swapped sides, short gaps
    keypoints.points                        # (frames, K, 3) metres, NaN where missing
    cleaning.to_json()                      # counts per keypoint

Formats are those of `rodent.parts.KEYPOINT_READERS`, to which packages add. The content decides, not the
file's name.
"""

from rodent.keypoints.cleaning import Cleaning, clean
from rodent.keypoints.keypoints import Keypoints
from rodent.keypoints.raw import RawKeypoints
from rodent.keypoints.readers import read_keypoints
from rodent.keypoints.swaps import side_pairs
from rodent.reading_config import KeypointOptions, Units

__all__ = [
    "Cleaning",
    "KeypointOptions",
    "Keypoints",
    "RawKeypoints",
    "Units",
    "clean",
    "read_keypoints",
    "side_pairs",
]
