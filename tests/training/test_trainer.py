"""Which policy of a training is kept."""

import numpy as np
import pytest

from rodent.rollouts import Episode
from training.trainer import Trainer


def kept(
    monkeypatch: pytest.MonkeyPatch,
    clips: int,
    success_rates: list[float],
    attained: list[float] | None = None,
    surpassed: list[float] | None = None,
) -> int:
    """Which of the policies evaluated one after the other, with these success rates, is kept."""
    trainer = object.__new__(Trainer)
    trainer._evaluated = [Episode(f"clip_{i}", "", i, 200) for i in range(clips)][:24]
    trainer._sampled = clips > 24
    monkeypatch.setattr(Trainer, "_error", "tracking/root_position_error_mm_all_frames")
    trainer._best, trainer._best_policy = np.array([-1.0, 0.0, 0.0]), None
    for number, rate in enumerate(success_rates):
        found = {
            "success_rate": rate,
            "tracking/lifespan_frames": 200.0,
            "tracking/root_position_error_mm_all_frames": 5.0,
        }
        if attained is not None:
            found |= {"attained": attained[number], "surpassed": (surpassed or attained)[number]}
        monkeypatch.setattr(trainer, "_averaged", lambda number=number: number)
        monkeypatch.setattr(trainer, "_track", lambda policy, found=found: found)
        assert trainer.evaluate() == found
    assert trainer._best[0] == max(attained or success_rates)
    return trainer._best_policy


def test_of_clips_that_are_all_tracked_the_best_is_kept(monkeypatch):
    assert kept(monkeypatch, 9, [0.5, 1.0, 0.9, 0.95]) == 1
    assert kept(monkeypatch, 24, [0.5, 1.0, 0.9, 0.95]) == 1


def test_of_more_clips_the_latest_that_is_not_clearly_worse_is_kept(monkeypatch):
    assert kept(monkeypatch, 25, [0.5, 1.0, 0.9, 0.95]) == 3
    assert kept(monkeypatch, 25, [0.5, 1.0, 0.9, 0.8]) == 2
    # it does not drift down step by step
    assert kept(monkeypatch, 25, [1.0, 0.9, 0.8, 0.7]) == 1


def test_of_a_task_with_figures_the_one_that_is_closest_to_their_bars_is_kept(monkeypatch):
    assert kept(monkeypatch, 24, [1.0, 0.9, 0.8], attained=[0.1, 0.6, 0.5]) == 1


def test_of_policies_that_reach_all_bars_the_one_that_surpasses_them_most_is_kept(monkeypatch):
    surpassed = [1.1, 1.5, 1.3, 1.9]
    assert kept(monkeypatch, 24, [1.0] * 4, attained=[1.0, 1.0, 1.0, 0.9], surpassed=surpassed) == 1
