"""Settings of `rodent train`. Light to import: the command line is derived from it."""

import dataclasses
from typing import Annotated, Literal

from rodent.body_config import BodyConfig
from rodent.configs import Tagged
from rodent.errors import InputError, unknown
from rodent.motion_config import MotionConfig
from rodent.parts import ARENAS, BODIES, NETWORKS, TASKS
from rodent.policy.sizes import NetworkConfig
from rodent.randomisation_config import RandomisationConfig
from rodent.scene_config import ArenaKind, BodyKind, FloorConfig, SceneConfig
from rodent.tasks.settings import ImitationConfig, TaskKind


@dataclasses.dataclass(frozen=True)
class OptimizerConfig:
    """The optimiser of PPO and of imagined rollouts."""

    name: Literal["muon", "adam"] = "muon"
    """`muon`: orthogonalised momentum for matrices, Adam for all other parameters; `adam`: Adam for all."""
    frozen: tuple[str, ...] = ()
    """Parts whose parameters do not change, such as policy/decoder, policy/encoder/layer_0 or critic. With
    --start-from, they keep the values of that policy."""
    keep_zeros: bool = False
    """Weights that are exactly 0 stay 0: with --start-from, connections that were cut in that policy do not
    grow again."""

    def __post_init__(self) -> None:
        if self.name not in ("muon", "adam"):
            raise unknown("optimizer", str(self.name), ("muon", "adam"))


@dataclasses.dataclass(frozen=True)
class PPOConfig:
    """Proximal policy optimisation (Schulman et al., 2017)."""

    num_envs: int = 512
    """Number of environments stepped in parallel."""
    unroll: int = 32
    """Control steps of each environment between updates."""
    epochs: int = 2
    """Passes over the collected steps per update."""
    minibatches: int = 4
    """Number of minibatches per pass, each of whole environments; num_envs must be a multiple."""
    discount: float = 0.95
    """Discount factor per control step of 20 ms; 0.95 is a horizon of about 0.4 s, the duration of a fall."""
    gae_lambda: float = 0.9
    """Lambda of generalised advantage estimation: trades bias against variance."""
    clip: float = 0.2
    """Clipping range of the likelihood ratio of an action."""
    optimizer: OptimizerConfig = dataclasses.field(default_factory=OptimizerConfig)
    """The optimiser."""
    learning_rate: float = 5e-4
    """Initial learning rate; it is then adapted to the measured KL divergence."""
    learning_rate_range: tuple[float, float] = (3e-5, 2e-3)
    """Bounds of the learning rate."""
    target_kl: float = 0.02
    """Target of the KL divergence per minibatch between old and new policy, nats."""
    noise_correlation: float = 0.5
    """Correlation of the exploration noise from one step to the next. The activation filter averages out
    white noise; correlated noise moves the body. Likelihoods are those of single steps, as in Hollenstein et
    al., Colored noise in PPO, AAAI 2024."""
    entropy: float = 1e-3
    """Weight of the entropy of actions."""
    final_std: float = 0.1
    """Final upper bound of the standard deviation of actions. Large noise explores better, but a policy
    trained with it becomes cautious and less precise."""
    final_std_steps: tuple[int, ...] = (800_000, 3_300_000)
    """Control steps between which the upper bound decays geometrically from the network's action_std to
    final_std."""
    value_weight: float = 1.0
    """Weight of the value network's squared error."""
    max_grad_norm: float = 1.0
    """Maximal global norm of gradients (gradient clipping)."""
    polyak: float = 0.9
    """Decay per unroll of the Polyak average of the parameters. The average is evaluated and saved, because
    single updates fluctuate around the optimum (Polyak and Juditsky, 1992)."""
    latent_kl: float = 1e-4
    """Final weight of the KL divergence from the intention to its AR(1) prior."""
    latent_kl_steps: int = 2_000_000
    """Control steps over which that weight rises linearly from zero."""
    latent_correlation: float = 0.95
    """Correlation of the prior from one step to the next; 0.95 in Aldarondo et al. 2024."""

    def __post_init__(self) -> None:
        positive = ("num_envs", "unroll", "epochs", "minibatches", "latent_kl_steps")
        for name in positive:
            if getattr(self, name) < 1:
                raise InputError(f"ppo {name} is {getattr(self, name)}; it must be at least 1")
        if self.num_envs % self.minibatches:
            raise InputError(
                f"ppo num_envs is {self.num_envs}; expected a multiple of minibatches, {self.minibatches}"
            )
        if not self.final_std > 0:
            raise InputError(f"ppo final_std is {self.final_std:g}; it must be positive")
        begin, end = self.final_std_steps
        if not 0 <= begin < end:
            raise InputError(f"ppo final_std_steps are {begin} and {end}; the second must be larger")
        for name in ("discount", "gae_lambda", "latent_correlation", "noise_correlation", "polyak"):
            if not 0 <= getattr(self, name) < 1:
                raise InputError(f"ppo {name} is {getattr(self, name):g}; it must be in [0, 1)")


