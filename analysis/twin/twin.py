"""The twin: a core that is fitted to several animals, and the readouts of their neurons.

    twin = Twin(TwinSettings(core="mlp")).fit(sessions)
    twin.readouts_[0]["weights"]        # (neurons, channels)
    twin.features(session)              # (rows, components) of the bins `twin.windows(session).rows`
    twin.digest                         # of the core: readouts of another core are refused

Readouts of the training animals vary in few directions. A new animal's readouts are fitted in these, each
penalised by how little the readouts of the training animals vary along it: the core together with how neurons
read it is what is carried over to the new animal. Neurons that read images differ in place above all. Their
directions are those of lags and channels, at any place.
"""

import functools
import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Self

import flax.traverse_util
import jax
import numpy as np

from analysis.twin.body_plan import places
from analysis.twin.core import Parts, core_of, parts_of
from analysis.twin.images import FeatureGrid
from analysis.twin.likelihood import require_signals
from analysis.twin.perspective import Perspective
from analysis.twin.placing import find_places
from analysis.twin.readout import ReadoutPlan, Readouts, coefficients, kernels, part_weights
from analysis.twin.session import TwinSession, require_alike, require_layout
from analysis.twin.settings import TwinSettings
from analysis.twin.training import TrainingData, reach_of, slow_state, train, windows_of
from analysis.twin.windows import Windows
from rodent.errors import InputError

_AT_ONCE, _MOVIES_AT_ONCE = 64, 8  # chunks that the core takes at once; those of images are large
_IMAGE_WIDTH = 0.5  # standard deviation of the Gaussian of places in an image, pixels


