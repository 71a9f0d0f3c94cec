"""Fading in a new resolution."""

from collections.abc import Sequence

import keras

from kerasapps.layers.annotations import Shape, Tensor


@keras.saving.register_keras_serializable("kerasapps")
class FadeIn(keras.layers.Layer):
    """Moves from one input to another: (1 - share) old + share new.

    Karras, Aila, Laine and Lehtinen, "Progressive Growing of GANs for Improved Quality,
    Stability, and Variation", 2018, section 2 and figure 2. The weight `share` isn't
    trained; whoever trains assigns it, from 0 to 1.

    Inputs: what fades out and what fades in, of the same shape.

    Outputs: of that shape.
    """

    def build(self, input_shape: Sequence[Shape]) -> None:
        """Makes the weight `share`, which starts at 0."""
        self.share = self.add_weight(
            (), initializer="zeros", trainable=False, dtype="float32", name="share"
        )

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        """Returns the mixture."""
        old, new = inputs
        return old + (new - old) * keras.ops.cast(self.share, new.dtype)

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        """Returns the shape of one of the inputs."""
        return input_shape[0]
