"""The viewer in the browser.

    with open_source(Path("walk.h5")) as source:      # a recording or clips
        session = Session(source)
        session.advance(0.5)                          # half a second of playback
        session.moment.qpos                           # the pose to show

`motion`, `live`, `session`, `figure` and `strip` do not depend on a browser; `page` shows them with viser,
`server` makes the page available on this machine only, and `embedded` shows it inside a notebook.
"""

from rodent.view.motion import Moment, Motion, Source, open_source
from rodent.view.session import Session

__all__ = ["Moment", "Motion", "Session", "Source", "open_source"]
