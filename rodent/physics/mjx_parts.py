"""The parts of MJX that the device engine uses.

Importing `mujoco.mjx` prints to standard output if Warp is not installed, and Warp prints there while it
compiles. Both are suppressed, because standard output is for results.
"""

import contextlib
import io

with contextlib.redirect_stdout(io.StringIO()):
    from mujoco import mjx

    # not public, but the only list of MJX's collision functions
    from mujoco.mjx._src.collision_driver import geom_pairs, has_collision_fn
    from mujoco.mjx.warp import WARP_INSTALLED, mjwp_types, warp

SOLVER_LIMITS = 0  # bits of Warp's warnings that the solver reached its limit of iterations
if WARP_INSTALLED:
    warp.config.log_level = warp.LOG_WARNING
    SOLVER_LIMITS = int(mjwp_types.OverflowType.ITERATIONS | mjwp_types.OverflowType.LS_ITERATIONS)

__all__ = ["SOLVER_LIMITS", "WARP_INSTALLED", "geom_pairs", "has_collision_fn", "mjx"]
