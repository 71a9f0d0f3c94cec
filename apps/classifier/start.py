"""Where the training of a classifier starts: weights and their preprocessing."""

import pathlib
from collections.abc import Sequence
from typing import Any, TypedDict

import keras

from kerasapps import json_file
from kerasapps.data.images.preprocessing import (
    ImageStatistics,
    Preprocessing,
    PreprocessingConfig,
)
from kerasapps.errors import InputError
from kerasapps.weights import keras_applications, keras_file
from kerasapps.weights.transfer import start_from


class _Noted(TypedDict):
    """What is read of the `metrics.json` beside weights."""

    preprocessing: PreprocessingConfig


def preprocessing(
    shape: Sequence[int],
    statistics: ImageStatistics,
    normalize: str,
    shorter_side: int | None,
    name: str,
    weights: str | None,
    files: Sequence[str | None],
) -> Preprocessing:
    """Returns the preprocessing that the weights at the start were trained with.

    Fresh weights get that of the training images.

    Args:
        shape: Height, width and channels of the network's input.
        statistics: Those of the training images.
        normalize: "deviation" or "mean".
        shorter_side: As in `Preprocessing`.
        name: The model's name, as --model has it.
        weights: The model's argument of that name, if it has one.
        files: Files whose weights it starts from, where they are given.

    Raises:
        InputError: If the weights don't go with the images, or what is noted beside
            them is damaged.
    """
    std = statistics.std if normalize == "deviation" else 1.0
    values: dict[str, Any] = {"mean": statistics.mean, "std": std}
    if weights is not None:
        if shape[-1] != 3:
            raise InputError("weights of keras.applications need images of 3 channels")
        values = keras_applications.preprocessing(name, str(weights))
    for file in filter(None, files):
        noted = pathlib.Path(file).with_name("metrics.json")
        if noted.exists():
            before = _noted(noted)
            if before["image_shape"][-1] == shape[-1]:
                names = ("mean", "std", "channel_order")
                values = {name: before[name] for name in names if name in before}
    return Preprocessing(shape, shorter_side=shorter_side, **values)


def _noted(path):
    try:
        found = json_file.read(path, _Noted)["preprocessing"]
        Preprocessing.from_config(found)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{path} is none that apps.train_classifier wrote ({error}); mend it, or "
            "move the weights away from it"
        ) from error
    return found


def read_weights(
    model: keras.Model, weights: str | None, pretrained: str | None
) -> list[str] | None:
    """Gives a network the weights that it starts from.

    Args:
        model: The network.
        weights: A file of the same network, or None.
        pretrained: A file of the same family, or None.

    Returns:
        Of a pretrained one, the names of the layers that start afresh.

    Raises:
        InputError: If a file isn't what it should be.
    """
    if weights:
        keras_file.load_weights(model, weights)
    if pretrained:
        return start_from(model, keras_file.load(pretrained))
    return None