@dataclasses.dataclass(frozen=True)
class ModelBasedConfig:
    """Model-based policy gradient: imagined rollouts in a learned dynamics model improve the policy.

    After their start, only imagined rollouts improve the policy, and PPO only fits the value network. A
    control step of training takes twice as long, but improves the policy much more.
    """

    updates: int = 16
    """Updates of the policy by imagined rollouts after each unroll; 0 for PPO alone."""
    begin: int = 1_100_000
    """Control steps before the dynamics model is fitted: at the start, PPO alone learns faster, with large
    exploration noise."""
    warmup: int = 300_000
    """Control steps that the dynamics model is fitted to before the first imagined rollout."""
    rollouts: int = 256
    """Imagined rollouts per update."""
    horizon: int = 16
    """Control steps of an imagined rollout; the value network estimates the return after them."""
    noise: float = 0.5
    """Noise of imagined actions, as a fraction of the policy's standard deviation."""
    learning_rate: float = 3e-4
    """Learning rate of the policy."""
    dynamics_layers: tuple[int, ...] = (256, 256, 256)
    """Units per hidden layer of the dynamics model."""
    dynamics_epochs: int = 2
    """Passes of the dynamics model over the collected steps per update."""
    dynamics_batch: int = 512
    """Steps per minibatch of the dynamics model."""
    dynamics_learning_rate: float = 2e-3
    """Learning rate of the dynamics model."""

    def __post_init__(self) -> None:
        for name in ("begin", "warmup", "updates"):
            if getattr(self, name) < 0:
                raise InputError(f"model_based {name} is {getattr(self, name)}; it must not be negative")
        for name in ("rollouts", "horizon", "dynamics_epochs", "dynamics_batch"):
            if getattr(self, name) < 1:
                raise InputError(f"model_based {name} is {getattr(self, name)}; it must be at least 1")
        for name in ("noise", "learning_rate", "dynamics_learning_rate"):
            if not getattr(self, name) >= 0:
                raise InputError(f"model_based {name} is {getattr(self, name):g}; it must not be negative")
        if not self.dynamics_layers or min(self.dynamics_layers) < 1:
            raise InputError(
                f"model_based dynamics_layers is {self.dynamics_layers}; expected at least one layer of at "
                "least one unit"
            )


@dataclasses.dataclass(frozen=True)
class DistillationConfig:
    """Learning from a teacher's controls before learning from rewards; in use with --teacher."""

    steps: int = 3_000_000
    """Control steps until which the policy learns from the teacher. Meanwhile rewards train the value network
    only."""
    updates: int = 32
    """Updates of the policy after each unroll."""
    minibatches: int = 8
    """An update takes this part of the environments, with all steps of the unroll."""
    learning_rate: float = 1e-3
    """Learning rate of the policy."""

    def __post_init__(self) -> None:
        for name in ("steps", "updates", "minibatches"):
            if getattr(self, name) < 1:
                raise InputError(f"distillation {name} is {getattr(self, name)}; it must be at least 1")
        if not self.learning_rate > 0:
            raise InputError(f"distillation learning_rate is {self.learning_rate:g}; it must be positive")


