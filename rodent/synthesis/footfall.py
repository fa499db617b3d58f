"""Footfall pattern: when and where the paws touch the ground.

    steps, phase = footfalls(time, homes, yaws)         # stances of each paw
    targets = paw_targets(steps, time, homes, yaws)     # for the inverse kinematics

Each paw has a *home*: the point under the shoulder or hip where it stands at rest. Homes move with
the trunk. The speed of the fastest home sets the step frequency, and with it the durations of stance
and swing. A paw is put down where its home will be halfway through the stance: it starts as far ahead
of its home as it ends behind it. This holds on any path, in turns and across stops. Where a limb could
not reach, because the rat speeds up or turns fast, the paw is put down nearer and lifted earlier.
"""

import dataclasses

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.spatial.transform import Rotation

from rodent.kinematics.paws import PAW_NAMES
from rodent.synthesis import gait_statistics
from rodent.synthesis.targets import PawTargets

_HIND_PHASE = {"L": 0.0, "R": 0.5}
_SHORTEST_STANCE = 0.04  # seconds between touchdown and lift-off
_SIDEWAYS = 2.0  # limbs reach half as far to the side
_FARTHEST = 0.0275  # metres that a home may be from its standing paw
_FIRM = 1e-4  # metres that a standing paw's place is held to
_LOOSE = np.array([3e-3, 3e-3, 1e-3])  # the same of a lifted paw, along x, y and up
_PLAY = np.array([0.7, 0.7, 10.0])  # clearances over tolerances
_PITCH = np.array([0.0, 0.0, 0.12, 0.12])  # of the paws under their homes, toes down, radians
_ROLLING, _ROLLED = 15.0, (-0.005, 0.035)  # radians per metre that a paw is behind its home; metres


def least_jerk(part: np.ndarray) -> np.ndarray:
    """Fraction of a movement done after a fraction of its time, any shape.

    The smoothest movement from rest to rest has least jerk (Flash & Hogan, J. Neurosci. 5, 1688, 1985).
    """
    return part**3 * (10 - 15 * part + 6 * part**2)


