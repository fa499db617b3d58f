"""Fit a model of latent dynamics to a population, score it on what it did not see, and describe its dynamics.

found = fit_dynamics(activity, settings)
found.bits_per_spike, found.dimensions
found.model.latents(found.windows.of(activity.values))
"""

import dataclasses
from collections.abc import Callable

import numpy as np

from analysis.dynamics.activity import Activity
from analysis.dynamics.model import LatentModel
from analysis.dynamics.models import make_model, steps_of
from analysis.dynamics.modes import FixedPoint, Modes, fixed_points, modes_of
from analysis.dynamics.perturbation import Foresight, foresee
from analysis.dynamics.rotations import Rotations, rotation_strength
from analysis.dynamics.scores import Score, co_smoothing, forward_prediction, window_bins
from analysis.dynamics.settings import DynamicsSettings
from analysis.dynamics.windows import Windows, split_time
from analysis.similarity.dimensionality import neural_dimensions, participation_ratio
from rodent.errors import InputError

CANDIDATES = (1, 2, 3, 4, 6, 8, 12, 16)
"""Numbers of latent variables that are tried."""
_NEARLY = 0.98  # of the best score
_SINGULAR = 1e-6  # variance of a direction of standardised channels that counts as none
_STARTS = 64  # of the search for fixed points
_DIMENSION_SECONDS = 0.2  # windows of the participation ratio
_BLOCK_SECONDS = 20.0  # within which they resemble one another


@dataclasses.dataclass(frozen=True)
class FoldScore:
    """Scores of one fit.

    Attributes:
        co_smoothing: of held-out channels in held-out time.
        forward: forward prediction of all channels in held-out time.
        persistence: R² of units that stay as they were; NaN for spikes.
    """

    co_smoothing: Score
    forward: Score
    persistence: float


@dataclasses.dataclass(frozen=True)
class FittedDynamics:
    """What was found.

    Attributes:
        activity: the population.
        settings: of the fit.
        dimensions: number of latent variables.
        curve: co-smoothing by factor analysis for each number of latent variables that was tried; empty where
            the number was given.
        participation_ratio: dimensions that the activity fills; NaN where it varies no more than its noise.
        folds: scores of each fit.
        model: of the first fit.
        windows: of all time.
        latents: of the windows, shape (windows, bins, dimensions).
        rotations: of the latents; None for one latent variable.
        modes: of linear dynamics; None where the model is not linear.
        points: fixed points of the generator; empty where the model has none.
        foresight: scores under a perturbation; None without one.
    """

    activity: Activity
    settings: DynamicsSettings
    dimensions: int
    curve: dict[int, float]
    participation_ratio: float
    folds: tuple[FoldScore, ...]
    model: LatentModel
    windows: Windows
    latents: np.ndarray
    rotations: Rotations | None
    modes: Modes | None
    points: tuple[FixedPoint, ...]
    foresight: Foresight | None

    @property
    def bits_per_spike(self) -> float:
        """Co-smoothing, mean over fits; NaN for units."""
        return float(np.mean([fold.co_smoothing.bits_per_spike for fold in self.folds]))

    @property
    def r2(self) -> float:
        """Co-smoothing of units, mean over fits; NaN for spikes."""
        return float(np.mean([fold.co_smoothing.r2 for fold in self.folds]))

    @property
    def forward(self) -> Score:
        """Forward prediction, mean over fits."""
        scores = [fold.forward for fold in self.folds]
        return Score(*(float(np.mean([getattr(s, n) for s in scores])) for n in ("bits_per_spike", "r2")))


def fit_steps(settings: DynamicsSettings) -> int:
    """Calls of `advance` in all fits."""
    return settings.folds * steps_of(settings)


def fit_dynamics(
    activity: Activity,
    settings: DynamicsSettings,
    perturbed: Activity | None = None,
    advance: Callable[[float], None] = lambda steps: None,
) -> FittedDynamics:
    """Fit and score a model.

    Args:
        activity: of the population.
        settings: of the model.
        perturbed: activity of the same channels under a perturbation.
        advance: called with the number of steps done, `fit_steps` in all.

    Raises:
        InputError: there are too few windows or channels, no spikes to score, or a covariance is singular.
        WorkError: a fit is not finite.
    """
    length, overlap = window_bins(settings.window_seconds, settings.overlap_seconds, activity)
    whole = Windows.cut(activity.piece, length, overlap)
    whole.require_enough(activity.name, settings.window_seconds)
    curve = {} if settings.dimensions is not None else dimension_curve(activity, settings)
    dimensions = settings.dimensions or smallest_of(curve)
    folds, models, scored = [], [], []
    for fold in range(settings.folds):
        model, piece = fit_fold(activity, settings, dimensions, fold, advance)
        forward = forward_prediction(model, activity, piece)
        folds.append(FoldScore(co_smoothing(model, activity, piece), forward.score, forward.persistence))
        models.append(model)
        scored.append(piece)
    model = models[0]
    latents = model.latents(whole.of(activity.values))
    step = model.step_
    return FittedDynamics(
        activity=activity,
        settings=settings,
        dimensions=dimensions,
        curve=curve,
        participation_ratio=filled_dimensions(activity, settings.seed),
        folds=tuple(folds),
        model=model,
        windows=whole,
        latents=latents,
        rotations=_rotations(latents, activity, settings) if dimensions > 1 else None,
        modes=None if step is None else modes_of(step[0], activity.bin_seconds),
        points=_points(model, activity, whole),
        foresight=None if perturbed is None else foresee(model, perturbed, activity, scored[0]),
    )


