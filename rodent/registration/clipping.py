"""From registered poses to clips: without gaps, cut, and labelled.

clips = registered_clips(found, body, ClipOptions(seconds=5.0))
"""

import dataclasses

import numpy as np
from scipy.signal import butter, sosfiltfilt

from rodent.body import Body
from rodent.clips.behavior import behaviors, most_common
from rodent.clips.clip import Clip, ClipSet
from rodent.clips.resampling import resample
from rodent.clips.validate import check_fps
from rodent.errors import InputError
from rodent.kinematics.poses import velocities
from rodent.registration.fit import Registered

_SEEN = 0.5  # share of the keypoints that a frame must have to be told from its neighbours
_GAP = 0.1  # seconds without, after which a clip ends
_SHORTEST = 0.5  # seconds of a clip
_MIRRORED = 9  # frames beyond the ends that a filter is begun with, where there are as many


@dataclasses.dataclass(frozen=True)
class ClipOptions:
    """How a recording becomes clips."""

    seconds: float | None = None
    """Length of a clip; as long as keypoints are there, if not given."""
    subject: str = ""
    """Which animal."""
    session: str = ""
    """Which recording."""
    licence: str = ""
    """The terms the motion may be used under."""
    resample: float | None = None
    """Frame rate of the clips, Hz; that of the keypoints if not given."""
    cutoff: float = 15.0
    """Frequency at which velocities are halved, and beyond which they fade, Hz. Rats at 0.1 to 0.8 m/s take
    1.5 to 5 steps a second (Gorska et al., Acta Neurobiol. Exp. 59, 131, 1999); 15 Hz is the third harmonic.
    Less than twice as many frames a second hold nothing beyond, and are left alone. It is done once, at the
    frame rate of the clips."""

    def __post_init__(self) -> None:
        if self.seconds is not None and not _SHORTEST <= self.seconds < np.inf:
            raise InputError(f"clips of {self.seconds:g} s make no sense; take {_SHORTEST:g} s or more")
        if self.resample is not None:
            check_fps(self.resample, "the clips")
        if not self.cutoff > 0:
            raise InputError(f"a cutoff of {self.cutoff:g} Hz makes no sense; it must be positive")


def clip_frames(found: Registered, options: ClipOptions) -> list[slice]:
    """Which frames of a recording become clips: stretches in which the rat was seen.

    Args:
        found: poses of all frames.
        options: how.

    Raises:
        InputError: the rat is never seen for half a second.
    """
    fps = found.fps
    stretches = _stretches(np.isfinite(found.error).mean(axis=1) >= _SEEN, fps)
    if options.seconds is not None:
        length = round(options.seconds * fps)
        stretches = [
            slice(begin, begin + length)
            for whole in stretches
            for begin in range(whole.start, whole.stop - length + 1, length)
        ]
    if not stretches:
        shortest = _SHORTEST if options.seconds is None else options.seconds
        raise InputError(f"{found.source}: its keypoints are nowhere seen for {shortest:g} s without a gap")
    return stretches


def registered_clips(found: Registered, body: Body, options: ClipOptions) -> ClipSet:
    """Clips of the stretches in which the rat was seen, those of `clip_frames`.

    Args:
        found: poses of all frames.
        body: of the fitted scale.
        options: how.

    Raises:
        InputError: the rat is never seen for half a second.
    """
    fps, stretches = found.fps, clip_frames(found, options)
    labels = behaviors(found.qpos, fps, body)
    digits = len(str(len(stretches) - 1))
    clips = []
    for number, at in enumerate(stretches):
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
    return ClipSet(tuple(clips), body.config.scale, body.joint_names)


def _timed(clip: Clip, options: ClipOptions) -> Clip:
    """The clip at the frame rate asked for, with the velocities of the poses that it then has."""
    if options.resample is not None:
        clip = resample(clip, options.resample)
    slow = low_passed(velocities(clip.qpos, clip.fps), clip.fps, options.cutoff)
    return dataclasses.replace(clip, qvel=slow)


def low_passed(values: np.ndarray, fps: float, cutoff: float) -> np.ndarray:
    """Values over time without what is faster than a cutoff, and without delay.

    A Butterworth filter of second order, run forwards and backwards (Winter, Biomechanics and Motor Control
    of Human Movement, 2009, ch. 3); the ends are mirrored through their last values.

    Args:
        values: shape (frames, ...).
        fps: frames per second.
        cutoff: frequency of which half is left, Hz; half the frame rate and more leaves everything.
    """
    if cutoff >= fps / 2:
        return values
    sections = butter(2, cutoff, fs=fps, output="sos")
    return sosfiltfilt(sections, values, axis=0, padlen=min(_MIRRORED, len(values) - 1))


def _stretches(seen: np.ndarray, fps: float) -> list[slice]:
    """Stretches of frames with no gap that is too long, and long enough themselves."""
    frames = np.flatnonzero(seen)
    if not len(frames):
        return []
    ends = np.flatnonzero(np.diff(frames) > _GAP * fps + 1)
    starts = frames[np.r_[0, ends + 1]]
    stops = frames[np.r_[ends, len(frames) - 1]] + 1
    return [slice(int(a), int(b)) for a, b in zip(starts, stops, strict=True) if b - a >= _SHORTEST * fps]