@dataclasses.dataclass(frozen=True)
class Steps:
    """The stances of one paw, in order; it swings between two stances."""

    touchdown: np.ndarray
    """Seconds, shape (stances,); the first is -infinity."""
    liftoff: np.ndarray
    """Seconds, shape (stances,); the last is infinity."""
    place: np.ndarray
    """Footholds on the floor plan, metres, shape (stances, 2)."""
    yaw: np.ndarray
    """Heading of the paw, radians, shape (stances,)."""

    def on_ground(self, time: np.ndarray) -> np.ndarray:
        """Whether the paw is in stance, shape (frames,)."""
        return time <= self.liftoff[self.stance(time)]

    def follow(self, time: np.ndarray, lift: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Position on the floor plan (frames, 2), clearance (frames,) and yaw (frames,) of the paw."""
        stance = self.stance(time)
        following = np.minimum(stance + 1, len(self.place) - 1)
        swinging = time > self.liftoff[stance]
        begin, end = self.liftoff[stance[swinging]], self.touchdown[following[swinging]]
        part = np.zeros(len(time))
        part[swinging] = (time[swinging] - begin) / (end - begin)
        moved = least_jerk(part)
        place = self.place[stance] + moved[:, None] * (self.place[following] - self.place[stance])
        yaw = self.yaw[stance] + moved * (self.yaw[following] - self.yaw[stance])
        return place, lift * np.sin(np.pi * part) ** 2, yaw

    def stance(self, time: np.ndarray) -> np.ndarray:
        """Index of the stance that the paw is in or has just left, shape (frames,)."""
        return np.searchsorted(self.touchdown, time, side="right") - 1


def footfalls(
    time: np.ndarray, homes: np.ndarray, yaws: np.ndarray, size: float = 1.0
) -> tuple[tuple[Steps, ...], np.ndarray]:
    """Steps of the four paws that keep them near their homes.

    Args:
        time: seconds, evenly spaced, shape (frames,).
        homes: resting positions of the paws on the floor plan, metres, shape (frames, 4, 2).
        yaws: resting headings of the paws, radians, continuous, shape (frames, 4).
        size: of the rat relative to the measured rats.

    Returns:
        the steps of each paw in the order of `PAW_NAMES`, and the phase of the left hind paw in
        cycles, shape (frames,).
    """
    dt = time[1] - time[0]
    speed = _stepping_speed(np.gradient(homes, dt, axis=0), yaws)
    way, phase = (_integral(rate, dt) for rate in (speed, gait_statistics.cycle_frequency(speed, size)))
    lag = gait_statistics.forepaw_lag(speed)
    steps = []
    for paw, name in enumerate(PAW_NAMES):
        limb, side = name.split("_")
        own = phase - _HIND_PHASE[side] - (lag if limb == "fore" else 0.0)
        # a change of gait may hold a paw back, never turn it round
        touchdown, liftoff = _contacts(time, np.maximum.accumulate(own))
        planned = _placed(time, way, homes[:, paw], yaws[:, paw], touchdown, liftoff)
        # shortening one step may put the next one out of reach, and so on to the last
        for _ in range(len(planned.place)):
            before = planned
            planned = _within_reach(before, time, homes[:, paw], yaws[:, paw], _FARTHEST * size)
            if np.array_equal(planned.liftoff, before.liftoff):
                break
        steps.append(planned)
    return tuple(steps), phase


def paw_targets(
    steps: tuple[Steps, ...],
    time: np.ndarray,
    homes: np.ndarray,
    yaws: np.ndarray,
    lift: float = gait_statistics.PAW_LIFT,
) -> PawTargets:
    """Target positions of the paws at these times, and how they roll over the ground.

    Args:
        steps: of the four paws.
        time: seconds, shape (frames,).
        homes, yaws: as in `footfalls`, of these frames.
        lift: clearance in mid-swing, metres.
    """
    followed = [paw.follow(time, lift) for paw in steps]
    place, clearance, yaw = (np.stack(parts, axis=1) for parts in zip(*followed, strict=True))
    # a paw that is left behind stands on its toes, one that is put forward lies flat
    behind = np.sum((homes - place) * _direction(yaws), axis=-1)
    pitch = _PITCH + _ROLLING * np.clip(behind, *_ROLLED)
    return PawTargets(place, clearance, turned(yaw, pitch), tolerances(clearance))


def tolerances(clearance: np.ndarray) -> np.ndarray:
    """Tolerances of the targets of paws with this clearance (...), metres, shape (..., 3).

    In the air smooth movement matters more. Near the floor a paw must neither drag nor penetrate.
    """
    return np.clip(clearance[..., None] / _PLAY, _FIRM, _LOOSE)


def turned(yaw: np.ndarray, pitch: np.ndarray) -> np.ndarray:
    """Quaternions of paws with this heading, pitched toes down, shape (..., 4)."""
    angles = np.stack([yaw, pitch], axis=-1).reshape(-1, 2)
    return Rotation.from_euler("ZY", angles).as_quat(scalar_first=True).reshape(*yaw.shape, 4)


def _stepping_speed(velocity: np.ndarray, yaws: np.ndarray) -> np.ndarray:
    """Speed that sets the step frequency: that of the fastest home, m/s, shape (frames,)."""
    return _effort(velocity, yaws).max(axis=1)


def _effort(vector: np.ndarray, yaw: np.ndarray) -> np.ndarray:
    """Length of vectors (..., 2), with the component sideways to the paw weighted more."""
    ahead = _direction(yaw)
    forward = np.sum(vector * ahead, axis=-1)
    sideways = ahead[..., 0] * vector[..., 1] - ahead[..., 1] * vector[..., 0]
    return np.hypot(forward, _SIDEWAYS * sideways)


def _direction(yaw: np.ndarray) -> np.ndarray:
    return np.stack([np.cos(yaw), np.sin(yaw)], axis=-1)


def _contacts(time: np.ndarray, phase: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Times of touchdown and lift-off: a paw touches down when its phase passes an integer."""
    whole = np.arange(np.ceil(phase[0] + 1e-9), np.floor(phase[-1]) + 1)
    # the last frame not beyond, and linearly on from there
    frame = np.clip(np.searchsorted(phase, whole, side="left"), 1, len(phase) - 1)
    rise = np.maximum(phase[frame] - phase[frame - 1], 1e-12)
    landing = time[frame - 1] + (time[1] - time[0]) * (whole - phase[frame - 1]) / rise
    leaving = landing - gait_statistics.SWING_DURATION
    leaving[1:] = np.maximum(leaving[1:], landing[:-1] + _SHORTEST_STANCE)
    return np.concatenate([[-np.inf], landing]), np.concatenate([leaving, [np.inf]])


def _placed(
    time: np.ndarray,
    way: np.ndarray,
    home: np.ndarray,
    yaw: np.ndarray,
    touchdown: np.ndarray,
    liftoff: np.ndarray,
) -> Steps:
    """Footholds: the home position halfway through each stance."""
    begin, end = (np.interp(np.clip(t, time[0], time[-1]), time, way) for t in (touchdown, liftoff))
    # the way increases wherever the rat moves; where it rests, any moment will do
    moving = np.concatenate([[True], np.diff(way) > 1e-12])
    middle = np.interp((begin + end) / 2, way[moving], time[moving])
    curve = PchipInterpolator(time, np.column_stack([home, yaw]))(middle)
    return Steps(touchdown, liftoff, curve[:, :2], curve[:, 2])


def _within_reach(
    planned: Steps, time: np.ndarray, home: np.ndarray, yaw: np.ndarray, farthest: float
) -> Steps:
    """The steps, changed so that no standing paw is farther from its home than `farthest`."""
    curve = PchipInterpolator(time, np.column_stack([home, yaw]))
    velocity = np.gradient(home, time, axis=0)
    # a paw left too far behind is lifted early: in the frame before ...
    stance = planned.stance(time)
    away = home - planned.place[stance]
    leaving = np.sum(away * velocity, axis=-1) > 0
    late = leaving & planned.on_ground(time) & (_effort(away, yaw) > farthest)
    late &= stance < len(planned.place) - 1  # the last stance has no step after it
    earliest = planned.liftoff.copy()
    np.minimum.at(earliest, stance[late], time[late] - (time[1] - time[0]))
    # ... and where it is too far behind only at the end, as much before that
    end = curve(np.clip(earliest, time[0], time[-1]))
    excess = _effort(end[:, :2] - planned.place, end[:, 2]) - farthest
    pace = np.interp(earliest, time, _effort(velocity, yaw))
    earliest -= np.clip(excess / np.maximum(pace, 1e-3), 0.0, time[1] - time[0])
    liftoff = np.maximum(earliest, planned.touchdown)
    # and comes down the sooner for it
    touchdown = planned.touchdown.copy()
    touchdown[1:] = np.minimum(touchdown[1:], liftoff[:-1] + gait_statistics.SWING_DURATION)
    # a foothold too far ahead is drawn in
    landing = np.clip(touchdown, time[0], time[-1])
    start = curve(landing)
    ahead = planned.place - start[:, :2]
    effort = _effort(ahead, start[:, 2])
    place = start[:, :2] + ahead * (farthest / np.maximum(effort, farthest))[:, None]
    return Steps(touchdown, liftoff, place, planned.yaw)


def _integral(rate: np.ndarray, dt: float) -> np.ndarray:
    """The running integral by trapezoids, shape (frames,)."""
    return np.concatenate([[0.0], np.cumsum((rate[1:] + rate[:-1]) * dt / 2)])
