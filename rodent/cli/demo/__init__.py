"""`rodent demo`: the whole way in minutes, on motion that is built in."""

import dataclasses
from pathlib import Path

from rodent.errors import InputError


@dataclasses.dataclass(frozen=True)
class Demo:
    """See the virtual rat move, watch one learn, find neurons that follow its units: all on built-in data.

    Takes less than five minutes on two cores. What comes of it is told in one page, report.html.

    Example: rodent demo --out demo
    """

    out: Path = Path("demo")
    """Folder for all that comes of it: a new one, or an empty one."""
    minutes: float = 2.0
    """How long to train a rat from scratch, compiling included. All else takes two minutes."""
    json: bool = False
    """Print the result as one JSON object."""

    def run(self) -> None:
        """Make everything, then say what came of it."""
        if not self.minutes > 0:
            raise InputError(f"--minutes is {self.minutes:g}; it must be more than nought")
        from rodent.cli.output import print_json, print_table, say
        from rodent.jax_setup import cache_compilations

        cache_compilations()
        from rodent.cli.demo.way import Plan, make_demo

        result = make_demo(self.out, Plan(minutes=self.minutes))
        if self.json:
            print_json(result)
            return
        frames, neurons = result["frames_tracked"], result["corrected_bits_per_spike"]
        print_table(
            ["result", "value"],
            [
                ["frames tracked, built-in policy", f"{frames['built-in']:.0f} of {frames['of']:.0f}"],
                ["… by a new rat at first, fewer clips", f"{frames['at first']:.0f}"],
                [f"… after {self.minutes:g} min", f"{frames['learnt']:.0f}"],
                ["neurons driven by units", _bits(neurons["driven"])],
                ["neurons that only drift", _bits(neurons["drifting"])],
            ],
        )
        say(
            f"Open {self.out / 'report.html'} in a browser; "
            f"{self.out / 'README.md'} tells what else there is."
        )


def _bits(scores: dict[str, float]) -> str:
    return f"{scores['mean']:+.3f} ± {scores['sem']:.3f} bits per spike ({scores['neurons']})"
