"""Maxout."""

from typing import Any

import keras

from kerasapps.errors import InputError
from kerasapps.layers.annotations import Shape, Tensor


@keras.saving.register_keras_serializable("kerasapps")
class Maxout(keras.layers.Layer):
    """A fully connected layer each of whose units is the largest of several sums.

    Goodfellow, Warde-Farley, Mirza, Courville and Bengio, "Maxout Networks", 2013,
    section 3: h_i = max_j (x^T W_ij + b_ij).

    Input shape: `[batch, features]`.

    Output shape: `[batch, units]`.

    Args:
        units: Number of units.
        pieces: Number of sums of which each unit takes the largest.
        kernel_initializer: How the weights start.
        **kwargs: Arguments of `keras.layers.Layer`.

    Raises:
        InputError: If there are no units or no pieces.
    """

    def __init__(
        self,
        units: int,
        pieces: int,
        kernel_initializer: str | keras.initializers.Initializer = "glorot_uniform",
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if units < 1 or pieces < 1:
            raise InputError(f"maxout needs units and pieces, not {units} and {pieces}")
        self.units = units
        self.pieces = pieces
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape: Shape) -> None:
        """Makes the weights, `[features, units * pieces]`, and as many biases."""
        sums = self.units * self.pieces
        self.kernel = self.add_weight(
            (input_shape[-1], sums), initializer=self.kernel_initializer, name="kernel"
        )
        self.bias = self.add_weight((sums,), initializer="zeros", name="bias")

    def call(self, inputs: Tensor) -> Tensor:
        """Returns the largest sum of each unit."""
        sums = keras.ops.matmul(inputs, self.kernel) + self.bias
        return keras.ops.max(
            keras.ops.reshape(sums, (-1, self.units, self.pieces)), axis=-1
        )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Returns `[batch, units]`."""
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {
            **super().get_config(),
            "units": self.units,
            "pieces": self.pieces,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }
