"""Three small animals of two body parts, whose neurons are planted, and twins of the first two."""

import numpy as np
import pytest

from analysis.twin.session import Stream, TwinSession
from analysis.twin.settings import TwinSettings
from analysis.twin.truth import NeuronPlan, PlantedSession, plant
from analysis.twin.truth_network import PlantedNetwork
from analysis.twin.twin import Twin

SMALL = TwinSettings(channels=4, hidden=8, steps=60, chunk_seconds=2.0, chunks=4, lag_seconds=0.1, seed=1)
PIECE, PIECES = 100, 14
"""Bins of 50 ms in a piece, and pieces."""


def behavior(seed: int, pieces: int = PIECES) -> TwinSession:
    """Smooth movements of a head and a knee, in pieces of 5 s; every third one is called Rear."""
    random, bins = np.random.default_rng(seed), PIECE * pieces
    window = np.exp(-0.5 * (np.arange(-8, 9) / 3) ** 2)
    noise = random.standard_normal((bins + 16, 4))
    values = np.stack([np.convolve(one, window / np.linalg.norm(window), "valid") for one in noise.T], axis=1)
    columns = ("atlas", "mandible", "knee_L", "ankle_L")
    return TwinSession(
        name=f"day of rat {seed}",
        animal=f"rat {seed}",
        streams=(Stream.named("joints", values, columns),),
        counts=np.zeros((bins, 1), np.uint8),
        neurons=("none",),
        bin_seconds=0.05,
        piece=np.repeat(np.arange(pieces), PIECE),
        behavior=np.repeat(np.where(np.arange(pieces) % 3 == 2, "Rear", "Walk"), PIECE),
    )


@pytest.fixture(scope="session")
def planted() -> list[PlantedSession]:
    """The animals, with six neurons each."""
    sessions = [behavior(seed) for seed in range(3)]
    network = PlantedNetwork.drawn(sessions[0].layout, seed=0)
    return plant(network, sessions, neurons=6, seed=0, plan=NeuronPlan(rate=20.0, depth=0.8))


@pytest.fixture(scope="session")
def sessions(planted: list[PlantedSession]) -> list[TwinSession]:
    """Their behavior and spikes."""
    return [one.session for one in planted]


@pytest.fixture(scope="session")
def twin(sessions: list[TwinSession]) -> Twin:
    """A twin of the first two animals."""
    return Twin(SMALL).fit(sessions[:2])
