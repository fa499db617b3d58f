"""`rodent twin truth`: test a twin on simulated animals."""

import dataclasses
from pathlib import Path

from analysis.twin.config import TruthConfig


@dataclasses.dataclass(frozen=True)
class TwinTruth(TruthConfig):
    """Test a twin on simulated animals whose neurons are known.

    Policies move the rats, and a random network that is outside the family of the cores drives their neurons.
    The core, its controls and a lagged GLM are compared on new animals, with the score of the true rates.
    Cell types of further animals are predicted from readouts, a behavior is held out, and similarity of
    readouts is tested against planted wirings.

    Example: rodent twin truth --out truth.html
    """

    out: Path | None = None
    """HTML page to write."""
    json: bool = False
    """Print one JSON object instead of a table."""

    def run(self) -> None:
        """Simulate, fit, score and print."""
        from rodent.jax_setup import cache_compilations

        cache_compilations()
        from analysis.twin.map_results import maps_section
        from analysis.twin.results import claims_section, curves_section, print_curves, unseen_section
        from analysis.twin.truth_run import run_truth, simulated_behavior, truth_steps, truth_to_json
        from rodent.files import require_room_for_files
        from rodent.pages.output import print_json, say
        from rodent.pages.page import write_page
        from rodent.progress import progress

        require_room_for_files(self.out)
        behavior = simulated_behavior(self, self.twin.seed)
        with progress("fitting", truth_steps(self.twin), "steps") as advance:
            found = run_truth(self, behavior, self.twin.seed, advance)
        if self.out is not None:
            sections = [
                claims_section(found.claims),
                curves_section(found.points, found.true_bits),
                maps_section(found.maps),
                unseen_section(found.unseen),
            ]
            write_page(self.out, "A twin on simulated animals", sections)
            say(f"wrote {self.out}; open it in a browser")
        if self.json:
            print_json(truth_to_json(found, self))
        else:
            print_curves(found.points)
            for claim in found.claims:
                say(f"{claim['figure']}: {claim['value']:.3g} (at {claim['at']} {claim['bar']:g})")
