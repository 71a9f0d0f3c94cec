"""Stochastic depth."""

from typing import Any

import keras

from kerasapps.errors import InputError
from kerasapps.layers.annotations import Shape, Tensor


@keras.saving.register_keras_serializable("kerasapps")
class StochasticDepth(keras.layers.Layer):
    """Drops a residual branch in training, for each example by itself.

    It ends a branch, before the sum with the shortcut. In training it makes the branch
    zero with probability `rate` and divides it by `1 - rate` otherwise; at inference it
    changes nothing. EfficientNet calls it drop-connect.

    Huang, Sun, Liu, Sedra and Weinberger, "Deep Networks with Stochastic Depth", 2016,
    section 3. The paper draws once a mini-batch, and instead of dividing in training
    multiplies by `1 - rate` at inference (equation 5): the same expectation.

    Input shape: `[batch, ...]`.

    Output shape: that of the input.

    Args:
        rate: Probability to drop the branch, from 0 to below 1.
        seed: Seed of the draws, an int; by default another one each time.
        **kwargs: Arguments of `keras.layers.Layer`.

    Raises:
        InputError: If the rate is out of range.
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        if not 0 <= rate < 1:
            raise InputError(
                f"stochastic depth needs a rate from 0 to below 1, not {rate}"
            )
        self.rate = rate
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """Drops the examples' branches, or returns the inputs."""
        if not training or self.rate == 0:
            return inputs
        noise_shape = (keras.ops.shape(inputs)[0], *(1 for _ in inputs.shape[1:]))
        return keras.random.dropout(
            inputs, self.rate, noise_shape, seed=self.seed_generator
        )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Returns the shape of the input."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
