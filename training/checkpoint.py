"""Checkpoints of the full training state, written atomically by orbax.

    checkpoints = Checkpoints(run / "checkpoints")
    checkpoints.save(iteration, state)
    iteration, state = checkpoints.restore(like=state)

A state is any pytree of arrays. After a kill at any time, the last complete checkpoint can be restored.
"""

import logging
import shutil
from pathlib import Path
from typing import Any

import jax
import numpy as np
import orbax.checkpoint as ocp

from rodent.errors import InputError, WorkError
from rodent.files import explain_os_errors


class Checkpoints:
    """The checkpoints of one run; the two newest are kept."""

    def __init__(self, folder: Path):
        logging.getLogger("absl").setLevel(logging.CRITICAL)  # what orbax logs as errors, it also raises
        self.folder = Path(folder).absolute()
        options = ocp.CheckpointManagerOptions(
            max_to_keep=2,
            enable_async_checkpointing=False,
            cleanup_tmp_directories=True,  # of processes that were killed
        )
        self._manager = ocp.CheckpointManager(self.folder, options=options)

    def any(self) -> bool:
        """Whether there is a complete checkpoint."""
        return self._manager.latest_step() is not None

    def save(self, iteration: int, state: Any) -> None:
        """Write a state; an existing checkpoint of the same iteration is not changed.

        Raises:
            WorkError: the disk is full.
        """
        if iteration in self._manager.all_steps():
            return
        try:
            with explain_os_errors(self.folder):
                self._manager.save(iteration, args=ocp.args.StandardSave(_leaves(state)))
        except WorkError:
            # a full disk has better use for the part that was written
            shutil.rmtree(self.folder / f"{iteration}.orbax-checkpoint-tmp", ignore_errors=True)
            raise

    def restore(self, like: Any) -> tuple[int, Any]:
        """The newest iteration and its state, in the structure of `like`.

        Raises:
            InputError: there is no checkpoint, or its arrays have other shapes or types.
        """
        iteration = self._manager.latest_step()
        if iteration is None:
            raise InputError(
                f"{self.folder} has no checkpoint: the run stopped before its first; start a new run"
            )
        expected = _leaves(like)
        try:
            found = self._manager.restore(iteration, args=ocp.args.StandardRestore(expected))
        except (ValueError, KeyError, OSError) as error:
            first_line = str(error).strip().splitlines()[0]
            raise InputError(
                f"{self.folder}/{iteration} is damaged or has another version: {first_line}; {self._fix()}"
            ) from error
        for name, leaf in expected.items():
            if found[name].shape != leaf.shape or found[name].dtype != leaf.dtype:
                raise InputError(
                    f"{self.folder}/{iteration}: {name} is {found[name].dtype}{found[name].shape}, "
                    f"expected {leaf.dtype}{leaf.shape}; the run has another version: {self._fix()}"
                )
        # orbax does not store empty arrays, such as the memory of an MLP
        leaves = [found.get(_name(i), np.asarray(leaf)) for i, leaf in enumerate(jax.tree.leaves(like))]
        return iteration, jax.tree.unflatten(jax.tree.structure(like), leaves)

    def _fix(self) -> str:
        return f"continue from its policy in a new run, with --start-from {self.folder.parent}"

    def close(self) -> None:
        """Finish writing."""
        self._manager.close()


def _leaves(state: Any) -> dict[str, np.ndarray]:
    """Numbered leaves as numpy arrays, which keep float64; without empty ones."""
    leaves = {_name(i): np.asarray(leaf) for i, leaf in enumerate(jax.tree.leaves(state))}
    return {name: leaf for name, leaf in leaves.items() if leaf.size}


def _name(i: int) -> str:
    return f"{i:04d}"
