"""Dropout that is an input."""

from collections.abc import Sequence
from typing import Any

import keras

from kerasapps.errors import InputError
from kerasapps.layers.annotations import Shape, Tensor


@keras.saving.register_keras_serializable("kerasapps")
class InputDropout(keras.layers.Layer):
    """Drops units where noise that it is given says so, in training and afterwards.

    What is dropped is thereby a part of what a generator makes its examples of: the
    same noise gives the same example. Isola, Zhu, Zhou and Efros, "Image-to-Image
    Translation with Conditional Adversarial Networks", 2017, section 3.1, generate with
    dropout, too, and no other noise.

    Inputs: the units, `[batch, units]`, and the noise, of the same shape, uniform from
    0 to 1.

    Outputs: zero where the noise is below `rate`, and elsewhere the units divided by
    `1 - rate`.

    Args:
        rate: Share of the units that are dropped, from 0 to below 1.
        **kwargs: Arguments of `keras.layers.Layer`.

    Raises:
        InputError: If the rate is out of range.
    """

    def __init__(self, rate: float, **kwargs: Any):
        super().__init__(**kwargs)
        if not 0 <= rate < 1:
            raise InputError(f"dropout needs a rate from 0 to below 1, not {rate}")
        self.rate = rate

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        """Returns the units that are left."""
        units, noise = inputs
        kept = keras.ops.cast(noise >= self.rate, units.dtype)
        return units * kept / (1 - self.rate)

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        """Returns the shape of the units."""
        return input_shape[0]

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {**super().get_config(), "rate": self.rate}
