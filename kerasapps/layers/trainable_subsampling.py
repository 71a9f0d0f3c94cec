"""Subsampling with a trainable coefficient and bias."""

from collections.abc import Callable
from typing import Any

import keras

from kerasapps.layers.annotations import Shape, Tensor


@keras.saving.register_keras_serializable("kerasapps")
class TrainableSubsampling(keras.layers.Layer):
    """Sums 2x2 neighbourhoods, scales and shifts each map, and squashes the result.

    The neighbourhoods don't overlap. Their sum is multiplied by one trainable
    coefficient a map, and one trainable bias a map is added; an odd last row or column
    is left out. Coefficients start uniform in +-2.4 / 4, as of a unit with 4 inputs
    (appendix A), biases at zero.

    LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document
    Recognition", 1998, section II.B, layers S2 and S4.

    Input shape: `[batch, height, width, channels]`.

    Output shape: `[batch, height // 2, width // 2, channels]`.

    Args:
        activation: Activation function; none by default.
        **kwargs: Arguments of `keras.layers.Layer`.
    """

    strides = 2

    def __init__(self, activation: str | Callable | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.activation = keras.activations.get(activation)

    def build(self, input_shape: Shape) -> None:
        """Creates one coefficient and one bias for each of the maps."""
        maps = input_shape[-1]
        limit = 2.4 / 4
        self.coefficient = self.add_weight(
            name="coefficient",
            shape=(maps,),
            initializer=keras.initializers.RandomUniform(-limit, limit),
        )
        self.bias = self.add_weight(name="bias", shape=(maps,), initializer="zeros")

    def call(self, inputs: Tensor) -> Tensor:
        """Subsamples the maps."""
        means = keras.ops.average_pool(
            inputs, 2, strides=2, data_format="channels_last"
        )
        return self.activation(4 * means * self.coefficient + self.bias)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {
            **super().get_config(),
            "activation": keras.activations.serialize(self.activation),
        }
