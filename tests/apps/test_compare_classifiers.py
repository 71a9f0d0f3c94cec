import json

import pytest

from tests.apps.in_process import assert_bad_input, run, run_well


@pytest.fixture
def folder(tmp_path):
    """The working directory, with a run in it."""
    directory = tmp_path / "run"
    directory.mkdir()
    history = {"accuracy": [0.5, 0.75], "val_accuracy": [0.25, 0.625]}
    metrics = {"parameters": 1234, "accuracy": 0.625, "history": history}
    (directory / "metrics.json").write_text(json.dumps(metrics))
    return tmp_path


def test_figure_and_table(folder):
    given = "--output=new/figure.png run again=run"
    output = run_well("compare_classifiers", given, folder)
    figure = folder / "new/figure.png"
    assert figure.read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in figure.parent.iterdir()] == ["figure.png"]
    lines = [line.split() for line in output.splitlines()]
    assert lines[1] == ["run", "1,234", "2", "25.00%", "37.50%"]
    assert lines[2][0] == "again"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("", "no run given"),
        ("run run", "two runs are named run"),
        ("--output=a.jpg run", "ends in .png"),
        ("run/nowhere", "its metrics.json can't be read (No such file"),
        ("run/broken", "its metrics.json is no JSON object"),
    ],
)
def test_bad_input(given, message, folder):
    (folder / "run/broken").mkdir()
    (folder / "run/broken/metrics.json").write_text("[]")
    assert_bad_input(run("compare_classifiers", given, folder), [message])
