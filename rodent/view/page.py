"""The page of the viewer: a session shown with viser, and its controls."""

import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np

from rodent.errors import InputError
from rodent.scene import make_scene
from rodent.view.bones import together
from rodent.view.command_panel import CommandPanel
from rodent.view.intervention_panel import InterventionPanel
from rodent.view.joint_panel import JointPanel
from rodent.view.push_panel import PushPanel
from rodent.view.rat import REFERENCES, Look, Rat
from rodent.view.session import SPEEDS, Commandable, Intervenable, Pushable, Session, glide
from rodent.view.stage import Camera, build_surroundings
from rodent.view.units_panel import UnitsPanel

if TYPE_CHECKING:
    import viser

FRAME_RATE = 50.0
"""Largest number of frames per second that are sent."""

_LANE = 0.22  # from rat to rat beside each other, m at scale 1
_APART = 0.3  # room between rats beside each other that go different ways, m
_WIDE = 1.6  # width by height of the usual page


class Page:
    """Shows a session, and passes inputs of the controls to it.

    Args:
        server: of the page.
        session: to show.

    Raises:
        InputError: sources are in different arenas, or a motion is not one of its source's body.
    """

    def __init__(self, server: "viser.ViserServer", session: Session):
        self._server, self._session = server, session
        # callbacks of controls run in other threads; their requests are handled between frames
        self._requests: SimpleQueue[Callable[[], None]] = SimpleQueue()
        # to follow the rat, the world moves instead of the camera, so that the user can rotate the camera
        self._world = server.scene.add_frame("/world", show_axes=False)
        _require_one_arena(session)
        build_surroundings(server, "/world", session.sources[0].scene)
        several = len(session.sources) > 1
        self._rats = [
            Rat(server, f"/world/rat_{i}", source.scene, source.name if several else "")
            for i, source in enumerate(session.sources)
        ]
        self._center = np.zeros(2)
        first, moment = self._rats[0].figure, session.moment
        self._camera = Camera(self._rats[0].pose(moment.qpos), first.middle, first.scale)
        self._lane = _LANE * first.scale * self._camera.right
        self._build_controls()
        self._show_choice()
        self._camera.place(server.initial_camera, self._width(), _WIDE)
        server.on_client_connect(
            lambda client: self._camera.place(client.camera, self._width(), client.camera.aspect)
        )

    def step(self, seconds: float) -> None:
        """Handle inputs of the controls, advance the time, and update what changed."""
        while not self._requests.empty():
            self._requests.get()()
        self._session.advance(seconds)
        target = self._target()  # may compile; before `together`, which would hold back that the page says so
        if self._follow.value:
            self._center = glide(self._center, target, seconds)
        together(self._server, self._draw)

    # -------------------------------------------------------------- controls

    def _build_controls(self) -> None:
        server, gui, session = self._server, self._server.gui, self._session
        gui.configure_theme(show_logo=False, show_share_button=False, control_width="large")
        gui.set_panel_label("Virtual rodent")
        gui.main_panel.dock_right()
        self._clip = gui.add_dropdown("Clip", session.names)
        self._time = gui.add_slider("Time (s)", 0.0, 1.0, 0.001, 0.0)
        self._status = gui.add_markdown("")
        self._pause = gui.add_button("Pause")
        again = gui.add_button("Start again")
        speed = gui.add_dropdown("Speed", tuple(SPEEDS), initial_value="1")
        self._follow = gui.add_checkbox("Follow", True, hint="Keep the rat in the middle")
        self._contacts = gui.add_checkbox("Contacts", False, hint="Points of contact, and forces on the paws")
        self._reference = gui.add_dropdown("Reference", REFERENCES)

        self._clip.on_update(self._on_user(lambda: session.choose(self._clip.value), self._show_choice))
        self._time.on_update(self._on_user(lambda: session.seek(self._time.value)))
        self._pause.on_click(self._on_user(lambda: session.play(not session.clock.playing)))
        again.on_click(self._on_user(session.restart))
        speed.on_update(self._on_user(lambda: session.set_speed(SPEEDS[speed.value])))
        first = self._rats[0].figure
        self._joints = JointPanel(gui, make_scene(session.sources[0].scene), self._on_user)
        self._command = self._push = self._panel = None
        if isinstance(session.motion, Commandable) and session.motion.commands:
            self._command = CommandPanel(gui, session, self._on_user)
        if isinstance(session.motion, Pushable):
            self._push = PushPanel(server, "/world", session, first.scale, self._on_user)
        if isinstance(session.motion, Intervenable):
            self._panel = InterventionPanel(gui, session, self._on_user)
        self._units = UnitsPanel(gui, session)

    def _on_user(self, *actions: Callable[[], None]) -> Callable[[Any], None]:
        """A callback that schedules actions before the next frame, for inputs of a user only."""

        def callback(event: Any) -> None:
            # values that are set by this program also call back, but without a client
            if event.client is not None:
                for action in actions:
                    self._requests.put(action)

        return callback

    def _show_choice(self) -> None:
        """Update the controls for the current motions."""
        session = self._session
        for rat, motion, moment in zip(self._rats, session.motions, session.moments, strict=True):
            rat.check(moment, motion.name)
        self._time.value = 0.0
        self._time.max = session.duration - 1 / session.motion.fps
        self._time.step = 1 / session.motion.fps
        self._reference.visible = any(moment.reference is not None for moment in session.moments)
        self._units.choose()
        self._center = self._target()

    # --------------------------------------------------------------- drawing

    def _target(self) -> np.ndarray:
        """The point that the camera follows: the floor between the rats, metres, shape (2,)."""
        places = np.array([moment.qpos[:2] for moment in self._session.moments], float)
        sound = np.isfinite(places).all(axis=1)
        return places[sound].mean(axis=0) if sound.any() else self._center

    def _slots(self) -> int:
        """Places for each rat in the row: one of its own, and one for a reference beside it."""
        return 2 if self._reference.visible and self._reference.value == "beside" else 1

    def _width(self) -> float:
        """From the first to the last in the row, with room for rats that go different ways, m."""
        row = float(np.linalg.norm(self._lane)) * (len(self._rats) * self._slots() - 1)
        return row + (_APART if len(self._rats) > 1 else 0.0)

    def _draw(self) -> None:
        session = self._session
        self._time.value = session.clock.time
        self._world.position = (*-self._center, 0.0)
        self._pause.label = "Pause" if session.clock.playing else "Play"
        slots, force = self._slots(), session.force()
        for i, (rat, moment) in enumerate(zip(self._rats, session.moments, strict=True)):
            if i == 0:
                qpos = self._joints.pose(moment.qpos, not session.clock.playing)
                moment = moment._replace(qpos=qpos)
            # the row of rats and references stands around the middle
            rat.frame.position = (i * slots - (len(self._rats) * slots - 1) / 2) * self._lane
            pushed = force if i == 0 else None
            rat.draw(moment, Look(self._reference.value, self._lane, self._contacts.value, pushed))
        self._status.content = self._tracking()
        if self._push is not None:
            self._push.draw(self._rats[0].pose(session.moment.qpos), self._rats[0].frame.position)
        for panel in (self._command, self._panel, self._units):
            if panel is not None:
                panel.draw()

    def _tracking(self) -> str:
        """Which rats track their references."""
        lines = []
        for source, moment in zip(self._session.sources, self._session.moments, strict=True):
            if moment.reference is not None:
                text = "tracks its reference" if moment.alive else "**lost its reference**"
                lines.append(text if len(self._rats) == 1 else f"{source.name} {text}")
        return "  \n".join(lines)


def _require_one_arena(session: Session) -> None:
    first = session.sources[0]
    for source in session.sources[1:]:
        if source.scene.arena != first.scene.arena:
            raise InputError(
                f"{source.name} is in another arena than {first.name}; show them one after the other"
            )


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
