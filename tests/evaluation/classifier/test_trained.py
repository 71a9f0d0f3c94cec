"""A classifier's run is read back whole, or one line says what doesn't fit."""

import json

import pytest

from kerasapps.data.images.preprocessing import Preprocessing
from kerasapps.errors import InputError
from kerasapps.evaluation.classifier import trained
from kerasapps.models import LeNet5
from kerasapps.weights import keras_file

METRICS = {
    "dataset": "digits",
    "class_accuracy": {"a": 0.5, "b": None, "c": 1},
    "preprocessing": Preprocessing((32, 32, 1), 90, 100).to_config(),
}


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    """A run directory."""
    directory = tmp_path_factory.mktemp("run")
    keras_file.save(LeNet5(num_classes=3), directory / "model.keras")
    return directory


def load(directory, metrics):
    """Returns the run with these metrics."""
    (directory / "metrics.json").write_text(json.dumps(metrics))
    return trained.load(directory)


def test_a_whole_one(directory):
    found = load(directory, METRICS)
    assert found.class_names == ("a", "b", "c")
    assert found.preprocessing.image_shape == (32, 32, 1)


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("dataset", None, "has null as 'dataset', which is text"),
        ("validation_split", 3, "has 3 as 'validation_split'"),
        ("class_accuracy", {"a": 1}, "class_accuracy isn't of 3"),
        ("class_accuracy", {"a": "1"}, "'1' as 'class_accuracy.a', which is a finite"),
    ],
)
def test_other_metrics(directory, key, value, reason):
    with pytest.raises(InputError) as error:
        load(directory, {**METRICS, key: value})
    assert reason in str(error.value)


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("std", [0.0], "std needs finite numbers above 0"),
        ("std", [1e-300], "std needs finite numbers above 0"),
        ("std", [float("nan")], "as 'preprocessing.std.0', which is a finite number"),
        ("mean", [1e300], "mean needs finite numbers"),
        ("mean", [1.0, 2.0], "doesn't go with its model.keras"),
        ("image_shape", [32, 32, 3], "image_shape isn't [32, 32, 1]"),
        ("image_shape", [32, 32], "doesn't go with its model.keras"),
        ("image_shape", [10**30, 32, 1], "doesn't go with its model.keras"),
        ("channel_order", "gbr", "as 'preprocessing.channel_order', which is rgb or"),
        ("crop", 3, "doesn't go with its model.keras"),
    ],
)
def test_another_preprocessing(directory, key, value, reason):
    changed = {**METRICS["preprocessing"], key: value}
    with pytest.raises(InputError) as error:
        load(directory, {**METRICS, "preprocessing": changed})
    assert reason in str(error.value)
    assert "\n" not in str(error.value)
