"""Where a body touches what."""

import numpy as np
import pytest

from rodent.view.contacts import NEWTON, Contacts


def test_a_standing_rat_touches_the_floor_and_a_lifted_one_does_not(body, clips):
    contacts, qpos = Contacts(body), clips[0].qpos[0].copy()
    qpos[2] -= 0.002
    points = contacts.points(qpos)
    assert len(points) >= 4 and (np.abs(points[:, 2]) < 0.004).all()
    below = np.linalg.norm(points[:, :2] - qpos[:2], axis=1)
    assert below.max() < 0.2
    qpos[2] += 0.3
    assert len(contacts.points(qpos)) == 0


def test_arrows_stand_on_the_paws_that_press(body, clips):
    contacts, qpos = Contacts(body), clips[0].qpos[0]
    contacts.points(qpos)
    arrows = contacts.arrows(np.array([0.5, 0.0, 2.0, 0.0]))
    np.testing.assert_allclose(
        arrows[:, 1] - arrows[:, 0], [(0, 0, 0.5 * NEWTON), (0, 0, 2 * NEWTON)], atol=1e-7
    )
    assert (arrows[:, 0, 2] < 0.02).all()
    # the left palm is ahead of the left sole
    assert arrows[0, 0, 0] - arrows[1, 0, 0] == pytest.approx(0.1, abs=0.06)
