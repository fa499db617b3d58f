"""Nominal forces: typical force of each actuator when the body tracks a rat.

The limits in the MJCF are a poor estimate: those of the trunk are fifty times the nominal force, those of the
knees eight times.
"""

from collections.abc import Mapping

_MEASURED_SCALE = 0.9
_NOMINAL_FORCE = {  # N m; root mean square of servos' forces where a trained policy tracked nine real clips
    "lumbar_extend": 0.40,
    "lumbar_bend": 0.28,
    "lumbar_twist": 0.28,
    "cervical_extend": 1.24,
    "cervical_bend": 1.26,
    "cervical_twist": 1.36,
    "caudal_extend": 0.0038,
    "caudal_bend": 0.0032,
    "atlas": 0.0042,
    "mandible": 0.0010,
    "hip_supinate": 0.022,
    "hip_abduct": 0.027,
    "hip_extend": 0.059,
    "knee": 0.026,
    "ankle": 0.028,
    "toe": 0.0016,
    "scapula_supinate": 0.0060,
    "scapula_abduct": 0.0087,
    "scapula_extend": 0.0077,
    "shoulder": 0.019,
    "shoulder_sup": 0.011,
    "elbow": 0.018,
    "wrist": 0.0071,
    "finger": 0.0015,
}


def nominal_forces(sizes: Mapping[str, float]) -> dict[str, float]:
    """Nominal force of each actuator.

    Torques that carry weight scale with the fourth power of the size (weight times lever arm).

    Args:
        sizes: by the actuators' names, of the segments that they move, relative to dm_control's rat.

    Returns:
        newton metres by name.
    """
    sideless = {name: name.replace("_L", "").replace("_R", "") for name in sizes}
    return {
        name: _NOMINAL_FORCE[kind] * (sizes[name] / _MEASURED_SCALE) ** 4 for name, kind in sideless.items()
    }
