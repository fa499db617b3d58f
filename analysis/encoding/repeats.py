"""Motion that comes again: where, and which turns of a null bring it together with itself.

    again = Repeats.of(timeline, rows)
    again.share                                 # of bins whose motion other bins show, too
    again.trials()                              # the bins that show it: (repeats, bins)
    again.overlap(order, alike=20)              # of bins that meet their own motion in another order

Neurons that follow motion follow it every time. Where a turn of the session brings a clip together with the
same clip played at another time, the null holds signal.
"""

import dataclasses

import numpy as np

from analysis.timeline import Timeline

LEAST_BINS = 10
"""Repeated bins that correlations are taken over, at least."""


@dataclasses.dataclass(frozen=True)
class Repeats:
    """What motion the bins show; clips of one reference are one motion, whatever they are called.

    Attributes:
        rows: bins used, in order, shape (rows,).
        motion: of each, counted from 0, -1 for none, shape (rows,).
        frame: in the motion, of the first frame of the bin, shape (rows,).
        n_frames: in a bin.
    """

    rows: np.ndarray
    motion: np.ndarray
    frame: np.ndarray
    n_frames: int

    @classmethod
    def of(cls, timeline: Timeline, rows: np.ndarray) -> "Repeats":
        """Of bins that can be used, in order, shape (rows,)."""
        if not timeline.rollouts:
            return cls(rows, np.full(len(rows), -1), rows, 1)
        starts = np.cumsum([0, *(rollout.n_frames for rollout in timeline.rollouts)])
        owner = timeline.rollout[rows]
        names = list(dict.fromkeys(timeline.motions))
        motion = np.array([names.index(name) if name else -1 for name in timeline.motions])[owner]
        return cls(rows, motion, rows * timeline.n_frames - starts[owner], timeline.n_frames)

    @property
    def share(self) -> float:
        """Share of bins whose frame of a motion is shown by another bin, too."""
        return sum(len(bins) for bins in self._again()) / max(1, len(self.rows))

    @property
    def share_of_commonest(self) -> float:
        """Share of bins that show the motion that is shown most."""
        return float(np.bincount(self.motion + 1)[1:].max(initial=0)) / max(1, len(self.rows))

    def trials(self) -> np.ndarray | None:
        """Bins in which rollouts show the same frames of the same motion.

        Where motions were shown different numbers of times, the least such number above one is taken of each.

        Returns:
            shape (repeats, bins); None where nothing was shown twice, or hardly a bin is left.
        """
        again = self._again()
        if len(again) < LEAST_BINS:
            return None
        repeats = min(map(len, again))
        return np.array([bins[:repeats] for bins in again]).T

    def overlap(self, order: np.ndarray, alike: int) -> float:
        """Share of bins that meet their own motion in another order of the rows.

        Args:
            order: of the rows, shape (rows,).
            alike: bins over which movement resembles itself; a bin so far off does not count, and one
                nearer counts in part.
        """
        same = (self.motion[order] == self.motion) & (self.motion >= 0)
        apart = np.abs(self.frame[order] - self.frame) / (alike * self.n_frames)
        return float(np.where(same, np.maximum(1 - apart, 0), 0).mean())

    def _again(self) -> list[list[int]]:
        """For each frame of a motion that is shown more than once the bins that show it."""
        shown: dict[tuple[int, int], list[int]] = {}
        for *key, row in zip(self.motion.tolist(), self.frame.tolist(), self.rows.tolist(), strict=True):
            shown.setdefault((key[0], key[1]), []).append(row)
        return [bins for (motion, _), bins in shown.items() if motion >= 0 and len(bins) > 1]
