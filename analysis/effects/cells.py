"""Numbers of effects as the text of cells of a table."""

import numpy as np

from analysis.effects.effect import Effect
from analysis.effects.outcomes import outcome_of
from analysis.effects.power import MOST_ANIMALS


def named(one: Effect) -> str:
    """Arm and dose; the dose 1 of arms without doses is left out."""
    return one.arm if one.dose == 1 else f"{one.arm}, {one.dose:g}"


def value_text(one: Effect) -> str:
    """The effect with its unit."""
    what = outcome_of(one.outcome)
    return f"{signed(one.value * what.factor)}{what.suffix}"


def number(value: float) -> str:
    """Three digits; `-` for NaN."""
    return "-" if np.isnan(value) else f"{value:.3g}"


def signed(value: float) -> str:
    """Three digits with the sign; `-` for NaN."""
    return "-" if np.isnan(value) else f"{value:+.3g}"


def p_text(value: float) -> str:
    """A p or q; `-` for NaN."""
    return "-" if np.isnan(value) else f"{value:.2g}"


def animals_text(animals: float) -> str:
    """A number of animals; `-` for NaN."""
    if np.isnan(animals):
        return "-"
    return f"over {MOST_ANIMALS}" if np.isinf(animals) else f"{animals:.0f}"
