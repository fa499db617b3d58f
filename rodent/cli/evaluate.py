"""`rodent evaluate`: measure how well a policy tracks clips."""

import dataclasses
from pathlib import Path

import tyro


@dataclasses.dataclass(frozen=True)
class Evaluate:
    """Measure how well a policy tracks clips, played from their first frames.

    Example: rodent evaluate runs/walk --clips clips.h5 --json
    """

    policy: tyro.conf.Positional[Path]
    """A run folder or a policy folder."""
    clips: Path
    """Reference motion: a clip file, or anything that `rodent clips import` reads."""
    json: bool = False
    """Print the tracking metrics as one JSON object."""

    def run(self) -> None:
        """Evaluate; see the class."""
        from rodent.cli.output import print_json, print_table
        from rodent.jax_setup import cache_compilations

        cache_compilations()
        from rodent.motion.clip import read_clips
        from rodent.policy.policy import load_policy
        from rodent.progress import progress
        from training.evaluate import evaluate, n_steps

        policy, clips = load_policy(self.policy), read_clips(self.clips)
        with progress("evaluating", n_steps(clips), "steps") as advance:
            found = evaluate(policy, clips, advance=advance)
        if self.json:
            print_json(found)
            return
        columns = {
            "clip": "name",
            "behavior": "behavior",
            "frames": "frames",
            "lifespan": "lifespan_frames",
            "root mm": "root_position_error_mm",
            "root deg": "root_orientation_error_deg",
            "joints deg": "joint_angle_error_deg",
            "bodies mm": "body_position_error_mm",
        }
        rows = [[clip[key] for key in columns.values()] for clip in found["clips"]]
        mean = [found["mean"].get(key, "") for key in columns.values()]
        print_table(list(columns), [*rows, ["mean", *mean[1:]]])
        rates = ", ".join(f"{found[f'success_rate_{mm}mm']:.0%} within {mm} mm" for mm in (50, 30, 20))
        print(f"success: {found['success_rate']:.0%} of the clips tracked to the end; {rates}")
