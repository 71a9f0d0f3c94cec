"""Euclidean radial basis function units."""

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from kerasapps.layers.annotations import Shape, Tensor


@keras.saving.register_keras_serializable("kerasapps")
class RBFOutput(keras.layers.Layer):
    """Squared Euclidean distances to fixed codes: `y_i = sum_j (x_j - w_ij)^2`.

    LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document
    Recognition", 1998, equation 7.

    Input shape: `[batch, code_length]`.

    Output shape: `[batch, classes]`; the smallest distance is the likeliest class.

    Args:
        codes: The `w`, one a class, of shape `[classes, code_length]`; they aren't
            trained.
        **kwargs: Arguments of `keras.layers.Layer`.
    """

    def __init__(self, codes: Sequence[Sequence[float]], **kwargs: Any):
        super().__init__(**kwargs)
        self._initial_codes = np.asarray(codes, "float32")

    def build(self, input_shape: Shape) -> None:
        """Creates the codes."""
        self.codes = self.add_weight(
            name="codes",
            shape=self._initial_codes.shape,
            initializer=lambda shape, dtype: keras.ops.convert_to_tensor(
                self._initial_codes, dtype
            ),
            trainable=False,
        )

    def call(self, inputs: Tensor) -> Tensor:
        """Computes the distances."""
        differences = inputs[:, None, :] - self.codes  # [batch, classes, code_length]
        return keras.ops.sum(keras.ops.square(differences), axis=-1)

    def multiply_adds(self, input_shape: Shape) -> int:
        """Returns one multiply-add, of a squared difference, a class and input."""
        return math.prod(self._initial_codes.shape)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {**super().get_config(), "codes": self._initial_codes.tolist()}
