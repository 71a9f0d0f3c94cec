"""One bias a unit."""

import keras

from kerasapps.layers.annotations import Shape, Tensor


@keras.saving.register_keras_serializable("kerasapps")
class UntiedBias(keras.layers.Layer):
    """Adds a bias of its own to every unit, not one that a whole map shares.

    LeCun et al., "Backpropagation Applied to Handwritten Zip Code Recognition", 1989,
    section 3.3: units of a map share their weights, but not their thresholds.

    Input shape: `[batch, ...]`, all axes but the batch of a fixed size.

    Output shape: that of the input.
    """

    def build(self, input_shape: Shape) -> None:
        """Creates a bias for every position and channel."""
        self.bias = self.add_weight(
            name="bias", shape=input_shape[1:], initializer="zeros"
        )

    def call(self, inputs: Tensor) -> Tensor:
        """Adds the biases."""
        return inputs + self.bias

    def multiply_adds(self, input_shape: Shape) -> int:
        """Returns 0: biases aren't counted."""
        return 0
