"""Blurring."""

import keras
import numpy as np

from kerasapps.layers.annotations import Shape, Tensor


@keras.saving.register_keras_serializable("kerasapps")
class Blur2D(keras.layers.Layer):
    """Blurs each map with the binomial filter [1, 2, 1] in both directions.

    Karras, Laine and Aila, "A Style-Based Generator Architecture for Generative
    Adversarial Networks", 2019, section 2: before each downsampling and after each
    upsampling. At the borders the maps go on as zeros.

    Input shape: `[batch, height, width, channels]`.

    Output shape: that of the input.
    """

    def call(self, inputs: Tensor) -> Tensor:
        """Returns the blurred maps."""
        row = np.array([1, 2, 1]) / 4
        kernel = np.outer(row, row)[:, :, None, None]
        kernel = np.repeat(kernel, inputs.shape[-1], axis=2)
        return keras.ops.depthwise_conv(
            inputs,
            keras.ops.convert_to_tensor(kernel, self.compute_dtype),
            padding="same",
        )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Returns the shape of the input."""
        return input_shape
