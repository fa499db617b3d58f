"""A world that differs between episodes. Light to import: the command line is derived from it."""

import dataclasses

from rodent.errors import InputError

Range = tuple[float, float]


@dataclasses.dataclass(frozen=True)
class RandomisationConfig:
    """What is drawn anew for every episode: the world, where it begins, and what disturbs it.

    Ranges are of factors on the model's own values; 1 1 leaves them as they are.
    """

    friction: Range = (1.0, 1.0)
    """Smallest and largest factor on sliding friction, drawn log-uniformly."""
    mass: Range = (1.0, 1.0)
    """On masses and inertias of all bodies."""
    strength: Range = (1.0, 1.0)
    """On the forces of all actuators."""
    lag: Range = (1.0, 1.0)
    """On the time constant of the actuators' activation."""
    start_angle: Range = (0.0, 0.0)
    """Smallest and largest standard deviation of the joints' angles where an episode begins, degrees; every
    episode draws its own."""
    start_velocity: Range = (0.0, 0.0)
    """The same of velocities: of the root, m/s, and of the joints, rad/s."""
    push_speed: Range = (0.0, 0.0)
    """Smallest and largest change of speed by a push on the root, m/s; in a random direction on the level."""
    push_interval: float = 1.0
    """Mean time between pushes, s; each is drawn between half and one and a half times this."""
    push_seconds: float = 0.08
    """How long a push lasts, s."""
    physics_steps: tuple[float, ...] = ()
    """Time steps of physics, s; each is that of an equal group of the environments. By default all have that
    of the body. On the CPU only."""
    sensor_noise: float = 0.0
    """Standard deviation of white noise on what the body senses, in standard deviations of each sense."""

    def __post_init__(self) -> None:
        for name in ("friction", "mass", "strength", "lag"):
            low, high = getattr(self, name)
            if not 0.05 <= low <= high <= 20:
                raise InputError(
                    f"randomisation {name} is {low:g} to {high:g}; expected 0.05 <= smallest <= largest <= 20"
                )
        for name, unit, most in (
            ("push_speed", "m/s", 5),
            ("start_angle", "degrees", 45),
            ("start_velocity", "m/s", 5),
        ):
            low, high = getattr(self, name)
            if not 0 <= low <= high <= most:
                raise InputError(
                    f"randomisation {name} is {low:g} to {high:g} {unit}; expected 0 <= smallest <= largest "
                    f"<= {most}"
                )
        for step in self.physics_steps:
            if not 1e-4 <= step <= 0.02:
                raise InputError(
                    f"randomisation physics_steps has {step:g} s; each must lie in [0.0001, 0.02]"
                )
        if not 0 <= self.sensor_noise <= 5:
            raise InputError(f"randomisation sensor_noise is {self.sensor_noise:g}; it must lie in [0, 5]")
        if not 0 < self.push_seconds <= self.push_interval / 2:
            raise InputError(
                f"randomisation push_seconds is {self.push_seconds:g} and push_interval "
                f"{self.push_interval:g}; a push must be over before the next can begin"
            )

    @property
    def in_use(self) -> "RandomisationConfig | None":
        """The configuration; None where nothing differs."""
        deviations = (*self.start_angle, *self.start_velocity, self.sensor_noise)
        return self if self.scales or self.pushes or self.physics_steps or any(deviations) else None

    @property
    def scales(self) -> dict[str, Range]:
        """The ranges of factors that differ from 1, by name."""
        ranges = {name: getattr(self, name) for name in ("friction", "mass", "strength", "lag")}
        return {name: one for name, one in ranges.items() if one != (1.0, 1.0)}

    @property
    def pushes(self) -> bool:
        """Whether there are any."""
        return self.push_speed[1] > 0
