"""What only files differ in is made equal before a game: frame rate, smoothing, floor, untracked joints.

    model, rat = equalised([model, rat], lowpass=15.0, fps=None)

A classifier that is right because one file has another frame rate has learnt nothing about motion.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from analysis.motion import Motion, MotionSet
from rodent.errors import InputError
from rodent.kinematics.floor import floor_shift
from rodent.kinematics.poses import poses_between

_CYCLES = range(2, 7)  # frames after which the pattern of interpolation repeats
_UNEVEN = 1.25  # ratio of speeds or accelerations between frames of a cycle; 1.06 in measured and simulated
# motion, 1.3 or more where a cubic fills in every fourth frame, 2.6 for every second
_FEWEST = 100  # frames at each place in the cycle, for the ratio to be reliable
_OF_RATE = 0.4  # highest cutoff, as a fraction of the frame rate
_ORDER = 4
_STILL = 0.01  # rad, range of a joint that is not tracked


def equalised(sides: Sequence[MotionSet], lowpass: float, fps: float | None) -> list[MotionSet]:
    """All sides at one frame rate, smoothed by the same filter, with their paws on the floor.

    Joints that do not move on one side, because tracking does not have them, are held still on all.

    Args:
        sides: of the game.
        lowpass: cutoff of the filter, Hz.
        fps: frame rate to bring all to, Hz; at most that of each. None if they have the same already.

    Raises:
        InputError: bodies or frame rates differ, frames of one side are interpolated, or the cutoff is too
            high for the frame rate.
    """
    first, *others = sides
    for other in others:
        _require_same_body(first, other)
        if fps is None and first.fps != other.fps:
            raise InputError(
                f"{first.place} has {first.fps:g} Hz and {other.place} {other.fps:g} Hz: the frame rate "
                f"would give the model away; bring both to one rate with --fps {min(first.fps, other.fps):g}"
            )
    rate = first.fps if fps is None else fps
    for side in sides:
        if rate > side.fps:
            raise InputError(
                f"--fps is {rate:g}, above the {side.fps:g} Hz of {side.place}; expected at most that"
            )
    if lowpass > _OF_RATE * rate:
        raise InputError(
            f"--lowpass is {lowpass:g} Hz; expected at most {_OF_RATE:g} of the frame rate of {rate:g} Hz, "
            f"{_OF_RATE * rate:g} Hz"
        )
    measured = [_measured(side, rate) for side in sides]
    return [_on_floor(_at_rate(side, rate, lowpass)) for side in _without_untracked(measured)]


def _without_untracked(sides: Sequence[MotionSet]) -> list[MotionSet]:
    """The sides, with joints that do not move on one of them held at one angle on all."""
    long = [[one.qpos[:, 7:] for one in side.motions if len(one.qpos) > 1] for side in sides]
    ranges = [np.max([np.ptp(angles, axis=0) for angles in side], axis=0) for side in long if side]
    still = np.min(ranges, axis=0) < _STILL
    if not still.any():
        return list(sides)
    if still.all():
        raise InputError(f"no joint moves in all of {' and '.join(side.place for side in sides)}")
    # the angle of the side on which the joint is still, which is the last one of them
    angles = np.zeros(len(still))
    for own, side in zip(ranges, long, strict=True):
        angles[own < _STILL] = np.median(np.concatenate(side), axis=0)[own < _STILL]
    names = [name for name, held in zip(sides[0].scene.joint_names, still, strict=True) if held]
    note = f"{len(names)} joints are held still on all sides, as one does not track them: {', '.join(names)}"
    held = []
    for side in sides:
        motions = []
        for one in side.motions:
            qpos = one.qpos.copy()
            qpos[:, 7:][:, still] = angles[still]
            motions.append(dataclasses.replace(one, qpos=qpos))
        held.append(side.replaced(motions, note))
    return held


def unevenness(motions: MotionSet) -> tuple[float, int]:
    """How much speed or acceleration depends on the place of a frame in a short cycle.

    Interpolation leaves such a pattern: repeated frames have no speed, and cubics bend most at the frames
    that were measured.

    Returns:
        largest ratio between places of a cycle, and the length of that cycle, frames; 1 and 0 if there are
        too few frames to tell.
    """
    from scipy.ndimage import uniform_filter1d

    worst, cycle = 1.0, 0
    for order in (1, 2):
        change = [np.abs(np.diff(one.qpos[:, 7:], order, axis=0)).mean(1) for one in motions.motions]
        for length in _CYCLES:
            # relative to the frames around, so that one sudden movement does not make a pattern
            near = [uniform_filter1d(x, 2 * length, mode="nearest") for x in change]
            relative = [x / np.maximum(y, 1e-12) for x, y in zip(change, near, strict=True)]
            count = np.array([sum(len(x[place::length]) for x in relative) for place in range(length)])
            total = np.array([sum(x[place::length].sum() for x in relative) for place in range(length)])
            if count.min() < _FEWEST or total.max() == 0:
                continue
            mean = total / count
            ratio = float(mean.max() / max(mean.min(), 1e-12 * mean.max()))
            # multiples of a cycle show the pattern, too
            if ratio > 1.05 * worst:
                worst, cycle = ratio, length
    return worst, cycle


def _measured(side: MotionSet, fps: float) -> MotionSet:
    """The side; interpolated frames are refused, unless the game is at half their rate or below."""
    ratio, cycle = unevenness(side)
    if ratio > _UNEVEN and fps > side.fps / 2:
        raise InputError(
            f"{side.place}: speed or acceleration changes {min(ratio, 100):.1f}-fold in a cycle of {cycle} "
            f"frames, as where frames are repeated or interpolated. It was measured at less than "
            f"{side.fps:g} Hz, which would give it away; compare both sides at the rate at which it was "
            f"measured or below, such as --fps {side.fps / 2:g} --lowpass {_OF_RATE * side.fps / 2:g}"
        )
    n = sum(len(one.qpos) for one in side.motions)
    if n >= _FEWEST * max(_CYCLES) or fps <= side.fps / 2:
        return side
    return side.replaced(
        side.motions,
        f"{side.place} has {n} frames, too few to tell whether some are interpolated "
        f"({_FEWEST * max(_CYCLES)} would be enough); if they are, that gives the side away",
    )


def _require_same_body(model: MotionSet, rat: MotionSet) -> None:
    for what, own, other in (
        ("joints", model.scene.joint_names, rat.scene.joint_names),
        ("scale", model.scene.scale, rat.scene.scale),
        ("proportions", _proportions(model), _proportions(rat)),
    ):
        if own != other:
            raise InputError(
                f"{model.place} and {rat.place} are of bodies that differ in {what}; expected the same body: "
                "rodent clips retarget carries clips over to another"
            )


def _proportions(side: MotionSet) -> object:
    return getattr(side.scene.config.body, "proportions", None)


def _at_rate(side: MotionSet, fps: float, lowpass: float) -> MotionSet:
    motions = [_resampled(_smoothed(one, lowpass), fps) for one in side.motions]
    notes = (f"{side.place} is brought from {side.fps:g} to {fps:g} Hz",) if fps != side.fps else ()
    return side.replaced(motions, *notes)


def _smoothed(motion: Motion, lowpass: float) -> Motion:
    """The motion after a low-pass filter without delay."""
    from scipy.signal import butter, sosfiltfilt

    qpos = motion.qpos.copy()
    # neighbouring quaternions on one side of the sphere
    flips = np.sign((qpos[1:, 3:7] * qpos[:-1, 3:7]).sum(1))
    qpos[1:, 3:7] *= np.cumprod(np.where(flips < 0, -1.0, 1.0))[:, None]
    filters = butter(_ORDER, lowpass, fs=motion.fps, output="sos")
    margin = min(3 * (2 * len(filters) + 1), len(qpos) - 1)
    qpos = sosfiltfilt(filters, qpos, axis=0, padlen=margin)
    qpos[:, 3:7] /= np.linalg.norm(qpos[:, 3:7], axis=1, keepdims=True)
    return dataclasses.replace(motion, qpos=qpos)


def _resampled(motion: Motion, fps: float) -> Motion:
    if motion.fps == fps or len(motion.qpos) < 2:
        return dataclasses.replace(motion, fps=fps)
    count = int(np.floor((len(motion.qpos) - 1) * fps / motion.fps + 1e-6)) + 1
    at = np.minimum(np.arange(count) * motion.fps / fps, len(motion.qpos) - 1)
    return dataclasses.replace(motion, qpos=poses_between(motion.qpos, at), fps=fps)


def _on_floor(side: MotionSet) -> MotionSet:
    """Every motion with its lowest paw on the floor in the median frame."""
    motions = []
    for one in side.motions:
        qpos = one.qpos.copy()
        if len(qpos):
            qpos[:, 2] += floor_shift(qpos, side.scene)
        motions.append(dataclasses.replace(one, qpos=qpos))
    return side.replaced(motions)
