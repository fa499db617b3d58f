"""Synthetic motion: generated from published gait statistics, or clips varied at random.

    clips = gait_clips(body)                        # the built-in library: walk, trot, turn, rear, groom …
    clips = path_clips(body, time, points)          # along a recorded path, at the animal's speed
    clips = rear_clips(body, 32)                    # random rears
    clips = walk_clips(body, 32)                    # random walks with turns and stops
    clips = stance_clips(body, frames=500)          # a rat that stands and looks around
    clips = varied_clips(clips, body, Variation())  # the same clips in another pace and posture
    quality(clips[0].qpos, body).slide              # metres that a standing paw slides on the floor

Published gait statistics of real rats (`gait_statistics`) say when and where the paws step, and the
limbs are fitted to that by inverse kinematics. Nothing was measured on this body. The clips have 50
frames per second, and their `source` says that they are synthetic.
"""

from rodent.synthesis.library import FRAMES, GAIT_FRAMES, gait_clips, path_clips, rear_clips, walk_clips
from rodent.synthesis.path import FPS, SMOOTHING
from rodent.synthesis.quality import Quality, flaws, quality, require_quality, worst_quality
from rodent.synthesis.stance import stance_clips
from rodent.synthesis.track import read_track
from rodent.synthesis.variation import varied_clips

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
    "stance_clips",
    "varied_clips",
    "walk_clips",
    "worst_quality",
]
