"""The parts of MJX that the device engine is made of.

Importing `mujoco.mjx` prints to standard output where Warp is not installed, and Warp itself
tells there of what it compiles; standard output belongs to results, so both are kept off it.
"""

import contextlib
import io

with contextlib.redirect_stdout(io.StringIO()):
    from mujoco import mjx

    # not public, and the only place where MJX says which geoms it can collide
    from mujoco.mjx._src.collision_driver import geom_pairs, has_collision_fn
    from mujoco.mjx.warp import WARP_INSTALLED, mjwp_types, warp

SOLVER_LIMITS = 0  # bits of Warp's warnings that the solver took all the iterations it may take
if WARP_INSTALLED:
    warp.config.log_level = warp.LOG_WARNING
    SOLVER_LIMITS = int(mjwp_types.OverflowType.ITERATIONS | mjwp_types.OverflowType.LS_ITERATIONS)

__all__ = ["SOLVER_LIMITS", "WARP_INSTALLED", "geom_pairs", "has_collision_fn", "mjx"]
