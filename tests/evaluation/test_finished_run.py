"""A run directory is read back, or one line says what it lacks."""

import json

import keras
import numpy as np
import pytest

from kerasapps.errors import InputError
from kerasapps.evaluation import finished_run
from kerasapps.models import LeNet5
from kerasapps.weights import keras_file


@pytest.fixture
def run(tmp_path):
    """A run directory and its network."""
    keras.utils.set_random_seed(0)
    network = LeNet5(num_classes=3)
    keras_file.save(network, tmp_path / "model.keras")
    (tmp_path / "metrics.json").write_text('{"dataset": "digits", "loss": 0.5}')
    return tmp_path, network


def test_metrics_and_network(run):
    directory, network = run
    found = finished_run.read(str(directory), "classifier", ["dataset"])
    assert found.directory == directory
    assert found.metrics == {"dataset": "digits", "loss": 0.5}
    pairs = zip(found.network.get_weights(), network.get_weights(), strict=True)
    for weights, expected in pairs:
        np.testing.assert_array_equal(weights, expected)


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("metrics.json", None, "its metrics.json can't be read (No such file"),
        ("metrics.json", "{", "its metrics.json is no JSON"),
        ("metrics.json", "[" * 100_000, "its metrics.json is no JSON"),
        ("metrics.json", "[1]", "its metrics.json is no JSON object"),
        ("metrics.json", json.dumps({"loss": 1}), "its metrics.json has no 'dataset'"),
        ("model.keras", None, "it has no model.keras"),
    ],
)
def test_what_is_no_finished_run(run, file, content, reason):
    directory, _ = run
    (directory / file).unlink()
    if content is not None:
        (directory / file).write_text(content)
    with pytest.raises(InputError) as error:
        finished_run.read(directory, "gan", ["dataset"], argument="classifier")
    line = str(error.value)
    assert line.startswith(f"{directory} holds no finished run of train_gan: {reason}")
    assert line.endswith("; give a folder in runs/train_gan")
    assert error.value.argument == "classifier"


def test_the_argument_is_the_model():
    with pytest.raises(InputError) as error:
        finished_run.read("nowhere", "translator", [])
    assert error.value.argument == "model"
