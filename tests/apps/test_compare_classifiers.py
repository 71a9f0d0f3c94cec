import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def compare(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "apps.compare_classifiers", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


@pytest.fixture
def run(tmp_path):
    directory = tmp_path / "run"
    directory.mkdir()
    history = {"accuracy": [0.5, 0.75], "val_accuracy": [0.25, 0.625]}
    metrics = {"parameters": 1234, "accuracy": 0.625, "history": history}
    (directory / "metrics.json").write_text(json.dumps(metrics))
    return directory


def test_figure_and_table(run, tmp_path):
    output = tmp_path / "new" / "figure.png"
    done = compare(f"--output={output}", run, f"again={run}")
    assert done.returncode == 0, done.stderr
    assert output.read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in output.parent.iterdir()] == ["figure.png"]
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[1] == ["run", "1,234", "2", "25.00%", "37.50%"]
    assert lines[2][0] == "again"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no run given"),
        (["{run}", "{run}"], "two runs are named run"),
        (["--output=a.jpg", "{run}"], "ends in .png"),
        (["{run}/nowhere"], "can't read"),
        (["{run}/broken"], "is none that apps.train_classifier wrote"),
    ],
)
def test_bad_input(arguments, message, run):
    (run / "broken").mkdir()
    (run / "broken" / "metrics.json").write_text("[]")
    done = compare(*(a.format(run=run) for a in arguments))
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
