"""Registration: fit the rat's body to tracked keypoints, and make clips of its motion (STAC).

register("keypoints.npz", "rat23").clips   # all of it in one call

markers = read_markers("rat23")
registration = Registration(markers).fit(keypoints)
found = registration.transform(keypoints)
found.error                                # metres, (frames, keypoints)
clips = registered_clips(found, make_scene(registration.body_), ClipOptions())
"""

from rodent.registration.clipping import ClipOptions, clip_frames, registered_clips
from rodent.registration.fit import Registration
from rodent.registration.ground import Floor, find_floor, lowest_paws
from rodent.registration.keypoints_to_clips import RegisteredClips, register
from rodent.registration.markers import MarkerSet, read_markers
from rodent.registration.pose import PoseSettings
from rodent.registration.registered import Registered

__all__ = [
    "ClipOptions",
    "Floor",
    "MarkerSet",
    "PoseSettings",
    "Registered",
    "RegisteredClips",
    "Registration",
    "clip_frames",
    "find_floor",
    "lowest_paws",
    "read_markers",
    "register",
    "registered_clips",
]
