"""Figures of benchmarks: a line of JSON for each, and whether its bar is met."""

import json


def report(figure: str, value: float, unit: str, bar: float, at: str) -> bool:
    """Print a figure; whether its bar is met.

    Args:
        figure: what it is.
        value, unit: of it.
        bar: to reach.
        at: `least` or `most`: whether the bar is the smallest or the largest value that will do.
    """
    line = {"figure": figure, "value": round(float(value), 4), "unit": unit, "bar": bar, "at": at}
    print(json.dumps(line), flush=True)
    return value >= bar if at == "least" else value <= bar
