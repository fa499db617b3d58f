"""Motion of our own: a rat that walks, trots, turns, rears, grooms and stands, made from figures.

    clips = gait_clips(body)                        # the built-in set
    clips = path_clips(body, time, points)          # along a recorded animal's path, at its speed
    clips = rear_clips(body, 32)                    # on the hind legs, each in its own way
    clips = walk_clips(body, 32)                    # on its way, likewise
    quality(clips[0].qpos, body).slide              # metres that a paw slides on the floor

Nothing of it was measured on this body: gait figures of real rats (`figures`) say when and where
the paws step, and the limbs are fitted to that by inverse kinematics. The clips are ordinary
clips of 50 frames per second, and their `source` says that they are synthetic.
"""

from rodent.motion.synth.path import FPS, SMOOTHING
from rodent.motion.synth.quality import Quality, flaws, quality, require_quality, worst_quality
from rodent.motion.synth.repertoire import FRAMES, GAIT_FRAMES, gait_clips, path_clips, rear_clips, walk_clips
from rodent.motion.synth.track import read_track

__all__ = [
    "FPS",
    "FRAMES",
    "GAIT_FRAMES",
    "SMOOTHING",
    "Quality",
    "flaws",
    "gait_clips",
    "path_clips",
    "quality",
    "read_track",
    "rear_clips",
    "require_quality",
    "walk_clips",
    "worst_quality",
]
