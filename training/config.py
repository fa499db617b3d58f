"""What `rodent train` can be told. Light to import: the command line is derived from it."""

import dataclasses
from typing import Annotated, Literal

from rodent.body_config import BodyConfig
from rodent.configs import Tagged
from rodent.errors import InputError, unknown
from rodent.parts import ARENAS, BODIES, NETWORKS, TASKS
from rodent.policy.sizes import NetworkConfig
from rodent.randomisation_config import RandomisationConfig
from rodent.scene_config import ArenaKind, BodyKind, FloorConfig, SceneConfig
from rodent.tasks.settings import ImitationConfig, TaskKind


@dataclasses.dataclass(frozen=True)
class OptimizerConfig:
    """How gradients become steps, of PPO and of imagined rollouts."""

    name: Literal["muon", "adam"] = "muon"
    """Muon takes orthogonalised momentum for matrices and Adam for all else; or Adam for everything."""
    frozen: tuple[str, ...] = ()
    """Parts that do not learn, such as policy/decoder, policy/encoder/layer_0 or critic: with --start-from,
    they stay what they are in that policy."""

    def __post_init__(self) -> None:
        if self.name not in ("muon", "adam"):
            raise unknown("optimizer", str(self.name), ("muon", "adam"))


@dataclasses.dataclass(frozen=True)
class PPOConfig:
    """Proximal policy optimisation (Schulman et al., 2017)."""

    num_envs: int = 512
    """Environments stepped at once."""
    unroll: int = 32
    """Control steps of each environment between updates."""
    epochs: int = 2
    """Passes over the collected steps per update."""
    minibatches: int = 4
    """Minibatches of a pass, of whole environments; num_envs must be a multiple."""
    discount: float = 0.95
    """Per control step of 20 ms: looks about 0.4 s ahead, as far as a fall takes."""
    gae_lambda: float = 0.9
    """Trade of bias against variance in the advantage."""
    clip: float = 0.2
    """How far the likelihood ratio of an action may move in one update."""
    optimizer: OptimizerConfig = dataclasses.field(default_factory=OptimizerConfig)
    """What makes steps of gradients."""
    learning_rate: float = 5e-4
    """Where the learning rate starts; it then follows the measured KL."""
    learning_rate_range: tuple[float, float] = (3e-5, 2e-3)
    """Bounds of the learning rate."""
    target_kl: float = 0.02
    """KL divergence per minibatch between old and new policy that the learning rate aims at, nats."""
    noise_correlation: float = 0.5
    """Correlation of the exploration noise from one step to the next. Muscles average white
    noise away; noise that lasts moves the body. Likelihoods are those of single steps, as in
    Hollenstein et al., Colored noise in PPO, AAAI 2024."""
    entropy: float = 1e-3
    """Weight of the entropy of actions."""
    final_std: float = 0.1
    """The standard deviation of actions is at last held under this: coarse noise finds what fine
    noise does not, but a policy that must survive it learns to be careful, not exact."""
    final_std_steps: tuple[int, ...] = (800_000, 3_300_000)
    """Control steps between which the ceiling falls, geometrically, from the network's action_std."""
    value_weight: float = 1.0
    """Weight of the value network's squared error."""
    max_grad_norm: float = 1.0
    """Gradients are scaled down to this global norm."""
    polyak: float = 0.9
    """What the averaged parameters keep of themselves per unroll. They are what is evaluated and
    saved: single updates wander around the optimum (Polyak and Juditsky, 1992)."""
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
                f"ppo num_envs {self.num_envs} is no multiple of minibatches {self.minibatches}; change one"
            )
        if not self.final_std > 0:
            raise InputError(f"ppo final_std is {self.final_std:g}; it must be positive")
        begin, end = self.final_std_steps
        if not 0 <= begin < end:
            raise InputError(f"ppo final_std_steps are {begin} and {end}; the second must be the larger")
        for name in ("discount", "gae_lambda", "latent_correlation", "noise_correlation", "polyak"):
            if not 0 <= getattr(self, name) < 1:
                raise InputError(f"ppo {name} is {getattr(self, name):g}; it must lie in [0, 1)")


