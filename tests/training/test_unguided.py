"""Bodies that no goal guides: what the prior and the decoder do, against a decoder that is silent."""

import dataclasses
import json

import pytest

from rodent.cli import main
from rodent.errors import InputError
from rodent.policy.policy import save_policy
from rodent.synthesis.stance import stance_clips
from tests.policies import TINY, untrained_policy
from training.unguided import unguided

WITH_PRIOR = dataclasses.replace(TINY, prior=(6,))


def test_an_untrained_decoder_is_as_good_as_a_silent_one(body):
    clips = stance_clips(body, frames=30)
    found = unguided(untrained_policy(body, WITH_PRIOR), clips, starts=4, seconds=0.3)
    assert found["upright"] == found["silenced"]["upright"] == 1
    assert found["moved"] == found["silenced"]["moved"] == 0
    assert (found["starts"], found["seconds"]) == (4, 0.3)
    assert found["correlated"] == {"correlation": 0.8, "upright": 1, "moved": 0}
    with pytest.raises(InputError, match="has no prior"):
        unguided(untrained_policy(body), clips)


def test_the_command_tells(body, tmp_path, capsys):
    save_policy(untrained_policy(body, WITH_PRIOR), tmp_path / "policy")
    words = ["evaluate", str(tmp_path / "policy"), "--clips", "gaits", "--clip", "stand", "--unguided"]
    page = tmp_path / "page.html"
    assert main([*words, "--json", "--report", str(page)]) == 0
    found = json.loads(capsys.readouterr().out)["unguided"]
    assert found["starts"] == 64
    assert 0 <= found["correlated"]["moved"] <= found["correlated"]["upright"] <= 1
    assert 0 <= found["moved"] <= found["upright"] <= 1
    assert "Without a goal" in page.read_text()
