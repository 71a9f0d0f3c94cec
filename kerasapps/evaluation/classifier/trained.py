"""What the training of a classifier has left in a run directory."""

import pathlib
from typing import NamedTuple

import keras

from kerasapps.data.images.preprocessing import Preprocessing
from kerasapps.evaluation import finished_run


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


def load(directory: str | pathlib.Path, argument: str = "model") -> TrainedClassifier:
    """Returns what a run directory holds.

    Args:
        directory: The run directory.
        argument: The argument that gave the directory, as in `InputError`.

    Raises:
        InputError: If it is no directory of a finished run of a classifier.
    """
    keys = ("dataset", "preprocessing", "class_accuracy")
    run = finished_run.read(directory, "classifier", keys, argument)
    try:
        preprocessing = Preprocessing.from_config(run.metrics["preprocessing"])
        class_names = tuple(run.metrics["class_accuracy"])
    except (KeyError, TypeError, ValueError) as error:
        raise finished_run.not_finished(
            directory,
            "classifier",
            "its metrics.json tells no preprocessing or no classes",
            argument,
        ) from error
    return TrainedClassifier(run.network, preprocessing, class_names, run.metrics)


def last_hidden(network: keras.Model) -> keras.Model:
    """Returns the network up to the input of its last layer with weights.

    Args:
        network: A functional classifier.
    """
    last = [layer for layer in network.layers if layer.weights][-1]
    return keras.Model(network.inputs, last.input)
