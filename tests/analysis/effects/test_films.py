import dataclasses

import numpy as np
import pytest

from analysis.effects.config import EffectReportConfig
from analysis.effects.films import film_section, replayed, strongest
from analysis.effects.report import Report
from analysis.effects.settings import EffectSettings
from rodent.experiment import (
    Inputs,
    LocalExecutor,
    create_experiment,
    open_experiment,
    read_experiment,
    run_experiment,
)
from rodent.pages.page import Film
from tests.experiments import write_small_experiment

CONFIG = EffectReportConfig(("joint_error",), EffectSettings(bootstraps=20))


@pytest.fixture(scope="module")
def experiment(body, tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    config = read_experiment(write_small_experiment(folder, body))
    made = create_experiment(folder / "lesions", config, Inputs.of(config))
    run_experiment(made, LocalExecutor())
    return open_experiment(folder / "lesions")


def test_an_experiment_is_reported_and_filmed(experiment, tmp_path):
    report = Report.of(experiment.folder, CONFIG)
    assert list(report.screens["joint_error"]) == ["unit of latent/mean"]
    effect = dataclasses.replace(strongest(report), arm="decoder", dose=20.0, control="matched")
    (clip, *_) = report.effects.pairs_.clips
    found = replayed(experiment.subject(0), effect, clip)
    assert found.names == ("intact", "decoder, 20", "control: matched") and found.qpos.shape[:2] == (3, 6)
    # all begin in the same pose, and go on differently
    np.testing.assert_array_equal(found.qpos[0, 0], found.qpos[2, 0])
    assert (np.abs(found.qpos[0, -1] - found.qpos[1:, -1]).max(-1) > 1e-6).all()
    np.testing.assert_array_equal(found.reference[0], found.reference[1])
    section = film_section(report, experiment, tmp_path)
    films = [part for part in section.parts if isinstance(part, Film)]
    assert films[0].caption == "intact" and len(films) >= 2 and films[0].address.startswith("data:video/mp4")
