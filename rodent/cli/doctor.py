"""`rodent doctor`: check the installation, and show how to fix problems."""

import contextlib
import dataclasses
import sys
from collections.abc import Iterator


@dataclasses.dataclass(frozen=True)
class Doctor:
    """Check this machine: Python, packages, physics, GPU driver, JAX, OpenGL, folders, disk.

    Each problem is printed with a command that fixes it. The exit code is 1 if something required does not
    work; notes do not count.

    Example: rodent doctor
    """

    licences: bool = False
    """Instead list the licences of all packages that are installed for this project."""
    json: bool = False
    """Print one JSON object instead of lines."""

    def run(self) -> None:
        """Run all checks, then print."""
        if self.licences:
            self._list_licences()
        else:
            self._check()

    def _list_licences(self) -> None:
        """Print every package with its licence."""
        from rodent.doctor.licences import licences
        from rodent.pages.output import print_json, print_table

        found = [dataclasses.asdict(one) for one in licences()]
        if self.json:
            print_json({"licences": found})
        else:
            print_table(list(found[0]), [list(one.values()) for one in found])

    def _check(self) -> None:
        """Print every finding."""
        from rodent.errors import WorkError
        from rodent.pages.output import print_json
        from rodent.progress import progress
        from rodent.versions import versions

        with progress("checking", total=None, unit=""), _own_packages():
            from rodent.doctor import examine

            findings = examine()
        faults = [finding.subject for finding in findings if finding.state == "fault"]
        if self.json:
            rows = [dataclasses.asdict(finding) for finding in findings]
            print_json({"ok": not faults, "findings": rows, "versions": versions()})
        else:
            width = max(len(finding.subject) for finding in findings)
            for finding in findings:
                print(f"{finding.state:5}  {finding.subject:{width}}  {finding.found}")
                if finding.mend is not None:
                    print(f"{'':5}  {'':{width}}  run: {finding.mend}")
        if faults:
            raise WorkError(f"required, but does not work: {', '.join(faults)}")


@contextlib.contextmanager
def _own_packages() -> Iterator[None]:
    """Raise a one-line error if a package that the checks themselves need is missing."""
    from rodent.errors import WorkError

    try:
        yield
    except ModuleNotFoundError as error:
        raise WorkError(
            f"the checks cannot run because {error.name} is not installed; "
            f"run: {sys.executable} -m pip install {error.name}"
        ) from error
