"""The notebooks of the examples: they run at small size, and hold no outputs."""

import json

import matplotlib.pyplot as plt
import pytest

from tests.docs.notebooks import NOTEBOOKS, cells, run

NAMES = {"first-steps", "own-keypoints", "train-and-evaluate", "regress-neurons", "lesion", "twin"}
FILMS = {"first-steps", "own-keypoints", "lesion"}


def test_there_are_six():
    assert {path.stem for path in NOTEBOOKS} == NAMES


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path, drawing, rough_fits, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RODENT_SMALL", "1")
    shown = run(path)["shown"]
    plt.close("all")
    assert len(shown) >= 2 and all(shown)
    assert any("<video" in one for one in shown) == (path.stem in FILMS)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_as_jupyter_reads_it(path):
    content = json.loads(path.read_text())
    assert (content["nbformat"], content["nbformat_minor"]) == (4, 5)
    assert content["metadata"]["kernelspec"]["name"] == "python3"
    for cell in content["cells"]:
        assert cell["id"] and cell["metadata"] == {}
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [] and cell["execution_count"] is None
    assert cells(path, "markdown")[0].startswith("# ")
