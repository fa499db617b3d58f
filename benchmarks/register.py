"""How fast poses are fitted to keypoints, by cores and length of the recording, and in how much memory.

Keypoints are made from the built-in clips, 23 of them with 1 mm of noise, a fifth lost. A lab's
recording lasts an hour; its memory is measured on one of that length at 50 Hz.
"""

import json
import os
import resource
import sys
import time

import numpy as np

from rodent.clips import read_clips
from rodent.keypoints import Keypoints
from rodent.kinematics.skeleton import Skeleton
from rodent.registration import Registration, read_markers
from rodent.scene import make_scene

SPEED_BAR = 600.0  # frames/s on all cores
MEMORY_BAR = 2.0  # GB
HOUR = 180_000  # frames
LENGTHS = (1_000, 10_000)


def recording(frames: int) -> Keypoints:
    """The built-in clips one after another, over and over."""
    scene, markers = make_scene(), read_markers("rat23")
    gaits = np.concatenate([clip.qpos for clip in read_clips("gaits")])
    points = Skeleton(scene, markers.bodies).positions(gaits, markers.offsets * scene.scale)
    random = np.random.default_rng(0)
    points = np.tile(points, (-(-frames // len(points)), 1, 1))[:frames]
    points += random.normal(0, 0.001, points.shape)
    points[random.random(points.shape[:2]) < 0.2] = np.nan
    return Keypoints(points=points, names=markers.names, fps=50.0, confidence=None, source="built-in clips")


def main() -> bool:
    """Print every figure; whether all bars were met."""
    registration = Registration(read_markers("rat23")).fit(recording(2_600))
    speed = 0.0
    for frames in LENGTHS:
        keypoints = recording(frames)
        for threads in sorted({1, os.cpu_count() or 1}):
            began = time.perf_counter()
            registration.transform(keypoints, threads=threads)
            speed = frames / (time.perf_counter() - began)
            print(f"{frames:6} frames, {threads} threads: {speed:5.0f} frames/s")
    if "--hour" in sys.argv:
        registration.transform(recording(HOUR))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(json.dumps({"figure": "peak memory", "value": round(memory, 2), "unit": "GiB", "bar": MEMORY_BAR}))
    print(json.dumps({"figure": "poses fitted", "value": round(speed), "unit": "frames/s", "bar": SPEED_BAR}))
    return speed >= SPEED_BAR and memory < MEMORY_BAR


if __name__ == "__main__":
    sys.exit(not main())
