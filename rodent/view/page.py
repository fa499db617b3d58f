"""The page of the viewer: a session shown with viser, and its controls."""

import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np

from rodent.body_config import BodyConfig
from rodent.render.camera import CAMERAS
from rodent.render.renderer import check_poses
from rodent.render.skin import GHOST_RGBA
from rodent.rotation import rotate
from rodent.scene import make_scene
from rodent.view.figure import Figure, SkinFigure
from rodent.view.geoms import GeomFigure, has_plane, surroundings
from rodent.view.intervention_panel import InterventionPanel
from rodent.view.session import SPEEDS, Intervenable, Pushable, Session, glide
from rodent.view.strip import mark, strip

if TYPE_CHECKING:
    import viser

FRAME_RATE = 50.0
"""Largest number of frames per second that are sent."""

_STRIP_SECONDS = 0.1  # interval between images of the units
_DISTANCE, _FOV = 0.7, 30.0  # of the camera: metres from a rat of scale 1, and degrees
# sRGB
_EYE = (8, 5, 5)
_FLOOR, _TILE, _SQUARE = (190, 188, 182), (165, 163, 158), (140, 138, 134)


class Page:
    """Shows a session, and passes inputs of the controls to it.

    Args:
        server: of the page.
        session: to show.
    """

    def __init__(self, server: "viser.ViserServer", session: Session):
        self._server, self._session = server, session
        # callbacks of controls run in other threads; their requests are handled between frames
        self._requests: SimpleQueue[Callable[[], None]] = SimpleQueue()
        scene = session.source.scene
        rat = scene.body if isinstance(scene.body, BodyConfig) else None
        self._figure: Figure = SkinFigure(rat) if rat else GeomFigure(make_scene(scene))
        self._center = np.zeros(2)
        self._drawn: tuple[Any, ...] = ()
        self._strip_of: tuple[Any, ...] = ()
        self._strip_time = 0.0
        self._build_scene()
        self._build_controls()
        self._show_choice()

    def step(self, seconds: float) -> None:
        """Handle inputs of the controls, advance the time, and update what changed."""
        while not self._requests.empty():
            self._requests.get()()
        self._session.advance(seconds)
        target = self._target()  # may compile; before `atomic`, which would hold back that the page says so
        if self._follow.value:
            self._center = glide(self._center, target, seconds)
        # viser sends the changes within `atomic` together, so that frames are consistent
        with self._server.atomic():
            self._draw()

    # ----------------------------------------------------------------- scene

    def _build_scene(self) -> None:
        scene, figure = self._server.scene, self._figure
        pose = figure.pose(figure.rest)
        # to follow the rat, the world moves instead of the camera, so that the user can rotate the camera
        self._world = scene.add_frame("/world", show_axes=False)
        self._build_surroundings()
        self._rat = scene.add_frame("/world/rat", show_axes=False)
        self._coat = [
            scene.add_mesh_simple(
                f"/world/rat/coat_{i}", pose.skin[patch.vertices], patch.faces, color=patch.color
            )
            for i, patch in enumerate(figure.patches)
        ]
        self._eyes = [
            scene.add_icosphere(f"/world/rat/eye_{i}", radius=figure.eye_radius, color=_EYE)
            for i in range(len(pose.eyes))
        ]
        red, green, blue, opacity = GHOST_RGBA
        self._ghost = scene.add_mesh_simple(
            "/world/ghost",
            pose.skin,
            figure.faces,
            color=(red, green, blue),
            opacity=opacity,
            cast_shadow=False,
            receive_shadow=False,
        )
        self._place_camera()

    def _build_surroundings(self) -> None:
        scene, compiled = self._server.scene, make_scene(self._session.source.scene)
        if has_plane(compiled):
            scene.add_grid(
                "/world/floor",
                width=10,
                height=10,
                cell_size=0.05,
                cell_color=_TILE,
                section_size=0.5,
                section_color=_SQUARE,
                plane_color=_FLOOR,
                plane_opacity=1.0,
                fade_distance=4.0,
                shadow_opacity=0.35,
            )
        for i, mesh in enumerate(surroundings(compiled)):
            scene.add_mesh_simple(f"/world/arena_{i}", mesh.vertices, mesh.faces, color=mesh.color)

    def _place_camera(self) -> None:
        """Look at the body as in videos."""
        turn, elevation = np.radians(CAMERAS["oblique"])
        x, y, _ = rotate(self._pose_of_rat()[3:7], np.array([1.0, 0.0, 0.0]))
        azimuth = np.arctan2(y, x) + turn
        ahead = np.array([np.cos(azimuth), np.sin(azimuth), np.tan(elevation)]) * np.cos(elevation)
        middle = np.array([0.0, 0.0, self._figure.middle])
        camera = self._server.initial_camera
        camera.look_at = middle
        camera.position = middle - _DISTANCE * self._figure.scale * ahead
        camera.fov = float(np.radians(_FOV))

    def _target(self) -> np.ndarray:
        """The point that the camera follows: the floor below the rat, metres, shape (2,)."""
        position = self._session.moment.qpos[:2]
        return position.astype(float) if np.isfinite(position).all() else self._center

    def _pose_of_rat(self) -> np.ndarray:
        """The rat's pose, or the rest pose if physics diverged; shape (nq,)."""
        qpos = self._session.moment.qpos
        return qpos if np.isfinite(qpos).all() else self._figure.rest

    # -------------------------------------------------------------- controls

    def _build_controls(self) -> None:
        gui, session = self._server.gui, self._session
        gui.configure_theme(show_logo=False, show_share_button=False, control_width="large")
        gui.set_panel_label("Virtual rodent")
        gui.main_panel.dock_right()
        self._clip = gui.add_dropdown("Clip", tuple(session.source.motions))
        self._time = gui.add_slider("Time (s)", 0.0, 1.0, 0.001, 0.0)
        self._status = gui.add_markdown("")
        self._pause = gui.add_button("Pause")
        again = gui.add_button("Start again")
        speed = gui.add_dropdown("Speed", tuple(SPEEDS), initial_value="1")
        self._follow = gui.add_checkbox("Follow", True)
        self._with_ghost = gui.add_checkbox("Reference", True)

        self._clip.on_update(self._on_user(lambda: session.choose(self._clip.value), self._show_choice))
        self._time.on_update(self._on_user(lambda: session.seek(self._time.value)))
        self._pause.on_click(self._on_user(lambda: session.play(not session.clock.playing)))
        again.on_click(self._on_user(session.restart))
        speed.on_update(self._on_user(lambda: session.set_speed(SPEEDS[speed.value])))
        if isinstance(session.motion, Pushable):
            self._build_push(session.motion.directions)
        self._panel = None
        if isinstance(session.motion, Intervenable):
            self._panel = InterventionPanel(gui, session, self._on_user)
        self._layer = gui.add_dropdown("Units of layer", session.motion.layers or ("",))
        self._strip = gui.add_image(np.zeros((1, 1, 3), np.uint8))

    def _build_push(self, directions: tuple[str, ...]) -> None:
        gui, session = self._server.gui, self._session
        with gui.add_folder("Push"):
            direction = gui.add_dropdown("Direction", directions)
            impulse = gui.add_slider("Impulse (mN·s)", 5, 200, 5, 50)
            push = gui.add_button("Push")
        push.on_click(self._on_user(lambda: session.push(direction.value, 1e-3 * impulse.value)))

    def _on_user(self, *actions: Callable[[], None]) -> Callable[[Any], None]:
        """A callback that schedules actions before the next frame, for inputs of a user only."""

        def callback(event: Any) -> None:
            # values that are set by this program also call back, but without a client
            if event.client is not None:
                for action in actions:
                    self._requests.put(action)

        return callback

    def _show_choice(self) -> None:
        """Update the controls for the current motion."""
        motion = self._session.motion
        check_poses(self._session.moment.qpos.shape[-1], len(self._figure.rest), motion.name)
        self._time.value = 0.0
        self._time.max = (motion.n_frames - 1) / motion.fps
        self._time.step = 1 / motion.fps
        self._with_ghost.visible = self._session.moment.reference is not None
        self._layer.visible = self._strip.visible = bool(motion.layers)
        if motion.layers and self._layer.options != motion.layers:
            self._layer.options = motion.layers
        self._center = self._target()

    # --------------------------------------------------------------- drawing

    def _draw(self) -> None:
        session = self._session
        shown = (session.motion, session.frame, self._with_ghost.value)
        if shown != self._drawn:
            self._drawn = shown
            self._draw_rats()
            self._time.value = session.frame / session.motion.fps
        self._world.position = (*-self._center, 0.0)
        self._pause.label = "Pause" if session.clock.playing else "Play"
        if self._panel is not None:
            self._panel.draw()
        if session.motion.layers:
            self._draw_strip()

    def _draw_rats(self) -> None:
        moment = self._session.moment
        # a rat whose physics diverged is hidden
        self._rat.visible = bool(np.isfinite(moment.qpos).all())
        self._ghost.visible = moment.reference is not None and self._with_ghost.value
        pose = self._figure.pose(self._pose_of_rat(), moment.reference if self._ghost.visible else None)
        for mesh, patch in zip(self._coat, self._figure.patches, strict=True):
            mesh.vertices = pose.skin[patch.vertices]
        for eye, position in zip(self._eyes, pose.eyes, strict=True):
            eye.position = position
        if pose.ghost is not None:
            self._ghost.vertices = pose.ghost
        tracks = "tracks its reference" if moment.alive else "**lost its reference**"
        self._status.content = "" if moment.reference is None else tracks

    def _draw_strip(self) -> None:
        """Update the image of the units, which depends on layer, simulated frames and time."""
        session, now = self._session, time.monotonic()
        played = session.motion.played if isinstance(session.motion, Pushable) else session.motion.n_frames
        content = (session.motion, self._layer.value, played)
        shown = (*content, session.frame)
        if shown == self._strip_of or now - self._strip_time < _STRIP_SECONDS:
            return
        if self._strip_of[:3] != content:
            self._picture = strip(session.motion.activity(self._layer.value))
        self._strip_of, self._strip_time = shown, now
        self._strip.image = mark(self._picture, session.frame / session.motion.n_frames)


def watch(server: "viser.ViserServer", session: Session, ended: Callable[[], bool] = lambda: False) -> None:
    """Update the page until an interrupt or until it has ended; time stops while no browser is connected."""
    page = Page(server, session)
    page.step(0.0)
    last = time.monotonic()
    while not ended():
        begun = time.monotonic()
        if server.get_clients():
            page.step(begun - last)
        last = begun
        time.sleep(max(0.0, 1 / FRAME_RATE - (time.monotonic() - begun)))
