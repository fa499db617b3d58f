"""Summary of a clip set."""

import numpy as np

from rodent.clips.clip import Clip, ClipSet
from rodent.kinematics.floor import lowest_paw
from rodent.kinematics.forward import torso_positions
from rodent.scene import make_scene


def summarise(clip_set: ClipSet) -> list[dict[str, str | float | list[float]]]:
    """One entry per clip.

    Returns:
        name, behavior, subject, session, source, licence, frames, seconds, fps; `speed_mm_s`,
        the mean speed of the torso over the floor; `height_mm`, its least and greatest height;
        `paw_mm`, the least and the median height of the lowest paw; `floor_shift_mm`, what an
        import added to the height.
    """
    body = make_scene(clip_set.body)
    paws = lowest_paw(np.concatenate([clip.qpos for clip in clip_set]), body)
    ends = np.cumsum([clip.n_frames for clip in clip_set])
    return [
        _row(clip, torso_positions(clip.qpos, body), paw)
        for clip, paw in zip(clip_set, np.split(paws, ends[:-1]), strict=True)
    ]


def _row(clip: Clip, torso: np.ndarray, paw: np.ndarray) -> dict[str, str | float | list[float]]:
    path = np.linalg.norm(np.diff(torso[:, :2], axis=0), axis=1)
    return {
        "name": clip.name,
        "behavior": clip.behavior,
        "subject": clip.subject,
        "session": clip.session,
        "source": clip.source,
        "licence": clip.licence,
        "frames": clip.n_frames,
        "seconds": clip.duration,
        "fps": clip.fps,
        "speed_mm_s": float(1000 * path.mean() * clip.fps),
        "height_mm": [float(1000 * torso[:, 2].min()), float(1000 * torso[:, 2].max())],
        "paw_mm": [float(1000 * paw.min()), float(1000 * np.median(paw))],
        "floor_shift_mm": 1000 * clip.floor_shift,
    }
