"""Published gait statistics of walking, rearing and grooming rats.

    cycle_duration(np.array([0.1, 0.78]))     # seconds: 0.685 and 0.215, the published ends

Each constant cites its source. Values without a source are marked as a choice, made so that the
motion looks right on this body.
"""

import numpy as np

SCALE = 0.9
"""Scale of the body that represents the measured rats, relative to dm_control's rat."""

SWING_DURATION = 0.146
"""Duration of the swing phase, seconds. It hardly changes with speed (Hruska, Kennedy & Silbergeld,
Life Sci. 25, 171-180, 1979; Gillis & Biewener, J. Exp. Biol. 204, 2717-2731, 2001). The value
follows, with `STANCE_LENGTH`, from the step cycles of 685 ms at 0.10 m/s and of 215 ms at
0.78 m/s (Górska, Zmysłowski & Majczyński, Acta Neurobiol. Exp. 59, 131-144, 1999), if the
trunk passes the same distance over a paw on the ground at all speeds."""

STANCE_LENGTH = 0.0539
"""Distance that the trunk travels during the stance of a paw, metres; fitted with `SWING_DURATION`."""

SLOW_LAG, TROT_LAG = 0.40, 0.50
"""Phase lag of a forepaw behind the hind paw of its side, in cycles. Rats walk in lateral sequence with
diagonal couplets (Hruska et al. 1979), a lag of 0.25 to 0.5 (Hildebrand, BioScience 39,
766-775, 1989), and the diagonal paws move almost together (Górska et al. 1999): a slow walk
lags 0.4, a choice within these, a trot 0.5. Left and right are half a cycle apart."""

WALK_SPEED, TROT_SPEED = 0.20, 0.50
"""Metres per second at and below which the lag is that of a slow walk, and where rats change
to a trot (0.5 m/s: Alves et al., Neural Plast. 2016, 4065073, and what they cite)."""

TOP_SPEED = 1.2
"""Metres per second that a path may ask for. Rats gallop above 0.7 to 0.8 m/s (Alves et al.
2016; Gillis & Biewener 2001); here the trot goes on, a choice, up to where steps stay whole."""

PAW_LIFT = 0.010
"""Clearance of the lowest point of a paw in mid-swing, metres; a choice."""

BREATHS = 3.0
"""Breaths per second of an awake, resting rat (about 3 Hz: Alves et al. 2016)."""

STROKES = 6.5
"""Elliptical forelimb strokes per second about the nose, the first phase of a grooming chain
(6 to 7 Hz: Berridge, Fentress & Parr, Behav. Brain Res. 23, 59-68, 1987)."""


def cycle_duration(speed: np.ndarray, size: float = 1.0) -> np.ndarray:
    """Duration of a step cycle, from one touchdown of a paw to its next, seconds.

    Args:
        speed: m/s, above zero.
        size: of the rat relative to the measured rats; step length grows with it.

    >>> cycle_duration(np.array([0.10, 0.78])).round(3).tolist()
    [0.685, 0.215]
    """
    return SWING_DURATION + STANCE_LENGTH * size / speed


def cycle_frequency(speed: np.ndarray, size: float = 1.0) -> np.ndarray:
    """Step cycles per second; zero at rest."""
    return speed / (SWING_DURATION * speed + STANCE_LENGTH * size)


def duty_factor(speed: np.ndarray, size: float = 1.0) -> np.ndarray:
    """Fraction of the cycle that a paw is on the ground; one half at 0.37 m/s."""
    return STANCE_LENGTH * size / (SWING_DURATION * speed + STANCE_LENGTH * size)


def forepaw_lag(speed: np.ndarray) -> np.ndarray:
    """Phase lag of a forepaw behind the hind paw of its side, in cycles, from walk to trot."""
    return np.interp(speed, (WALK_SPEED, TROT_SPEED), (SLOW_LAG, TROT_LAG))
