import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """What the app prints, as a table and as JSON: two processes at a time."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "apps.zoo", *flags],
            cwd=tmp_path_factory.mktemp("anywhere"),
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for flags in ([], ["--json"])
    ]
    table, listed = (process.communicate()[0] for process in processes)
    assert [process.returncode for process in processes] == [0, 0]
    return table, {row["name"]: row for row in json.loads(listed)}


@pytest.fixture(scope="module")
def rows(printed):
    return printed[1]


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


def test_the_table_names_every_model(printed):
    table, rows = printed
    lines = {line.split()[0]: line for line in table.splitlines() if line.strip()}
    for name, row in rows.items():
        assert f" {row['parameters']:,} " in lines[name]
        assert row["paper"] in table


def test_the_readme_has_every_model(rows):
    readme = (ROOT / "README.md").read_text()
    for name, row in rows.items():
        (line,) = [x for x in readme.splitlines() if x.startswith(f"| `{name}` |")]
        assert f"{row['parameters']:,}" in line
        assert str(row["year"]) in line
