"""The page of gaits.

write_page(out, "Gait", gait_sections(gaits, rows))
"""

from collections.abc import Sequence

from analysis.gait.compare import RANGE, Gait, Row
from analysis.gait.figures import against_speed, footfalls, phases
from analysis.gait.results import cells_of, columns_of
from rodent.pages.page import Drawing, Section, Table


def gait_sections(gaits: Sequence[Gait], rows: Sequence[Row]) -> list[Section]:
    """The strides of each file, side by side."""
    counts = ", ".join(f"{one.name} {len(one.strides['paw'])}" for one in gaits)
    table = Table(
        columns_of(gaits),
        [cells_of(row) for row in rows],
        f"Median and range ({RANGE[0]:g} to {RANGE[1]:g} % of strides). Strides: {counts}.",
    )
    return [
        Section(
            "Strides",
            "A stride is from one touchdown of a paw to its next. A paw stands while its pad is low and "
            "slow, by the same rule for animals and models. Phases are those of touchdowns in the stride of "
            "the left hind paw: in a trot the diagonal paws, hind_L and fore_R, touch down together, at 0.",
            (table,),
        ),
        Section(
            "Footfalls",
            "Bars: the paw stands. The two seconds of each file with the most strides.",
            (Drawing(footfalls(gaits)),),
        ),
        Section(
            "Strides against speed",
            "Each dot is a stride of a hind paw. Dashed: walking rats, from a fit to published step cycles "
            "of 685 ms at 0.10 m/s and 215 ms at 0.78 m/s (Górska et al., Acta Neurobiol. Exp. 59, 131, "
            "1999).",
            (Drawing(against_speed(gaits)),),
        ),
        Section("Phases", "", (Drawing(phases(gaits)),)),
    ]
