"""The most exciting movement of a neuron, which a policy's body performs.

    search = Search([RateModel.of(twin, readouts)], streams, performer, real, ExciteSettings())
    found = search.excite(neuron=3)
    found.performed_hz, found.real_hz       # predicted rates: of what the body did, of the best real frame

The search begins with the real movements for which the twin predicts the highest rates. They are changed by
gradient ascent on the predicted rate, in coordinates in which real movements have unit variance, within joint
limits, less a penalty for distance from the data. The result is the reference of a policy, whose body
performs it. What the body did is given to the twin, and the best movements are changed further. The body has
no gradient: how it departs from its reference is taken as constant within a round. Movements are chosen by
what the body did, never by what was asked of it.
"""

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from analysis.twin.kinematic import PoseStreams
from analysis.twin.movement import MovementSpace, settled
from analysis.twin.objective import Objective
from analysis.twin.performing import Performer
from analysis.twin.rates import RateModel
from analysis.twin.settings import ExciteSettings
from rodent.errors import WorkError

_FURTHEST = 3.0  # standard deviations of a coordinate
_SHARP = 8.0  # of the soft maximum over the bins of a movement
_TINY = 1e-9
_AT_ONCE = 64


@dataclasses.dataclass(frozen=True)
class RealMovements:
    """What an animal did, cut into movements of one length.

    Attributes:
        poses: that can be played as references, shape (movements, frames, 74).
        columns: streams, shape (movements, bins, columns).
    """

    poses: np.ndarray
    columns: np.ndarray


@dataclasses.dataclass(frozen=True)
class Movement:
    """A movement and what the twin makes of it.

    Attributes:
        poses: shape (frames, 74).
        columns: streams, shape (bins, columns).
        hz: predicted rates of all neurons, shape (rows, neurons).
        distance: of each row from real frames, shape (rows,).
        scores: see `Objective`, shape (rows, neurons).
    """

    poses: np.ndarray
    columns: np.ndarray
    hz: np.ndarray
    distance: np.ndarray
    scores: np.ndarray


@dataclasses.dataclass(frozen=True)
class Excited:
    """The most exciting movement that was found for a neuron.

    Attributes:
        neuron: its index.
        real: the real movement with the best frame.
        imagined: the best movement of gradient ascent alone, which no body has performed.
        performed: the best movement of the body.
        reference: of the policy for it, poses of shape (frames, 74).
        course: best score after each round, shape (rounds,).
    """

    neuron: int
    real: Movement
    imagined: Movement
    performed: Movement
    reference: np.ndarray
    course: np.ndarray

    def row(self, movement: Movement) -> int:
        """The row of a movement with the best score."""
        return int(movement.scores[:, self.neuron].argmax())

    def hz(self, movement: Movement) -> float:
        """Predicted rate of the best row of a movement, Hz."""
        return float(movement.hz[self.row(movement), self.neuron])


@dataclasses.dataclass(frozen=True)
class _Tried:
    reference: np.ndarray
    movement: Movement


