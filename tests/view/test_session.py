"""The logic behind the controls."""

import numpy as np
import pytest

from rodent.errors import InputError
from rodent.scene_config import SceneConfig
from rodent.view import Moment, Session, Source
from rodent.view.session import Clock, glide


class Counted:
    """Ten frames at 10 Hz, whose pose is the frame's number."""

    fps, n_frames, layers = 10.0, 10, ()

    def __init__(self, name):
        self.name, self.rewinds = name, 0

    def at(self, frame):
        return Moment(np.full(74, frame), None, True)

    def rewind(self):
        self.rewinds += 1


class Moving(Counted):
    """The same, of which four frames have happened."""

    played, directions = 4, ("from the left",)

    def push(self, direction, impulse):
        self.pushed = direction, impulse

    def pull(self, force):
        self.pulled = force

    def at(self, frame):
        return super().at(frame)._replace(force=np.ones(3) if frame == 2 else None)


@pytest.fixture
def session():
    return Session(Source(SceneConfig(), {name: lambda name=name: Counted(name) for name in "ab"}))


def run(session, seconds, step=0.02):
    for _ in range(round(seconds / step)):
        session.advance(step)


def test_time_passes_at_the_chosen_speed(session):
    assert (session.motion.name, session.frame) == ("a", 0)
    run(session, 0.5)
    assert session.frame == 5
    session.set_speed(0.25)
    run(session, 0.8)
    assert session.frame == 7
    assert session.moment.qpos[0] == 7


def test_pause_and_seek(session):
    session.play(False)
    run(session, 0.5)
    assert session.frame == 0
    for seconds, frame in ((0.3, 3), (0.7, 7), (99.0, 9), (-1.0, 0)):
        session.seek(seconds)
        assert session.frame == frame


def test_every_frame_can_be_reached_by_its_time(session):
    for frame in range(10):
        session.seek(frame / 10)
        assert session.frame == frame


def test_the_end_is_the_beginning(session):
    run(session, 0.98)
    assert (session.frame, session.motion.rewinds) == (9, 0)
    session.advance(0.04)
    assert (session.frame, session.motion.rewinds) == (0, 1)
    assert session.clock.playing


def test_a_slow_machine_shows_slow_motion(session):
    session.advance(5.0)
    assert session.frame == 1


def test_choosing_and_starting_again(session):
    session.set_speed(2.0)
    session.seek(0.5)
    session.choose("b")
    assert (session.motion.name, session.frame, session.clock.speed) == ("b", 0, 2.0)
    session.seek(0.5)
    session.restart()
    assert (session.frame, session.motion.rewinds) == (0, 1)
    with pytest.raises(InputError, match="unknown clip 'c'"):
        session.choose("c")


def test_a_push_leads_back_to_the_present():
    session = Session(Source(SceneConfig(), {"a": lambda: Moving("a")}))
    session.seek(0.1)
    session.push("from the left", 0.05)
    assert session.motion.pushed == ("from the left", 0.05)
    assert session.frame == 4


def test_a_push_is_seen_for_a_while():
    session = Session(Source(SceneConfig(), {"a": lambda: Moving("a")}))
    seen = []
    for frame in range(10):
        session.seek(frame / 10)
        seen.append(session.force() is not None)
    assert np.flatnonzero(seen).tolist() == [2, 3, 4, 5]
    session.pull(np.ones(3))
    assert session.motion.pulled.sum() == 3 and session.frame == 4


def test_motions_of_one_name_side_by_side():
    def source(names, fps=10.0, n_frames=10):
        def motion(name):
            one = Counted(name)
            one.fps, one.n_frames = fps, n_frames
            return one

        return Source(SceneConfig(), {name: lambda name=name: motion(name) for name in names}, "".join(names))

    session = Session(source("abc"), source("cb", fps=20.0, n_frames=15))
    assert session.names == ("b", "c") and session.duration == 1.0
    session.seek(0.6)
    assert [moment.qpos[0] for moment in session.moments] == [6, 12]
    session.seek(0.9)  # the second is over
    assert [moment.qpos[0] for moment in session.moments] == [9, 14]
    session.advance(0.1)
    assert [motion.rewinds for motion in session.motions] == [1, 1]
    session.choose("c")
    assert [motion.name for motion in session.motions] == ["c", "c"]
    with pytest.raises(
        InputError, match="ab and cd have no rollout or clip of the same name; the first has a, b"
    ):
        Session(source("ab"), source("cd"))


def test_what_is_over_cannot_be_pushed(session):
    session.seek(0.3)
    session.push("from the left", 0.05)
    assert session.frame == 3


def test_a_clock_that_stands_keeps_its_time():
    assert Clock(time=1.0, playing=False).after(5.0, duration=2.0).time == 1.0


def test_the_camera_glides_the_same_way_in_small_steps_and_large():
    at, to = np.zeros(2), np.array([1.0, -2.0])
    once = glide(at, to, 0.3)
    for _ in range(30):
        at = glide(at, to, 0.01)
    np.testing.assert_allclose(at, once)
    np.testing.assert_allclose(glide(at, to, 10.0), to, atol=1e-6)
