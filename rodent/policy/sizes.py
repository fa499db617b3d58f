"""Settings of the policy network. Light to import: the command line is derived from them."""

import dataclasses
from typing import TYPE_CHECKING, Literal

from rodent.errors import InputError, unknown

if TYPE_CHECKING:
    import flax.linen as nn

    from rodent.policy.agent import Agent


@dataclasses.dataclass(frozen=True)
class NetworkConfig:
    """The policy and value networks."""

    latent: int = 60
    """Dimension of the latent intention; 60 in Aldarondo et al. 2024."""
    encoder: tuple[int, ...] = (128, 128)
    """Units per hidden layer of the encoder."""
    decoder: tuple[int, ...] = (192, 192)
    """Units per hidden layer of the decoder; the last layer of an LSTM decoder are its cells."""
    value: tuple[int, ...] = (64, 64)
    """Units per hidden layer of the value network."""
    decoder_kind: Literal["mlp", "lstm"] = "mlp"
    """Type of the decoder: MLP or LSTM."""
    prior: tuple[int, ...] = ()
    """Units per hidden layer of a prior of the latent given what the body senses, for motor primitives; by
    default the prior is autoregressive, as in Aldarondo et al. 2024, and has no network."""
    action_std: float = 0.8
    """Initial standard deviation of actions."""
    convolution: tuple[int, ...] = (16, 32)
    """Channels per convolutional layer for what the eyes see, of 3 x 3 pixels at every second one, with the
    same weights for both eyes. Only tasks with vision use them."""
    image: tuple[int, ...] = ()
    """Eyes, rows, columns and channels of what is seen; the task sets it."""

    def __post_init__(self) -> None:
        if self.decoder_kind not in ("mlp", "lstm"):
            raise unknown("decoder kind", str(self.decoder_kind), ("mlp", "lstm"))
        for name in ("encoder", "decoder", "value"):
            sizes = getattr(self, name)
            if not sizes or min(sizes) < 1:
                raise InputError(
                    f"network {name} is {sizes}; expected at least one layer of at least one unit"
                )
        if self.prior and min(self.prior) < 1:
            raise InputError(f"network prior is {self.prior}; expected layers of at least one unit")
        if not self.convolution or min(self.convolution) < 1 or len(self.image) not in (0, 4):
            raise InputError(
                f"network convolution is {self.convolution} and image {self.image}; expected layers "
                "of at least one channel, and an image of none or four sizes"
            )
        if self.latent < 1 or not 0 < self.action_std <= 10:
            raise InputError("network latent must be at least 1 and action_std in (0, 10]")

    def hidden_layer(self, units: int, name: str) -> "nn.Module":
        """A hidden layer of the encoder, the decoder or the value network; a subclass may return its own.

        Args:
            units: how many it has.
            name: such as `layer_0`, to be the name of the module.

        Returns:
            a flax module from an array of shape (n, size) to one of shape (n, units).
        """
        from rodent.policy.networks import HiddenLayer

        return HiddenLayer(units, name=name)

    def agent(self, action_size: int) -> "Agent":
        """The agent of a task with so many dimensions of action."""
        from rodent.policy.intention import IntentionAgent

        return IntentionAgent(self, action_size)

    def describe(self) -> str:
        """In words, for messages."""
        sizes = [*self.encoder, "latent", self.latent, *self.decoder]
        return f"{self.decoder_kind} {'-'.join(map(str, sizes))}"


@dataclasses.dataclass(frozen=True)
class PrimitivesConfig(NetworkConfig):
    """A high level that acts through motor primitives: the latent of a low level that has learnt before."""

    low: NetworkConfig = NetworkConfig(prior=(128,))
    """Network of the low level; --primitives sets it."""
    bound: float = 3.0
    """Largest deviation of a latent from the mean of the low level's prior, in its standard deviations."""
    learns: bool = False
    """Whether the low level learns, too; --primitives-train sets it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.low.prior:
            raise InputError(
                "motor primitives need a network with a prior; train it with --network.prior 128"
            )
        if not 0 < self.bound <= 100:
            raise InputError(f"network bound is {self.bound:g}; it must be in (0, 100]")

    def agent(self, action_size: int) -> "Agent":
        """The agent of both levels; the low level's actions have so many dimensions."""
        from rodent.policy.joint import JointAgent
        from rodent.policy.primitives import PrimitivesAgent

        return (JointAgent if self.learns else PrimitivesAgent)(self, action_size)

    def describe(self) -> str:
        """In words, for messages."""
        return f"{super().describe()} on primitives of {self.low.describe()}"


@dataclasses.dataclass(frozen=True)
class ReferenceConfig(NetworkConfig):
    """A high level that commands speed, turn and height of the head; a synthetic gait makes a reference of
    them, which a policy that has learnt to imitate follows.
    """

    low: NetworkConfig = dataclasses.field(default_factory=NetworkConfig)
    """Network of the policy that follows the reference; --primitives sets it."""
    speeds: tuple[float, ...] = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
    """Forward speeds of the gaits between which is interpolated, m/s; the last one is the fastest."""
    turns: tuple[float, ...] = (-1.6, -0.8, 0.0, 0.8, 1.6)
    """Turns to the left of the gaits, rad/s."""
    phases: int = 24
    """Poses of a step cycle."""
    heads: int = 5
    """Heights of the head between which is interpolated."""
    horizon: int = 5
    """Frames of the reference that the policy sees; --primitives sets it."""
    joints: int = 1
    """Joints that it sees; --primitives sets it."""
    bodies: int = 1
    """Bodies whose positions it sees; --primitives sets it."""
    lag: int = 3
    """Frames by which the pose that servos hold is ahead; --primitives sets it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("speeds", "turns"):
            grid = getattr(self, name)
            if len(grid) < 2 or sorted(set(grid)) != list(grid):
                raise InputError(f"network {name} is {grid}; expected at least two numbers, rising")
        if self.speeds[0] < 0 or self.speeds[-1] > 1.2:
            raise InputError(f"network speeds is {self.speeds}; expected speeds in [0, 1.2] m/s")
        if self.phases < 4 or self.heads < 2 or not 1 <= self.lag <= self.horizon:
            raise InputError(
                f"network phases, heads, lag and horizon are {self.phases}, {self.heads}, {self.lag} and "
                f"{self.horizon}; expected at least 4 phases and 2 heads, and 1 <= lag <= horizon"
            )

    @property
    def frame_size(self) -> int:
        """Numbers of a frame: two columns of a rotation, positions, joints."""
        return 6 + 3 * self.bodies + self.joints

    def agent(self, action_size: int) -> "Agent":
        """The agent of both levels; the low level's actions have so many dimensions."""
        from rodent.policy.reference import ReferenceAgent

        return ReferenceAgent(self, action_size)

    def describe(self) -> str:
        """In words, for messages."""
        return f"{super().describe()} on a gait, tracked by {self.low.describe()}"
