"""The test of a behavior that was held out, on simulated animals: with the true rates beside the models.

found = unseen_truth(old, new, config, settings)
claims = unseen_claims(found, "mlp core")
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from analysis.encoding.scores import mean_count
from analysis.twin.comparison import twin_name
from analysis.twin.config import TruthConfig
from analysis.twin.settings import TwinSettings
from analysis.twin.truth import PlantedSession
from analysis.twin.twin import Twin
from analysis.twin.unseen import Unseen, UnseenSplit, part_scores, score_unseen, summary_of

TRUE, UNSEEN_BAR = "true rates", 0.8


def unseen_truth(
    old: Sequence[PlantedSession],
    new: Sequence[PlantedSession],
    config: TruthConfig,
    settings: TwinSettings,
    advance: Callable[[float], None] = lambda steps: None,
) -> Unseen:
    """Fit a core without the behavior, adapt it to new animals without it, and score all of them on it.

    Args:
        old: animals that the core is fitted to.
        new: animals that readouts are fitted to.
        config: name of the behavior, and minutes.
        settings: of the core.
        advance: called with the number of steps done.

    Raises:
        InputError: an animal does not show the behavior, or does little else.
    """
    without = dataclasses.replace(settings, hold_out=config.unseen)
    twin = Twin(without).fit([one.session for one in old], advance)
    sessions, minutes = [one.session for one in new], config.share_minutes
    found = score_unseen(
        {twin_name(settings): twin}, sessions, minutes, config.adapt, config.unseen_minutes, settings.seed
    )
    true = {}
    for one in new:
        split = UnseenSplit.of(twin, one.session, minutes, config.unseen_minutes)
        counts = one.session.counts[split.rows[split.fitted]]
        mean = mean_count(counts.sum(0), len(counts))
        true[one.session.name] = part_scores(split, one.rates[split.rows], mean)
    animals = {session.name: session.animal for session in sessions}
    models = {**found.models, TRUE: summary_of(true, animals, settings.seed)}
    return dataclasses.replace(found, models=models)


def unseen_claims(found: Unseen, model: str) -> list[dict[str, Any]]:
    """Claims with their bars: the share of the score, where that of the true rates is 1."""
    return [
        {
            "figure": f"score in {found.behavior}, held out, over that in other behaviors; true rates: 1",
            "value": found.models[model].share / found.models[TRUE].share,
            "bar": UNSEEN_BAR,
            "at": "least",
        }
    ]
