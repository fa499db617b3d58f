import numpy as np
import pytest

from rodent.clips import read_clips
from rodent.clips.behavior import BEHAVIORS, behaviors, most_common
from rodent.clips.mirror import Mirror

GAITS = {
    "walk": "Walk",
    "trot": "FastWalk",
    "arc_left": "Walk",
    "stand": "Still",
    "rear": "Rear",
    "groom": "FaceGroom",
}


@pytest.mark.parametrize(("clip", "label"), GAITS.items())
def test_gaits(body, clip, label):
    found = behaviors(read_clips("gaits")[clip].qpos, 50.0, body)
    assert set(found) <= set(BEHAVIORS)
    # they begin and end standing
    assert most_common(found[60:140]) == label


@pytest.mark.parametrize("clip", ["turn_left", "turn_right"])
def test_turns_on_the_spot(body, clip):
    found = behaviors(read_clips("gaits")[clip].qpos, 50.0, body)
    assert (found == "Turn").mean() > 0.2


@pytest.fixture(scope="module")
def rats(data, body):
    """By clip: what it shows, and the share of frames of each state."""
    shares = {}
    for clip in read_clips(data / "mocap" / "rat_clips_9.npz"):
        found = behaviors(clip.qpos, clip.fps, body)
        shares[clip.name] = clip.behavior, {name: float((found == name).mean()) for name in BEHAVIORS}
    return shares


def test_real_rats_groom_where_they_are_said_to(rats):
    for shown, share in rats.values():
        grooming = {name: share[name] for name in ("FaceGroom", "LGroom", "RGroom")}
        if shown in grooming:
            # they pause in between
            assert grooming[shown] > 0.25
            assert sum(grooming.values()) - grooming[shown] < 0.1
        else:
            assert sum(grooming.values()) == 0


def test_real_rats_walk_and_rear_where_they_are_said_to(rats):
    for shown, share in rats.values():
        moving = share["Walk"] + share["FastWalk"]
        if shown in ("Walk", "FastWalk"):
            assert moving > 0.5
        elif shown == "Rear":
            assert share["Rear"] > 0.6
        else:
            assert moving + share["Rear"] < 0.05


def test_in_a_mirror_the_side_is_the_other(data, body):
    clip = read_clips(data / "mocap" / "rat_clips_9.npz")["RGroom_134"]
    assert most_common(behaviors(clip.qpos, clip.fps, body)) == "RGroom"
    assert most_common(behaviors(Mirror(body).qpos(clip.qpos), clip.fps, body)) == "LGroom"


def test_states_do_not_depend_on_place_heading_and_frame_rate(body):
    qpos = read_clips("gaits")["groom"].qpos
    found = behaviors(qpos, 50.0, body)
    moved = qpos.copy()
    moved[:, :2] += 3.0
    assert np.array_equal(behaviors(moved, 50.0, body), found)
    assert (behaviors(qpos[::2], 25.0, body) == found[::2]).mean() > 0.95
