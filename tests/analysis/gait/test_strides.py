"""Strides are found where they are known, and agree with the forces of a model."""

from pathlib import Path

import numpy as np
import pytest

from analysis.gait.compare import MEASURES, Gait, compared
from analysis.gait.settings import GaitSettings
from analysis.gait.strides import COLUMNS, standing, strides_of
from analysis.motion import Motion, MotionSet, read_motions
from rodent.errors import InputError
from rodent.kinematics.paws import PAW_NAMES
from rodent.synthesis import gait_statistics as published

SETTINGS = GaitSettings()


@pytest.fixture(scope="module")
def gaits() -> MotionSet:
    """The built-in clips; the paws of synthetic ones are planted, and their gait is the published one."""
    return read_motions(Path("gaits"), animal=False)


def only(motions: MotionSet, *names: str) -> MotionSet:
    return motions.replaced([one for one in motions.motions if one.name in names])


def of(strides, paw):
    on = strides["paw"] == PAW_NAMES.index(paw)
    return {name: values[on] for name, values in strides.items()}


@pytest.mark.parametrize("name", ["walk", "fast_walk", "trot"])
def test_strides_of_a_steady_walk_are_the_published_ones(gaits, name):
    walk = only(gaits, name)
    strides = strides_of(walk, SETTINGS)
    assert set(strides) == set(COLUMNS)
    frame = 1 / walk.fps
    for paw in PAW_NAMES:
        one = of(strides, paw)
        assert len(one["start"]) >= 4
        speed = np.median(one["speed"])
        assert np.median(one["duration"]) == pytest.approx(published.cycle_duration(speed), abs=1.1 * frame)
        # a paw that has just left the floor, or is about to touch it, is still low and slow
        assert -2.4 * frame < np.median(one["swing"]) - published.SWING_DURATION <= 0.5 * frame
        assert np.median(one["length"]) == pytest.approx(speed * np.median(one["duration"]), rel=0.1)
        np.testing.assert_allclose(one["duty_factor"] * one["duration"], one["stance"])
        assert np.median(one["lift"]) == pytest.approx(published.PAW_LIFT, rel=0.2)
    assert np.nanmedian(of(strides, "hind_R")["phase"]) == pytest.approx(0.5, abs=0.06)
    assert np.all(of(strides, "hind_L")["phase"] == 0)
    lag = published.forepaw_lag(np.median(strides["speed"]))
    late = np.nanmedian(of(strides, "fore_L")["phase"]) - lag
    assert (late + 0.5) % 1.0 - 0.5 == pytest.approx(0, abs=0.1)


def test_stance_is_where_the_ground_pushes(tmp_path):
    import rodent
    from rodent.recording import open_recording
    from rodent.recording.ground import ground_forces
    from rodent.rollouts import record

    policy = rodent.load_policy("rat-position")
    path = tmp_path / "walk.h5"
    record(policy, rodent.read_clips("gaits").subset(["walk"]), path)
    walk = read_motions(path, animal=False)
    with open_recording(path) as recording:
        (rollout,) = recording.rollouts.values()
        pressed = ground_forces(rollout).newtons[:, :4, 2] > 0.02
    agreed = (standing(walk.motions[0], walk.scene) == pressed).mean(axis=0)
    assert (agreed > 0.8).all(), agreed


def test_a_file_lies_in_its_own_range_and_one_of_long_strides_does_not(gaits):
    walk, trot = (Gait.of(name, only(gaits, name), SETTINGS) for name in ("walk", "trot"))
    rows = {row.measure.name: row.summaries for row in compared([walk, walk, trot], SETTINGS)}
    assert list(rows) == [one.name for one in MEASURES]
    for summaries in rows.values():
        own = summaries[1]
        assert own.within >= 0.7 and own.low <= own.median <= own.high
    assert rows["speed, hind"][2].within == 0
    assert rows["strides per second, hind"][2].median > rows["strides per second, hind"][0].median


def test_phases_about_zero_are_not_split():
    def gait(name, phases):
        n = len(phases)
        table = {column: np.ones(n) for column in COLUMNS}
        table |= {"paw": np.full(n, PAW_NAMES.index("fore_R")), "phase": np.array(phases)}
        return Gait(name, MotionSet(name, (), None), table)

    first, other = gait("a", [0.95, 0.97, 0.02, 0.04] * 3), gait("b", [0.99, 0.01] * 5)
    rows = {row.measure.name: row.summaries for row in compared([first, other], SETTINGS)}
    mine, its = rows["phase of fore_R"]
    assert -0.06 < mine.low < mine.median < mine.high < 0.06 and its.within == 1


def test_too_few_strides_have_no_range(gaits):
    settings = GaitSettings(least=10_000)
    (row, *_) = compared([Gait.of("walk", only(gaits, "walk"), settings)], settings)
    assert np.isnan(row.summaries[0].median) and row.summaries[0].count > 0


def test_a_rat_that_stands_has_no_strides(gaits):
    still = Motion("still", "still", "", "", np.repeat(gaits.motions[0].qpos[:1], 50, axis=0), gaits.fps)
    with pytest.raises(InputError, match="has no strides: no paw touches down twice"):
        Gait.of("still", gaits.replaced([still]), SETTINGS)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"slowest": -1.0}, "slowest is -1"),
        ({"shortest": 2.0}, "shortest is 2 s and longest 1.2 s"),
        ({"least": 1}, "least is 1"),
    ],
)
def test_settings_that_make_no_sense(wrong, message):
    with pytest.raises(InputError, match=message):
        GaitSettings(**wrong)
