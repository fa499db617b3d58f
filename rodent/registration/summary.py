"""Summary of a registration: the figures that `rodent register --json` prints and its page shows."""

import math
from typing import Any

import numpy as np

from rodent.clips import ClipSet
from rodent.keypoints import Cleaning
from rodent.kinematics.paws import PAW_NAMES
from rodent.registration.fit import Registration
from rodent.registration.ground import PawContacts, paw_contacts
from rodent.registration.registered import Registered
from rodent.registration.trust import StandingPaw
from rodent.scene import Scene


def paws_of(clips: ClipSet, body: Scene) -> PawContacts:
    """Paw contacts in the concatenated frames of all clips."""
    each = [paw_contacts(clip.qpos, clip.fps, body) for clip in clips]
    return PawContacts(
        np.concatenate([one.height for one in each]), np.concatenate([one.sliding for one in each])
    )


def results(
    registration: Registration,
    found: Registered,
    cleaning: Cleaning,
    clips: ClipSet,
    contacts: PawContacts,
    standing: tuple[StandingPaw, ...],
) -> dict[str, Any]:
    """Fitted values, residual errors, and how well the clips keep to the floor.

    Errors are in millimetres, sliding in millimetres per second and averaged over the frames in which a
    paw stands; penetration is the depth that 95 % of the frames keep to, of the deepest paw overall.
    """
    error = 1000 * found.error[np.isfinite(found.error)]
    profile = registration.profile_
    return {
        "standing": {paw.name: paw.fitted for paw in standing},
        "standing_against_keypoints": {paw.name: paw.to_json() for paw in standing},
        "offsets_beyond_freedom": {name: 1000 * far for name, far in registration.beyond_freedom.items()},
        "scale_profile": {
            "scale": profile.scales.tolist(),
            "cost": profile.costs.tolist(),
            "error_mm": (1000 * profile.errors).tolist(),
            "optima": list(profile.optima),
        },
        "mean_error_mm": float(error.mean()),
        "p95_error_mm": float(np.percentile(error, 95)),
        "frames": len(found.qpos),
        "fps": found.fps,
        "scale": registration.scale_,
        "rounds": registration.rounds_,
        "floor_tilt_deg": math.degrees(found.floor.tilt),
        "floor_height_mm": 1000 * found.floor.height,
        "foot_sliding_mm_per_s": _mean(1000 * contacts.sliding),
        "floor_penetration_mm": float(1000 * np.percentile(contacts.depth.max(axis=1), 95)),
        "keypoints": _by_keypoint(registration, found),
        "paws": _by_paw(contacts),
        "clips": len(clips),
        "seconds_in_clips": sum(clip.duration for clip in clips),
        "cleaning": cleaning.to_json(),
    }


def _by_keypoint(registration: Registration, found: Registered) -> list[dict[str, Any]]:
    """Residual error of every keypoint, and how far its offset moved."""
    error = 1000 * found.error
    guess, fitted = registration.markers, registration.markers_
    moved = 1000 * np.linalg.norm(fitted.offsets - guess.offsets, axis=1)
    seen = np.isfinite(error)
    return [
        {
            "name": name,
            "mean_error_mm": _mean(error[:, k]),
            "p95_error_mm": float(np.percentile(error[seen[:, k], k], 95)) if seen[:, k].any() else np.nan,
            "seen": float(seen[:, k].mean()),
            "offset_moved_mm": float(moved[k]),
        }
        for k, name in enumerate(fitted.names)
    ]


def _by_paw(contacts: PawContacts) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "standing": float(np.isfinite(contacts.sliding[:, paw]).mean()),
            "sliding_mm_per_s": _mean(1000 * contacts.sliding[:, paw]),
            "penetration_mm": float(1000 * np.percentile(contacts.depth[:, paw], 95)),
            "deepest_mm": float(1000 * contacts.depth[:, paw].max()),
        }
        for paw, name in enumerate(PAW_NAMES)
    ]


def _mean(values: np.ndarray) -> float:
    """Mean of the finite values; NaN if there are none."""
    there = values[np.isfinite(values)]
    return float(there.mean()) if len(there) else np.nan
