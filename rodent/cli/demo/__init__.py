"""`rodent demo`: the full pipeline in minutes, on built-in motion."""

import dataclasses
from pathlib import Path

from rodent.errors import InputError


@dataclasses.dataclass(frozen=True)
class Demo:
    """Run the full pipeline on built-in data: track clips, train a policy, compare units with neurons.

    This takes less than five minutes on two cores. The results are on one page, report.html.

    Example: rodent demo --out demo
    """

    out: Path = Path("demo")
    """Folder for the results; it must be new or empty."""
    minutes: float = 2.0
    """Minutes to train a policy from scratch, including compilation. The rest takes two minutes."""
    json: bool = False
    """Print the result as one JSON object."""

    def run(self) -> None:
        """Run the pipeline, then print the results."""
        if not self.minutes > 0:
            raise InputError(f"--minutes is {self.minutes:g}; it must be positive")
        from rodent.jax_setup import cache_compilations
        from rodent.pages.output import print_json, print_table, say

        cache_compilations()
        from rodent.cli.demo.pipeline import Plan, make_demo

        result = make_demo(self.out, Plan(minutes=self.minutes))
        if self.json:
            print_json(result)
            return
        frames, neurons = result["frames_tracked"], result["corrected_bits_per_spike"]
        print_table(
            ["result", "value"],
            [
                ["frames tracked, built-in policy", f"{frames['built-in']:.0f} of {frames['of']:.0f}"],
                ["… by a new policy at first, three clips", f"{frames['at first']:.0f}"],
                [f"… after {self.minutes:g} min", f"{frames['learnt']:.0f}"],
                ["neurons driven by units", _bits(neurons["driven"])],
                ["neurons that only drift", _bits(neurons["drifting"])],
            ],
        )
        say(f"Open {self.out / 'report.html'} in a browser; {self.out / 'README.md'} lists the other files.")


def _bits(scores: dict[str, float]) -> str:
    return f"{scores['mean']:+.3f} ± {scores['sem']:.3f} bits per spike ({scores['neurons']})"
