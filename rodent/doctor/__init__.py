"""Checks of this machine, and a command to fix each problem.

for finding in examine():
    print(finding.state, finding.subject, finding.found, finding.mend or "")

Libraries that may crash or hang (OpenGL, JAX, MuJoCo) are tried in separate processes, in parallel and with a
time limit, so that a broken driver is a finding like any other.
"""

from rodent.doctor.examination import examine
from rodent.doctor.finding import Finding

__all__ = ["Finding", "examine"]
