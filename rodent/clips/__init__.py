"""Clips of reference motion: read, checked, converted, compared and written.

clips = read_clips("walks.h5")     # or an npz, npy, stac-mjx HDF5 or mimic-mjx JSON
clips = read_clips("gaits")        # built in
clips["walk"].qpos                 # (frames, 74) metres, quaternion w x y z, radians
write_clips(clips, "copy.h5")
write_clips(mirrored_clips(clips, body), "mirrored.h5")
"""

from rodent.clips.behavior import BEHAVIORS, behaviors, most_common
from rodent.clips.clip import Clip, ClipSet, joined, prefixed
from rodent.clips.file import write_clips
from rodent.clips.importers import import_clips
from rodent.clips.mirror import Mirror, mirrored_clips
from rodent.clips.reading import read_clips
from rodent.clips.resampling import resample
from rodent.clips.summary import summarise
from rodent.clips.validate import require_body
from rodent.reading_config import ImportOptions

__all__ = [
    "BEHAVIORS",
    "Clip",
    "ClipSet",
    "ImportOptions",
    "Mirror",
    "behaviors",
    "import_clips",
    "joined",
    "mirrored_clips",
    "most_common",
    "prefixed",
    "read_clips",
    "require_body",
    "resample",
    "summarise",
    "write_clips",
]
