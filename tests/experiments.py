"""A small experiment, for tests."""

from pathlib import Path

from rodent.clips import write_clips
from rodent.policy.policy import save_policy
from rodent.scene import Scene
from rodent.synthesis.stance import stance_clips
from tests.policies import untrained_policy

SPEC = """
policies = ["policy"]
clips = "clips.h5"
starts = [0, 2]
frames = 6
seeds = 2
jitter = 0.5
activity = ["decoder/layer_0"]
series = ["speed"]

[[arm]]
name = "decoder"
acts = ["silence decoder/layer_0[{dose}%] to mean"]
doses = [10, 20]
draws = 2
control = "matched"

[[arm]]
name = "unit of {site}"
sites = ["latent/mean"]
acts = ["clamp {site}[{draw}] to 3"]
each_unit = true
"""


def write_small_experiment(folder: Path, body: Scene, spec: str = SPEC) -> Path:
    """A specification with its policy and its clips; returns the path of the specification."""
    save_policy(untrained_policy(body), folder / "policy")
    write_clips(stance_clips(body, frames=10, n=2), folder / "clips.h5")
    (folder / "lesions.toml").write_text(spec)
    return folder / "lesions.toml"
