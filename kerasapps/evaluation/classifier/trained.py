"""What apps.train_classifier has left in a run directory."""

import json
import pathlib
from typing import NamedTuple

import keras

from kerasapps.data.images.preprocessing import Preprocessing
from kerasapps.errors import InputError
from kerasapps.weights import keras_file


class TrainedClassifier(NamedTuple):
    """A finished run.

    Attributes:
        network: The classifier; returns logits.
        preprocessing: What its images go through.
        class_names: Names of the classes, in the order of the logits.
        metrics: All that `metrics.json` holds.
    """

    network: keras.Model
    preprocessing: Preprocessing
    class_names: tuple[str, ...]
    metrics: dict


def load(run: str | pathlib.Path) -> TrainedClassifier:
    """Returns what a run directory holds.

    Args:
        run: The directory.

    Raises:
        InputError: If it is no directory of a finished run.
    """
    directory = pathlib.Path(run)
    try:
        metrics = json.loads((directory / "metrics.json").read_text())
        metrics["dataset"]
        preprocessing = Preprocessing.from_config(metrics["preprocessing"])
        class_names = tuple(metrics["class_accuracy"])
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{run} holds no finished run of an image classifier; give a folder in "
            "runs/train_classifier",
            argument="run",
        ) from error
    network = keras_file.load(directory / "model.keras")
    return TrainedClassifier(network, preprocessing, class_names, metrics)


def last_hidden(network: keras.Model) -> keras.Model:
    """Returns the network up to the input of its last layer with weights.

    Args:
        network: A functional model.
    """
    last = [layer for layer in network.layers if layer.weights][-1]
    return keras.Model(network.inputs, last.input)
