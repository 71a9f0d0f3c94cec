"""Images of noise."""

from typing import Any

import keras

from kerasapps.layers.annotations import Shape, Tensor


@keras.saving.register_keras_serializable("kerasapps")
class NoiseImage(keras.layers.Layer):
    """Draws an image of standard normal noise for each example, each time anew.

    Input shape: `[batch, ...]`, of which only the batch counts.

    Output shape: `[batch, height, width, 1]`.

    Args:
        height: Height of the images.
        width: Width of the images.
        seed: Seed of the draws, an int; by default another one each time.
        **kwargs: Arguments of `keras.layers.Layer`.
    """

    def __init__(self, height: int, width: int, seed: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.height = height
        self.width = width
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs: Tensor) -> Tensor:
        """Returns new noise."""
        shape = (keras.ops.shape(inputs)[0], self.height, self.width, 1)
        return keras.random.normal(
            shape, dtype=self.compute_dtype, seed=self.seed_generator
        )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Returns `[batch, height, width, 1]`."""
        return (input_shape[0], self.height, self.width, 1)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {
            **super().get_config(),
            "height": self.height,
            "width": self.width,
            "seed": self.seed,
        }
