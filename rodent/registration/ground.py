"""The floor under a registered rat: estimated from its lowest paws, levelled; and paw contacts.

    floor = find_floor(lowest_paws(qpos, body))
    floor.tilt, floor.height               # radians, metres
    qpos = floor.level_poses(qpos)         # above a level floor at height 0
    contacts = paw_contacts(qpos, fps, body)
    contacts.sliding, contacts.depth       # m/s, metres, (frames, 4)

If the rat has explored the arena, its lowest paws lie in a plane. If it stayed in one place, a tilt cannot
be estimated, and none is assumed.
"""

import dataclasses

import numpy as np
from scipy.spatial.transform import Rotation

from rodent.kinematics.paws import PAW_NAMES, STANDING, Paws
from rodent.rotation import continuous
from rodent.scene import Scene

_BLOCK = 4096  # frames evaluated together

_CELL = 0.05  # metres; side of the squares of the floor plan
_OFTEN = 10  # frames that a square must have been visited
_FEWEST, _WIDE = 12, 0.25  # squares, and metres they must span along their shorter axis
_LOW = 10.0  # percentile of the heights in a square that is taken for its floor
_ROUNDS, _OUTLIER = 10, 0.01  # of reweighting; metres off the plane that count half


@dataclasses.dataclass(frozen=True)
class Floor:
    """A plane, z = height + slope . (x, y)."""

    height: float
    """At the origin, metres."""
    slope: tuple[float, float]
    """Metres per metre along x and y; 0, 0 where a tilt cannot be estimated."""
    squares: int
    """Number of squares of the floor plan used for the tilt; 0 if it was not estimated."""

    @property
    def tilt(self) -> float:
        """Angle to the horizontal, radians."""
        return float(np.arctan(np.hypot(*self.slope)))

    @property
    def turn(self) -> Rotation:
        """The shortest rotation that levels the floor."""
        normal = np.array([-self.slope[0], -self.slope[1], 1.0])
        axis = np.cross(normal / np.linalg.norm(normal), [0.0, 0.0, 1.0])
        return Rotation.from_rotvec(axis / max(np.linalg.norm(axis), 1e-12) * self.tilt)

    def level(self, points: np.ndarray) -> np.ndarray:
        """Points, metres, shape (..., 3), above the floor levelled at height 0."""
        return (points - np.array([0.0, 0.0, self.height])) @ self.turn.as_matrix().T

    def level_poses(self, qpos: np.ndarray) -> np.ndarray:
        """Poses, shape (frames, 74), above the floor levelled at height 0."""
        moved = qpos.copy()
        moved[:, :3] = self.level(qpos[:, :3])
        turned = self.turn * Rotation.from_quat(qpos[:, 3:7], scalar_first=True)
        moved[:, 3:7] = continuous(turned.as_quat(scalar_first=True))
        return moved

    def raised(self, height: float) -> "Floor":
        """The floor higher by this, metres, as measured on the levelled floor."""
        return dataclasses.replace(self, height=self.height + height / float(np.cos(self.tilt)))

    def scaled(self, scale: float) -> "Floor":
        """The same floor, with all lengths scaled."""
        return dataclasses.replace(self, height=self.height * scale)


@dataclasses.dataclass(frozen=True)
class PawContacts:
    """Contacts of the four paws, in the order of PAW_NAMES, with a floor at height 0."""

    height: np.ndarray
    """Of each paw's lowest point, metres, shape (frames, 4)."""
    sliding: np.ndarray
    """Horizontal speed of palm or sole on the way to the next frame, where the paw stands in both frames,
    m/s; NaN where it does not, shape (frames, 4). The foot sliding of Yuan et al. (SimPoE, CVPR 2021),
    as a speed."""

    @property
    def depth(self) -> np.ndarray:
        """Penetration depth of each paw, metres, shape (frames, 4)."""
        return np.maximum(-self.height, 0.0)


def paw_contacts(qpos: np.ndarray, fps: float, body: Scene) -> PawContacts:
    """Contacts of the paws with the floor.

    Args:
        qpos: poses above a floor at height 0, shape (frames, 74).
        fps: frames per second.
        body: whose poses.
    """
    place, height = _paw_points(qpos, body)
    standing = height < STANDING
    sliding = np.full(height.shape, np.nan)
    speed = fps * np.linalg.norm(np.diff(place, axis=0), axis=-1)
    sliding[:-1] = np.where(standing[:-1] & standing[1:], speed, np.nan)
    return PawContacts(height, sliding)


def lowest_paws(qpos: np.ndarray, body: Scene) -> np.ndarray:
    """The lowest point of each pose's paws, metres, shape (frames, 3)."""
    place, height = _paw_points(qpos, body)
    frames, paw = np.arange(len(qpos)), height.argmin(axis=1)
    return np.column_stack([place[frames, paw], height[frames, paw]])


def paw_heights(qpos: np.ndarray, body: Scene) -> np.ndarray:
    """Heights of the lowest points of the paws, metres, shape (frames, 4)."""
    return _paw_points(qpos, body)[1]


def _paw_points(qpos: np.ndarray, body: Scene) -> tuple[np.ndarray, np.ndarray]:
    """Palms and soles on the floor plan (frames, 4, 2), and the paws' heights (frames, 4), metres."""
    paws = Paws(body)
    height = np.empty((len(qpos), len(PAW_NAMES)))
    place = np.empty((*height.shape, 2))
    # the whole state is 30 times larger, so only these are kept
    for start in range(0, len(qpos), _BLOCK):
        block = slice(start, start + _BLOCK)
        state = paws.state(qpos[block])
        place[block], height[block] = state.contact[..., :2], state.lowest
    return place, height


def find_floor(lowest: np.ndarray) -> Floor:
    """The floor plane through the lowest points, metres, shape (n, 3); points above it are outliers."""
    level = Floor(float(np.percentile(lowest[:, 2], _LOW)), (0.0, 0.0), 0)
    squares, member = np.unique(np.floor(lowest[:, :2] / _CELL).astype(int), axis=0, return_inverse=True)
    often = np.bincount(member.ravel()) >= _OFTEN
    if often.sum() < _FEWEST:
        return level
    place = (squares[often] + 0.5) * _CELL
    if np.ptp(place, axis=0).min() < _WIDE:
        return level
    floor = np.array([np.percentile(lowest[member.ravel() == i, 2], _LOW) for i in np.flatnonzero(often)])
    terms, weight = np.column_stack([np.ones(len(place)), place]), np.ones(len(place))
    plane = np.zeros(3)
    for _ in range(_ROUNDS):
        root = np.sqrt(weight)
        plane = np.linalg.lstsq(terms * root[:, None], floor * root, rcond=None)[0]
        weight = 1 / (1 + ((floor - terms @ plane) / _OUTLIER) ** 2)
    return Floor(float(plane[0]), (float(plane[1]), float(plane[2])), len(place))