@dataclasses.dataclass(frozen=True)
class SamplerConfig:
    """Distribution of the start frames of episodes; the remaining fraction is uniformly distributed."""

    first: float = 0.2
    """Fraction of episodes that start at the first frame of a clip, where evaluation starts."""
    failing: float = 0.5
    """Fraction of episodes that start at frames from which recent episodes soon failed."""
    soon: float = 50.0
    """Time constant in steps: a failure after so many steps counts 1/e of an immediate one."""
    neighbours: int = 5
    """Number of frames on either side whose episodes count for a frame."""
    memory: float = 0.98
    """Decay per update of the counts of episodes."""

    def __post_init__(self) -> None:
        if min(self.first, self.failing) < 0 or self.first + self.failing > 1:
            raise InputError(
                f"sampler fractions are first {self.first:g} and failing {self.failing:g}; "
                "expected numbers from 0 with a sum of at most 1"
            )
        if self.soon <= 0 or self.neighbours < 0 or not 0 <= self.memory < 1:
            raise InputError("sampler soon must be positive, neighbours not negative, memory in [0, 1)")


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """The configuration of a training run."""

    body: Annotated[BodyKind, Tagged(BODIES, BodyConfig)] = dataclasses.field(default_factory=BodyConfig)
    """The body."""
    arena: Annotated[ArenaKind, Tagged(ARENAS, FloorConfig)] = dataclasses.field(default_factory=FloorConfig)
    """The arena."""
    task: Annotated[TaskKind, Tagged(TASKS, ImitationConfig)] = dataclasses.field(
        default_factory=ImitationConfig
    )
    """The task."""
    network: Annotated[NetworkConfig, Tagged(NETWORKS)] = dataclasses.field(default_factory=NetworkConfig)
    """The network."""
    ppo: PPOConfig = dataclasses.field(default_factory=PPOConfig)
    """Proximal policy optimisation."""
    model_based: ModelBasedConfig = dataclasses.field(default_factory=ModelBasedConfig)
    """Model-based policy gradient."""
    distillation: DistillationConfig = dataclasses.field(default_factory=DistillationConfig)
    """Learning from a teacher."""
    sampler: SamplerConfig = dataclasses.field(default_factory=SamplerConfig)
    """Where episodes begin."""
    randomisation: RandomisationConfig = dataclasses.field(default_factory=RandomisationConfig)
    """A world that differs between episodes."""
    motion: MotionConfig = dataclasses.field(default_factory=MotionConfig)
    """New motion made from the clips while training."""
    start_from: str | None = None
    """Policy to continue from, instead of from scratch: a run folder, a policy folder, or a name that `rodent
    policy list` shows. Its network, actuation, senses, horizon, window and action scale are kept; its
    training steps count."""
    teacher: str | None = None
    """Policy whose controls are learnt before learning from rewards, see distillation: a run folder, a policy
    folder, or the name of a built-in policy. It must be for the same body; its network, setpoint and window
    may differ."""
    primitives: str | None = None
    """Policy that carries out what this one wants, its motor primitives, see interface: a run folder, a
    policy folder, or the name of a built-in policy. It does not learn any more, see primitives_train."""
    primitives_train: bool = False
    """Train the primitives further, too: actions are then controls, drawn with the noise of the primitives,
    and the gradient reaches both levels. For the interface latent."""
    interface: Literal["latent", "reference"] = "latent"
    """How a high level acts through the policy in primitives. `latent`: through its latent, which needs a
    prior. `reference`: it commands speed, turn and height of the head, and the policy, which must have
    learnt to imitate with servos, follows a synthetic gait."""
    seed: int = 0
    """All randomness comes from it."""
    resample: float | None = None
    """Frame rate to which clips are resampled, Hz; by default that of the file. A control step is a frame."""
    test_fraction: float = 0.0
    """Fraction of the sessions held out of training; of the clips if there is only one session."""
    test_clips: tuple[str, ...] = ()
    """Names of clips held out of training, with their mirror images and variants; instead of a fraction."""
    validation_clips: tuple[str, ...] = ()
    """Names of clips held out of training, with their mirror images and variants, that decide which policy is
    kept. By default the training clips decide."""
    device: Literal["cpu", "gpu"] = "cpu"
    """Device of the physics: `cpu`, MuJoCo on all cores; or `gpu`, MuJoCo Warp on all NVIDIA GPUs of the
    machine, with rollouts and learning compiled into one program. A GPU needs thousands of environments, so
    `rodent train` then has defaults for 4,096; see the page on GPUs."""
    evaluate_every: int = 150_000
    """Control steps between evaluations on the validation clips, or else on the training clips."""
    checkpoint_seconds: float = 60.0
    """Time between checkpoints."""
    keep_every: int = 0
    """Control steps between policies that are kept in the folder `policies` of the run, to record units
    across learning: the one before training, and the latest one each time. 0 keeps none. Each takes about 1
    MB."""

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise InputError(f"seed is {self.seed}; it must not be negative")
        if self.evaluate_every < 1:
            raise InputError(f"evaluate_every is {self.evaluate_every}; it must be at least 1 step")
        if self.keep_every < 0:
            raise InputError(f"keep_every is {self.keep_every}; it must be 0 or a number of control steps")
        if not self.checkpoint_seconds >= 0:
            raise InputError(f"checkpoint_seconds is {self.checkpoint_seconds:g}; it must not be negative")
        if self.interface not in ("latent", "reference"):
            raise unknown("interface", str(self.interface), ("latent", "reference"))
        if self.interface != "latent" and self.primitives is None:
            raise InputError(
                f"interface is {self.interface!r}, but there are no primitives; give them: "
                "--primitives rat-position"
            )
        if self.primitives_train and (self.primitives is None or self.interface != "latent"):
            raise InputError(
                "primitives_train is given, but there are no primitives that are driven through their "
                "latent; give --primitives rat-primitives, or leave out --primitives-train"
            )
        if self.primitives and self.start_from:
            raise InputError(
                "primitives and start_from are both given; a policy that acts through primitives has them "
                "with it: leave out primitives"
            )
        if self.test_clips and self.test_fraction:
            raise InputError("test_clips and test_fraction are both given; expected one of them")

    @property
    def scene(self) -> SceneConfig:
        """The body in its arena."""
        return SceneConfig(self.arena, self.body)
