import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def zoo(directory, *flags):
    return subprocess.run(
        [sys.executable, "-m", "apps.zoo", *flags],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    listed = json.loads(zoo(tmp_path_factory.mktemp("anywhere"), "--json"))
    return {row["name"]: row for row in listed}


def test_the_papers_figures(rows):
    assert rows["lenet1989"]["year"] == 1989
    assert rows["lenet1989"]["parameters"] == 9_760
    assert rows["lenet1989"]["multiply_adds"] == 63_660
    assert rows["lenet5"]["year"] == 1998
    assert rows["lenet5"]["parameters"] == 60_000


def test_every_row_is_complete(rows):
    keys = [
        "name",
        "paper",
        "year",
        "task",
        "parameters",
        "multiply_adds",
        "app",
        "flagfiles",
    ]
    for row in rows.values():
        assert list(row) == keys
        assert (ROOT / row["app"].replace(".", "/")).with_suffix(".py").exists()


def test_every_flagfile_belongs_to_a_model(rows):
    listed = {path for row in rows.values() for path in row["flagfiles"]}
    there = {str(p.relative_to(ROOT)) for p in (ROOT / "apps/flags").glob("*/*.flags")}
    assert listed == there


def test_the_table_names_every_model(rows, tmp_path):
    table = zoo(tmp_path)
    for name, row in rows.items():
        assert name in table
        assert f"{row['parameters']:,}" in table


def test_the_readme_has_every_model(rows):
    readme = (ROOT / "README.md").read_text()
    for name, row in rows.items():
        (line,) = [x for x in readme.splitlines() if x.startswith(f"| `{name}` |")]
        assert f"{row['parameters']:,}" in line
        assert str(row["year"]) in line
