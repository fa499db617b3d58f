"""Cores: from standardised behavior to features of each body part, the same for all animals.

    core = core_of(settings, parts_of(settings, session.layout))
    params = core.init(key, columns)
    features = core.apply(params, columns)      # (windows, bins, parts, channels)

The features of a body part come from its own columns and a few weighted sums of all columns, directly and
through a network. In the core `streams` every column is a feature, and the body is one part. In the core
`convolution`, which sees images, the parts are positions in the image.
"""

import dataclasses
from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from analysis.twin.images import FeatureGrid
from analysis.twin.settings import TwinSettings

MEMORY_SECONDS = 0.4
"""Seconds that fill the memory of a recurrent core before it predicts."""
BODY = "body"
"""The one part of a core that reads streams as they are."""
_WHOLE = 16  # weighted sums of all columns that every part sees

Layout = Sequence[tuple[str, str, str]]


@dataclasses.dataclass(frozen=True)
class Parts:
    """Body parts of the columns.

    Attributes:
        names: of the parts, in order of their first column.
        columns: indices of each part's columns.
    """

    names: tuple[str, ...]
    columns: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, layout: Layout) -> "Parts":
        """The parts of streams; see `TwinSession.layout`."""
        owners = [part for *_, part in layout]
        names = tuple(dict.fromkeys(owners))
        columns = tuple(tuple(i for i, part in enumerate(owners) if part == name) for name in names)
        return cls(names, columns)


class StreamCore(nn.Module):
    """Every column is a feature; nothing is learnt."""

    @nn.compact
    def __call__(self, columns: jax.Array) -> jax.Array:
        return columns[..., None, :]


class LinearCore(nn.Module):
    """Weighted sums of each part's columns."""

    parts: tuple[tuple[int, ...], ...]
    channels: int

    @nn.compact
    def __call__(self, columns: jax.Array) -> jax.Array:
        each = [
            nn.Dense(self.channels, name=f"part_{i}")(columns[..., np.array(part)])
            for i, part in enumerate(self.parts)
        ]
        return jnp.stack(each, axis=-2)


class PartDense(nn.Module):
    """A layer with weights of its own for each part, on the last axis; parts are on the one before."""

    size: int

    @nn.compact
    def __call__(self, values: jax.Array) -> jax.Array:
        parts, width = values.shape[-2:]
        initial = nn.initializers.lecun_normal(batch_axis=0)
        kernel = self.param("kernel", initial, (parts, width, self.size))
        bias = self.param("bias", nn.initializers.zeros, (parts, self.size))
        return jnp.einsum("...pi,pio->...po", values, kernel) + bias


class NetworkCore(nn.Module):
    """Weighted sums, and a network of each part and the whole body; with memory if `recurrent`."""

    parts: tuple[tuple[int, ...], ...]
    hidden: int
    channels: int
    recurrent: bool

    @nn.compact
    def __call__(self, columns: jax.Array) -> jax.Array:
        own = nn.silu(LinearCore(self.parts, self.hidden, name="own")(columns))
        whole = nn.tanh(nn.Dense(_WHOLE, name="whole")(columns))[..., None, :]
        whole = jnp.broadcast_to(whole, (*own.shape[:-1], _WHOLE))
        hidden = nn.silu(PartDense(self.hidden, name="hidden")(jnp.concatenate([own, whole], -1)))
        features = PartDense(self.channels, name="features")(hidden)
        features = features + LinearCore(self.parts, self.channels, name="linear")(columns)
        if not self.recurrent:
            return features
        # windows × parts are the batch of the memory
        rows = jnp.moveaxis(hidden, -2, -3)
        memory = nn.RNN(nn.GRUCell(self.channels), name="memory")(rows.reshape(-1, *rows.shape[-2:]))
        memory = memory.reshape(*rows.shape[:-1], self.channels)
        return features + jnp.moveaxis(memory, -3, -2)


class ConvolutionCore(nn.Module):
    """Weighted sums of the pixels around each position, and a network of them, alike at all positions."""

    parts: tuple[tuple[int, ...], ...]
    hidden: int
    channels: int

    @nn.compact
    def __call__(self, columns: jax.Array) -> jax.Array:
        # pixels side by side: a matrix product has faster gradients on CPUs than a convolution
        seen = columns[..., np.array(self.parts)]
        hidden = nn.silu(nn.Dense(self.hidden, name="hidden")(seen))
        return nn.Dense(self.channels, name="features")(hidden) + nn.Dense(self.channels, name="linear")(seen)


def parts_of(settings: TwinSettings, layout: Layout) -> Parts:
    """The parts that features are of, for the columns of a layout.

    Raises:
        InputError: as of `FeatureGrid.of`, for the core `convolution`.
    """
    if settings.core == "streams":
        return Parts((BODY,), (tuple(range(len(layout))),))
    if settings.core == "convolution":
        grid = FeatureGrid.of(layout, settings.kernel)
        return Parts(grid.names, grid.pixels)
    return Parts.of(layout)


def core_of(settings: TwinSettings, parts: Parts) -> nn.Module:
    """The core of settings."""
    if settings.core == "streams":
        return StreamCore()
    if settings.core == "linear":
        return LinearCore(parts.columns, settings.channels)
    if settings.core == "convolution":
        return ConvolutionCore(parts.columns, settings.hidden, settings.channels)
    return NetworkCore(parts.columns, settings.hidden, settings.channels, settings.core == "gru")
