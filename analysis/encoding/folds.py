"""Contiguous blocks of a session, dealt to folds that are held out in turn.

    folds = Folds.of(n_rows=15000, folds=5, block_rows=3000, gap_rows=50)
    for held_out in range(folds.n_folds):
        train, test = folds.training((held_out,)), folds.rows(held_out)
    null = counts[folds.rotated(random, 1000)]  # the session and its mirror image, turned as a ring

Rows are the usable bins in order of time. Blocks have one length and every training block
is trimmed by the gap at both ends, so any two training sets of as many folds have the same
number of rows: a compiled fit serves them all.
"""

import dataclasses
import functools
from collections.abc import Sequence

import numpy as np

from analysis.ring import random_turn, turned
from rodent.errors import InputError


@dataclasses.dataclass(frozen=True)
class Folds:
    """Which rows are trained on and which are held out.

    Attributes:
        n_folds: number of folds; block b belongs to fold b % n_folds.
        n_blocks: a multiple of n_folds.
        length: rows of a block.
        gap: rows trimmed from both ends of a training block.
    """

    n_folds: int
    n_blocks: int
    length: int
    gap: int

    @classmethod
    def of(cls, n_rows: int, n_folds: int, block_rows: int, gap_rows: int) -> "Folds":
        """As many equal blocks of at least `block_rows` rows as there is room for, or one for each fold.

        At most n_blocks - 1 rows at the end are left over.

        Raises:
            InputError: the gaps leave nothing to train on.
        """
        n_blocks = n_folds * max(1, n_rows // (n_folds * block_rows))
        length = n_rows // n_blocks
        if length <= 2 * gap_rows:
            raise InputError(
                f"a block of {length} bins is eaten up by gaps of {gap_rows} bins at both ends; "
                "take a longer recording, fewer folds, or a smaller gap or lag"
            )
        return cls(n_folds, n_blocks, length, gap_rows)

    @property
    def n_rows(self) -> int:
        """Rows in all blocks."""
        return self.n_blocks * self.length

    def rows(self, fold: int) -> np.ndarray:
        """The rows of one fold's blocks, whole, in order."""
        return self._blocks()[fold :: self.n_folds].reshape(-1)

    def training(self, held_out: tuple[int, ...]) -> np.ndarray:
        """The rows of all other folds, more than `gap` rows away from those held out, in order."""
        kept = [b for b in range(self.n_blocks) if b % self.n_folds not in held_out]
        return self._blocks()[kept, self.gap : self.length - self.gap].reshape(-1)

    @functools.cached_property
    def trained(self) -> tuple[np.ndarray, ...]:
        """The rows of each fold that others are trained on, in order."""
        folds = range(self.n_folds)
        return tuple(self.training(tuple(other for other in folds if other != fold)) for fold in folds)

    def together(self, parts: Sequence[np.ndarray]) -> np.ndarray:
        """Values of each fold's rows, as those of all rows, shape (n_rows, ...)."""
        found = np.empty((self.n_rows, *parts[0].shape[1:]), parts[0].dtype)
        for fold, values in enumerate(parts):
            found[self.rows(fold)] = values
        return found

    @functools.cached_property
    def edges(self) -> tuple[np.ndarray, ...]:
        """The rows of each fold that others are not trained on, in order."""
        each = enumerate(self.trained)
        return tuple(np.setdiff1d(self.rows(fold), inner, assume_unique=True) for fold, inner in each)

    def rotated(self, random: np.random.Generator, least: int) -> np.ndarray:
        """A stretch, as long as the session, of the ring of it and its mirror image; see `analysis.ring`.

        Args:
            random: source of the turn.
            least: rows by which the ring is turned, at least, either way round.

        Returns:
            row indices, shape (n_rows,).

        Raises:
            InputError: there are fewer rows than that.
        """
        n = self.n_rows
        if n < least:
            raise InputError(f"a session of {n} bins cannot be shifted by {least} bins either way round")
        return turned(n, random_turn(random, n, least))

    def _blocks(self) -> np.ndarray:
        return np.arange(self.n_rows).reshape(self.n_blocks, self.length)
