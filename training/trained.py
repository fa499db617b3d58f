"""The result of a training: figures of the saved policy by name, and the learning curve.

trained = train(run, Until(minutes=25))
trained["success_rate"], trained.policy
trained.to_frame()        # pandas, a row per evaluation
trained.plot()            # success rate against control steps
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from rodent.policy.policy import Policy, load_policy
from rodent.results import Result, new_axes
from training.curves import plot_learning, read_learning
from training.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Trained(Result, Mapping[str, Any]):
    """What a training returns: steps, seconds, and figures of the policy that was saved, by name.

    Attributes:
        run: the run folder.
        stopped: whether a callback stopped the training.
    """

    def __init__(self, run: Run, figures: Mapping[str, Any], *, stopped: bool):
        self.run, self.stopped, self._figures = run, stopped, dict(figures)

    @property
    def policy(self) -> Policy:
        """The policy that was saved."""
        return load_policy(self.run.folder)

    def __getitem__(self, name: str) -> Any:
        return self._figures[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._figures)

    def __len__(self) -> int:
        return len(self._figures)

    def __repr__(self) -> str:
        share = "attained" if "attained" in self else "success_rate"
        reached = f"{share.replace('_', ' ')} {self[share]:.0%}"
        stopped = ", stopped" if self.stopped else ""
        return f"Trained({self.run.folder}: {self['steps']:,} steps, {reached}{stopped})"

    def columns(self) -> dict[str, np.ndarray]:
        """The learning curve: figures of every evaluation, each of shape (evaluations,)."""
        return read_learning(self.run.folder)

    def plot(self, metric: str = "success_rate", axes: "Axes | None" = None) -> "Axes":
        """Draw the learning curve against control steps.

        Args:
            metric: column of the learning curve.
            axes: to draw on; None for those of a new figure.

        Raises:
            InputError: there is no such column.
        """
        return plot_learning({self.run.folder.name: [self.run.folder]}, new_axes(axes), metric)
