"""A learned constant."""

from collections.abc import Sequence
from typing import Any

import keras

from kerasapps.layers.annotations import Shape, Tensor


@keras.saving.register_keras_serializable("kerasapps")
class LearnedConstant(keras.layers.Layer):
    """The same learned maps for each example: StyleGAN's input.

    Karras, Laine and Aila, "A Style-Based Generator Architecture for Generative
    Adversarial Networks", 2019, section 2. It starts at one (appendix C).

    Input shape: `[batch, ...]`, of which only the batch counts.

    Output shape: `[batch, *shape]`.

    Args:
        shape: Shape of the constant, as in `(4, 4, 512)`.
        **kwargs: Arguments of `keras.layers.Layer`.
    """

    def __init__(self, shape: Sequence[int], **kwargs: Any):
        super().__init__(**kwargs)
        self.shape = tuple(shape)

    def build(self, input_shape: Shape) -> None:
        """Makes the constant."""
        self.constant = self.add_weight(self.shape, initializer="ones", name="constant")

    def call(self, inputs: Tensor) -> Tensor:
        """Returns the constant, once for each example."""
        batch = keras.ops.shape(inputs)[0]
        constant = keras.ops.cast(self.constant, self.compute_dtype)
        return keras.ops.broadcast_to(constant[None], (batch, *self.shape))

    def multiply_adds(self, input_shape: Shape) -> int:
        """Returns 0: nothing is multiplied."""
        return 0

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Returns `[batch, *shape]`."""
        return (input_shape[0], *self.shape)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {**super().get_config(), "shape": self.shape}
