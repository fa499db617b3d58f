"""From registered poses to clips: cut at gaps, and labelled by behavior.

clips = registered_clips(found, body, ClipOptions(seconds=5.0))
"""

import dataclasses

import numpy as np
from scipy.signal import butter, sosfiltfilt

from rodent.clips.behavior import behaviors, most_common
from rodent.clips.clip import Clip, ClipSet
from rodent.clips.resampling import resample
from rodent.clips.validate import check_fps
from rodent.errors import InputError
from rodent.kinematics.poses import velocities
from rodent.registration.registered import Registered
from rodent.scene import Scene

_SEEN = 0.5  # fraction of the keypoints that a frame must have to count as tracked
_GAP = 0.1  # seconds of untracked frames after which a clip ends
_SHORTEST = 0.5  # seconds of a clip
_MIRRORED = 9  # frames of padding at the ends for the filter


@dataclasses.dataclass(frozen=True)
class ClipOptions:
    """How a recording becomes clips."""

    seconds: float | None = None
    """Length of a clip; by default a clip ends only at a gap in tracking."""
    subject: str = ""
    """Which animal."""
    session: str = ""
    """Which recording."""
    licence: str = ""
    """The terms the motion may be used under."""
    resample: float | None = None
    """Frame rate of the clips, Hz; that of the keypoints if not given."""
    cutoff: float = 15.0
    """Cutoff of the low-pass filter of velocities (gain one half), Hz. Rats at 0.1 to 0.8 m/s take
    1.5 to 5 steps a second (Gorska et al., Acta Neurobiol. Exp. 59, 131, 1999); 15 Hz is the third harmonic.
    Clips of at most twice that frame rate are not filtered. Filtering happens once, at the frame rate of the
    clips."""

    def __post_init__(self) -> None:
        if self.seconds is not None and not _SHORTEST <= self.seconds < np.inf:
            raise InputError(f"clips of {self.seconds:g} s make no sense; take {_SHORTEST:g} s or more")
        if self.resample is not None:
            check_fps(self.resample, "the clips")
        if not self.cutoff > 0:
            raise InputError(f"a cutoff of {self.cutoff:g} Hz makes no sense; it must be positive")


def clip_frames(found: Registered, options: ClipOptions) -> list[slice]:
    """The frames of a recording that become clips: segments in which the rat was tracked.

    Args:
        found: poses of all frames.
        options: settings.

    Raises:
        InputError: no segment is long enough.
    """
    fps = found.fps
    segments = _segments(np.isfinite(found.error).mean(axis=1) >= _SEEN, fps)
    if options.seconds is not None:
        length = round(options.seconds * fps)
        segments = [
            slice(begin, begin + length)
            for whole in segments
            for begin in range(whole.start, whole.stop - length + 1, length)
        ]
    if not segments:
        shortest = _SHORTEST if options.seconds is None else options.seconds
        raise InputError(f"{found.source}: the rat is nowhere tracked for {shortest:g} s without a gap")
    return segments


def registered_clips(found: Registered, body: Scene, options: ClipOptions) -> ClipSet:
    """Clips of the segments in which the rat was tracked, those of `clip_frames`.

    Args:
        found: poses of all frames.
        body: of the fitted scale.
        options: how.

    Raises:
        InputError: no segment is long enough.
    """
    fps, segments = found.fps, clip_frames(found, options)
    labels = behaviors(found.qpos, fps, body)
    digits = len(str(len(segments) - 1))
    clips = []
    for number, at in enumerate(segments):
        label = most_common(labels[at])
        clip = Clip(
            name=f"{label}_{number:0{digits}}",
            qpos=found.qpos[at],
            fps=fps,
            behavior=label,
            subject=options.subject,
            session=options.session,
            source=found.source,
            licence=options.licence,
            keypoints=found.points[at],
            keypoint_names=found.markers.names,
            residuals=found.error[at],
            keypoint_bodies=found.markers.bodies,
            keypoint_offsets=found.markers.offsets,
            floor_shift=-found.floor.height,
        )
        clips.append(_timed(clip, options))
    return ClipSet(tuple(clips), body.scale, body.joint_names, body.proportions)


def _timed(clip: Clip, options: ClipOptions) -> Clip:
    """The clip at the requested frame rate, with low-passed velocities."""
    if options.resample is not None:
        clip = resample(clip, options.resample)
    slow = low_passed(velocities(clip.qpos, clip.fps), clip.fps, options.cutoff)
    return dataclasses.replace(clip, qvel=slow)


def low_passed(values: np.ndarray, fps: float, cutoff: float) -> np.ndarray:
    """Values over time, low-passed without delay.

    A Butterworth filter of second order, run forwards and backwards (Winter, Biomechanics and Motor Control
    of Human Movement, 2009, ch. 3); the ends are padded by odd reflection.

    Args:
        values: shape (frames, ...).
        fps: frames per second.
        cutoff: frequency with a gain of one half, Hz; at half the frame rate or more, nothing is filtered.
    """
    if cutoff >= fps / 2:
        return values
    sections = butter(2, cutoff, fs=fps, output="sos")
    return sosfiltfilt(sections, values, axis=0, padlen=min(_MIRRORED, len(values) - 1))


def _segments(seen: np.ndarray, fps: float) -> list[slice]:
    """Segments of tracked frames without long gaps, of sufficient length."""
    frames = np.flatnonzero(seen)
    if not len(frames):
        return []
    ends = np.flatnonzero(np.diff(frames) > _GAP * fps + 1)
    starts = frames[np.r_[0, ends + 1]]
    stops = frames[np.r_[ends, len(frames) - 1]] + 1
    return [slice(int(a), int(b)) for a, b in zip(starts, stops, strict=True) if b - a >= _SHORTEST * fps]
