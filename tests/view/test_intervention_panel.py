"""The controls of interventions, driven as a user would."""

import numpy as np
import pytest

from rodent.cli import main
from rodent.policy.policy import save_policy
from rodent.view import Session
from rodent.view.intervention_panel import STIMULATE
from rodent.view.live import live_source
from rodent.view.page import Page
from rodent.view.server import open_server
from tests.policies import untrained_policy

pytest.importorskip("viser", reason="viser is not installed: pip install 'virtual-rodent[viewer]'")


@pytest.fixture(scope="module")
def policy(body):
    return untrained_policy(body)


@pytest.fixture
def page(policy, clips):
    with open_server() as server:
        found = Page(server, Session(live_source(policy, clips)))
        found.step(0.0)
        yield found


def chosen(panel, **controls):
    """Set controls as a user does; the callbacks of the text belong to them."""
    for name, value in controls.items():
        getattr(panel, f"_{name}").value = value
    panel._compose()


def test_what_is_chosen_is_written_as_text(page):
    panel = page._panel
    assert not panel._size.visible and panel._line.content.count("No intervention.") == 1
    assert {"latent/sample", "decoder/layer_0", "observation/touch", "action"} <= {*panel._site.options}
    chosen(panel, site="decoder/layer_0", units="0:4")
    assert panel._text.value == "silence decoder/layer_0[0:4] to zero"
    chosen(panel, act=STIMULATE, size="0.5", units="10%")
    assert panel._text.value == "stimulate decoder/layer_0[10%] by 0.5" and panel._size.visible


def test_apply_and_clear(page):
    panel, motion = page._panel, page._session.motion
    intact = np.stack([motion.at(frame).qpos for frame in range(12)])
    page._session.restart()
    chosen(panel, site="decoder/layer_0", units="0:4")
    panel.apply()
    page.step(0.1)
    silenced = np.stack([motion.at(frame).qpos for frame in range(12)])
    assert (silenced != intact).any()
    assert "silence decoder/layer_0[0:4] to zero. 24 values changed so far." in panel._line.content
    page.step(0.02)
    assert "28 values" in panel._line.content
    panel.clear()
    page._session.restart()
    page.step(0.0)
    np.testing.assert_array_equal([motion.at(frame).qpos for frame in range(12)], intact)
    assert "No intervention." in panel._line.content


def test_the_line_shows_the_error_of_the_command_line(page, policy, clip_file, tmp_path, capfd):
    panel, text = page._panel, "silence latent/* to zero; gain decoder/layer_9 by <2"
    panel._text.value = "gain action by 0.5"
    panel.apply()
    panel._text.value = text
    panel.apply()
    page.step(0.02)
    save_policy(policy, tmp_path / "policy")
    words = [word for one in text.split(";") for word in ("--intervention", one.strip())]
    command = ["view", str(tmp_path / "policy"), "--clips", str(clip_file), *words]
    assert main(command) == 2
    error = capfd.readouterr().err.splitlines()[-1].removeprefix("rodent: ")
    assert "by is '<2'" in error
    assert panel._error == error
    assert error.replace("'", "&#x27;").replace("<", "&lt;") in panel._line.content
    assert "gain action by 0.5. " in panel._line.content  # what was on stays on
    panel._text.value = "gain action by 0.6"
    panel.apply()
    page.step(0.02)
    assert "color" not in panel._line.content