@dataclasses.dataclass(frozen=True)
class ModelBasedConfig:
    """Model-based policy gradient: imagined rollouts in a learnt dynamics model improve the policy.

    From where they begin they alone improve the policy; PPO then fits the value network. A control step of
    training takes twice as long, and teaches far more.
    """

    updates: int = 16
    """Updates of the policy by imagined rollouts after each unroll; 0 for PPO alone."""
    begin: int = 1_100_000
    """Control steps before the dynamics model is fitted: at first PPO alone learns more quickly from coarse
    noise."""
    warmup: int = 300_000
    """Control steps that the dynamics model is fitted to before the first imagined rollout."""
    rollouts: int = 256
    """Imagined rollouts per update."""
    horizon: int = 16
    """Control steps of an imagined rollout, before the value network takes over."""
    noise: float = 0.5
    """Noise of imagined actions, as a fraction of the policy's standard deviation."""
    learning_rate: float = 3e-4
    """Of the policy."""
    dynamics_layers: tuple[int, ...] = (256, 256, 256)
    """Units per hidden layer of the dynamics model."""
    dynamics_epochs: int = 2
    """Passes of the dynamics model over the collected steps per update."""
    dynamics_batch: int = 512
    """Steps per minibatch of the dynamics model."""
    dynamics_learning_rate: float = 2e-3
    """Of the dynamics model."""

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
class SamplerConfig:
    """Frames at which episodes begin; what is left over is spread evenly."""

    first: float = 0.2
    """Share of episodes that begin with a clip's first frame, where evaluation begins."""
    failing: float = 0.5
    """Share that begins where rats have soon failed of late."""
    soon: float = 50.0
    """Steps after which a failure counts 1/e of an immediate one."""
    neighbours: int = 5
    """Frames to either side whose episodes count as a frame's own."""
    memory: float = 0.98
    """What is kept, per update, of the count of episodes."""

    def __post_init__(self) -> None:
        if min(self.first, self.failing) < 0 or self.first + self.failing > 1:
            raise InputError(
                f"sampler shares are first {self.first:g} and failing {self.failing:g}; "
                "they must not be negative, nor more than 1 together"
            )
        if self.soon <= 0 or self.neighbours < 0 or not 0 <= self.memory < 1:
            raise InputError("sampler soon must be positive, neighbours not negative, memory in [0, 1)")


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """A whole training run."""

    body: Annotated[BodyKind, Tagged(BODIES, BodyConfig)] = dataclasses.field(default_factory=BodyConfig)
    """The body."""
    arena: Annotated[ArenaKind, Tagged(ARENAS, FloorConfig)] = dataclasses.field(default_factory=FloorConfig)
    """What surrounds the body."""
    task: Annotated[TaskKind, Tagged(TASKS, ImitationConfig)] = dataclasses.field(
        default_factory=ImitationConfig
    )
    """What it is asked to do."""
    network: Annotated[NetworkConfig, Tagged(NETWORKS)] = dataclasses.field(default_factory=NetworkConfig)
    """What it thinks with."""
    ppo: PPOConfig = dataclasses.field(default_factory=PPOConfig)
    """How it learns."""
    model_based: ModelBasedConfig = dataclasses.field(default_factory=ModelBasedConfig)
    """Model-based policy gradient."""
    sampler: SamplerConfig = dataclasses.field(default_factory=SamplerConfig)
    """Where episodes begin."""
    randomisation: RandomisationConfig = dataclasses.field(default_factory=RandomisationConfig)
    """A world that differs between episodes."""
    start_from: str | None = None
    """Policy to go on from instead of from nothing: a run or policy folder, or the name of one that is built
    in. Its network, actuation, senses, horizon and action scale are kept; the steps it was trained for
    count."""
    seed: int = 0
    """All randomness comes from it."""
    resample: float | None = None
    """Frame rate to which clips are resampled, Hz; by default that of the file. A control step is a frame."""
    test_fraction: float = 0.0
    """Part of the sessions (of the clips, where there is one session) kept out of training."""
    test_clips: tuple[str, ...] = ()
    """Names of clips kept out of training, with their mirror images and variants; instead of a part."""
    device: Literal["cpu", "gpu"] = "cpu"
    """What steps the physics: `cpu`, MuJoCo on all cores, or `gpu`, MuJoCo Warp on all NVIDIA GPUs of the
    machine, with collecting and learning compiled into one program. It wants thousands of rats:
    `rodent train` then sets what it is not told for 4,096, see the page on GPUs."""
    evaluate_every: int = 150_000
    """Control steps between evaluations on the training clips."""
    checkpoint_seconds: float = 60.0
    """Time between checkpoints."""

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise InputError(f"seed is {self.seed}; it must not be negative")
        if self.evaluate_every < 1:
            raise InputError(f"evaluate_every is {self.evaluate_every}; it must be at least 1 step")
        if not self.checkpoint_seconds >= 0:
            raise InputError(f"checkpoint_seconds is {self.checkpoint_seconds:g}; it must not be negative")
        if self.test_clips and self.test_fraction:
            raise InputError("test_clips names what is kept out, test_fraction draws it; give one of them")

    @property
    def scene(self) -> SceneConfig:
        """The body in its arena."""
        return SceneConfig(self.arena, self.body)
