import dataclasses
import json

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from analysis.effects.config import EffectReportConfig
from analysis.effects.outcomes import OutcomeTable, outcome_of
from analysis.effects.page import effect_sections
from analysis.effects.report import Report, screened_arms
from analysis.effects.results import to_json
from analysis.effects.settings import EffectSettings
from analysis.effects.simulation import OutcomeModel, simulate_outcomes
from rodent.cli import main
from rodent.errors import InputError
from rodent.experiment import ArmConfig, ExperimentConfig
from rodent.pages.page import Table, write_page
from tests.pages.test_page import check_page

CONFIG = EffectReportConfig(("frames_tracked", "speed"), EffectSettings(bootstraps=50))
EXPERIMENT = ExperimentConfig(
    policies=("a", "b", "c"),
    clips="gaits",
    arm=(
        ArmConfig("hip", ("silence latent/mean[{dose}%] to zero",), doses=(5, 10, 20)),
        ArmConfig("units [of] {site}", ("silence {site}[{draw}] to zero",), ("latent/mean",), each_unit=True),
    ),
)
SCREEN = "units [of] latent/mean"


@pytest.fixture(scope="module")
def table():
    arms = {"hip": {5.0: -10.0, 10.0: -40.0, 20.0: -80.0}}
    arms |= {"a": {1.0: 0.0}, "b": {1.0: 0.0}, "a + b": {1.0: -60.0}}
    model = OutcomeModel(policies=3, clips=5, seeds=1, control_draws=19, whole=True, tracked=1.0)
    one = simulate_outcomes(arms, model)
    units = simulate_outcomes({SCREEN: {1.0: 0.0}}, dataclasses.replace(model, draws=6, control_draws=30), 1)
    # the intact rollouts of the second table are not those of the first
    place = np.char.add("other_", units["clip"])
    units = OutcomeTable(dict(units.columns) | {"clip": place})
    joined = {name: np.concatenate([one[name], units[name]]) for name in one.columns}
    return OutcomeTable(joined)


@pytest.fixture(scope="module")
def report(table):
    return Report.computed(table, EXPERIMENT, CONFIG)


def test_a_report_has_what_the_arms_allow(report):
    assert [of_arm.arm for of_arm, _ in report.responses["speed"]] == ["hip"]
    assert set(report.survival) == {"hip", "a", "b"}
    assert list(report.screens["speed"]) == [SCREEN]
    assert report.shapley["frames_tracked"].sites == ("a", "b")
    assert report.shapley["frames_tracked"].found.values_ == pytest.approx([-25, -25], abs=12)
    assert SCREEN not in {one.arm for one in report.shown("frames_tracked")}
    assert screened_arms(EXPERIMENT, ("units [of] latent/mean", "units o", "hip")) == (SCREEN,)


def test_experiments_in_the_animal_are_ranked(report):
    found = report.proposals
    assert len({one.arm for one in found}) == len(found) and SCREEN not in {one.arm for one in found}
    assert found[0].arm in ("hip", "a + b") and found[0].outcome in ("frames_tracked", "success")
    assert [one.animals for one in found] == sorted(one.animals for one in found)
    assert all(one.low > 0 or one.high < 0 for one in found)


def test_the_page_is_whole(report, tmp_path):
    sections = effect_sections(report)
    write_page(tmp_path / "page.html", "Effects", sections)
    check_page((tmp_path / "page.html").read_text())
    headings = [section.heading for section in sections]
    assert headings[:3] == ["Experiment", "In the animal", "Effects on frames tracked"]
    assert {"Map of effects", "Dose and speed", "Survival", "Units and speed"} <= set(headings)
    assert "Shapley values of frames tracked" in headings
    ed50 = next(
        part
        for section in sections
        if section.heading == "Dose and frames tracked"
        for part in section.parts
        if isinstance(part, Table)
    )
    assert [row[0] for row in ed50.rows] == ["hip", "hip: control"]


def test_a_report_without_curves_and_controls(tmp_path):
    model = OutcomeModel(policies=1, clips=1, seeds=1, control_draws=0)
    small = simulate_outcomes({"hip": {1.0: -9.0}}, model)
    report = Report.computed(small, EXPERIMENT, CONFIG)
    sections = effect_sections(report)
    write_page(tmp_path / "page.html", "Effects", sections)
    text = (tmp_path / "page.html").read_text()
    assert "No effect has an interval that excludes 0" in text and "pseudoreplicates" in text
    assert "Dose and speed" not in [section.heading for section in sections]


def test_too_few_joint_lesions_for_shapley_values_are_said():
    arms = {name: {1.0: -9.0} for name in ("a", "b", "c", "a + b", "b + c")}
    table = simulate_outcomes(arms, OutcomeModel(policies=3, seeds=1, control_draws=0))
    report = Report.computed(table, EXPERIMENT, CONFIG)
    assert not report.shapley and "no Shapley values of a, b, c: of 3 sites no order" in report.notes[-1]


def test_json_has_all_effects_in_si_units(report):
    page = to_json(report)
    assert page["schema"] == "virtual-rodent/effects" and page["units"]["root_error"] == "m"
    assert len(page["effects"]) == len(report.effects.effects_)
    assert {one["arm"] for one in page["dose_response"]} == {"hip"}
    assert page["shapley"][0]["sites"] == ("a", "b")
    assert outcome_of("root_error").factor == 1000


def test_an_outcome_that_was_not_measured_is_refused(table):
    with pytest.raises(InputError, match=r"unknown outcome 'sped'.*did you mean 'speed'"):
        Report.computed(table, EXPERIMENT, dataclasses.replace(CONFIG, outcome=("sped",)))


@pytest.fixture
def folder(table, tmp_path):
    """An experiment with results, as far as the report reads it."""
    from rodent.configs import to_json as plain
    from rodent.experiment.folder import CARD

    card = {**CARD.head(), "digest": "0", "config": plain(EXPERIMENT), "policies": []}
    (tmp_path / "lesions").mkdir()
    (tmp_path / "lesions/experiment.json").write_text(json.dumps(card))
    pyarrow.parquet.write_table(pyarrow.table(dict(table.columns)), tmp_path / "lesions/outcomes.parquet")
    return tmp_path / "lesions"


def test_the_command_writes_page_and_json(folder, tmp_path, capsys):
    out = tmp_path / "page.html"
    assert main(["experiment", "report", str(folder), "--bootstraps", "20", "--out", str(out), "--json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["policies"] == ["policy_0", "policy_1", "policy_2"]
    assert "19 draws of the control" in printed.err
    check_page(out.read_text())


def test_a_folder_without_results_is_refused(tmp_path, capsys):
    assert main(["experiment", "report", str(tmp_path)]) == 2
    assert "run the experiment first" in capsys.readouterr().err
