"""A shot whose arrays are read: its frames can be drawn.

motion = Loaded(shot, options)
motion.draw(renderer, frame=40, view=view)
"""

import numpy as np

from rodent.errors import InputError
from rodent.render.camera import View
from rodent.render.force_strip import force_arrows
from rodent.render.marks import Dots
from rodent.render.options import RenderOptions
from rodent.render.renderer import Frame, Renderer
from rodent.render.shots import Shot
from rodent.render.targets import TARGET_COLOUR, TARGET_RADIUS


class Loaded:
    """The arrays of a shot.

    Attributes:
        shot: whose.
        qpos: poses, all finite, shape (frames, nq).
        alive: frames without failure, shape (frames,).
        forces: of the ground; None unless they are shown.

    Args:
        shot: to read.
        options: what is shown of it.

    Raises:
        InputError: it has no finite pose.
    """

    def __init__(self, shot: Shot, options: RenderOptions):
        self.shot, self.qpos, self.alive = shot, _held(shot.qpos(), shot.name), shot.alive()
        self.forces = shot.forces() if options.forces and shot.forces else None
        self._reference = _held(shot.reference(), shot.name) if options.ghost else None
        self._targets = None if shot.targets is None else shot.targets()

    def draw(self, renderer: Renderer, frame: int, view: View, move: np.ndarray | None = None) -> Frame:
        """What OpenGL renders of a frame.

        Args:
            renderer: of the scene.
            frame: its number.
            view: of the camera.
            move: how far everything is displaced, m, shape (3,).
        """
        move = np.zeros(3) if move is None else move
        dots = [some._replace(points=some.points[frame] + move) for some in self.shot.dots]
        if self._targets is not None:
            dots.append(Dots(self._targets[frame] + move, TARGET_COLOUR, TARGET_RADIUS))
        arrows = [] if self.forces is None else force_arrows(self.forces, frame, renderer.scale)
        ghost = None if self._reference is None else _moved(self._reference[frame], move)
        return renderer.frame(_moved(self.qpos[frame], move), view, ghost, dots, arrows)


def _moved(pose: np.ndarray, move: np.ndarray) -> np.ndarray:
    return np.concatenate([pose[:3] + move, pose[3:]])


def _held(qpos: np.ndarray, name: str) -> np.ndarray:
    """The poses, with poses that are not finite replaced by the last finite one."""
    finite = np.isfinite(qpos).all(axis=1)
    if not finite.any():
        raise InputError(f"{name} has no finite pose to show")
    # before the first finite pose, the first is shown
    frames = np.where(finite, np.arange(len(qpos)), np.argmax(finite))
    return qpos[np.maximum.accumulate(frames)]
