"""How well a policy follows motion that it was not trained on.

    RODENT_DATA=FOLDER python benchmarks/generalise.py rat-position --figure generalise.png

Every set is played from the first frames: real clips, told apart by the split if a run folder is
given; their mirror images; the walking rat of Rat7M, whose markers are registered here; straight
synthetic walks at speeds that the built-in clips do not have; and walks and rears drawn at random
from a seed of their own. Sets without motion are left out: without RODENT_DATA the synthetic remain.
"""

import argparse
import csv
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rodent.cli import main as rodent
from rodent.clips.clip import ClipSet
from rodent.clips.mirror import mirrored_clips
from rodent.clips.reading import read_clips
from rodent.jax_setup import cache_compilations
from rodent.pages.output import print_table
from rodent.policy.policy import load_policy
from rodent.scene import Scene, make_scene
from rodent.synthesis import rear_clips, walk_clips
from training.evaluate import Trace, scores, trace_policy
from training.survival import THRESHOLDS_MM, success_within

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SPEEDS = (0.15, 0.35, 0.55, 0.8)  # m/s
SECONDS = 5.0  # of each clip
DRAWN, DRAWN_SEED = 12, 1000  # of each kind; a seed that no policy is trained on
FIGURES = {
    "frames": "frames",
    "lifespan": "lifespan_frames",
    "root mm": "root_position_error_mm",
    "joints deg": "joint_angle_error_deg",
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("policy", nargs="?", type=Path, default=Path("rat-position"))
    parser.add_argument("--figure", type=Path, help="picture of survival against threshold, to write")
    arguments = parser.parse_args()
    cache_compilations()
    policy = load_policy(arguments.policy)
    with tempfile.TemporaryDirectory() as folder:
        sets = dict(test_sets(arguments.policy, make_scene(policy.body), Path(folder)))
    traces = {name: trace_policy(policy, clips) for name, clips in sets.items()}
    print_table(
        ["set", "clips", "to the end", "within 20 mm", *FIGURES],
        [_row(name, group) for name, group in traces.items()],
    )
    if arguments.figure is not None:
        survival(traces).savefig(arguments.figure, dpi=130)


def test_sets(policy: Path, scene: Scene, folder: Path) -> Iterator[tuple[str, ClipSet]]:
    """The sets by name; what must be made for them is put into the folder."""
    data = os.environ.get("RODENT_DATA")
    if data:
        mocap = Path(data, "mocap")
        real = read_clips(mocap / "rat_clips_9.npz")
        yield from _by_split(policy, real)
        yield "real, mirrored", mirrored_clips(real, scene)
        yield "Rat7M, registered", _rat7m(mocap, scene, folder)
    yield "synthetic walks, other speeds", _walks(scene, folder)
    yield "walks, drawn anew", walk_clips(scene, DRAWN, DRAWN_SEED)
    yield "rears, drawn anew", rear_clips(scene, DRAWN, DRAWN_SEED)


def survival(traces: dict[str, list[Trace]]) -> "Figure":
    """Share of clips tracked to the end, against the distance that neither root nor bodies exceed."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    for name, group in traces.items():
        axes.step(THRESHOLDS_MM, 100 * success_within(group, THRESHOLDS_MM), where="post", label=name)
    axes.set(xlabel="never further off than, mm", ylabel="clips tracked to the end, %")
    axes.set(xlim=(0, THRESHOLDS_MM[-1]), ylim=(-2, 103))
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper center", ncols=3, frameon=False)
    return figure


def _by_split(policy: Path, real: ClipSet) -> Iterator[tuple[str, ClipSet]]:
    """The real clips, those that the run kept out apart from the others."""
    out: set[str] = set()
    if (policy / "config.json").is_file():
        from training.runs import open_run

        out = set(open_run(policy).split["test"])
    known = [clip.name for clip in real if clip.name not in out]
    kept_out = [clip.name for clip in real if clip.name in out]
    yield ("real, trained on" if kept_out else "real"), real.subset(known)
    if kept_out:
        yield "real, kept out", real.subset(kept_out)


def _rat7m(mocap: Path, scene: Scene, folder: Path) -> ClipSet:
    """Clips from 100 s of markers, at the clips' rate."""
    path = folder / "rat7m.h5"
    _run(
        *("register", str(mocap / "dannce_rat7m_markers_30hz_mm.npz"), "--out", str(path)),
        *("--markers", "rat20", "--units", "mm", "--fps", "30", "--resample", "50"),
        *("--scale", str(scene.scale), "--seconds", str(SECONDS)),
    )
    return read_clips(path)


def _walks(scene: Scene, folder: Path) -> ClipSet:
    """A straight walk at each of SPEEDS."""
    paths = []
    for speed in SPEEDS:
        track, path = folder / f"{speed:g}.csv", folder / f"walk_{1e3 * speed:.0f}.h5"
        with track.open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["time", "x", "y"])
            rows.writerows([t, speed * t, 0.0] for t in (0.0, SECONDS))
        _run("clips", "synth", "--path", str(track), "--out", str(path), "--scale", str(scene.scale))
        paths.append(str(path))
    joined = folder / "walks.h5"
    _run("clips", "join", *paths, "--out", str(joined))
    return read_clips(joined)


def _run(*arguments: str) -> None:
    if rodent([*arguments]):
        raise SystemExit(f"failed: rodent {' '.join(arguments)}")


def _row(name: str, traces: list[Trace]) -> list[object]:
    found = scores(traces)
    shares = [f"{found[key]:.0%}" for key in ("success_rate", "success_rate_20mm")]
    return [name, len(traces), *shares, *(found["mean"][key] for key in FIGURES.values())]


if __name__ == "__main__":
    main()
