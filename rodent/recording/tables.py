"""Channels of a rollout as tables, labelled arrays and lines: of one in memory, and of one in a file."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from rodent.recording.channels import Channel
from rodent.results import columns_of, html_table, new_axes, require_package

if TYPE_CHECKING:
    import pandas
    import xarray
    from matplotlib.axes import Axes

LAYERS = "units/"
"""How names of channels with activations begin."""
_NAMED = 12  # lines of a plot that a legend names


class Series(Protocol):
    """What a table is made of: a rollout's name, time and channels."""

    @property
    def name(self) -> str:
        """Of the clip, or of the episode."""
        ...

    @property
    def behavior(self) -> str:
        """Such as `Walk`; may be empty."""
        ...

    @property
    def fps(self) -> float:
        """Control steps per second."""
        ...

    @property
    def n_frames(self) -> int:
        """Control steps."""
        ...

    @property
    def channels(self) -> Mapping[str, Channel]:
        """Unit, description and columns of the channels, by name."""
        ...

    def read(self, name: str, frames: slice = slice(None)) -> np.ndarray:
        """Some frames of a channel, shape (frames, …)."""
        ...

    def columns(self, *channels: str) -> dict[str, np.ndarray]:
        """See `ChannelTables.columns`."""
        ...


class ChannelTables:
    """What rollouts in memory and in files have in common, see `Series`."""

    def columns(self: Series, *channels: str) -> dict[str, np.ndarray]:
        """Columns of channels, such as `qpos/root_z` or `reward/total`, shape (frames,) each.

        Args:
            channels: names; none for all but the layers.

        Raises:
            InputError: there is no channel of a name.
        """
        names = channels or tuple(name for name in self.channels if not name.startswith(LAYERS))
        found = {"time": _seconds(self)}
        for name in names:
            values = self.read(name)
            if values.ndim == 1:
                found[name] = values
            else:
                flat = values.reshape(len(values), -1)
                parts = _names(self.channels[name], flat.shape[1])
                found |= {f"{name}/{part}": flat[:, i] for i, part in enumerate(parts)}
        return found

    def to_frame(self: Series, *channels: str) -> "pandas.DataFrame":
        """Columns of channels as a pandas frame with a row per control step; see `columns`.

        Raises:
            InputError: there is no channel of a name, or pandas is missing.
        """
        return require_package("pandas").DataFrame(self.columns(*channels))

    def to_xarray(self: Series, *channels: str) -> "xarray.Dataset":
        """Channels with their axes, units and descriptions.

        Axes are `time` in seconds and, of channel x with columns, `x/column`, with names where there are any.

        Args:
            channels: names; none for all.

        Raises:
            InputError: there is no channel of a name, or xarray is missing.
        """
        xarray = require_package("xarray")
        found: dict[str, Any] = {}
        coordinates: dict[str, Any] = {"time": _seconds(self)}
        for name in channels or (name for name in self.channels if name != "time"):
            values = self.read(name)
            axes = [f"{name}/column", *(f"{name}/axis_{i}" for i in range(2, values.ndim))][: values.ndim - 1]
            channel = self.channels[name]
            about = {"units": channel.unit, "long_name": channel.description}
            found[name] = (("time", *axes), values, about)
            if values.ndim == 2 and channel.columns:
                coordinates[axes[0]] = list(channel.columns)
        return xarray.Dataset(found, coordinates, {"name": self.name, "behavior": self.behavior})

    def plot(self: Series, channel: str = "reward/total", axes: "Axes | None" = None) -> "Axes":
        """Draw a channel over time, a line per column.

        Args:
            channel: its name, such as `ctrl` or `units/latent/mean`.
            axes: to draw on; None for those of a new figure.

        Raises:
            InputError: there is no such channel.
        """
        columns, axes = self.columns(channel), new_axes(axes)
        seconds = columns.pop("time")
        for name, values in columns.items():
            axes.plot(seconds, values, linewidth=1, label=name.removeprefix(f"{channel}/"))
        unit = self.channels[channel].unit
        axes.set(xlabel="time, s", ylabel=channel if unit == "1" else f"{channel}, {unit}", title=self.name)
        if 1 < len(columns) <= _NAMED:
            axes.legend(frameon=False, fontsize="small")
        return axes

    def _repr_html_(self: Series) -> str:
        rows = [
            {"channel": name, "unit": one.unit, "description": one.description}
            for name, one in self.channels.items()
        ]
        return html_table(repr(self), columns_of(rows), len(rows))


def _seconds(series: Series) -> np.ndarray:
    """Time of every frame, from the first one, shape (frames,)."""
    return np.arange(series.n_frames) / series.fps


def _names(channel: Channel, size: int) -> Sequence[str]:
    """Names of the columns of a channel; their numbers where it has none."""
    named = channel.columns
    return named if named and len(named) == size else [str(i) for i in range(size)]
