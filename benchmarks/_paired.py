"""Run one benchmark in two checkouts, in turns, and print each figure of this one over that of the other.

    .venv/bin/python benchmarks/_paired.py ../before collect --rounds 5

Each checkout runs with its own interpreter, `.venv/bin/python`. In turns, because a machine that others use
is slower one minute than the next; the median of the ratios of neighbours says what changed.
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parents[1]


def figures(checkout: Path, script: str) -> dict[str, float]:
    """Every figure that the benchmark prints as a JSON line."""
    command = [str(checkout / ".venv/bin/python"), f"benchmarks/{script}.py"]
    done = subprocess.run(command, cwd=checkout, stdout=subprocess.PIPE, text=True)
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if not rows:
        raise SystemExit(f"{checkout}/benchmarks/{script}.py printed no figure (exit code {done.returncode})")
    return {row["figure"]: row["value"] for row in rows}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("other", type=Path, help="the other checkout")
    arguments.add_argument("script", help="name of a benchmark, such as collect")
    arguments.add_argument("--rounds", type=int, default=3, help="runs of each checkout")
    asked = arguments.parse_args()
    ratios: dict[str, list[float]] = {}
    for turn in range(asked.rounds):
        pair = [asked.other.resolve(), HERE]
        found = {checkout: figures(checkout, asked.script) for checkout in pair[:: 1 - 2 * (turn % 2)]}
        for figure, value in found[HERE].items():
            ratios.setdefault(figure, []).append(value / found[pair[0]][figure])
        print(f"round {turn + 1}: { ({k: round(v[-1], 3) for k, v in ratios.items()}) }", file=sys.stderr)
    for figure, values in ratios.items():
        row = {"figure": f"{figure}, this checkout / other", "value": round(statistics.median(values), 3)}
        print(json.dumps(row | {"unit": "1"}))


if __name__ == "__main__":
    main()
