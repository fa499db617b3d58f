"""A rat in the page, with its reference, its contacts, and the force on it."""

from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np

from rodent.body_config import BodyConfig
from rodent.render.renderer import check_poses
from rodent.render.skin import GHOST_RGBA
from rodent.render.targets import TARGET_COLOUR, TARGET_RADIUS
from rodent.scene import Scene, make_scene
from rodent.scene_config import SceneConfig
from rodent.view.bones import Puppet
from rodent.view.contacts import NEWTON, Contacts
from rodent.view.figure import Figure, SkinFigure
from rodent.view.geoms import GeomFigure
from rodent.view.motion import Moment

if TYPE_CHECKING:
    import viser

Reference = Literal["outline", "beside", "hidden"]
"""How a reference is shown: around the rat where it differs, in a place of its own, or not."""
REFERENCES: tuple[Reference, ...] = get_args(Reference)

_FORCE, _TOUCH, _CONTACT = (214, 48, 32), (240, 140, 20), (250, 200, 40)  # sRGB
_TARGET = (round(255 * TARGET_COLOUR[0]), round(255 * TARGET_COLOUR[1]), round(255 * TARGET_COLOUR[2]))
_THIN, _THICK = 0.0015, 0.003  # radii of arrows, m at scale 1
_DOT = 0.008  # m at scale 1
_TRANSLUCENT = 0.5  # opacity of a rat whose contacts are shown
_BELOW = -0.01  # height of the label, m at scale 1


class Look(NamedTuple):
    """What is shown of a rat beside itself.

    Attributes:
        reference: how the reference is shown.
        beside: from the rat to a reference beside it, m, shape (3,).
        contacts: whether contacts are shown.
        force: on the trunk, newtons, shape (3,); None for none.
    """

    reference: Reference
    beside: np.ndarray
    contacts: bool
    force: np.ndarray | None = None


class Rat:
    """One rat of the page.

    Args:
        server: of the page.
        name: in the tree of the scene.
        scene: its body in its arena.
        label: written over it; empty for nothing.

    Attributes:
        figure: its triangles.
        frame: node of the scene that has all of it.
    """

    def __init__(self, server: "viser.ViserServer", name: str, scene: SceneConfig, label: str = ""):
        compiled = make_scene(scene)
        self.figure = _figure(scene)
        figure, size, api = self.figure, self.figure.scale, server.scene
        self._contacts, self._weight = Contacts(compiled), _weight(compiled)
        self.frame = api.add_frame(name, show_axes=False)
        self.puppet = Puppet(server, f"{name}/body", figure.bind, figure.patches)
        red, green, blue, opacity = GHOST_RGBA
        ghost = {"color": (red, green, blue), "cast_shadow": False, "receive_shadow": False}
        # only the far side of an outline is drawn, so that a rat in it keeps its colors
        outline = {"opacity": opacity, "side": "back", **ghost}
        self.outline = Puppet(server, f"{name}/outline", figure.bind, [figure.outline], **outline)
        self.beside = Puppet(server, f"{name}/beside", figure.bind, [figure.outline], **ghost)
        self._touch = _arrows(server, f"{name}/touch", _TOUCH, size * _THIN)
        self._dots = api.add_point_cloud(
            f"{name}/contacts", np.zeros((0, 3)), _CONTACT, point_size=size * _DOT, point_shape="circle"
        )
        self._targets = api.add_point_cloud(
            f"{name}/targets", np.zeros((0, 3)), _TARGET, point_size=2 * TARGET_RADIUS, point_shape="circle"
        )
        self._force = _arrows(server, f"{name}/force", _FORCE, size * _THICK)
        self._newtons = api.add_label(f"{name}/newtons", "", visible=False, anchor="bottom-center")
        self._label = api.add_label(f"{name}/label", label, visible=bool(label), anchor="top-center")

    def check(self, moment: Moment, motion: str) -> None:
        """Require that a motion is one of this body.

        Raises:
            InputError: its poses have another size.
        """
        check_poses(moment.qpos.shape[-1], len(self.figure.rest), motion)

    def pose(self, qpos: np.ndarray) -> np.ndarray:
        """The pose that is drawn: the rest pose where physics diverged, shape (nq,)."""
        return qpos if np.isfinite(qpos).all() else self.figure.rest

    def draw(self, moment: Moment, look: Look) -> None:
        """Update what is seen of a frame; a rat whose physics diverged is hidden."""
        sound = bool(np.isfinite(moment.qpos).all())
        qpos, reference = self.pose(moment.qpos), moment.reference
        self.puppet.frame.visible = sound
        self.puppet.move(self.figure.pose(qpos))
        self._label.position = qpos[:3] * (1, 1, 0) + (0, 0, self.figure.scale * _BELOW)
        for way, ghost in (("outline", self.outline), ("beside", self.beside)):
            ghost.frame.visible = shown = reference is not None and look.reference == way
            if shown and reference is not None:
                ghost.move(self.figure.pose(self.pose(reference)))
        self.beside.frame.position = look.beside
        if moment.targets is not None:
            self._targets.points = moment.targets
        self._targets.visible = moment.targets is not None
        self._draw_contacts(qpos, moment.touch, look.contacts and sound)
        self._draw_force(qpos, look.force if sound else None)

    def _draw_contacts(self, qpos: np.ndarray, touch: np.ndarray | None, shown: bool) -> None:
        self.puppet.see_through(_TRANSLUCENT if shown else None)
        self._dots.visible = shown
        self._touch.visible = shown and touch is not None and bool((touch > 0).any())
        if shown:
            self._dots.points = self._contacts.points(qpos)
        if self._touch.visible and touch is not None:
            self._touch.points = self._contacts.arrows(touch)

    def _draw_force(self, qpos: np.ndarray, force: np.ndarray | None) -> None:
        self._force.visible = self._newtons.visible = force is not None
        if force is not None:
            begin = qpos[:3] + np.array([0.0, 0.0, self.figure.middle])
            end = begin + NEWTON * force
            self._force.points = np.stack([begin, end])[None]
            self._newtons.position = end
            size = float(np.linalg.norm(force))
            self._newtons.text = f"{size:.1f} N, {size / self._weight:.1f} body weights"


def _figure(scene: SceneConfig) -> Figure:
    """The triangles of a scene's body."""
    return SkinFigure(scene.body) if isinstance(scene.body, BodyConfig) else GeomFigure(make_scene(scene))


def _arrows(
    server: "viser.ViserServer", name: str, color: tuple[int, int, int], radius: float
) -> "viser.ArrowsHandle":
    """Arrows of a shaft of this radius, of which there are none yet."""
    none = np.zeros((0, 2, 3))
    return server.scene.add_arrows(
        name, none, color, shaft_radius=radius, head_radius=3 * radius, head_length=6 * radius, visible=False
    )


def _weight(scene: Scene) -> float:
    """Of the body, newtons."""
    model = scene.model
    return float(model.body_subtreemass[model.body_rootid[scene.root_id]] * np.linalg.norm(model.opt.gravity))
