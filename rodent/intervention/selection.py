"""Which units of a layer an intervention acts on.

Selection.of("0:32")                  # a slice, as of a Python list
Selection.of("3,5,9")                 # a list
Selection.of("20%")                   # a fraction, drawn at random with the seed of the intervention
Selection.of("top 10% variance")      # those whose activity varies most in an intact rollout
Selection.of("bottom 8 weight")       # those with the smallest norms of incoming weights
Selection.of("top 8 tuning speed")    # those that a variable of behaviour explains best
Selection.of("phase 0.25 width 0.1 of phase/foot_L")     # those that prefer a phase
Selection.of("top 8 in scores.csv")   # those with the highest scores in a table
Selection.of("in scores.csv")         # those in a table
Selection.of("all")
"""

import re
from collections.abc import Callable
from typing import Any, Literal, NamedTuple, cast

import numpy as np

from rodent.errors import InputError
from rodent.intervention.quantities import fraction

_EXPECTED = (
    "all, a slice 0:32, a list 3,5,9, a fraction 20%, top|bottom NUMBER variance|weight|tuning VARIABLE|in "
    "FILE, phase PHASE width WIDTH of VARIABLE, or in FILE"
)


class Measure(NamedTuple):
    """What units are selected by.

    Attributes:
        kind: standard deviation in an intact rollout; norm of incoming weights; variance that a variable of
            behaviour explains; preferred phase; score in a table.
        name: of the variable or the file.
    """

    kind: Literal["variance", "weight", "tuning", "phase", "in"]
    name: str = ""

    @classmethod
    def of(cls, text: str) -> "Measure":
        """From a text such as `tuning speed`."""
        kind, _, name = text.partition(" ")
        return cls(cast(Any, kind), name)


class Selection(NamedTuple):
    """A rule that selects units.

    Attributes:
        text: as it is written.
        kind: of the rule.
        parts: of the text: numbers of a slice or list, or the number and the measure of a rank.
    """

    text: str
    kind: Literal["all", "slice", "list", "random", "rank", "phase", "in"]
    parts: tuple[str, ...] = ()

    @classmethod
    def of(cls, text: str) -> "Selection":
        """From a text.

        Raises:
            InputError: it is none of the forms.
        """
        plain = " ".join(text.split())
        tight = plain.replace(" ", "")
        if plain == "all":
            return cls(plain, "all")
        if re.fullmatch(r"-?\d*:-?\d*", tight):
            return cls(tight, "slice", tuple(tight.split(":")))
        if re.fullmatch(r"-?\d+(,-?\d+)*", tight):
            return cls(tight, "list", tuple(tight.split(",")))
        if tight.endswith("%") and plain[0] not in "tb":
            fraction(tight, "fraction of units")
            return cls(tight, "random", (tight,))
        ranks = r"(top|bottom) (\d+|[\d.]+%) (variance|weight|tuning \S+|in .+)"
        if found := re.fullmatch(ranks, plain):
            return cls(plain, "rank", found.groups())
        if found := re.fullmatch(r"phase (\S+) width (\S+) of (phase/\S+)", plain):
            for name, number in zip(("phase", "width"), found.groups(), strict=False):
                fraction(number, f"{name} of units, in cycles")
            return cls(plain, "phase", found.groups())
        if found := re.fullmatch(r"in (.+)", plain):
            return cls(plain, "in", (plain,))
        raise InputError(f"units [{text}] are not understood; expected {_EXPECTED}")

    @property
    def measure(self) -> Measure | None:
        """What units are selected by; None for numbers and random units."""
        if self.kind == "phase":
            return Measure("phase", self.parts[2])
        return Measure.of(self.parts[-1]) if self.kind in ("rank", "in") else None

    @property
    def needs_statistics(self) -> bool:
        """Whether activity in intact rollouts decides."""
        return self.measure is not None and self.measure.kind in ("variance", "tuning", "phase")

    def units(
        self, layer: str, size: int, seed: int, measured: Callable[[Measure], np.ndarray]
    ) -> np.ndarray:
        """Indices of the selected units, ascending.

        Args:
            layer: its address, for the error.
            size: number of its units.
            seed: of a random fraction.
            measured: returns the values to select units by, shape (size,); NaN for units without any.

        Raises:
            InputError: a unit is out of range, or none is selected.
        """
        if self.kind == "list":
            chosen = np.unique([int(one) for one in self.parts])
            outside = chosen[(chosen < 0) | (chosen >= size)]
            if len(outside):
                raise InputError(f"{layer} has no unit {outside[0]}; it has units 0 to {size - 1}")
        elif self.kind == "slice":
            first, last = (int(part) if part else None for part in self.parts)
            beyond = [n for n in (first, last) if n is not None and not -size <= n <= size]
            if beyond:
                raise InputError(f"{layer} has no units {self.text}; it has units 0 to {size - 1}")
            chosen = np.arange(size)[first:last]
        elif self.kind == "random":
            count = round(fraction(self.parts[0]) * size)
            chosen = np.sort(np.random.default_rng(seed).permutation(size)[:count])
        elif self.measure is not None:
            chosen = self._measured(layer, measured(self.measure))
        else:
            chosen = np.arange(size)
        if not len(chosen):
            raise InputError(f"units [{self.text}] of {layer} are none; it has {size} units")
        return chosen

    def _measured(self, layer: str, values: np.ndarray) -> np.ndarray:
        """Indices of units that are selected by values, ascending."""
        known = np.flatnonzero(np.isfinite(values))
        if self.kind == "in":
            return known
        if self.kind == "phase":
            centre, width = (fraction(part) for part in self.parts[:2])
            distance = np.abs(np.mod(values[known] - centre + 0.5, 1.0) - 0.5)
            return known[distance <= width / 2]
        which, number, _ = self.parts
        count = round(fraction(number) * len(values)) if number.endswith("%") else int(number)
        if count > len(known):
            raise InputError(f"{layer} has no {count} units for [{self.text}]; it has {len(known)}")
        order = known[np.argsort(values[known], kind="stable")]
        return np.sort(order[len(order) - count :] if which == "top" else order[:count])
