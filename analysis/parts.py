"""What comparisons with neurons can be made of, by name; see `rodent.registry` for how to add to it.

Light to import: parts are named here, and imported when they are asked for.
"""

from rodent.registry import Registry

REGRESSIONS = Registry(
    "regression",
    "virtual_rodent.regressions",
    {
        "ridge": "analysis.encoding.penalised:PoissonRegression",
        "elastic-net": "analysis.encoding.penalised:PoissonRegression",
        "group-lasso": "analysis.encoding.penalised:PoissonRegression",
        "banded-ridge": "analysis.encoding.banded:BandedRegression",
    },
)
"""How neurons are regressed on features; see `analysis.encoding.encoder`."""
