"""Keypoints: tracked points of a rat, read from any common file, checked and cleaned.

    keypoints = read_keypoints("rat.nwb", units="mm", fps=50.0)  # overrides what the file states
    keypoints, cleaning = clean(keypoints)  # spikes, swapped sides, short gaps
    keypoints.points                        # (frames, K, 3) metres, NaN where missing
    cleaning.to_json()                      # counts per keypoint

Files: NWB with ndx-pose, DANNCE and sDANNCE MAT, HDF5 of sleap-anipose, stac-mjx and sessions of
Aldarondo et al. (2024), anipose and DeepLabCut 3-D CSV, npz. The content decides, not the file's name.
"""

from rodent.keypoints.cleaning import Cleaning, clean
from rodent.keypoints.keypoints import Keypoints
from rodent.keypoints.readers import read_keypoints
from rodent.keypoints.swaps import side_pairs
from rodent.keypoints.units import Units

__all__ = ["Cleaning", "Keypoints", "Units", "clean", "read_keypoints", "side_pairs"]
