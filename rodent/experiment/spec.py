"""The specification of an experiment: policies, clips, starts, arms and seeds, as a TOML file.

    policies = ["rat-neutral"]
    clips = "gaits"
    seeds = 4
    jitter = 0.06

    [[arm]]
    name = "decoder"
    acts = ["silence decoder/layer_0[{dose}%] to mean"]
    doses = [5, 10, 20]
    draws = 8
    control = "matched"

An arm is an intervention with a dose. `{dose}` in its acts is the dose, `{draw}` the number of the draw, and
`{site}` one of its sites. Every draw also has a seed of its own, so that random fractions of units differ.
Dose 0, the intact rat, is always part of an experiment.
"""

import dataclasses
import glob
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from rodent.configs import from_json
from rodent.errors import InputError, check_setting, naming, unknown
from rodent.files import read_toml
from rodent.intervention import KINDS, Drug

INTACT = "intact"
"""Name of the arm without interventions."""


@dataclasses.dataclass(frozen=True)
class ArmConfig:
    """One arm of an experiment."""

    name: str
    """Name in the table of outcomes. With several sites it contains `{site}`."""
    acts: tuple[str, ...]
    """Interventions, in the order in which they act. They are texts as of `rodent rollout --intervention`, or
    tables as in files of interventions."""
    sites: tuple[str, ...] = ()
    """Sites or patterns of sites; the arm is repeated for each, as `{site}`. Empty for none."""
    doses: tuple[float, ...] = (1.0,)
    """Doses, other than 0. `{dose}` is replaced by each."""
    draws: int = 1
    """Number of random draws per dose. Draw d adds d to the seed of each act, and replaces `{draw}`."""
    each_unit: bool = False
    """One draw for each unit of the site, whose index is `{draw}`; instead of `draws`."""
    when: str = ""
    """When all acts of the arm act, such as `from 1 s until 2 s`; appended to each."""
    control: Literal["none", "matched"] = "none"
    """Control of the arm. `matched`: the same acts on as many other units of the same layer, which are
    similar to those of the arm."""
    match: Literal["activity", "weight"] = "activity"
    """Similarity of matched units: mean and standard deviation of activity in intact rollouts, or the norm of
    incoming weights."""
    control_draws: int | None = None
    """Number of draws of the control per dose; None for as many as the arm has."""

    def __post_init__(self) -> None:
        what = f"arm {self.name!r}"
        check_setting(what, "name", bool(self.name.strip()), repr(self.name), "a text")
        check_setting(what, "name", self.name != INTACT, repr(self.name), "another one: it is that of dose 0")
        check_setting(what, "acts", bool(self.acts), "empty", "one or more interventions")
        check_setting(what, "doses", bool(self.doses), "empty", "one or more numbers")
        if 0 in self.doses:
            raise InputError(f"{what} has the dose 0; leave it out, the intact rat is always included")
        check_setting(what, "doses", len({*self.doses}) == len(self.doses), self.doses, "different numbers")
        check_setting(what, "draws", self.draws >= 1, self.draws, "at least 1")
        check_setting(what, "draws", not self.each_unit or self.draws == 1, self.draws, "1 with each_unit")
        if len(self.doses) > 1 and not self._uses("dose"):
            raise InputError(f"{what} has {len(self.doses)} doses, but none of its acts has {{dose}}")
        if self.each_unit and not self._uses("draw"):
            raise InputError(f"{what} has each_unit, but none of its acts has {{draw}}, the index of a unit")
        if bool(self.sites) != self._uses("site"):
            raise InputError(
                f"{what}: {{site}} in acts and the setting sites belong together; one is missing"
            )
        if self.control_draws is not None:
            check_setting(what, "control_draws", self.control_draws >= 1, self.control_draws, "at least 1")
            if self.control == "none":
                raise InputError(f'{what} has control_draws, but no control; set control = "matched"')

    def _uses(self, name: str) -> bool:
        return any(f"{{{name}}}" in act for act in self.acts)