class Search:
    """Finds exciting movements. What was performed for one neuron is tried for all others.

    Args:
        models: twins with readouts of the same neurons, one or several.
        streams: that follow from poses.
        performer: that plays references.
        real: movements of the animal.
        settings: of the search.

    Attributes:
        tried: every movement that the body has performed without failing.
        failed: number of movements in which the policy lost its reference.
    """

    def __init__(
        self,
        models: Sequence[RateModel],
        streams: PoseStreams,
        performer: Performer,
        real: RealMovements,
        settings: ExciteSettings,
    ):
        self.models, self.streams, self.performer, self.settings = models, streams, performer, settings
        self.space = MovementSpace.of(real.poses, streams.fps)
        features = self._features(real.columns)
        flat = [one.reshape(-1, one.shape[-1]) for one in features]
        self.objective = Objective.of(models, flat, settings)
        self.real = self._known(real.poses, real.columns)
        self._peaks = np.stack([one.scores.max(0) for one in self.real])
        self.tried: list[_Tried] = []
        self.failed = 0

    @property
    def seconds(self) -> np.ndarray:
        """When each row of a movement is, seconds from its beginning, shape (rows,)."""
        bins = self.real[0].columns.shape[0]
        return self.models[0].rows(bins) * self.streams.bin_seconds

    def excite(self, neuron: int, advance: Callable[[float], None] = lambda rounds: None) -> Excited:
        """Search for the most exciting movement of a neuron; `advance` is called with the rounds done.

        Raises:
            WorkError: the policy has lost every movement.
        """
        settings, random = self.settings, np.random.default_rng([self.settings.seed, neuron])
        best = np.argsort(-self._peaks[:, neuron])[: settings.real_movements]
        starts = [_Tried(self.real[i].poses, self.real[i]) for i in best]
        # the first round has longer changes, and the real movements among them
        imagined = self._round(starts, neuron, 2.0 * np.array((0.0, *settings.steps)), random)
        advance(1)
        if not self.tried:
            raise WorkError(
                f"the policy has lost all {self.failed} movements; take another --policy, or fewer --seconds"
            )
        course = [self._best(neuron, 1)[0].movement.scores[:, neuron].max()]
        for _ in range(settings.rounds - 1):
            elites = self._best(neuron, settings.elites)
            self._round(elites, neuron, np.array(settings.steps), random)
            advance(1)
            course.append(self._best(neuron, 1)[0].movement.scores[:, neuron].max())
        found = self._best(neuron, 1)[0]
        return Excited(
            neuron=neuron,
            real=self.real[best[0]],
            imagined=max(imagined, key=lambda one: one.scores[:, neuron].max()),
            performed=found.movement,
            reference=found.reference,
            course=np.array(course),
        )

    def _best(self, neuron: int, count: int) -> list[_Tried]:
        """The performed movements with the best scores."""
        order = np.argsort([-one.movement.scores[:, neuron].max() for one in self.tried])
        return [self.tried[i] for i in order[:count]]

    def _round(
        self, parents: list[_Tried], neuron: int, lengths: np.ndarray, random: np.random.Generator
    ) -> list[Movement]:
        """Change movements, perform the changed ones, and return these as they were asked for."""
        batch = self.settings.batch
        which = np.arange(batch) % len(parents)
        references = np.stack([parents[i].reference for i in which])
        did = np.stack([parents[i].movement.columns for i in which])
        length = lengths[np.arange(batch) // len(parents) % len(lengths)]
        noise = self.settings.noise * random.standard_normal((batch, *self.space.spread.shape))
        noise *= (np.arange(batch) % 2)[:, None, None] * (length > 0)[:, None, None]
        departs = did - self.streams(references)
        change = self._ascended(references, departs, noise, length, neuron)
        asked = settled(self.space.moved(references, change), references, self.streams.scene)
        done = self.performer(asked)
        performed = self._known(done.poses, done.columns)
        self.tried += [_Tried(asked[i], performed[i]) for i in np.flatnonzero(done.alive)]
        self.failed += int((~done.alive).sum())
        return self._known(asked, self.streams(asked))

    def _known(self, poses: np.ndarray, columns: np.ndarray) -> list[Movement]:
        """Movements with what the twin makes of them."""
        features = self._features(columns)
        hz, scores = np.exp(self.objective.log_rates(features)), self.objective.scores(features)
        distance = self.objective.distance(features)
        return [Movement(*each) for each in zip(poses, columns, hz, distance, scores, strict=True)]

    def _features(self, columns: np.ndarray) -> list[np.ndarray]:
        """Of each model, see `RateModel.features`; compiled for one number of sequences."""
        params, found = [one.params for one in self.models], []
        for begin in range(0, len(columns), _AT_ONCE):
            part = columns[np.minimum(np.arange(begin, begin + _AT_ONCE), len(columns) - 1)]
            found.append(self._compiled(params, jnp.asarray(part, jnp.float32)))
        return [np.concatenate(each)[: len(columns)] for each in zip(*found, strict=True)]

    @functools.cached_property
    def _compiled(self) -> Any:
        return jax.jit(self._features_of)

    def _features_of(self, params: list[Any], columns: jax.Array) -> list[jax.Array]:
        return [one.features(own, columns) for one, own in zip(self.models, params, strict=True)]

    def _ascended(
        self, references: np.ndarray, departs: np.ndarray, noise: np.ndarray, length: np.ndarray, neuron: int
    ) -> np.ndarray:
        """Changes of coordinates, shape (movements, components, frequencies); see `_ascend`."""
        chosen = np.eye(len(self.objective.most))[neuron]
        arrays = (references, departs, noise, length, self.space.coordinates(references), chosen)
        return np.asarray(self._ascend(*(jnp.asarray(one, jnp.float32) for one in arrays)), float)

    @functools.cached_property
    def _ascend(self) -> Any:
        """Compiled gradient ascent, by steps of one length along the gradient."""
        low, high = (jnp.asarray(one, jnp.float32) for one in self.streams.scene.joint_range.T)
        count, params = self.settings.ascent_steps, [one.params for one in self.models]

        def value(change: jax.Array, poses: jax.Array, departs: jax.Array, chosen: jax.Array) -> jax.Array:
            moved = self.space.moved(poses, change)
            moved = moved.at[..., 7:].set(jnp.clip(moved[..., 7:], low, high))
            features = self._features_of(params, self.streams(moved) + departs)
            scores = self.objective.scores(features) @ chosen
            return jax.nn.logsumexp(_SHARP * scores, axis=1).sum() / _SHARP

        def ascend(
            poses: jax.Array,
            departs: jax.Array,
            begin: jax.Array,
            length: jax.Array,
            at: jax.Array,
            chosen: jax.Array,
        ) -> jax.Array:
            low_at, high_at = jnp.minimum(at, -_FURTHEST), jnp.maximum(at, _FURTHEST)
            step = (1.5 / count * length)[:, None, None]
            most = length[:, None, None] + _size(begin)

            def forward(change: jax.Array, _: None) -> tuple[jax.Array, None]:
                slope = jax.grad(value)(change, poses, departs, chosen)
                change = change + step * slope / _size(slope)
                change = change * jnp.minimum(1.0, most / _size(change))
                return jnp.clip(at + change, low_at, high_at) - at, None

            return jax.lax.scan(forward, begin, None, count)[0]

        return jax.jit(ascend)


def _size(change: jax.Array) -> jax.Array:
    """Root of the sum of squares of each movement's coordinates, shape (movements, 1, 1)."""
    return jnp.sqrt(jnp.square(change).sum((1, 2), keepdims=True) + _TINY)
