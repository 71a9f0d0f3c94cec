"""Pixelwise feature vector normalization."""

from typing import Any

import keras

from kerasapps.layers.annotations import Shape, Tensor


@keras.saving.register_keras_serializable("kerasapps")
class PixelNormalization(keras.layers.Layer):
    """Divides each feature vector by the root of the mean of its squares.

    Karras, Aila, Laine and Lehtinen, "Progressive Growing of GANs for Improved Quality,
    Stability, and Variation", 2018, section 4.2.

    Input shape: `[batch, ..., channels]`.

    Output shape: that of the input.

    Args:
        epsilon: What is added to the mean of the squares.
        **kwargs: Arguments of `keras.layers.Layer`.
    """

    def __init__(self, epsilon: float = 1e-8, **kwargs: Any):
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def call(self, inputs: Tensor) -> Tensor:
        """Returns the normalized vectors; the mean is taken in float32."""
        x = keras.ops.cast(inputs, "float32")
        power = keras.ops.mean(keras.ops.square(x), axis=-1, keepdims=True)
        return keras.ops.cast(
            x * keras.ops.rsqrt(power + self.epsilon), self.compute_dtype
        )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Returns the shape of the input."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {**super().get_config(), "epsilon": self.epsilon}
