"""Adaptive instance normalization."""

from collections.abc import Sequence
from typing import Any

import keras

from kerasapps.layers.annotations import Shape, Tensor
from kerasapps.layers.equalized import EqualizedDense


@keras.saving.register_keras_serializable("kerasapps")
class AdaptiveInstanceNormalization(keras.layers.Layer):
    """AdaIN: each map gets the mean and deviation that a style asks for.

    Karras, Laine and Aila, "A Style-Based Generator Architecture for Generative
    Adversarial Networks", 2019, equation 1: AdaIN(x_i, y) = y_s,i (x_i - mean(x_i)) /
    deviation(x_i) + y_b,i, where a learned affine transformation A makes y of w. As the
    paper has it (appendix C), the biases of y_s start at one; here, as in the authors'
    code, one is added to it.

    Inputs: the maps, `[batch, height, width, channels]`, and the style w,
    `[batch, features]`.

    Outputs: maps of the same shape.

    Args:
        epsilon: What is added to the variance.
        **kwargs: Arguments of `keras.layers.Layer`.
    """

    def __init__(self, epsilon: float = 1e-8, **kwargs: Any):
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def build(self, input_shape: Sequence[Shape]) -> None:
        """Makes the affine transformation."""
        maps, style = input_shape
        self.affine = EqualizedDense(
            2 * maps[-1], gain=1.0, name="affine", dtype=self.dtype_policy
        )
        self.affine.build(style)

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        """Returns the normalized maps; their statistics are taken in float32."""
        maps, style = inputs
        x = keras.ops.cast(maps, "float32")
        mean, variance = keras.ops.moments(x, axes=(1, 2), keepdims=True)
        y = keras.ops.cast(self.affine(style), "float32")[:, None, None, :]
        scale, bias = keras.ops.split(y, 2, axis=-1)
        # One multiplication and one addition for each number of the maps.
        scale = (scale + 1) * keras.ops.rsqrt(variance + self.epsilon)
        return keras.ops.cast(x * scale + (bias - mean * scale), self.compute_dtype)

    def multiply_adds(self, input_shape: Sequence[Shape]) -> int:
        """Returns those of the affine transformation."""
        maps, style = input_shape
        return 2 * maps[-1] * style[-1]

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        """Returns the shape of the maps."""
        return input_shape[0]

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {**super().get_config(), "epsilon": self.epsilon}
