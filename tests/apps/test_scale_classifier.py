import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kerasapps import models
from kerasapps.blueprint import blueprint
from kerasapps.evaluation.multiply_adds import multiply_adds

ROOT = Path(__file__).parents[2]
PAPERS = ("--alpha=1.2", "--beta=1.1", "--gamma=1.15")


def scale(directory, *flags):
    return subprocess.run(
        [sys.executable, "-m", "apps.scale_classifier", *flags],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_coefficients_that_are_given(tmp_path):
    # ResNet-20 takes 40.6 million; 1.92 times as many fit, 1.92^2 don't.
    process = scale(tmp_path, "--json", "--multiply_adds=1.3e8", *PAPERS)
    assert process.returncode == 0, process.stderr
    report = json.loads(process.stdout)
    assert (report["alpha"], report["beta"], report["gamma"]) == (1.2, 1.1, 1.15)
    baseline, larger = report["networks"]
    assert baseline["multiply_adds"] == multiply_adds(blueprint(models.ResNet20))
    assert larger["phi"] == 1
    # Three blocks of each stage become 4, 32 pixels 37.
    network = blueprint(models.ResNet20().scaled, depth=1.2, width=1.1, resolution=1.15)
    assert network.blocks == (4, 4, 4)
    assert larger["input_shape"] == [37, 37, 3]
    assert larger["multiply_adds"] == multiply_adds(network)
    assert larger["predicted_multiply_adds"] == pytest.approx(
        larger["multiply_adds"], rel=0.02
    )
    assert not list(tmp_path.iterdir())  # nothing was trained


def test_search(tmp_path):
    # 1 * 1 * 1.4^2 and 1 * 1.4^2 * 1 are the two on the grid.
    flags = ("--step=0.4", "--tolerance=0.05", "--max_phi=2", "--input_shape=8,8,1")
    training = ("--epochs=1", "--batch_size=128", "--model_options=shortcut=A")
    process = scale(tmp_path, "--json", "--run_dir=run", *flags, *training)
    assert process.returncode == 0, process.stderr
    report = json.loads(process.stdout)
    trials = {
        (trial["alpha"], trial["beta"], trial["gamma"]): trial["accuracy"]
        for trial in report["trials"]
    }
    assert set(trials) == {(1, 1, 1.4), (1, 1.4, 1)}
    best = max(trials, key=trials.get)
    assert (report["alpha"], report["beta"], report["gamma"]) == best
    assert [row["phi"] for row in report["networks"]] == [0, 1, 2]
    for (alpha, beta, gamma), accuracy in trials.items():
        run = tmp_path / "run" / f"scale-{alpha:g}-{beta:g}-{gamma:g}"
        metrics = json.loads((run / "metrics.json").read_text())
        assert metrics["accuracy"] == accuracy
        assert (metrics["epochs"], metrics["export"]) == (1, None)
    assert not (tmp_path / "saved_models").exists()


BAD = {
    "--alpha=1.2": "all of --alpha, --beta and --gamma, or none",
    "--model=lenet5": "LeNet5 has no rule for scaling",
    "--multiply_adds=1e6": "ResNet20 itself is beyond the budget",
    "--dataset=folder:images": "images/validation/<class>/",
    "--dataset=mnist --train_split=train": "give --validation_split, too",
    "--train_split=train": "dataset 'digits' has its own splits",
}


def test_bad_input(tmp_path):
    (tmp_path / "images" / "test" / "cat").mkdir(parents=True)
    with ThreadPoolExecutor() as threads:
        processes = threads.map(lambda flags: scale(tmp_path, *flags.split()), BAD)
    for process, words in zip(processes, BAD.values(), strict=True):
        assert process.returncode == 1
        (line,) = process.stderr.splitlines()
        assert line.startswith("error: ")
        assert words in line
