"""Which units of a layer an intervention acts on.

Selection.of("0:32")                  # a slice, as of a Python list
Selection.of("3,5,9")                 # a list
Selection.of("20%")                   # a fraction, drawn at random with the seed of the intervention
Selection.of("top 10% variance")      # those whose activity varies most in an intact rollout
Selection.of("bottom 8 weight")       # those with the smallest norms of incoming weights
Selection.of("all")
"""

import re
from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np

from rodent.errors import InputError
from rodent.intervention.quantities import fraction

Measure = Literal["variance", "weight"]
_EXPECTED = "all, a slice 0:32, a list 3,5,9, a fraction 20%, or top|bottom NUMBER variance|weight"


class Selection(NamedTuple):
    """A rule that selects units.

    Attributes:
        text: as it is written.
        kind: of the rule.
        parts: of the text: numbers of a slice or list, or the number and the measure of a rank.
    """

    text: str
    kind: Literal["all", "slice", "list", "random", "rank"]
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
        if found := re.fullmatch(r"(top|bottom) (\d+|[\d.]+%) (variance|weight)", plain):
            return cls(plain, "rank", found.groups())
        raise InputError(f"units [{text}] are not understood; expected {_EXPECTED}")

    @property
    def measure(self) -> Measure | None:
        """What units are ranked by; None where they are not."""
        if self.kind != "rank":
            return None
        return "variance" if self.parts[2] == "variance" else "weight"

    def units(
        self, layer: str, size: int, seed: int, measured: Callable[[Measure], np.ndarray]
    ) -> np.ndarray:
        """Indices of the selected units, ascending.

        Args:
            layer: its address, for the error.
            size: number of its units.
            seed: of a random fraction.
            measured: returns the values to rank units by, shape (size,).

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
        elif self.kind == "rank":
            which, number, measure = self.parts
            count = round(fraction(number) * size) if number.endswith("%") else int(number)
            if count > size:
                raise InputError(f"{layer} has no {count} units; it has {size}")
            order = np.argsort(measured("variance" if measure == "variance" else "weight"), kind="stable")
            chosen = np.sort(order[size - count :] if which == "top" else order[:count])
        else:
            chosen = np.arange(size)
        if not len(chosen):
            raise InputError(f"units [{self.text}] of {layer} are none; it has {size} units")
        return chosen
