"""The moving average of the weights in the place of the weights themselves."""

import contextlib
from collections.abc import Iterator

import keras


def averaging(model: keras.Model) -> keras.optimizers.Optimizer | None:
    """Returns the optimizer of a model that keeps a moving average, or None.

    Args:
        model: A compiled model.
    """
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    return optimizer if optimizer.use_ema else None


@contextlib.contextmanager
def averaged(model: keras.Model) -> Iterator[None]:
    """Within it, a model has its averaged weights, where its optimizer keeps such.

    Args:
        model: A compiled model whose optimizer is built.
    """
    optimizer = averaging(model)
    # Before the first step the averages are zeros.
    if not optimizer or not keras.ops.convert_to_numpy(optimizer.iterations):
        yield
        return
    # Keras's callback swaps by sums, which change the weights by their rounding.
    weights = optimizer._trainable_variables
    raw = [weight.numpy() for weight in weights]
    averages = optimizer._model_variables_moving_average
    for weight, average in zip(weights, averages, strict=True):
        weight.assign(average)
    try:
        yield
    finally:
        for weight, value in zip(weights, raw, strict=True):
            weight.assign(value)
