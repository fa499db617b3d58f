"""What interventions are resolved for: sites, parameters and statistics of a policy in a task.

prepared = Preparation(Sites.of(policy.agent, task), policy.params, task.timestep, statistics)
place = Place("decoder/layer_0", intervention, prepared, number)
place.units, place.full(1.0, 0.5)                  # indices; 0.5 at these units and 1 elsewhere
"""

import copy
import dataclasses
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from rodent.errors import InputError, unknown
from rodent.intervention.acts import Act, Rows
from rodent.intervention.alignment import Alignments
from rodent.intervention.quantities import amount
from rodent.intervention.selection import Measure, Selection
from rodent.intervention.sites import Sites
from rodent.intervention.spec import Intervention
from rodent.intervention.statistics import Statistics, UnitStatistics
from rodent.intervention.unit_table import UnitTable
from rodent.policy.agent import Params
from rodent.policy.connections import Places, kernel_of
from rodent.policy.policy import Normalizer, Policy


class Donor(NamedTuple):
    """A policy whose modules can be swapped in.

    Attributes:
        policy: the policy.
        normalizer: of the policy that receives them.
        places: group and columns of each part of the observation, by site.
        alignments: between the activity of receiver and donor.
        action_factor: on actions of the donor, so that they mean the same to the receiver's body.
    """

    policy: Policy
    normalizer: Normalizer
    places: Places
    alignments: Alignments
    action_factor: float = 1.0


@dataclasses.dataclass(frozen=True)
class Preparation:
    """What interventions are resolved for.

    Attributes:
        sites: of the agent and the task.
        params: of the agent.
        timestep: of control, s.
        statistics: of intact rollouts; None where no intervention needs any.
        donors: policies whose modules can be swapped in, by the names that interventions give them.
        tables: files of tables of units, by the names that interventions give them; None where these are
            their paths.
    """

    sites: Sites
    params: Params
    timestep: float
    statistics: Statistics | None = None
    donors: Mapping[str, Donor] = dataclasses.field(default_factory=dict)
    tables: Mapping[str, Path] | None = None

    def table(self, name: str) -> Path:
        """The file of a table of units.

        Raises:
            InputError: it is none of those that are known.
        """
        if self.tables is None:
            return Path(name)
        if name not in self.tables:
            raise unknown("table of units", name, self.tables)
        return self.tables[name]


class Effect(NamedTuple):
    """One act at one site.

    Attributes:
        act: its type.
        site: the address.
        rows: its arrays, of one environment.
        static: names and values of fields that are constants of the compiled program.
    """

    act: type[Act]
    site: str
    rows: Rows
    static: tuple[tuple[str, Any], ...] = ()


class Place:
    """A site and its units."""

    def __init__(
        self,
        site: str,
        intervention: Intervention,
        prepared: Preparation,
        number: int,
        selection: Selection | None = None,
    ):
        self.site, self.prepared, self._intervention, self._number = site, prepared, intervention, number
        self.size, self.timestep = prepared.sites.sizes[site], prepared.timestep
        selection = intervention.selection if selection is None else selection
        self.units = selection.units(site, self.size, intervention.seed, self._measured)

    def full(self, neutral: float, values: Any) -> np.ndarray:
        """An array (units,) with values at the chosen units."""
        found = np.full(self.size, neutral, np.float32)
        found[self.units] = np.broadcast_to(values, (self.size,))[self.units]
        return found

    def scaled(self, value: float | str) -> np.ndarray:
        """An amount in the values of every unit, shape (units,)."""
        number, in_sd = amount(value)
        return number * (self.statistics.sd if in_sd else np.ones(self.size))

    @property
    def statistics(self) -> UnitStatistics:
        """Of the units."""
        return self._intact[self.site]

    @property
    def _intact(self) -> Statistics:
        if self.prepared.statistics is None:
            raise InputError(f"{self._intervention}: no statistics of intact rollouts are given")
        return self.prepared.statistics

    def key(self) -> np.ndarray:
        """A random key that depends on seed, site and rollout, shape (2,)."""
        key = jax.random.PRNGKey(self._intervention.seed)
        for number in (zlib.crc32(self.site.encode()) & 0x7FFFFFFF, self._number):
            key = jax.random.fold_in(key, number)
        return np.asarray(key)

    def random(self) -> np.random.Generator:
        """Random numbers that depend on seed and site."""
        return np.random.default_rng((self._intervention.seed, zlib.crc32(self.site.encode())))

    def only(self, units: np.ndarray, receptor: str) -> "Place":
        """The same site with those of its units that are among the ones with a receptor.

        Raises:
            InputError: none is.
        """
        found = copy.copy(self)
        found.units = np.intersect1d(self.units, units)
        if not len(found.units):
            raise InputError(
                f"no unit [{self._intervention.units}] of {self.site} has the receptor {receptor!r}"
            )
        return found

    def at(self, site: str, selection: Selection | None = None) -> "Place":
        """Another site: with the same units, or those that a rule selects."""
        if selection is not None:
            return Place(site, self._intervention, self.prepared, self._number, selection)
        found = copy.copy(self)
        found.site = site
        return found

    def input_of_nonlinearity(self) -> "Place":
        """The input of the nonlinearity of a hidden layer.

        Raises:
            InputError: the site has none.
        """
        pre = self.site if self.site.endswith(".pre") else f"{self.site}.pre"
        if pre not in self.prepared.sites.sizes:
            layers = [
                name.removesuffix(".pre") for name in self.prepared.sites.sizes if name.endswith(".pre")
            ]
            raise InputError(
                f"{self.site} has no threshold; expected a layer with a nonlinearity: {', '.join(layers)}"
            )
        return self.at(pre)

    def _measured(self, measure: Measure) -> np.ndarray:
        if measure.kind == "weight":
            return weight_norms(self.prepared.params, self.site, self.size)
        if measure.kind == "variance":
            return self.statistics.sd
        if measure.kind == "in":
            found = np.full(self.size, np.nan)
            scores = UnitTable.read(self.prepared.table(measure.name), "score").numbers(self.site, self.size)
            found[list(scores)] = list(scores.values())
            return found
        found = self._intact.tuning(self.site, measure.name)
        return found.phase if measure.kind == "phase" else found.explained


def weight_norms(params: Params, site: str, size: int) -> np.ndarray:
    """Norm of the incoming weights of every unit of a layer, shape (units,).

    Raises:
        InputError: the site is no layer with weights.
    """
    kernel = kernel_of(params, site)
    # an LSTM has the weights of four gates for each of its cells
    return np.linalg.norm(kernel.reshape(len(kernel), -1, size), axis=(0, 1))