class Twin:
    """A core and readouts.

    Args:
        settings: of core and training.

    Attributes:
        layout_: stream, column and body part of each column.
        bin_seconds_: length of a bin, seconds.
        perspective_: scales of the columns.
        core_: parameters of the core.
        readouts_: of each training session.
        sessions_: names of the training sessions, and of their neurons.
        basis_: directions of readouts, shape (lags, parts × channels, components), or (lags, channels,
            components) where neurons have places; the largest first.
        slow_basis_: scale of the weights of the slow state, shape (slow,).
        losses_: course of the training.
    """

    layout_: tuple[tuple[str, str, str], ...]
    bin_seconds_: float
    perspective_: Perspective
    core_: Any
    readouts_: list[Readouts]
    sessions_: dict[str, tuple[str, ...]]
    basis_: np.ndarray
    slow_basis_: np.ndarray
    losses_: np.ndarray

    def __init__(self, settings: TwinSettings):
        self.settings = settings

    def fit(
        self, sessions: Sequence[TwinSession], advance: Callable[[float], None] = lambda steps: None
    ) -> Self:
        """Fit core and readouts.

        Args:
            sessions: of `settings.least_animals` at least, two by default.
            advance: called with the number of steps done, of `settings.steps`.

        Raises:
            InputError: too few animals, streams or bins differ, pieces are too short, or as of
                `require_signals`.
            WorkError: the loss is not finite.
        """
        animals = {session.animal for session in sessions}
        least = self.settings.least_animals
        if len(animals) < least:
            number = "one only" if len(animals) == 1 else f"{len(animals)}"
            raise InputError(
                f"a core is shared by animals, and there is {number} ({', '.join(animals)}); give sessions "
                f"of {least} animals at least, lower --least-animals, or use `rodent encode` for one"
            )
        require_alike(sessions)
        sessions = [self.known(session) for session in sessions]
        self.layout_, self.bin_seconds_ = sessions[0].layout, sessions[0].bin_seconds
        parts = self.parts
        for session in sessions:
            rows = self.windows(session).rows
            require_signals(session, rows, self.settings.likelihood, "in the bins used")
        self.perspective_ = Perspective.of(sessions)
        data = TrainingData.of(sessions, self.perspective_, self.settings)
        begun = self._initial_places(data) if self.placed else None
        found = train(self._core, parts, self.plan, data, self.settings, advance, begun)
        self.core_, self.readouts_, self.losses_ = found.core, found.readouts, found.losses
        self.sessions_ = {session.name: session.neurons for session in sessions}
        weights_of = kernels if self.placed else coefficients
        tensors = np.concatenate([weights_of(one, self.plan) for one in self.readouts_])
        flat = tensors.reshape(len(tensors), -1)
        _, sizes, directions = np.linalg.svd(flat, full_matrices=False)
        scaled = directions.T * (sizes / np.sqrt(len(flat)))
        self.basis_ = scaled.reshape(len(self.plan.lags), -1, len(sizes)).astype(np.float32)
        slow = np.concatenate([np.asarray(one["slow"]) for one in self.readouts_])
        self.slow_basis_ = np.sqrt(np.square(slow).mean(0)).astype(np.float32)
        return self

    def _initial_places(self, data: TrainingData) -> list[np.ndarray]:
        """Where neurons of each session begin, on the plan, shape (most neurons, 2) each."""
        each = zip(data.columns, data.counts, data.windows, strict=True)
        return [find_places(*one, windows.rows, self.plan.lags, self.grid) for *one, windows in each]

    def known(self, session: TwinSession) -> TwinSession:
        """The session without the behavior that is held out, if one is.

        Raises:
            InputError: as of `TwinSession.without`.
        """
        held_out = self.settings.hold_out
        return session if held_out is None else session.without(held_out)

    @property
    def parts(self) -> Parts:
        """Body parts of the columns, or positions in the image."""
        return parts_of(self.settings, self.layout_)

    @property
    def placed(self) -> bool:
        """Whether every neuron reads at a place of its own, in an image."""
        return self.settings.core == "convolution"

    @property
    def grid(self) -> FeatureGrid:
        """Positions in the image that features are of.

        Raises:
            InputError: as of `FeatureGrid.of`.
        """
        return FeatureGrid.of(self.layout_, self.settings.kernel)

    @property
    def plan(self) -> ReadoutPlan:
        """What readouts choose from."""
        reach = reach_of(self.settings, self.bin_seconds_)
        if self.placed:
            return ReadoutPlan.of(self.grid.places, reach, _IMAGE_WIDTH / self.grid.unit)
        return ReadoutPlan.of(places(self.parts.names), reach)

    @property
    def digest(self) -> str:
        """A hash of the core's parameters, its layout, the directions of its readouts, and the likelihood."""
        sha = hashlib.sha256(repr((self.layout_, self.bin_seconds_)).encode())
        for name, value in sorted(self.tensors().items()):
            sha.update(name.encode())
            sha.update(np.ascontiguousarray(value).tobytes())
        # twins of spikes keep the digests that they had before there were others
        if self.settings.likelihood != "poisson":
            sha.update(self.settings.likelihood.encode())
        return sha.hexdigest()[:16]

    def tensors(self) -> dict[str, np.ndarray]:
        """All arrays of the core by name."""
        flat = flax.traverse_util.flatten_dict({"core": self.core_}, sep="/")
        perspective = {f"perspective/{name}": value for name, value in vars(self.perspective_).items()}
        own = {"basis": self.basis_, "slow_basis": self.slow_basis_}
        return {name: np.asarray(value, order="C") for name, value in {**flat, **perspective, **own}.items()}

    def require_spikes(self, what: str) -> None:
        """Refuse a twin of calcium for what needs rates of spikes.

        Args:
            what: needs them, for the message.

        Raises:
            InputError: its likelihood is another one.
        """
        if self.settings.likelihood != "poisson":
            raise InputError(
                f"{what} needs rates of spikes, and this twin has likelihood {self.settings.likelihood}, of "
                "calcium; fit a twin with --likelihood poisson to spikes"
            )

    def windows(self, session: TwinSession) -> Windows:
        """The chunks of a session.

        Raises:
            InputError: its streams or bins are not those of the twin, or no piece is long enough.
        """
        require_layout(session, self.layout_, self.bin_seconds_, "the twin")
        windows = windows_of(session, self.settings)
        if not windows.predicted.any():
            raise InputError(
                f"session {session.name}: no piece is longer than both lags of "
                f"{self.settings.lag_seconds:g} s; join pieces that touch, or shorten --lag-seconds"
            )
        return windows

    def features(self, session: TwinSession, components: int) -> np.ndarray:
        """Features in the directions of the readouts, and the slow state.

        Args:
            session: of any animal, with the twin's streams.
            components: directions, the largest first.

        Returns:
            float32, shape (rows, components + slow); the rows are `windows(session).rows`.

        Raises:
            InputError: as of `windows`, or neurons of this twin have places: see `features_at`.
        """
        if self.placed:
            raise InputError("neurons of this twin have places in an image; take `Twin.features_at` for them")
        found = np.concatenate(list(self._directions(session, components, lambda features: features)))
        slow = self._slow(session)
        return np.concatenate([found, slow], axis=1)

    def features_at(self, session: TwinSession, components: int, place: np.ndarray) -> Iterator[np.ndarray]:
        """The same at places in the image, some rows at a time.

        Args:
            session: of any animal, with images of the twin's size.
            components: directions, the largest first.
            place: on the plan, shape (places, 2).

        Yields:
            float32, shape (rows, places, components + slow); all together are `windows(session).rows`.
        """
        near = np.asarray(part_weights(place, self.plan))
        slow = self._slow(session)

        def at_places(features: np.ndarray) -> np.ndarray:
            return near @ features.reshape(*features.shape[:2], near.shape[1], -1)

        done = 0
        for found in self._directions(session, components, at_places):
            state = np.repeat(slow[done : done + len(found), None], len(place), axis=1)
            done += len(found)
            yield np.concatenate([found, state], axis=-1)

    def _directions(
        self, session: TwinSession, components: int, at: Callable[[np.ndarray], np.ndarray]
    ) -> Iterator[np.ndarray]:
        """Features in the directions of the readouts, shape (rows, ..., components), some rows at a time.

        Args:
            session: of any animal, with the twin's streams.
            components: directions, the largest first.
            at: what directions are of: of features, shape (chunks, bins, parts × channels), those that are
                read, shape (chunks, bins, ..., read).
        """
        windows = self.windows(session)
        columns, basis = self.perspective_.columns(session), self.basis_[..., :components]
        # every direction has its size in the readouts of the training animals; one strength is then for all
        reach, inside = windows.reach, slice(windows.reach, windows.bins.shape[1] - windows.reach)
        lags, length = self.plan.lags.tolist(), windows.bins.shape[1] - 2 * windows.reach
        for begin in range(0, len(windows.bins), self._at_once):
            chunk = slice(begin, begin + self._at_once)
            features = at(self._run(columns[windows.bins[chunk]]))
            total = np.zeros((len(features), length, *features.shape[2:-1], basis.shape[-1]), np.float32)
            for lag, weights in zip(lags, basis, strict=True):
                total += features[:, reach - lag : reach - lag + length] @ weights
            yield total[windows.predicted[chunk][:, inside]]

    def _slow(self, session: TwinSession) -> np.ndarray:
        """The slow state in its size in the readouts, shape (rows, slow)."""
        slow = slow_state(session, self.perspective_, self.settings)
        return slow[self.windows(session).rows] * self.slow_basis_

    @property
    def _at_once(self) -> int:
        return _MOVIES_AT_ONCE if self.placed else _AT_ONCE

    @property
    def _core(self) -> Any:
        return core_of(self.settings, self.parts)

    @functools.cached_property
    def _apply(self) -> Callable[[Any, np.ndarray], jax.Array]:
        return jax.jit(self._core.apply)

    def _run(self, columns: np.ndarray) -> np.ndarray:
        """Features of chunks, shape (chunks, bins, parts × channels)."""
        n = len(columns)
        # one shape for all calls, so that one program serves them
        filled = np.pad(columns, ((0, self._at_once - n), (0, 0), (0, 0)))
        features = np.asarray(self._apply(self.core_, filled))[:n]
        return features.reshape(*features.shape[:2], -1)
