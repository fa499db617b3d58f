"""Made-up motion whose difference between the two sides is known, to test the game.

    rat = random_motion(scene, clips=9, copies=12, seconds=5.0, seed=0)
    model = with_tremor(random_motion(scene, clips=9, copies=12, seconds=5.0, seed=1), hz=10.0, degrees=1.0)

Every clip has a posture of its own, around which joints and trunk wander slowly.
"""

import dataclasses

import numpy as np
from scipy.ndimage import gaussian_filter1d

from analysis.motion import Motion, MotionSet
from rodent.kinematics.posture import Trunk, posed
from rodent.scene import Scene

_FORELIMB = ("shoulder_R", "elbow_R", "wrist_R")
_WANDER_SECONDS = 0.08  # standard deviation of the window that smooths noise
_POSTURE, _WANDER = 0.1, 0.15  # rad, standard deviations of postures of clips, and around them


def random_motion(
    scene: Scene, clips: int, copies: int, seconds: float, seed: int, fps: float = 50.0
) -> MotionSet:
    """Draws of one process: copies of clips that differ in noise only.

    Args:
        scene: the rat.
        clips: number of clips; their postures do not depend on the seed.
        copies: of each clip.
        seconds: length of each.
        seed: of the noise.
        fps: frames per second.
    """
    frames = round(seconds * fps)
    postures, random = np.random.default_rng(0), np.random.default_rng([1, seed])
    standing = posed(scene, Trunk.still(frames))
    low, high = scene.joint_range.T
    motions = []
    for clip in range(clips):
        offset = _POSTURE * postures.standard_normal(standing.shape[1] - 7)
        for copy in range(copies):
            noise = random.standard_normal((frames, standing.shape[1] - 4))
            wander = gaussian_filter1d(noise, _WANDER_SECONDS * fps, axis=0, mode="wrap")
            wander *= _WANDER / wander.std()
            qpos = standing.copy()
            qpos[:, :3] += 0.02 * wander[:, :3]
            qpos[:, 7:] = np.clip(qpos[:, 7:] + offset + wander[:, 3:], low, high)
            motions.append(Motion(f"clip_{clip}.{copy}", f"clip_{clip}", "", "Still", qpos, fps))
    return MotionSet(f"process {seed}", tuple(motions), scene)


def with_tremor(motions: MotionSet, hz: float, degrees: float) -> MotionSet:
    """The motion with a sine of this amplitude added to the joints of the right fore limb."""
    joints = [7 + i for i, name in enumerate(motions.scene.joint_names) if name.startswith(_FORELIMB)]
    shaken = []
    for one in motions.motions:
        qpos = one.qpos.copy()
        phase = 2 * np.pi * hz * np.arange(len(qpos)) / one.fps
        qpos[:, joints] += np.radians(degrees) * np.sin(phase)[:, None]
        shaken.append(dataclasses.replace(one, qpos=qpos))
    return motions.replaced(shaken)
