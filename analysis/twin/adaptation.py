"""Fit readouts to a new animal while the core stays as it is.

    neurons = adapt(twin, session, AdaptSettings(), minutes=4.0)
    neurons.predict(twin, session)              # expected counts, or signals, of the rows, (rows, neurons)
    neurons.weights, neurons.place, neurons.lag # what each neuron reads, where and when

The given minutes are the first ones that can be predicted. What follows them is not looked at.

A neuron that reads images is first given its place, see `analysis.twin.placing`. The rest is convex again.
"""

import dataclasses

import numpy as np

from analysis.twin.convex import choosing
from analysis.twin.likelihood import mean_of, require_signals
from analysis.twin.placing import find_places
from analysis.twin.readout import part_weights
from analysis.twin.session import TwinSession
from analysis.twin.settings import AdaptSettings, LikelihoodName
from analysis.twin.signal_fit import convex_fit
from analysis.twin.twin import Twin
from rodent.errors import InputError

_LEAST_SECONDS = 20.0
"""Seconds below which there is nothing to choose a strength with."""


@dataclasses.dataclass(frozen=True)
class AdaptedReadouts:
    """Readouts of a new animal.

    Attributes:
        session, animal: whose they are.
        neurons: names.
        twin: digest of the core that they read.
        minutes: that they were fitted to.
        fitted_rows: number of rows that they were fitted to.
        components: directions of readouts that were fitted.
        coefficients: weights of the directions and of the slow state, and the constant, shape
            (components + slow + 1, neurons).
        center: mean of the features in the given minutes, shape (components + slow,).
        range: least and greatest of the features less the center, shape (2, components + slow).
        limits: least and greatest linear prediction, such as a log expected count, shape (2, neurons).
        mean: mean count or signal in the given minutes, shape (neurons,).
        strength: chosen, shape (neurons,).
        likelihood: of the signals.
        scale: of the signals, shape (neurons,); 1 for spikes.
        place: in the image, shape (neurons, 2); None where readouts take in the whole body. With it, `center`
            is (neurons, components + slow), and `range` (2, neurons, components + slow).
    """

    session: str
    animal: str
    neurons: tuple[str, ...]
    twin: str
    minutes: float
    fitted_rows: int
    components: int
    coefficients: np.ndarray
    center: np.ndarray
    range: np.ndarray
    limits: np.ndarray
    mean: np.ndarray
    strength: np.ndarray
    likelihood: LikelihoodName = "poisson"
    scale: np.ndarray = dataclasses.field(default_factory=lambda: np.ones(1))
    place: np.ndarray | None = None

    def predict(self, twin: Twin, session: TwinSession) -> np.ndarray:
        """Expected counts or signals of `twin.windows(session).rows`, shape (rows, neurons).

        Raises:
            InputError: the readouts belong to another core, or the streams or bins to another twin.
        """
        self.require_twin(twin)
        if self.place is None:
            return self.rates(twin.features(session, self.components))
        places, which = np.unique(self.place, axis=0, return_inverse=True)
        chunks = twin.features_at(session, self.components, places)
        return np.concatenate([self.rates(features[:, which.ravel()]) for features in chunks])

    def rates(self, features: np.ndarray) -> np.ndarray:
        """The same of rows of which the twin's features are known, shape (rows, neurons).

        Args:
            features: shape (rows, components + slow), or (rows, neurons, components + slow) with places.
        """
        features = np.clip(features - self.center, *self.range)
        if self.place is None:
            driven = features @ self.coefficients[:-1]
        else:
            driven = np.einsum("rnk,kn->rn", features, self.coefficients[:-1])
        linear = np.clip(driven + self.coefficients[-1], *self.limits)
        return self.scale * mean_of(linear, self.likelihood)

    def tensor(self, twin: Twin) -> np.ndarray:
        """The readouts as weights of every lag, part and channel, shape (neurons, lags, parts, channels)."""
        self.require_twin(twin)
        basis = twin.basis_[..., : self.components]
        weights = np.einsum("lfk,kn->nlf", basis, self.coefficients[: basis.shape[-1]])
        if self.place is not None:
            return np.einsum("np,nlc->nlpc", part_weights(self.place, twin.plan), weights)
        return weights.reshape(*weights.shape[:2], len(twin.parts.names), -1)

    def require_twin(self, twin: Twin) -> None:
        """Refuse another core.

        Raises:
            InputError: it is another one.
        """
        if twin.settings.likelihood != self.likelihood:
            raise InputError(
                f"the readouts of session {self.session} have likelihood {self.likelihood}, and the twin has "
                f"{twin.settings.likelihood}; adapt the session to this twin with `rodent twin adapt`"
            )
        if twin.digest != self.twin:
            raise InputError(
                f"the readouts of session {self.session} belong to core {self.twin}, and this is core "
                f"{twin.digest}; adapt the session again with `rodent twin adapt`"
            )


