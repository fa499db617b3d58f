"""`rodent doctor`: what works here, and how to fix what does not."""

import contextlib
import dataclasses
import sys
from collections.abc import Iterator


@dataclasses.dataclass(frozen=True)
class Doctor:
    """Check this machine: Python, packages, physics, JAX, OpenGL, folders, disk.

    Each problem comes with a command that fixes it. The exit code is 1 if something required does not work;
    notes do not count.

    Example: rodent doctor
    """

    json: bool = False
    """Print one JSON object instead of lines."""

    def run(self) -> None:
        """Look at everything, then print."""
        from rodent.errors import WorkError
        from rodent.pages.output import print_json
        from rodent.progress import progress
        from rodent.versions import versions

        with progress("looking", total=None, unit=""), _own_packages():
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
            raise WorkError(f"broken and needed: {', '.join(faults)}")


@contextlib.contextmanager
def _own_packages() -> Iterator[None]:
    """Say it in one line if even what the examination itself needs is not there."""
    from rodent.errors import WorkError

    try:
        yield
    except ModuleNotFoundError as error:
        raise WorkError(
            f"not even the examination can be made, {error.name} is not installed; "
            f"run: {sys.executable} -m pip install {error.name}"
        ) from error
