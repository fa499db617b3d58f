"""`rodent gait` as a user runs it."""

import csv
import json

from rodent.cli import main
from tests.pages.test_page import check_page


def test_json_strides_and_page(tmp_path, capfd):
    page, table = tmp_path / "gait.html", tmp_path / "strides.csv"
    assert main(["gait", "gaits", "gaits", "--out", str(page), "--strides", str(table), "--json"]) == 0
    found = json.loads(capfd.readouterr().out)
    first, second = found["files"]
    assert (
        first["measures"]["duty factor, hind"]["median"] == second["measures"]["duty factor, hind"]["median"]
    )
    assert 0.9 < second["measures"]["stride length, fore"]["within"] <= 1
    text = page.read_text()
    check_page(text)
    assert "gaits (2)" in text and "footfalls.csv" in text
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == first["strides"] + second["strides"]
    assert {row["paw"] for row in rows} == {"fore_L", "fore_R", "hind_L", "hind_R"}
    assert float(rows[0]["duration"]) > 0


def test_what_has_no_gait(clip_file, capfd):
    assert main(["gait"]) == 2
    assert "FILE is missing" in capfd.readouterr().err
    assert main(["gait", str(clip_file)]) == 2
    assert "has no strides" in capfd.readouterr().err
