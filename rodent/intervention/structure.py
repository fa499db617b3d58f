"""Kinds of interventions on the structure of the network: its connections and its modules.

Cut("latent/sample -> decoder/layer_0", by="30%", seed=4)
"""

import dataclasses
from collections.abc import Mapping

from rodent.errors import InputError, unknown
from rodent.intervention.alignment import Align
from rodent.intervention.quantities import Fraction, fraction
from rodent.intervention.selection import Selection
from rodent.intervention.spec import Intervention, split_site

_ARROW = "->"


@dataclasses.dataclass(frozen=True)
class Cut(Intervention):
    """Cut connections from some units to a layer; the site may be written as SOURCE -> LAYER."""

    _: dataclasses.KW_ONLY
    source: str = ""
    """Address or pattern of a layer or part of the observation that the connections come from; units may
    follow in brackets."""
    by: Fraction = 1.0
    """Fraction of the connections that is cut, drawn with the seed."""

    def __post_init__(self) -> None:
        source, arrow, site = self.site.rpartition(_ARROW)
        if arrow:
            if self.source:
                raise InputError(f"the source of cut {self.site} is given twice: also as {self.source!r}")
            object.__setattr__(self, "source", source)
            object.__setattr__(self, "site", site)
        if not self.source.strip():
            raise InputError(
                f"cut {self.site} lacks the source of the connections; expected SOURCE {_ARROW} LAYER, such "
                f"as latent/sample {_ARROW} decoder/layer_0"
            )
        address, units = split_site(self.source)
        # written in one way, so that equal cuts are equal
        object.__setattr__(self, "source", address + ("" if units == "all" else f"[{units}]"))
        super().__post_init__()
        if fraction(self.by, "fraction of connections") == 0:
            raise InputError(f"cut by {self.by!r} cuts no connection; expected a fraction above 0")

    @property
    def source_site(self) -> str:
        """Address or pattern of the source."""
        return split_site(self.source)[0]

    @property
    def source_selection(self) -> Selection:
        """The rule that selects units of the source."""
        return Selection.of(split_site(self.source)[1])

    @property
    def selections(self) -> tuple[Selection, ...]:
        """See `Intervention.selections`; also that of the source."""
        return (*super().selections, self.source_selection)

    @property
    def on_weights(self) -> bool:
        """See `Intervention.on_weights`; always."""
        return True

    @property
    def place(self) -> str:
        """See `Intervention.place`."""
        return f"{self.source} {_ARROW} {super().place}"

    @classmethod
    def words(cls) -> Mapping[str, str]:
        """See `Intervention.words`; the source is before the arrow."""
        return {word: name for word, name in super().words().items() if name != "source"}


@dataclasses.dataclass(frozen=True)
class Swap(Intervention):
    """Replace a module by that of another policy of the same body and task."""

    _: dataclasses.KW_ONLY
    policy: str
    """The other policy: its folder, a run folder, or the name of a built-in policy."""
    align: Align = "none"
    """How activity is mapped between the policies where it enters and leaves the module; see
    `rodent.intervention.alignment`. It is fitted on the same clips, played by both policies without
    interventions. Senses are normalised as the other policy has learnt, and actions are not mapped."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.align not in ("none", "procrustes", "regression"):
            raise unknown("swap align", str(self.align), ("none", "procrustes", "regression"))

    @property
    def on_activity(self) -> bool:
        """See `Intervention.on_activity`; the site is a module."""
        return False

    @classmethod
    def words(cls) -> Mapping[str, str]:
        """See `Intervention.words`."""
        return {
            "with": "policy",
            **{word: name for word, name in super().words().items() if name != "policy"},
        }
