"""Settings of the eyes. Light to import: the command line is derived from them."""

import dataclasses

from rodent.errors import InputError

CHANNELS = 4
"""Numbers per pixel: nearness, and red, green and blue of what is seen."""


@dataclasses.dataclass(frozen=True)
class EyesConfig:
    """Two eyes on the sides of the head.

    Rats look sideways, with a panoramic field of view in front, above and behind the head (Hughes, Vision
    Research, 1979; Wallace et al., Nature, 2013). With the defaults, the fields of both eyes overlap by 50
    degrees in front, and 70 degrees behind are not seen. The eyes do not move in the head.
    """

    width: int = 32
    """Pixels of an eye's image along the horizon."""
    height: int = 16
    """Pixels of an eye's image from top to bottom."""
    side: float = 60.0
    """Direction of the middle of an eye's image, degrees from straight ahead."""
    up: float = 35.0
    """Direction of the middle of an eye's image above the axis of the skull, degrees; the axis of a standing
    rat points downwards by 19."""
    across: float = 170.0
    """Field of view of an eye along the horizon, degrees."""
    upright: float = 110.0
    """Field of view of an eye from top to bottom, degrees."""

    def __post_init__(self) -> None:
        for name, value in (("width", self.width), ("height", self.height)):
            if not 4 <= value <= 64:
                raise InputError(f"eyes {name} is {value}; expected 4 to 64 pixels")
        if not 0 < self.across <= 360 or not 0 < self.upright <= 180:
            raise InputError(
                f"eyes across and upright are {self.across:g} and {self.upright:g} degrees; expected "
                "across in (0, 360] and upright in (0, 180]"
            )

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Of the images: eyes (left, right), rows, columns, channels."""
        return 2, self.height, self.width, CHANNELS

    @property
    def size(self) -> int:
        """How many numbers both images have."""
        return 2 * self.height * self.width * CHANNELS
