"""The rat in the browser: what is shown, apart from how it is drawn.

    with open_source(Path("walk.h5")) as source:      # a recording or clips
        session = Session(source)
        session.advance(0.5)                          # half a second of watching
        session.moment.qpos                           # what is to be drawn now

`motion`, `live`, `session`, `figure` and `strip` know nothing of a browser; `page` draws them
with viser, and `server` keeps that on this machine.
"""

from rodent.view.motion import Moment, Motion, Source, open_source
from rodent.view.session import Session

__all__ = ["Moment", "Motion", "Session", "Source", "open_source"]
