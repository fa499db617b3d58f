"""How rollouts are divided into shards: batches of the same size and make-up, so that one program runs all.

    tiling = Tiling.of(conditions=9, groups=[range(0, 128), range(128, 320)], most=512)
    tiling.shards, tiling.num_envs
    slots = tiling.slots(3)                     # of shard 3
    slots.condition, slots.treatment            # of each environment; treatment -1 is the intact rat

Rollouts are a grid of conditions (clip, start, seed) and treatments. Treatments whose interventions are alike
as arrays form a group. A shard has some of the conditions and, of each group, equally many treatments. It
also has the intact rat in each of its conditions. Places that are left are padding, which is not simulated.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

INTACT = -1
"""Index of the treatment that does nothing."""
_MULTIPLE = 64  # environments: results do not depend on the place in such batches


class Slots(NamedTuple):
    """The environments of a shard, arrays (num_envs,).

    Attributes:
        condition: index of the condition.
        treatment: index of the treatment, or `INTACT`.
        real: whether it is played; else it is padding.
    """

    condition: np.ndarray
    treatment: np.ndarray
    real: np.ndarray


class Tiling(NamedTuple):
    """A division into shards.

    Attributes:
        conditions: number of conditions.
        groups: indices of the treatments of each group.
        per_shard: conditions in a shard.
        blocks: number of parts into which treatments are divided; shards of a condition.
    """

    conditions: int
    groups: tuple[np.ndarray, ...]
    per_shard: int
    blocks: int

    @classmethod
    def of(cls, conditions: int, groups: Sequence[Sequence[int]], most: int) -> "Tiling":
        """The division with the least padding.

        Args:
            conditions: number of conditions.
            groups: indices of the treatments of each group, none of them empty.
            most: environments of a shard, where that is possible.
        """
        sizes = np.array([len(group) for group in groups])
        blocks = np.arange(1, sizes.max() + 1)
        each = 1 + sum(-(-size // blocks) for size in sizes)  # rollouts of a condition in a shard
        per_shard = np.clip(most // each, 1, conditions)
        envs = -(-each * per_shard // _MULTIPLE) * _MULTIPLE
        shards = blocks * -(-conditions // per_shard)
        beyond = np.maximum(envs - max(most, envs.min()), 0)
        best = np.lexsort((shards, shards * envs, beyond))[0]
        arrays = tuple(np.asarray(group) for group in groups)
        return cls(conditions, arrays, int(per_shard[best]), int(blocks[best]))

    @property
    def num_envs(self) -> int:
        """Environments of a shard."""
        each = 1 + sum(self._in_block(group) for group in self.groups)
        return -(-each * self.per_shard // _MULTIPLE) * _MULTIPLE

    @property
    def shards(self) -> int:
        """Number of shards; those of the same conditions follow each other."""
        return self.blocks * -(-self.conditions // self.per_shard)

    def slots(self, number: int) -> Slots:
        """The environments of a shard."""
        chunk, block = divmod(number, self.blocks)
        first = chunk * self.per_shard
        conditions = np.arange(first, first + self.per_shard)
        parts = [(np.array([INTACT]), np.array([True]))]
        for group in self.groups:
            size = self._in_block(group)
            places = np.arange(block * size, (block + 1) * size)
            real = places < len(group)
            parts.append((group[np.where(real, places, 0)], real))
        treatment, real = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        condition = np.repeat(conditions, len(treatment))
        treatment, real = np.tile(treatment, len(conditions)), np.tile(real, len(conditions))
        left = self.num_envs - len(condition)
        condition = np.concatenate([condition, np.full(left, first)])
        treatment = np.concatenate([treatment, np.full(left, INTACT)])
        real = np.concatenate([real, np.zeros(left, bool)]) & (condition < self.conditions)
        return Slots(np.minimum(condition, self.conditions - 1), treatment, real)

    def _in_block(self, group: np.ndarray) -> int:
        return -(-len(group) // self.blocks)
