import dataclasses

import numpy as np
import pytest

from analysis.twin.adaptation import AdaptedReadouts, adapt
from analysis.twin.experiment import Grid, run_grid
from analysis.twin.experiment_results import experiment_to_json, factors_of
from analysis.twin.kinematic import PoseStreams
from analysis.twin.rates import RateModel
from analysis.twin.session import Stream, TwinSession
from analysis.twin.settings import GridPlan
from analysis.twin.twin import Twin
from rodent.clips import Clip, ClipSet
from rodent.errors import InputError
from rodent.scene import Scene
from tests.analysis.twin.conftest import SMALL
from tests.analysis.twin.test_kinematic import layout_of
from tests.analysis.twin.test_twin import FEW
from tests.motions import glide

PLAN = GridPlan(seconds=0.6, pace=(0.5, 1.0), amplitude=(0.0, 1.0, 2.0), part=("head", "hindlimb_L"))


@pytest.fixture(scope="module")
def moving(body: Scene) -> tuple[Twin, AdaptedReadouts, PoseStreams]:
    """A twin of rats that glide, with the readouts of one of them."""
    random, fps, bins = np.random.default_rng(0), 50.0, 640
    layout = layout_of(body)
    streams = PoseStreams.of(layout, 0.04, fps, body)
    sessions = []
    for seed in range(2):
        columns = streams(glide(body, frames=2 * bins, seed=seed)[None])[0]
        each = [Stream.named("joints", columns[:, :67], body.joint_names)]
        each.append(Stream.named("velocities", columns[:, 67:], [name for _, name, _ in layout[67:]]))
        drive = columns[:, [10, 40, 100]]
        counts = random.poisson(np.exp(0.5 * (drive - drive.mean(0)) / drive.std(0)))
        piece = np.arange(bins) // 80
        sessions.append(
            TwinSession(f"day {seed}", f"rat {seed}", tuple(each), counts, ("a", "b", "c"), 0.04, piece)
        )
    twin = Twin(dataclasses.replace(SMALL, core="linear", steps=5)).fit(sessions)
    return twin, adapt(twin, sessions[0], FEW), PoseStreams.of(twin.layout_, 0.04, fps, body)


def clips_of(body: Scene) -> ClipSet:
    clips = tuple(Clip(f"glide_{seed}", glide(body, frames=62, seed=seed), 50.0) for seed in range(2))
    return ClipSet(clips, body.scale, body.joint_names)


def test_a_grid_has_every_combination(body):
    grid = Grid.of(clips_of(body), PLAN)
    # two sequences of each clip at its pace, four at half of it; five changes, of which one is none
    assert len(grid.poses) == 2 * (2 + 4) and len(grid.scales) == 5
    assert len(grid.conditions) == len(grid.poses) * 5
    assert grid.poses.shape == (12, 30, 74)
    first = grid.conditions[0]
    assert (first.clip, first.start, first.pace, first.part, first.amplitude) == (
        "glide_0",
        0.0,
        0.5,
        "",
        1.0,
    )
    assert grid.poses[0, ::2] == pytest.approx(clips_of(body)[0].qpos[:15], abs=1e-6)


def test_rates_of_a_grid_are_those_of_its_movements(body, moving):
    twin, readouts, streams = moving
    grid = Grid.of(clips_of(body), PLAN)
    rates = RateModel.of(twin, readouts)
    found = run_grid(rates, streams, readouts.neurons, grid)
    assert found.mean_hz.shape == found.peak_hz.shape == (60, 3)
    # the unchanged sequence, and one whose head stands still
    still = grid.poses[3].copy()
    moves = grid.scales[1] == 0.0
    still[:, 7:][:, moves] = still[:, 7:][:, moves].mean(0)
    for row, poses in ((15, grid.poses[3]), (16, still)):
        hz = np.exp(np.asarray(rates.log_rates(streams(poses[None])))[0])
        assert found.mean_hz[row] == pytest.approx(hz.mean(0), rel=1e-3)
        assert found.peak_hz[row] == pytest.approx(hz.max(0), rel=1e-3)
        assert found.peak_seconds[row] == pytest.approx(0.04 * rates.rows(15)[hz.argmax(0)])
    changes = found.changes()
    assert (changes[::5] == 0).all() and np.abs(changes[1::5]).max() > 0
    table = found.table()
    assert len(table["neuron"]) == len(table["mean_hz"]) == 180
    assert (table["clip"][0], table["part"][3], table["neuron"][4]) == ("glide_0", "head", "b")


def test_factors_are_medians_over_sequences(body, moving):
    twin, readouts, streams = moving
    found = run_grid(RateModel.of(twin, readouts), streams, readouts.neurons, Grid.of(clips_of(body), PLAN))
    factors = {(one.what, one.level): one for one in factors_of(found)}
    assert set(factors) == {("pace", 0.5)} | {(part, a) for part in PLAN.part for a in (0.0, 2.0)}
    assert factors["head", 2.0].octaves == pytest.approx(np.median(found.changes()[2::5], axis=0))
    # of each clip, two sequences begin where one of the same pace as the clip does
    assert factors["pace", 0.5].sequences == 4 and factors["head", 0.0].sequences == 12
    page = experiment_to_json(found, list(factors.values()), seconds=30.0)
    assert page["pairs"] == 180 and page["pairs_per_minute"] == pytest.approx(360)


def test_grids_without_a_sequence_or_part_are_refused(body):
    with pytest.raises(InputError, match=r"lasts 1.24 s, too short for sequences of 5 s"):
        Grid.of(clips_of(body), dataclasses.replace(PLAN, seconds=5.0))
    with pytest.raises(InputError, match="unknown body part 'wing'"):
        Grid.of(clips_of(body), dataclasses.replace(PLAN, part=("wing",)))
    with pytest.raises(InputError, match="pace"):
        GridPlan(pace=())
