"""Whether a registration can be trusted: how paws stand against their keypoints, and what to warn of.

standing = standing_paws(found, body)              # of the four paws
texts = warnings_of(registration, standing)        # empty if nothing is wrong
"""

import dataclasses
from typing import Any

import numpy as np

from rodent.kinematics.paws import PAW_NAMES, STANDING
from rodent.registration.fit import Registration
from rodent.registration.ground import paw_contacts
from rodent.registration.registered import Registered
from rodent.scene import Scene

ENOUGH = 0.9
"""Fraction of the frames in which its keypoints stand that a fitted paw must stand in."""
RARELY = 0.02
"""Fraction of all frames below which a paw practically never stands."""
_CLOSE = 0.05  # relative difference of scales that is not worth a warning


@dataclasses.dataclass(frozen=True)
class StandingPaw:
    """One paw: as fitted, against its keypoints."""

    name: str
    """One of PAW_NAMES."""
    fitted: float
    """Fraction of the frames in which the fitted paw stands."""
    keypoints: float
    """Fraction of the frames in which its keypoints stand; NaN if it has none."""
    kept: float
    """Fraction of the latter frames in which the fitted paw stands, too; NaN if there are none."""
    sliding: float
    """Mean speed of the fitted paw over the floor while its keypoints stand, m/s; NaN if they do not."""
    height: float
    """Median height of the fitted paw's lowest point in these frames, metres; NaN if there are none."""

    def row(self) -> list[str]:
        """Cells of a table: name, stands, by keypoints, of these fitted, sliding mm/s, height mm."""
        shares = (self.fitted, self.keypoints, self.kept)
        lengths = ((self.sliding, ".0f"), (self.height, ".1f"))
        texts = [f"{x:.0%}" for x in shares] + [f"{1000 * x:{digits}}" for x, digits in lengths]
        return [self.name, *("-" if text.startswith("nan") else text for text in texts)]

    def to_json(self) -> dict[str, Any]:
        """Heights in millimetres, speeds in millimetres per second."""
        return {
            "fitted": self.fitted,
            "keypoints": self.keypoints,
            "kept": self.kept,
            "sliding_mm_per_s": 1000 * self.sliding,
            "height_mm": 1000 * self.height,
        }


def standing_paws(found: Registered, body: Scene) -> tuple[StandingPaw, ...]:
    """How each paw stands, in the frames that have keypoints."""
    contacts = paw_contacts(found.qpos, found.fps, body)
    seen = np.isfinite(found.error).any(axis=1)
    paws = []
    for paw, name in enumerate(PAW_NAMES):
        height, sliding = contacts.height[seen, paw], contacts.sliding[seen, paw]
        stands = found.standing[seen, paw]
        slides = sliding[stands & np.isfinite(sliding)]
        paws.append(
            StandingPaw(
                name=name,
                fitted=float(np.mean(height < STANDING)),
                keypoints=float(stands.mean()) if found.probed[paw] else np.nan,
                kept=float(np.mean(height[stands] < STANDING)) if stands.any() else np.nan,
                sliding=float(slides.mean()) if len(slides) else np.nan,
                height=float(np.median(height[stands])) if stands.any() else np.nan,
            )
        )
    return tuple(paws)


def warnings_of(registration: Registration, paws: tuple[StandingPaw, ...]) -> list[str]:
    """What is wrong with the scale, the offsets and the paws, the worst first, one sentence each."""
    return [*_of_scale(registration), *_of_paws(paws), *_of_offsets(registration)]


def _of_scale(registration: Registration) -> list[str]:
    profile, scale = registration.profile_, registration.scale_
    best = profile.optima[0]
    if registration.scale is None and not profile.same_optimum(scale):
        return [
            f"the scale {scale:.3f} is at another optimum than the best one, {best:.3f}: the offsets of the "
            "marker set do not suit this animal"
        ]
    if registration.scale is not None and abs(np.log(scale / best)) > _CLOSE and not _as_good(registration):
        return [
            f"at the given scale of {scale:.3f} keypoints near their first guesses are "
            f"{1000 * profile.error_at(scale):.1f} mm off, at {best:.2f} they are "
            f"{1000 * profile.error_at(best):.1f} mm off: the animal is of another size"
        ]
    return []


def _as_good(registration: Registration) -> bool:
    """Whether the error at the given scale is at most a fifth larger than the least one."""
    profile = registration.profile_
    return profile.error_at(registration.scale_) < 1.2 * profile.errors.min()


def _of_paws(paws: tuple[StandingPaw, ...]) -> list[str]:
    texts = [
        f"{paw.name} stands in {paw.kept:.0%} of the frames in which its keypoints stand; {ENOUGH:.0%} are "
        f"expected: its lowest point is {1000 * paw.height:.1f} mm above the floor"
        for paw in paws
        if paw.kept < ENOUGH
    ]
    never = [paw.name for paw in paws if paw.fitted < RARELY]
    if never:
        texts.append(
            f"{', '.join(never)} never stands: do the paws touch the floor in this recording, and does the "
            "marker set have keypoints on them?"
        )
    unknown = [paw.name for paw in paws if np.isnan(paw.keypoints)]
    if unknown:
        texts.append(
            f"nothing is known of {', '.join(unknown)}: no keypoint is on the paw or the segment above it"
        )
    return texts


def _of_offsets(registration: Registration) -> list[str]:
    beyond = registration.beyond_freedom
    if not beyond:
        return []
    named = ", ".join(f"{name} by {1000 * far:.1f} mm" for name, far in beyond.items())
    return [
        f"offsets moved beyond their freedom: {named}; check body and offset of these markers in the marker "
        "set, or raise their freedom"
    ]
