"""The page: that the server answers on loopback, and what a browser makes of it."""

import io
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import numpy as np
import pytest
from PIL import Image

from rodent.cli import main
from rodent.errors import InputError
from rodent.policy.policy import save_policy
from rodent.view import Session, Source, open_source
from rodent.view.contacts import NEWTON
from rodent.view.motion import Recorded
from rodent.view.page import Page
from rodent.view.rat import Look
from rodent.view.server import HOST, address, open_server
from tests.policies import untrained_policy
from tests.view.chromium import find_chromium, open_tab
from training.config import TrainConfig
from training.runs import begin_run

viser = pytest.importorskip("viser", reason="viser is not installed: pip install 'virtual-rodent[viewer]'")


@pytest.fixture
def server():
    with open_server() as server:
        yield server


@pytest.fixture
def session(recording):
    with open_source(recording) as source:
        yield Session(source)


def test_the_server_answers_on_loopback_alone(server, capfd):
    with urllib.request.urlopen(address(server)) as answer:
        assert answer.status == 200
        assert b"<html" in answer.read()
    # any other address of this machine stands for the network
    with socket.socket() as other:
        other.settimeout(2.0)
        assert other.connect_ex(("127.0.0.2", server.get_port())) != 0
    assert server.request_share_url() is None
    assert capfd.readouterr().out == ""


def test_poses_of_another_body_are_refused(server, session):
    small = Source(session.sources[0].scene, {"small": lambda: Recorded("small", 50, np.zeros((3, 10)))})
    with pytest.raises(InputError, match="small has poses of 10 numbers; expected 74"):
        Page(server, Session(small))


def test_a_motion_without_a_reference_says_nothing_of_tracking(server, session):
    page = Page(server, session)
    page.step(0.0)
    assert "reference" in page._status.content and page._rats[0].outline.frame.visible
    free = Recorded("free", 50, session.motion.at(0).qpos[None])
    page._session = Session(Source(session.sources[0].scene, {"free": lambda: free}))
    page._show_choice()
    page.step(0.0)
    assert page._status.content == "" and not page._reference.visible
    assert not page._rats[0].outline.frame.visible


def test_a_page_sends_its_scene(server, session):
    from websockets.sync.client import connect

    Page(server, session).step(0.02)
    protocol = f"viser-v{viser.__version__}"
    with connect(
        f"ws://{HOST}:{server.get_port()}", subprotocols=[protocol], max_size=None, proxy=None
    ) as link:
        size = 0
        while size < 50_000:  # the skin's vertices
            size += len(link.recv(timeout=20))


def test_a_taken_port_is_refused(server):
    port = server.get_port()
    with pytest.raises(InputError, match=f"cannot listen on port {port}.*in use"), open_server(port):
        pass


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_that_does_not_exist(port):
    with pytest.raises(InputError, match=f"port {port} does not exist"), open_server(port):
        pass


def test_what_is_done_at_the_controls_is_done_before_the_next_frame(server, session):
    page = Page(server, session)
    person = type("Event", (), {"client": object()})()
    page._on_user(lambda: session.choose("run_1"), page._show_choice)(person)
    assert session.motion.name == "run_0"
    page.step(0.02)
    assert (session.motion.name, page._time.value) == ("run_1", 0.02)
    page._time.value = 0.3  # by the page itself, which is not a wish
    page.step(0.0)
    assert session.frame == 1


def test_a_rat_whose_physics_broke_is_not_shown(server, session):
    page = Page(server, session)
    session.choose("run_1")
    for frame, visible, status in ((11, True, "tracks"), (12, True, "lost"), (15, False, "lost")):
        session.seek(frame / 50)
        page.step(0.0)
        assert page._rats[0].puppet.frame.visible == visible
        assert page._rats[0].outline.frame.visible
        assert status in page._status.content


def test_a_motion_that_begins_broken(server, session, clips):
    qpos = np.full_like(clips[0].qpos, np.nan)
    broken = Recorded("broken", 50.0, qpos, clips[0].qpos)
    page = Page(server, Session(Source(session.sources[0].scene, {"broken": lambda: broken})))
    page.step(0.1)
    assert not page._rats[0].puppet.frame.visible
    assert np.isfinite(page._rats[0].outline.shown.positions).all()


def test_the_camera_goes_with_the_rat(server, session):
    page = Page(server, session)
    page.step(0.0)
    place = session.moment.qpos[:2]
    np.testing.assert_allclose(page._world.position[:2], -place, atol=1e-6)
    page._follow.value = False
    session.seek(0.3)
    page.step(0.0)
    np.testing.assert_allclose(page._world.position[:2], -place, atol=1e-6)


def test_a_reference_is_around_the_rat_beside_it_or_hidden(server, session):
    page = Page(server, session)
    rat = page._rats[0]
    for way, around, beside in (("outline", True, False), ("beside", False, True), ("hidden", False, False)):
        page._reference.value = way
        page.step(0.02)
        assert (rat.outline.frame.visible, rat.beside.frame.visible) == (around, beside)
    away = rat.beside.frame.position
    assert np.linalg.norm(away[:2]) > 0.15 and away[2] == 0


def test_a_force_is_an_arrow_with_its_newtons(server, session):
    rat, moment = Page(server, session)._rats[0], session.moment
    force = np.array([0.0, 1.5, 0.0])
    rat.draw(moment, Look("hidden", np.zeros(3), True, force))
    (arrow,) = rat._force.points
    np.testing.assert_allclose(arrow[1] - arrow[0], NEWTON * force, atol=1e-6)
    # 0.26 kg
    assert rat._force.visible and rat._newtons.text == "1.5 N, 0.6 body weights"
    rat.draw(moment, Look("hidden", np.zeros(3), False))
    assert not (rat._force.visible or rat._newtons.visible or rat._dots.visible)


