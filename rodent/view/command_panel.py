"""Sliders of what a live policy takes as commands, such as a speed."""

from typing import TYPE_CHECKING

from rodent.view.callbacks import OnUser
from rodent.view.session import Commandable, Session

if TYPE_CHECKING:
    import viser

_STEPS = 100


class CommandPanel:
    """Sliders that show the present command, and take the task's place as soon as one is moved.

    Args:
        gui: of the server.
        session: with a live motion that takes commands.
        on_user: makes what a control calls.
    """

    def __init__(
        self,
        gui: "viser.GuiApi",
        session: Session,
        on_user: OnUser,
    ):
        self._session = session
        assert isinstance(session.motion, Commandable)
        with gui.add_folder("Command"):
            self._sliders = [
                gui.add_slider(
                    f"{name.capitalize()} ({one.unit})",
                    one.low,
                    one.high,
                    (one.high - one.low) / _STEPS,
                    one.low,
                )
                for name, one in session.motion.commands.items()
            ]
        for slider in self._sliders:
            slider.on_update(on_user(self._command))

    def draw(self) -> None:
        """Show the command of the current frame."""
        command = self._session.moment.command
        if command is not None:
            for slider, value in zip(self._sliders, command.tolist(), strict=True):
                slider.value = min(max(value, slider.min), slider.max)

    def _command(self) -> None:
        self._session.command([slider.value for slider in self._sliders])
