import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

from kerasapps import models
from kerasapps.evaluation.multiply_adds import multiply_adds
from kerasapps.weights.blueprint import blueprint

ROOT = Path(__file__).parents[2]
PAPERS = ("--alpha=1.2", "--beta=1.1", "--gamma=1.15")


def run(directory, *arguments, **options):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


def scale(directory, *flags):
    return run(directory, "-m", "apps.scale_classifier", *flags)


def test_coefficients_that_are_given(tmp_path):
    # ResNet-20 takes 40.6 million; 1.92 times as many fit, 1.92^2 don't.
    training = (
        *("--dataset=mnist", "--train_split=train[:90%]", "--optimizer=sgd"),
        *("--validation_split=train[90%:]", "--input_shape=32,32,3", "--augment="),
        *("--model_options=shortcut=A", "--model_options=name=small"),
    )
    budget = ("--multiply_adds=1.3e8", "--run_dir=run")
    process = scale(tmp_path, "--json", *budget, *PAPERS, *training)
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
    # The search's own flags are left out.
    command = shlex.split(report["next"])
    assert command[:3] == ["python", "-m", "apps.train_classifier"]
    assert sorted(command[3:-1]) == sorted(("--model=resnet20", *training))
    assert command[-1] == "--scale=1.2,1.1,1.15"
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


# Each line of the input has the flags of a run; all in one process, to be quick.
SEVERAL_RUNS = """
import sys
from absl import flags
from absl.testing import flagsaver
from apps import scale_classifier
from kerasapps.errors import InputError

for line in sys.stdin:
    with flagsaver.flagsaver():
        try:
            flags.FLAGS(["scale_classifier", *line.split()])
            scale_classifier.main()
        except (InputError, flags.Error) as error:
            print(error)
"""


def test_bad_input(tmp_path):
    (tmp_path / "images" / "test" / "cat").mkdir(parents=True)
    process = run(tmp_path, "-c", SEVERAL_RUNS, input="\n".join(BAD))
    assert process.returncode == 0, process.stderr
    lines = process.stdout.splitlines()
    for line, words in zip(lines, BAD.values(), strict=True):
        assert words in line