def fit_fold(
    activity: Activity,
    settings: DynamicsSettings,
    dimensions: int,
    fold: int,
    advance: Callable[[float], None] = lambda steps: None,
    piece: np.ndarray | None = None,
) -> tuple[LatentModel, np.ndarray]:
    """Fit a model without some channels and some time; returns it and the pieces that are held out.

    Args:
        activity: of the population.
        settings: of the model.
        dimensions: number of latent variables.
        fold: which channels and time are held out.
        advance: called with the number of steps done.
        piece: the bins to use, by default all.

    Raises:
        InputError: there are too few windows or channels.
    """
    length, overlap = window_bins(settings.window_seconds, settings.overlap_seconds, activity)
    trained, scored = split_time(activity.piece if piece is None else piece, length, fold)
    windows = Windows.cut(trained, length, overlap)
    windows.require_enough(f"the training part of {activity.name}", settings.window_seconds)
    model = make_model(settings, activity.kind, dimensions, activity.bin_seconds)
    model.fit(windows.of(activity.values), held_in(activity, settings, fold), advance)
    return model, scored


def held_in(activity: Activity, settings: DynamicsSettings, fold: int) -> np.ndarray:
    """Channels that a fit sees, bool, shape (channels,).

    Raises:
        InputError: fewer than two are left.
    """
    n = len(activity.channels)
    out = max(1, round(settings.held_out * n))
    if n - out < 2:
        raise InputError(
            f"{activity.name} has {n} channels, of which {out} are held out; two at least are needed to "
            "infer latent variables from (--held-out)"
        )
    order = np.roll(np.random.default_rng(settings.seed).permutation(n), -fold * out)
    found = np.ones(n, bool)
    found[order[:out]] = False
    return found


def dimension_curve(activity: Activity, settings: DynamicsSettings) -> dict[int, float]:
    """Co-smoothing by factor analysis for each number of latent variables, in the first fit's training."""
    length, _ = window_bins(settings.window_seconds, settings.overlap_seconds, activity)
    trained, _ = split_time(activity.piece, length, 0)
    quick = dataclasses.replace(settings, model="fa")
    seen = activity.values[trained >= 0][:, held_in(activity, settings, 0)]
    varies = seen[:, seen.std(0) > 0]
    rank = int(np.linalg.matrix_rank(np.atleast_2d(np.corrcoef(varies.T)), tol=_SINGULAR))
    most = min(rank, seen.shape[1] - 1, CANDIDATES[-1])
    found: dict[int, float] = {}
    for dimensions in CANDIDATES:
        if dimensions > max(most, 1):
            break
        model, scored = fit_fold(activity, quick, dimensions, 0, piece=trained)
        found[dimensions] = co_smoothing(model, activity, scored).value
    return found


def smallest_of(curve: dict[int, float]) -> int:
    """The smallest number whose score is within 2 % of the best."""
    best = max(curve.values())
    return min(n for n, score in curve.items() if score >= best - (1 - _NEARLY) * abs(best))


def filled_dimensions(activity: Activity, seed: int) -> float:
    """Participation ratio in windows of 0.2 s, of neurons without their noise."""
    bins = max(1, round(_DIMENSION_SECONDS / activity.bin_seconds))
    windows = Windows.cut(activity.piece, bins)
    block = max(1, round(_BLOCK_SECONDS / (bins * activity.bin_seconds)))
    if activity.kind == "units":
        return participation_ratio(windows.of(activity.values).mean(1), block)
    return neural_dimensions(windows.of(activity.values).sum(1), block, np.random.default_rng(seed))


def _rotations(latents: np.ndarray, activity: Activity, settings: DynamicsSettings) -> Rotations:
    return rotation_strength(latents, activity.bin_seconds, settings.shifts, settings.seed)


def _points(model: LatentModel, activity: Activity, windows: Windows) -> tuple[FixedPoint, ...]:
    """Fixed points of a generator, searched from its own states."""
    from analysis.dynamics.lfads import Lfads

    if not isinstance(model, Lfads):
        return ()
    states = model.states(windows.of(activity.values)).reshape(-1, model.settings.lfads.generator)
    chosen = np.random.default_rng(model.settings.seed).permutation(len(states))[:_STARTS]
    return tuple(fixed_points(model.generator_step, states[chosen], activity.bin_seconds))
