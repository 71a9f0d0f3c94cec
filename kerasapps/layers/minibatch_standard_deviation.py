"""Minibatch standard deviation."""

from typing import Any

import keras

from kerasapps.errors import InputError
from kerasapps.layers.annotations import Shape, Tensor


@keras.saving.register_keras_serializable("kerasapps")
class MinibatchStandardDeviation(keras.layers.Layer):
    """Adds a map that tells how much the examples of a group differ.

    Karras, Aila, Laine and Lehtinen, "Progressive Growing of GANs for Improved Quality,
    Stability, and Variation", 2018, section 3: the deviation of each feature over the
    examples, averaged over all features and positions, is one number, the same at each
    position. As in the authors' code it is taken over groups of examples; here they
    follow each other, so that replicas whose parts divide by the size of a group have
    the groups of the whole batch.

    Input shape: `[batch, height, width, channels]`.

    Output shape: `[batch, height, width, channels + 1]`.

    Args:
        group_size: Examples in a group. Where they don't divide the batch, the whole
            batch is one group.
        **kwargs: Arguments of `keras.layers.Layer`.

    Raises:
        InputError: If the group has no examples.
    """

    def __init__(self, group_size: int = 4, **kwargs: Any):
        super().__init__(**kwargs)
        if group_size < 1:
            raise InputError(f"a group needs examples, not {group_size}")
        self.group_size = group_size

    def call(self, inputs: Tensor) -> Tensor:
        """Returns the maps with one more."""
        batch, height, width = keras.ops.shape(inputs)[:3]
        channels = inputs.shape[-1]
        x = keras.ops.cast(inputs, "float32")
        if isinstance(batch, int):
            # Under JAX, which needs to know the shapes, it always is.
            size = batch if batch % self.group_size else self.group_size
        else:
            divides = batch % self.group_size == 0
            size = keras.ops.where(divides, self.group_size, batch)
        groups = keras.ops.reshape(x, (-1, size, height, width, channels))
        variance = keras.ops.var(groups, axis=1)
        mean = keras.ops.mean(keras.ops.sqrt(variance + 1e-8), axis=(1, 2, 3))
        each = keras.ops.tile(mean[:, None], [1, size])
        added = keras.ops.broadcast_to(
            keras.ops.reshape(each, (-1, 1, 1, 1)), (batch, height, width, 1)
        )
        added = keras.ops.cast(added, self.compute_dtype)
        return keras.ops.concatenate([inputs, added], axis=-1)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Returns the shape of the input with one more channel."""
        return (*input_shape[:-1], input_shape[-1] + 1)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {**super().get_config(), "group_size": self.group_size}
