"""The parts of brax that training uses.

Importing brax imports `mujoco.mjx`, which prints to standard output when Warp is not installed. This line
is suppressed, because standard output is for results.
"""

import contextlib
import io

with contextlib.redirect_stdout(io.StringIO()):
    from brax.training.acme import running_statistics
    from brax.training.agents.ppo.losses import compute_gae
    from brax.training.distribution import NormalDistribution

__all__ = ["NormalDistribution", "compute_gae", "running_statistics"]
