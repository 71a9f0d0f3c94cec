"""What the training of a classifier has left in a run directory."""

import pathlib
from typing import NamedTuple, NotRequired, TypedDict

import keras

from kerasapps.data.images.preprocessing import Preprocessing, PreprocessingConfig
from kerasapps.evaluation import finished_run


class Metrics(TypedDict):
    """What is read of `metrics.json`."""

    dataset: str
    preprocessing: PreprocessingConfig
    class_accuracy: dict[str, float | None]
    train_split: NotRequired[str | None]
    validation_split: NotRequired[str | None]
    train_examples: NotRequired[int | None]


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
    metrics: Metrics


def load(directory: str | pathlib.Path, argument: str = "model") -> TrainedClassifier:
    """Returns what a run directory holds.

    Args:
        directory: The run directory.
        argument: The argument that gave the directory, as in `InputError`.

    Raises:
        InputError: If it is no directory of a finished run of a classifier.
    """
    run = finished_run.read(directory, "classifier", lambda network: Metrics, argument)
    network, class_names = run.network, tuple(run.metrics["class_accuracy"])
    try:
        preprocessing = Preprocessing.from_config(run.metrics["preprocessing"])
        if network.input_shape[1:] != preprocessing.image_shape:
            raise ValueError(f"image_shape isn't {list(network.input_shape[1:])}")
        if network.output_shape[-1] != len(class_names):
            raise ValueError(f"class_accuracy isn't of {network.output_shape[-1]}")
    except (TypeError, ValueError) as error:
        raise finished_run.not_finished(
            directory,
            "classifier",
            f"its metrics.json doesn't go with its model.keras: {error}",
            argument,
        ) from error
    return TrainedClassifier(network, preprocessing, class_names, run.metrics)


def last_hidden(network: keras.Model) -> keras.Model:
    """Returns the network up to the input of its last layer with weights.

    Args:
        network: A functional classifier.
    """
    last = [layer for layer in network.layers if layer.weights][-1]
    return keras.Model(network.inputs, last.input)
