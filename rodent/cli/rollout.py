"""`rodent rollout`: run a policy, and record it."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tyro

from rodent.record_config import RecordConfig

if TYPE_CHECKING:
    from rodent.intervention import Intervention


@dataclasses.dataclass(frozen=True)
class Rollout:
    """Run a policy on clips, and record states, forces, rewards and every unit.

    Example: rodent rollout runs/walk --clips clips.h5 --out walk-recording.h5
    """

    policy: tyro.conf.Positional[Path]
    """A run folder or a policy folder."""
    out: Path
    """The recording file to write; with --checkpoints, a folder to create."""
    checkpoints: tuple[str, ...] = ()
    """Play the policies that a run has kept across learning (`rodent train --keep-every 100000`) instead of
    its selected one: `all`, or numbers of control steps. There is one recording for each, such as
    OUT/0000100000.h5."""
    clips: Path | None = None
    """Reference motion: a clip file, or anything that `rodent clips import` reads. Tasks without clips, such
    as those with random commands, do not need it."""
    clip: tuple[str, ...] = ()
    """Names of the clips to play; all if none is given."""
    resample: float | None = None
    """Frame rate to which clips are resampled, Hz; by default that of the file."""
    intervention: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """An intervention, such as `silence decoder/layer_0[0:32] to mean from 1 s`; repeat the option for
    several, which act in their order. Kinds: silence, clamp, stimulate, gain, threshold, noise, leak, delay,
    degrade, drug, cut, swap, weaken, mass."""
    interventions: Path | None = None
    """A TOML file of interventions, which act after those of --intervention."""
    statistics: Path | None = None
    """An intact recording of the policy, for interventions that refer to means, deviations or variances of
    units; by default the same clips are played without interventions first."""
    config: tyro.conf.OmitArgPrefixes[RecordConfig] = dataclasses.field(default_factory=RecordConfig)
    json: bool = False
    """Print a summary of the recording as one JSON object."""

    def run(self) -> None:
        """Record; see the class."""
        from rodent.jax_setup import cache_compilations
        from rodent.pages.output import print_json

        cache_compilations()
        from rodent.errors import InputError
        from rodent.intervention import parsed, read_interventions
        from training.runs import checkpoints_of

        given = [parsed(text) for text in self.intervention]
        if self.interventions is not None:
            given += read_interventions(self.interventions)
        if not self.checkpoints:
            summary = self._record(self.policy, self.out, given)
            if self.json:
                print_json(summary)
            return
        if self.statistics is not None:
            raise InputError("--statistics is of one policy; leave it out with --checkpoints")
        chosen = checkpoints_of(self.policy, self.checkpoints)
        if self.out.exists():
            raise InputError(f"{self.out} exists already; choose another --out")
        self.out.mkdir(parents=True)
        summaries = [
            {"steps": steps} | self._record(path, self.out / f"{path.name}.h5", given)
            for steps, path in chosen.items()
        ]
        if self.json:
            print_json({"checkpoints": summaries})

    def _record(self, folder: Path, out: Path, given: "list[Intervention]") -> dict[str, Any]:
        """Record one policy; returns the summary, which is also said."""
        from rodent.clips.reading import read_clips
        from rodent.errors import InputError
        from rodent.intervention import needs_statistics
        from rodent.pages.output import say
        from rodent.policy.policy import load_policy
        from rodent.rollouts import record
        from rodent.rollouts.episodes import require_clips
        from rodent.rollouts.interventions import recorded_statistics

        policy = load_policy(folder)
        require_clips(policy, given=self.clips is not None)
        clips = None if self.clips is None else read_clips(self.clips, resample=self.resample)
        if clips is not None and self.clip:
            clips = clips.subset(self.clip)
        origin = {"policy_folder": str(folder), "clips": None if clips is None else str(self.clips)}
        statistics = None
        if self.statistics is not None:
            if not any(map(needs_statistics, given)):
                raise InputError("--statistics is given, but no intervention refers to statistics of units")
            statistics = recorded_statistics(self.statistics, policy)
        summary = record(
            policy, clips, out, self.config, origin=origin, interventions=given, statistics=statistics
        )
        if self.json:
            return summary
        layers = f", {len(summary['layers'])} layers" if summary["layers"] else ""
        content = "" if self.config.content == "units" else f"{self.config.content} of "
        rollouts = f"{content}{summary['rollouts']} rollouts, {summary['frames']:,} frames{layers}"
        say(f"{out}: {rollouts}; {summary['failures']} failures")
        for one, changed in zip(given, summary.get("changed_values", ()), strict=True):
            say(f"  {one}: {changed:,} values changed")
        return summary
