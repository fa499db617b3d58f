"""Reference motion: clips of a rat moving, read, checked, converted and written.

clips = read_clips("walks.h5")   # or an npz, npy, stac-mjx HDF5 or mimic-mjx JSON
clips["Walk_35"].qpos            # (frames, 74) metres, quaternion w x y z, radians
write_clips(clips, "copy.h5")
"""

from rodent.motion.clip import Clip, ClipSet, read_clips, require_body, write_clips
from rodent.motion.importers import ImportOptions, import_clips
from rodent.motion.kinematics import resample

__all__ = [
    "Clip",
    "ClipSet",
    "ImportOptions",
    "import_clips",
    "read_clips",
    "require_body",
    "resample",
    "write_clips",
]
