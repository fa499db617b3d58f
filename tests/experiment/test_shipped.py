"""Experiments that ship, at small size: their specifications make sense, and their scripts run."""

import dataclasses
import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

from rodent.experiment import Inputs, read_experiment
from rodent.experiment.donors import donor_names
from rodent.experiment.spec import renamed_donor
from rodent.experiment.subject import subjects_of
from rodent.policy.policy import load_policy, save_policy
from rodent.synthesis.stance import stance_clips
from tests.experiment.test_run import done, spec  # noqa: F401  a small experiment that is done
from tests.policies import TINY, untrained_policy

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "experiments"


def script(name):
    """A script of the examples as a module."""
    found = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("name", "treatments"), [("exchange", 15), ("parkinson", 25)])
def test_specifications_make_sense(name, treatments, body, tmp_path):
    config = read_experiment(EXAMPLES / f"{name}.toml")
    for i, policy in enumerate(("rat-position", "rat-lstm")):
        other = dataclasses.replace(TINY, decoder_kind=("mlp", "lstm")[i])
        save_policy(untrained_policy(body, other, seed=i), tmp_path / policy)
    acts = [[renamed_donor(act, lambda one: str(tmp_path / one)) for act in arm.acts] for arm in config.arm]
    arms = [dataclasses.replace(arm, acts=tuple(one)) for arm, one in zip(config.arm, acts, strict=True)]
    clips = stance_clips(body, frames=60, n=1)
    small = dataclasses.replace(
        config, arm=tuple(arms), policies=(str(tmp_path / "rat-position"),), clip=(), clips="stance"
    )
    policies = {name: untrained_policy(body) for name in small.policies}
    donors = {name: load_policy(name) for name in donor_names(small.arm)}
    (subject,) = subjects_of(small, Inputs(policies, clips, donors))
    assert len(subject.treatments) == treatments
    page = (ROOT / "docs" / "pages" / "experiments" / f"{name}.md").read_text()
    assert f"examples/experiments/{name}.toml" in page


def test_outcomes_are_drawn_by_arm(done):  # noqa: F811
    module = script("by_arm")
    figure = module.draw(module.read_outcomes(done), ("frames_tracked", "joint_error"))
    rows = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert rows[:2] == ["decoder, 10", "decoder, 20"] and len(figure.axes) == 2


def test_the_ridge_finds_a_linear_map_and_the_score_is_its_explained_part(rng):
    module = script("foresight")
    x, weights = rng.normal(3, 2, (4000, 5)), rng.normal(size=(5, 3))
    y = x @ weights + 1 + rng.normal(size=(4000, 3))
    fitted = module.Ridge.fit(x, y, 1e-6)
    signal = x @ weights
    assert np.sqrt(((fitted.predict(x) - signal - 1) ** 2).mean()) < 0.08  # unit noise, 6 numbers from 4,000
    expected = signal.var(0).sum() / y.var(0).sum()
    assert module.determination(y, fitted.predict(x)) == pytest.approx(expected, abs=0.02)
    assert module.determination(y, np.zeros_like(y), about="zero") == 0


def test_foresight_on_a_linear_network(rng):
    module = script("foresight")
    names = [module.INTACT, *module.PERTURBATIONS]
    condition, clip = (one.ravel() for one in np.meshgrid(names, np.arange(6)))
    frames, weights = 30, rng.normal(size=(8, 4))
    behaviour = rng.normal(size=(6, frames, 3))[clip]
    layer = np.concatenate([behaviour @ rng.normal(size=(3, 8))], 2)
    layer[condition != module.INTACT, 10:] += rng.normal(size=8)
    inputs = {"behaviour": behaviour, "layer": layer}
    alive = np.ones((len(clip), frames), bool)
    onset = np.where(condition == module.INTACT, frames, 10)
    found = module.foresight(module.Played(condition, clip, onset, alive, inputs, layer @ weights))
    for name in module.PERTURBATIONS:
        # the same state before and after: behaviour foresees no response, the layer that acts does
        assert found["behaviour"][name]["response, fitted on intact"] == pytest.approx(0, abs=1e-9)
        assert found["layer"][name]["response, fitted on others, too"] > 0.99
    assert found["behaviour"][module.INTACT]["fitted on intact"] > 0.99
    assert len(module.draw(found).axes) == 2


def test_twins_of_a_linear_network_and_its_lesion(rng):
    module = script("twin_lesion")
    weights, mixed = rng.normal(size=(6, 12)), rng.normal(size=(4, 6))
    half = module.INTACT, "layer 0 × 0.5"

    def played(clips, factor):
        body = np.repeat(rng.normal(size=(clips * 20, 4)), 10, axis=0)
        body = np.apply_along_axis(np.convolve, 0, body, np.ones(10) / 10, "same")
        frame = np.tile(np.arange(200), clips)
        site = body @ mixed * np.where(frame >= 60, factor, 1.0)[:, None]
        rollout = np.repeat(np.arange(clips), 200)
        return module.Activity(body, body, site, site @ weights, rollout, frame)

    held_out = played(3, 1.0)
    late = (held_out.frame >= 60)[:, None]
    lesioned = held_out._replace(
        site=held_out.site * np.where(late, 0.5, 1.0), read=held_out.read * np.where(late, 0.5, 1.0)
    )
    parts = dict(zip(("fitted", *half), (played(9, 1.0), held_out, lesioned), strict=True))
    options = module.Options(Path("unused"), units=4, steps=20)
    found = module.foresight(options, parts, ("j0", "j1", "j2", "j3"))
    # the body goes on as before, so that only the layer of the lesion tells of it
    assert found["GLM"][half[0]].activity > 0.95 and found["layer 0"][half[0]].activity > 0.95
    assert found["GLM"][half[1]].early == pytest.approx(0, abs=1e-6)
    assert found["layer 0"][half[1]].early > 0.9 and found["layer 0"][half[1]].late > 0.9
    assert len(module.draw(found).axes) == 3


@pytest.mark.parametrize("name", ["foresight", "twin-lesion"])
def test_its_page_names_the_script(name):
    page = (ROOT / "docs" / "pages" / "experiments" / f"{name}.md").read_text()
    assert re.search(rf"python examples/experiments/{name.replace('-', '_')}.py --out {name}", page)
