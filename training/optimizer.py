"""Optimisers by name, and frozen parts of an agent.

    optimizer = make_optimizer(config.optimizer, "policy")
    moments = optimizer.init(params["policy"])
    params = unchanged(config.optimizer, before, params)     # frozen parts are bit-identical

These optimisers return steps for a learning rate of 1; the caller multiplies them by the learning rate.
"""

from typing import Any

import jax
import jax.numpy as jnp
import optax
import optax.contrib

from rodent.errors import unknown
from rodent.policy.agent import Agent
from rodent.policy.probe import blank_observation
from training.config import OptimizerConfig

# orthogonalised momentum for matrices, with the RMS of Adam's steps, and Adam for all else: under a bound of
# the KL divergence, a step changes all directions of a layer equally (Jordan et al., Muon, 2024; the size is
# that of Liu et al., Muon is scalable for LLM training, arXiv 2502.16982, 2025)
_MUON = optax.contrib.muon(learning_rate=1.0, consistent_rms=0.2)
# the iterations start from an almost orthogonal matrix, from which three are as good as five
# (Boissin et al., Turbo-Muon, arXiv 2512.04632, 2025)
_TURBO_MUON = optax.contrib.muon(learning_rate=1.0, consistent_rms=0.2, preconditioning="aol", ns_steps=3)
_ADAM = optax.adam(learning_rate=1.0)
_FROZEN, _LEARNS = "frozen", "learns"

MODEL_OPTIMIZER = optax.chain(optax.clip_by_global_norm(1.0), _TURBO_MUON)
"""Optimiser of the dynamics model: Muon with gradient clipping, because impacts cause large gradients."""


def make_optimizer(config: OptimizerConfig, part: str) -> optax.GradientTransformation:
    """The optimiser of one part of an agent, `policy` or `critic`, under PPO."""
    return _freezing(config, part, {"muon": _MUON, "adam": _ADAM}[config.name])


def make_model_based_optimizer(config: OptimizerConfig, part: str) -> optax.GradientTransformation:
    """The optimiser of one part of an agent for gradients through the dynamics model."""
    chosen = {"muon": _TURBO_MUON, "adam": _ADAM}[config.name]
    return _freezing(config, part, optax.chain(optax.clip_by_global_norm(1.0), chosen))


def without_frozen(config: OptimizerConfig, gradient: Any) -> Any:
    """An agent's gradient with zeros for frozen parts, so that its norm is that of the other parts."""
    if not config.frozen:
        return gradient
    return _by_path(config, "", lambda frozen, g: jnp.zeros_like(g) if frozen else g, gradient)


def unchanged(config: OptimizerConfig, before: Any, after: Any) -> Any:
    """An agent's parameters after a step, with frozen parts as before."""
    if not config.frozen:
        return after
    return _by_path(config, "", lambda frozen, b, a: b if frozen else a, before, after)


def kept_zeros(config: OptimizerConfig, before: Any, after: Any) -> Any:
    """Parameters after a step, with the zeros that weights had before it, if they stay."""
    if not config.keep_zeros:
        return after
    # biases begin at 0, and are no connections
    return jax.tree.map(lambda b, a: jnp.where(b == 0, 0.0, a) if b.ndim > 1 else a, before, after)


def require_parts(config: OptimizerConfig, agent: Agent, image: tuple[int, ...] = ()) -> None:
    """Refuse to freeze parts that an agent does not have.

    Args:
        config: names them.
        agent: the agent.
        image: shape of what it sees; empty for nothing.

    Raises:
        InputError: the agent has no part or layer of a name.
    """
    if not config.frozen:
        return
    params = jax.eval_shape(agent.init, jax.random.PRNGKey(0), blank_observation(image))
    known: set[str] = set()
    for path, _ in jax.tree_util.tree_leaves_with_path(params):
        words = _name(path).split("/")
        known |= {"/".join(words[: i + 1]) for i in range(len(words))}
    for name in config.frozen:
        if name not in known:
            shown = sorted(part for part in known if part.count("/") < 2)
            raise unknown("part of the agent", name, shown, "ppo.optimizer.frozen", sorted(known))


def _freezing(
    config: OptimizerConfig, part: str, optimizer: optax.GradientTransformation
) -> optax.GradientTransformation:
    if not config.frozen:
        return optimizer

    def labels(params: Any) -> Any:
        return _by_path(config, part, lambda frozen, _: _FROZEN if frozen else _LEARNS, params)

    return optax.multi_transform({_LEARNS: optimizer, _FROZEN: optax.set_to_zero()}, labels)


def _by_path(config: OptimizerConfig, part: str, choose: Any, *trees: Any) -> Any:
    """Trees of the given part, mapped by `choose(is_frozen, *leaves)`."""

    def of_leaf(path: Any, *leaves: Any) -> Any:
        name = f"{part}/{_name(path)}" if part else _name(path)
        return choose(any(f"{name}/".startswith(f"{frozen}/") for frozen in config.frozen), *leaves)

    return jax.tree_util.tree_map_with_path(of_leaf, *trees)


def _name(path: Any) -> str:
    """A path in a tree of parameters, such as `policy/decoder/layer_0/pre/kernel`."""
    return "/".join(str(key.key) for key in path)
