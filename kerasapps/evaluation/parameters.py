"""How large a model is."""

import math

import keras


def trainable_parameters(model: keras.Model) -> int:
    """Returns the number of parameters that are trained, as papers count them."""
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)
