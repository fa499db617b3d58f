"""The specification of a study: where its results are, as a TOML file in its folder."""

import dataclasses
from pathlib import Path

from rodent.configs import from_json
from rodent.files import read_toml

FILE = "study.toml"
"""Name of the specification in the folder of a study."""


@dataclasses.dataclass(frozen=True)
class StudyConfig:
    """What a study has; paths are relative to its folder."""

    title: str
    """Of the study."""
    question: str = ""
    """What it asks, for the head of its page."""
    clips: str | None = None
    """Clips that all policies play on the page; by default those of each run."""
    policies: tuple[str, ...] = ()
    """Run folders, policy folders, or names of built-in policies."""
    encoding: str | None = None
    """Output of `rodent encode --out`: the folder, or encoding.json."""
    rsa: str | None = None
    """Output of `rodent rsa --out`: the folder, or rsa.json."""
    experiments: tuple[str, ...] = ()
    """Folders of experiments."""
    populations: tuple[str, ...] = ()
    """Folders of populations."""


@dataclasses.dataclass(frozen=True)
class Study:
    """A study in its folder.

    Attributes:
        folder: its folder.
        config: the specification.
    """

    folder: Path
    config: StudyConfig

    def present(self, field: str) -> tuple[Path, ...]:
        """The results of one field of the specification that are there."""
        paths = (self.folder / name for name in self._names(field))
        return tuple(path for path in paths if path.exists())

    @property
    def policies(self) -> tuple[Path, ...]:
        """Policies that are there; names of built-in policies are kept as they are."""
        beside = ((self.folder / name, Path(name)) for name in self.config.policies)
        return tuple(
            path if path.exists() else name for path, name in beside if path.exists() or _plain(name)
        )

    @property
    def clips(self) -> Path | None:
        """The clips that all policies play."""
        given = self.config.clips
        if given is None:
            return None
        return self.folder / given if (self.folder / given).exists() else Path(given)

    @property
    def results(self) -> tuple[str, ...]:
        """What the specification lists and is there."""
        return tuple(name for name, there in self._all() if there)

    @property
    def missing(self) -> tuple[str, ...]:
        """What the specification lists and is not there yet."""
        return tuple(name for name, there in self._all() if not there)

    def _all(self) -> list[tuple[str, bool]]:
        """Everything that the specification lists, and whether it is there."""
        names = [
            name for field in ("encoding", "rsa", "experiments", "populations") for name in self._names(field)
        ]
        found = [(name, (self.folder / name).exists()) for name in names]
        policies = [(name, (self.folder / name).exists() or _plain(name)) for name in self.config.policies]
        return policies + found

    def _names(self, field: str) -> tuple[str, ...]:
        given = getattr(self.config, field)
        return () if given is None else (given,) if isinstance(given, str) else given


def _plain(name: str | Path) -> bool:
    """Whether a name has no folder, as that of a built-in policy."""
    return len(Path(name).parts) == 1


def is_study(path: Path) -> bool:
    """Whether a path is the folder of a study."""
    return (path / FILE).is_file()


def read_study(folder: Path) -> Study:
    """The study of a folder.

    Raises:
        InputError: it has no specification, or that is damaged or has unknown settings.
    """
    path = folder / FILE
    content = read_toml(path)
    return Study(folder, from_json(StudyConfig, content, path, "study"))
