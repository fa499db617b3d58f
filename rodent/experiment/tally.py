"""Which arms of an experiment changed nothing, and why.

tally = Tally()
tally.add(subject, rows)                  # rows of a shard, with treatment, changed_values, onset, …
tally.unchanged                           # a text for each arm that changed no value in any rollout
"""

from typing import NamedTuple

import numpy as np

from rodent.experiment.subject import Subject
from rodent.experiment.tiling import INTACT
from rodent.intervention import Intervention


class _Count(NamedTuple):
    """What an arm has done so far.

    Attributes:
        acts: of its first treatment.
        changed: number of values.
        active: number of rollouts in which it was active.
        ranges: lowest and highest value of the signals of triggers, by name.
    """

    acts: tuple[Intervention, ...]
    changed: int
    active: int
    ranges: dict[str, tuple[float, float]]


class Tally:
    """Counts by arm; controls do not count."""

    def __init__(self) -> None:
        self._arms: dict[str, _Count] = {}

    def add(self, subject: Subject, rows: dict[str, np.ndarray]) -> None:
        """Count the rows of a shard; see `Subject.play`."""
        treatment = rows["treatment"]
        for number in np.unique(treatment[treatment != INTACT]).tolist():
            one = subject.treatments[number]
            if one.control:
                continue
            mine = treatment == number
            before = self._arms.get(one.arm, _Count(one.acts, 0, 0, {}))
            ranges = dict(before.ranges)
            for i, name in enumerate(subject.signals):
                low, high = ranges.get(name, (np.nan, np.nan))
                lowest, highest = rows["lowest"][mine, i], rows["highest"][mine, i]
                ranges[name] = (
                    float(np.fmin.reduce([low, *lowest])),
                    float(np.fmax.reduce([high, *highest])),
                )
            self._arms[one.arm] = before._replace(
                changed=before.changed + int(rows["changed_values"][mine].sum()),
                active=before.active + int((rows["onset"][mine] >= 0).sum()),
                ranges=ranges,
            )

    @property
    def unchanged(self) -> list[str]:
        """The arms that changed no value, each with the reason."""
        return [f"arm {arm!r}: {_reason(one)}" for arm, one in self._arms.items() if not one.changed]


def _reason(count: _Count) -> str:
    if count.active:
        return f"it was active in {count.active} rollouts, and every value was already what it makes of it"
    conditions = [act.condition for act in count.acts if act.condition is not None]
    if not conditions:
        return "it was never active; rollouts end before it begins"
    found = []
    for one in conditions:
        low, high = count.ranges[one.signal]
        found.append(f"{one.signal} was between {low:.3g} and {high:.3g}")
    return f"its condition was never true in its time; {', '.join(dict.fromkeys(found))}"
