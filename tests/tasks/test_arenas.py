"""Tasks in arenas of their own, against states made by hand: starts, rewards, ends and figures."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rodent.errors import InputError
from rodent.loop import host_engine
from rodent.physics.engine import Command
from rodent.rotation import from_rotvec, rotate
from rodent.scene import make_scene
from rodent.scene_config import BowlConfig, FloorConfig, GapsConfig, MjcfArenaConfig, SceneConfig
from rodent.sensing.ground import ground_height
from rodent.tasks.actuation import neutral_setpoint
from rodent.tasks.arena_settings import BowlTaskConfig, GapsTaskConfig
from rodent.tasks.stance import require_room, standing, standing_at
from rodent.tasks.task import Played

KEY = jax.random.PRNGKey(3)
NOTHING = jnp.zeros(38)
TRACK = GapsConfig(seed=3, count=4, width=(0.03, 0.06))


@pytest.fixture(scope="module")
def bowl():
    return BowlTaskConfig().build(make_scene(SceneConfig(arena=BowlConfig())), None)


@pytest.fixture(scope="module")
def gaps():
    return GapsTaskConfig(hold=0.06).build(make_scene(SceneConfig(arena=TRACK)), None)


def _moved(task, offset):
    """A body that stands on the floor at an offset from the origin, m."""
    physics = jax.tree.map(jnp.asarray, standing(task.scene))
    return dataclasses.replace(physics, xpos=physics.xpos + jnp.asarray(offset))


def _root_at(task, place):
    """A standing body whose root is at a place, m."""
    return _moved(task, jnp.asarray(place) - standing(task.scene).xpos[task.scene.root_row])


def _starts(task, n):
    states = jax.vmap(task.initial_state, (None, 0))(jnp.int32(0), jax.random.split(KEY, n))
    return states, jax.vmap(task.initial_physics)(states)


def _earned(task, state, physics):
    measure = task.measure(state, physics)
    return {name: float(one) for name, one in task.reward(state, physics, measure, NOTHING, NOTHING).items()}


def test_a_body_stands_where_it_is_put_and_faces_its_direction(body):
    physics = standing_at(body, jnp.array([0.3, -0.2, np.pi / 2]))
    upright = standing(body)
    np.testing.assert_allclose(physics.qpos[:3], [0.3, -0.2, upright.qpos[2]], atol=1e-6)
    ahead = rotate(np.asarray(physics.qpos[3:7]), np.array([1.0, 0.0, 0.0]))
    np.testing.assert_allclose(ahead[:2] / np.linalg.norm(ahead[:2]), [0, 1], atol=1e-5)
    x, y = upright.xpos[body.end_effector_rows[0], :2]
    np.testing.assert_allclose(physics.xpos[body.end_effector_rows[0], :2], [0.3 - y, -0.2 + x], atol=1e-6)


def test_a_body_in_a_bowl_is_put_on_its_ground(bowl):
    scene = bowl.scene
    flat, there = standing(scene), standing_at(scene, jnp.array([0.6, 0.0, 0.0]))
    ground = jax.vmap(lambda place: ground_height(scene, place))(there.xpos[:, :2])
    assert float(there.qpos[2] - flat.qpos[2]) == pytest.approx(float(ground.max()), abs=1e-6) != 0


def test_many_bodies_begin_in_one_batch_and_stay_on_the_ground(bowl, gaps):
    for task in (bowl, gaps):
        states, physics = _starts(task, 16)
        engine = host_engine(task, 16, threads=1)
        engine_state = engine.begin(jax.tree.map(np.asarray, physics))
        rest = np.tile(neutral_setpoint(task.scene), (16, 1))
        for _ in range(15):
            engine_state = engine.step(engine_state, Command(rest, np.zeros(16, bool), engine_state.physics))
        states = jax.vmap(task.update)(states, engine_state.physics)
        measure = jax.vmap(task.measure)(states, engine_state.physics)
        assert (measure.limit_fraction <= 1).all()
        assert not jnp.asarray(measure.metrics["sunk"]).any()
        assert engine.diverged == 0


def test_starts_in_a_bowl_lie_in_the_middle_and_face_all_around(bowl):
    states, _ = _starts(bowl, 100)
    start = np.asarray(states.start)
    assert np.abs(start[:, :2]).max() <= 0.1
    assert (np.histogram(start[:, 2], 4, (-np.pi, np.pi))[0] > 10).all()


def test_moving_outward_and_over_the_rim_is_rewarded(bowl):
    state = bowl.initial_state(jnp.int32(0), KEY)._replace(distance=jnp.array([0.5, 0.5]))

    def earned(distance):
        physics = _root_at(bowl, (0.0, -distance, 0.3))
        return _earned(bowl, bowl.update(state, physics), physics)

    assert earned(0.505)["outward"] == pytest.approx(0.2, rel=1e-3)
    assert earned(0.495)["outward"] == pytest.approx(-0.2, rel=1e-3)
    assert earned(0.505)["escaped"] == 0
    assert earned(1.01)["escaped"] == 5
    out = bowl.update(state, _root_at(bowl, (0.8, 0.8, 0.3)))
    assert bowl.truncated(out) and not bowl.truncated(state)
    assert bowl.truncated(state._replace(step=jnp.int32(1000)))
    # it is paid once
    again = bowl.update(out, _root_at(bowl, (0.9, 0.8, 0.3)))
    assert _earned(bowl, again, _root_at(bowl, (0.9, 0.8, 0.3)))["escaped"] == 0


def test_the_middle_is_seen_from_the_body(bowl):
    state = bowl.initial_state(jnp.int32(0), KEY)
    physics = _root_at(bowl, (0.4, 0.0, 0.2))
    turned = from_rotvec(np.array([0, 0, np.pi / 2]))
    turned = dataclasses.replace(physics, qpos=physics.qpos.at[3:7].set(jnp.asarray(turned)))
    np.testing.assert_allclose(bowl.observe(state, physics)["middle"], [-0.4, 0.0], atol=1e-6)
    np.testing.assert_allclose(bowl.observe(state, turned)["middle"], [0.0, 0.4], atol=1e-6)


def test_a_body_below_the_ground_ends_and_is_counted(bowl, gaps):
    for task, above, below in (
        (bowl, (0.5, 0.0, 0.13), (0.5, 0.0, 0.02)),  # the ground is at some 0.07 m there
        (bowl, (3.0, 0.0, 0.1), (3.0, 0.0, -0.05)),
        (gaps, (0.0, 2.0, 0.03), (0.0, 2.0, -0.03)),
    ):
        state = task.initial_state(jnp.int32(0), KEY)
        fine, lost = _root_at(task, above), _root_at(task, below)
        assert task.measure(task.update(state, fine), fine).limit_fraction <= 1
        measure = task.measure(task.update(state, lost), lost)
        assert measure.limit_fraction > 1 and measure.metrics["sunk"] == 1


def test_figures_of_the_bowl_count_those_that_got_out_first(bowl):
    def played(distance, failed, sunk=(0, 0, 0)):
        return Played({"distance": np.array(distance), "sunk": np.array(sunk)}, np.array(failed))

    later = played([0.5, 1.1, 1.2], [False, False, True], (0, 0, 1))
    before = played([0.5, 0.6, 1.2], [False, True, True])
    through = played([0.5, 0.6, 0.6], [False, True, True], (0, 1, 1))
    never = played([0.5, 0.6, 0.7], [False] * 3)
    escaped, fell, sank = bowl.figures([later, before, through, never])
    assert (escaped.value, escaped.bar, escaped.at) == (0.25, 0.8, "least")
    assert (fell.value, sank.value) == (0.25, 0.25)


def test_starts_on_a_track_lie_on_all_platforms_but_the_last(gaps):
    states, physics = _starts(gaps, 200)
    edges = np.asarray(gaps.gaps)
    paws = np.asarray(physics.xpos[:, gaps.scene.end_effector_rows[:-1], 0])
    platform = np.searchsorted(edges[:, 1], paws.min(1))
    assert set(platform) == {0, 1, 2, 3}
    assert (paws.max(1) < edges[platform, 0]).all()
    assert not np.asarray(states.met).any()


def test_a_gap_is_crossed_once_all_paws_have_been_beyond_it_without_a_break(gaps):
    near, far = np.asarray(gaps.gaps[1])
    paws = np.asarray(standing(gaps.scene).xpos[gaps.scene.end_effector_rows[:-1], 0])
    behind, over = near - paws.max() - 0.01, far - paws.min() + 0.01
    begun = gaps.initial_state(jnp.int32(0), KEY)
    begun = begun._replace(start=jnp.array([near - 0.2, 0.0, 0.0]))

    def after(state, xs, height=0.0):
        for x in xs:
            state = gaps.update(state, _moved(gaps, (x, 0.0, height)))
        return state

    waits = after(begun, [behind])
    assert not waits.met.any()
    assert after(begun, [behind + 0.02]).met.tolist() == [False, True, False, False]
    assert not after(waits, [over, over, behind, over, over]).crossed.any()
    done = after(waits, [over] * 3)
    # the gap behind the start does not count
    assert done.crossed.tolist() == [False, True, False, False]
    assert done.new == 1 and after(done, [over]).new == 0
    assert _earned(gaps, done, _moved(gaps, (over, 0.0, 0.0)))["crossed"] == 3
    # paws in a gap stand on nothing
    assert not after(waits, [over] * 3, height=-0.02).crossed.any()
    assert not gaps.truncated(done)
    assert gaps.truncated(done._replace(crossed=jnp.ones(4, bool)))


def test_moving_along_the_track_is_rewarded_and_the_next_gaps_are_seen(gaps):
    state = gaps.initial_state(jnp.int32(0), KEY)._replace(ahead=jnp.array([0.2, 0.2]))
    near, _ = np.asarray(gaps.gaps[0])
    for step in (0.0025, -0.0025):
        physics = _root_at(gaps, (0.2 + step, 0.1, 0.07))
        moved = gaps.update(state, physics)
        assert _earned(gaps, moved, physics)["ahead"] == pytest.approx(80 * step, rel=1e-3)
    physics = _root_at(gaps, (near - 0.1, 0.1, 0.07))
    seen = np.asarray(gaps.observe(state, physics)["track"])
    second = min(0.5, float(gaps.gaps[1, 0] - near + 0.1))
    widths = np.diff(np.asarray(gaps.gaps), axis=1)[:2, 0]
    np.testing.assert_allclose(seen[:4], [0.1, widths[0], second, widths[1]], atol=1e-5)
    np.testing.assert_allclose(seen[4:], [0.1, 1.0, 0.0], atol=1e-5)
    last = np.asarray(gaps.observe(state, _root_at(gaps, (9.0, 0.0, 0.07)))["track"])
    assert np.isfinite(last).all()


def test_paws_in_a_gap_and_tilt_cost(gaps):
    state = gaps.initial_state(jnp.int32(0), KEY)
    upright = _moved(gaps, (0.0, 0.0, 0.0))
    paws = upright.xpos[gaps.scene.end_effector_rows[:-1], 2]
    earned = _earned(gaps, state, upright)
    assert earned["dip"] == 0 and earned["tilt"] == pytest.approx(0, abs=0.1)
    # half of the depth that costs the most, for the highest paw
    lower = _earned(gaps, state, _moved(gaps, (0.0, 0.0, -float(paws.max()) - 0.01)))
    assert -1 < lower["dip"] <= -0.5
    assert _earned(gaps, state, _moved(gaps, (0.0, 0.0, -0.2)))["dip"] == -1
    on_side = dataclasses.replace(
        upright, qpos=upright.qpos.at[3:7].set(jnp.array([0.5**0.5, 0.5**0.5, 0, 0]))
    )
    assert _earned(gaps, state, on_side)["tilt"] == -1


def test_figures_of_the_track_are_by_size(gaps):
    widths = np.array([0.032, 0.038, 0.041, 0.055])
    track = np.stack([np.arange(4.0), np.arange(4.0) + widths], 1)
    task = dataclasses.replace(gaps, gaps=jnp.asarray(track))

    def played(met, crossed, fails):
        steps = [np.zeros((1, 4)), np.array([crossed], float), np.ones((1, 4)) if fails else [crossed]]
        metrics = {"met": np.array([met, met, met], float), "crossed": np.concatenate(steps)}
        return Played(metrics | {"sunk": np.array([0, 0, fails])}, np.array([False, False, fails]))

    one = played([1, 1, 1, 0], [1, 0, 1, 0], fails=False)
    other = played([0, 1, 1, 0], [0, 1, 0, 0], fails=True)
    found = {row.figure: row.value for row in task.figures([one, other])}
    assert found["gaps crossed per episode"] == 1.5
    assert found["crossed of those met"] == pytest.approx(3 / 5)
    assert found["crossed of those met, 3 to 4 cm"] == pytest.approx(2 / 3)
    assert found["crossed of those met, 4 to 5 cm"] == 0.5
    assert "crossed of those met, 5 to 6 cm" not in found
    assert found["fell off the track or through it"] == 0.5
    assert found["fell over"] == 0


def test_an_arena_in_which_nothing_can_begin_is_refused(tmp_path):
    wall = tmp_path / "wall.xml"
    plane = '<geom type="plane" size="0 0 1" contype="1"/>'
    box = '<geom type="box" size=".2 .2 .2" contype="1"/>'
    for geoms, message in ((plane + box, "overlaps the arena by"), ("", "there is no ground below")):
        wall.write_text(f"<mujoco><worldbody>{geoms}</worldbody></mujoco>")
        with pytest.raises(InputError, match=message):
            standing(make_scene(SceneConfig(arena=MjcfArenaConfig(str(wall)))))
    track = make_scene(SceneConfig(arena=TRACK))
    middle = float(GapsTaskConfig().build(track, None).gaps[0].mean())
    for place, message in (((middle, 0, 0), "mm of air|no ground"), ((0, 3.0, 0), "no ground")):
        root = float(standing(track).xpos[track.root_row, 0])
        with pytest.raises(InputError, match=message):
            require_room(track, np.array([(place[0] - root, place[1], 0.0)]))


@pytest.mark.parametrize(
    ("config", "arena", "message"),
    [
        (BowlTaskConfig(), FloorConfig(), "needs another arena than rat of scale 0.9: --arena bowl"),
        (
            GapsTaskConfig(),
            BowlConfig(),
            "needs another arena than rat of scale 0.9, arena bowl: --arena gaps",
        ),
        (GapsTaskConfig(), GapsConfig(length=(0.1, 0.15)), "nothing can begin on one of less than 0.24 m"),
        (BowlTaskConfig(start=0.5), BowlConfig(radius=0.4), "not inside the bowl"),
    ],
)
def test_an_arena_of_another_kind_is_refused(config, arena, message):
    with pytest.raises(InputError, match=message):
        config.build(make_scene(SceneConfig(arena=arena)), None)


@pytest.mark.parametrize(
    ("config", "changes", "message"),
    [
        (BowlTaskConfig, {"seconds": 0.0}, "expected a start"),
        (GapsTaskConfig, {"hold": 40.0}, "expected 0 < hold < seconds"),
        (GapsTaskConfig, {"start_side": 1.0}, "start_side in"),
        (BowlConfig, {"radius": 0.1}, "in which a rat has room"),
        (BowlConfig, {"roughness": 1.0}, "roughness in"),
    ],
)
def test_settings_that_make_no_sense_are_refused(config, changes, message):
    with pytest.raises(InputError, match=message):
        config(**changes)
