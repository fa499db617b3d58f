"""A policy with every kind of site, played with interventions by environment."""

import dataclasses

import numpy as np
import pytest

from rodent.intervention import Preparation, Sites, Statistics, parsed, planned
from rodent.rollouts import RolloutRunner
from rodent.synthesis.stance import stance_clips
from tests.intervention.preparations import CLIPS, FRAMES, SHOW, N
from tests.policies import TINY, untrained_policy


@pytest.fixture(scope="package")
def preparation(body):
    """A policy with every kind of site, its runner, and statistics."""
    policy = untrained_policy(body, dataclasses.replace(TINY, decoder_kind="lstm"))
    runner = RolloutRunner.of(policy, stance_clips(body, frames=FRAMES + 2, n=CLIPS), N, show=SHOW)
    sites = Sites.of(policy.agent, runner.task)
    rng = np.random.default_rng(0)
    statistics = Statistics.of({name: rng.normal(size=(50, size)) for name, size in sites.sizes.items()})
    return policy, runner, Preparation(sites, policy.params, runner.task.timestep, statistics)


@pytest.fixture(scope="package")
def play(preparation):
    policy, runner, prepared = preparation

    def played(given=None):
        """Rows of FRAMES steps; environments i and i + CLIPS play the same clip."""
        plan = None
        if given is not None:
            rows = [[parsed(text) for text in given.get(i, ())] for i in range(N)]
            plan = planned(rows, prepared, runner.task)
        groups = np.arange(N) % CLIPS
        return list(runner.play(policy.params, policy.normalizer, groups, frames=FRAMES, plan=plan))

    return played


@pytest.fixture(scope="package")
def plain(play):
    return play()
