"""What `rodent spikes` tells of neurons by their table."""

import json

import numpy as np
import pytest

from rodent.cli import main


@pytest.fixture
def path(workshop, rng) -> str:
    counts = rng.poisson(0.2, (3000, 6))
    counts[:, 1] = 0
    counts[0, 1] = 1
    counts[:, 4] = rng.poisson(107 * 0.02, 3000)
    regions, depths = np.array(["M1", "M1", "DLS", "DLS", "DLS", ""]), 100.0 * np.arange(6)
    return str(workshop.npz(counts=counts, fps=50, **{"units/region": regions, "units/depth": depths}))


def test_columns_and_groups_are_told(path, capsys):
    assert main(["spikes", path, "--group", "region", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["columns"] == [
        {"column": "region", "entries": "none (1), DLS (3), M1 (2)"},
        {"column": "depth", "entries": "0 (1), 100 (1), 200 (1), 300 (1), 400 (1), 500 (1)"},
    ]
    groups = {row["group"]: row for row in found["groups"]}
    assert found["group_by"] == "region" and set(groups) == {"M1", "DLS", "none"}
    assert (groups["M1"]["neurons"], groups["M1"]["good"]) == (2, 1)
    assert groups["DLS"]["median_rate_hz"] == pytest.approx(10, rel=0.1)
    assert found["neurons"][2]["table"] == {"region": "DLS", "depth": 200}
    assert any(note.startswith("neuron 4 fires at 10") for note in found["notes"])
    assert main(["spikes", path, "--group", "region"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:3] == ["group", "name", "spikes"] and lines[3].split()[:2] == ["DLS", "2"]
    assert any(line.split()[:3] == ["DLS", "3", "3"] for line in lines)


def test_only_selected_neurons_are_told_of(path, capsys):
    options = ["--select", "region=DLS,M1", "--select", "depth<300", "--min-rate", "0"]
    assert main(["spikes", path, *options, "--min-presence", "0", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in found["neurons"]] == ["0", "1", "2"] and found["good"] == 3
    assert found["select"] == ["region=DLS,M1", "depth<300"] and found["groups"] == []
    assert "3 of 6 neurons are selected, those with region=DLS,M1 and depth<300" in found["notes"]
    assert (found["start_seconds"], found["stop_seconds"]) == (0, 60)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--group", "area"), "unknown column 'area' in the units table of"),
        (("--select", "region=M2"), "unknown region 'M2' in"),
        (("--select", "depth>500"), "depth>500 holds for none of the 6 neurons left"),
        (("--select", "deep"), "cannot read the condition 'deep'"),
    ],
)
def test_what_is_not_in_the_table_exits_with_2(path, options, message, capsys):
    assert main(["spikes", path, *options]) == 2
    out, err = capsys.readouterr()
    assert not out and message in err and len(err.splitlines()) == 1
