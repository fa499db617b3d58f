"""`rodent rollout`: let a policy act, and record it."""

import dataclasses
from pathlib import Path
from typing import Literal

import tyro


@dataclasses.dataclass(frozen=True)
class Rollout:
    """Run a policy on clips, and record states, forces, rewards and every unit.

    Example: rodent rollout runs/walk --clips clips.h5 --out walk-recording.h5
    """

    policy: tyro.conf.Positional[Path]
    """A run folder or a policy folder."""
    clips: Path
    """Reference motion: a clip file, or anything that `rodent clips import` reads."""
    out: Path
    """The recording file to write."""
    clip: tuple[str, ...] = ()
    """Names of the clips to play; all if none is given."""
    resample: float | None = None
    """Frame rate to which clips are resampled, Hz; by default that of the file."""
    record: Literal["outcomes", "states", "units"] = "units"
    """How much to write. `outcomes`: only how each rollout went: how long it tracked, errors, rewards.
    `states`: also poses, controls, forces, contacts and rewards of every frame. `units`: also the activation
    of every unit, which makes up most of the file."""
    repeats: int = 1
    """How often each clip is played. The rollouts are named walk, walk.2, walk.3 …; with --sample no two of
    them are the same."""
    sample: bool = False
    """Sample the latent and the action from their distributions, instead of taking the means."""
    seed: int = 0
    """Seed of the samples, and of the random weights of --controls."""
    on_failure: Literal["continue", "restart"] = "continue"
    """After a failure: continue as it is, or restart on the reference."""
    controls: bool = False
    """Also record control layers for `rodent encode --controls`: the same network with random weights on the
    same observations (`control/random/LAYER`), the encoder's input (`control/encoder_input`) and the coming
    poses of the reference (`control/reference`). The file becomes about twice as large."""
    gates: bool = False
    """Record the gates of an LSTM decoder, too, as layers `decoder/lstm.input_gate`, `.forget_gate`,
    `.output_gate` and `.candidate`."""
    json: bool = False
    """Print what was recorded as one JSON object."""

    def run(self) -> None:
        """Record; see the class."""
        from rodent.cli.output import print_json, say
        from rodent.jax_setup import cache_compilations

        cache_compilations()
        from rodent.clips.reading import read_clips
        from rodent.policy.policy import load_policy
        from rodent.rollout import record

        policy, clips = load_policy(self.policy), read_clips(self.clips, resample=self.resample)
        if self.clip:
            clips = clips.subset(self.clip)
        found = record(
            policy,
            clips,
            self.out,
            content=self.record,
            repeats=self.repeats,
            origin={"policy_folder": str(self.policy), "clips": str(self.clips)},
            seed=self.seed,
            sample=self.sample,
            on_failure=self.on_failure,
            controls=self.controls,
            gates=self.gates,
        )
        if self.json:
            print_json(found)
        else:
            layers = f", {len(found['layers'])} layers" if found["layers"] else ""
            what = "" if self.record == "units" else f"{self.record} of "
            rollouts = f"{what}{found['rollouts']} rollouts, {found['frames']:,} frames{layers}"
            say(f"{self.out}: {rollouts}; {found['failures']} times a rat lost its reference")
