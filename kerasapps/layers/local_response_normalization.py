"""Normalization of a map by its neighbours."""

from typing import Any

import keras
import numpy as np

from kerasapps import memory
from kerasapps.errors import InputError
from kerasapps.layers.annotations import Shape, Tensor


@keras.saving.register_keras_serializable("kerasapps")
class LocalResponseNormalization(keras.layers.Layer):
    """Divides each response by the responses of the adjacent maps at its position.

    `b_i = a_i / (k + alpha * sum_j a_j ** 2) ** beta`, where the sum runs over the
    `depth` maps around map i, or as many of them as there are.

    Krizhevsky, Sutskever and Hinton, "ImageNet Classification with Deep Convolutional
    Neural Networks", 2012, section 3.3. The formula is that of the paper; the released
    code, and Caffe's after it, divides alpha by `depth`.

    Input shape: `[batch, ..., channels]`.

    Output shape: that of the input.

    Args:
        depth: Number of adjacent maps, odd; the paper's n.
        k: What is added to the sum.
        alpha: Factor of the sum.
        beta: Exponent.
        **kwargs: Arguments of `keras.layers.Layer`.

    Raises:
        InputError: If `depth` isn't odd and positive.
    """

    def __init__(
        self,
        depth: int = 5,
        k: float = 2.0,
        alpha: float = 1e-4,
        beta: float = 0.75,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if depth < 1 or depth % 2 == 0:
            raise InputError(
                f"the depth of LocalResponseNormalization is odd and positive, "
                f"not {depth}"
            )
        self.depth = depth
        self.k = k
        self.alpha = alpha
        self.beta = beta

    def build(self, input_shape: Shape) -> None:
        """Lays out which maps are neighbours, `[channels, channels]`."""
        # The distances, and their absolutes.
        needed = 2 * 8 * input_shape[-1] ** 2
        memory.check(needed, f"{self.name} of {input_shape[-1]:,} maps")
        index = np.arange(input_shape[-1])
        distance = np.abs(index[:, None] - index)
        self._neighbours = (distance <= self.depth // 2).astype("float32")

    def call(self, inputs: Tensor) -> Tensor:
        """Normalizes the maps."""
        # A product with a band matrix: on the CPU more than twice as fast, forward and
        # backward, as TensorFlow's own op, which has no kernel for bfloat16 besides.
        # Squares overflow in float16.
        half = self.compute_dtype == "float16"
        maps = keras.ops.cast(inputs, "float32") if half else inputs
        neighbours = keras.ops.cast(self._neighbours, maps.dtype)
        sums = keras.ops.matmul(keras.ops.square(maps), neighbours)
        if self.compute_dtype == "bfloat16":
            sums = keras.ops.cast(sums, "float32")
        logarithm = keras.ops.log(self.k + self.alpha * sums)  # faster than a power
        scale = keras.ops.exp(-self.beta * logarithm)
        return inputs * keras.ops.cast(scale, inputs.dtype)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Returns the shape of the input."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {
            **super().get_config(),
            "depth": self.depth,
            "k": self.k,
            "alpha": self.alpha,
            "beta": self.beta,
        }
