"""A small recurrent network that tells model from rat by signals in order of time.

A gated recurrent unit (Cho et al., EMNLP 2014) reads the signals a tenth of a second at a time, and a linear
readout of its mean state is the logit. It is trained by AdamW for a fixed number of steps.
"""

import flax.linen as nn
import jax
import numpy as np
import optax

_STEP_SECONDS = 0.1
_HIDDEN = 24
_STEPS, _BATCH = 250, 64
_RATE, _DECAY, _NOISE = 3e-3, 0.1, 0.3
_ROOM = 128  # windows are padded to a multiple of this, so that few shapes are compiled


class RecurrentClassifier(nn.Module):
    """Logits of windows, shape (windows,), of signals (windows, steps, channels).

    Given a key, noise is added to the inputs of the memory, so that the network learns no window by heart.
    """

    hidden: int

    @nn.compact
    def __call__(self, signals: jax.Array, noise_key: jax.Array | None = None) -> jax.Array:
        inputs = nn.tanh(nn.Dense(self.hidden, name="inputs")(signals))
        if noise_key is not None:
            inputs = inputs + _NOISE * jax.random.normal(noise_key, inputs.shape)
        states = nn.RNN(nn.GRUCell(self.hidden), name="memory")(inputs)
        return nn.Dense(1, name="readout")(states.mean(1))[:, 0]


def recurrent_probability(
    sequence: np.ndarray, is_model: np.ndarray, weights: np.ndarray, fps: float, seed: int
) -> np.ndarray:
    """Fit to the windows with a weight, and give the probability of the model for all.

    Args:
        sequence: signals, shape (windows, frames, channels).
        is_model: bool, shape (windows,).
        weights: of the windows, 0 for those that are not fitted to; those of each side have the same sum.
        fps: frames per second.
        seed: of initial weights, batches and noise.

    Returns:
        shape (windows,).
    """
    used = weights > 0
    mean, spread = sequence[used].mean((0, 1)), sequence[used].std((0, 1))
    standard = (sequence - mean) / np.where(spread > 1e-6, spread, 1.0)
    steps = _in_steps(np.clip(standard, -5, 5), max(1, round(_STEP_SECONDS * fps)))
    n = len(steps)
    room = -n % _ROOM
    steps = np.pad(steps, ((0, room), (0, 0), (0, 0))).astype(np.float32)
    random = np.random.default_rng([seed, n])
    rows = random.choice(n, (_STEPS, _BATCH), p=weights / weights.sum())
    logits = _fitted(steps, np.pad(is_model, (0, room)).astype(np.float32), rows, jax.random.PRNGKey(seed))
    return np.asarray(jax.nn.sigmoid(logits))[:n].astype(float)


def _in_steps(signals: np.ndarray, frames: int) -> np.ndarray:
    """Several frames side by side: (windows, steps, frames × channels)."""
    n, length, channels = signals.shape
    frames = min(frames, length)
    count = length // frames
    return signals[:, : count * frames].reshape(n, count, frames * channels)


@jax.jit
def _fitted(steps: jax.Array, target: jax.Array, rows: jax.Array, key: jax.Array) -> jax.Array:
    """Logits of all windows after training on batches, whose rows have shape (steps, batch)."""
    network = RecurrentClassifier(_HIDDEN)
    first, noises = jax.random.split(key)
    params = network.init(first, steps[:1])
    optimiser = optax.adamw(optax.cosine_decay_schedule(_RATE, _STEPS), weight_decay=_DECAY)

    def loss(params: dict, batch: jax.Array, noise_key: jax.Array) -> jax.Array:
        logits = network.apply(params, steps[batch], noise_key)
        return optax.sigmoid_binary_cross_entropy(logits, target[batch]).mean()

    def step(carry: tuple, given: tuple) -> tuple:
        params, state = carry
        gradient = jax.grad(loss)(params, *given)
        updates, state = optimiser.update(gradient, state, params)
        return (optax.apply_updates(params, updates), state), None

    carry = params, optimiser.init(params)
    (params, _), _ = jax.lax.scan(step, carry, (rows, jax.random.split(noises, _STEPS)))
    return network.apply(params, steps)
