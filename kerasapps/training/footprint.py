"""Whether a training fits in memory, before it begins.

All counts are from below: what they refuse can't fit. Where there are GPUs nothing is
refused, as their memory isn't the machine's.
"""

import math
from concurrent.futures import ThreadPoolExecutor

import keras
import tensorflow as tf

from kerasapps import memory

# Bytes of a float32.
_FLOAT = 4


def check_step(model: keras.Model, batch_size: int) -> None:
    """Raises an error if no step fits: inputs and outputs of the largest layer.

    Args:
        model: A model or its blueprint. Of those that aren't functional, and have no
            functional parts, nothing is known.
        batch_size: Examples of a step.

    Raises:
        InputError: If it doesn't fit.
    """
    _check(model, batch_size, 0)


def check_training(
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    batch_size: int,
    replicas: int,
) -> None:
    """Raises an error if gradients, the optimizer's state and a step don't fit.

    Args:
        model: The model, its weights in memory.
        optimizer: One like that of the model; it is used up.
        batch_size: Examples of a step.
        replicas: Devices that each have all of it but the examples.

    Raises:
        InputError: If it doesn't fit.
    """
    weights = model.trainable_variables
    strategy = tf.distribute.get_strategy()

    def build():
        with strategy.scope(), keras.StatelessScope(initialize_variables=False):
            optimizer.build(weights)

    # As in `blueprint`: the thread's list of variables without values ends with it.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(build).result()
    numbers = (
        math.prod(variable.shape) for variable in (*weights, *optimizer.variables)
    )
    _check(model, batch_size, replicas * sum(numbers))


def _check(model, batch_size, numbers):
    if not tf.config.list_logical_devices("GPU"):
        memory.check(
            _FLOAT * (numbers + batch_size * _largest_layer(model)),
            f"training {model.name} with batch_size={batch_size}",
        )


def _largest_layer(model):
    """Returns the numbers that the largest layer takes and puts out for an example."""
    found = [0]
    for part in model._flatten_layers():
        for nodes in getattr(part, "_nodes_by_depth", {}).values():
            for node in nodes:
                tensors = [*node.input_tensors, *node.output_tensors]
                found.append(sum(_size(tensor.shape[1:]) for tensor in tensors))
    return max(found)


def _size(shape):
    """Returns the numbers of a shape, at least: what is free is 1."""
    return math.prod(length or 1 for length in shape)
