import json
import shlex

import pytest

from kerasapps import models
from kerasapps.evaluation.multiply_adds import multiply_adds
from kerasapps.weights.blueprint import blueprint
from tests.apps.in_process import assert_bad_input, run, run_well

PAPERS = ("--alpha=1.2", "--beta=1.1", "--gamma=1.15")


def test_coefficients_that_are_given(tmp_path):
    # ResNet-20 takes 40.6 million; 1.92 times as many fit, 1.92^2 don't.
    training = (
        *("--dataset=mnist", "--train_split=train[:90%]", "--optimizer=sgd"),
        *("--validation_split=train[90%:]", "--input_shape=32,32,3", "--augment="),
        *("--model_options=shortcut=A", "--model_options=name=small"),
    )
    budget = ("--multiply_adds=1.3e8", "--run_dir=run")
    flags = ("--json", *budget, *PAPERS, *training)
    report = json.loads(run_well("scale_classifier", flags, tmp_path))
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
    flags = "--step=0.4 --tolerance=0.05 --max_phi=2 --input_shape=8,8,1 --model=vit"
    sizes = ("num_layers=1", "hidden_size=8", "mlp_size=16", "num_heads=2")
    options = " ".join(f"--model_options={size}" for size in sizes)
    training = f"--epochs=1 --batch_size=128 --run_dir=run {options}"
    # The trainings' processes don't take it for the suite's.
    (tmp_path / "apps").mkdir()
    (tmp_path / "apps/__init__.py").write_text("raise RuntimeError")
    result = run("scale_classifier", f"--json {flags} {training}", tmp_path)
    assert result.code == 0, result.errors
    report = json.loads(result.output)
    trials = {
        (trial["alpha"], trial["beta"], trial["gamma"]): trial["accuracy"]
        for trial in report["trials"]
    }
    assert set(trials) == {(1, 1, 1.4), (1, 1.4, 1)}
    best = max(trials, key=trials.get)
    assert (report["alpha"], report["beta"], report["gamma"]) == best
    assert [row["phi"] for row in report["networks"]] == [0, 1, 2]
    for (alpha, beta, gamma), accuracy in trials.items():
        folder = tmp_path / "run" / f"scale-{alpha:g}-{beta:g}-{gamma:g}"
        metrics = json.loads((folder / "metrics.json").read_text())
        assert metrics["accuracy"] == accuracy
        assert (metrics["epochs"], metrics["export"]) == (1, None)
    assert not (tmp_path / "saved_models").exists()


BAD = {
    "--alpha=1.2": "all of --alpha, --beta and --gamma, or none",
    "--alpha=1e30 --beta=1 --gamma=1": "is to be about 2, above 1 and at most 10",
    "--alpha=1 --beta=nan --gamma=1": "--beta=nan: give a finite number",
    "--max_phi=99999": "--max_phi=99999: 99999 is not an integer in the range",
    "--step=0.01 --tolerance=1": "103,738 combinations, and each is a training",
    "--model=lenet5": "LeNet5 has no rule for scaling",
    "--multiply_adds=1e6": "ResNet20 itself is beyond the budget",
    "--dataset=folder:images": "images/validation/<class>/",
    "--dataset=mnist --train_split=train": "give --validation_split, too",
    "--train_split=train": "dataset 'digits' has its own splits",
}


@pytest.mark.parametrize("flags", BAD)
def test_bad_input(flags, tmp_path):
    (tmp_path / "images" / "test" / "cat").mkdir(parents=True)
    assert_bad_input(run("scale_classifier", flags, tmp_path), [BAD[flags]])
