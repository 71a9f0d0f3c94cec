"""Data sets of which each example is reached by its position."""

import numpy as np
import tensorflow as tf


def is_addressable(dataset: tf.data.Dataset) -> bool:
    """Returns whether `tf.data.experimental.at` reaches the examples of a data set.

    It does where they come from arrays or from a list of files, mapped, zipped or
    batched as may be. It doesn't reach records that are read one after the other.

    Args:
        dataset: The data set. It isn't empty.
    """
    try:
        tf.data.experimental.at(dataset, 0)
    except (tf.errors.UnimplementedError, tf.errors.FailedPreconditionError):
        return False
    return True


def select(dataset: tf.data.Dataset, positions: np.ndarray) -> tf.data.Dataset:
    """Returns some examples of a data set; addressable if it is.

    Args:
        dataset: The data set.
        positions: Places of the examples in it, int `[positions]`, in rising order.
    """
    positions = np.asarray(positions, np.int64)
    if is_addressable(dataset):
        return tf.data.Dataset.from_tensor_slices(positions).map(
            lambda position: tf.data.experimental.at(dataset, position)
        )
    last = positions.max(initial=-1)
    wanted = np.zeros(last + 1, bool)
    wanted[positions] = True
    wanted = tf.constant(wanted)
    chosen = dataset.take(last + 1).enumerate().filter(lambda index, _: wanted[index])
    return chosen.map(lambda _, example: example)
