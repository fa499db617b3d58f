"""Whether a model that was fitted to intact activity foresees activity under a perturbation.

found = foresee(model, perturbed, intact, intact_piece)
found.foresees, found.perturbed.value, found.response_r2

A high score alone may only say that behavior goes on. So where both recordings have the same frames, the
response is scored, too: perturbed minus intact, about zero.
"""

import dataclasses
import math

import numpy as np

from analysis.dynamics.activity import Activity, require_alike
from analysis.dynamics.model import LatentModel
from analysis.dynamics.scores import Score, co_smoothing, forward_prediction
from analysis.effects.foresight import determination
from rodent.errors import InputError

_KEPT = 0.5  # fraction of the intact score that counts as foreseen


@dataclasses.dataclass(frozen=True)
class Foresight:
    """Scores under a perturbation.

    Attributes:
        name: of the perturbed recording.
        intact, perturbed: forward prediction.
        persistence: R² of units that stay as they were, under the perturbation; NaN for spikes.
        co_smoothing: of the perturbed activity.
        response_r2: fraction of the response that is predicted forward; NaN without pairs of the same frames.
        foresees: whether forward prediction keeps half of the intact score, is better than persistence and
            than constant means, and explains some of the response where that is known.
    """

    name: str
    intact: Score
    perturbed: Score
    persistence: float
    co_smoothing: Score
    response_r2: float
    foresees: bool


def foresee(model: LatentModel, perturbed: Activity, intact: Activity, intact_piece: np.ndarray) -> Foresight:
    """Score a fitted model on a perturbed recording.

    Args:
        model: fitted to the intact activity.
        perturbed: of the same channels.
        intact: the activity that it was fitted to.
        intact_piece: bins of it that are scored, -1 for others, shape (bins,).

    Raises:
        InputError: the recordings differ in kind, bins or channels, or are too short.
    """
    require_alike(intact, perturbed)
    before = forward_prediction(model, intact, intact_piece).score
    found = forward_prediction(model, perturbed, perturbed.piece)
    response = _response(model, perturbed, intact)
    kept = found.score.value > max(0.0, _KEPT * before.value)
    better = math.isnan(found.persistence) or found.score.value > found.persistence
    return Foresight(
        name=perturbed.name,
        intact=before,
        perturbed=found.score,
        persistence=found.persistence,
        co_smoothing=co_smoothing(model, perturbed, perturbed.piece),
        response_r2=response,
        foresees=bool(kept and better and not response <= 0),
    )


def _response(model: LatentModel, perturbed: Activity, intact: Activity) -> float:
    """R² of perturbed minus intact units, about zero; NaN where they are not of the same frames."""
    if perturbed.kind != "units" or perturbed.n_bins != intact.n_bins:
        return float("nan")
    common = np.where((perturbed.piece == intact.piece), perturbed.piece, -1)
    try:
        found, before = (forward_prediction(model, one, common) for one in (perturbed, intact))
    except InputError:
        return float("nan")
    true = (found.true - before.true).reshape(-1, found.true.shape[2])
    if not true.any():
        return float("nan")
    return determination(true, (found.predicted - before.predicted).reshape(true.shape), about="zero")
