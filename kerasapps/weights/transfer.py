"""A start from the weights of another network of the same family."""

import keras
import numpy as np

from kerasapps.errors import InputError


def start_from(model: keras.Model, source: keras.Model) -> list[str]:
    """Gives `model` those weights of `source` that fit.

    Families whose papers say more have a method `start_from(source)`; of all others,
    layers of one name take their weights where the shapes are the same. A network for
    another number of classes so keeps a fresh last layer.

    Args:
        model: The model to be trained.
        source: A trained model of the same class.

    Returns:
        The names of the layers that stay as they were.

    Raises:
        InputError: If the classes differ, or nothing fits.
    """
    if type(model) is not type(source):
        raise InputError(
            f"{source.name} is a {type(source).__name__}; give a "
            f"{type(model).__name__}, as {model.name} is",
            argument="source",
        )
    before = {layer: layer.get_weights() for layer in model.layers if layer.weights}
    if hasattr(model, "start_from"):
        model.start_from(source)
    else:
        _copy_what_fits(model, source)
    fresh = [
        layer.name
        for layer, weights in before.items()
        if all(map(np.array_equal, weights, layer.get_weights()))
    ]
    if len(fresh) == len(before):
        raise InputError(
            f"none of the weights of {source.name} fit {model.name}; give one with "
            "layers of the same names and shapes",
            argument="source",
        )
    return fresh


def _copy_what_fits(model, source):
    given = {layer.name: layer.get_weights() for layer in source.layers}
    for layer in model.layers:
        weights = given.get(layer.name, [])
        if [w.shape for w in weights] == [tuple(w.shape) for w in layer.weights]:
            layer.set_weights(weights)
