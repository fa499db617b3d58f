"""Made-up motion of two sides, described once."""

import dataclasses

import pytest

from analysis.game.equalise import equalised
from analysis.game.truth import random_motion, with_tremor
from analysis.game.windows import describe, group_of_clips

CLIPS, COPIES, SECONDS = 6, 3, 3.0


def windows(model, rat, seconds=1.0, lowpass=15.0):
    """Windows of both sides without sequences, which only the recurrent network reads."""
    model, rat = equalised([model, rat], lowpass, None)
    sides = describe([model, rat], group_of_clips(rat)[0], labelled=True)
    return [dataclasses.replace(side.windows(seconds, lowpass), sequence=None) for side in sides]


@pytest.fixture(scope="session")
def process(body):
    """Two draws of one process."""
    return [random_motion(body, CLIPS, COPIES, SECONDS, seed) for seed in (1, 2)]


@pytest.fixture(scope="session")
def same(process):
    """Windows of two draws of one process."""
    return windows(*process)


@pytest.fixture(scope="session")
def shaken(process):
    """Windows of a draw with a tremor of 10 Hz and 1 degree, and of one without."""
    return windows(with_tremor(process[0], 10.0, 1.0), process[1])
