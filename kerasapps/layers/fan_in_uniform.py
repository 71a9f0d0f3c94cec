"""The initializer of the first convolutional networks."""

import math
from typing import Any

import keras

from kerasapps.layers.annotations import Shape, Tensor


@keras.saving.register_keras_serializable("kerasapps")
class FanInUniform(keras.initializers.Initializer):
    """Draws from the uniform distribution over +-`scale` / fan-in.

    The fan-in is the number of inputs of a unit, its bias not counted: the product of
    all axes of the kernel but the last. Unlike LeCun's later rule, which Keras has as
    `LecunUniform`, this one divides by the fan-in itself, not by its square root.

    LeCun et al., "Backpropagation Applied to Handwritten Zip Code Recognition", 1989,
    section 4; LeCun et al., "Gradient-Based Learning Applied to Document
    Recognition", 1998, appendix A. Both take 2.4.

    Args:
        scale: The bound for a unit with a single input.
    """

    def __init__(self, scale: float = 2.4):
        self.scale = scale

    def __call__(self, shape: Shape, dtype: str | None = None) -> Tensor:
        """Returns a kernel of `shape`, `[..., output]`."""
        limit = self.scale / math.prod(shape[:-1])
        return keras.random.uniform(shape, -limit, limit, dtype)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {"scale": self.scale}
