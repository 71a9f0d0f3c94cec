"""A run directory is read back, or one line says what it lacks."""

import json
from typing import TypedDict

import keras
import numpy as np
import pytest

from kerasapps.errors import InputError
from kerasapps.evaluation import finished_run
from kerasapps.models import LeNet5
from kerasapps.weights import keras_file


class Metrics(TypedDict):
    """What a run is to have."""

    dataset: str


def read(directory, task="classifier", **arguments):
    """Returns the run of a classifier."""
    return finished_run.read(directory, task, lambda network: Metrics, **arguments)


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
    found = read(str(directory))
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
        (
            "metrics.json",
            '{"dataset": null}',
            "its metrics.json has null as 'dataset', which is text",
        ),
        ("model.keras", None, "it has no model.keras"),
    ],
)
def test_what_is_no_finished_run(run, file, content, reason):
    directory, _ = run
    (directory / file).unlink()
    if content is not None:
        (directory / file).write_text(content)
    with pytest.raises(InputError) as error:
        read(directory, argument="classifier")
    line = str(error.value)
    prefix = f"{directory} holds no finished run of train_classifier: "
    assert line.startswith(prefix + reason)
    assert line.endswith("; give a folder in runs/train_classifier")
    assert error.value.argument == "classifier"


def test_a_run_of_another_task(run):
    with pytest.raises(
        InputError, match=r"its model\.keras is a LeNet5, for the task class"
    ):
        read(run[0], "gan")


def test_a_damaged_network_is_named(run):
    directory, _ = run
    (directory / "model.keras").write_bytes(b"torn")
    with pytest.raises(InputError, match=r"model\.keras") as error:
        read(directory)
    assert error.value.argument == "model"


def test_the_argument_is_the_model():
    with pytest.raises(InputError) as error:
        read("nowhere")
    assert error.value.argument == "model"
