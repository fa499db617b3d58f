"""`rodent clips synth`."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rodent.clips.clip import ClipSet
    from rodent.scene import Scene


@dataclasses.dataclass(frozen=True)
class Synth:
    """Write clips of synthetic motion: built-in gaits, a recorded path, or random walks and rears.

    By default it writes the built-in set: walk, trot, curves, turns on the spot, starts and stops, rear,
    groom, stand. With --path the rat walks along a recorded path, at the speed of the animal. With --walks
    and --rears the motion is random: training on it improves generalisation to new motion.
    All clips have 50 frames per second.

    Example: rodent clips synth --walks 40 --rears 48 --out random.h5
    """

    out: Path
    """The clip file to write."""
    path: Path | None = None
    """A CSV file with the header time,x,y: seconds and metres. Rows with empty or nan x or y are
    interpolated. Time steps may be uneven."""
    smoothing: float | None = None
    """Standard deviation of the Gaussian window that smooths the path, seconds; 0.1 by default, 0 for none.
    It removes tracking jitter, and real motion on shorter time scales."""
    seconds_per_clip: float | None = None
    """Split the path into clips of this length; by default one clip."""
    walks: int = 0
    """Number of random walks of 4 seconds each, with turns, stops and short rises."""
    rears: int = 0
    """Number of random rears of 4 seconds each. Every fourth rises from all fours; the others stay up."""
    seed: int | None = None
    """Seed of the random walks and rears; 0 by default."""
    scale: float = 0.9
    """Size of the body relative to dm_control's rat."""
    json: bool = False
    """Print one JSON object on standard output."""

    def run(self) -> None:
        """Synthesise, measure and write."""
        from rodent.body_config import BodyConfig
        from rodent.clips.file import write_clips
        from rodent.pages.output import print_json, say
        from rodent.scene import make_scene
        from rodent.synthesis import flaws, require_quality, worst_quality

        self._check()
        scene = make_scene(BodyConfig(scale=self.scale))
        clips = self._clips(scene)
        if self.path is None:
            worst, messages = require_quality(clips, scene), []
        else:
            # these legs cannot follow some real paths exactly; report it, and let the user decide
            worst, messages = (
                worst_quality(clips, scene),
                [text for clip in clips for text in flaws(clip, scene)],
            )
        for text in messages:
            say(f"{text}: the path is too fast or too narrow for the rat's legs there; --smoothing helps")
        # velocities follow from the poses and are computed as the file is read
        bare = tuple(dataclasses.replace(clip, qvel=None) for clip in clips)
        write_clips(dataclasses.replace(clips, clips=bare), self.out)
        if self.json:
            total = {"clips": len(clips), "frames": clips.total_frames}
            mm = {"slide_mm": 1000 * worst.slide, "penetration_mm": 1000 * worst.penetration}
            print_json({"out": str(self.out), **total, **mm, "flaws": messages})
        else:
            say(
                f"wrote {self.out}: {len(clips)} clips, {clips.total_frames} frames; standing paws slide by "
                f"{1000 * worst.slide:.2f} mm and are {1000 * worst.penetration:.2f} mm in the floor at most"
            )

    def _clips(self, scene: "Scene") -> "ClipSet":
        from rodent import synthesis
        from rodent.clips.clip import joined
        from rodent.progress import progress

        if self.path is not None:
            time, points = synthesis.read_track(self.path)
            name = "".join(c if c.isalnum() or c in ".-_" else "_" for c in self.path.stem)
            frames = int((time[-1] - time[0]) * synthesis.FPS) + 1
            with progress("fitting the limbs", frames, "frames") as advance:
                cut = self._frames_per_clip()
                smoothing = synthesis.SMOOTHING if self.smoothing is None else self.smoothing
                return synthesis.path_clips(scene, time, points, name, smoothing, cut, advance)
        if self.walks or self.rears:
            kinds = (("walks", synthesis.walk_clips, self.walks), ("rears", synthesis.rear_clips, self.rears))
            total, seed = (self.walks + self.rears) * synthesis.FRAMES, self.seed or 0
            with progress("fitting the limbs", total, "frames") as advance:
                return joined([(name, make(scene, n, seed, advance)) for name, make, n in kinds if n])
        with progress("fitting the limbs", synthesis.GAIT_FRAMES, "frames") as advance:
            return synthesis.gait_clips(scene, advance)

    def _check(self) -> None:
        from rodent.errors import InputError

        if self.smoothing is not None and not 0 <= self.smoothing <= 5:
            raise InputError(f"--smoothing is {self.smoothing:g} s; it must be in [0, 5]")
        for name in ("walks", "rears"):
            count = getattr(self, name)
            if not 0 <= count <= 10_000:
                raise InputError(f"--{name} is {count}; it must be in [0, 10000]")
            if count and self.path is not None:
                raise InputError(f"--path and --{name} are both given; make one, then the other")
        if self.seed is not None and self.seed < 0:
            raise InputError(f"--seed is {self.seed}; it must not be negative")
        if self.seed is not None and not (self.walks or self.rears):
            raise InputError("--seed is for random walks and rears; give --walks or --rears, too")
        for name in ("smoothing", "seconds_per_clip"):
            if getattr(self, name) is not None and self.path is None:
                raise InputError(f"--{name.replace('_', '-')} is for a path; give --path, too")
        if self.seconds_per_clip is not None and not 0.1 <= self.seconds_per_clip <= 1e5:
            raise InputError(f"--seconds-per-clip is {self.seconds_per_clip:g}; it must be in [0.1, 100000]")

    def _frames_per_clip(self) -> int | None:
        from rodent.synthesis.path import FPS

        return None if self.seconds_per_clip is None else round(self.seconds_per_clip * FPS)
