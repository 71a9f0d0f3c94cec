import json
import re

import pytest

import kerasapps.models
from apps import zoo
from apps.run.models import models
from tests.apps.in_process import run
from tests.checks import ROOT

# Small ones, of each task.
SOME = ("LeNet1989", "LeNet5", "ResNet20", "PointGAN", "ToyDiscoGAN", "Transformer")


@pytest.fixture(scope="module")
def rows():
    return [zoo.describe(getattr(kerasapps.models, name)) for name in SOME]


@pytest.fixture(scope="module")
def page():
    """The cells of each row of docs/MODELS.md, by the model's name."""
    text = (ROOT / "docs/MODELS.md").read_text(encoding="utf-8")
    found = re.findall(
        r"^\| `(\w+)` \| (.*) \| (\S+) \| (\S+) \| (.*) ?\|$", text, re.M
    )
    return {name: cells for name, *cells in found}


def test_the_papers_figures(rows):
    lenet1989, lenet5, *_ = rows
    assert lenet1989["year"] == 1989
    assert lenet1989["parameters"] == 9_760
    assert lenet1989["multiply_adds"] == 63_660
    assert lenet5["year"] == 1998
    assert lenet5["parameters"] == 60_000
    assert lenet5["flagfiles"] == ["lenet5_mnist"]


def test_every_row_is_complete(rows):
    keys = [
        *("name", "about", "paper", "year", "task", "parameters", "multiply_adds"),
        *("app", "flagfiles"),
    ]
    for row in rows:
        assert list(row) == keys
        assert (ROOT / row["app"].replace(".", "/")).with_suffix(".py").exists()


def test_the_three_forms(rows, tmp_path, monkeypatch):
    monkeypatch.setattr(
        zoo, "models", lambda: {n: getattr(kerasapps.models, n) for n in SOME}
    )
    printed = json.loads(run("zoo", "--json", tmp_path).output)
    assert sorted(printed, key=str) == sorted(rows, key=str)
    lines = run("zoo", "", tmp_path).output.splitlines()
    markdown = run("zoo", "--markdown", tmp_path).output
    for row in rows:
        (line,) = (x for x in lines if x.startswith(f"{row['name']} "))
        assert f" {row['parameters']:,} " in line
        assert any(x == row["paper"] for x in lines)
        assert (
            f"| `{row['name']}` | {row['about']} | {row['parameters']:,} |" in markdown
        )
        for name in row["flagfiles"]:
            assert f"python -m {row['app']} --flagfile={name}" in map(str.strip, lines)


def test_the_page_has_every_model_and_flagfile(page):
    assert set(page) == set(models())
    listed = {f for *_, files in page.values() for f in re.findall(r"`(\w+)`", files)}
    assert listed == {path.stem for path in ROOT.glob("apps/flags/*/*.flags")}


def test_the_page_is_what_the_command_prints(page, rows):
    for row in rows:
        about, parameters, cost, _ = page[row["name"]]
        assert about == row["about"]
        assert parameters == f"{row['parameters']:,}"
        assert cost == (f"{row['multiply_adds']:,}" if row["multiply_adds"] else "-")


@pytest.mark.slow
def test_the_whole_page_is_what_the_command_prints(tmp_path):
    page = (ROOT / "docs/MODELS.md").read_text(encoding="utf-8")
    assert run("zoo", "--markdown", tmp_path).output == page
