"""What reaches a browser: parts of a body never part."""

import threading
import time

import numpy as np
import pytest

from rodent.view import Session, open_source
from rodent.view.page import Page
from rodent.view.server import HOST, open_server
from tests.view.reader import messages

viser = pytest.importorskip("viser", reason="viser is not installed: pip install 'virtual-rodent[viewer]'")

FRAMES = 50


def shown(page):
    """Everything that moves in a page, as one row of numbers."""
    rat = page._rats[0]
    bones = [values.ravel() for puppet in (rat.puppet, rat.beside) for values in puppet.shown]
    return np.concatenate([page._world.position, *bones])


class Browser:
    """What a browser has been told, by part of a body and bone."""

    def __init__(self, page):
        rat = page._rats[0]
        self.parts = {name: p for p in (rat.puppet, rat.beside) for name in p._bones}
        self.world, self.places = np.zeros(3), {}

    def apply(self, window):
        for message in messages(window):
            name = message.get("name")
            if message["type"] == "SetPositionMessage" and name == "/world":
                self.world = np.array(message["position"])
            elif name in self.parts and message["type"].startswith("SetBone"):
                key = "position" if "position" in message else "wxyz"
                bone = self.parts[name]._bones[name][message["bone_index"]]
                self.places[name, key, bone] = message[key]

    def shown(self):
        """The same row; every bone must be in the same place in all parts that it moves."""
        row = [self.world]
        for puppet in dict.fromkeys(self.parts.values()):
            for key, values in zip(("position", "wxyz"), puppet.shown, strict=True):
                told = np.full(values.shape, np.nan)
                for name in puppet._bones:
                    for bone in puppet._bones[name]:
                        place = self.places[name, key, bone]
                        assert np.isnan(told[bone]).all() or (told[bone] == place).all(), (name, bone)
                        told[bone] = place
                row.append(told.ravel())
        return np.concatenate(row)


def test_every_window_of_messages_is_a_whole_frame(recording):
    """World, coat, eyes and reference are those of one frame, whether frames come fast or slowly."""
    from websockets.sync.client import connect

    with open_server() as server, open_source(recording) as source:
        page = Page(server, Session(source))
        page._reference.value = "beside"
        page.step(0.0)
        frames, windows = [shown(page)], []
        address = f"ws://{HOST}:{server.get_port()}"
        with connect(
            address, subprotocols=[f"viser-v{viser.__version__}"], max_size=None, proxy=None
        ) as link:
            reader = threading.Thread(target=lambda: windows.extend(link))
            reader.start()
            while not windows:
                time.sleep(0.05)
            for frame in range(FRAMES):
                page.step(0.02)
                frames.append(shown(page))
                time.sleep(0.02 * (frame % 2))
            time.sleep(0.5)
            link.close()
            reader.join()
        browser = Browser(page)
        seen = []
        for window in windows:
            browser.apply(window)
            if len(browser.places) == 2 * sum(
                map(len, (b for p in {*browser.parts.values()} for b in p._bones.values()))
            ):
                row = browser.shown()
                seen.append(min(range(len(frames)), key=lambda i: np.abs(frames[i] - row).max()))
                np.testing.assert_array_equal(row, frames[seen[-1]])
    assert len({*seen}) > 10 and seen == sorted(seen) and seen[-1] == FRAMES
