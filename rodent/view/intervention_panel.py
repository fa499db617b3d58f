"""The controls of the page that put interventions on a live policy."""

import html
from typing import TYPE_CHECKING

from rodent.errors import InputError
from rodent.view.callbacks import OnUser
from rodent.view.session import Intervenable, Session

if TYPE_CHECKING:
    import viser

SILENCE_TO_ZERO, SILENCE_TO_MEAN, STIMULATE = "silence to zero", "silence to mean", "stimulate"
ACTS = (SILENCE_TO_ZERO, SILENCE_TO_MEAN, STIMULATE)
"""What can be chosen; the text line takes all others."""

_ERROR = "#c0392b"


def text_of(act: str, site: str, units: str, size: str) -> str:
    """The text of an intervention.

    Args:
        act: one of ACTS.
        site: on which it acts.
        units: which units, as in brackets of a text.
        size: of a stimulation, such as `0.5` or `1 sd`.

    >>> text_of(SILENCE_TO_MEAN, "decoder/layer_0", "0:32", "1 sd")
    'silence decoder/layer_0[0:32] to mean'
    >>> text_of(STIMULATE, "action", "all", "0.1")
    'stimulate action by 0.1'
    """
    units = units.strip()
    place = site if units in ("", "all") else f"{site}[{units}]"
    kind, _, rest = act.partition(" ")
    return f"{kind} {place} by {size}" if act == STIMULATE else f"{kind} {place} {rest}"


class InterventionPanel:
    """Controls of interventions, and a line that says what is on.

    Args:
        gui: of the server.
        session: with a live motion.
        on_user: makes what a control calls.
    """

    def __init__(
        self,
        gui: "viser.GuiApi",
        session: Session,
        on_user: OnUser,
    ):
        self._session, self._error = session, ""
        with gui.add_folder("Intervention", expand_by_default=bool(self._motion.interventions)):
            self._site = gui.add_dropdown("Layer", self._motion.sites)
            self._units = gui.add_text("Units", "all", hint="Such as 0:32, 3,5,9, 10% or top 8 weight")
            self._act = gui.add_dropdown("Act", ACTS)
            self._size = gui.add_text("Amount", "1 sd", visible=False, hint="In units of the layer, or in sd")
            self._text = gui.add_text("As text", "", hint="Any intervention; several are separated by ;")
            apply, clear = gui.add_button("Apply"), gui.add_button("Clear")
            self._line = gui.add_html("")
        for control in (self._site, self._units, self._act, self._size):
            control.on_update(on_user(self._compose))
        apply.on_click(on_user(self.apply))
        clear.on_click(on_user(self.clear))
        self._compose()
        if on := self._motion.interventions:
            self._text.value = "; ".join(on)

    def apply(self) -> None:
        """Put the interventions of the text on, or show what is wrong with it."""
        self._error = ""
        texts = [text.strip() for text in self._text.value.split(";")]
        try:
            self._session.intervene(texts, self._say)
        except InputError as error:
            self._error = str(error)

    def clear(self) -> None:
        """Take all interventions off."""
        self._error = ""
        self._session.intervene(())

    def draw(self) -> None:
        """Update the line for the current frame."""
        on = "; ".join(self._motion.interventions)
        changed = self._motion.changed(self._session.frame)
        line = (
            f"<b>On:</b> {html.escape(on)}. {changed:,} values changed so far." if on else "No intervention."
        )
        if self._error:
            line = f'<span style="color: {_ERROR}">{html.escape(self._error)}</span><br>{line}'
        self._show(line)

    @property
    def _motion(self) -> Intervenable:
        motion = self._session.motion
        assert isinstance(motion, Intervenable)
        return motion

    def _compose(self) -> None:
        """Write what was chosen as text."""
        self._size.visible = self._act.value == STIMULATE
        self._text.value = text_of(self._act.value, self._site.value, self._units.value, self._size.value)

    def _say(self, text: str) -> None:
        self._show(f"{html.escape(text[0].upper() + text[1:])}; this takes some seconds.")

    def _show(self, line: str) -> None:
        line = f'<div style="padding: 0 0.75em 0.5em; font-size: 0.85em">{line}</div>'
        if line != self._line.content:
            self._line.content = line
