"""Fit a core and readouts to several animals, each with as many chunks in every step.

    trained = train(core, data, settings)           # of `TrainingData.of(sessions, perspective, settings)`
    trained.core, trained.readouts[0], trained.lags[0]

All animals are computed side by side; those with fewer neurons are filled up with neurons that count nothing.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax

from analysis.encoding.scores import mean_count
from analysis.ring import random_turn, turned
from analysis.twin.core import MEMORY_SECONDS, Parts
from analysis.twin.likelihood import linear_of, nats_of, scale_of
from analysis.twin.perspective import Perspective
from analysis.twin.readout import ReadoutPlan, Readouts, initial_readouts, read
from analysis.twin.session import TwinSession
from analysis.twin.settings import LikelihoodName, TwinSettings
from analysis.twin.windows import Windows
from rodent.errors import WorkError

_MOST_LOG_COUNT = 4.0  # of a bin, in training: far beyond any neuron
_ALIKE = 0.1  # strength of the squares of an animal's factors, which keeps them near 1
_FASTER = {"place": 4.0, "lag": 8.0, "weights": 2.0, "constant": 2.0}
"""Factors of the learning rate."""
_LEAST_TURN = 0.2  # of a session, by which shuffled spikes are turned


@dataclasses.dataclass(frozen=True)
class TrainingData:
    """Sessions as training takes them.

    Attributes:
        columns: standardised, shape (bins, columns) each.
        slow: slow state, shape (bins, slow) each; none without `slow_state`.
        counts: spikes, or calcium over its standard deviation, shape (bins, most neurons) each, filled up
            with zeros, also in bins that are not used.
        used: number of bins that are used, of each.
        real: which neurons are no filling, shape (animals, most neurons).
        windows: chunks of each session.
        streams: number of each column's stream, shape (columns,).
    """

    columns: list[np.ndarray]
    slow: list[np.ndarray]
    counts: list[np.ndarray]
    used: list[int]
    real: np.ndarray
    windows: list[Windows]
    streams: np.ndarray

    @classmethod
    def of(
        cls, sessions: Sequence[TwinSession], perspective: Perspective, settings: TwinSettings
    ) -> "TrainingData":
        """Of sessions with the same streams."""
        random = np.random.default_rng([settings.seed, 1])
        most = max(len(session.neurons) for session in sessions)
        counts = []
        for session in sessions:
            used = session.piece >= 0
            real = session.counts[used]
            if settings.training == "shuffled":
                real = real[far_turn(random, len(real))]
            filled = np.zeros((session.n_bins, most), np.float32)
            filled[used, : real.shape[1]] = real / scale_of(real, settings.likelihood)
            counts.append(filled)
        names = list(dict.fromkeys(stream for stream, *_ in sessions[0].layout))
        return cls(
            columns=[perspective.columns(session) for session in sessions],
            slow=[slow_state(session, perspective, settings) for session in sessions],
            counts=counts,
            used=[int((session.piece >= 0).sum()) for session in sessions],
            real=np.array([np.arange(most) < len(session.neurons) for session in sessions]),
            windows=[windows_of(session, settings) for session in sessions],
            streams=np.array([names.index(stream) for stream, *_ in sessions[0].layout]),
        )

    def batch(self, random: np.random.Generator, chunks: int) -> dict[str, np.ndarray]:
        """Chunks of every animal, arrays (animals, chunks, bins, …)."""
        found: dict[str, list[np.ndarray]] = {"columns": [], "slow": [], "counts": [], "predicted": []}
        each = zip(self.columns, self.slow, self.counts, self.windows, strict=True)
        for columns, slow, counts, windows in each:
            drawn = random.integers(len(windows.bins), size=chunks)
            bins, inside = windows.bins[drawn], slice(windows.reach, windows.bins.shape[1] - windows.reach)
            found["columns"].append(columns[bins])
            found["slow"].append(slow[bins])
            found["counts"].append(counts[bins[:, inside]])
            found["predicted"].append(windows.predicted[drawn][:, inside])
        return {name: np.stack(values) for name, values in found.items()}


@dataclasses.dataclass(frozen=True)
class Trained:
    """What training found.

    Attributes:
        core: parameters of the core.
        readouts: of each session.
        factors: of each session's streams, shape (sessions, streams).
        lags: of each session, bins; they are part of its readouts' lags.
        losses: mean over the last steps of each tenth of the training, nats per bin and neuron.
    """

    core: Any
    readouts: list[Readouts]
    factors: np.ndarray
    lags: np.ndarray
    losses: np.ndarray


def far_turn(random: np.random.Generator, n_bins: int) -> np.ndarray:
    """An order of bins in which spikes know nothing of behavior, shape (bins,); see `analysis.ring`."""
    return turned(n_bins, random_turn(random, n_bins, round(_LEAST_TURN * n_bins)))


def windows_of(session: TwinSession, settings: TwinSettings) -> Windows:
    """The chunks of a session."""
    reach = reach_of(settings, session.bin_seconds)
    memory = round(MEMORY_SECONDS / session.bin_seconds) if settings.core == "gru" else 0
    length = max(round(settings.chunk_seconds / session.bin_seconds), 2 * reach + memory + 1)
    return Windows.of(session.piece, length, reach, memory)


def slow_state(session: TwinSession, perspective: Perspective, settings: TwinSettings) -> np.ndarray:
    """Slow state, shape (bins, slow); there is none, and slow is 0, where the settings have it off."""
    return perspective.slow(session) if settings.slow_state else np.zeros((session.n_bins, 0), np.float32)


def reach_of(settings: TwinSettings, bin_seconds: float) -> int:
    """Largest lag, bins."""
    return round(settings.lag_seconds / bin_seconds)


def train(
    core: nn.Module,
    parts: Parts,
    plan: ReadoutPlan,
    data: TrainingData,
    settings: TwinSettings,
    advance: Callable[[float], None] = lambda steps: None,
    places: Sequence[np.ndarray] | None = None,
) -> Trained:
    """Fit.

    Args:
        core: see `analysis.twin.core`.
        parts: of the columns.
        plan: what readouts choose from.
        data: of the sessions.
        settings: of the training.
        advance: called with the number of steps done.
        places: of each session's neurons to begin with, shape (most neurons, 2) each; near the middle of the
            plan if not given.

    Raises:
        WorkError: the loss is not finite.
    """
    random = np.random.default_rng(settings.seed)
    key = jax.random.PRNGKey(settings.seed)
    first = data.batch(random, settings.chunks)
    params = core.init(key, jnp.asarray(first["columns"][0, :1]))
    n_features = jax.eval_shape(core.apply, params, first["columns"][0]).shape[-1]
    animals = len(data.columns)
    readouts = [
        initial_readouts(
            random,
            _constant(counts.sum(0), used, settings.likelihood),
            n_features,
            data.slow[0].shape[1],
            (settings.location_noise, settings.lag_noise),
        )
        for counts, used in zip(data.counts, data.used, strict=True)
    ]
    if places is not None:
        begun = [jnp.asarray(one, jnp.float32) for one in places]
        readouts = [one | {"place": at} for one, at in zip(readouts, begun, strict=True)]
    state: dict[str, Any] = {
        "core": params,
        "readouts": jax.tree.map(lambda *each: jnp.stack(each), *readouts),
        "factors": jnp.zeros((animals, int(data.streams.max()) + 1)),
        "lags": jnp.zeros(animals),
    }
    optimiser = optax.chain(
        optax.adam(optax.cosine_decay_schedule(settings.learning_rate, settings.steps)),
        optax.stateless(lambda change, _: _faster(change)),
    )
    step = _step_of(core, plan, data, settings, optimiser)
    memory, losses = optimiser.init(state), []
    for i in range(settings.steps):
        batch = data.batch(random, settings.chunks)
        state, memory, loss = step(state, memory, batch, jax.random.fold_in(key, i))
        losses.append(loss)
        advance(1)
    course = np.array(jax.device_get(losses), float)
    if not np.isfinite(course[-1]):
        raise WorkError("the loss of the twin is not finite; take a lower --learning-rate")
    lags = np.asarray(state["lags"])
    found = []
    for a, real in enumerate(data.real):
        mine = {name: values[a][: int(real.sum())] for name, values in state["readouts"].items()}
        found.append(mine | {"lag": mine["lag"] + lags[a]})
    tenths = np.array([part.mean() for part in np.array_split(course, min(10, len(course)))])
    return Trained(state["core"], found, np.exp(np.asarray(state["factors"])), lags, tenths)


def _constant(total: np.ndarray, used: int, likelihood: LikelihoodName) -> np.ndarray:
    """Linear prediction of the mean, of sums over the used bins, shape (neurons,)."""
    return linear_of(mean_count(total, used) if likelihood == "poisson" else total / used, likelihood)


def _faster(change: Any) -> Any:
    """Steps of readouts and lags made longer: they have further to go than weights of the core."""
    readouts = {name: _FASTER.get(name, 1.0) * one for name, one in change["readouts"].items()}
    return change | {"readouts": readouts, "lags": _FASTER["lag"] * change["lags"]}


def _step_of(
    core: nn.Module,
    plan: ReadoutPlan,
    data: TrainingData,
    settings: TwinSettings,
    optimiser: optax.GradientTransformation,
) -> Callable[..., Any]:
    """A step of the optimiser: state, memory, batch and key to state, memory and loss."""
    streams, real = jnp.asarray(data.streams), jnp.asarray(data.real, jnp.float32)
    frozen = settings.training == "readouts"

    def loss_of(state: dict[str, Any], batch: dict[str, jax.Array], key: jax.Array) -> jax.Array:
        params = jax.lax.stop_gradient(state["core"]) if frozen else state["core"]
        columns = batch["columns"] * jnp.exp(state["factors"][:, streams])[:, None, None, :]
        flat = columns.reshape(-1, *columns.shape[2:])
        features = core.apply(params, flat).reshape(*columns.shape[:3], -1)
        features = features.reshape(*columns.shape[:3], len(plan.places), -1)
        readouts = state["readouts"] | {"lag": state["readouts"]["lag"] + state["lags"][:, None]}
        keys = jax.random.split(key, len(real))
        linear = jax.vmap(lambda *one: read(*one[:3], plan, one[3]))(readouts, features, batch["slow"], keys)
        if settings.likelihood == "poisson":
            linear = jnp.minimum(linear, _MOST_LOG_COUNT)
        nats = nats_of(linear, batch["counts"], settings.likelihood)
        weight = batch["predicted"][..., None] * real[:, None, None, :]
        # every animal weighs the same, however many neurons and bins it has
        each = (nats * weight).sum((1, 2, 3)) / jnp.maximum(weight.sum((1, 2, 3)), 1.0)
        sparse = (jnp.abs(readouts["weights"]).sum(-1) * real).sum(-1) / real.sum(-1)
        tame = jnp.square(state["factors"]).sum(-1)
        return (each + settings.sparsity * sparse + _ALIKE * tame).mean()

    @jax.jit
    def step(state: Any, memory: Any, batch: Any, key: jax.Array) -> tuple[Any, Any, jax.Array]:
        loss, slope = jax.value_and_grad(loss_of)(state, batch, key)
        change, memory = optimiser.update(slope, memory, state)
        return optax.apply_updates(state, change), memory, loss

    return step
