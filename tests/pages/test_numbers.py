"""The numbers beside a figure are those that it shows."""

import csv

import numpy as np
from matplotlib.figure import Figure

from rodent.pages.drawing import write_figures


def test_every_kind_of_drawing_is_in_the_table(tmp_path):
    figure = Figure()
    left, right = figure.subplots(1, 2)
    left.plot([0, 1, 2], [3.0, 4.5, np.nan], label="rat")
    left.axhline(1.0)  # spans the panel: no data
    left.scatter([5.0], [6.0], label="dots")
    left.fill_between([0, 1], [1, 2], [3, 4], label="band")
    left.bar([10.0], [7.0], width=0.5, label="bars")
    left.set(xlabel="time, s", ylabel="error, mm", title="errors")
    right.imshow(np.array([[1.0, 2.0], [3.0, 4.0]]), extent=(0, 2, 0, 2), origin="lower")
    write_figures({"all": figure}, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"all.svg", "all.png", "all.figure.csv"}
    with (tmp_path / "all.figure.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["panel"] for row in rows} == {"errors", "2"}
    assert {(row["x_label"], row["y_label"]) for row in rows[:3]} == {("time, s", "error, mm")}

    def of(kind):
        return [(row["label"], float(row["x"]), float(row["y"])) for row in rows if row["kind"] == kind]

    assert of("line")[:2] == [("rat", 0, 3.0), ("rat", 1, 4.5)] and len(of("line")) == 3
    assert of("point") == [("dots", 5.0, 6.0)]
    assert {(x, y) for _, x, y in of("band")} == {(0, 1), (0, 3), (1, 2), (1, 4)}
    assert [(x, y) for _, x, y in of("bar")] == [(10.0, 7.0)]
    pixels = {(row["x"], row["y"]): row["value"] for row in rows if row["kind"] == "pixel"}
    assert pixels["0.5", "0.5"] == "1.0" and pixels["1.5", "1.5"] == "4.0"
