"""The parts of brax that learning is composed of.

Importing brax imports `mujoco.mjx`, which prints to standard output when Warp is not
installed; standard output belongs to results, so that line is kept off it.
"""

import contextlib
import io

with contextlib.redirect_stdout(io.StringIO()):
    from brax.training.acme import running_statistics
    from brax.training.agents.ppo.losses import compute_gae
    from brax.training.distribution import NormalDistribution

__all__ = ["NormalDistribution", "compute_gae", "running_statistics"]
