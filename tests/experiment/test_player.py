"""Batches of rollouts: results depend on start, seed and interventions, not on places or neighbours."""

import numpy as np
import pytest

from rodent.experiment.player import Player, Settings, Trials
from rodent.intervention import Preparation, Sites, parsed, planned
from rodent.rollouts import RolloutRunner
from rodent.rollouts.episodes import policy_task
from rodent.synthesis.stance import stance_clips
from tests.policies import untrained_policy

N, FRAMES = 64, 12
ACTS = ((), ("gain decoder/layer_0 by 2",), ("noise latent/sample[3] by 1", "clamp action[0:20] to 3"))


@pytest.fixture(scope="module")
def parts(body):
    policy, clips = untrained_policy(body), stance_clips(body, frames=FRAMES, n=2)
    task = policy_task(policy, clips)
    return policy, clips, task, Preparation(Sites.of(policy.agent, task), policy.params, task.timestep)


@pytest.fixture(scope="module")
def play(parts):
    policy, _, task, prepared = parts
    player = Player(policy, task, N, Settings(0.5, True, ("decoder/layer_0",)))

    def of(acts, start, frames, seeds):
        rows = [[parsed(text) for text in ACTS[i]] for i in acts]
        plan = planned(rows, prepared, task, frames=frames, numbers=seeds.tolist())
        return player.play(Trials(start, frames, seeds), plan)

    return of


def grid():
    """Two starts in each of two clips, three seeds, all acts; some are shorter, and the last ones padding."""
    i = np.arange(N)
    frames = np.where(i < 48, np.where(i % 5, FRAMES - 4, 5), 0)
    return i % 3, np.array([0, 4, FRAMES, FRAMES + 4])[i // 3 % 4], frames, i // 12 % 3


def equal(a, b):
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)


def test_places_do_not_matter(play, rng):
    given = grid()
    found, order = play(*given), rng.permutation(N)
    equal(play(*(values[order] for values in given)), {name: values[order] for name, values in found.items()})
    assert found["frames_tracked"][48:].max() == 0 and found["changed_values"][48:].max() == 0


def test_rollouts_that_are_over_do_not_matter(play):
    acts, start, frames, seeds = grid()
    full = play(acts, start, frames, seeds)
    half = play(acts, start, np.where(np.arange(N) % 2, frames, 0), seeds)
    equal(*({name: values[1:48:2] for name, values in one.items()} for one in (half, full)))


def test_equal_seeds_have_equal_starts_and_noise(play):
    n = np.arange(N)
    found = play(np.zeros(N, int), np.zeros(N, int), np.full(N, FRAMES), n % 4)
    for name, values in found.items():
        np.testing.assert_array_equal(values, np.concatenate([values[:4]] * (N // 4)), err_msg=name)
    assert len({*found["root_error"]}) == 4


def test_intact_rollouts_are_those_of_the_runner(parts):
    policy, clips, task, _ = parts
    groups = np.arange(N) % 2
    rows = list(RolloutRunner.of(policy, clips, N).play(policy.params, policy.normalizer, groups))
    trials = Trials(np.asarray(task.starts.first)[groups], np.full(N, FRAMES), np.zeros(N, int))
    found = Player(policy, task, N, Settings()).play(trials, None)
    alive = ~np.maximum.accumulate([row.failed for row in rows])
    assert alive.all()
    error = np.mean([row.metrics["root_position"] for row in rows], 0)
    np.testing.assert_allclose(found["root_error"], error, rtol=1e-6)
    speed = np.mean([np.linalg.norm(row.physics.qvel[:, :2], axis=1) for row in rows], 0)
    np.testing.assert_allclose(found["speed"], speed, rtol=1e-6)
    assert found["success"].all() and (found["energy"] > 0).all()


def test_a_rollout_ends_with_its_failure(parts):
    policy, _, task, prepared = parts
    push = [parsed("clamp action to 10")]
    plan = planned([push if i % 2 else [] for i in range(N)], prepared, task, frames=np.full(N, FRAMES))
    seen = []
    trials = Trials(np.zeros(N, int), np.full(N, FRAMES), np.zeros(N, int))
    tight = task.replace(config=task.config.__class__(limits=task.limits.__class__(root_orientation=1.0)))
    found = Player(policy, tight, N, Settings()).play(trials, plan, seen.append)
    lost = ~found["success"]
    assert lost[1::2].all() and (found["frames_tracked"][lost] < FRAMES).all()
    assert sum(seen) == found["frames_tracked"].sum()
    assert (found["changed_values"] == np.where(np.arange(N) % 2, 38 * found["frames_tracked"], 0)).all()
