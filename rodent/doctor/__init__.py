"""What works on this machine, and the command that mends what does not.

for finding in examine():
    print(finding.state, finding.subject, finding.found, finding.mend or "")

Whatever may crash or hang (OpenGL, JAX, MuJoCo) is tried in processes of its own, all at
once and with a time limit, so that a broken driver is a finding like any other.
"""

from rodent.doctor.examination import examine
from rodent.doctor.finding import Finding

__all__ = ["Finding", "examine"]
