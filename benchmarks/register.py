"""How fast poses are fitted to keypoints, by cores and length of the recording, and in how much memory.

Keypoints are made from the built-in clips, 23 of a rat and 22 of a mouse, with 1 mm of noise, a fifth lost.
Speeds are also given relative to bare forward kinematics in the same run. A lab's recording lasts an hour;
its memory is measured on one of that length at 50 Hz.
"""

import json
import os
import resource
import sys
import time

import numpy as np

from rodent.body_config import BodyConfig, MouseConfig
from rodent.clips import read_clips
from rodent.clips.retarget import retargeted_clips
from rodent.keypoints import Keypoints
from rodent.kinematics.skeleton import Skeleton
from rodent.registration import Registration, read_markers
from rodent.scene import make_scene

ANIMALS = (("rat23", BodyConfig(), 600.0), ("mouse22", MouseConfig(), 400.0))  # least frames/s on all cores
MEMORY_BAR = 2.0  # GB
HOUR = 180_000  # frames
LENGTHS = (1_000, 10_000)


def recording(name: str, body: BodyConfig, frames: int) -> Keypoints:
    """The built-in clips one after another, over and over, on another body."""
    scene, markers = make_scene(body), read_markers(name)
    gaits = np.concatenate(
        [clip.qpos for clip in retargeted_clips(read_clips("gaits"), scene, same_time=True)]
    )
    points = Skeleton(scene, markers.bodies).positions(gaits, markers.offsets * scene.scale)
    random = np.random.default_rng(0)
    points = np.tile(points, (-(-frames // len(points)), 1, 1))[:frames]
    points += random.normal(0, 0.001, points.shape)
    points[random.random(points.shape[:2]) < 0.2] = np.nan
    return Keypoints(points=points, names=markers.names, fps=50.0, confidence=None, source="built-in clips")


def kinematics_speed(body: BodyConfig) -> float:
    """Poses per second of forward kinematics on one core."""
    scene, qpos = make_scene(body), np.concatenate([clip.qpos for clip in read_clips("gaits")])
    skeleton = Skeleton(scene, ("torso",))
    began = time.perf_counter()
    skeleton.positions(qpos, np.zeros((1, 3)))
    return len(qpos) / (time.perf_counter() - began)


def main() -> bool:
    """Print every figure; whether all bars were met."""
    met = True
    for name, body, bar in ANIMALS:
        registration = Registration(read_markers(name), body=body).fit(recording(name, body, 2_600))
        speed, bare = 0.0, kinematics_speed(body)
        for frames in LENGTHS:
            keypoints = recording(name, body, frames)
            for threads in sorted({1, os.cpu_count() or 1}):
                began = time.perf_counter()
                registration.transform(keypoints, threads=threads)
                speed = frames / (time.perf_counter() - began)
                part = speed / bare
                print(
                    f"{name}, {frames:6} frames, {threads} threads: {speed:5.0f} frames/s, "
                    f"{part:.3f} of kinematics"
                )
        figure = {"figure": f"poses fitted, {name}", "value": round(speed), "unit": "frames/s", "bar": bar}
        print(json.dumps(figure | {"at": "least"}))
        met &= speed >= bar
        if "--hour" in sys.argv:
            registration.transform(recording(name, body, HOUR))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    peak = {
        "figure": "peak memory",
        "value": round(memory, 2),
        "unit": "GiB",
        "bar": MEMORY_BAR,
        "at": "most",
    }
    print(json.dumps(peak))
    return met and memory < MEMORY_BAR


if __name__ == "__main__":
    sys.exit(not main())