def test_recordings_stand_side_by_side(server, recording, tmp_path):
    other = tmp_path / "lesioned.h5"
    shutil.copy(recording, other)
    with open_source(recording) as first, open_source(other) as second:
        page = Page(server, Session(first, second))
        page.step(0.5)
        places = [rat.frame.position for rat in page._rats]
        assert np.linalg.norm(places[1] - places[0]) == pytest.approx(0.2, abs=0.05)
        assert [rat._label.text for rat in page._rats] == ["sway", "lesioned"]
        assert page._status.content.splitlines()[1] == "lesioned tracks its reference"
        assert [chart._image.visible for chart in page._units._charts] == [True, True]


# ------------------------------------------------------------------ the command


@pytest.fixture
def view(monkeypatch):
    """Runs `rodent view`, interrupted as soon as it would wait."""
    import rodent.view.page

    def interrupt(server, session):
        Page(server, session).step(0.0)
        raise KeyboardInterrupt

    monkeypatch.setattr(rodent.view.page, "watch", interrupt)
    return lambda *words: main(["view", *map(str, words)])


def test_the_command_prints_the_address(view, recording, clip_file, capfd):
    for words in ([recording], [clip_file], [recording, recording], [recording, "--clip", "run_1"]):
        assert view(*words) == 130
        out, err = capfd.readouterr()
        assert out.startswith("http://127.0.0.1:")
        assert len(out.splitlines()) == 1
        assert err.splitlines()[-1] == "rodent: interrupted"


def test_the_command_shows_what_a_run_has_learned(view, body, clip_file, tmp_path, capfd):
    clips = tmp_path / "clips.h5"
    shutil.copy(clip_file, clips)
    begin_run(tmp_path / "run", TrainConfig(), clips, {"train": ["sway_0"], "test": ["sway_1"]})
    save_policy(untrained_policy(body), tmp_path / "run" / "policy")
    assert view(tmp_path / "run") == 130
    assert view(tmp_path / "run" / "policy") == 2
    assert "so its clips are unknown; give them: --clips FILE" in capfd.readouterr().err
    assert view(tmp_path / "run" / "policy", "--clips", clips) == 130
    clips.unlink()
    assert view(tmp_path / "run") == 2
    assert "clips.h5, which is missing" in capfd.readouterr().err


def test_bad_input_ends_with_two_and_one_line(view, recording, tmp_path, capfd):
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        cases = {
            (tmp_path / "none.h5",): "no such file",
            (): "nothing to show",
            (tmp_path,): "neither a policy folder nor a run",
            (recording, tmp_path): "is a policy, which is shown alone; record it first",
            (recording, "--clip", "run_9"): "unknown clip 'run_9'",
            (recording, "--clips", recording): "--clips, --resample and --intervention go with a policy",
            (recording, "--port", other.getsockname()[1]): "in use; choose another --port",
        }
        for words, message in cases.items():
            assert view(*words) == 2
            out, err = capfd.readouterr()
            lines = [line for line in err.splitlines() if line.startswith("rodent:")]
            assert len(lines) == 1
            assert message in lines[0]
            assert out == ""


def test_without_viser(view, recording, monkeypatch, capfd):
    monkeypatch.setitem(sys.modules, "viser", None)
    assert view(recording) == 2
    assert "pip install 'virtual-rodent[viewer]'" in capfd.readouterr().err


def test_the_browser_is_opened(view, recording, monkeypatch, capfd):
    import webbrowser

    opened = []
    monkeypatch.setattr(webbrowser, "open", opened.append)  # which gives None, as one that failed
    assert view(recording, "--open") == 130
    out, err = capfd.readouterr()
    assert opened == out.split()
    assert "no browser could be opened" in err


# ------------------------------------------------------------------ the browser


def test_chromium_shows_the_rat(server, session, tmp_path):
    program = find_chromium()
    if program is None:
        pytest.skip("no Chromium is installed: apt install chromium-headless-shell")
    page = Page(server, session)
    page.step(0.0)
    with open_tab(program, tmp_path, address(server), size=(800, 600)) as tab:
        tab.wait_for("!!document.querySelector('canvas')")
        tab.wait_for("document.body.innerText.includes('tracks its reference')")
        image = wait_for_a_rat(tab)
        tab.click("Pause")
        end = time.monotonic() + 20
        while session.clock.playing and time.monotonic() < end:
            page.step(0.02)
            time.sleep(0.02)
        assert not session.clock.playing
        tab.wait_for("[...document.querySelectorAll('button')].some(b => b.textContent.trim() === 'Play')")
        # the units' picture is there
        tab.wait_for("[...document.images].some(image => image.naturalWidth > 100)")
    assert image.std() > 10


def wait_for_a_rat(tab):
    """The picture, once there are the ghost's blue and the fur's brown in it; uint8 (h, w, 3)."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        image = np.asarray(Image.open(io.BytesIO(tab.picture())).convert("RGB"))
        red, _, blue = image[:, : image.shape[1] // 2].astype(int).transpose(2, 0, 1)
        if (blue > red + 40).sum() > 100 and (red > blue + 25).sum() > 100:
            return image
        time.sleep(0.5)
    raise AssertionError("the picture shows no rat with a ghost")


def test_ctrl_c_ends_the_command(recording):
    # a shell has its background jobs ignore Ctrl-C, and they their children
    heeded = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    program = (
        f"{heeded}; import sys; from rodent.cli import main; sys.exit(main(['view', {str(recording)!r}]))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        place = process.stdout.readline().strip()
        with urllib.request.urlopen(place) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert (out, err.splitlines()[-1]) == ("", "rodent: interrupted")
