"""The viewer inside a notebook.

viewer = open_viewer("walk.h5")                 # a recording or clips
viewer = open_viewer(["intact.h5", "lesioned.h5"])   # side by side
viewer = open_viewer(policy, clips)             # a live policy, which can be pushed
viewer                                          # shown where it stands
viewer.close()

The page is served by this machine for this machine only: the browser must run on it, too, or reach it through
a tunnel of the same port, such as `ssh -L 8080:localhost:8080`.
"""

import contextlib
import threading
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Self

from rodent.errors import InputError
from rodent.policy.policy import Policy
from rodent.rollouts.episodes import Clips, clip_set_for
from rodent.view.live import live_source
from rodent.view.motion import open_source
from rodent.view.page import watch
from rodent.view.server import address, load_viser, open_server
from rodent.view.session import Session

_HEIGHT = 520  # pixels in a notebook


class Viewer:
    """A viewer that runs beside the notebook until it is closed.

    Args:
        session: to show.
        opened: what to close with it.
        port: of the page; 0 for any free one.

    Attributes:
        address: of the page.
    """

    def __init__(self, session: Session, opened: contextlib.ExitStack, port: int = 0):
        self._opened, self._ended = opened, threading.Event()
        server = opened.enter_context(open_server(port))
        self.address = address(server)
        run = (server, session, self._ended.is_set)
        self._thread = threading.Thread(target=watch, args=run, daemon=True)
        self._thread.start()

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._ended.is_set()

    def close(self) -> None:
        """Stop the server and close the files."""
        self._ended.set()
        self._thread.join()
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Viewer({'closed' if self.closed else self.address})"

    def _repr_html_(self) -> str:
        if self.closed:
            return f"<p><code>{escape(repr(self))}</code></p>"
        return (
            f'<iframe src="{escape(self.address)}" width="100%" height="{_HEIGHT}" frameborder="0"></iframe>'
        )


def open_viewer(
    source: Policy | Path | str | Sequence[Path | str], clips: Clips = None, *, port: int = 0
) -> Viewer:
    """Show motion, or a live policy, inside a notebook.

    Args:
        source: a recording or clips in a file, several of them to show side by side, or a policy.
        clips: for a policy to imitate, a set or a list; None for a task without clips.
        port: of the page; 0 for any free one.

    Raises:
        InputError: the source is not valid, viser is missing, or the port is not free.
    """
    load_viser()
    with contextlib.ExitStack() as stack:
        if isinstance(source, Policy):
            shown = [live_source(source, clip_set_for(source, clips), ())]
        elif clips is not None:
            raise InputError(f"{source} is a file to look at by itself; clips go with a policy")
        else:
            files = [source] if isinstance(source, Path | str) else source
            if not files:
                raise InputError("the list of recordings is empty; name at least one")
            shown = [stack.enter_context(open_source(Path(path))) for path in files]
        return Viewer(Session(*shown), stack.pop_all(), port)
