"""Noise as an input."""

from collections.abc import Sequence

import keras

from kerasapps.layers.annotations import Shape, Tensor


@keras.saving.register_keras_serializable("kerasapps")
class NoiseInjection(keras.layers.Layer):
    """Adds an image of noise to all maps, to each by a factor of its own.

    Karras, Laine and Aila, "A Style-Based Generator Architecture for Generative
    Adversarial Networks", 2019, section 2. The factors are learned and start at zero
    (appendix C).

    Inputs: the maps, `[batch, height, width, channels]`, and the noise,
    `[batch, height, width, 1]`.

    Outputs: maps of the same shape.
    """

    def build(self, input_shape: Sequence[Shape]) -> None:
        """Makes the factors, one a map."""
        self.factors = self.add_weight(
            (input_shape[0][-1],), initializer="zeros", name="factors"
        )

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        """Returns the maps with their noise."""
        maps, noise = inputs
        return maps + keras.ops.cast(noise, maps.dtype) * self.factors

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        """Returns the shape of the maps."""
        return input_shape[0]