@dataclasses.dataclass(frozen=True)
class ExperimentConfig:
    """An experiment: arms x doses x draws, for every policy, clip, start and seed."""

    policies: tuple[str, ...]
    """Policy folders, run folders, or names of built-in policies."""
    clips: str
    """Reference motion: a file, or the name of built-in clips."""
    arm: tuple[ArmConfig, ...]
    """The arms."""
    clip: tuple[str, ...] = ()
    """Names of the clips to play; all if none is given."""
    resample: float | None = None
    """Frame rate to which clips are resampled, Hz; None for that of the file."""
    starts: tuple[int, ...] = (0,)
    """Frames of each clip at which rollouts start."""
    frames: int | None = None
    """Longest rollout in control steps; None for to the end of the clip."""
    seeds: int = 1
    """Number of repeats. Each has a noise and a start of its own, the same in all arms."""
    jitter: float = 0.0
    """Standard deviation of each joint's angle at the start, degrees."""
    sample: bool = False
    """Draw latents and actions with their noise, instead of taking their means."""
    activity: tuple[str, ...] = ()
    """Layers whose mean absolute activity is recorded."""
    series: tuple[str, ...] = ()
    """Variables of behavior that are recorded in every frame: `speed`, `yaw-speed`, `height`, `height/BODY`,
    or `phase/FOOT`, the phase of the gait."""
    align_clips: str | None = None
    """Clips on which maps of swaps (`align`) are fitted: a file, or the name of built-in clips. None for
    those of `clips`."""
    align_clip: tuple[str, ...] = ()
    """Names of the clips on which maps are fitted; all of `align_clips` if none is given. Without both
    settings, maps are fitted on the clips that are played."""
    batch: int = 512
    """Most rats in a shard, at least 64. It is lowered for long clips, so that a shard takes up to about a
    minute on two cores."""

    def __post_init__(self) -> None:
        what = "experiment"
        for name, given in (("policies", self.policies), ("arm", self.arm), ("starts", self.starts)):
            check_setting(what, name, bool(given), "empty", "a list of one or more")
            check_setting(what, name, len({*given}) == len(given), given, "without repeats")
        names = [arm.name for arm in self.arm]
        check_setting(what, "names of arms", len({*names}) == len(names), names, "different")
        check_setting(what, "seeds", self.seeds >= 1, self.seeds, "at least 1")
        check_setting(what, "jitter", 0 <= self.jitter <= 45, self.jitter, "0 to 45 degrees")
        check_setting(what, "starts", min(self.starts) >= 0, min(self.starts), "at least 0")
        check_setting(what, "frames", self.frames is None or self.frames >= 2, self.frames, "at least 2")
        check_setting(what, "batch", self.batch >= 64, self.batch, "at least 64")
        if self.seeds > 1 and not self.jitter and not self.sample:
            raise InputError(
                f"experiment seeds is {self.seeds}, but all seeds would be the same; set jitter = 0.06, or "
                "sample = true"
            )


_TABLES = (
    r"(\[\s*(?:(?:top|bottom)\s+\S+\s+)?in\s+)([^\[\]]*[^\[\]\s])",
    rf"(^drug\s.*\stable\s+)(.*?\S)(?=\s+(?:{'|'.join(Drug.words())})\s|\s*$)",
)
"""The names of tables in texts of acts: units in brackets, and receptors of drugs."""


def read_experiment(path: Path | str) -> ExperimentConfig:
    """The specification in a TOML file. Relative paths in it are relative to the file.

    Raises:
        InputError: it is damaged, has unknown or missing settings, or a setting that makes no sense.
    """
    path = Path(path)
    content = read_toml(path)
    arms = content.get("arm", [])
    if not isinstance(arms, list) or not arms or not all(isinstance(arm, Mapping) for arm in arms):
        raise InputError(f"{path} has no arms; expected tables [[arm]] with name and acts")
    for number, arm in enumerate(arms, 1):
        with naming(f"{path}, arm {number}"):
            if isinstance(arm.get("acts"), list):
                arm["acts"] = [_beside_spec(path, _as_text(act)) for act in arm["acts"]]
    config = from_json(ExperimentConfig, content, path, "experiment")
    return dataclasses.replace(
        config,
        policies=tuple(_beside(path, name) for name in config.policies),
        clips=_beside(path, config.clips),
        align_clips=None if config.align_clips is None else _beside(path, config.align_clips),
    )


def is_swap(act: str) -> bool:
    """Whether the text of an act is a swap."""
    return act.split(maxsplit=1)[:1] == ["swap"]


def renamed_donor(act: str, rename: Callable[[str], str]) -> str:
    """A swap with another name of its policy; other acts as they are."""
    if not is_swap(act):
        return act
    return re.sub(r"(\swith\s+)(\S+)", lambda found: found[1] + rename(found[2]), act)


def names_tables(act: str) -> bool:
    """Whether the text of an act names a table of units."""
    return any(re.search(pattern, act) for pattern in _TABLES)


def renamed_tables(act: str, rename: Callable[[str], str]) -> str:
    """An act with other names of its tables of units."""
    for pattern in _TABLES:
        act = re.sub(pattern, lambda found: found[1] + rename(found[2]), act)
    return act


def _beside_spec(path: Path, act: Any) -> Any:
    """An act with the paths in it relative to the folder of the specification, where they exist there."""
    if not isinstance(act, str):
        return act
    donors = renamed_donor(act, lambda name: _beside(path, name))
    return renamed_tables(donors, lambda name: _beside(path, name))


def _beside(path: Path, name: str) -> str:
    """A path relative to the folder of the specification, where it exists there for any dose and draw."""
    pattern = re.sub(r"\{(dose|draw|site)\}", "*", glob.escape(name))
    return str(path.parent / name) if glob.glob(str(Path(glob.escape(str(path.parent))) / pattern)) else name


def _as_text(act: Any) -> Any:
    """The text of an intervention that is given as a table; its values may have placeholders."""
    if not isinstance(act, Mapping):
        return act
    if (name := str(act.get("kind"))) not in KINDS:
        raise unknown("kind of intervention", name, KINDS)
    if "site" not in act:
        raise InputError(f"act {dict(act)} lacks its site")
    words = {field: word for word, field in KINDS[name].words().items()}
    units = f"[{act['units']}]" if "units" in act else ""
    rest = [(key, value) for key, value in act.items() if key not in ("kind", "site", "units")]
    return " ".join(
        [name, f"{act['site']}{units}", *(f"{words.get(key, key)} {value}" for key, value in rest)]
    )
