"""Controls of pushes: a button, and a drag of the rat itself."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rodent.rotation import rotate
from rodent.view.callbacks import OnUser
from rodent.view.session import Pushable, Session

if TYPE_CHECKING:
    import trimesh
    import viser

STIFFNESS = 15.0
"""Force of a drag by its length, N/m."""
STRONGEST = 5.0
"""Largest force of a drag, N: about twice the weight of a rat."""

_LONG, _THICK = 0.11, 0.05  # half axes of what can be taken hold of, m at scale 1
_FORWARD = -0.03  # of its centre, m at scale 1


def drag_force(start: npt.ArrayLike, end: npt.ArrayLike) -> np.ndarray:
    """The force of a drag, that of a spring with a limit, newtons, shape (3,).

    Args:
        start: where the rat was taken hold of, metres, shape (3,).
        end: the pointer, metres, shape (3,).
    """
    force = STIFFNESS * (np.asarray(end, float) - np.asarray(start, float))
    return force * min(1.0, STRONGEST / max(float(np.linalg.norm(force)), 1e-9))


class PushPanel:
    """Controls of pushes of the rat of a live motion.

    Args:
        server: of the page.
        world: name of the node of the scene that the rat moves in.
        session: with a live motion.
        scale: of the rat, relative to dm_control's.
        on_user: makes what a control calls.
    """

    def __init__(
        self,
        server: "viser.ViserServer",
        world: str,
        session: Session,
        scale: float,
        on_user: OnUser,
    ):
        self._session, self._scale = session, scale
        assert isinstance(session.motion, Pushable)
        gui = server.gui
        with gui.add_folder("Push", expand_by_default=False):
            gui.add_markdown(
                f"Drag the rat: {STIFFNESS:g} N per metre, up to {STRONGEST:g} N. Or give a push:"
            )
            self._direction = gui.add_dropdown("Direction", session.motion.directions)
            self._impulse = gui.add_slider("Impulse (mN·s)", 5, 200, 5, 50)
            button = gui.add_button("Push")
        button.on_click(on_user(self._push))
        # a node that is not seen, because the browser finds skins only where they were when first clicked
        self._grip = server.scene.add_mesh_trimesh(
            f"{world}/grip", _unseen(scale), cast_shadow=False, receive_shadow=False
        )

        # events of one drag come in order only to a coroutine
        async def dragged(event: "viser.SceneNodeDragEvent[Any]") -> None:
            over = event.phase == "end"
            force = np.zeros(3) if over else drag_force(event.start_position, event.end_position)
            on_user(lambda: session.pull(force))(event)

        self._grip.on_drag("left")(dragged)

    def draw(self, qpos: np.ndarray, place: np.ndarray) -> None:
        """Have what is taken hold of around the rat.

        Args:
            qpos: pose of the rat, shape (nq,).
            place: of the rat's world in the page, metres, shape (3,).
        """
        self._grip.wxyz = qpos[3:7]
        middle = rotate(qpos[3:7], np.array([self._scale * _FORWARD, 0.0, 0.0]))
        self._grip.position = place + qpos[:3] + middle

    def _push(self) -> None:
        self._session.push(self._direction.value, 1e-3 * self._impulse.value)


def _unseen(scale: float) -> "trimesh.Trimesh":
    """What can be taken hold of, of a material that hides nothing behind it, as an opacity of 0 would."""
    from trimesh.creation import icosphere
    from trimesh.visual import TextureVisuals
    from trimesh.visual.material import PBRMaterial

    shape = icosphere(subdivisions=2)
    shape.apply_scale(scale * np.array([_LONG, _THICK, _THICK]))
    clear = PBRMaterial(baseColorFactor=(255, 255, 255, 0), alphaMode="BLEND")
    shape.visual = TextureVisuals(material=clear)
    return shape
