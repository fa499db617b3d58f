"""A headless Chromium, driven through its DevTools protocol."""

import base64
import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
import urllib.request

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
PATIENCE = 60.0  # seconds: WebGL without a GPU is slow

FLAGS = (
    *("--headless", "--no-sandbox", "--mute-audio", "--no-first-run", "--hide-scrollbars"),
    *("--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--remote-debugging-port=0"),
)


def find_chromium():
    """The path of an installed Chromium, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Tab:
    """One page: evaluates JavaScript, clicks, takes pictures."""

    def __init__(self, socket):
        self._socket, self._number = socket, 0

    def call(self, method, **params):
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            answer = json.loads(self._socket.recv(timeout=PATIENCE))
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]

    def evaluate(self, script):
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def wait_for(self, script):
        """Wait until the script's value is true in JavaScript's sense, and return it."""
        end = time.monotonic() + PATIENCE
        while not (value := self.evaluate(script)):
            assert time.monotonic() < end, f"never: {script}"
            time.sleep(0.2)
        return value

    def click(self, text):
        """Click the button of this text."""
        found = f"[...document.querySelectorAll('button')].find(b => b.textContent.trim() === {text!r})"
        self.wait_for(f"!!{found}")
        self.evaluate(f"{found}.click()")

    def picture(self):
        """The page as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])


@contextlib.contextmanager
def open_tab(program, folder, address, size=(1280, 720)):
    """A tab in a browser of its own, which keeps what it writes in a folder."""
    from websockets.sync.client import connect

    words = [program, *FLAGS, f"--user-data-dir={folder}", f"--window-size={size[0]},{size[1]}", address]
    # what is installed may be a script that starts the browser: a group of its own can be ended as one
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
    with subprocess.Popen(words, **quiet) as browser:
        try:
            port_file, end = folder / "DevToolsActivePort", time.monotonic() + PATIENCE
            while not port_file.exists() or len(port_file.read_text().split()) < 2:
                assert browser.poll() is None, "Chromium ended at once"
                assert time.monotonic() < end, "Chromium opens no port"
                time.sleep(0.1)
            port = port_file.read_text().split()[0]
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list") as answer:
                (page, *_) = (tab for tab in json.load(answer) if tab["type"] == "page")
            with connect(page["webSocketDebuggerUrl"], max_size=None, proxy=None) as socket:
                yield Tab(socket)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(browser.pid, signal.SIGKILL)