def adapt(
    twin: Twin, session: TwinSession, settings: AdaptSettings, minutes: float | None = None
) -> AdaptedReadouts:
    """Fit the readouts of a new animal.

    Args:
        twin: fitted.
        session: of the animal.
        settings: of the fit.
        minutes: at the beginning of the session to fit to; None for all of it.

    Raises:
        InputError: other streams or bins, too few minutes, or as of `require_signals`.
    """
    if twin.placed:
        return _adapt_at_places(twin, session, settings, minutes)
    return adapt_features(twin, session, twin.features(session, settings.components), settings, minutes)


def adapt_features(
    twin: Twin, session: TwinSession, features: np.ndarray, settings: AdaptSettings, minutes: float | None
) -> AdaptedReadouts:
    """The same where the features of the session are known, shape (rows, components + slow)."""
    rows = twin.windows(session).rows
    given = rows_of(rows, session, minutes)
    features, counts = features[:given], session.counts[rows[:given]]
    require_signals(session, rows[:given], twin.settings.likelihood, in_first(minutes))
    block = round(settings.block_seconds / session.bin_seconds)
    fitted = convex_fit(twin.settings.likelihood, settings.strengths, prior=True)
    fitted.fit(features, counts, choosing(given, block))
    return AdaptedReadouts(
        session=session.name,
        animal=session.animal,
        neurons=session.neurons,
        twin=twin.digest,
        minutes=given * session.bin_seconds / 60,
        fitted_rows=given,
        components=min(settings.components, twin.basis_.shape[-1]),
        coefficients=np.concatenate([fitted.coef_, fitted.intercept_[None]]),
        center=fitted.center_,
        range=fitted.range_,
        limits=fitted.limits_,
        mean=fitted.mean_,
        strength=fitted.strength_,
        likelihood=twin.settings.likelihood,
        scale=fitted.scale_,
    )


def _adapt_at_places(
    twin: Twin, session: TwinSession, settings: AdaptSettings, minutes: float | None
) -> AdaptedReadouts:
    """The same where neurons have places: all neurons of one place are fitted at once."""
    rows = twin.windows(session).rows
    given = rows_of(rows, session, minutes)
    require_signals(session, rows[:given], twin.settings.likelihood, in_first(minutes))
    columns, lags = twin.perspective_.columns(session), twin.plan.lags
    # signals are looked at as late as the largest lag, and no later than the given rows
    early = rows[: given - int(lags[-1])]
    place = find_places(columns, session.counts, early, lags, twin.grid)
    places, which = np.unique(place, axis=0, return_inverse=True)
    features = np.concatenate(list(twin.features_at(session, settings.components, places)))
    groups = [np.flatnonzero(which.ravel() == i) for i in range(len(places))]
    each = []
    for i, mine in enumerate(groups):
        names = tuple(session.neurons[neuron] for neuron in mine)
        some = dataclasses.replace(session, counts=session.counts[:, mine], neurons=names, table={})
        each.append(adapt_features(twin, some, features[:, i], settings, minutes))
    return _joined(each, groups, place, session)


def _joined(
    each: list[AdaptedReadouts], groups: list[np.ndarray], place: np.ndarray, session: TwinSession
) -> AdaptedReadouts:
    """Readouts of all neurons from those of groups of them, whose numbers are given."""
    order = np.argsort(np.concatenate(groups))
    # the last axis is that of neurons, but for what all of a group share
    arrays = {
        field.name: np.concatenate([getattr(one, field.name) for one in each], axis=-1)[..., order]
        for field in dataclasses.fields(AdaptedReadouts)
        if field.name not in ("center", "range") and isinstance(getattr(each[0], field.name), np.ndarray)
    }
    sizes = [len(mine) for mine in groups]
    center = np.repeat([one.center for one in each], sizes, axis=0)[order]
    limits = np.repeat(np.stack([one.range for one in each], axis=1), sizes, axis=1)[:, order]
    return dataclasses.replace(
        each[0], **arrays, neurons=session.neurons, center=center, range=limits, place=place
    )


def rows_of(rows: np.ndarray, session: TwinSession, minutes: float | None) -> int:
    """How many of the rows the first minutes are.

    Raises:
        InputError: there are not as many, or so few that nothing can be chosen.
    """
    given = len(rows) if minutes is None else round(minutes * 60 / session.bin_seconds)
    if given > len(rows):
        raise InputError(
            f"session {session.name} has {len(rows) * session.bin_seconds / 60:.2f} minutes that can be "
            f"used, and {minutes:g} are to be fitted to; give fewer"
        )
    if given * session.bin_seconds < _LEAST_SECONDS:
        raise InputError(
            f"session {session.name}: {given * session.bin_seconds:.3g} s are too few to fit readouts to; "
            f"at least {_LEAST_SECONDS:g} s are needed"
        )
    return given


def in_first(minutes: float | None) -> str:
    """Which minutes are meant, for messages; None for all."""
    return "in the bins used" if minutes is None else f"in the first {minutes:g} minutes"
