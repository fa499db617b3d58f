"""Pieces of new motion made from clips, without end: spliced, mirrored, varied, looking around, rough.

    pieces = Pieces(PieceConfig(), clips, scene, seed=0)
    pieces[0]                    # poses, shape (at most 200, 74); the same every time
    piece_clips(pieces, 20)      # as clips, to look at

A piece is a function of seed and number alone, so that a training that is resumed goes on with the same.
"""

from collections.abc import Callable

import numpy as np

from rodent.clips.clip import Clip, ClipSet
from rodent.clips.mirror import Mirror
from rodent.clips.validate import require_body
from rodent.errors import InputError
from rodent.kinematics.poses import velocities
from rodent.motion_config import PieceConfig
from rodent.scene import Scene
from rodent.synthesis.noise import smooth_noise
from rodent.synthesis.roughness import roughened
from rodent.synthesis.splice import spliced
from rodent.synthesis.variation import varied_poses
from rodent.variation_config import Variation

SOURCE = "pieces (rodent.synthesis)"
_STREAM = 0x91  # keeps draws of pieces apart from others of the same seed
_FEWEST = 25  # frames of a piece
_TRIES = 4  # pairs of clips that are tried for a splice
# radians, and seconds between two glances: ranges of a rat that explores with its head
_LOOK = {"_bend": 0.12, "_extend": 0.10, "_twist": 0.15}
_LOOK_SECONDS = (0.25, 0.8)
_NECK = ("cervical", "axis", "atlant")


class Pieces:
    """Pieces of motion by number.

    Args:
        config: shares and sizes of changes.
        clips: that pieces are made from, all of one frame rate.
        scene: of the clips.
        seed: of all draws.

    Raises:
        InputError: the clips belong to another body or differ in frame rate, or none is long enough.
    """

    def __init__(self, config: PieceConfig, clips: ClipSet, scene: Scene, seed: int):
        require_body(clips, scene)
        self.config, self.scene, self.seed = config, scene, seed
        self.fps = clips[0].fps
        self.frames = round(config.seconds * self.fps)
        long_enough = [clip for clip in clips if clip.n_frames >= _FEWEST]
        if not long_enough or any(clip.fps != self.fps for clip in clips):
            raise InputError(
                f"pieces need clips of one frame rate with at least {_FEWEST} frames; give --resample"
            )
        self.clips = long_enough
        self._mirror = Mirror(scene) if config.mirrored else None
        self._variation = Variation(1, config.pace, config.posture, config.sway)

    def __getitem__(self, number: int) -> np.ndarray:
        """Poses, shape (at least 2, at most `frames`, 74)."""
        config, rng = self.config, np.random.default_rng([_STREAM, self.seed, number])
        splices, mirrors, varies, looks, roughens = rng.random(5) < (
            config.spliced,
            config.mirrored,
            config.varied,
            config.looking,
            config.rough,
        )
        qpos = self._spliced(rng) if splices else self._part(rng)
        if mirrors and self._mirror is not None:
            qpos = self._mirror.qpos(qpos)
        if varies:
            qpos = varied_poses(qpos, self.fps, self.scene, self._variation, rng)
        if looks:
            qpos = _looking(qpos, self.scene, self.fps, rng)
        if roughens:
            qpos = roughened(qpos, self.scene, self.fps, rng)
        return qpos

    def _part(self, rng: np.random.Generator) -> np.ndarray:
        """A part of one clip."""
        return self._within(self._drawn(rng).qpos, rng)

    def _spliced(self, rng: np.random.Generator) -> np.ndarray:
        """Two clips in one; a part of one clip if none of a few pairs fits."""
        for _ in range(_TRIES):
            first, second = self._drawn(rng), self._drawn(rng)
            found = spliced(first.qpos, second.qpos, self.scene, self.fps, rng)
            if found is not None:
                return self._within(found, rng)
        return self._part(rng)

    def _drawn(self, rng: np.random.Generator) -> Clip:
        return self.clips[rng.integers(len(self.clips))]

    def _within(self, qpos: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """As many frames as a piece has, from a random one on."""
        begin = int(rng.integers(0, max(len(qpos) - self.frames, 0) + 1))
        return qpos[begin : begin + self.frames]


def piece_clips(
    pieces: Pieces, count: int, advance: Callable[[float], None] = lambda pieces: None
) -> ClipSet:
    """The first pieces as clips `piece_0`, `piece_1`, …; `advance` is called with the number made.

    Raises:
        InputError: count is less than 1.
    """
    if count < 1:
        raise InputError(f"count is {count}; at least 1 piece is made")
    clips = []
    for number in range(count):
        qpos = pieces[number]
        clips.append(
            Clip(
                name=f"piece_{number}",
                qpos=qpos,
                fps=pieces.fps,
                subject="synthetic",
                session="pieces",
                source=SOURCE,
                qvel=velocities(qpos, pieces.fps),
            )
        )
        advance(1)
    scene = pieces.scene
    return ClipSet(tuple(clips), scene.scale, scene.joint_names, scene.proportions)


def _looking(qpos: np.ndarray, scene: Scene, fps: float, rng: np.random.Generator) -> np.ndarray:
    """The poses with a neck that turns in ways of its own."""
    knot = rng.uniform(*_LOOK_SECONDS) * fps
    noise = smooth_noise(rng, len(qpos), len(_LOOK), knot)
    turned = qpos.copy()
    for column, (ending, size) in enumerate(_LOOK.items()):
        neck = [
            7 + i
            for i, name in enumerate(scene.joint_names)
            if name.endswith(ending) and any(part in name for part in _NECK)
        ]
        turned[:, neck] += size * noise[:, [column]]
    turned[:, 7:] = np.clip(turned[:, 7:], *scene.joint_range.T)
    return turned
