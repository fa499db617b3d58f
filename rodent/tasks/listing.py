"""The tasks there are, as rows of a table."""

from typing import Any

from rodent.parts import TASKS


def listed_tasks() -> list[dict[str, Any]]:
    """Of every task its name, what it asks, whether it needs clips, and where it is from.

    Raises:
        InputError: the package of a task cannot be imported.
    """
    rows = []
    for name, origin in TASKS.origins().items():
        config: Any = TASKS.config(name)
        asks = (config.__doc__ or "").strip().split("\n\n")[0]
        row = {"name": name, "asks": " ".join(asks.split())}
        rows.append(row | {"needs_clips": config.needs_clips, "from": origin})
    return rows
