"""Whether registration finds the scale, offsets and standing paws that keypoints were made with.

Keypoints are the forward kinematics of clips: the built-in gaits, and the real clips of RODENT_DATA where
they are. Every offset is moved by a random distance up to its freedom in a random direction, the rat is of
another size, each coordinate has 1 mm of noise, and a fifth of the keypoints is missing.

A paw of a clip stands where its lowest point is less than 3 mm above the floor, on the scale of the clip,
and moves at less than 0.1 m/s.

    RODENT_DATA=FOLDER python benchmarks/registration_truth.py
"""

import dataclasses
import json
import os
import sys
from pathlib import Path

import numpy as np

from rodent.body_config import BodyConfig
from rodent.clips import Clip, read_clips
from rodent.keypoints import Keypoints
from rodent.kinematics.paws import STANDING
from rodent.kinematics.skeleton import Skeleton
from rodent.registration import MarkerSet, Registration, read_markers
from rodent.registration.ground import paw_contacts
from rodent.scene import make_scene

SCALES = (0.35, 0.6, 0.9, 1.15)
GAITS = ("walk", "rear", "groom")
REAL = ("Walk", "Rear", "FaceGroom")
NOISE, MISSING = 0.001, 0.2
STILL = 0.1  # m/s
FEWEST = 25  # frames in which a paw must stand to count
SCALE_BAR, OFFSET_BAR, STANDING_BAR, RIGHT_BAR = 2.0, 2.0, 0.95, 0.9


@dataclasses.dataclass(frozen=True)
class Found:
    """Errors of one registration."""

    scale: float
    """Relative error of the scale, per cent."""
    offset: float
    """Median error of the offsets, millimetres on the animal."""
    standing: float
    """Fraction of the frames of standing paws in which they are found, of all paws."""
    worst: float
    """The same of the worst paw."""
    right: float
    """Fraction of the frames of paws found standing in which they are low or still, of all paws."""


def moved(markers: MarkerSet, random: np.random.Generator) -> MarkerSet:
    """The markers with each offset moved within its freedom, uniformly in the ball."""
    way = random.normal(size=markers.offsets.shape)
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    far = markers.freedoms * random.random(len(way)) ** (1 / 3)
    return dataclasses.replace(markers, offsets=markers.offsets + way * far[:, None])


def measured(
    clip: Clip, size: float, scale: float, truth: MarkerSet, random: np.random.Generator
) -> Keypoints:
    """Keypoints of a clip of a body of scale `size`, on a body of scale `scale`."""
    qpos = clip.qpos.copy()
    qpos[:, :3] *= scale / size
    skeleton = Skeleton(make_scene(BodyConfig(scale=scale)), truth.bodies)
    points = skeleton.positions(qpos, truth.offsets * scale)
    points += random.normal(0, NOISE, points.shape)
    points[random.random(points.shape[:2]) < MISSING] = np.nan
    return Keypoints(points, truth.names, clip.fps, source=clip.name)


def tried(clip: Clip, size: float, scale: float, markers: MarkerSet, seed: int) -> Found:
    """Register a clip of a body of scale `size` as if the animal had the scale `scale`."""
    random = np.random.default_rng(seed)
    truth = moved(markers, random)
    keypoints = measured(clip, size, scale, truth, random)
    registration = Registration(markers).fit(keypoints)
    found = registration.transform(keypoints)
    off = np.linalg.norm(registration.markers_.offsets - truth.offsets, axis=1) * scale
    contacts = paw_contacts(clip.qpos, clip.fps, make_scene(BodyConfig(scale=size)))
    low, still = contacts.height < STANDING, np.nan_to_num(contacts.sliding, nan=np.inf) < STILL
    stands = low & still
    often = stands.sum(axis=0) >= FEWEST
    caught = [found.standing[stands[:, paw], paw].mean() for paw in np.flatnonzero(often)]
    return Found(
        scale=100 * abs(registration.scale_ / scale - 1),
        offset=1000 * float(np.median(off)),
        standing=float(found.standing[stands & often].mean()) if often.any() else np.nan,
        worst=float(min(caught, default=np.nan)),
        right=float((contacts.height < 3 * STANDING)[found.standing].mean()),
    )


def clips() -> list[tuple[Clip, float]]:
    """Clips that walk, rear and groom, with the scales of their bodies."""
    gaits = read_clips("gaits")
    chosen = [(gaits[name], gaits.scale) for name in GAITS]
    folder = os.environ.get("RODENT_DATA")
    if folder:
        real = read_clips(Path(folder, "mocap", "rat_clips_9.npz"))
        chosen += [(next(c for c in real if c.behavior == behavior), real.scale) for behavior in REAL]
    return chosen


def main() -> bool:
    """Print every figure; whether all bars were met."""
    markers, results = read_markers("rat23"), []
    print(f"{'clip':>16} scale   scale off %  offsets off mm  standing found  worst paw  right")
    for number, (clip, size) in enumerate(clips()):
        for scale in SCALES:
            one = tried(clip, size, scale, markers, number)
            results.append(one)
            print(
                f"{clip.name:>16} {scale:5.2f} {one.scale:12.2f} {one.offset:15.2f} {one.standing:15.2f} "
                f"{one.worst:10.2f} {one.right:6.2f}",
                flush=True,
            )
    scales, offsets, standing, worst, right = np.array([dataclasses.astuple(one) for one in results]).T
    figures = (
        ("largest error of the scale", scales.max(), "%", SCALE_BAR, "most"),
        ("median error of the offsets, worst clip", offsets.max(), "mm", OFFSET_BAR, "most"),
        ("frames of standing paws found", float(np.nanmean(standing)), "fraction", STANDING_BAR, "least"),
        ("frames found that are right", float(np.nanmean(right)), "fraction", RIGHT_BAR, "least"),
    )
    worst_paws = {"figure": "the same of the worst paw of each clip", "value": round(np.nanmean(worst), 3)}
    print(json.dumps(worst_paws | {"unit": "fraction"}))
    met = True
    for name, value, unit, bar, at in figures:
        print(
            json.dumps({"figure": name, "value": round(float(value), 3), "unit": unit, "bar": bar, "at": at})
        )
        met &= bool(value <= bar if at == "most" else value >= bar)
    return met


if __name__ == "__main__":
    sys.exit(not main())
