"""The GANs' evaluation as a user runs it, of runs that were really trained."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kerasapps.data.points.mixtures import MIXTURES
from kerasapps.evaluation.gan import features
from kerasapps.evaluation.gan.generation import draw, generate
from kerasapps.weights import keras_file
from tests.apps.in_process import run_all

ROOT = Path(__file__).parents[2]

GOOD = {
    "dcgan": "--model=runs/dcgan --classifier=classifier_0123456789 --samples=200 "
    "--arithmetic=3,8,12-1,5,7+2,4,9 --turn=3,8:1,5,9 --json",
    "labels": "--model=runs/labels --classifier=classifier_abc --samples=102",
    "attributes": "--model=runs/attributes --samples=100",
    "shape": "--model=runs/shape --samples=100",
    "colours": "--model=runs/colours --samples=100",
    "stylegan": "--model=runs/stylegan --classifier=classifier_abc --samples=100 "
    "--paths=10",
    "edges": "--model=runs/edges",
    "two_folders": "--model=runs/two_folders",
    "ring": "--model=runs/ring --samples=500",
    "gaussian": "--model=runs/gaussian --samples=500",
    "toys": "--model=runs/toy_gan --model=runs/toy_reconstruction --model=runs/toy",
    "toy1d": "--model=runs/toy1d",
}

# For each case the flags and what the line must name, in that order.
BAD = {
    "no_folder": (
        "--model=runs/nowhere",
        ["runs/nowhere holds no finished run of train_gan", "runs/train_gan (--model)"],
    ),
    "run_of_a_classifier": (
        "--model=classifier_abc",
        [
            "classifier_abc holds no finished run of train_gan: ",
            "its model.keras is a LeNet5",
        ],
    ),
    "unfinished_run": (
        "--model=unfinished",
        ["unfinished holds no finished run of train_gan", "(--model)"],
    ),
    "no_model": ("--samples=100", ["--model is missing", "apps.train_gan"]),
    "no_classifier": (
        "--model=runs/labels --classifier=runs/dcgan --samples=100",
        ["runs/dcgan holds no finished run of train_classifier"],
    ),
    "classifier_of_other_classes": (
        "--model=runs/labels --classifier=classifier_0123456789 --samples=100",
        ["--classifier=classifier_0123456789", "runs/labels makes a, b, c"],
    ),
    "two_parts_of_arithmetic": (
        "--model=runs/dcgan --samples=100 --arithmetic=3,8-1,2",
        ["--arithmetic=3,8-1,2: write numbers", "0 to 63", "1,2,3-1,2,3+1,2,3"],
    ),
    "arithmetic_beyond_the_samples": (
        "--model=runs/dcgan --samples=100 --arithmetic=3-64+1",
        ["--arithmetic=3-64+1", "0 to 63"],
    ),
    "parts_of_other_lengths": (
        "--model=runs/dcgan --samples=100 --arithmetic=3,8-1,9+1",
        ["--arithmetic", "as many samples in each"],
    ),
    "turn_of_words": (
        "--model=runs/dcgan --samples=100 --turn=left:right",
        ["--turn=left:right: write numbers", "1,2,3:1,2,3"],
    ),
    "images_side_by_side": (
        "--model=runs/dcgan --model=runs/toy",
        ["several models are compared on toy domains only"],
    ),
    "other_domains": (
        "--model=runs/toy1d --model=runs/toy",
        ["different domains: toy1d, toy2d"],
    ),
    "no_features": (
        "--model=runs/dcgan --samples=100 --features=nowhere",
        ["no SavedModel in 'nowhere'"],
    ),
    "too_few_samples": ("--model=runs/dcgan --samples=1", ["--samples=1"]),
}

SAMPLES = {"samples", "nearest_training_images", "interpolation"}
FIGURES = {
    "dcgan": {*SAMPLES, "arithmetic", "turn"},
    "labels": {*SAMPLES, "classes"},
    "attributes": {
        *SAMPLES,
        *("condition_shifts", "condition_length", "condition_twice"),
    },
    "colours": SAMPLES,
    "stylegan": {
        *SAMPLES,
        *("arithmetic", "turn", "style_mixing", "stochastic_variation"),
        *("noise", "truncation"),
    },
    "edges": {"a_to_b_to_a", "b_to_a_to_b", "repeated_conversion"},
    "two_folders": {"a_to_b"},
    "ring": {"points"},
    "gaussian": set(),
    "toys": {"mapping"},
    "toy1d": {"mapping"},
}


@pytest.fixture(scope="module")
def results(gan_runs):
    """What each case printed and said, by its name."""
    folder, _ = gan_runs
    (folder / "unfinished").mkdir()
    (folder / "unfinished" / "train_gan.flags").touch()
    cases = {name: f"{flags} --output_dir=out/{name}" for name, flags in GOOD.items()}
    cases |= {name: flags for name, (flags, _) in BAD.items()}
    return run_all("evaluate_gan", cases, folder)


@pytest.fixture(scope="module")
def metrics(gan_runs, results):
    """What the good cases measured, by their names."""
    folder, _ = gan_runs
    for name in GOOD:
        assert results[name].code == 0, results[name].errors
    return {
        name: json.loads((folder / "out" / name / "metrics.json").read_text())
        for name in GOOD
    }


@pytest.mark.parametrize("name", FIGURES)
def test_figures(gan_runs, metrics, name):
    figures = gan_runs[0] / "out" / name / "figures"
    assert {path.stem for path in figures.iterdir()} == FIGURES[name]
    for path in figures.iterdir():
        assert np.array(Image.open(path)).std() > 0


def test_json_is_what_the_file_holds(results, metrics):
    printed = json.loads(results["dcgan"].output)
    asked = {
        "models": ["runs/dcgan"],
        "classifier": "classifier_0123456789",
        "features": None,
        "paths": 2000,
        "seed": 0,
    }
    assert asked | printed == metrics["dcgan"]
    assert printed["samples_compared_with_training_images"] == 200


def test_a_table_names_the_measures(results, metrics):
    lines = results["labels"].output.splitlines()
    rows = [line.rsplit(maxsplit=1) for line in lines if line.startswith("label acc")]
    assert rows == [["label accuracy", f"{metrics['labels']['label_accuracy']:.4g}"]]
    assert "Metrics   out/labels/metrics.json" in lines
    for name in ("runs/toy_gan", "runs/toy_reconstruction", "runs/toy"):
        lines = results["toys"].output.splitlines()
        first = lines.index(name)
        assert lines[first + 1].startswith("  discovery ")
        assert lines[first + 2].startswith("  modes hit ")


def test_a_classifier_s_shares_by_hand(gan_runs, metrics):
    folder, _ = gan_runs
    classifier = features.classifier(str(folder / "classifier_0123456789"))
    model = keras_file.load(folder / "runs/dcgan/model.keras")
    pixels = np.clip(
        np.round(generate(model, draw(model, 200, 1)) * 127.5 + 127.5), 0, 255
    )
    shares = np.bincount(
        classifier.predict(pixels.astype(np.uint8)).argmax(1), minlength=10
    )
    found = list(metrics["dcgan"]["class_shares"].values())
    np.testing.assert_allclose(found, shares / 200, atol=0.011)
    assert (
        metrics["dcgan"]["fd_lenet"] > metrics["dcgan"]["fd_lenet_of_held_out_images"]
    )
    assert metrics["dcgan"]["samples"] == 200


def test_labels_that_were_asked_for(metrics):
    """An untrained classifier finds what it finds; the labels come in turn."""
    shares = metrics["labels"]["class_shares"]
    assert sum(shares.values()) == pytest.approx(1)
    assert list(shares) == ["a", "b", "c"]
    if max(shares.values()) == 1:
        assert metrics["labels"]["label_accuracy"] == pytest.approx(1 / 3)


def test_correlations_of_shapes(metrics):
    names = {"thickness", "slant", "width", "height"}
    found = {k: v for k, v in metrics["shape"].items() if k.startswith("correlation")}
    assert set(found) == {f"correlation_of_{name}" for name in names}
    assert all(-1 <= value <= 1 for value in found.values())


def test_stylegan_s_measures(metrics):
    found = metrics["stylegan"]
    lengths = [
        f"lenet_path_length_in_{space}{ends}"
        for space in "zw"
        for ends in ("", "_at_the_ends")
    ]
    assert all(found[name] > 0 for name in lengths)
    assert len({found[name] for name in lengths}) == 4
    assert found["separability_in_z"] >= 1
    assert found["separability_in_w"] >= 1


def test_domains_are_measured_as_in_training(gan_runs, metrics):
    trained = json.loads((gan_runs[0] / "runs/edges/metrics.json").read_text())
    found = {k: v for k, v in metrics["edges"].items() if k.endswith("_error")}
    assert len(found) == 4
    for name, value in found.items():
        assert value == pytest.approx(trained[name], rel=1e-5)


def test_points(gan_runs, metrics):
    model = keras_file.load(gan_runs[0] / "runs/ring/model.keras")
    points = generate(model, draw(model, 500, 1))
    means = MIXTURES["ring"].means
    distances = np.linalg.norm(points[:, None] - means, axis=-1)
    good = distances.min(axis=1) <= 3 * 0.02
    assert metrics["ring"]["good_samples"] == pytest.approx(good.mean(), abs=0.003)
    model = keras_file.load(gan_runs[0] / "runs/gaussian/model.keras")
    points = generate(model, draw(model, 500, 1))
    found = metrics["gaussian"]
    assert found["mean"] == pytest.approx(points.mean(), rel=1e-4)
    assert found["deviation"] == pytest.approx(points.std(), rel=1e-3)
    assert found["mean_error"] == pytest.approx(abs(points.mean() - 4), rel=1e-4)


def test_models_side_by_side(metrics):
    found = metrics["toys"]
    assert found["models"] == ["runs/toy_gan", "runs/toy_reconstruction", "runs/toy"]
    kinds = [found[model]["discovery"] for model in found["models"]]
    assert kinds == ["gan", "gan_with_reconstruction", "discogan"]
    for model in found["models"]:
        assert 0 <= found[model]["modes_hit"] <= 10


def test_in_a_process_of_its_own(gan_runs, metrics):
    """The default folder is named by run and flags; only the measures are printed."""
    folder, _ = gan_runs
    process = subprocess.run(
        [
            *(sys.executable, "-m", "apps.evaluate_gan"),
            *("--model=runs/ring", "--samples=500", "--json"),
        ],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert process.stderr == ""
    written = folder / "runs/evaluate_gan/ring_samples=500/metrics.json"
    assert json.loads(written.read_text()) == metrics["ring"]
    assert json.loads(process.stdout) == {
        k: v
        for k, v in metrics["ring"].items()
        if k not in ("models", "classifier", "features", "paths", "seed")
    }


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line(results, name):
    result = results[name]
    assert result.code == 1
    lines = [line for line in result.errors.splitlines() if line.strip()]
    assert len(lines) == 1, result.errors
    assert lines[0].startswith("error: ")
    position = 0
    for word in BAD[name][1]:
        assert word in lines[0][position:], lines[0]
        position = lines[0].index(word, position) + len(word)
