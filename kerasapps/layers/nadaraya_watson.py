"""Regression with a kernel: attention before it had the name."""

from typing import Any

import keras

from kerasapps.layers.annotations import Shape, Tensor
from kerasapps.layers.scaled_dot_product_attention import masked_softmax


@keras.saving.register_keras_serializable("kerasapps")
class NadarayaWatson(keras.layers.Layer):
    """Estimates values between examples as means weighted by a Gaussian kernel.

    Nadaraya, "On Estimating Regression", 1964, and Watson, "Smooth Regression
    Analysis", 1964: `f(x) = sum_i softmax_i(-((x - x_i) w)^2 / 2) y_i`, the square that
    of a vector's length where x has several features. With w fixed nothing is learned;
    otherwise the width of the kernel, 1 / w, is.

    Input shape: `[..., queries, features]`; for x_i and y_i
    `[..., examples, features]` and `[..., examples, channels]`.

    Output shape: `[..., queries, channels]`, and for the weights float32
    `[..., queries, examples]`; each row of these sums to 1.

    Args:
        w: Where w starts, one over the width.
        **kwargs: Arguments of `keras.layers.Layer`; with `trainable=False`, w stays.
    """

    def __init__(self, w: float = 1.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.start = w

    def build(self, queries_shape: Shape, x_shape: Shape, y_shape: Shape) -> None:
        """Makes w."""
        self.w = self.add_weight(
            (), initializer=keras.initializers.Constant(self.start), name="w"
        )

    def call(self, queries: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the estimates, and how much of them each example is."""
        difference = (queries[..., :, None, :] - x[..., None, :, :]) * self.w
        weights = masked_softmax(-keras.ops.sum(difference**2, axis=-1) / 2)
        return keras.ops.matmul(keras.ops.cast(weights, y.dtype), y), weights

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {**super().get_config(), "w": self.start}
