"""The experiments in examples/experiments run at small size, and each has its page."""

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest

from analysis.effects.config import EffectReportConfig
from analysis.effects.page import effect_sections
from analysis.effects.report import Report
from analysis.effects.settings import EffectSettings
from rodent.experiment import Inputs, LocalExecutor, create_experiment, read_experiment, run_experiment
from rodent.pages.page import figures_of

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "pages" / "experiments"
MOST_BYTES = 150_000  # of a figure
EXPECTED = {
    "movement": {"effects-on-joint-angle-error", "units-and-joint-angle-error"},
    "latent-noise": {"dose-and-frames-tracked"},
    "senses": {"dose-and-frames-tracked", "shapley-values-of-joint-angle-error"},
    "drug": {"dose-and-joint-angle-error"},
    "optogenetics": {"phase-response-of-phase-foot-l"},
}
"""Figures on the page of each, by the names that the report gives them."""
FRAMES = {"optogenetics": 65}
"""Frames of those that need more than a few; a phase is known over whole steps."""


def small(name):
    """The experiment with one policy, one or two clips, and few seeds, starts and draws."""
    config = read_experiment(ROOT / "examples" / "experiments" / f"{name}.toml")
    arms = [
        dataclasses.replace(
            arm,
            draws=min(arm.draws, 2),
            sites=arm.sites[-1:] if arm.each_unit else arm.sites,
            control_draws=None if arm.control == "none" else 3,
        )
        for arm in config.arm
    ]
    return dataclasses.replace(
        config,
        policies=config.policies[:1],
        clip=config.clip[:2] or ("walk", "trot"),
        starts=config.starts[:2],
        seeds=min(config.seeds, 2),
        frames=FRAMES.get(name, 12),
        arm=tuple(arms),
    )


@pytest.mark.parametrize("name", EXPECTED)
def test_it_runs_and_its_report_has_the_figures_of_the_page(name, tmp_path):
    config = small(name)
    experiment = create_experiment(tmp_path / name, config, Inputs.of(config))
    found = run_experiment(experiment, LocalExecutor())
    report = Report.of(experiment.folder, EffectReportConfig(settings=EffectSettings(bootstraps=20)))
    table = report.effects.pairs_.table
    assert found["rollouts"] == len(table) == experiment.rollouts
    assert (table["changed_values"][table["arm"] != "intact"] > 0).mean() > 0.9
    assert np.isfinite([one.value for one in report.effects.of("joint_error")]).all()
    assert EXPECTED[name] <= set(figures_of(effect_sections(report)))


@pytest.mark.parametrize("name", EXPECTED)
def test_its_page_names_the_command_and_shows_small_figures(name):
    text = (PAGES / f"{name}.md").read_text()
    assert f"rodent experiment run examples/experiments/{name}.toml" in text
    assert f"{name}.md" in (ROOT / "docs" / "zensical.toml").read_text()
    figures = re.findall(r"!\[.+\]\(\.\./images/experiments/(.+)\)", text)
    assert figures
    for figure in figures:
        assert (PAGES.parent / "images" / "experiments" / figure).stat().st_size < MOST_BYTES
    for heading in ("## Findings", "## Limits", "## In the animal"):
        assert heading in text
