"""`rodent view`: show motion in the browser."""

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import tyro

from rodent.errors import InputError

if TYPE_CHECKING:
    from rodent.view import Source


@dataclasses.dataclass(frozen=True)
class View:
    """Show a recording, clips, or a live policy in the browser.

    Example: rodent view walk.h5

    The page is served on this machine only; Ctrl-C stops it. The units of the network are shown beside the
    rat. Several recordings of the same clips, such as intact and lesioned, stand side by side. The rat of a
    live policy can be dragged and pushed, given commands if its task has any, and changed by interventions.
    """

    source: tyro.conf.Positional[tuple[Path, ...]]
    """A recording, clips in any format that `rodent clips import` reads, a run folder or a policy folder; or
    several recordings or clips, to show those of the same names side by side."""
    clips: Path | None = None
    """Clips for a policy to imitate, in any of those formats; by default those of its run."""
    resample: float | None = None
    """Frame rate to which clips of a policy are resampled, Hz; by default that of the file."""
    clip: tuple[str, ...] = ()
    """Names of the rollouts or clips to choose from, in this order; by default all of them."""
    intervention: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """An intervention that is on when a policy begins, such as `silence decoder/layer_0[0:32] to mean`;
    repeat the option for several. Others can be put on in the page. See `rodent rollout`."""
    port: int = 0
    """Port of the server; 0 for any free port."""
    open: bool = False
    """Open the page in the browser."""

    def run(self) -> None:
        """Serve the page until Ctrl-C."""
        from rodent.pages.output import say
        from rodent.view.server import address, load_viser, open_server

        load_viser()  # before the policy is compiled, so that a missing package is reported first
        with self._open_sources() as sources, open_server(self.port) as server:
            from rodent.view import Session
            from rodent.view.page import watch

            session = Session(*(source.subset(self.clip) for source in sources))
            print(address(server), flush=True)
            say("press Ctrl-C to stop")
            if self.open:
                import webbrowser

                if not webbrowser.open(address(server)):
                    say("no browser could be opened; open the address above in a browser")
            watch(server, session)

    @contextlib.contextmanager
    def _open_sources(self) -> "Iterator[list[Source]]":
        from rodent.assets import require_known
        from rodent.policy.catalogue import names_policy
        from rodent.view import open_source

        if not self.source:
            raise InputError("nothing to show; name a recording, clips or a policy: rodent view walk.h5")
        policies = [path for path in self.source if names_policy(path)]
        for path in self.source:
            if path not in policies:
                require_known(path, {"policies": "", "motions": ".h5"})
        if policies and len(self.source) > 1:
            raise InputError(
                f"{policies[0]} is a policy, which is shown alone; record it first: "
                f"rodent rollout {policies[0]} --out recording.h5"
            )
        if policies:
            yield [self._live_source(policies[0])]
            return
        if self.clips is not None or self.resample is not None or self.intervention:
            raise InputError(
                f"{self.source[0]} is a file to look at by itself; --clips, --resample and --intervention go "
                "with a policy"
            )
        with contextlib.ExitStack() as files:
            yield [files.enter_context(open_source(path)) for path in self.source]

    def _live_source(self, folder: Path) -> "Source":
        from rodent.jax_setup import cache_compilations
        from rodent.pages.output import say

        cache_compilations()
        from rodent.clips import read_clips
        from rodent.policy.policy import load_policy
        from rodent.view.live import live_source

        policy, path, resample = load_policy(folder), self.clips, self.resample
        if path is None and policy.task.needs_clips:
            path, trained = _clips_of_run(folder)
            resample = trained if resample is None else resample
        clips = None if path is None else read_clips(path, resample=resample)
        if clips is not None and self.clip:
            clips = clips.subset(self.clip)  # those that means and deviations of interventions are of
        say("compiling the policy")
        return live_source(policy, clips, self.intervention, say)


def _clips_of_run(folder: Path) -> tuple[Path, float | None]:
    """The clips that a run was trained on, and the frame rate to which it resampled them."""
    from training.runs import open_run

    if not (folder / "config.json").exists():
        raise InputError(f"{folder} is not a run folder, so its clips are unknown; give them: --clips FILE")
    run = open_run(folder)
    clips = run.clips
    if clips is None:
        raise InputError(f"{folder} was trained without clips; give clips to imitate: --clips FILE")
    if not clips.exists():
        raise InputError(f"{folder} was trained on {clips}, which is missing; give the clips: --clips FILE")
    return clips, run.config.resample
