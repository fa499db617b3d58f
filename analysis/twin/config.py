"""Options of the commands of twins. Light to import: the command line is derived from them."""

import dataclasses

import tyro

from analysis.session import SessionArguments
from analysis.twin.settings import AdaptSettings, TwinSettings
from rodent.errors import check_setting


@dataclasses.dataclass(frozen=True)
class TwinSessions(SessionArguments):
    """Recordings and spikes of animals, and the streams of behavior that a twin sees."""

    _: dataclasses.KW_ONLY
    animal: tuple[str, ...] = ()
    """Animal of each session, in order. By default each session is of a different animal."""
    stream: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """Stream of behavior: joints, velocities, keypoints, forces, contacts, heading, speed, or a layer of the
    recording; may be given several times. By default joints and velocities."""


@dataclasses.dataclass(frozen=True)
class FitConfig(TwinSessions):
    """Sessions, and how a core is fitted to them."""

    settings: tyro.conf.OmitArgPrefixes[TwinSettings] = dataclasses.field(default_factory=TwinSettings)


@dataclasses.dataclass(frozen=True)
class AdaptConfig(SessionArguments):
    """A session of a new animal, and how its readouts are fitted."""

    _: dataclasses.KW_ONLY
    animal: str = "new animal"
    """Name of the animal."""
    settings: tyro.conf.OmitArgPrefixes[AdaptSettings] = dataclasses.field(default_factory=AdaptSettings)


@dataclasses.dataclass(frozen=True)
class ScoreConfig(TwinSessions):
    """Sessions of new animals, and how many minutes readouts are fitted to and scored on."""

    minutes: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0)
    """Minutes at the beginning of each session that readouts are fitted to; each gives a row per model."""
    test_minutes: float = 5.0
    """Minutes at the end of each session that are scored."""
    hold_out: str | None = None
    """Behavior that the core was fitted without (`rodent twin fit --hold-out`): readouts are fitted to the
    largest of `--minutes` of all others, and scored on it, too."""
    settings: tyro.conf.OmitArgPrefixes[AdaptSettings] = dataclasses.field(default_factory=AdaptSettings)
    seed: int = 0
    """Of the time shifts and bootstraps."""


@dataclasses.dataclass(frozen=True)
class MapConfig(TwinSessions):
    """Sessions of labelled animals, and how their neurons are classified."""

    label: tuple[str, ...] = ()
    """Columns of the units table whose entries are classes, such as cell type or region."""
    thirds: tuple[str, ...] = ()
    """Columns of numbers, such as depth: over all sessions each is cut into thirds, which are classes."""
    minutes: float | None = None
    """Minutes at the beginning of each session that readouts are fitted to; by default all of it."""
    permutations: int = 199
    """Permutations of the labels within animals, for the null."""
    settings: tyro.conf.OmitArgPrefixes[AdaptSettings] = dataclasses.field(default_factory=AdaptSettings)
    seed: int = 0
    """Of the permutations."""

    def __post_init__(self) -> None:
        check_setting("setting", "permutations", self.permutations >= 1, self.permutations, "at least 1")
        named = self.label + self.thirds
        good = bool(named) and len(set(named)) == len(named)
        check_setting(
            "setting", "label", good, named, "one column at least, by --label or --thirds, once each"
        )


@dataclasses.dataclass(frozen=True)
class TruthConfig:
    """Simulated animals, the neurons planted in them, and the twin that is tested."""

    rats: int = 8
    """Animals that the core is fitted to."""
    new_rats: int = 2
    """Animals that readouts are fitted to afterwards."""
    labelled_rats: int = 4
    """Further animals, whose types, regions and depths are predicted from readouts; three at least."""
    length: float = 20.0
    """Minutes of behavior of each animal."""
    neurons: int = 60
    """Neurons of each animal."""
    policy: str = "rat-position"
    """Policy that moves the rats: a folder, or a built-in one."""
    clips: str = "gaits"
    """Clips that their motion is made from: a file, or built-in ones."""
    core_minutes: float = 1.0
    """Minutes that readouts of the core are fitted to, for the comparison with the GLM."""
    glm_minutes: float = 3.5
    """Minutes that the GLM is fitted to in that comparison."""
    share_minutes: float = 4.0
    """Minutes after which the fraction of the true score is read."""
    test_minutes: float = 10.0
    """Minutes at the end of each new animal that are scored."""
    permutations: int = 199
    """Permutations of labels within animals, for the null of classifiers."""
    wired_neurons: int = 150
    """Neurons of the animal whose wirings are drawn."""
    wirings: int = 300
    """Number of wirings of each kind."""
    unseen: str = "Rear"
    """Behavior that a further core and its readouts are not fitted to, and are scored on."""
    unseen_minutes: float = 5.0
    """Minutes of all other behaviors that are scored beside it."""
    twin: tyro.conf.OmitArgPrefixes[TwinSettings] = dataclasses.field(default_factory=TwinSettings)
    """Core and training; its seed is also that of behavior and neurons."""
    adapt: tyro.conf.OmitArgPrefixes[AdaptSettings] = dataclasses.field(default_factory=AdaptSettings)
    """How readouts are fitted."""

    def __post_init__(self) -> None:
        good, found = self.twin.likelihood == "poisson", self.twin.likelihood
        check_setting("setting", "likelihood", good, found, "poisson: simulated neurons have spikes")

    @property
    def minutes(self) -> tuple[float, ...]:
        """All minutes that models are fitted to."""
        return tuple(sorted({self.core_minutes, self.glm_minutes, self.share_minutes}))
