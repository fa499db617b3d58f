"""The result of an evaluation: scores by name, a table of clips, errors by frame, survival.

found = evaluate(policy, clips)
found["success_rate"], found["mean"]
found.to_frame()          # pandas, a row per clip
found.to_xarray()         # errors of every clip and frame
found.plot()              # fraction of clips without failure, against the frame
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rodent.results import Result, columns_of, new_axes, require_package

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

    from training.evaluate import Trace


class Evaluation(Result, Mapping[str, Any]):
    """Scores of a policy on clips or episodes, by name, as `rodent evaluate --json` prints them.

    Attributes:
        traces: errors of every clip or episode, frame by frame.
    """

    def __init__(self, scores: Mapping[str, Any], traces: Sequence["Trace"]):
        self._scores, self.traces = dict(scores), tuple(traces)

    def __getitem__(self, name: str) -> Any:
        return self._scores[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._scores)

    def __len__(self) -> int:
        return len(self._scores)

    def __repr__(self) -> str:
        first = next(iter(self.traces[0].metrics.values()))
        error = f"{first.label.replace('_', ' ')} {self['mean'][first.label]:.3g}"
        return f"Evaluation({len(self.traces)} episodes: {self['success_rate']:.0%} without failure, {error})"

    def columns(self) -> dict[str, list[Any]]:
        """Scores of every clip: mean errors before the failure, lifespan, success."""
        return columns_of(self["clips"])

    def to_xarray(self) -> "xarray.Dataset":
        """Errors of every clip and frame; after the end of a clip NaN.

        Axes are `clip`, `frame` and, for an error with parts, `ERROR/part`.

        Raises:
            InputError: xarray is missing.
        """
        xarray = require_package("xarray")
        names, longest = [one.name for one in self.traces], max(len(one.failed) for one in self.traces)
        failed = np.ones((len(names), longest), bool)
        for i, one in enumerate(self.traces):
            failed[i, : len(one.failed)] = one.failed
        found: dict[str, Any] = {"failed": (("clip", "frame"), failed)}
        coordinates: dict[str, Any] = {"clip": names}
        for name, metric in self.traces[0].metrics.items():
            parts = [f"{name}/part"] if metric.parts else []
            values = np.full((len(names), longest, *self.traces[0].errors[name].shape[1:]), np.nan)
            for i, one in enumerate(self.traces):
                values[i, : len(one.failed)] = one.errors[name]
            found[name] = (("clip", "frame", *parts), values, {"long_name": metric.label.replace("_", " ")})
            coordinates |= {axis: list(metric.parts) for axis in parts}
        return xarray.Dataset(found, coordinates)

    def plot(self, axes: "Axes | None" = None) -> "Axes":
        """Draw the fraction of clips without failure, against the frame."""
        axes = new_axes(axes)
        alive, last = self["survival_frames"], max(len(one.failed) for one in self.traces)
        fractions = np.array([*alive["alive"], alive["alive"][-1]])
        axes.step([*alive["frame"], last], 100 * fractions, where="post")
        axes.set(xlabel="frame", ylabel="clips without failure, %", xlim=(0, last), ylim=(0, 103))
        return axes
