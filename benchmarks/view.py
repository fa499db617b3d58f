"""How many frames of a rat with reference, contacts and the units' chart reach a page on loopback a second.

The page is drawn as fast as it goes, a client reads what the server sends, as the browser's
page does, and counts the windows of messages in which the rat's bones have moved.
"""

import json
import sys
import threading
import time

import msgspec.msgpack
import numpy as np
import zstandard
from _motion import benchmark_clips
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from rodent.scene import make_scene
from rodent.view.motion import Recorded, Source
from rodent.view.page import Page
from rodent.view.server import HOST, load_viser, open_server
from rodent.view.session import Session

SECONDS = 8.0
BAR = 30.0  # frames per second
RAT, BONE = "/world/rat_0/body/0", "SetBonePositionMessage"


class Client:
    """Reads windows of messages in a thread of its own.

    Attributes:
        frames: windows in which the rat moved.
        size: bytes of all windows.
    """

    def __init__(self, port: int):
        self.frames = self.size = 0
        protocol = Subprotocol(f"viser-v{load_viser().__version__}")
        self._socket = connect(f"ws://{HOST}:{port}", subprotocols=[protocol], max_size=None, proxy=None)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        for window in self._socket:
            assert isinstance(window, bytes)
            self.size += len(window)
            packed = window[16 : 16 + int.from_bytes(window[8:16], "little")]
            messages = msgspec.msgpack.decode(zstandard.decompress(packed))["messages"]
            self.frames += any(m["type"] == BONE and m["name"] == RAT for m in messages)

    def close(self) -> None:
        """Go."""
        self._socket.close()
        self._thread.join()


class WithUnits(Recorded):
    """A clip with a reference beside it and made-up units."""

    layers = ("decoder/layer_0",)

    def activity(self, layer: str) -> np.ndarray:
        """See `Motion`."""
        return np.random.default_rng(0).normal(size=(self.n_frames, 256)).astype(np.float32)


def main() -> int:
    """Print the rate as one line of JSON; the exit code is 1 if it misses its bar."""
    scene = make_scene()
    clip = benchmark_clips(scene)[0]
    motion = WithUnits(clip.name, clip.fps, clip.qpos, clip.qpos + 0.05 * np.eye(74)[1])
    with open_server() as server:
        session = Session(Source(scene.config, {clip.name: lambda: motion}))
        page = Page(server, session)
        page._contacts.value = True
        page.step(0.0)
        client = Client(server.get_port())
        time.sleep(1.0)  # the whole scene has come
        frames, size, cpu, begun = client.frames, client.size, time.process_time(), time.monotonic()
        while time.monotonic() - begun < SECONDS:
            page.step(1 / clip.fps)
            # the server's thread must come to its turn
            time.sleep(0.001)
        seconds = time.monotonic() - begun
        frames, size, cpu = client.frames - frames, client.size - size, time.process_time() - cpu
        client.close()
    each = max(frames, 1)
    print(f"a frame that arrives: {size / each / 1e3:.0f} kB, {1e3 * cpu / each:.1f} ms of CPU")
    figure = {"figure": "frames sent to the page of rodent view", "value": round(frames / seconds, 1)}
    print(json.dumps({**figure, "unit": "frames/s", "bar": BAR}))
    return int(frames / seconds < BAR)


if __name__ == "__main__":
    sys.exit(main())
