import numpy as np
import pytest

from analysis.twin.movement import MovementSpace, described, posed, settled
from rodent.kinematics.floor import lowest_paw
from rodent.rotation import angle_between, from_rotvec, multiply
from rodent.scene import Scene
from rodent.synthesis.noise import smooth_noise
from tests.motions import glide


@pytest.fixture(scope="module")
def movements(body: Scene) -> np.ndarray:
    """Thirty movements of 20 frames: gliding, and swaying at random."""
    random, found = np.random.default_rng(0), []
    for seed in range(30):
        qpos = glide(body, frames=20, seed=seed)
        sway = smooth_noise(random, 20, 73, knot=4)
        qpos[:, :3] += 0.02 * np.cumsum(sway[:, :3], axis=0)
        qpos[:, 3:7] = multiply(qpos[:, 3:7], from_rotvec(0.2 * sway[:, 3:6]))
        qpos[:, 7:] += 0.2 * sway[:, 6:]
        found.append(qpos)
    return np.stack(found)


def test_poses_follow_from_their_description(movements):
    again = posed(described(movements, 50.0), movements[:, 0], 50.0)
    assert again[..., :3] == pytest.approx(movements[..., :3], abs=1e-12)
    assert again[..., 7:] == pytest.approx(movements[..., 7:])
    assert angle_between(again[..., 3:7], movements[..., 3:7]) == pytest.approx(0.0, abs=1e-6)


def test_real_movements_have_unit_variance(movements):
    space = MovementSpace.of(movements, 50.0)
    at = space.coordinates(movements)
    assert at.shape == (30, 24, 7)
    large = space.spread > 0.01 * space.spread.max()
    assert at.mean(0)[large] == pytest.approx(0.0, abs=1e-6)
    assert at.std(0)[large] == pytest.approx(1.0)


def test_a_change_moves_its_own_coordinates_alone(movements):
    space = MovementSpace.of(movements, 50.0)
    change = np.zeros((30, 24, 7))
    # the same in all frames: the last one has no velocity of its own
    change[:, 1, 0] = 1.0
    moved = space.moved(movements, change)
    found = space.coordinates(moved) - space.coordinates(movements)
    assert found == pytest.approx(change, abs=1e-2)
    assert space.moved(movements, 0 * change)[..., 7:] == pytest.approx(movements[..., 7:])


def test_settled_poses_are_within_limits_and_on_the_floor(body, movements):
    wild = movements.copy()
    wild[..., 7:] *= 3.0
    wild[..., 2] += 0.1
    found = settled(wild, movements, body)
    low, high = body.joint_range.T
    assert (found[..., 7:] >= low).all() and (found[..., 7:] <= high).all()
    before, after = (lowest_paw(one.reshape(-1, 74), body) for one in (movements, found))
    assert after == pytest.approx(before, abs=1e-9)
